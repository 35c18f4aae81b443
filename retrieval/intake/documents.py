"""Read FAQ material out of a clinic's own files.

`FORMATS` is the table: a file's ending and its reader. DOCX and HTML go through markitdown's converters,
PDF through pdfplumber (`pdf.py`) and XLSX through openpyxl, which markitdown brings, because these alone
say what of a page or a sheet is not to be seen. Each file is read by itself: whatever is wrong with one,
damaged, too large, or not what its name says, it is set aside with a reason, and the others come in.
What may hang or grow without end is read in a process of its own: `reading.py`.
Must not fetch anything, run anything that a file holds, or put a file's words into a reason.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import weights  # noqa: F401 - markitdown brings onnxruntime in, which reads the switches that this sets
from retrieval.faq_files import READERS, RawRow, decode, table_rows
from retrieval.intake.found import Found, Oddity, unreadable
from retrieval.intake.hidden import MARK, seen_html, seen_markdown
from retrieval.intake.pairs import Pair, left_over, read_pairs
from retrieval.intake.transcripts import read_calls

MAX_BYTES = 50_000_000
MAX_UNPACKED = 200_000_000
_TINY_POINTS = 2.0
_CAPTIONS = (".vtt", ".srt")
_BESIDE = re.compile(r"word/(?:header|footer|comments)\d*\.xml")
_RUN_WITH_WORDS = re.compile(rb"<w:t(?: [^>]*)?>[^<]*[^<\s]")
_WHITE_THEME = 0  # of a workbook's colours: its paper


def read_document(path: Path) -> tuple[Found, ...]:
    """Return what the file holds, or one row that says why it cannot be read. Raises nothing of its own."""
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        return (unreadable(path, f"its name must end in one of {', '.join(FORMATS)}"),)
    try:
        size = path.stat().st_size
        if not size:
            return (unreadable(path, "it is empty"),)
        if size > MAX_BYTES:
            return (unreadable(path, f"{size} bytes; at most {MAX_BYTES} are read. Split it"),)
        rows = tuple(reader(path))
    except MemoryError:
        return (unreadable(path, "reading it takes more memory than is allowed. Split it"),)
    except ImportError as error:
        missing = error.name or "a library"
        return (unreadable(path, f"{missing} is not installed: install what requirements.txt lists"),)
    except Exception as error:  # noqa: BLE001 - a damaged file can break a parser in any way; the others go on
        return (unreadable(path, f"it is damaged, or not what its name says ({type(error).__name__})"),)
    return rows or (unreadable(path, "no text was found in it (a scan has none)"),)


def documents(paths: list[Path]) -> tuple[Path, ...]:
    """Return the files behind the paths, each once; all files of a folder but hidden ones, by name."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        found.update(dict.fromkeys(inside if path.is_dir() else [path]))
    return tuple(found)


def _rows(path: Path) -> Iterator[Found]:
    for row in READERS[path.suffix.lower()](path):
        yield _of_row(path, row)


def _of_row(path: Path, row: RawRow) -> Found:
    if row.fault:
        return unreadable(path, row.fault, number=row.number)
    found = Found(path, row.number, "row", row.fields, (Oddity("no_header"),) * (not row.named))
    return _remarked(found, (*row.remarks, *left_over(row.left)))


def _markdown(path: Path) -> Iterator[Found]:
    text, remarks = decode(path.read_bytes())
    yield from _of_text(path, seen_markdown(text), remarks)


def _html(path: Path) -> Iterator[Found]:
    from markitdown import StreamInfo
    from markitdown.converters import HtmlConverter

    text, remarks = decode(path.read_bytes())
    page = io.BytesIO(seen_html(text).encode())
    done = HtmlConverter().convert(page, StreamInfo(extension=".html", charset="utf-8"))
    yield from _of_text(path, done.markdown, remarks)


def _docx(path: Path) -> Iterator[Found]:
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter

    _check_unpacked(path)
    converter: Any = DocxConverter  # its constructor has no types
    done = converter().convert(io.BytesIO(_seen_docx(path)), StreamInfo(extension=".docx"))
    beside = ("words in the head or foot of its pages, or in comments, are not taken in",) * _has_beside(path)
    for place, row in enumerate(_of_text(path, done.markdown, ())):
        yield _remarked(row, beside if not place else ())


def _xlsx(path: Path) -> Iterator[Found]:
    from openpyxl import load_workbook

    _check_unpacked(path)
    book = load_workbook(path, data_only=True)
    for place, sheet in enumerate(book.worksheets, start=1):
        hidden = _hidden_columns(sheet)
        lines = dict(enumerate(sheet.iter_rows(), start=1))
        texts = ((number, [_cell(cell.value) for cell in cells]) for number, cells in lines.items())
        for row in table_rows(texts):
            cells = [lines[row.number][at - 1] for at in row.taken]
            concealed = sheet.sheet_state != "visible" or sheet.row_dimensions[row.number].hidden
            concealed = concealed or any(
                _cell(cell.value) and (cell.column in hidden or _is_unseen(cell)) for cell in cells
            )
            notes = ("a note on a cell is not taken in",) * any(cell.comment for cell in lines[row.number])
            found = _remarked(_of_row(path, row), notes)
            yield replace(found, odd=(*found.odd, *(Oddity("hidden_text", f"sheet {place}"),) * concealed))


def _hidden_columns(sheet: Any) -> frozenset[int]:
    spans = (one for one in sheet.column_dimensions.values() if one.hidden)
    return frozenset(at for one in spans for at in range(one.min, one.max + 1))


def _pdf(path: Path) -> Iterator[Found]:
    from retrieval.intake.pdf import read_pdf

    done = read_pdf(path)
    # Where on its page it stands says little about what a copy or a model reads beside it.
    odd = (Oddity("hidden_text", f"page {_numbers(done.hidden)}"),) if done.hidden else ()
    for row in _of_text(path, done.text, ()):
        yield replace(row, odd=(*row.odd, *odd))
    if done.silent:
        why = f"nothing to read on page {_numbers(done.silent)} (a picture of text has none). Type it"
        hidden = odd if set(done.hidden) & set(done.silent) else ()
        yield Found(path, done.silent[0], "page", odd=(Oddity("unreadable", why), *hidden))
    if done.read < done.pages:
        why = f"{done.pages - done.read} of {done.pages} pages: at most {done.read} are read. Split the file"
        yield Found(path, done.read + 1, "page", odd=(Oddity("unreadable", why),))


def _numbers(pages: tuple[int, ...]) -> str:
    return ", ".join(map(str, pages))


def _text(path: Path) -> Iterator[Found]:
    text, remarks = decode(path.read_bytes())
    yield from _of_text(path, text, remarks)


def _of_text(path: Path, text: str, remarks: tuple[str, ...]) -> Iterator[Found]:
    spoken = read_calls(text, captions=path.suffix.lower() in _CAPTIONS)
    for pair in read_pairs(text) if spoken is None else spoken:
        odd = (Oddity("no_header"),) * (not pair.named) + (Oddity("spoken"),) * (spoken is not None)
        yield _remarked(Found(path, pair.line, "line", _fields(pair), odd), (*remarks, *pair.remarks))


def _fields(pair: Pair) -> dict[str, object]:
    return {**pair.values, "question": pair.question, "answer": pair.answer}


def _remarked(row: Found, remarks: Iterable[str]) -> Found:
    return replace(row, odd=(*row.odd, *(Oddity("remark", what) for what in remarks)))


def _has_beside(path: Path) -> bool:
    """Say whether a DOCX holds words beside its text: in the head or foot of a page, or in comments."""
    with zipfile.ZipFile(path) as archive:
        parts = [name for name in archive.namelist() if _BESIDE.fullmatch(name)]
        return any(_RUN_WITH_WORDS.search(archive.read(name)) for name in parts)


def _check_unpacked(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED:
        raise OverflowError(f"{unpacked} bytes when unpacked")


def _seen_docx(path: Path) -> bytes:
    """Return the document with a mark in the place of runs that are hidden, white or tiny."""
    from defusedxml import ElementTree

    main, space = "word/document.xml", "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    fresh = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(fresh, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename == main:
                root = ElementTree.fromstring(content)
                for run in root.iter(f"{space}r"):
                    for text in run.iter(f"{space}t") if _is_hidden_run(run, space) else ():
                        text.text = MARK if (text.text or "").strip() else text.text
                content = ElementTree.tostring(root)
            new.writestr(member.filename, content)
    return fresh.getvalue()


def _is_hidden_run(run: Any, space: str) -> bool:
    looks = run.find(f"{space}rPr")
    if looks is None:
        return False
    value = f"{space}val"
    colour, size, vanish = (looks.find(f"{space}{name}") for name in ("color", "sz", "vanish"))
    shaded = looks.find(f"{space}shd") is not None or looks.find(f"{space}highlight") is not None
    return (
        (vanish is not None and vanish.get(value, "1") not in ("0", "false"))
        or (colour is not None and colour.get(value, "").upper() == "FFFFFF" and not shaded)
        or (size is not None and size.get(value, "").isdecimal() and int(size.get(value)) <= 2 * _TINY_POINTS)
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    day = getattr(value, "date", None)
    return str(day()) if callable(day) else str(value).strip()


def _is_unseen(cell: Any) -> bool:
    """Say whether a cell is white on white, or of the format that shows nothing."""
    colour = getattr(getattr(cell.font, "color", None), "rgb", None)
    filled = getattr(cell.fill, "fill_type", None) is not None
    theme = getattr(getattr(cell.font, "color", None), "theme", None)
    white = theme == _WHITE_THEME or (isinstance(colour, str) and colour.upper().endswith("FFFFFF"))
    return (white and not filled) or cell.number_format == ";;;"


FORMATS: dict[str, Callable[[Path], Iterator[Found]]] = {
    ".jsonl": _rows, ".ndjson": _rows, ".csv": _rows, ".tsv": _rows, ".md": _markdown, ".markdown": _markdown,
    ".html": _html, ".htm": _html, ".docx": _docx, ".xlsx": _xlsx, ".pdf": _pdf, ".txt": _text, ".vtt": _text,
    ".srt": _text,
}  # fmt: skip
