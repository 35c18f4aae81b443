"""The sheet hides what the check thinks, and two filled copies give kappa and AUROC."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.support_asked import Written, stands_in
from benchmarks.support_sheet import COLUMNS, SheetError, app, compared, once_each, read_sheet, write_sheet

PASSAGES = ("You can park behind the clinic. The gate closes at nine.", "Dogs wait outside.")
FOUND = [
    Written("Where do I park?", "You can park behind the clinic.", PASSAGES, True, ""),
    Written("Where do I park?", "You can not park behind the clinic.", PASSAGES, False, "unsupported"),
    Written("May my dog come in?", "Dogs wait outside.", PASSAGES, True, ""),
]


def _filled(folder: Path, name: str, supported: list[str], *, first: int = 1) -> Path:
    file = folder / name
    write_sheet(file, FOUND, first=first)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for row, label in zip(rows, supported, strict=True):
            writer.writerow(row | {"supported": label, "answers": "yes"})
    return file


def test_a_sentence_stands_once_for_the_same_passages() -> None:
    again = Written("Where is the car park?", FOUND[0].sentence, PASSAGES, True, "")
    elsewhere = Written("Where do I park?", FOUND[0].sentence, PASSAGES[:1], True, "")
    assert once_each([*FOUND, again, elsewhere]) == [again, *FOUND[1:], elsewhere]


def test_sheet_has_two_empty_columns_and_no_verdict(tmp_path: Path) -> None:
    file = tmp_path / "sheet.csv"
    write_sheet(file, FOUND)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert {row["supported"] + row["answers"] for row in rows} == {""}
    assert "unsupported" not in file.read_text("utf-8")


def test_two_filled_sheets_give_kappa_and_auroc(tmp_path: Path) -> None:
    one = read_sheet(_filled(tmp_path, "a.csv", ["yes", "no", "Y "]))
    other = read_sheet(_filled(tmp_path, "b.csv", ["yes", "no", "yes"]))
    figures = compared(one, other)
    assert figures["supported"]["kappa"]["value"] == 1.0  # type: ignore[index, call-overload]
    assert figures["auroc"]["value"] == 1.0  # type: ignore[index, call-overload]
    shown, dropped = figures["unsupported_shown"], figures["supported_dropped"]
    assert (shown["n"], shown["rate"]) == (1, 0.0)  # type: ignore[index, call-overload]
    assert (dropped["n"], dropped["rate"]) == (2, 0.0)  # type: ignore[index, call-overload]


def test_rows_on_which_readers_differ_count_for_kappa_and_not_for_auroc(tmp_path: Path) -> None:
    one = read_sheet(_filled(tmp_path, "a.csv", ["yes", "no", "no"]))
    other = read_sheet(_filled(tmp_path, "b.csv", ["yes", "no", "yes"]))
    figures = compared(one, other)
    assert figures["agreed"] == 2
    assert figures["supported"]["same"] == pytest.approx(2 / 3, abs=1e-4)  # type: ignore[index, call-overload]


def test_rows_not_filled_are_named_together_without_their_words(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match=r"row 001: supported; row 003: supported") as caught:
        read_sheet(_filled(tmp_path, "a.csv", ["", "no", "perhaps"]))
    assert "park" not in str(caught.value)


def test_sheets_of_other_sentences_are_refused(tmp_path: Path) -> None:
    one = read_sheet(_filled(tmp_path, "a.csv", ["yes", "no", "yes"]))
    other = {name: row.model_copy(update={"sentence": "Cats wait inside."}) for name, row in one.items()}
    with pytest.raises(SheetError, match="copies of one sheet"):
        compared(one, other)


def test_sheets_that_follow_on_are_joined_and_others_refused(tmp_path: Path) -> None:
    one = _filled(tmp_path, "a.csv", ["yes", "no", "yes"])
    more = _filled(tmp_path, "more.csv", ["no", "no", "yes"], first=4)
    joined = tmp_path / "joined.csv"
    assert CliRunner().invoke(app, ["join", str(joined), str(more), str(one)]).exit_code == 0
    rows = read_sheet(joined)
    assert list(rows) == ["001", "002", "003", "004", "005", "006"]
    assert [row.supported for row in rows.values()] == ["yes", "no", "yes", "no", "no", "yes"]
    refused = CliRunner().invoke(app, ["join", str(joined), str(one), str(one)])
    assert refused.exit_code == 2
    assert "001, 002, 003" in refused.output


@pytest.mark.parametrize(
    ("sentence", "there"),
    [
        ("The gate closes at nine.", True),
        ("the gate closes at  nine", True),
        ("The gate closes at ten.", False),
        ("closes at nine Dogs wait", False),
        ("gate close", False),
        ("...", False),
    ],
)
def test_sentence_stands_in_a_passage_as_a_run_of_its_words(sentence: str, there: bool) -> None:
    assert stands_in(sentence, PASSAGES) is there
