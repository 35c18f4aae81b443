"""A recipe's `generate:` source: demanded limit, no scrubbing, and nothing else that could pass for one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from safety.scrubber import Scrubber
from training.errors import CorpusError
from training.generate_command import generate
from training.generated import GENERATORS
from training.poison import Suspect
from training.raw_examples import RawExamples
from training.reading import RawRow, read_corpus, source_name
from training.recipe import Corpus, load_recipe
from training.rows import Example, Span, StageCounts, read_rows
from training.run import Run, Surroundings
from training.run_folder import RunFolder
from training.stages_data import UNSCRUBBED, _unfit, load

REAL = "please call Zebulon Quirke at 617-555-2368 about it"


def corpus(source: str, **settings: object) -> Corpus:
    return Corpus.model_validate({"source": source, "licence": "ours", **settings})


def read(one: Corpus, datasets: Path | None = None) -> list[object]:
    return list(read_corpus(one, datasets=datasets, cache_dir=None, offline=True))


def test_a_generated_source_gives_the_generators_rows() -> None:
    made = corpus("generate:pii@7", limit=5)
    rows = read(made)
    assert source_name(made) == "generate:pii"
    assert all(isinstance(row, RawRow) and row.source == "generate:pii" for row in rows)
    assert [dict(row.values) for row in rows if isinstance(row, RawRow)] == list(
        islice(GENERATORS["pii"](7), 5)
    )


def test_a_generated_source_without_a_limit_is_refused() -> None:
    with pytest.raises(CorpusError, match="never ends"):
        read(corpus("generate:pii@1"))


@pytest.mark.parametrize(
    "source", ["generate:pii", "generate:nothing@1", "generate:pii@one", "generate:pii@1/../x"]
)
def test_an_unknown_generator_or_seed_is_refused(source: str) -> None:
    with pytest.raises(CorpusError, match="generate:NAME@SEED"):
        read(corpus(source, limit=3))


def test_no_file_passes_for_a_generated_source(tmp_path: Path) -> None:
    file = tmp_path / "generate:pii" / "rows.jsonl"
    file.parent.mkdir()
    file.write_text(json.dumps({"text": REAL}) + "\n", encoding="utf-8")
    for one, datasets in ((corpus(str(file)), None), (corpus("datasets:generate:pii/rows.jsonl"), tmp_path)):
        with pytest.raises(CorpusError, match="pass for invented"):
            read(one, datasets)


@pytest.fixture
def mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run over invented rows and one real row that claims to be invented; the scrubber has rules alone."""
    start = REAL.index("617")
    row = {
        "id": "real-1", "text": REAL, "source": "generate:pii", "group": "chat-0001", "invented": True,
        "spans": [{"start": start, "end": start + 12, "label": "PHONE_NUMBER"}],
    }  # fmt: skip
    (tmp_path / "real.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "name: mixed\ntask: pii_tagger\ncorpora:\n"
        "  - {source: 'generate:pii@1', licence: our own, limit: 20, fields: {group: group}}\n"
        "  - {source: real.jsonl, licence: our own}\n"
        "clean: {markup: false, spelling: false, suspects: set_aside}\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(Run, "scrubber", lambda _run, policy: Scrubber(policy=policy, name_model=None))
    loaded = load_recipe(recipe)
    folder = RunFolder.of(loaded, tmp_path / "runs")
    folder.path.mkdir(parents=True, exist_ok=True)
    return Run(loaded, folder, Surroundings())


def counts_of(stages: Sequence[StageCounts], stage: str) -> StageCounts:
    return next(one for one in stages if one.stage == stage)


@pytest.mark.slow
def test_invented_rows_are_not_scrubbed_and_are_counted_and_all_others_are_scrubbed(mixed: Run) -> None:
    counts = counts_of(load(mixed), "scrub")
    rows = {row.id: row for row in read_rows(mixed.folder.rows("load"), Example)}
    made = list(islice(GENERATORS["pii"](1), 20))
    assert counts.changed[UNSCRUBBED] == 20
    assert (counts.taken, counts.kept) == (21, 21)
    for one in made:
        row = rows[str(one["id"])]
        assert row.inputs["text"] == one["text"]
        assert [span.model_dump() for span in row.spans] == one["spans"]
        assert row.group == one["group"]
    real = rows["real-1"]
    assert "617-555-2368" not in real.inputs["text"]
    (span,) = real.spans
    assert span.label == "PHONE_NUMBER" and "555" in real.inputs["text"][span.start : span.end]
    assert not real.source.startswith("generate:")


def test_a_row_that_claims_to_be_invented_is_read_as_a_real_one(mixed: Run) -> None:
    raw = RawExamples(mixed)
    assert [row.id for row in raw.real()] == ["real-1"]
    assert all(row.id.startswith("pii-1-") and row.source == "generate:pii" for row in raw.invented())
    assert raw.unread == []


def test_hidden_characters_are_suspect_in_every_row_but_invented_ones(mixed: Run) -> None:
    text = "my na\u200bme is J\u200bo"
    span = Span(start=12, end=15, label="PERSON")
    rows = [
        Example(id=name, inputs={"text": text}, spans=(span,), source=source)
        for name, source in (("made", "generate:pii"), ("read", "folder/rows.jsonl"))
    ]
    assert set(_unfit(mixed, rows)) == {"read"}
    assert list(read_rows(mixed.folder.measured("suspects"), Suspect)) == []


@pytest.fixture
def command() -> Callable[..., tuple[int, list[dict[str, object]]]]:
    app = typer.Typer()
    app.command()(generate)

    def call(*arguments: str) -> tuple[int, list[dict[str, object]]]:
        done = CliRunner().invoke(app, list(arguments))
        lines = done.stdout.splitlines() if done.exit_code == 0 else []
        return done.exit_code, [json.loads(line) for line in lines]

    return call


def test_the_command_writes_rows_of_either_half(
    command: Callable[..., tuple[int, list[dict[str, object]]]], tmp_path: Path
) -> None:
    code, rows = command("pii", "--rows", "3", "--seed", "2")
    assert (code, rows) == (0, list(islice(GENERATORS["pii"](2), 3)))
    out = tmp_path / "held.jsonl"
    assert command("pii", "--half", "test", "--rows", "4", "--out", str(out)) == (0, [])
    held = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(held) == 4
    assert all(str(row["group"]).startswith("held-") for row in held)


@pytest.mark.parametrize("arguments", [("nothing",), ("pii", "--half", "both")])
def test_the_command_refuses_what_there_is_not(
    command: Callable[..., tuple[int, list[dict[str, object]]]], arguments: tuple[str, ...]
) -> None:
    assert command(*arguments) == (2, [])
