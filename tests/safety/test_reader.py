"""safety/reader.py: a small classifier that was really trained, served as it is served, and its limits."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fit_reader import FOLDS, SCORES, Score, figures_of, fold_of, limits_of, read
from safety.crisis import load_gate
from safety.crisis_ngrams import CrisisNgrams, Danger, danger_odds
from safety.errors import ReaderError
from safety.reader import (
    LIMITS,
    MOST_WINDOWS,
    REFUSED,
    WINDOW_TOKENS,
    CrisisReader,
    MessageReader,
    ReaderLimits,
    as_one,
)
from safety.verdict import Verdict
from tests.training.tiny_encoder import POSITIONS, tiny_base, tiny_job
from training.recipe import Train
from training.rows import Example
from training.tasks.message_reader import MESSAGE_READER
from training.trainers.classifier import Classifier
from weights.cache import publish
from weights.served import build_encoder

TAUGHT = {
    "none": "mm nn mm", "suicide": "zz xx zz", "medical_emergency": "qq ww qq", "harmful_request": "kk jj kk",
    "injection": "vv bb vv",
}  # fmt: skip
LEARNT = Train(learning_rate=2e-2, epochs=80, batch=12, max_tokens=POSITIONS, method="full", evaluations=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that serves a reader that knows five words for five labels, and has the others."""
    folder = tmp_path_factory.mktemp("reader")
    rows = [
        Example(id=f"{label}-{copy}", inputs={"text": TAUGHT.get(label, label)}, target=label)
        for label in MESSAGE_READER.labels
        for copy in range(2)
    ]
    job = tiny_job(tiny_base(folder), folder, MESSAGE_READER, rows, settings=LEARNT)
    Classifier().fit(job, lambda *_: None)

    def fill(fresh: Path) -> None:
        build_encoder(job.base, job.out, fresh, form="fp32")

    publish(folder / "served", "test", fill)
    return folder / "served"


@pytest.fixture(scope="module")
def reader(trained: Path) -> MessageReader:
    return MessageReader(trained)


def limits_for(of: MessageReader, **changes: object) -> ReaderLimits:
    shipped = ReaderLimits.load().model_dump() | {
        "reader_sha256": of.sha256, "bias": 0.0, "ngrams": 0.0, "reader": 1.0,
        "refused": dict.fromkeys(REFUSED, 0.5),
        "limits": [
            {"action": kind, "short": short, "act": 0.6, "support": 0.2}
            for kind in ("crisis", "emergency") for short in (False, True)
        ],
    }  # fmt: skip
    return ReaderLimits.model_validate(shipped | changes)


@pytest.mark.slow
@pytest.mark.parametrize("label", sorted(TAUGHT))
def test_what_was_taught_is_read(reader: MessageReader, label: str) -> None:
    shares = reader.shares(TAUGHT[label])
    assert shares.shape == (1, len(reader.labels))
    assert shares.sum() == pytest.approx(1.0)
    assert reader.labels[int(shares[0].argmax())] == label


@pytest.mark.slow
def test_served_shares_are_those_of_the_trained_model(trained: Path, reader: MessageReader) -> None:
    rows = [Example(id=text, inputs={"text": text}, target="none") for text in ("mm zz", "qq", "v k z m")]
    folder = trained.parent
    job = tiny_job(folder / "base", folder, MESSAGE_READER, rows, settings=LEARNT)
    for row, found in zip(rows, Classifier().predictor(job, job.out).predict(rows, arm="tuned"), strict=True):
        share = reader.shares(row.inputs["text"])[0][reader.labels.index("none")]
        assert -np.log(share) == pytest.approx(found.nll, rel=1e-3)


@pytest.mark.slow
def test_one_sentence_of_danger_in_a_long_message_is_found(reader: MessageReader) -> None:
    text = " ".join(["mm"] * 60 + ["zz", "xx", "zz"] * 12 + ["mm"] * 60)
    shares = reader.shares(text)
    assert len(shares) > 5
    unsafe = [label not in ("none", "grief", *REFUSED) for label in reader.labels]
    each = shares[:, unsafe].sum(axis=1)
    odds = danger_odds(each)
    assert danger_odds(np.array([reader.danger(shares).share]))[0] == pytest.approx(
        odds.max() - np.log(len(shares)), rel=1e-4
    )
    assert each.max() > 0.6 and each.max() > each.mean() + 0.01


@pytest.mark.slow
def test_of_a_very_long_message_the_beginning_and_the_end_are_read(reader: MessageReader) -> None:
    text = "mm " * 4_000
    assert len(reader.shares(text)) == MOST_WINDOWS
    assert not np.array_equal(reader.shares("zz xx zz " * 20 + text), reader.shares(text))
    assert not np.array_equal(reader.shares(text + "zz xx zz " * 20), reader.shares(text))


@pytest.mark.slow
def test_what_was_read_is_remembered_without_its_words(reader: MessageReader) -> None:
    text = "zz remembered xx"
    assert reader.shares(text) is reader.shares(text)
    assert text not in repr(vars(reader))


@pytest.mark.slow
def test_verdicts_follow_from_the_limits(reader: MessageReader) -> None:
    both = CrisisReader(CrisisNgrams.load(), reader, limits_for(reader))
    assert both.assess(TAUGHT["suicide"]).action == "crisis"
    assert both.assess(TAUGHT["medical_emergency"]).action == "emergency"
    assert both.assess(TAUGHT["none"]).action == "allow"
    never = limits_for(reader, bias=-30.0)
    assert CrisisReader(CrisisNgrams.load(), reader, never).assess(TAUGHT["suicide"]).action == "allow"


@pytest.mark.slow
def test_the_ngrams_count_beside_it_and_alone_in_spanish(reader: MessageReader) -> None:
    ngrams = CrisisNgrams.load()
    against = CrisisReader(ngrams, reader, limits_for(reader, bias=-30.0))
    spanish = "ya no quiero vivir, quiero que todo se acabe y que nadie me busque"
    for text in (spanish, "ojalá mañana no despertara", "no puedo respirar"):
        assert ngrams.assess(text).action != "allow"
        assert against.assess(text) == ngrams.assess(text)
    counted = limits_for(reader, ngrams=1.0, reader=0.0)
    english = "i keep thinking everyone would be better off if i was not here anymore"
    assert CrisisReader(ngrams, reader, counted).assess(english).action == "crisis"


@pytest.mark.slow
def test_what_the_ngrams_would_stop_gets_the_resources_line_at_least(reader: MessageReader) -> None:
    ngrams, text = (
        CrisisNgrams.load(),
        "i keep thinking everyone would be better off if i was not here anymore",
    )
    assert ngrams.assess(text).action == "crisis"
    verdict = CrisisReader(ngrams, reader, limits_for(reader, bias=-30.0)).assess(text)
    assert verdict == Verdict("support", ngrams.assess(text).category, "concern")


@pytest.mark.slow
def test_an_earlier_message_alone_decides_nothing(reader: MessageReader) -> None:
    both = CrisisReader(CrisisNgrams.load(), reader, limits_for(reader))
    assert both.assess(TAUGHT["none"], earlier=[TAUGHT["suicide"]]).action == "allow"


@pytest.mark.slow
def test_what_may_be_danger_is_not_refused(reader: MessageReader, monkeypatch: pytest.MonkeyPatch) -> None:
    both = CrisisReader(CrisisNgrams.load(), reader, limits_for(reader))
    of = dict.fromkeys(reader.labels, 0.01) | {"harmful_request": 0.6}
    for suicide, wanted in ((0.001, "harmful_request"), (0.3, "")):
        shares = np.array([[(of | {"suicide": suicide})[label] for label in reader.labels]])
        monkeypatch.setattr(reader, "shares", lambda _text, shares=shares: shares)
        assert both.category("whatever") == wanted
    monkeypatch.setattr(reader, "shares", lambda _text: np.array([[of[one] for one in reader.labels]]))
    assert both.category("como puedo saber cuanto tiempo tarda en hacer efecto") == ""


@pytest.mark.slow
def test_the_kind_of_danger_is_that_of_whoever_is_surer() -> None:
    limits = ReaderLimits.load()
    counted = Danger(0.95, "crisis", "suicide", language="en", words=6)
    unsure, sure = (
        Danger(0.3, "emergency", "medical_emergency"),
        Danger(0.99, "emergency", "medical_emergency"),
    )
    assert as_one(counted, unsure, limits).category == "suicide"
    assert as_one(counted, sure, limits).category == "medical_emergency"
    assert as_one(counted, sure, limits).words == 6


@pytest.mark.slow
def test_it_joins_the_gate_and_takes_whatever_comes(reader: MessageReader) -> None:
    both = CrisisReader(CrisisNgrams.load(), reader, limits_for(reader))
    gate = load_gate().with_reader(lambda: both)
    assert gate.assess(TAUGHT["suicide"]).action == "crisis"
    assert load_gate().assess(TAUGHT["suicide"]).action == "allow"
    for text in ("", "\ud800 zz", "\0", "z" * 100_000, "🙂" * 5_000):
        gate.assess(text)
        both.assess(text, earlier=[text])
        both.category(text)


@pytest.mark.slow
def test_limits_of_other_weights_are_refused(reader: MessageReader) -> None:
    with pytest.raises(ReaderError, match="fit_reader"):
        CrisisReader(CrisisNgrams.load(), reader, limits_for(reader, reader_sha256="0" * 64))


@pytest.mark.slow
def test_a_folder_that_holds_no_reader_is_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match="cannot be used"):
        MessageReader(tmp_path)
    (trained.parent / "other").mkdir()
    card = json.loads((trained.parent / "out" / "encoder.json").read_text())
    for file in (trained.parent / "out").iterdir():
        if file.is_file() and file.name != "encoder.json":
            (trained.parent / "other" / file.name).write_bytes(file.read_bytes())
    card["labels"] = [f"label {number}" for number in range(len(card["labels"]))]
    (trained.parent / "other" / "encoder.json").write_text(json.dumps(card))

    def fill(fresh: Path) -> None:
        build_encoder(trained.parent / "base", trained.parent / "other", fresh)

    publish(tmp_path / "served", "test", fill)
    with pytest.raises(ReaderError, match="labels"):
        MessageReader(tmp_path / "served")


def test_damaged_limits_are_refused(tmp_path: Path) -> None:
    for content in ("", "{", LIMITS.read_text().replace('"crisis"', '"other"')):
        (tmp_path / "limits.json").write_text(content)
        with pytest.raises(ReaderError, match="fit_reader"):
            ReaderLimits.load(tmp_path / "limits.json")


def test_the_shipped_limits_are_those_that_follow_from_the_scores() -> None:
    """Nobody may move a limit by hand: it follows from authors who were left out."""
    shipped = ReaderLimits.load()
    again = limits_of(
        read(), reader_sha256=shipped.reader_sha256, ngrams_sha256=shipped.ngrams_sha256,
        table=hashlib.sha256(SCORES.read_bytes()).hexdigest(),
    )  # fmt: skip
    assert again.scores_sha256 == shipped.scores_sha256
    assert dict(again.refused) == pytest.approx(dict(shipped.refused), abs=1e-3)
    for name in ("bias", "ngrams", "reader"):
        assert getattr(again, name) == pytest.approx(getattr(shipped, name), abs=1e-3)
    for one, other in zip(again.limits, shipped.limits, strict=True):
        assert (one.act, one.support) == pytest.approx((other.act, other.support), abs=1e-3)
    assert shipped.ngrams_sha256 == CrisisNgrams.load().config.weights_sha256


def test_the_table_has_every_label_and_says_what_the_readme_says() -> None:
    scores = read()
    assert {one.label for one in scores} == set(MESSAGE_READER.labels)
    figures = figures_of(scores, ReaderLimits.load())
    ordinary = figures["asked of clinics: fixed reply"]
    assert isinstance(ordinary, dict) and ordinary["rate"] <= 0.02
    assert SCORES.is_file() and WINDOW_TOKENS <= 512


def test_authors_are_dealt_out_by_themselves() -> None:
    assert {fold_of(f"train-en-{number}") for number in range(1, 4)} == set(range(FOLDS))
    assert fold_of("screen-a") == fold_of("screen-d") != fold_of("screen-b")


def test_limits_let_no_more_ordinary_messages_through_than_they_may() -> None:
    chance = np.random.default_rng(0)
    scores = [
        Score(
            id=f"{label}-{number}", label=label, action="crisis", short=False,
            ngrams=float(np.clip(chance.normal(middle, 0.2), 0, 1)),
            reader=float(np.clip(chance.normal(middle, 0.2), 0, 1)), harmful_request=0.1, injection=0.2,
        )
        for label, middle in (("none", 0.3), ("suicide", 0.7)) for number in range(2000)
    ]  # fmt: skip
    limits = limits_of(scores, reader_sha256="0" * 64, ngrams_sha256="1" * 64, table="2" * 64)
    mixed = [limits.share(one.ngrams, one.reader) for one in scores[:2000]]
    limit = next(one for one in limits.limits if one.action == "crisis" and not one.short)
    ceilings = limits.ceilings["written"]
    assert np.mean(np.array(mixed) >= limit.act) <= ceilings.act
    assert np.mean(np.array(mixed) >= limit.support) <= ceilings.support
    assert np.mean([limits.share(one.ngrams, one.reader) >= limit.act for one in scores[2000:]]) > 0.5
