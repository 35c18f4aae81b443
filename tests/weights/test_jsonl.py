"""JSON Lines: order, ids, and bad lines that are named by number and never by content."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weights.jsonl import BadLine, Row, TextRow, read_jsonl, report_bad_line, write_row


def read(tmp_path: Path, content: bytes) -> list[Row[TextRow] | BadLine]:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(content)
    return list(read_jsonl(file, TextRow))


def test_id_is_the_rows_own_or_the_line_number(tmp_path: Path) -> None:
    rows = read(
        tmp_path, b'{"id":"a","text":"x"}\n\n{"text":"y"}\n{"id":7,"text":"z"}\n{"id":null,"text":"w"}'
    )
    assert [row.id for row in rows if isinstance(row, Row)] == ["a", "3", "7", "5"]


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    rows = read(tmp_path, b'\xef\xbb\xbf{"text":"x"}\r\n{"text":"y"}\r\n')
    assert [row.value.text for row in rows if isinstance(row, Row)] == ["x", "y"]


@pytest.mark.parametrize(
    "line",
    [
        b"secret words",
        b'{"text": "secret \xff"}',
        b'{"secret": 1}',
        b'{"text": 5}',
        b'["secret"]',
        b'"secret"',
        b"null",
    ],
)
def test_bad_line_is_named_by_number_and_the_rest_is_read(
    tmp_path: Path, line: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    first, bad, last = read(tmp_path, b'{"text":"a"}\n' + line + b'\n{"text":"b"}\n')
    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert isinstance(bad, BadLine)
    report_bad_line(bad)
    said = capsys.readouterr().err
    assert said.startswith("line 2: ")
    assert "secret" not in said


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30), max_size=5))
def test_what_is_written_can_be_read(texts: list[str]) -> None:
    stream = io.BytesIO()
    for text in texts:
        write_row(TextRow(id="1", text=text), stream)
    assert [json.loads(line)["text"] for line in stream.getvalue().splitlines()] == texts
