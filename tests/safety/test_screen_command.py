"""`python -m safety screen`: JSON Lines in and out, bad lines by number, no message on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.conversation import Conversation
from safety.screen import Screener
from safety.screen_command import _in_conversation
from safety.verdict import ALLOW, Verdict

ROOT = Path(__file__).resolve().parents[2]


def _run(argument: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "safety", "screen", *([argument] if argument else [])]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False)


def test_rows_come_back_in_order_with_their_ids() -> None:
    rows = [
        {"id": "a", "text": "when do you open?"},
        {"text": "I want to die"},
        {"text": "how tall is that bridge", "history": [{"role": "user", "content": "I lost my job"}]},
        {"text": "where can I park?", "history": [{"role": "assistant", "content": "I want to die tonight"}]},
        {"text": "where can I park?", "history": ["I want to kill myself tonight"]},
        {"text": "where can I park?", "history": ["when do you open?"]},
    ]
    done = _run("", "\n".join(json.dumps(row) for row in rows))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["id"], row["action"]) for row in answers] == [
        ("a", "allow"), ("2", "crisis"), ("3", "crisis"), ("4", "allow"), ("5", "support"), ("6", "allow"),
    ]  # fmt: skip
    assert answers[4]["category"] == "earlier_risk"
    assert set(answers[0]) == {"id", "action", "category", "level"}
    assert "crisis-rules" in done.stderr
    assert done.returncode == 0


def test_what_was_doubted_or_an_emergency_before_is_remembered_as_in_the_chat() -> None:
    said = {
        "doubted": Verdict("support", "suicide", "high"),
        "hurt": Verdict("emergency", "medical_emergency", "imminent"),
        "sad": Verdict("support", "low_mood", "concern"),
        "danger": Verdict("crisis", "suicide", "imminent"),
    }

    class Told(Screener):
        def screen(self, text: str, _history: Sequence[str] = ()) -> Verdict:
            return said.get(text, ALLOW)

    for before, risk in (
        (["doubted"], "concern"), (["hurt"], "concern"), (["danger", "sad"], "imminent"), (["sad"], "none"), ([], "none"),
    ):  # fmt: skip
        verdict = _in_conversation(Told(), "where can i park?", before)
        assert verdict == (ALLOW if risk == "none" else Verdict("support", "earlier_risk", risk))  # type: ignore[arg-type]
        conversation = Conversation()
        for text in before:
            conversation.raise_risk(said[text].risk)
        assert conversation.risk == risk


@pytest.mark.slow
def test_a_bad_line_is_named_by_number_only(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "hello"}\nsecretword\n{"id": "z", "text": "bye"}\n', encoding="utf-8")
    done = _run(str(file))
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["1", "z"]
    assert "line 2" in done.stderr
    assert "secretword" not in done.stderr
    assert done.returncode == 1


def test_a_file_that_is_not_there_does_nothing() -> None:
    done = _run("no-such-file.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
