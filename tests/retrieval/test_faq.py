"""Loading FAQ files: what is rejected, what is read all the same."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import FaqFileError
from retrieval.faq import FaqEntry, entry_to_json, load_faq

GOOD = {"id": "a", "question": "Q?", "answer": "A."}


def jsonl(folder: Path, *rows: object, name: str = "faq.jsonl") -> Path:
    file = folder / name
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), "utf-8")
    return file


def written(folder: Path, name: str, content: bytes | str) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_all_fields_of_a_jsonl_row_are_read(tmp_path: Path) -> None:
    row = {
        **GOOD,
        "alternates": ["one", "two"],
        "audience": "staff",
        "topic": "t",
        "owner": "o",
        "source": "s",
        "reviewed": "2026-05-01",
        "language": "fr",
        "unknown": {"deep": 1},
    }
    (entry,) = load_faq([jsonl(tmp_path, row)]).entries
    expected = FaqEntry("a", "Q?", "A.", ("one", "two"), "staff", "t", "o", "s", date(2026, 5, 1), "fr")
    assert entry == expected


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": "Q?", "answer": "A."}, "no id"),
        ({**GOOD, "id": "  "}, "no id"),
        ({**GOOD, "question": None}, "no question"),
        ({**GOOD, "answer": ""}, "no answer"),
        ({"id": "a"}, "no question and no answer"),
        ({**GOOD, "answer": {"text": "A"}}, "no answer"),
        ("{broken", "not a JSON object"),
        ("[1, 2]", "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
    ],
)
def test_rows_without_id_question_or_answer_are_rejected_with_their_number(
    tmp_path: Path, row: object, reason: str
) -> None:
    load = load_faq([jsonl(tmp_path, {**GOOD, "id": "first"}, "", row)])
    assert [entry.id for entry in load.entries] == ["first"]
    (reject,) = load.rejects
    assert reject.row == 3
    assert reason in reject.reason


def test_language_that_is_no_code_is_taken_for_not_known_with_a_warning(tmp_path: Path) -> None:
    load = load_faq([jsonl(tmp_path, {**GOOD, "language": "sp"}, {**GOOD, "id": "b", "language": "pt_br"})])
    assert [entry.language for entry in load.entries] == ["und", "pt-BR"]
    assert [(warning.row, "such as en" in warning.reason) for warning in load.warnings] == [(1, True)]


def test_a_repeated_id_is_rejected_across_files_and_the_first_stays(tmp_path: Path) -> None:
    first = jsonl(tmp_path, GOOD, name="1.jsonl")
    second = jsonl(tmp_path, {**GOOD, "answer": "other"}, {**GOOD, "id": "b"}, name="2.jsonl")
    load = load_faq([first, second])
    assert [(entry.id, entry.answer) for entry in load.entries] == [("a", "A."), ("b", "A.")]
    assert (load.rejects[0].path, load.rejects[0].row) == (second, 1)
    assert "'a'" in load.rejects[0].reason


@pytest.mark.parametrize(
    ("field", "value", "read_as"),
    [
        ("audience", "Patients ", "patient"),
        ("audience", "", "both"),
        ("audience", None, "both"),
        ("audience", "internal", "staff"),
        ("reviewed", "2026-02-03T10:00:00Z", date(2026, 2, 3)),
        ("reviewed", "last week", None),
        ("alternates", "one; two", ("one", "two")),
        ("alternates", "one | two; three", ("one", "two; three")),
        ("alternates", '["one", "two"]', ("one", "two")),
        ("alternates", ["one", None, "ONE", "q?"], ("one",)),
        ("alternates", 7, ("7",)),
        ("id", 12, "12"),
    ],
)
def test_odd_values_are_read_and_not_rejected(
    tmp_path: Path, field: str, value: object, read_as: object
) -> None:
    load = load_faq([jsonl(tmp_path, {**GOOD, field: value})])
    assert load.rejects == ()
    assert getattr(load.entries[0], field) == read_as


def test_an_unknown_audience_and_a_bad_date_warn_without_the_rows_words(tmp_path: Path) -> None:
    load = load_faq([jsonl(tmp_path, {**GOOD, "audience": "secretword", "reviewed": "secretword"})])
    assert [warning.row for warning in load.warnings] == [1, 1]
    assert "secretword" not in "".join(map(str, load.warnings))


def test_reject_messages_hold_no_words_of_the_row(tmp_path: Path) -> None:
    load = load_faq([jsonl(tmp_path, {"id": "x", "question": "secretword"}, "{secretword")])
    assert len(load.rejects) == 2
    assert "secretword" not in "".join(map(str, load.rejects))


def test_jsonl_takes_a_byte_order_mark_crlf_and_loses_one_line_to_one_bad_byte(tmp_path: Path) -> None:
    lines = [json.dumps({**GOOD, "id": name}).encode() for name in "abc"]
    lines[1] = lines[1].replace(b"Q?", b"\xff")
    load = load_faq([written(tmp_path, "f.jsonl", b"\xef\xbb\xbf" + b"\r\n".join(lines) + b"\r\n")])
    assert [entry.id for entry in load.entries] == ["a", "c"]
    assert [reject.row for reject in load.rejects] == [2]


def test_csv_with_mark_crlf_quoted_newlines_any_case_and_extra_columns(tmp_path: Path) -> None:
    text = (
        "\ufeffNotes,ID, Question ,Answer,Alternates\r\n"
        'x,one,"What, when?","First line.\r\nSecond ""line"".",a|b\r\n'
        ",,,,\r\n"
        'y,two,Next?,Fine.,"[""c"", ""d""]"\r\n'
        "z,,No id?,Gone.,\r\n"
    )
    load = load_faq([written(tmp_path, "faq.csv", text)])
    assert [(e.id, e.question, e.answer, e.alternates) for e in load.entries] == [
        ("one", "What, when?", 'First line.\nSecond "line".', ("a", "b")),
        ("two", "Next?", "Fine.", ("c", "d")),
    ]
    assert [(reject.row, reject.reason) for reject in load.rejects] == [(5, "no id")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_delimiters(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "question", "answer"], ["a", "Q?", "A."]]
    text = "\n".join(delimiter.join(row) for row in rows)
    assert load_faq([written(tmp_path, "faq.csv", text)]).entries == (FaqEntry("a", "Q?", "A."),)


def test_csv_whose_header_comes_again_or_below_a_title_is_read_with_any_words_for_the_fields(
    tmp_path: Path,
) -> None:
    text = "Our FAQ, May\nid;Q;A;department\na;Q?;A.;Desk\nAnswer;ID;Question\nB.;b;R?\n"
    load = load_faq([written(tmp_path, "faq.csv", text)])
    assert load.entries == (FaqEntry("a", "Q?", "A.", owner="Desk"), FaqEntry("b", "R?", "B."))
    assert [(reject.row, reject.reason) for reject in load.rejects] == [(1, "no id and no question")]


def test_csv_row_that_looks_like_another_header_is_told(tmp_path: Path) -> None:
    text = "id,question,answer\na,Q?,A.\nid,q,a\nID,Q,A\nb,R?,B.\nc,S?,C.\nID,q,A\nd,T?,D.\n"
    load = load_faq([written(tmp_path, "faq.csv", text)])
    assert [entry.id for entry in load.entries] == ["a", "b", "c", "d"]
    assert [(one.row, one.reason) for one in load.warnings] == [
        (5, "what stands above it was read as another header")
    ]


def test_csv_in_windows_encoding_is_read_with_a_warning(tmp_path: Path) -> None:
    load = load_faq([written(tmp_path, "faq.csv", "id,question,answer\na,Café?,Oui.".encode("cp1252"))])
    assert load.entries[0].question == "Café?"
    assert "Windows-1252" in load.warnings[0].reason


def test_a_short_csv_row_is_rejected_and_an_empty_file_gives_nothing(tmp_path: Path) -> None:
    load = load_faq(
        [written(tmp_path, "1.csv", "id,question,answer\na,Q?\n"), written(tmp_path, "2.csv", "")]
    )
    assert load.entries == ()
    assert [reject.reason for reject in load.rejects] == ["no answer"]


def test_a_folder_stands_for_its_faq_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    jsonl(tmp_path, {**GOOD, "id": "2"}, name="b.jsonl")
    jsonl(tmp_path, {**GOOD, "id": "1"}, name="a.jsonl")
    jsonl(tmp_path / "deep", {**GOOD, "id": "3"})
    written(tmp_path, "README.md", "# Not a question\n\nText.")
    written(tmp_path, "notes.txt", "nothing")
    assert [entry.id for entry in load_faq([tmp_path, tmp_path / "a.jsonl"]).entries] == ["1", "2", "3"]


@pytest.mark.parametrize("name", ["missing.jsonl", "faq.pdf", "empty"])
def test_a_path_that_is_no_faq_is_an_error_with_its_name(tmp_path: Path, name: str) -> None:
    written(tmp_path, "faq.pdf", "x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FaqFileError, match=name):
        load_faq([tmp_path / name])


@given(
    st.builds(
        FaqEntry,
        id=st.text(min_size=1).filter(lambda text: text.strip() == text and "\r" not in text),
        question=st.text(min_size=1).filter(lambda text: " ".join(text.split()) == text),
        answer=st.text(min_size=1).filter(lambda text: text.strip() == text and "\r" not in text),
        audience=st.sampled_from(["patient", "staff", "both"]),
        reviewed=st.none() | st.dates(),
    )
)
def test_an_entry_that_is_written_is_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, entry: FaqEntry
) -> None:
    file = written(tmp_path_factory.mktemp("faq"), "one.jsonl", entry_to_json(entry))
    assert load_faq([file]).entries == (entry,)
