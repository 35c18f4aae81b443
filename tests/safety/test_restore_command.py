"""`python -m safety restore`: a tool sees no value, and its output holds them again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from safety.errors import RecognizerFailed
from safety.restore_command import restore
from safety.scrubber import Scrubber

APP = typer.Typer()
APP.command()(restore)
# It keeps what it was given, and answers each row with a sentence about it and about a row that it made up.
TOOL = """
import json, sys
rows = sys.stdin.buffer.read()
open(sys.argv[1], "wb").write(rows)
for line in rows.splitlines():
    row = json.loads(line)
    note = "Note: " + row["dialogue"][0] + " / [PERSON_7]"
    print(json.dumps({"id": row["id"], "output": {"note": note}}))
"""
ROWS = [
    {"id": "oona", "dialogue": ["my name is Oona Tindle, call 802-555-0144"], "turns": 2, "mrn": 4829177},
    {"id": "jorah", "dialogue": ["my name is jorah abernethy. I typed [PERSON_1]"]},
]


def run(seen: Path, *command: str, tool: str = TOOL, stdin: object = None) -> tuple[int, list[object], str]:
    given = "\n".join(json.dumps(row) for row in ROWS) if stdin is None else str(stdin)
    arguments = [
        "--name-model",
        "none",
        "--tagger",
        "none",
        "--",
        *(command or (sys.executable, "-c", tool, str(seen))),
    ]
    result = CliRunner().invoke(APP, arguments, input=given.encode())
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def test_the_tool_sees_no_value_and_each_row_gets_its_own_back(tmp_path: Path) -> None:
    code, written, _ = run(tmp_path / "seen")
    assert code == 0
    seen = (tmp_path / "seen").read_text()
    for word in ("oona", "tindle", "0144", "jorah", "abernethy", "4829177"):
        assert word not in seen.lower()
    assert json.loads(seen.splitlines()[0])["turns"] == 2
    assert [json.loads(line)["id"] for line in seen.splitlines()] == ["1", "2"]
    assert written == [
        {"id": "oona", "output": {"note": f"Note: {ROWS[0]['dialogue'][0]} / [PERSON_7]"}},
        {"id": "jorah", "output": {"note": f"Note: {ROWS[1]['dialogue'][0]} / [PERSON_7]"}},
    ]


def test_a_row_that_cannot_be_searched_never_reaches_the_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = Scrubber.find

    def failing(self: Scrubber, text: str) -> object:
        if "jorah" in text:
            raise RecognizerFailed("a recognizer raised ValueError")
        return find(self, text)

    monkeypatch.setattr(Scrubber, "find", failing)
    code, written, errors = run(tmp_path / "seen")
    assert code == 1 and len(written) == 1
    assert "line 2" in errors and "jorah" not in errors
    assert "jorah" not in (tmp_path / "seen").read_text()


@pytest.mark.parametrize("name", ["Oona Tindle", "note of Jane_Roe", "802-555-0144"])
def test_a_row_whose_field_is_named_after_somebody_never_reaches_the_tool(tmp_path: Path, name: str) -> None:
    rows = [{"id": 1, "dialogue": [{name: "hi"}]}, {"id": 2, "dialogue": ["hi"], "visit date": "", "HPI": ""}]
    code, written, errors = run(tmp_path / "seen", stdin="\n".join(map(json.dumps, rows)))
    assert code == 1 and len(written) == 1
    assert "line 1" in errors and "name of a field" in errors and name not in errors
    assert name not in (tmp_path / "seen").read_text()


def test_a_list_of_numbers_is_read_as_one(tmp_path: Path) -> None:
    row = {"id": 1, "dialogue": ["hi"], "dob": [1980, 3, 4], "scores": [7, 2, 2], "ids": [4829177, 1]}
    code, _, _ = run(tmp_path / "seen", stdin=json.dumps(row))
    seen = json.loads((tmp_path / "seen").read_text())
    assert code == 0
    assert (seen["dob"], seen["scores"]) == ("[DATE_TIME_1]", [7, 2, 2])
    assert "4829177" not in str(seen)


@pytest.mark.parametrize(
    "tool",
    [
        "print('no json')",
        "print('{\"id\": \"9\", \"output\": \"[PERSON_1]\"}')",
        "pass",
        "import sys; sys.exit(4)",
    ],
)  # fmt: skip
def test_rows_that_the_tool_loses_or_makes_up_are_counted_and_hold_nobody(tmp_path: Path, tool: str) -> None:
    code, written, errors = run(tmp_path / "seen", tool=tool)
    assert (code, written) == (1, [])
    assert errors and "oona" not in errors.lower()


def test_a_command_that_is_not_there_does_nothing(tmp_path: Path) -> None:
    code, written, errors = run(tmp_path / "seen", "no-such-command-here")
    assert (code, written) == (2, [])
    assert "no-such-command-here" in errors
