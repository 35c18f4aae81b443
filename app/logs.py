"""Structured logs: one JSON line an event on stderr, readable lines on a terminal.

    configure_logging("INFO")                  # once, before anything else starts
    log = get_logger(__name__)
    log.info("turn_done", turn_id=turn_id, kind=kind, total_ms=12.5)

Events are named by two or more words (`turn_done`); the keys that pass are listed in log_filter.py.
Everything goes through that filter: our events, the standard library's loggers whoever set them up,
warnings, and exceptions that nobody caught. Logging never raises into the code that logs.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import warnings
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

import structlog
from structlog.typing import Processor

from app.errors import ConfigError
from app.log_filter import clean_event, describe_error, library_message
from weights.uncaught import place

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

Event = MutableMapping[str, Any]

LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
# Below a warning these tell of every statement, request or file.
QUIET: Final = (
    "alembic", "asyncio", "filelock", "httpcore", "httpx", "huggingface_hub", "matplotlib",
    "presidio-analyzer", "sentence_transformers", "sqlalchemy", "transformers", "urllib3", "uvicorn.access",
)  # fmt: skip


class Logger(structlog.BoundLogger):
    """A logger that ignores positional values: nothing is ever formatted into an event."""

    def _proxy_to_logger(self, method_name: str, event: str | None = None, *_: object, **fields: Any) -> Any:
        return super()._proxy_to_logger(method_name, event, **fields)


def get_logger(name: str) -> Logger:
    """Return a logger whose events pass the filter, whether or not logging was configured."""
    if not structlog.is_configured():
        _configure_structlog(LEVELS["WARNING"], None)
    return cast(Logger, structlog.get_logger(name))


def configure_logging(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log, warning and uncaught exception through the filter to `stream` (stderr).

    Raises ConfigError on a level that is none.

    Calling it again replaces the earlier settings. A library that is imported later and sets up
    handlers of its own is taken over by `adopt_loggers()`; its records are filtered in any case.
    """
    if level.upper() not in LEVELS:
        raise ConfigError(f"log level {level!r}: use one of {', '.join(LEVELS)}")
    number = LEVELS[level.upper()]
    _configure_structlog(number, stream)
    root = logging.getLogger()
    root.handlers[:] = [_Bridge()]
    root.setLevel(number)
    logging.setLogRecordFactory(_filtered_record)
    logging.raiseExceptions = False
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    adopt_loggers()
    warnings.showwarning = _show_warning
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread


def keep_streams_clean() -> None:
    """Let no library write to standard output or error past the log.

    Gradio prints tracebacks, and those quote what a caller sent. What tells of progress (tqdm, the
    fetching of weights) passes; of everything else the log says where it came from.
    """
    if not isinstance(sys.stderr, _CleanStream):
        sys.stdout, sys.stderr = _CleanStream(sys.stdout), _CleanStream(sys.stderr)


def adopt_loggers() -> None:
    """Take over the loggers that libraries have set up with handlers of their own."""
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers.clear()
            logger.propagate = True


def reset_logging() -> None:
    """Put Python's own settings back, and our own loggers to warnings on stderr; for tests."""
    _configure_structlog(LEVELS["WARNING"], None)
    logging.setLogRecordFactory(logging.LogRecord)
    logging.raiseExceptions = True
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler, _Bridge)]
    root.setLevel(logging.WARNING)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)
    warnings.showwarning = _PYTHON_SHOW_WARNING
    sys.excepthook = sys.__excepthook__
    sys.unraisablehook = sys.__unraisablehook__
    threading.excepthook = threading.__excepthook__


_PYTHON_SHOW_WARNING = warnings.showwarning


_PYTHON_SHOW_WARNING = warnings.showwarning
_METHOD_LEVELS: Final = {"warn": "warning", "exception": "error", "err": "error", "fatal": "critical"}
_write_lock = threading.Lock()


class _Sink:
    """A stream that cannot hurt the one who logs: closed, full or gone, the line is lost."""

    def __init__(self, stream: TextIO | None, name: str) -> None:
        self.name = name
        self._stream = stream

    def msg(self, line: str) -> None:
        stream = self._stream or sys.stderr
        try:
            with _write_lock:
                stream.write(line + "\n")
                stream.flush()
        except (OSError, ValueError, AttributeError):
            return

    debug = info = warning = warn = error = critical = exception = fatal = msg


class _CleanStream(io.TextIOBase):
    """Standard output or error that takes text from the writers below only."""

    _WRITERS = (str(Path(__file__).parent), f"{os.sep}weights{os.sep}", f"{os.sep}tqdm{os.sep}")

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = ""

    def write(self, text: str) -> int:
        frame = sys._getframe(1)
        file = frame.f_code.co_filename
        if file.startswith(self._WRITERS[0]) or any(part in file for part in self._WRITERS[1:]):
            return self._stream.write(text)
        where = place(file, frame.f_lineno)
        if text.strip() and file != self._last:
            self._last = file
            _log_filtered("warning", {"where": where}, event="stream_text_removed")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()


class _Bridge(logging.Handler):
    """Hand the (already filtered) records of the standard library to the one pipeline."""

    def emit(self, record: logging.LogRecord) -> None:
        name = record.levelname.lower()
        _log_filtered(name if name.upper() in LEVELS else "error", getattr(record, "filtered", {}))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing: the standard library would print the record."""


def _configure_structlog(level: int, stream: TextIO | None) -> None:
    terminal = bool(getattr(stream or sys.stderr, "isatty", lambda: False)())
    render: Processor = (
        structlog.dev.ConsoleRenderer(colors=True) if terminal else structlog.processors.JSONRenderer()
    )

    def drop_below(_: object, method: str, event: Event) -> Event:
        if LEVELS.get(_level_name(method).upper(), logging.INFO) < level:
            raise structlog.DropEvent
        return event

    structlog.configure(
        processors=[drop_below, structlog.contextvars.merge_contextvars, _filter, render],
        wrapper_class=Logger,
        logger_factory=lambda *names: _Sink(stream, str(names[0]) if names else ""),
        cache_logger_on_first_use=False,
    )


def _filter(logger: object, method: str, event: Event) -> Event:
    """Keep only what the filter lets through; add the time, the level and the logger's name."""
    fields = dict(event)
    fields.pop("stack_info", None)
    error = _error_in(fields.pop("exc_info", method == "exception"))
    if error is not None:
        fields["error"] = error
    if "level" in fields:  # of a verdict; the line's own level has that name
        fields["risk_level"] = fields.pop("level")
    fields.setdefault("logger", getattr(logger, "name", ""))
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"timestamp": now, "level": _level_name(method), **clean_event(fields)}


def _error_in(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, tuple) and len(exc_info) == 3:
        exc_info = exc_info[1]
    if isinstance(exc_info, BaseException):
        return exc_info
    return sys.exc_info()[1] if exc_info else None


def _level_name(method: str) -> str:
    name = _METHOD_LEVELS.get(method, method)
    return name if name.upper() in LEVELS else "info"


def _filtered_record(*arguments: Any, **named: Any) -> logging.LogRecord:
    """Make a record that holds nothing but what may be shown, whichever handler gets it."""
    record = logging.LogRecord(*arguments, **named)
    message = library_message(record.msg, record.args, file=record.pathname)
    fields: dict[str, object] = {
        "logger": record.name,
        "where": place(record.pathname, record.lineno),
        "message": message,
    }
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields["error"] = describe_error(error)
    record.msg, record.args = str(message), ()
    record.exc_info = record.exc_text = record.stack_info = None
    record.__dict__["filtered"] = fields
    return record


def _log_filtered(level: str, fields: dict[str, object], *, event: str = "library_log") -> None:
    getattr(structlog.get_logger(), level)(event, **fields)


def _show_warning(
    message: Warning | str,  # noqa: ARG001 - it may quote anything
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    fields: dict[str, object] = {"where": place(filename, lineno), "error": category.__name__}
    _log_filtered("warning", fields, event="python_warning")


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _log_filtered("critical", {"error": error}, event="uncaught_error")


def _uncaught_in_thread(details: threading.ExceptHookArgs) -> None:
    if details.exc_value is not None and not isinstance(details.exc_value, SystemExit):
        _log_filtered("critical", {"error": details.exc_value}, event="uncaught_error_in_thread")


def _unraisable(details: UnraisableHookArgs) -> None:
    if details.exc_value is not None:
        _log_filtered("error", {"error": details.exc_value}, event="uncaught_error_in_cleanup")
