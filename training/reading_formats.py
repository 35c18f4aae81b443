"""File formats as records: one row's values, or one word that says why it cannot be read.

A fault costs the row it stands in, never the file, and nothing holds a whole file in memory. Must not
put a row's words into a fault.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

Record = tuple[int, dict[str, object] | str]
"""Line (or row) number from 1, and the values or the reason why there are none."""

MAX_ROW = 1_000_000  # bytes, and characters of a CSV record; the scrubber takes no longer text
_CHUNK = 65_536
_STRAY = " \t\r\n,]}"  # what may stand between the elements of a JSON list


def json_lines(stream: io.BufferedReader) -> Iterator[Record]:
    """Yield one record a line."""
    number = 0
    while raw := stream.readline(MAX_ROW):
        number += 1
        if len(raw) == MAX_ROW and not raw.endswith(b"\n"):
            while (rest := stream.readline(MAX_ROW)) and not rest.endswith(b"\n"):
                pass
            yield number, "too_large"
        else:
            yield number, _parsed(raw.removeprefix(b"\xef\xbb\xbf"))


def json_list(stream: io.BufferedReader) -> Iterator[Record]:
    """Yield one record an element of a JSON list; JSON Lines under the name .json is read as such."""
    start = stream.peek(_CHUNK).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"["):
        yield from enumerate(_elements(_text(stream)), start=1)
    else:
        yield from json_lines(stream)


def csv_rows(stream: io.BufferedReader) -> Iterator[Record]:
    """Yield one record a row; the first row names the columns. Comma, semicolon or tab, by the header."""
    lines = _Lines(_text(stream))
    header = next(lines, "")
    delimiter = max(",;\t", key=header.count)
    names = [name.strip() for name in _cells(header, delimiter)[0]]
    while record := [*lines.record()]:
        cells, fault = _cells("".join(record), delimiter)
        if not fault and len(cells) != len(names):
            fault = "wrong_columns" if cells else "empty"
        number = lines.number - len(record) + 1
        if fault and _swallowed(record, delimiter, len(names)):
            lines.put_back(record[1:])
        yield number, fault or dict(zip(names, cells, strict=True))


def parquet_rows(file: Path) -> Iterator[Record]:
    """Yield one record a row, a batch at a time. Raises pyarrow's ArrowInvalid when it is no Parquet."""
    import pyarrow.parquet as parquet

    number = 0
    with parquet.ParquetFile(file) as opened:
        for batch in opened.iter_batches(batch_size=256):
            for place in range(batch.num_rows):
                number += 1
                try:
                    yield number, batch.slice(place, 1).to_pylist()[0]
                except UnicodeDecodeError:
                    yield number, "bad_utf8"


TEXT_FORMATS: dict[str, Callable[[io.BufferedReader], Iterator[Record]]] = {
    "jsonl": json_lines,
    "json": json_list,
    "csv": csv_rows,
}
SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".conll": "conll",
}


def _parsed(raw: bytes) -> dict[str, object] | str:
    """Return a JSON object's values, or the reason why it is not one."""
    if not raw.strip():
        return "empty"
    try:
        text = raw.decode()
        values = json.loads(text)
        if "\\u" in text:  # half a pair, which no file could hold as UTF-8
            json.dumps(values, ensure_ascii=False).encode()
    except UnicodeError:
        return "bad_utf8"
    except (ValueError, RecursionError):
        return "not_json"
    return values if isinstance(values, dict) else "not_an_object"


def _text(stream: io.BufferedReader) -> TextIO:
    # Bytes that are not UTF-8 pass as lone surrogates, so that only their own row is lost.
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")


_MARK = re.compile(r'\\.|["{}\[\],\n]', re.DOTALL)


def _end(text: str) -> int:
    """Return where the element at the start of `text` ends; 0: further on; -1: it is broken."""
    depth, quoted = 0, False
    for mark in _MARK.finditer(text):
        sign = mark.group()
        if quoted:
            if sign == "\n":  # JSON has no line break inside a string
                return -1
            quoted = sign != '"'
        elif sign == '"':
            quoted = True
        elif sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
            if depth <= 0:
                return mark.end() if depth == 0 else mark.start()
        elif sign == "," and depth == 0:
            return mark.start()
    return 0


def _elements(stream: TextIO) -> Iterator[dict[str, object] | str]:
    """Yield the elements of a JSON list, or the fault's word.

    After a broken element reading goes on at the next object that begins with the same key.
    """
    text = stream.read(_CHUNK).lstrip()[1:]
    more, last, key = True, "", ""
    while True:
        last = text.rstrip()[-1:] or last
        text = text.lstrip(_STRAY)
        end = _end(text) if text else 0
        if end == 0 and more and len(text) < MAX_ROW:
            fresh = stream.read(_CHUNK)
            more, text = bool(fresh), text + fresh
            continue
        if not text:
            break
        key = key or _first_key(text)
        if end > 0:
            yield _parsed(text[:end].encode("utf-8", "surrogateescape"))
            text = text[end:]
            continue
        yield "too_large" if len(text) >= MAX_ROW else "not_json"
        text = text[1:]
        again = re.compile(r"[,\n]\s*(?=\{\s*" + re.escape(key) + r"\s*:)") if key else None
        while not (found := again.search(text) if again else None) and (fresh := stream.read(_CHUNK)):
            text = text[-200:] + fresh
        text = text[found.end() :] if found else ""
    if last != "]":
        yield "cut_off"


def _first_key(text: str) -> str:
    found = re.match(r'\{\s*("(?:[^"\\\n]|\\.)*")\s*:', text)
    return found.group(1) if found else ""


class _Lines:
    """The lines of a text, with their number; lines can be put back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._stream.readline(MAX_ROW)
        if not line:
            raise StopIteration
        if len(line) == MAX_ROW and not line.endswith("\n"):
            while (rest := self._stream.readline(MAX_ROW)) and not rest.endswith("\n"):
                pass
        self.number += 1
        return line

    def record(self) -> Iterator[str]:
        """Yield the lines up to where every quote is closed, or up to the largest size."""
        size = quotes = 0
        for line in self:
            yield line
            size += len(line)
            quotes += line.count('"')
            if quotes % 2 == 0 or size >= MAX_ROW:
                return

    def put_back(self, lines: list[str]) -> None:
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)


def _swallowed(record: list[str], delimiter: str, columns: int) -> bool:
    """Say whether a quote that nobody closed made one record of several, so that only its line is lost.

    Then the last quote, if there is one more, opens a cell, and a whole row stands close behind. Else
    it is one faulty record, whose lines must not be taken for rows.
    """
    last = record[-1]
    if len(record) == 1 or ('"' in last and not re.search(rf'(?:^|{re.escape(delimiter)})"[^"]*$', last)):
        return False
    return any(len(_cells(line, delimiter)[0]) == columns for line in record[1:4])


def _cells(record: str, delimiter: str) -> tuple[list[str], str]:
    """Return the cells of one CSV record and the reason why they cannot be used ('': none)."""
    if len(record) >= MAX_ROW:
        return [], "too_large"
    try:
        rows = list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True))
        record.encode()
    except UnicodeEncodeError:
        return [], "bad_utf8"
    except csv.Error:
        return [], "not_csv"
    if len(rows) != 1:
        return [], "not_csv" if rows else "empty"
    return rows[0], ""
