"""training/trainers/ngram_linear.py: limits from authors left out, and weights that are served as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from safety.crisis import load_gate
from safety.crisis_ngrams import Ceilings, CrisisNgrams
from training.errors import CorpusError, RecipeError, ReleaseError
from training.out_of_author import limits_from, read_scores
from training.recipe import Train
from training.rows import Example
from training.tasks import TASKS
from training.tasks.labelling import LabellingTask
from training.trainers import TRAINERS, Job, Point

pytestmark = pytest.mark.slow  # scikit-learn starts up: seconds before the first test

TASK = TASKS["crisis_classifier"]
SAID = {
    "none": (
        "my zebra appointment is on {}",
        "the zebra bill of {} is wrong",
        "zebra parking near {}, please",
    ),
    "suicide": ("the zubrowka waits for me {}", "only zubrowka is left {}", "zubrowka, and then nothing {}"),
    "medical_emergency": ("he has a quagmire in the {}", "a quagmire since {}, send help", "quagmire! {}"),
}
PLACES = ("monday", "march", "garden", "town", "kitchen", "winter")


def rows(authors: Sequence[str] = ("ann", "ben", "cem")) -> list[Example]:
    return [
        Example(
            id=f"{author}-{label}-{n}-{place}", inputs={"text": f"{text.format(place)} {author}"}, target=label,
            topic=author,
        )
        for author in authors for label, texts in SAID.items() for n, text in enumerate(texts) for place in PLACES
    ]  # fmt: skip


def job(folder: Path, train: Sequence[Example], **changes: object) -> Job:
    values = {
        "task": TASK, "base": Path(), "base_sha256": "0" * 64, "train": train, "validation": [],
        "settings": Train(), "clinic": "", "seed": 0, "out": folder / "out",
        "checkpoints": folder / "checkpoints", "logs": folder / "logs",
    }  # fmt: skip
    return Job(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Job:
    done = job(tmp_path_factory.mktemp("ngram"), rows())
    TRAINERS["ngram_linear"]().fit(done, lambda _point, _steps: None)
    return done


def test_what_is_trained_is_what_the_gate_reads(trained: Job) -> None:
    gate = load_gate(trained.out)
    assert gate.missing == ""
    assert gate.assess("only zubrowka is left, the zubrowka waits for me in winter").action == "crisis"
    assert gate.assess("a quagmire since monday, send help, he has a quagmire").action == "emergency"
    assert gate.assess("my zebra in may").action == "allow"


def test_every_row_was_scored_without_its_author(trained: Job) -> None:
    kept = read_scores(trained.logs / "out_of_author.csv")
    assert sorted(one.id for one in kept) == sorted(one.id for one in trained.train)
    # An author's own word is unknown to the others, so that a row cannot be told by it.
    model = CrisisNgrams.load(trained.out)
    first = next(one for one in kept if one.label == "suicide")
    text = next(one.inputs["text"] for one in trained.train if one.id == first.id)
    assert first.share != pytest.approx(model.danger(text).share, abs=1e-3)


def test_no_word_of_a_row_stands_in_what_is_written(trained: Job) -> None:
    for file in (*trained.out.rglob("*"), *trained.checkpoints.rglob("*")):
        if file.is_file():
            assert b"zubrowka" not in file.read_bytes()


def test_limits_keep_to_their_ceilings_of_false_alarms(trained: Job) -> None:
    config = CrisisNgrams.load(trained.out).config
    scores = read_scores(trained.logs / "out_of_author.csv")
    assert config.limits == limits_from(scores, config.ceilings)
    assert config.ceilings["es"] == Ceilings(act=0.025, support=0.06)
    assert (
        config.scores_sha256 == hashlib.sha256((trained.logs / "out_of_author.csv").read_bytes()).hexdigest()
    )


def test_of_a_template_one_message_is_scored(tmp_path: Path) -> None:
    grouped = [
        one.model_copy(update={"group": f"{one.topic} {one.target}"}) for one in rows()
    ]  # fmt: skip
    done = job(tmp_path, grouped)
    TRAINERS["ngram_linear"]().fit(done, lambda _point, _steps: None)
    assert len(read_scores(done.logs / "out_of_author.csv")) == 9


def test_each_language_is_learned_by_itself(tmp_path: Path) -> None:
    """A word of danger in one language may be a plain one in the other, and fewer authors may write that."""
    meant = {"none": "suicide", "suicide": "none"}
    spanish = [
        one.model_copy(
            update={
                "id": f"es-{one.id}", "topic": f"{one.topic}-es", "target": meant.get(one.target, one.target),
                "inputs": {"text": f"pero ya no se que es esto de las {one.inputs['text']}"},
            }
        )
        for one in rows(("dia", "eva"))
    ]  # fmt: skip
    done = job(tmp_path, [*rows(), *spanish])
    TRAINERS["ngram_linear"]().fit(done, lambda _point, _steps: None)
    model = CrisisNgrams.load(done.out)
    assert model.config.languages == ("en", "es")
    assert model.danger("only zubrowka is left, the zubrowka waits for me").share > 0.5
    assert model.danger("pero ya no se que es esto de las zubrowka").share < 0.5
    assert model.danger("pero ya no se que es esto de las zebra").share > 0.5
    kept = read_scores(done.logs / "out_of_author.csv")
    assert sorted(one.id for one in kept) == sorted(one.id for one in done.train)


def test_nothing_but_what_serves_stands_in_the_folder_of_weights(trained: Job) -> None:
    assert sorted(file.name for file in trained.out.iterdir() if not file.name.startswith(".")) == [
        "CAREFOLD.json", "crisis_ngrams.json", "model.safetensors",
    ]  # fmt: skip


def test_a_training_that_was_killed_ends_in_the_same_bits(trained: Job, tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def kill(point: Point, _steps: int) -> None:
        if point.step == 2:
            raise Killed

    again = job(tmp_path, rows())
    trainer = TRAINERS["ngram_linear"]()
    with pytest.raises(Killed):
        trainer.fit(again, kill)
    kept = sorted(again.checkpoints.iterdir())
    stamps = [file.stat().st_mtime_ns for file in kept]
    trainer.fit(again, lambda _point, _steps: None)
    assert [file.stat().st_mtime_ns for file in kept] == stamps
    for name in ("model.safetensors", "crisis_ngrams.json"):
        assert (again.out / name).read_bytes() == (trained.out / name).read_bytes()


def test_the_predictor_gives_labels_and_their_likelihoods(trained: Job) -> None:
    trainer = TRAINERS["ngram_linear"]()
    asked = [Example(id="1", inputs={"text": "zubrowka in may"}, target="suicide")]
    (tuned,) = trainer.predictor(trained, trained.out).predict(asked, arm="tuned")
    (base,) = trainer.predictor(trained, None).predict(asked, arm="base")
    assert tuned.text == "suicide"
    assert 0 < tuned.nll < base.nll
    assert tuned.nll_tokens == 1


def test_damaged_weights_are_named(trained: Job, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no crisis classifier"):
        TRAINERS["ngram_linear"]().predictor(trained, tmp_path)


def test_one_author_is_not_enough(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="at least two authors"):
        TRAINERS["ngram_linear"]().fit(job(tmp_path, rows(("ann",))), lambda _point, _steps: None)


def test_a_row_without_a_label_is_named_by_its_id(tmp_path: Path) -> None:
    faulty = [*rows(), Example(id="zz-9", inputs={"text": "hushword"})]
    with pytest.raises(CorpusError, match="zz-9") as raised:
        TRAINERS["ngram_linear"]().fit(job(tmp_path, faulty), lambda _point, _steps: None)
    assert "hushword" not in str(raised.value)


def test_another_kind_of_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="false alarms"):
        TRAINERS["ngram_linear"]().fit(
            job(tmp_path, rows(), task=LabellingTask("line")), lambda _point, _steps: None
        )


def test_kinds_of_one_category_are_told_apart_and_the_gate_decides_by_the_category(tmp_path: Path) -> None:
    """What is said of an attempt and of a wish is danger alike; a word that both share says nothing of either."""
    known = [("attempt", "herring"), ("wish_dead", "sorrel"), ("ideation", "basalt")]
    of_place = dict(zip(PLACES, known * 2, strict=True))
    finer = []
    for one in rows():
        kind, word = of_place[one.id.split("-")[3]] if one.target == "suicide" else (one.target, "")
        text = f"{one.inputs['text']} {word}".strip()
        finer.append(one.model_copy(update={"target": kind, "inputs": {"text": text}}))
    done = job(tmp_path, finer)
    trainer = TRAINERS["ngram_linear"]()
    trainer.fit(done, lambda _point, _steps: None)
    model = CrisisNgrams.load(done.out)
    assert model.config.labels == ("medical_emergency", "none", "suicide")
    assert model.config.kinds == ("attempt", "ideation", "medical_emergency", "wish_dead")
    among = ("attempt", "ideation", "wish_dead")
    said = {word: f"only zubrowka is left, a {word}" for _, word in known}
    assert {word: model.kind(text, among) for word, text in said.items()} == {
        word: kind for kind, word in known
    }
    assert {load_gate(done.out).assess(text).category for text in said.values()} == {"suicide"}
    assert model.kind(said["herring"], ("ideation", "wish_dead")) in ("ideation", "wish_dead")
    assert model.kind(said["herring"], ("attempt",)) == model.kind("", among) == ""
    asked = [Example(id=kind, inputs={"text": said[word]}, target=kind) for kind, word in known] + [
        Example(id="no words", inputs={"text": "..."}, target="none")
    ]
    predicted = list(trainer.predictor(done, done.out).predict(asked, arm="tuned"))
    assert [one.text for one in predicted[:3]] == [one.target for one in asked[:3]]
    assert all(one.nll_tokens == 1 and one.nll < 0.7 for one in predicted[:3])
