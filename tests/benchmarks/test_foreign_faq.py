"""benchmarks/foreign_faq: the frozen material is whole and sound, and its figures count what they say."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.foreign_faq.__main__ import FOLDER, HASHES
from benchmarks.frozen import ChangedSet, frozen_files
from benchmarks.through_ask import UNANSWERABLE, Asked, Got, rates
from retrieval.faq import load_faq
from training.rows import read_rows

NUMBER = re.compile(r"\d{3}-\d{4}")


def asked() -> list[Asked]:
    return list(read_rows(list(frozen_files(FOLDER, HASHES))[1], Asked))


def test_the_material_is_as_large_as_it_was_frozen_and_every_entry_is_there() -> None:
    entries = {entry.id for entry in load_faq([next(iter(frozen_files(FOLDER, HASHES)))]).entries}
    kinds = Counter(one.kind for one in asked())
    assert len(entries) == 150
    assert kinds == {"paraphrase": 330, "near_miss": 120, "absent": 130, "out_of_purpose": 60, "two": 40}
    assert {name for one in asked() for name in one.right} == entries
    wanted = {"paraphrase": 1, "two": 2} | dict.fromkeys(UNANSWERABLE, 0)
    assert all(len(one.right) == wanted[one.kind] for one in asked())


def test_only_invented_numbers_stand_in_the_entries() -> None:
    text = (FOLDER / "faq.jsonl").read_text("utf-8")
    assert all(number.startswith("555-01") for number in NUMBER.findall(text))


def test_a_changed_file_is_not_measured(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "set")
    with (tmp_path / "set" / "questions.jsonl").open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(ChangedSet, match=r"questions\.jsonl"):
        list(frozen_files(tmp_path / "set", HASHES))


def test_the_rates_count_right_wrong_and_needless_answers() -> None:
    rows = [
        ("paraphrase", "a", "faq", "a"),
        ("paraphrase", "a", "grounded", "a"),
        ("paraphrase", "a", "faq", "b"),
        ("paraphrase", "a", "faq", "a b"),
        ("paraphrase", "a", "clarify", ""),
        ("near_miss", "", "grounded", "a"),
        ("absent", "", "abstain", ""),
        ("two", "a b", "faq", "a b"),
        ("two", "a b", "faq", "a"),
        ("two", "a b", "faq", "a c"),
        ("two", "a b", "crisis", ""),
    ]
    figures = rates(
        [
            Asked.model_validate({"id": "q", "question": "?", "kind": kind, "entry": entry})
            for kind, entry, *_ in rows
        ],
        [Got(route, frozenset(given.split())) for *_, route, given in rows],
    )

    def rate(name: str, inside: str = "") -> float:
        found = figures[name]
        assert isinstance(found, Mapping)
        one = found[inside] if inside else found
        assert isinstance(one, Mapping)
        return float(str(one["rate"]))

    assert rate("paraphrases, answered", "right entry") == 0.4
    assert rate("paraphrases, answered", "right entry beside another") == 0.2
    assert rate("paraphrases, answered", "wrong entry") == 0.2
    assert rate("paraphrases, approved words alone", "right entry") == 0.2
    assert rate("unanswerable, answered: near_miss") == 1
    assert rate("unanswerable, approved words alone: all") == 0
    assert rate("unanswerable, answered: all") == 0.5
    for name in ("both right", "one right", "one wrong"):
        assert rate("two questions", name) == 0.25
    assert rate("stopped by the gate or the screen") == round(1 / 11, 4)
