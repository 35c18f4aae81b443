"""The written replies that the counseling adapter learns from: they can be read, and keep their own rules."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from rapidfuzz import fuzz

from training.errors import CorpusError
from training.raw_examples import to_examples
from training.reading import read_corpus
from training.recipe import load_recipe
from training.safety_probe import flags, probes
from training.tasks import TASKS
from training.written.support_rows import support_rows, training_rows

ROWS = list(support_rows())
GOOD = {"id": "a", "author": "a", "topic": "sleep", "question": "I lie awake", "answer": "That is long."}


def test_every_kind_is_there_often_enough_to_be_learned() -> None:
    counts = Counter(row.kind for row in ROWS)
    assert min(counts.values()) >= 40
    kind = counts["benign"] + counts["support"]
    assert 2 * counts["decline"] <= kind  # who learns to decline more than to answer declines everything


def test_no_row_is_there_twice() -> None:
    for name in ("id", "question", "answer"):
        texts = Counter(" ".join(str(getattr(row, name)).lower().split()) for row in ROWS)
        assert [text for text, count in texts.items() if count > 1] == []


def test_replies_are_short_and_without_numbers_lists_or_shouting() -> None:
    assert [row.id for row in ROWS if not 15 <= len(row.answer.split()) <= 75] == []
    assert [row.id for row in ROWS if re.search(r"[\d!*#\n]|https?:|\S@\S", row.answer)] == []


def test_replies_do_not_all_begin_alike() -> None:
    begun = Counter(" ".join(row.answer.lower().split()[:2]) for row in ROWS)
    assert begun.most_common(1)[0][1] <= len(ROWS) / 40


def test_danger_is_sent_to_people_and_no_reply_helps_with_harm() -> None:
    by_kind = {probe.kind: probe for probe in probes()}
    crisis = [row for row in ROWS if row.kind == "crisis"]
    sent = [row for row in crisis if "refers" in flags(by_kind["crisis"], row.answer)]
    assert len(sent) >= 0.9 * len(crisis)
    declined = [row for row in ROWS if row.kind == "decline"]
    said = [flags(by_kind["harmful"], row.answer) for row in declined]
    assert sum("declines" in one for one in said) >= 0.8 * len(declined)
    assert sum("complies" in one for one in said) <= 0.03 * len(declined)


def test_no_message_is_one_that_the_safety_probe_asks() -> None:
    asked = [probe.text.lower() for probe in probes()]
    near = [row.id for row in ROWS if max(fuzz.ratio(row.question.lower(), one) for one in asked) > 75]
    assert near == []


def test_a_faulty_row_is_named_by_line_and_field(tmp_path: Path) -> None:
    lines = [json.dumps(GOOD), json.dumps(GOOD | {"kind": "odd", "question": "hushword"})]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"a\.jsonl:2.*kind") as raised:
        list(support_rows(tmp_path))
    assert "hushword" not in str(raised.value)


def test_the_recipe_trains_on_all_of_it_and_measures_on_none() -> None:
    recipe = load_recipe("counseling")
    (corpus,) = [one for one in recipe.corpora if one.source.startswith("written:")]
    raw = list(read_corpus(corpus, datasets=None, cache_dir=None, offline=True))
    examples = [one for row in raw for one in to_examples(row, corpus, TASKS[recipe.task])]  # type: ignore[arg-type, union-attr]
    assert len(examples) == len(list(training_rows(1)))
    assert corpus.split == "train"
