"""The last net under the logs: let through codes, names, numbers and ids; never a sentence.

Nobody should log a user's words. When somebody does all the same, this stops them: an event under
an unknown key is dropped, a text that is not of an expected form becomes "[removed]", and an
exception is told by its type and the lines it came through, never by its message: ours too, since
a message may quote what it was given.
"""

from __future__ import annotations

import ast
import math
import re
import sysconfig
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from weights.uncaught import places, type_name

Plain = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None

REMOVED = "[removed]"

# Values of these keys are codes of ours: lower case, no space.
CODE_KEYS = frozenset({
    "action", "category", "clean", "code", "command", "dropped", "kind", "model_state", "rating",
    "reason", "reasons", "risk_level", "stage", "state", "status", "step", "support", "task",
})  # fmt: skip
# Values of these keys are ids, hashes, versions, names of models and files, and entity types.
NAME_KEYS = frozenset({
    "adapter", "base", "candidate", "conversation_id", "detectors", "embedder", "entities", "error",
    "expected", "found", "hit_ids", "index", "index_hash", "logger", "model", "policy_hash", "prompt_hash",
    "release", "thread", "timings_ms", "turn", "turn_id", "version", "versions", "what", "where",
})  # fmt: skip
# Numbers pass under these keys, and under any key that ends in one of the units.
NUMBER_KEYS = frozenset({
    "batch", "confidence", "count", "exchanges", "feedback", "port", "rows", "seconds", "share", "tokens",
    "traces", "unanswered",
})  # fmt: skip
NUMBER_SUFFIXES = ("_ms", "_s", "_count", "_bytes", "_tokens", "_chars")

# Two words at least: no single word of a message can pass for an event.
_EVENT = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+){1,7}", re.ASCII)
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_NAME = re.compile(
    r"[A-Za-z][A-Za-z0-9_.:/+=-]{0,199}"
    r"|hub:[A-Za-z0-9_./-]{1,120}@[A-Za-z0-9_.-]{1,64}"
    r"|[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}"
    r"|\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?:[a-z]+\d*)?",
    re.ASCII,
)
_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}", re.ASCII)

MOST_ITEMS = 50
MOST_CAUSES = 4
LONGEST_TEMPLATE = 200
LARGEST_SOURCE = 2_000_000

OUR_PACKAGES = ("app", "retrieval", "safety", "training", "weights")
_OURS = Path(__file__).resolve().parent.parent
_TRUSTED = (
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")),
    *(_OURS / package for package in OUR_PACKAGES),
)


class Template(str):
    """A log message found as a constant in the source that logged it, numbers filled in."""

    __slots__ = ()


class Described(dict[str, Plain]):
    """An exception, told without its message."""


def clean_event(event: Mapping[str, object]) -> dict[str, Plain]:
    """Return what may be written of an event. Never raises; takes anything."""
    cleaned: dict[str, Plain] = {}
    lost = 0
    for key, value in event.items():
        if key == "event":
            cleaned["event"] = str(value) if _is(value, _EVENT) else REMOVED
        elif key == "message" and isinstance(value, Template):
            cleaned["message"] = str(value)
        elif key == "error" and isinstance(value, Described):
            cleaned["error"] = dict(value)
        elif key == "error" and isinstance(value, BaseException):
            cleaned["error"] = dict(describe_error(value))
        elif key in CODE_KEYS:
            cleaned[key] = _clean(value, _CODE)
        elif key in NAME_KEYS:
            cleaned[key] = _clean(value, _NAME)
        elif key in NUMBER_KEYS or (key.endswith(NUMBER_SUFFIXES) and _is(key, _CODE)):
            cleaned[key] = _number(value)
        else:
            lost += 1
    if lost:
        cleaned["keys_removed"] = lost
    return cleaned


def describe_error(error: BaseException) -> Described:
    """Tell an exception and what caused it by types and places, without any message."""
    described = Described(_describe_one(error))
    innermost: dict[str, Plain] = described
    seen = {id(error)}
    for _ in range(MOST_CAUSES):
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None or id(cause) in seen:
            break
        seen.add(id(cause))
        told = _describe_one(cause)
        innermost["cause"] = told
        error, innermost = cause, told
    return described


def library_message(template: object, arguments: object, *, file: str) -> Template | str:
    """Return a library's log message if it is a constant in that library's source, else "[removed]".

    Only numbers are filled in; every other argument could be, or quote, what a user wrote.
    """
    if not isinstance(template, str) or template not in constants(file):
        return REMOVED
    given = arguments if isinstance(arguments, tuple) else (arguments,) if arguments else ()
    shown = template
    if given:
        numbers = tuple(value if type(value) in (int, float) else REMOVED for value in given)
        try:
            shown = template % numbers
        except (TypeError, ValueError, KeyError, OverflowError):
            shown = template
    return Template(" ".join(shown.split())[:LONGEST_TEMPLATE])


@lru_cache(maxsize=256)
def constants(file: str) -> frozenset[str]:
    """Return the string constants of a source file of Python, of a library or of ours; else none."""
    path = Path(file)
    try:
        trusted = any(path.is_relative_to(folder) for folder in _TRUSTED)
        if not trusted or path.stat().st_size > LARGEST_SOURCE:
            return frozenset()
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    values = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(value for value in values if isinstance(value, str))


def _describe_one(error: BaseException) -> dict[str, Plain]:
    kind = type(error)
    told: dict[str, Plain] = {"type": type_name(kind) or REMOVED}
    told["where"] = list(places(error.__traceback__))
    code = getattr(error, "code", "")
    if isinstance(code, str) and kind.__module__.partition(".")[0] in OUR_PACKAGES:
        told["code"] = _clean(code, _CODE)
    if isinstance(error, BaseExceptionGroup):
        told["among"] = [_describe_one(inner) for inner in error.exceptions[:MOST_CAUSES]]
    return told


def _clean(value: object, form: re.Pattern[str], depth: int = 0) -> Plain:
    if value is None or isinstance(value, bool | int | float):
        return _number(value)
    if isinstance(value, str):
        return value if value == "" or _is(value, form) else REMOVED
    if isinstance(value, BaseException):
        return type(value).__name__ if _TYPE.fullmatch(type(value).__name__) else REMOVED
    if depth < 2 and isinstance(value, Mapping):
        pairs = list(value.items())[:MOST_ITEMS]
        return {
            (key if isinstance(key, str) and _NAME.fullmatch(key) else REMOVED): _clean(each, form, depth + 1)
            for key, each in pairs
        }
    if depth < 2 and isinstance(value, list | tuple | set | frozenset):
        return [_clean(each, form, depth + 1) for each in list(value)[:MOST_ITEMS]]
    return REMOVED


def _number(value: object) -> Plain:
    if value is None or isinstance(value, bool):
        return value
    if type(value) is int and abs(value) < 2**53:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    return REMOVED


def _is(value: object, form: re.Pattern[str]) -> bool:
    return type(value) is str and form.fullmatch(value) is not None
