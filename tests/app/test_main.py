"""The commands as processes: exit codes, rows in and out, and nothing raw on standard error."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(
    *arguments: str, data: Path, given: bytes = b"", **settings: str
) -> subprocess.CompletedProcess[bytes]:
    environment = dict(os.environ) | {"CAREFOLD_DATA_DIR": str(data)} | settings
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        input=given, capture_output=True, env=environment, cwd=ROOT, timeout=240, check=False,
    )  # fmt: skip


def test_mistyped_setting_stops_with_two_and_names_the_right_one(tmp_path: Path) -> None:
    done = run("ask", "hello", data=tmp_path, CAREFOLD_SUPORT="brief")
    assert done.returncode == 2
    assert b"did you mean CAREFOLD_SUPPORT" in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", ""),
        ("ask", "--json"),
        ("ask", "--batch", "/no/such/file"),
        ("ask", "x", "--audience", "nobody"),
        ("ask", "--nonsense"),
    ],
)
def test_wrong_arguments_stop_with_two(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert run(*arguments, data=tmp_path).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("ask", "i am going to kill myself tonight"), b""),
        (("ask", "--batch"), b'{"text": "i am going to kill myself tonight"}\n'),
        (("ask",), b"i am going to kill myself tonight\n"),
    ],
    ids=["once", "batch", "conversation"],
)
def test_crisis_reply_needs_no_weights_no_index_and_no_writable_disk(
    tmp_path: Path, arguments: tuple[str, ...], given: bytes
) -> None:
    file = tmp_path / "not-a-folder"
    file.write_text("")
    done = run(
        *arguments,
        data=file / "data",
        given=given,
        CAREFOLD_CACHE_DIR=str(file / "cache"),
        CAREFOLD_OFFLINE="1",
    )
    assert done.returncode == 0
    assert b"988" in done.stdout
    assert b"911" in done.stdout


@pytest.mark.slow
def test_index_that_is_not_there_stops_with_two_and_says_how_to_build_one(tmp_path: Path) -> None:
    done = run("ask", "hello", data=tmp_path, CAREFOLD_INDEX_DIR=str(tmp_path / "typo"))
    assert done.returncode == 2
    assert b"python -m retrieval build" in done.stderr


@pytest.mark.slow
def test_without_weights_the_answer_is_closed_and_the_exit_clean(tmp_path: Path) -> None:
    done = run(
        "ask", "where do I park?", "--json", data=tmp_path,
        CAREFOLD_CACHE_DIR=str(tmp_path / "none"), CAREFOLD_OFFLINE="1",
    )  # fmt: skip
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["kind"] == "unavailable"
    assert "988" in answer["text"]


ROWS = [
    b'{"id": "refill", "text": "how do i ask for a refill of my medicine?"}',
    b"this is not json and holds Jane Roe",
    b'{"text": "i want to end my life"}',
    b'{"id": "name", "text": "my name is Wilhelmina Quist, phone 802-555-0199, where can i park?"}',
    b'{"id": "next", "text": "and on weekends?", "history": [{"role": "user", "content": "When are you open?"},'
    b' {"role": "assistant", "content": "On weekdays."}]}',
    b'{"id": "trivia", "text": "who painted the ceiling of the sistine chapel"}',
]


@pytest.mark.weights
def test_batch_answers_in_order_and_reports_the_bad_line_by_number(tmp_path: Path) -> None:
    done = run("ask", "--batch", "--jobs", "3", data=tmp_path, given=b"\n".join(ROWS) + b"\n")
    assert done.returncode == 1
    rows = {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert list(rows) == ["refill", "3", "name", "next", "trivia"]
    assert b"line 2:" in done.stderr
    assert rows["refill"]["kind"] == "faq"
    assert rows["refill"]["citations"][0]["id"] == "medicines-refill-request"
    assert rows["3"]["kind"] == "crisis"
    assert rows["3"]["safety"]["action"] == "crisis"
    assert {entity["type"] for entity in rows["name"]["entities"]} >= {"PERSON", "PHONE_NUMBER"}
    assert rows["trivia"]["kind"] in ("abstain", "clarify")
    assert set(rows["name"]) >= {
        "id", "kind", "text", "scrubbed_input", "entities", "citations", "suggestions", "safety", "model", "timings_ms",
    }  # fmt: skip
    assert "total" in rows["name"]["timings_ms"]
    everywhere = [done.stdout, done.stderr, *(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())]
    for secret in (b"Wilhelmina", b"Quist", b"802-555-0199", b"Jane Roe"):
        assert not any(secret in held for held in everywhere)


@pytest.mark.weights
def test_conversation_in_the_terminal_shows_what_was_removed_and_remembers(tmp_path: Path) -> None:
    typed = (
        b"my name is Wilhelmina Quist and i need a refill of my medicine\nhow early should i ask for it?\n"
    )
    done = run("ask", data=tmp_path, given=typed)
    assert done.returncode == 0
    assert b"not a person" in done.stderr
    assert b"[PERSON_1]" in done.stderr
    assert b"Wilhelmina" not in done.stdout + done.stderr
    assert b"refill" in done.stdout


@pytest.mark.weights
def test_backup_purge_and_restore_are_commands(tmp_path: Path) -> None:
    assert run("ask", "where can i park my car?", data=tmp_path).returncode == 0
    copy = tmp_path / "copy.sqlite3"
    assert run("backup", str(copy), data=tmp_path).returncode == 0
    assert run("purge", data=tmp_path).returncode == 0
    assert run("restore", str(copy), data=tmp_path).returncode == 0
    assert run("restore", str(tmp_path / "none"), data=tmp_path).returncode == 2


def test_serve_says_at_once_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port), data=tmp_path)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}".encode() in done.stderr and b"--port" in done.stderr


@pytest.mark.slow
def test_serve_does_not_show_the_sample_clinic_to_others_unless_told_to(tmp_path: Path) -> None:
    done = run("serve", "--host", "0.0.0.0", "--port", "0", data=tmp_path)
    assert done.returncode == 2
    done = run("serve", "--host", "0.0.0.0", "--port", "18123", data=tmp_path)
    assert done.returncode == 2
    assert b"CAREFOLD_ALLOW_SAMPLE=1" in done.stderr


@pytest.mark.slow
def test_serve_shows_no_page_in_a_language_whose_crisis_gate_is_missing(tmp_path: Path) -> None:
    profile = tmp_path / "clinic.yaml"
    sample = (ROOT / "retrieval" / "samples" / "clinic.yaml").read_text("utf-8")
    profile.write_text(sample.replace("languages: [en]", "languages: [fr, en]"), "utf-8")
    done = run("serve", "--port", "18124", data=tmp_path, CAREFOLD_CLINIC=str(profile))
    assert done.returncode == 2
    assert b"crisis gate" in done.stderr
