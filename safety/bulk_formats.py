"""How each kind of text file is read, scrubbed and written: the table FORMATS, by the ending of its name.

A format is a function from the decoded source to pieces of output. Rows of JSON Lines and CSV that
cannot be scrubbed are left out and noted by number; any other fault fails the file. To add a format,
write such a function and its line in the table.

Must not: hold a file, or put any of its text into a fault.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TextIO

import regex

from safety.bulk_json import NotJson, scrub_json
from safety.bulk_mail import scrub_mail
from safety.bulk_manifest import Fault
from safety.bulk_pieces import TextScrubber
from safety.errors import ScrubError

BLOCK: Final = 16_384
LONGEST_ROW: Final = 4_000_000
MOST_FAULTS: Final = 100
LONG_NUMBER: Final = 7
_LINE_END: Final = regex.compile(r"(?:\r\n|\r|\n)$")
_CUE: Final = regex.compile(r"[\p{L}\d _.-]{2,40}")
_CAMEL: Final = regex.compile(r"(?<=\p{Ll})(?=\p{Lu})")
_MOST_KEYS: Final = 10_000


class FileFault(Exception):
    """A whole file cannot be scrubbed; the message is a reason without any of its text."""


@dataclass
class Rows:
    """What became of a file's rows; a file without rows counts as one."""

    scrubbed: int = 0
    failed: int = 0
    faults: list[Fault] = field(default_factory=list)
    long_numbers: int = 0
    """Numbers of seven digits or more in JSON: they are no strings and stay as they are."""
    parts_left_out: int = 0
    """Attachments of mails, which are not written."""

    def fail(self, line: int, reason: str) -> None:
        """Note a row that is left out."""
        self.failed += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(line=line, reason=reason))


Format = Callable[[TextIO, TextScrubber, frozenset[str], Rows], Iterator[str]]


def cue_of(key: str) -> str:
    """Return a key or column as words that a recognizer can read: patientName -> patient name."""
    if not _CUE.fullmatch(key):
        return ""
    return " ".join(regex.split(r"[ _.-]+", _CAMEL.sub(" ", key))).strip().lower()


def blocks(source: TextIO) -> Iterator[str]:
    """Yield a text in blocks."""
    while block := source.read(BLOCK):
        yield block


def _text(source: TextIO, text: TextScrubber, _fields: frozenset[str], rows: Rows) -> Iterator[str]:
    yield from text.stream(blocks(source))
    rows.scrubbed = 1


def _markup(source: TextIO, text: TextScrubber, _fields: frozenset[str], rows: Rows) -> Iterator[str]:
    yield from text.stream(blocks(source), markup=True)
    rows.scrubbed = 1


def _mail(source: TextIO, text: TextScrubber, _fields: frozenset[str], rows: Rows) -> Iterator[str]:
    yield from scrub_mail(source, text, on_left_out=lambda: _count_part(rows))
    rows.scrubbed = 1


def _count_part(rows: Rows) -> None:
    rows.parts_left_out += 1


class _Values:
    """Scrubs what stands in one JSON text: chosen fields, or all of them."""

    def __init__(self, text: TextScrubber, fields: frozenset[str], rows: Rows) -> None:
        self._text, self._fields, self._rows = text, fields, rows
        self._clean_keys: set[str] = set()
        self.chosen = 0

    def string(self, value: str, keys: tuple[str, ...]) -> str:
        if self._fields and self._fields.isdisjoint(keys):
            return value
        self.chosen += 1
        return self._text.whole(value, cue=cue_of(keys[-1]) if keys else "") if value.strip() else value

    def key(self, key: str) -> None:
        """Fail for a key that holds personal data: a key cannot be replaced."""
        if key in self._clean_keys:
            return
        if self._text.holds_personal_data(key):
            raise FileFault("personal data in a key")
        if len(self._clean_keys) < _MOST_KEYS:
            self._clean_keys.add(key)

    def number(self, digits: str) -> None:
        self._rows.long_numbers += sum(one.isdigit() for one in digits) >= LONG_NUMBER

    def scrub(self, pieces: Iterator[str]) -> Iterator[str]:
        self.chosen = 0
        yield from scrub_json(pieces, self.string, on_key=self.key, on_number=self.number)
        if self._fields and not self.chosen:
            raise FileFault("none of the chosen fields")


def _json(source: TextIO, text: TextScrubber, fields: frozenset[str], rows: Rows) -> Iterator[str]:
    try:
        yield from _Values(text, fields, rows).scrub(blocks(source))
    except NotJson as fault:
        raise FileFault(str(fault)) from None
    rows.scrubbed = 1


def _jsonl(source: TextIO, text: TextScrubber, fields: frozenset[str], rows: Rows) -> Iterator[str]:
    values = _Values(text, fields, rows)
    number = 0
    while line := source.readline(LONGEST_ROW):
        number += 1
        whole = len(line) < LONGEST_ROW or line.endswith("\n")
        while not whole:
            rest = source.readline(LONGEST_ROW)
            whole = len(rest) < LONGEST_ROW or rest.endswith("\n")
            line = ""
        if not line:
            rows.fail(number, f"a row of over {LONGEST_ROW} characters")
            continue
        if not line.strip():
            continue
        ending = _LINE_END.search(line)
        try:
            made = "".join(values.scrub(iter([line[: ending.start()] if ending else line])))
        except (NotJson, FileFault) as fault:
            rows.fail(number, str(fault))
        except ScrubError as error:
            rows.fail(number, f"scrub failed: {type(error).__name__}")
        else:
            rows.scrubbed += 1
            yield made + (ending.group() if ending else "")


def _csv(source: TextIO, text: TextScrubber, fields: frozenset[str], rows: Rows) -> Iterator[str]:
    first = source.readline(LONGEST_ROW)
    if not first:
        return
    # The header is read first, for its separator and line ends; a quoted header may run over lines.
    separator = max(",;\t|", key=first.count)
    ending = "\r\n" if first.endswith("\r\n") else "\n"
    csv.field_size_limit(LONGEST_ROW)
    reader = csv.reader(_after(first, source), delimiter=separator)
    header: list[str] | None = None
    chosen: frozenset[int] = frozenset()
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
            if cells is None:
                return
            if header is None:
                chosen = frozenset(at for at, name in enumerate(cells) if name in fields)
                if fields and not chosen:
                    raise FileFault("none of the chosen columns")
                # A file without a header has a person in its first row, so that row is scrubbed as well.
                row = [text.whole(cell) if cell.strip() else cell for cell in cells]
                header = [cue_of(old) if old == new else "" for old, new in zip(cells, row, strict=True)]
            else:
                row = [
                    text.whole(cell, cue=header[at] if at < len(header) else "")
                    if cell.strip() and (at >= len(header) or not fields or at in chosen)
                    else cell
                    for at, cell in enumerate(cells)
                ]
                rows.scrubbed += 1
        except csv.Error:
            raise FileFault("not CSV: a cell has no end") from None
        except ScrubError as error:
            if header is None:
                raise
            rows.fail(line, f"scrub failed: {type(error).__name__}")
            continue
        yield _csv_line(row, separator, ending)


def _after(first: str, source: TextIO) -> Iterator[str]:
    yield first
    while line := source.readline(LONGEST_ROW):
        yield line


def _csv_line(cells: list[str], separator: str, ending: str) -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator=ending).writerow(cells)
    return written.getvalue()


FORMATS: Final[dict[str, Format]] = {
    **dict.fromkeys(("txt", "text", "md", "rst", "log", "srt", "vtt", "yaml", "yml", "ini", "toml"), _text),
    **dict.fromkeys(("html", "htm", "xhtml", "xml"), _markup),
    **dict.fromkeys(("jsonl", "ndjson"), _jsonl),
    **dict.fromkeys(("csv", "tsv"), _csv),
    "json": _json,
    "eml": _mail,
}
