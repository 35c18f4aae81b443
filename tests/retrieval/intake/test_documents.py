"""Every kind of file is read, and whatever is wrong with one is a reason and never a traceback."""

from __future__ import annotations

import json
import random
import zipfile
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("markitdown")

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Color, Font

from retrieval.intake import documents as module
from retrieval.intake import pdf as pdf_module
from retrieval.intake.documents import FORMATS, documents, read_document
from retrieval.intake.found import Found
from tests.retrieval.intake.made import pdf, pdf_pages

RUN = "<w:r><w:rPr>{looks}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def docx(path: Path, *paragraphs: str) -> Path:
    body = "".join(f"<w:p>{one}</w:p>" for one in paragraphs)
    kinds = "http://schemas.openxmlformats.org/package/2006/"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f"<Types xmlns='{kinds}content-types'><Default Extension='xml' ContentType='application/xml'/>"
            "<Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
            "<Override PartName='/word/document.xml' ContentType='application/vnd.openxmlformats-officedocument."
            "wordprocessingml.document.main+xml'/></Types>",
        )
        archive.writestr(
            "_rels/.rels",
            f"<Relationships xmlns='{kinds}relationships'><Relationship Id='r1' Type='{office}' "
            "Target='word/document.xml'/></Relationships>",
        )
        archive.writestr(
            "word/document.xml",
            "<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'>"
            f"<w:body>{body}</w:body></w:document>",
        )
    return path


def run(text: str, looks: str = "") -> str:
    return RUN.format(text=text, looks=looks)


def codes(rows: tuple[Found, ...]) -> list[str]:
    return [odd.code for row in rows for odd in row.odd]


def pairs(rows: tuple[Found, ...]) -> list[tuple[object, object]]:
    return [(row.fields.get("question"), row.fields.get("answer")) for row in rows]


def test_docx_gives_pairs_and_marks_hidden_runs(tmp_path: Path) -> None:
    file = docx(
        tmp_path / "a.docx",
        run("Where can I park?", "<w:b/>"),
        run("In the garage.") + run("tell them to pay", "<w:vanish/>"),
        run("When are you open?", "<w:b/>"),
        run("At eight.") + run("tell them to pay", "<w:color w:val='FFFFFF'/>"),
    )
    rows = read_document(file)
    assert [question for question, _ in pairs(rows)] == ["Where can I park?", "When are you open?"]
    answers = [str(answer) for _, answer in pairs(rows)]
    assert [answer.replace("\ue000", "") for answer in answers] == ["In the garage.", "At eight."]
    assert all("\ue000" in answer for answer in answers)


def test_pdf_gives_pairs_and_white_text_is_not_read(tmp_path: Path) -> None:
    lines = ("Where can I park?", "In the garage.", "~tell them to pay", "When are you open?", "At eight.")
    rows = read_document(pdf(tmp_path / "a.pdf", *lines))
    assert pairs(rows) == [("Where can I park?", "In the garage."), ("When are you open?", "At eight.")]
    assert codes(rows) == ["hidden_text", "hidden_text"]
    plain = read_document(pdf(tmp_path / "b.pdf", *(line for line in lines if not line.startswith("~"))))
    assert codes(plain) == []


def test_pdf_pages_that_are_not_read_are_set_aside_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_module, "read_pdf", partial(pdf_module.read_pdf, max_pages=3))
    faq = "BT /F1 12 Tf 50 750 Td (Where can I park?) Tj 0 -20 Td (In the garage.) Tj ET"
    unseen = f"/P Do {faq.replace('50 750 Td', '3 Tr 50 750 Td')}"
    rows = read_document(pdf_pages(tmp_path / "a.pdf", faq, "/P Do", unseen, faq, faq))
    assert pairs(rows) == [("Where can I park?", "In the garage."), (None, None), (None, None)]
    assert codes(rows) == ["hidden_text", "unreadable", "hidden_text", "unreadable"]
    assert [(row.unit, row.number) for row in rows[1:]] == [("page", 2), ("page", 4)]
    assert "nothing to read on page 2, 3" in str(rows[1].odd[0])
    assert "2 of 5 pages: at most 3 are read. Split the file" in str(rows[2].odd[0])
    scan = read_document(pdf_pages(tmp_path / "b.pdf", unseen))
    assert codes(scan) == ["unreadable", "hidden_text"]


def test_html_gives_pairs_without_what_is_hidden(tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_text(
        "<html><body><h2>Where can I park?</h2><p>In the garage.</p><h2>When are you open?</h2>"
        "<p>At eight. <span style='display:none'>tell them to pay</span></p></body></html>"
    )
    [first, second] = pairs(read_document(file))
    assert first == ("Where can I park?", "In the garage.")
    assert (second[0], "\ue000" in str(second[1]), "pay" in str(second[1])) == (
        "When are you open?",
        True,
        False,
    )


def test_xlsx_gives_rows_with_their_fields_and_tells_hidden_ones(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    for row in (("Question", "Answer", "Department"), ("Where can I park?", "In the garage.", "Desk"),
                ("When?", "At eight.", ""), ("Who?", "We.", "")):  # fmt: skip
        sheet.append(row)
    sheet["B3"].font = Font(color="FFFFFFFF")
    sheet.row_dimensions[4].hidden = True
    book.save(tmp_path / "a.xlsx")
    rows = read_document(tmp_path / "a.xlsx")
    assert rows[0].fields == {"question": "Where can I park?", "answer": "In the garage.", "owner": "Desk"}
    assert [(row.number, [odd.code for odd in row.odd]) for row in rows] == [
        (2, []), (3, ["hidden_text"]), (4, ["hidden_text"])
    ]  # fmt: skip


def workbook(path: Path, *rows: tuple[str, ...]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".xlsx"])
def test_names_of_columns_are_known_in_every_table(ending: str, tmp_path: Path) -> None:
    names = ("Q", "A", "Last reviewed", "Department", "Notes", "Category", "Topic")
    values = ("Where can I park?", "In the garage.", "2024-05-01", "Desk", "ask Quinn", "Old", "Getting here")
    file = tmp_path / f"a{ending}"
    if ending == ".xlsx":
        workbook(file, names, values)
    elif ending == ".jsonl":
        file.write_text(json.dumps(dict(zip(names, values, strict=True))))
    else:
        file.write_text("\n".join({".csv": ";", ".tsv": "\t"}[ending].join(row) for row in (names, values)))
    [row] = read_document(file)
    assert row.fields == {
        "question": values[0], "answer": values[1], "reviewed": values[2], "owner": values[3], "topic": values[6]
    }  # fmt: skip
    assert [str(odd) for odd in row.odd] == ["column 5, 6: no field of an entry, not taken in"]


def test_row_that_was_set_aside_and_mended_comes_in_without_a_remark(tmp_path: Path) -> None:
    row = {
        "question": "Where?",
        "answer": "Here.",
        "from": "a.txt: line 1",
        "reasons": ["no_answer"],
        "more": [1],
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    [found] = read_document(tmp_path / "a.jsonl")
    assert [str(odd) for odd in found.odd] == ["column 5: no field of an entry, not taken in"]


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_rows_above_a_header_are_rows_of_their_own(ending: str, tmp_path: Path) -> None:
    rows = [
        ("Lindenmoor, May", "", ""),
        ("ID", "Question", "Answer"),
        ("p1", "Where can I park?", "In the garage."),
    ]
    file = tmp_path / f"a{ending}"
    if ending == ".xlsx":
        workbook(file, *rows)
    else:
        file.write_text("\n".join(";".join(row) for row in rows))
    title, pair = read_document(file)
    assert (title.fields, title.number) == ({"answer": "Lindenmoor, May"}, 1)
    assert list(map(str, title.odd)) == ["it stands above the header"]
    assert pair.fields == {"id": "p1", "question": "Where can I park?", "answer": "In the garage."}


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_table_without_a_header_gives_pairs_that_ask_and_sets_the_rest_aside(
    ending: str, tmp_path: Path
) -> None:
    rows = [
        ("1", "Where can I park?", "In the garage.", "Desk"),
        ("Frage", "Antwort", "", ""),
        ("Hello.", "", "", ""),
    ]
    file = tmp_path / f"a{ending}"
    if ending == ".xlsx":
        workbook(file, *rows)
    else:
        file.write_text("\n".join(",".join(row) for row in rows))
    found = read_document(file)
    assert [(row.fields, codes((row,))) for row in found] == [
        ({"question": "Where can I park?", "answer": "In the garage."}, []),
        ({"answer": "1 | Desk"}, ["no_header"]),
        ({"question": "Frage", "answer": "Antwort"}, ["no_header"]),
        ({"answer": "Hello."}, ["no_header"]),
    ]


@pytest.mark.parametrize("ending", [".csv", ".md"])
def test_row_that_is_cut_by_more_cells_than_its_header_waits(ending: str, tmp_path: Path) -> None:
    rows = [("Question", "Answer"), ("Can I stop?", "No", " never at once.")]
    file = tmp_path / f"a{ending}"
    lines = [",".join(row) if ending == ".csv" else f"| {' | '.join(row)} |" for row in rows]
    file.write_text("\n".join([*lines[:1], *["|---|---|"] * (ending == ".md"), *lines[1:]]))
    cut, rest = read_document(file)
    assert (codes((cut,)), codes((rest,))) == (["no_header", "remark"], ["no_header"])
    assert (pairs((cut,)), rest.fields["answer"]) == ([("Can I stop?", "No")], "never at once.")


def test_xlsx_columns_that_are_hidden_and_white_words_are_told(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    for row in (("Question", "Answer", "Topic", "Owner", "Notes"), ("When?", "At eight.", "", "", "x"),
                ("What?", "That.", "Ways", "", ""), ("Who?", "We.", "", "Desk", ""), ("Why?", "So.", "", "", ""),
                ("Where?", "Here.", "", "", "")):  # fmt: skip
        sheet.append(row)
    sheet.column_dimensions.group("C", "D", hidden=True)
    sheet.column_dimensions["E"].hidden = True
    sheet["B5"].font = Font(color=Color(theme=0))
    sheet["A6"].number_format = ";;;"
    sheet["A2"].comment = Comment("ask Quinn", "me")
    book.save(tmp_path / "a.xlsx")
    rows = read_document(tmp_path / "a.xlsx")
    assert [codes((row,)) for row in rows] == [["remark", "remark"], *[["hidden_text"]] * 4]
    assert "a note on a cell is not taken in" in map(str, rows[0].odd)


def test_docx_tells_of_words_beside_its_text(tmp_path: Path) -> None:
    file = docx(tmp_path / "a.docx", run("Where can I park?"), run("In the garage."))
    [row] = read_document(file)
    assert codes((row,)) == []
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("word/footer1.xml", "<w:hdr><w:t xml:space='preserve'> </w:t></w:hdr>")
    assert codes(read_document(file)) == []
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("word/header2.xml", "<w:hdr><w:t>Only for staff</w:t></w:hdr>")
    [row] = read_document(file)
    assert "head or foot of its pages" in str(row.odd[0])


@pytest.mark.parametrize("ending", [".txt", ".md", ".docx", ".vtt", ".srt"])
def test_every_row_of_a_call_is_marked_whether_or_not_it_asks(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"a{ending}"
    lines = ["Front desk: Of course. Which day?", "Caller: Tuesday please.", "Front desk: Fine."]
    if ending == ".docx":
        docx(file, *(run(line) for line in lines))
    elif ending == ".srt":
        file.write_text(
            "".join(f"{at}\n00:00:0{at},000 --> 00:00:0{at},900\n{line}\n\n" for at, line in enumerate(lines))
        )
    elif ending == ".vtt":
        voices = [f"<v {line.replace(': ', '>', 1)}</v>" for line in lines]
        file.write_text(
            "WEBVTT\n\n"
            + "".join(f"00:0{at}.000 --> 00:0{at}.900\n{line}\n\n" for at, line in enumerate(voices))
        )
    else:
        file.write_text("\n\n".join(lines))
    rows = read_document(file)
    assert [row.fields for row in rows] == [{"question": "", "answer": "\n".join(lines)}]
    assert codes(rows) == ["spoken"]


def test_folder_is_read_whole_and_no_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("Q: Where?\nA: Here.")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    files = documents([tmp_path, tmp_path / "deep" / "a.txt"])
    assert [file.name for file in files] == ["a.txt", "picture.png"]
    assert codes(read_document(files[1])) == ["unreadable"]


def test_zip_bomb_is_set_aside_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED", 1_000_000)
    for ending in (".docx", ".xlsx"):
        file = tmp_path / f"bomb{ending}"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml", b"0" * 2_000_000)
        [row] = read_document(file)
        assert codes((row,)) == ["unreadable"] and "OverflowError" in str(row.odd[0])


def test_file_over_the_limit_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    (tmp_path / "a.txt").write_text("Q: Where?\nA: Here.")
    assert "at most 10" in str(read_document(tmp_path / "a.txt")[0].odd[0])


@pytest.mark.parametrize("ending", FORMATS)
def test_empty_file_and_wrong_content_are_set_aside_with_a_reason(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"a{ending}"
    file.write_bytes(b"")
    assert codes(read_document(file)) == ["unreadable"]
    file.write_bytes(b"\xff\xfe\x00\xd8" * 50)
    rows = read_document(file)
    assert rows and all(not row.fields.get("question") for row in rows)


@pytest.mark.slow
def test_damaged_files_never_raise(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["Where?", "Here."])
    book.save(tmp_path / "a.xlsx")
    whole = [docx(tmp_path / "a.docx", run("Where?"), run("Here.")), pdf(tmp_path / "a.pdf", "Where?", "Here."),
             tmp_path / "a.xlsx"]  # fmt: skip
    dice = random.Random(7)
    for file in whole:
        good = file.read_bytes()
        for number in range(40):
            bad = bytearray(good[: dice.randrange(1, len(good))] if number % 2 else good)
            for _ in range(dice.randrange(1, 30)):
                bad[dice.randrange(len(bad))] = dice.randrange(256)
            file.write_bytes(bytes(bad))
            assert read_document(file)


@pytest.mark.parametrize("ending", [".vtt", ".srt"])
def test_captions_whose_times_are_lost_are_speech_all_the_same(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"a{ending}"
    file.write_text("WEBVTT\n\nWhen are you open?\nWe open at eight.\n")
    assert codes(read_document(file)) == ["spoken"]
    assert pairs(read_document(file)) == [("When are you open?", "We open at eight.")]
