"""Sheets out and ratings in, through real files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from training.errors import RunError
from training.judge import JudgedRow
from training.panel import KEY, KeyRow, PanelResult, Sheets, ratings, sheets
from training.rows import Example, Prediction, read_rows

THEIRS = "base"
Choose = Callable[[KeyRow], str]


def rows(n: int) -> tuple[list[Example], list[Prediction], list[Prediction]]:
    examples = [
        Example(id=f"q{k}", inputs={"question": f"How do I cope with change {k}?"}, group=f"g{k}")
        for k in range(n)
    ]
    return (
        examples,
        [Prediction(id=f"q{k}", arm="tuned", text=f"OURS {k}") for k in range(n)],
        [Prediction(id=f"q{k}", arm=THEIRS, text=f"THEIRS {k}") for k in range(n)],
    )


def written(out: Path, *, raters: tuple[str, ...] = ("r1", "r2"), seed: int = 3, **options: int) -> Sheets:
    settings = {"rows": 10, "overlap": 6} | options
    return sheets(*rows(30), raters=raters, seed=seed, out=out, **settings)


def table(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))


def fill(made: Sheets, choose: Choose, *, delimiter: str = ",") -> list[Path]:
    """Fill every CSV in as raters would, and save it as a spreadsheet might."""
    key = {one.item: one for one in read_rows(made.key, KeyRow)}
    files = [file for file in made.files if file.suffix == ".csv"]
    for file in files:
        lines = table(file)
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(lines[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(line | {"better": choose(key[line["item"]])} for line in lines)
    return files


def for_ours(one: KeyRow) -> str:
    return one.ours.upper()


def for_theirs(one: KeyRow) -> str:
    return "B" if one.ours == "a" else "A"


def by_row(one: KeyRow) -> str:
    return for_ours(one) if int(one.id[1:]) % 2 else for_theirs(one)


def test_sheets_do_not_tell_which_answer_is_whose_but_the_key_does(tmp_path: Path) -> None:
    made = written(tmp_path)
    key = {one.item: one for one in read_rows(made.key, KeyRow)}
    for file in made.files:
        assert not re.search(r"tuned|base\b|q\d", file.read_text(encoding="utf-8"))
    for line in table(tmp_path / "raters" / "r1.csv"):
        assert ("OURS" in line["answer_a"] and "THEIRS" not in line["answer_a"]) == (
            key[line["item"]].ours == "a"
        )
        assert line["better"] == ""


def test_the_key_lies_outside_the_folder_that_raters_get(tmp_path: Path) -> None:
    made = written(tmp_path)
    assert made.key == tmp_path / KEY
    assert {file.parent for file in made.files} == {tmp_path / "raters"}
    assert not list((tmp_path / "raters").glob("*key*"))
    assert {file.stat().st_mode & 0o077 for file in made.files} == {0}


def test_all_raters_share_the_overlap_and_nothing_else(tmp_path: Path) -> None:
    made = written(tmp_path, raters=("r1", "r2", "r3"))
    seen = {
        rater: {one.id for one in read_rows(made.key, KeyRow) if one.rater == rater}
        for rater in ("r1", "r2", "r3")
    }
    assert {len(ids) for ids in seen.values()} == {10}
    assert len(seen["r1"] & seen["r2"] & seen["r3"]) == 6
    assert len(seen["r1"] & seen["r2"]) == len(seen["r2"] & seen["r3"]) == 6


def test_positions_are_even_for_each_rater_and_differ_between_raters(tmp_path: Path) -> None:
    key = list(read_rows(written(tmp_path, rows=12, overlap=12).key, KeyRow))
    first = {one.id: one.ours for one in key if one.rater == "r1"}
    second = {one.id: one.ours for one in key if one.rater == "r2"}
    assert list(first.values()).count("a") == list(second.values()).count("a") == 6
    assert first != second
    assert list(first) != list(second), "the order of the rows is shuffled for each rater too"


def test_the_same_seed_gives_the_same_sheets(tmp_path: Path) -> None:
    one, same, other = (
        written(tmp_path / name, seed=seed).key.read_text() for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert one == same != other


def test_rows_of_new_question_groups_come_first(tmp_path: Path) -> None:
    examples, ours, theirs = rows(12)
    paired = [one.model_copy(update={"group": f"g{n // 2}"}) for n, one in enumerate(examples)]
    made = sheets(paired, ours, theirs, raters=["r1"], rows=6, seed=1, out=tmp_path)
    assert len({one.group for one in read_rows(made.key, KeyRow)}) == 6


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(1)", "+1 is a lot", "-2", "@sum", "\t=1", "\r=1", "\x00=1", "  =1", "|cmd", "＝1", "%0a=1"],
)
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    examples, ours, theirs = rows(1)
    made = sheets(
        [examples[0].model_copy(update={"inputs": {"question": text}})],
        [ours[0].model_copy(update={"text": text})],
        theirs, raters=["r1"], rows=1, seed=0, out=tmp_path,
    )  # fmt: skip
    (line,) = table(made.files[0])
    assert line["message"].startswith("'")
    assert {line["answer_a"][:1], line["answer_b"][:1]} == {"'", "T"}


def test_text_with_commas_quotes_and_lines_comes_through_the_table_whole(tmp_path: Path) -> None:
    examples, ours, theirs = rows(1)
    said = 'First, "breathe".\nThen; perhaps\twalk. Ça va.'
    made = sheets(
        examples,
        [ours[0].model_copy(update={"text": said})],
        theirs,
        raters=["r1"],
        rows=1,
        seed=0,
        out=tmp_path,
    )
    assert made.files[0].read_bytes().startswith(b"\xef\xbb\xbf")
    (line,) = table(made.files[0])
    assert said in (line["answer_a"], line["answer_b"])


def test_the_page_shows_markup_as_text_and_loads_nothing(tmp_path: Path) -> None:
    examples, ours, theirs = rows(1)
    hostile = '<script src="https://example.org/x.js"></script><b>hi</b>'
    made = sheets(
        examples,
        [ours[0].model_copy(update={"text": hostile})],
        theirs,
        raters=["r1"],
        rows=1,
        seed=0,
        out=tmp_path,
    )
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(tag)
            assert not {"src", "href"} & {name for name, _ in attrs}

    text = made.files[1].read_text(encoding="utf-8")
    Reader().feed(text)
    assert not {"script", "b", "link", "img"} & set(found)
    assert "&lt;script" in text


def test_too_few_rows_say_how_many_are_needed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="take 38 rows; there are 30"):
        written(tmp_path, rows=20, overlap=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("raters", [(), ("r1", "R1"), ("../x",), ("=1",), ("r1", "")])
def test_raters_need_plain_names_of_their_own(tmp_path: Path, raters: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="letters, digits and hyphens"):
        written(tmp_path, raters=raters)


def test_sheets_are_never_overwritten(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(RunError, match="name another folder"):
        written(tmp_path)


def test_a_preference_for_ours_is_found_behind_the_shuffled_positions(tmp_path: Path) -> None:
    made = written(tmp_path)
    found = ratings(fill(made, for_ours), made.key)
    assert isinstance(found, PanelResult)
    assert (found.ratings, found.ours, found.theirs, found.ties) == (20, 20, 0, 0)
    assert found.win_rate.value == found.win_rate.low == 1.0
    assert found.missing == () and found.faults == ()
    assert set(found.rows.values()) == {"ours"}


def test_letters_alone_are_no_preference(tmp_path: Path) -> None:
    made = written(tmp_path, rows=12, overlap=12)
    found = ratings(fill(made, lambda one: "a"), made.key)
    assert found.win_rate.value == pytest.approx(0.5)
    assert found.win_rate.low < 0.5 < found.win_rate.high


def test_raters_who_disagree_have_a_low_kappa_and_tied_rows(tmp_path: Path) -> None:
    made = written(tmp_path)
    found = ratings(fill(made, lambda one: for_ours(one) if one.rater == "r1" else for_theirs(one)), made.key)
    (pair,) = found.agreements
    assert pair.raters == ("r1", "r2")
    assert (pair.n, pair.share) == (6, 0.0)
    assert pair.kappa.value == 0.0
    assert list(found.rows.values()).count("tie") == 6


def test_three_raters_have_three_pairs_and_one_common_kappa(tmp_path: Path) -> None:
    made = written(tmp_path, raters=("r1", "r2", "r3"))
    found = ratings(fill(made, by_row), made.key)
    assert [one.raters for one in found.agreements] == [("r1", "r2"), ("r1", "r3"), ("r2", "r3")]
    assert all(one.kappa.value == pytest.approx(1.0) for one in found.agreements)
    assert (found.fleiss, found.fleiss_rows) == (pytest.approx(1.0), 6)


def test_files_saved_with_semicolons_and_verdicts_in_any_case_are_read(tmp_path: Path) -> None:
    made = written(tmp_path)
    files = fill(made, lambda one: f" {one.ours} " if one.id != "q0" else "Tie", delimiter=";")
    found = ratings(files, made.key)
    assert found.ratings == 20
    assert found.theirs == 0


def test_missing_and_unknown_values_are_listed_without_their_words(tmp_path: Path) -> None:
    made = written(tmp_path)
    answers = {"r1-001": "", "r1-002": "A because she is kind", "r1-003": "both"}
    found = ratings(fill(made, lambda one: answers.get(one.item, one.ours)), made.key)
    assert found.ratings == 17
    assert found.missing == ("r1-001", "r1-002", "r1-003")
    assert [one.reason for one in found.faults] == [
        "r1-002: 'better' is not A, B or tie", "r1-003: 'better' is not A, B or tie",
    ]  # fmt: skip
    assert [one.line for one in found.faults] == [3, 4]
    assert "kind" not in found.model_dump_json()


def test_unknown_items_second_verdicts_and_broken_files_are_listed(tmp_path: Path) -> None:
    made = written(tmp_path)
    files = fill(made, for_ours)
    twice = tmp_path / "twice.csv"
    twice.write_text("item,better\nr1-001,tie\nr9-001,A\n", encoding="utf-8")
    other = tmp_path / "other.csv"
    other.write_text("name,verdict\nx,A\n", encoding="utf-8")
    binary = tmp_path / "sheet.xlsx"
    binary.write_bytes(b"PK\x03\x04\xff\xfe")
    found = ratings([*files, twice, other, binary, tmp_path / "away.csv"], made.key)
    assert found.ratings == 20 and found.ties == 0
    assert [(one.file, one.line) for one in found.faults] == [
        ("twice.csv", 2), ("twice.csv", 3), ("other.csv", 1), ("sheet.xlsx", 0), ("away.csv", 0),
    ]  # fmt: skip
    assert "first verdict counts" in found.faults[0].reason


def test_a_sheet_that_never_came_back_is_missing(tmp_path: Path) -> None:
    made = written(tmp_path)
    found = ratings(fill(made, for_ours)[:1], made.key)
    assert found.raters == ("r1",)
    assert len(found.missing) == 10
    assert found.agreements == ()


def test_empty_sheets_are_no_result(tmp_path: Path) -> None:
    made = written(tmp_path)
    with pytest.raises(RunError, match="no rating can be used"):
        ratings([file for file in made.files if file.suffix == ".csv"], made.key)


def test_the_judge_is_compared_with_the_majority_of_people(tmp_path: Path) -> None:
    made = written(tmp_path, rows=12, overlap=12)
    files = fill(made, by_row)
    people = ratings(files, made.key).rows
    judged = [JudgedRow(id=row, winner=verdict, votes=(verdict,) * 3) for row, verdict in people.items()]
    (same,) = ratings(files, made.key, judged=judged, judged_against=THEIRS).judge
    assert (same.n, same.share) == (12, 1.0)
    assert same.kappa.value == pytest.approx(1.0)
    opposite = [
        one.model_copy(update={"winner": "theirs" if one.winner == "ours" else "ours"}) for one in judged
    ]
    (other,) = ratings(files, made.key, judged=opposite, judged_against=THEIRS).judge
    assert other.share == 0.0
    assert other.kappa.value < 0


def test_people_and_judge_who_saw_other_arms_are_not_compared(tmp_path: Path) -> None:
    made = written(tmp_path, rows=12, overlap=12)
    files = fill(made, by_row)
    found = ratings(files, made.key)
    assert found.against == THEIRS
    judged = [JudgedRow(id=row, winner=verdict, votes=(verdict,) * 3) for row, verdict in found.rows.items()]
    assert ratings(files, made.key, judged=judged, judged_against="retrieval").judge == ()
    assert len(ratings(files, made.key, judged=judged, judged_against=THEIRS).judge) == 1
