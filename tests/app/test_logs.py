"""A user's words never reach the log, whatever door they are pushed through; what helps gets out."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy import create_engine, text

import app.errors
import retrieval.errors
import weights.errors
from app.errors import ConfigError, StoreError
from app.logs import adopt_loggers, configure_logging, get_logger, reset_logging

CANARY = "Wilhelmina"
MESSAGE = f"my name is {CANARY} and I take 40 mg of it"


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that anything writes to stderr or to the log."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging("DEBUG", stream)
    yield stream
    reset_logging()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def error_classes() -> list[type[Exception]]:
    modules = (app.errors, retrieval.errors, weights.errors)
    ours = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    return [*ours, ValueError, KeyError, OSError, RuntimeError, TypeError, SystemError, MemoryError]


class Form(BaseModel):
    number: int


def database_error(words: str) -> None:
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("SELECT * FROM nowhere WHERE x = :words"), {"words": words})


def encoding_error(words: str) -> None:
    (words + "\ud800").encode("utf-8")


def form_error(words: str) -> None:
    Form.model_validate({"number": words})


def chained_error(words: str) -> None:
    try:
        raise KeyError(words)
    except KeyError as error:
        raise StoreError(words, code=words) from error


def group_error(words: str) -> None:
    raise ExceptionGroup(words, [ValueError(words), OSError(2, words, words)])


def named_error(words: str) -> None:
    raise type(words, (ValueError,), {})(words)


def noted_error(words: str) -> None:
    error = ValueError(words)
    error.add_note(words)
    raise error


def compiled_error(words: str) -> None:
    exec(compile("raise ValueError('x')", words, "exec"))


RAISERS: list[Callable[[str], None]] = [
    database_error, encoding_error, form_error, chained_error, group_error, named_error, noted_error,
    compiled_error,
]  # fmt: skip


def say_everything(words: str) -> None:
    """Log the words in every way that a careless program could."""
    log = get_logger("app.chat")
    log.info(words)
    log.info("turn_done", words, words)
    log.info("turn_done", text=words, question=words, message=words, reason=words, kind=words)
    log.info("turn_done", turn_id=words, base=words, total_ms=words, count=words, error=words, where=words)
    log.info("turn_done", entities={words: words, "PERSON": words}, reasons=[words, [words, [words]]])
    log.info("turn_done", timings_ms={words: {words: {words: words}}}, logger=words, level=words)
    log.info("turn_done", base=Path(words), reason=ValueError(words), stack_info=True, exc_info=words)
    log.bind(note=words, adapter=words).warning("turn_done")
    with structlog.contextvars.bound_contextvars(who=words, stage=words):
        log.error("turn_done")
    for name in (
        "",
        "uvicorn",
        "uvicorn.error",
        "transformers",
        "presidio-analyzer",
        "sqlalchemy.engine",
        words,
    ):
        library = logging.getLogger(name)
        library.error(words)
        library.error(f"failed on {words}")
        library.error("failed on %s", words)
        library.error("failed on %(it)s", {"it": words})
        library.error("failed on %d of %d", words)
        library.error(ValueError(words))
        library.error("failed", extra={"note": words}, stack_info=True)
        library.log(35, words)
    warnings.warn(words, stacklevel=1)
    warnings.warn_explicit(words, UserWarning, words, 3)
    for raiser in RAISERS:
        try:
            raiser(words)
        except Exception as error:
            log.exception("turn_failed")
            log.error("turn_failed", exc_info=error)
            log.error("turn_failed", error=error)
            logging.getLogger("asyncio").exception(words)
            sys.excepthook(type(error), error, error.__traceback__)
    for kind in error_classes():
        try:
            raise kind(words)
        except Exception:
            log.exception("turn_failed", reason=words)
            logging.exception(words)


def test_no_door_lets_a_message_through(out: io.StringIO) -> None:
    warnings.simplefilter("always")
    say_everything(MESSAGE)
    events = [line["event"] for line in lines(out)]
    assert len(events) > 150
    assert {"library_log", "python_warning", "uncaught_error", "turn_done", "[removed]"} <= set(events)
    assert CANARY not in out.getvalue()
    assert "40 mg" not in out.getvalue()


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    after=st.text(st.characters(exclude_categories=["Cs"]), max_size=250),
    between=st.sampled_from([" ", "\n", "\t", ", ", "'", '"', "%s ", "%d%% ", "{0} ", "\x1b[31m", "\u2028"]),
)
def test_no_message_of_any_form_gets_through(out: io.StringIO, before: str, after: str, between: str) -> None:
    warnings.simplefilter("always")
    say_everything(f"{before}{between}{CANARY}{between}{after}")
    assert CANARY not in out.getvalue()
    assert lines(out)
    out.seek(0)
    out.truncate()


@pytest.mark.slow
def test_uncaught_errors_of_threads_tasks_and_finalizers_are_told_without_words(out: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError(MESSAGE)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

    async def forget() -> None:
        async def task() -> None:
            fail()

        asyncio.create_task(task(), name=MESSAGE)  # noqa: RUF006 - forgotten on purpose
        await asyncio.sleep(0)

    asyncio.run(forget())
    gc.collect()

    class Broken:
        def __del__(self) -> None:
            raise ValueError(MESSAGE)

    Broken()
    gc.collect()
    assert CANARY not in out.getvalue()
    events = [line["event"] for line in lines(out)]
    assert {"uncaught_error_in_thread", "library_log", "uncaught_error_in_cleanup"} <= set(events)


def test_handlers_that_a_library_sets_up_later_get_filtered_records(out: io.StringIO) -> None:
    library, own = logging.getLogger("late_library"), io.StringIO()
    library.addHandler(logging.StreamHandler(own))
    library.propagate = False
    library.error("cannot read %s", MESSAGE, exc_info=ValueError(MESSAGE), stack_info=True)
    assert own.getvalue().strip() == "[removed]"
    adopt_loggers()
    library.error(MESSAGE)
    assert own.getvalue().strip() == "[removed]"
    assert lines(out)[-1]["logger"] == "late_library"


def test_codes_numbers_names_and_ids_get_through(out: io.StringIO) -> None:
    get_logger("app.chat").info(
        "turn_done",
        turn_id="ab" * 16,
        kind="faq",
        base="hub:Qwen/Qwen2.5-1.5B-Instruct@main",
        adapter="counseling-3",
        level="concern",
        reasons=("weak_evidence", "model_unavailable"),
        entities={"PERSON": 2},
        timings_ms={"scrub": 3.5, "total": 80},
        total_ms=80.25,
        count=3,
        support=True,
    )
    [line] = lines(out)
    assert line.pop("timestamp")
    assert line == {
        "level": "info", "event": "turn_done", "logger": "app.chat", "turn_id": "ab" * 16, "kind": "faq",
        "base": "hub:Qwen/Qwen2.5-1.5B-Instruct@main", "adapter": "counseling-3", "risk_level": "concern",
        "reasons": ["weak_evidence", "model_unavailable"], "entities": {"PERSON": 2},
        "timings_ms": {"scrub": 3.5, "total": 80}, "total_ms": 80.25, "count": 3, "support": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        "jane@example.org",
        "555-0100",
        "(555) 555-0100",
        "123-45-6789",
        "5550100",
        "Jane Doe",
        "10.1.2.3",
        "O'Neil",
    ],
)
def test_personal_data_is_no_name_of_a_model(out: io.StringIO, value: str) -> None:
    get_logger("app.chat").info("turn_done", base=value, kind=value, turn_id=value)
    [line] = lines(out)
    assert line["base"] == line["kind"] == line["turn_id"] == "[removed]"


def test_unknown_keys_are_counted(out: io.StringIO) -> None:
    get_logger("app.chat").info("turn_done", question="x", answer="y", kind="faq")
    [line] = lines(out)
    assert line["keys_removed"] == 2
    assert line["kind"] == "faq"


def test_exception_is_told_by_types_and_places(out: io.StringIO) -> None:
    try:
        chained_error("disk_full")
    except StoreError:
        get_logger("app.chat").exception("trace_not_written")
    [line] = lines(out)
    error = line["error"]
    assert line["level"] == "error"
    assert isinstance(error, dict)
    assert error["type"] == "app.errors.StoreError"
    assert error["code"] == "disk_full"
    assert all(place.startswith("app/test_logs.py:") for place in error["where"])
    assert error["cause"]["type"] == "KeyError"


def test_constant_message_of_a_library_is_shown_with_its_numbers_only(out: io.StringIO) -> None:
    cookies = logging.getLogger("concurrent.futures")
    code = compile(
        "def say(log, *values): log.error('exception calling callback for %r', *values)", "<string>", "exec"
    )
    source = Path(threading.__file__).with_name("concurrent") / "futures" / "_base.py"
    space: dict[str, Callable[..., None]] = {}
    exec(code.replace(co_filename=str(source), co_consts=_moved(code, str(source))), space)
    space["say"](cookies, 7)
    space["say"](cookies, MESSAGE)
    first, second = lines(out)
    assert first["message"] == "exception calling callback for 7"
    assert second["message"] == "exception calling callback for '[removed]'"
    assert str(first["where"]).startswith("futures/_base.py:")


def _moved(code: object, file: str) -> tuple[object, ...]:
    """Pretend that the function was compiled from another file, so that its log call comes from there."""
    constants = getattr(code, "co_consts", ())
    return tuple(each.replace(co_filename=file) if hasattr(each, "co_code") else each for each in constants)


def test_level_is_kept_and_libraries_are_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    configure_logging("INFO", stream)
    try:
        get_logger("app.chat").debug("turn_done")
        logging.getLogger("httpx").info("not shown")
        logging.getLogger("uvicorn.access").info("not shown")
        get_logger("app.chat").info("turn_done")
        assert [line["event"] for line in lines(stream)] == ["turn_done"]
    finally:
        reset_logging()


def test_unknown_level_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="'LOUD': use one of DEBUG"):
        configure_logging("LOUD")


def test_terminal_gets_readable_lines() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    configure_logging("INFO", stream)
    try:
        get_logger("app.chat").info("turn_done", kind="faq", question=MESSAGE)
        try:
            raise ValueError(MESSAGE)
        except ValueError:
            get_logger("app.chat").exception("turn_failed")
    finally:
        reset_logging()
    assert "turn_done" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
    assert CANARY not in stream.getvalue()


def test_broken_stream_never_stops_the_one_who_logs() -> None:
    stream = io.StringIO()
    configure_logging("INFO", stream)
    try:
        stream.close()
        get_logger("app.chat").error("turn_failed")
        logging.getLogger("uvicorn").error("x")
    finally:
        reset_logging()


def test_logger_is_filtered_before_logging_is_configured(repository: Path) -> None:
    program = (
        "import sys; from app.logs import get_logger; log = get_logger('app.chat')\n"
        "log.error('turn_failed', question=sys.argv[1]); log.info('turn_done')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, MESSAGE], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert CANARY not in done.stderr
    assert json.loads(done.stderr)["event"] == "turn_failed"


def test_uncaught_error_of_a_program_is_told_without_words(repository: Path) -> None:
    program = "import sys; from app.logs import configure_logging as c; c()\nraise ValueError(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, MESSAGE], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert CANARY not in done.stderr
    line = json.loads(done.stderr)
    assert (line["event"], line["error"]["type"]) == ("uncaught_error", "ValueError")
