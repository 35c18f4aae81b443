"""Counts add up or cannot be made, files are whole or not there, and words stay out of errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.errors import RunError
from training.rows import Example, SetAside, StageCounts, read_rows, write_rows


def example(number: int) -> Example:
    return Example(id=str(number), inputs={"question": f"question {number}"}, target="answer")


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "rows" / "some.jsonl"
    assert write_rows(file, (example(n) for n in range(3))) == 3
    assert list(read_rows(file, Example)) == [example(n) for n in range(3)]


def test_a_writer_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    write_rows(file, [example(1)])

    def breaks() -> object:
        yield example(2)
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        write_rows(file, breaks())  # type: ignore[arg-type]
    assert list(read_rows(file, Example)) == [example(1)]


def test_counts_that_do_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="10 in, 5 kept, 4 set aside"):
        StageCounts(stage="clean", taken=10, kept=5, set_aside={"empty": 4})


def test_counts_name_each_reason() -> None:
    aside = [SetAside(id=str(n), stage="clean", reason="empty" if n % 2 else "long") for n in range(5)]
    counts = StageCounts.of("clean", 7, aside)
    assert (counts.taken, counts.set_aside) == (12, {"empty": 2, "long": 3})


def test_a_file_of_something_else_says_what_to_do_without_its_words(tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    file.write_text('{"id": "1", "secret words": "here"}\n', encoding="utf-8")
    with pytest.raises(RunError) as error:
        list(read_rows(file, Example))
    assert "run the stage" in str(error.value)
    assert "secret" not in str(error.value)


def test_words_stay_out_of_reprs() -> None:
    assert "question 1" not in repr(example(1))
