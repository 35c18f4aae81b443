"""Every word of a document comes out: in a row that is kept or set aside, or counted in a remark."""

from __future__ import annotations

import csv
import io
import itertools
import re
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("markitdown")

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from retrieval.intake.documents import read_document
from retrieval.intake.found import Found

# What a document is made of. Each # becomes a word that is nowhere else in it.
BLOCKS = (
    "h#", "h#", "# h#", "# h#", "## h#?", "## h#?", "### h#", "w# w#.", "w#\nw#", "**w# w#?**", "w# w#?", "Q: w#?",
    "A: w#", "**Question 3:** w#", "**Answer:** w#\nw#", "- w#\n- w#", "1. w#?", "| w# | w# |\n|---|---|\n| w# | w# |",
    "| Question | Answer |\n|---|---|\n| w#? | w# |\n| w# | w# |", "| w# | |\n|---|---|\n| Q | A |\n| w#? | w# |",
    "owner: w#", "- topic: w#", "alternates:\n  - w#\n  - w#", "question: w#", "<div>w# <b>w#</b></div>",
    "```\nw#\n```", "> w#", "---", "Caller: w# w#?", "Front desk: w#. w#?", "[w#](https://w#.example.org)",
    "## h#?\n<!-- owner: w# --> w#", "w# {#w#}", "# w# {#w#}", "What w# w#", "w# | w#", "audience: staff",
)  # fmt: skip
FRONT = ("", "", "---\nsource: w#\n---\n", "---\nh#: h#\naudience: staff\n---\n")
SAID = ("w# w#.", "w# w# w# w#?", "How w# w# w# w#?", "w#?", "Okay w#.", "When w#? w# w# w# w#?")
SPEAKERS = ("Front desk", "Caller", "Nurse")
NAMES = ("Question", "Answer", "Owner", "Last reviewed", "Notes", "Room", "")


def numbered(text: str) -> str:
    words = itertools.count()
    return re.sub("([wh])#", lambda match: f"{match[1]}{next(words)}x", text)


def read(name: str, content: str | bytes) -> tuple[Found, ...]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_document(file)


def lost(text: str, rows: tuple[Found, ...]) -> set[str]:
    out = " ".join(str(value) for row in rows for value in row.fields.values())
    words = r"[wh]\d+x"
    return set(re.findall(words, text)) - set(re.findall(words, out))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FRONT), st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=9))
def test_every_word_of_a_text_comes_out_or_its_line_is_told(front: str, blocks: list[str]) -> None:
    text = numbered(front + "\n\n".join(blocks) + "\n")
    rows = read("a.md", text)
    lines = ["", *text.split("\n"), ""]
    remarked = ""
    for remark in (str(odd) for row in rows for odd in row.odd if str(odd).startswith("line ")):
        below = "below" in remark
        remarked += "".join(lines[int(number) + below] for number in re.findall(r"\d+", remark))
    assert lost(text, rows) <= set(re.findall(r"[wh]\d+x", remarked))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(SPEAKERS), st.sampled_from(SAID)), min_size=2, max_size=8),
    st.sampled_from(("Call of w#.\n\n", "")),
    st.booleans(),
)
def test_every_word_of_a_call_comes_out_marked(
    turns: list[tuple[str, str]], before: str, captions: bool
) -> None:
    if len({speaker == "Caller" for speaker, _ in turns}) == 1:
        turns = [("Front desk", "w#."), ("Caller", "w#."), *turns]
    if captions:
        head = f"WEBVTT {before or chr(10)}"
        text = head + "\n".join(f"00:01.000 --> 00:02.000\n<v {who}>{said}</v>\n" for who, said in turns)
    else:
        text = before + "\n".join(f"{who}: {said}" for who, said in turns)
    text = numbered(text)
    rows = read("a.vtt" if captions else "a.txt", text)
    assert lost(text, rows) == set()
    assert all([odd.code for odd in row.odd] == ["spoken"] for row in rows)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(("w#", "w#?", "", "w# w#")), min_size=1, max_size=6), min_size=1, max_size=5
    ),
    st.lists(st.sampled_from(NAMES), max_size=5),
    st.integers(0, 5),
    st.sampled_from((".csv", ".tsv", ".xlsx")),
)
def test_every_cell_of_a_table_comes_out_or_its_column_is_told(
    rows: list[list[str]], names: list[str], above: int, ending: str
) -> None:
    text = numbered("\x1e".join("\x1f".join(row) for row in rows))
    cells = [row.split("\x1f") for row in text.split("\x1e")]
    table = [*cells[:above], names, *cells[above:]]
    found = read(f"a{ending}", _table(table, ending))
    out = lost(text, found)
    for row in found:
        told = [int(at) for odd in row.odd if "no field" in str(odd) for at in re.findall(r"\d+", str(odd))]
        line = table[row.number - 1]
        out -= set(re.findall(r"w\d+x", " ".join(line[at - 1] for at in told)))
    assert out == set()


def _table(rows: list[list[str]], ending: str) -> bytes:
    if ending == ".xlsx":
        book, stream = Workbook(), io.BytesIO()
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row, start=1):
                book.active.cell(number, column, cell or None)
        book.save(stream)
        return stream.getvalue()
    text = io.StringIO()
    csv.writer(text, delimiter="," if ending == ".csv" else "\t", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()
