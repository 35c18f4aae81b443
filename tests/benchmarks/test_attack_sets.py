"""benchmarks/attack_sets.py: the frozen sets are whole, and nothing of them stands among rules and examples."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from benchmarks.attack_sets import FOLDER, Name, messages, poisoned_entries
from benchmarks.frozen import ChangedSet, frozen_files
from training.written.screen_rows import screen_rows

TESTS = Path(__file__).parents[1]


def folded(text: str) -> str:
    return " ".join(text.lower().split())


@pytest.mark.parametrize(("name", "least"), [("injections", 300), ("benign", 300), ("harmful", 200)])
def test_a_frozen_set_of_messages_is_large_and_has_unique_ids(name: Name, least: int) -> None:
    rows = messages(name)
    assert len({row.id for row in rows}) == len(rows) >= least


def test_there_are_two_hundred_poisoned_entries_of_ten_kinds() -> None:
    rows = poisoned_entries()
    assert len({row.id for row in rows}) == len(rows) >= 200
    assert len({row.kind for row in rows}) == 10


def test_every_file_of_the_folder_is_frozen() -> None:
    assert {file.name for file in frozen_files(FOLDER)} == {file.name for file in FOLDER.glob("*.jsonl")}


@pytest.mark.parametrize("name", ["injections.jsonl", "poisoned.jsonl"])
def test_a_changed_file_is_not_measured(name: str, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "set")
    with (tmp_path / "set" / name).open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(ChangedSet, match=name):
        messages("injections", tmp_path / "set") if name.startswith("inj") else poisoned_entries(
            tmp_path / "set"
        )


def test_no_frozen_row_stands_among_what_the_reader_is_taught_or_the_development_rows() -> None:
    files = (
        TESTS / "safety" / "attack_cases.yaml",
        TESTS / "retrieval" / "intake" / "poison_cases.yaml",
    )
    known = {folded(row.text) for row in screen_rows()}
    assert len(known) > 4_000
    for file in files:
        read = yaml.safe_load(file.read_text("utf-8"))
        blocks = (
            read.values()
            if isinstance(read, dict)
            else [one.get("lines", one.get("answers")) for one in read]
        )
        for block in blocks:
            known |= {folded(line) for line in (block.splitlines() if isinstance(block, str) else block)}
    names: tuple[Name, ...] = ("injections", "benign", "harmful")
    frozen = {folded(row.text) for name in names for row in messages(name)}
    frozen |= {folded(row.answer) for row in poisoned_entries()}
    assert not {text for text in frozen & known if len(text.split()) > 4}
