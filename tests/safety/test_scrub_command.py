"""`python -m safety scrub` as other programs call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from safety.scrub_command import scrub

APP = typer.Typer()
APP.command()(scrub)


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, list[dict[str, object]], str]:
    result = CliRunner().invoke(APP, ["--name-model", "none", *arguments], input=stdin)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def test_rows_come_back_scrubbed_in_order_with_their_entities() -> None:
    rows = [
        {"id": "a", "text": "ssn 219-09-9998"},
        {"text": "is 988 free"},
        {"id": 7, "text": "🙂 mrn 0048291"},
    ]
    code, written, _ = run(stdin="\n".join(json.dumps(row) for row in rows).encode())
    assert code == 0
    assert [row["id"] for row in written] == ["a", "2", "7"]
    assert [row["text"] for row in written] == [
        "ssn [US_SSN_1]",
        "is 988 free",
        "🙂 mrn [MEDICAL_RECORD_NUMBER_1]",
    ]
    (entity,) = written[2]["entities"]  # type: ignore[misc]
    assert list(entity) == ["type", "start", "end", "score"]
    assert (entity["start"], entity["end"]) == (6, 13)


def test_bad_lines_are_reported_by_number_without_their_content(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(
        b'{"text": "hi"}\n{"text": 5, "secret": "jorah"}\nnot json jorah\n\xff\xfe\n{"text": "bye"}\n'
    )
    code, written, errors = run(str(file))
    assert code == 1
    assert [row["id"] for row in written] == ["1", "5"]
    assert "line 2" in errors and "line 3" in errors and "line 4" in errors
    assert "jorah" not in errors


def test_a_missing_file_stops_before_anything_is_done() -> None:
    code, written, errors = run("no-such-file.jsonl")
    assert (code, written) == (2, [])
    assert "no-such-file.jsonl" in errors


def test_an_unknown_policy_is_an_argument_error() -> None:
    assert run("--policy", "none-such")[0] == 2


def test_an_unknown_name_model_is_a_configuration_error() -> None:
    assert run("--name-model", "path:/no/such/folder")[0] == 2


def test_text_of_any_length_is_taken() -> None:
    text = "we talked about work. " * 400 + "ssn 219-09-9998"
    code, written, _ = run(stdin=json.dumps({"text": text}).encode())
    assert code == 0
    assert str(written[0]["text"]).endswith("ssn [US_SSN_1]")


def test_surrogates_are_the_same_for_a_seed() -> None:
    row = json.dumps({"text": "my name is jorah tindle"}).encode()
    first, second = (
        run("--surrogates", "--seed", "3", stdin=row),
        run("--surrogates", "--seed", "3", stdin=row),
    )
    assert first == second
    assert "jorah" not in str(first) and "[PERSON_1]" not in str(first[1][0]["text"])


def test_surrogates_without_a_seed_cannot_be_drawn_again() -> None:
    row = json.dumps({"text": "my name is jorah tindle, call 413-555-0144"}).encode()
    made = {str(run("--surrogates", stdin=row)[1][0]["text"]) for _ in range(4)}
    assert len(made) > 1
    assert not any("jorah" in text or "[" in text for text in made)
    rows = row + b"\n" + row
    first, second = run("--surrogates", stdin=rows)[1]
    assert first["text"] == second["text"]


def test_a_row_that_takes_too_long_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(text: str) -> Iterator[tuple[int, int]]:
        if "jorah" in text:
            raise TimeoutError
        return iter(())

    monkeypatch.setattr("safety.scrubber.protected_spans", slow)
    rows = b'{"text": "my name is jorah tindle"}\n{"text": "ssn 219-09-9998"}'
    code, written, errors = run(stdin=rows)
    assert code == 1
    assert [row["text"] for row in written] == ["ssn [US_SSN_1]"]
    assert "line 1" in errors and "jorah" not in errors


def test_help_loads_no_heavy_library(repository: Path) -> None:
    code = (
        "import sys; import safety.scrub_command; "
        "heavy = ('spacy', 'presidio_analyzer', 'torch', 'tldextract', 'regex'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.weights
def test_the_real_command_uses_the_default_name_model(repository: Path) -> None:
    rows = json.dumps({"id": "x", "text": "Yesterday Thorbjorn Kvistad told us about Ljubljana."})
    done = subprocess.run(
        [sys.executable, "-m", "safety", "scrub"], cwd=repository, input=rows, capture_output=True, text=True,
        check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert json.loads(done.stdout)["text"] == "Yesterday [PERSON_1] told us about [LOCATION_1]."
