"""benchmarks/crisis_sets.py: the frozen set is whole, large, and unknown to what was taught and written down."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml

from benchmarks.crisis_sets import FOLDER, frozen_rows
from benchmarks.frozen import HASHES, ChangedSet
from training.written.crisis_rows import CATEGORY_OF_LEVEL, crisis_rows

CASES = Path(__file__).parents[1] / "safety" / "crisis_cases.yaml"


FROZEN = "5816534d7cdc7840c6678711b47b6ca4bd2d6761b1dfdbf374655bc1d7b38f4e"
"""The SHA-256 of the hashes: who changes a message would have to change this, too."""


def folded(text: str) -> str:
    return " ".join(text.lower().split())


def test_the_set_has_fifteen_hundred_messages_of_every_level_and_both_languages() -> None:
    rows = list(frozen_rows())
    assert len(rows) >= 1500
    assert len({row.id for row in rows}) == len(rows)
    # What is asked of clinics is taught alone: the held-out clinics measure it.
    assert {row.level for row in rows} == set(CATEGORY_OF_LEVEL) - {"clinic"}
    assert min(Counter(row.language for row in rows).values()) >= 300
    assert sum(len(row.turns) > 1 for row in rows) >= 30


def test_no_message_and_no_author_of_it_is_taught_or_stands_among_the_rules_cases() -> None:
    known = {folded(row.text) for row in crisis_rows()}
    known |= {folded(line) for group in yaml.safe_load(CASES.read_text("utf-8")) for line in group["lines"]}
    rows = list(frozen_rows())
    same = [row.id for row in rows for text in row.turns if len(text.split()) > 4 and folded(text) in known]
    assert same == []
    assert not {row.author for row in rows} & {row.author for row in crisis_rows()}


def test_the_set_is_the_one_that_was_frozen_and_no_file_is_left_out() -> None:
    assert hashlib.sha256((FOLDER / HASHES).read_bytes()).hexdigest() == FROZEN
    stated = {line.split()[1] for line in (FOLDER / HASHES).read_text("utf-8").splitlines()}
    assert stated == {file.name for file in FOLDER.iterdir()} - {HASHES}


def test_a_changed_file_is_not_measured(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "set")
    name = (FOLDER / HASHES).read_text("utf-8").split()[1]
    with (tmp_path / "set" / name).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ChangedSet, match=name):
        list(frozen_rows(tmp_path / "set"))
