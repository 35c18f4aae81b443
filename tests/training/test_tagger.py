"""training/trainers/tagger.py: from spans to labels of tokens and back, and a real small training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.encoder_toys import SHORT, TASKS, toy, toy_job
from tests.training.tiny_encoder import BASE_SHA256, POSITIONS, QUICK, tiny_base, tiny_job, tiny_tokenizer
from training.errors import CorpusError, RecipeError, ReleaseError
from training.rows import Example, Prediction, Span
from training.tasks.tagging import TaggingTask
from training.trainers.base import Job, Predictor, Trainer
from training.trainers.encoder_base import EncoderCard
from training.trainers.encoder_heads import NO_LOSS, windows
from training.trainers.tagger import Tagger, bio_labels, decode, tagged_rows

pytestmark = pytest.mark.slow  # torch or a clustering starts up: seconds before the first test

TASK = TaggingTask("toy")
LABELS = ("O", "B-name", "I-name", "B-town", "I-town")
CARD = EncoderCard(
    kind="token_classifier", method="lora", base_sha256=BASE_SHA256, max_tokens=16, labels=LABELS
)
ROWS = [
    Example(id="1", inputs={"text": "ann is in rome"}, spans=(Span(start=0, end=3, label="name"),)),
    Example(id="2", inputs={"text": "so is bo"}, spans=(Span(start=6, end=8, label="name"),)),
    Example(id="3", inputs={"text": "nobody came"}),
] * 2


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("tiny"))


def quiet(*_: object) -> None:
    """Hear nothing."""


def predictions(predictor: Predictor, examples: list[Example]) -> list[Prediction]:
    found = list(predictor.predict(examples, arm="tuned"))
    predictor.close()
    return found


def round_trip(text: str, *spans: Span) -> tuple[Span, ...]:
    """Label the tokens, then read the labels as if a model had been sure of each."""
    example = Example(id="1", inputs={"text": text}, spans=spans)
    cut = windows(tiny_tokenizer(), text, limit=CARD.max_tokens)
    rows = tagged_rows(tiny_tokenizer(), [example], CARD)
    shares = [np.eye(len(LABELS), dtype=np.float32)[[max(label, 0) for label in row.labels]] for row in rows]
    return decode(cut, shares, LABELS)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("ann met bo", [(0, 3, "name"), (8, 10, "name")]),
        ("ann bo cy", [(0, 3, "name"), (4, 6, "name"), (7, 9, "name")]),  # one after another
        ("ann rome", [(0, 3, "name"), (4, 8, "town")]),
        ("Zoë O'Hara-Łuk, 🙂 Bo", [(0, 14, "name"), (18, 20, "name")]),  # accents, a sign of two units
        ("see (ann)!", [(5, 8, "name")]),
        ("nobody here", []),
        ("a long way to go and then at last it is ann of rome who comes in", [(40, 43, "name"), (47, 51, "town")]),
        ("x" * 40 + " ann", [(0, 40, "town"), (41, 44, "name")]),  # a word longer than a window
    ],
)  # fmt: skip
def test_spans_come_back_from_the_labels_of_their_tokens(
    text: str, spans: list[tuple[int, int, str]]
) -> None:
    wanted = tuple(Span(start=start, end=end, label=label) for start, end, label in spans)
    assert round_trip(text, *wanted) == wanted


def test_a_span_with_spaces_at_its_ends_is_found_without_them() -> None:
    assert round_trip("to ann now", Span(start=2, end=7, label="name")) == (
        Span(start=3, end=6, label="name"),
    )


def test_special_tokens_carry_no_label_and_no_loss() -> None:
    (row,) = tagged_rows(tiny_tokenizer(), [ROWS[0]], CARD)
    assert [at for at, label in enumerate(row.labels) if label == NO_LOSS] == [0, len(row.labels) - 1]


def test_a_word_is_not_cut_in_two_when_its_tokens_disagree() -> None:
    cut = windows(tiny_tokenizer(), "annabel", limit=16)
    shares = np.full((9, 5), 0.1, dtype=np.float32)
    shares[:, 1] = 0.6
    shares[4, 0] = 0.9  # one letter is sure to stand outside
    assert decode(cut, [shares], LABELS) == (Span(start=0, end=7, label="name"),)


def test_where_windows_disagree_the_one_with_more_around_the_token_counts() -> None:
    text = "a b c d e f g h i j k l m n o p q r s t"
    cut = windows(tiny_tokenizer(), text, limit=16)
    assert len(cut) == 2
    sure = [np.tile(np.eye(5, dtype=np.float32)[0], (len(one.tokens), 1)) for one in cut]
    shared = [token for token in range(20) if token >= cut[1].first and token < 14]
    sure[0][shared[0] + 1] = np.eye(5)[3]  # seen from within the first window, at the edge of the second
    sure[0][shared[-1] + 1] = np.eye(5)[1]  # at the edge of the first window
    found = decode(cut, sure, LABELS)
    assert [(text[one.start : one.end], one.label) for one in found] == [(text[2 * shared[0]], "town")]


def test_labels_are_those_of_the_rows_in_a_fixed_order() -> None:
    assert bio_labels(ROWS) == ("O", "B-name", "I-name")


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        QUICK,
        QUICK.model_copy(update={"rslora": True, "dora": True, "micro_batch": 1}),
        QUICK.model_copy(update={"method": "full"}),
        QUICK.model_copy(update={"precision": "bf16", "group_by_length": False}),
    ],
    ids=["lora", "rslora-dora", "full", "bf16"],
)
def test_every_kind_of_training_leaves_a_folder_that_predicts(
    base: Path, tmp_path: Path, settings: object
) -> None:
    job = tiny_job(base, tmp_path, TaggingTask("toy", balanced=True), ROWS, ROWS[:3], settings=settings)  # type: ignore[arg-type]
    heard: list[tuple[int, int]] = []
    fit = Tagger().fit(job, lambda point, steps: heard.append((point.step, steps)))
    assert isinstance(Tagger(), Trainer)
    assert heard[-1] == (fit.steps, fit.steps) == (4, 4)
    assert fit.precision == ("bfloat16" if job.settings.precision == "bf16" else "float32")
    assert (fit.trainable_parameters < fit.parameters / 2) == (job.settings.method == "lora")
    found = predictions(Tagger().predictor(job, job.out), ROWS)
    assert [one.id for one in found] == [row.id for row in ROWS]
    assert all(one.arm == "tuned" and one.prompt_tokens > 0 for one in found)


@pytest.mark.slow
def test_no_file_of_a_result_names_the_folder_of_the_base(base: Path, tmp_path: Path) -> None:
    for method in ("lora", "full"):
        job = tiny_job(
            base, tmp_path / method, TASK, ROWS, settings=QUICK.model_copy(update={"method": method})
        )
        Tagger().fit(job, quiet)
        for file in job.out.rglob("*"):
            assert str(base).encode() not in file.read_bytes(), file.name


def test_a_text_longer_than_the_encoder_is_read_to_its_end(base: Path, tmp_path: Path) -> None:
    job = tiny_job(base, tmp_path, TASK, ROWS)
    long = Example(id="long", inputs={"text": "ann is in rome " * 30})
    (found,) = predictions(Tagger().predictor(job, None), [long])
    assert found.prompt_tokens > 10 * POSITIONS


def test_weights_for_another_base_or_of_another_kind_are_refused(base: Path, tmp_path: Path) -> None:
    job = tiny_job(base, tmp_path, TASK, ROWS)
    Tagger().fit(job, quiet)
    with pytest.raises(ReleaseError, match="base 000000000000, the base here is 111111111111"):
        Tagger().predictor(replace(job, base_sha256="1" * 64), job.out)
    with pytest.raises(ReleaseError, match="holds a token_classifier"):
        Tagger().predictor(replace(job, task=TASKS["classifier"]), job.out)
    with pytest.raises(ReleaseError, match="train it again"):
        Tagger().predictor(job, tmp_path)


@pytest.mark.parametrize(("name", "value"), [("method", "qlora"), ("unsloth", True)])
def test_settings_of_language_models_are_refused(
    base: Path, tmp_path: Path, name: str, value: object
) -> None:
    job = tiny_job(base, tmp_path, TASK, ROWS, settings=QUICK.model_copy(update={name: value}))
    with pytest.raises(RecipeError, match=f"train.{name}"):
        Tagger().fit(job, quiet)


def test_rows_without_any_span_are_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no training row has a span"):
        Tagger().fit(tiny_job(base, tmp_path, TASK, [ROWS[2]]), quiet)


@pytest.mark.weights
@pytest.mark.slow
def test_a_trained_tagger_finds_new_names_in_new_sentences(tmp_path: Path) -> None:
    job = toy_job("tagger", tmp_path, SHORT)
    held_out = toy("tagger")[2]
    untrained = span_f1(job, held_out, None)
    fit = Tagger().fit(job, quiet)
    trained = span_f1(job, held_out, job.out)
    assert fit.best_loss < 0.3
    assert trained > 0.8
    assert trained > untrained + 0.5


def span_f1(job: Job, held_out: list[Example], adapter: Path | None) -> float:
    scores = job.task.score(held_out, predictions(Tagger().predictor(job, adapter), held_out))
    return next(one.value() for one in scores if one.metric.name == "span_f1")
