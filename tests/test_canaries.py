"""Planted values go through every door, with a fault at every stage, and stand nowhere after.

Doors: the page and its public event over HTTP, batch, feedback, a folder that is scrubbed, a training run. A
fault raises with the raw words in its message. What was written (HTTP bodies, logs, standard error and output,
database and WAL, index, folders, runs) is then searched byte by byte by the command that operators have.

Nine people of five values each go through each door and stage, 2,025 values. Fewer of them:
pytest tests/test_canaries.py --canaries 450
The browser's storage and profile are searched in tests/browser/test_storage.py, a trained adapter in
tests/training/test_memorisation_scrubbed.py.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import app.chat
import app.wiring
from app.asking import batch
from app.decision import Decision
from app.errors import AppError
from app.feedback import FeedbackKeeper
from app.logs import configure_logging, keep_streams_clean, reset_logging
from app.models.echo import EchoModel
from app.server import create_app
from app.sessions import Session
from app.settings import load_settings
from app.store import Store
from app.turns import Turn
from benchmarks.people import event_of
from retrieval.retriever import Retriever
from safety.audit_command import audit
from safety.bulk import BulkSettings, scrub_folder
from safety.crisis import CrisisGate
from safety.errors import SafetyError
from safety.output_check import OutputCheck
from safety.placeholders import Placeholders
from safety.presidio import AnalyzerEngine
from safety.screen import Screener
from safety.scrubber import Scrubber
from training import stages_data
from training.pipeline import run
from training.recipe import load_recipe
from training.run import Run, Surroundings

pytestmark = pytest.mark.slow

AUDIT = typer.Typer()
AUDIT.command()(audit)
FIELDS = 5  # values of one person
QUESTIONS = (
    "How do I ask for a refill of my medicine?",
    "Where can I park?",
    "What is a no-show fee?",
    "I feel low.",
)

# Stage: what is replaced by something that raises. The gate is first and reads raw words.
STAGES: dict[str, tuple[object, str]] = {
    "gate": (CrisisGate, "assess"),
    "recognizers": (AnalyzerEngine, "analyze"),
    "scrubber": (Scrubber, "scrub"),
    "placeholders": (Placeholders, "replacement"),
    "screen": (Screener, "screen"),
    "search": (Retriever, "search"),
    "decision": (app.chat, "decide"),
    "model": (EchoModel, "stream"),
    "output check": (OutputCheck, "check"),
    "trace": (Store, "record_trace"),
    "exchange": (Store, "keep_exchange"),
    "rating": (Store, "add_feedback"),
}
ANSWERED = ("gate", "recognizers", "scrubber", "placeholders", "screen", "search", "decision", "model",
            "output check", "trace")  # fmt: skip
RATED = ("recognizers", "scrubber", "placeholders", "exchange", "rating")
WRITTEN = ("model", "output check")  # reached where the model writes
CORPORA = ("recognizers", "scrubber")
TRAINED = ("recognizers", "scrub")


@dataclass(frozen=True)
class Person:
    """Invented data of one person, all of it different from everybody else's."""

    name: str
    email: str
    phone: str
    record: str
    ssn: str

    def says(self, question: str) -> str:
        """Return a message that tells all of it."""
        return (
            f"my name is {self.name}, my email is {self.email} and my phone is {self.phone}. "
            f"MRN {self.record}, SSN {self.ssn}. {question}"
        )


def people(count: int) -> Iterator[Person]:
    """Yield people whose values no program writes by chance."""
    chance = random.Random("canaries")

    def word(length: int) -> str:
        return "".join(chance.choice("bdfgklmnprstvz" if at % 2 == 0 else "aeiou") for at in range(length))

    for number in range(count):
        yield Person(
            name=f"{word(7).title()} {word(9).title()}",
            email=f"{word(8)}{number}@{word(9)}.example",
            phone=f"802-{chance.randint(201, 989):03d}-{number:04d}",
            # Long: a run writes many floats, and eight of their digits are somebody's record by chance.
            record=f"7{number:04d}{chance.randint(100_000, 999_999)}",
            ssn=f"{chance.randint(301, 599)}-{chance.randint(11, 98):02d}-{number + 1:04d}",
        )


@dataclass
class Place:
    """Where everything is written, and who comes next."""

    kept: Path
    raw: Path
    coming: Iterator[Person]
    each: int
    fired: Counter[str]

    def next(self) -> list[Person]:
        """Return the people of the next door and fault."""
        return list(itertools.islice(self.coming, self.each))

    def write(self, name: str, text: str) -> None:
        """Add to a file of what was said."""
        with (self.kept / name).open("a", encoding="utf-8") as stream:
            stream.write(text + "\n")


@contextlib.contextmanager
def fault(place: Place, stage: str | None, stages: dict[str, tuple[object, str]] = STAGES) -> Iterator[None]:
    """Let a stage raise with all that it was given, for as long as the block runs."""
    if stage is None:
        yield
        return
    owner, name = stages[stage]

    def fails(*given: object, **named: object) -> Any:
        place.fired[stage] += 1
        raise RuntimeError(" ".join(map(str, (*given, *named.values()))))

    with pytest.MonkeyPatch.context() as patch:
        if stage in WRITTEN:
            patch.setattr(app.chat, "decide", lambda *_given, **_named: Decision("grounded", "test"))
        patch.setattr(owner, name, fails)
        yield


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    count = int(request.config.getoption("--canaries"))
    doors = 2 * (1 + len(ANSWERED)) + 1 + len(ANSWERED) + 1 + len(RATED) + 1 + len(CORPORA) + 1 + len(TRAINED)
    each = max(1, count // FIELDS // doors)
    known = list(people(each * doors))
    kept, raw = tmp_path / "kept", tmp_path / "raw"
    kept.mkdir()
    raw.mkdir()
    values = [
        value for one in known for value in (*one.name.split(), one.email, one.phone, one.record, one.ssn)
    ]
    digits = [one.phone.replace("-", "") for one in known] + [one.ssn.replace("-", "") for one in known]
    (raw / "canaries.txt").write_text("\n".join(values + digits) + "\n", encoding="utf-8")
    assert len(set(values)) == len(values)
    return Place(kept, raw, iter(known), each, Counter())


@pytest.fixture
def application(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[app.wiring.Application]:
    """The real application on real parts that need no weights."""
    monkeypatch.setattr(
        app.wiring, "load_scrubber", lambda settings, clinic: Scrubber(
            policy=settings.policy, name_model=None, keep=clinic.public_words
        ),
    )  # fmt: skip
    settings = {
        "CAREFOLD_DATA_DIR": str(place.kept / "data"), "CAREFOLD_MODELS_DIR": str(place.raw / "no models"),
        "CAREFOLD_MODEL": "echo", "CAREFOLD_EMBEDDER": "hash", "CAREFOLD_KEEP_UNANSWERED": "1",
        "CAREFOLD_REQUEST_RATE": "100000/minute", "CAREFOLD_SESSION_RATE": "100000/minute",
        "CAREFOLD_ADDRESS_RATE": "100000/minute", "CAREFOLD_SUPPORT": "model",
    }  # fmt: skip
    made = app.wiring.build(load_settings(settings))
    yield made
    made.close()


def through_the_page(place: Place, http: TestClient) -> None:
    """Ask by the page's button and by its public event; keep every body that came back."""
    config = http.get("/config").json()
    send, clear = (event_of(config, name, "click") for name in ("send", "clear"))
    for number, stage in enumerate((None, *ANSWERED)):
        with fault(place, stage):
            for at, one in enumerate(place.next()):
                for event, data in ((send, [one.says(QUESTIONS[at % 4])]), (clear, [])):
                    body = {"fn_index": event, "data": data, "session_hash": f"p{number}-{at}"}
                    place.write("page.txt", http.post("/gradio_api/run/predict", json=body).text)
            for at, one in enumerate(place.next()):
                body = {"data": [one.says(QUESTIONS[at % 4])], "session_hash": f"a{number}-{at}"}
                posted = http.post("/gradio_api/call/ask", json=body)
                heard = http.get(f"/gradio_api/call/ask/{posted.json()['event_id']}").text
                place.write("event.txt", posted.text + heard)
    place.write("page.txt", http.get("/healthz").text + http.get("/config").text)


def through_batch(place: Place, application: app.wiring.Application) -> None:
    """Answer files of rows, one of them no JSON."""
    for number, stage in enumerate((None, *ANSWERED)):
        rows = [
            {"id": str(at), "text": one.says(QUESTIONS[at % 4]),
             "history": [{"role": "user", "content": f"this is {one.name}"}]}
            for at, one in enumerate(place.next())
        ]  # fmt: skip
        file = place.raw / f"batch-{number}.jsonl"
        lines = [json.dumps(row) for row in rows]
        file.write_text("\n".join([*lines, lines[0][:-9]]) + "\n", encoding="utf-8")
        with fault(place, stage), contextlib.suppress(RuntimeError):
            # A gate that breaks ends a batch: what is told of that goes by the hook of the program.
            batch(application, file, audience="patient", jobs=2)


def through_feedback(place: Place, application: app.wiring.Application) -> None:
    """Rate an answer with a comment and consent."""
    keeper = FeedbackKeeper(application.service.parts, reasons=("wrong",))
    for stage in (None, *RATED):
        for one in place.next():
            session, turn = Session(), Turn(stage="done")
            for event in application.service.stream(one.says(QUESTIONS[1]), session.conversation):
                turn.take(event)
            session.show(turn)
            place.write("session.txt", repr((session, turn, session.conversation)))
            with fault(place, stage), contextlib.suppress(RuntimeError, AppError, SafetyError):
                draft = keeper.draft(
                    session,
                    rating="down",
                    reasons=("wrong",),
                    comment=one.says("It was wrong."),
                    consent=True,
                )
                place.write("feedback.txt", repr(draft))
                if draft is not None:
                    place.write("feedback.txt", draft.comment + draft.question + draft.answer)
                    keeper.keep(draft)


def through_a_folder(place: Place) -> None:
    """Scrub letters, a table and mail, named after who wrote them."""
    for number, stage in enumerate((None, *CORPORA)):
        source = place.raw / f"letters-{number}"
        source.mkdir()
        for one in place.next():
            (source / f"{one.name}.txt").write_text(one.says("Thank you."), encoding="utf-8")
            (source / f"{one.record}.jsonl").write_text(json.dumps({"text": one.says("")}) + "\n{bad\n")
            (source / f"{one.ssn}.html").write_text(f"<p title='{one.email}'>{one.says('')}</p>")
        with fault(place, stage):
            report = scrub_folder(
                source, place.kept / f"scrubbed-{number}", settings=BulkSettings(surrogates=number == 0),
                scrubber=Scrubber(name_model=None),
            )  # fmt: skip
        place.write("folder.txt", repr(report))


def through_training(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the stages of a corpus to its division, which is where rows are handed to a trainer."""
    monkeypatch.setattr(Run, "scrubber", lambda _run, policy: Scrubber(policy=policy, name_model=None))
    stages = {"recognizers": STAGES["recognizers"], "scrub": (stages_data, "clean")}
    for number, stage in enumerate((None, *TRAINED)):
        corpus = place.raw / f"corpus-{number}.jsonl"
        rows = [
            {"id": f"r{at}", "question": one.says(f"I cannot sleep, week {at}."), "answer": f"Dear {one.name}, rest. {at}",
             "author": one.name}
            for at, one in enumerate(place.next())
        ]  # fmt: skip
        rows += [
            {"id": f"x{at}", "question": f"How do I rest, day {at}?", "answer": f"Slowly, {at} hours."}
            for at in range(12)
        ]
        corpus.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        recipe = place.raw / f"recipe-{number}.yaml"
        recipe.write_text(
            yaml.safe_dump({"name": f"canaries-{number}", "task": "counseling",
                            "corpora": [{"source": str(corpus), "licence": "invented"}]}),
            encoding="utf-8",
        )  # fmt: skip
        with fault(place, stage, stages):
            try:
                run(
                    load_recipe(str(recipe)), root=place.kept / "runs",
                    around=Surroundings(models_dir=place.raw / "no models", offline=True), until="split",
                )  # fmt: skip
            except Exception as error:
                assert stage is not None, "the run without a fault goes through"
                place.write("training.txt", f"{type(error).__name__}: {error}")


def found(place: Place) -> tuple[int, list[dict[str, Any]]]:
    """Search all that was written as an operator would."""
    arguments = [str(place.kept), "--canaries", str(place.raw / "canaries.txt"), "--canaries-only"]
    result = CliRunner().invoke(AUDIT, arguments)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return result.exit_code, [row for row in rows if row["canaries"] or row["unread"]]


@pytest.mark.timeout(600)
def test_no_planted_value_stands_anywhere_after_a_fault_at_any_stage(
    place: Place, application: app.wiring.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = (place.kept / "stderr.txt").open("a", encoding="utf-8")
    output = (place.kept / "stdout.txt").open("a", encoding="utf-8")
    with errors, output, TestClient(create_app(application), raise_server_exceptions=False) as http:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", errors)
            patch.setattr(sys, "stdout", output)
            configure_logging("DEBUG", errors)
            try:
                with pytest.MonkeyPatch.context() as serving:  # as `serve` sets up what it writes to
                    serving.setattr(sys, "stderr", sys.stderr)
                    serving.setattr(sys, "stdout", sys.stdout)
                    keep_streams_clean()
                    through_the_page(place, http)
                through_batch(place, application)
                through_feedback(place, application)
                through_a_folder(place)
                through_training(place, patch)
            finally:
                reset_logging()
        assert next(place.coming, None) is None, "everybody came through one of the doors"
        assert set(place.fired) == {*STAGES, "scrub"}, "every fault was met"
        errors.flush()
        output.flush()
        written = {file.name: file.read_text("utf-8", "replace") for file in place.kept.glob("*.txt")}
        shown = {
            "page.txt": "a name",
            "event.txt": "[PERSON_1]",
            "stdout.txt": "[PERSON_1]",
            "feedback.txt": "[PERSON_1]",
        }
        for name, words in shown.items():
            assert words in written[name], name
        assert "answer_failed" in written["stderr.txt"]
        assert any(file.name.endswith("-wal") for file in place.kept.rglob("*")), "the log of the database"
        assert found(place) == (0, [])
        # The same search finds one of them in a file that nobody would look into.
        person = next(people(1))
        (place.kept / "runs" / "late.bin").write_bytes(b"\0\1" + person.email.encode("utf-16-le"))
        code, rows = found(place)
        assert code == 1 and [row["canaries"] for row in rows] == [[3]]
