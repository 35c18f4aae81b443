"""Scrub the string values of JSON as it streams by: everything else comes out as it went in.

Numbers keep their digits, objects their order and repeated keys, whitespace its place. Only a string
that changes is written anew. Keys stay; what to do about a key that holds personal data is for the
caller to say. Must not put any of the text into an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

import regex

LONGEST = 8_000_000  # characters of one string, escapes and all
_TOKEN = regex.compile(r'[ \t\r\n]++|[{}\[\],:]|"(?:[^"\\\x00-\x1f]++|\\.)*+"|[-+.\w]++')
_PLAIN = regex.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity")

OnString = Callable[[str, tuple[str, ...]], str]
"""Takes a string value and the keys on the way to it; returns what to write."""


class NotJson(ValueError):
    """The text is not JSON, or a string in it is too long."""


def scrub_json(
    blocks: Iterable[str],
    on_string: OnString,
    *,
    on_key: Callable[[str], None],
    on_number: Callable[[str], None],
) -> Iterator[str]:
    """Yield the JSON text with its string values replaced. Raises NotJson, and what the callbacks raise."""
    value = _Value(on_string, on_key, on_number)
    rest = ""
    for block in blocks:
        rest += block
        at = 0
        while (token := _TOKEN.match(rest, at)) and (token.end() < len(rest) or rest[at] in '{}[],:"'):
            yield value.take(token.group())
            at = token.end()
        if token is None and at < len(rest) and rest[at] != '"':
            raise NotJson("not JSON")
        rest = rest[at:]
        if len(rest) > LONGEST:
            raise NotJson(f"a string of over {LONGEST} characters")
    if rest:
        token = _TOKEN.fullmatch(rest)
        if token is None:
            raise NotJson("not JSON")
        yield value.take(rest)
    value.end()


class _Value:
    """One JSON value in the course of being read: what may come next, and where we are."""

    def __init__(
        self, on_string: OnString, on_key: Callable[[str], None], on_number: Callable[[str], None]
    ) -> None:
        self._on_string, self._on_key, self._on_number = on_string, on_key, on_number
        self._open: list[str] = []
        self._keys: list[str] = []
        self._next = "value"

    def take(self, token: str) -> str:
        """Take the next token and return what to write for it."""
        sign = token[0]
        if sign in " \t\r\n":
            return token
        if sign == '"':
            return self._string(token)
        if sign in "{[":
            self._need("value", "value or ]")
            self._open.append(sign)
            self._keys.append("")
            self._next = "key or }" if sign == "{" else "value or ]"
        elif sign in "}]":
            self._need(*(("comma", "key or }") if sign == "}" else ("comma", "value or ]")))
            if not self._open or self._open.pop() != ("{" if sign == "}" else "["):
                raise NotJson("not JSON")
            self._keys.pop()
            self._after_value()
        elif sign == ",":
            self._need("comma")
            self._next = "key" if self._open[-1] == "{" else "value"
        elif sign == ":":
            self._need("colon")
            self._next = "value"
        else:
            self._need("value", "value or ]")
            if not _PLAIN.fullmatch(token):
                raise NotJson("not JSON")
            if token[-1].isdigit():
                self._on_number(token)
            self._after_value()
        return token

    def end(self) -> None:
        """Raise NotJson unless exactly one value was read to its end."""
        self._need("end")

    def _string(self, token: str) -> str:
        try:
            text = json.loads(token)
        except ValueError:
            raise NotJson("not JSON") from None
        if self._next in ("key", "key or }"):
            self._on_key(text)
            self._keys[-1] = text
            self._next = "colon"
            return token
        self._need("value", "value or ]")
        made = self._on_string(text, tuple(key for key in self._keys if key))
        self._after_value()
        return token if made == text else json.dumps(made, ensure_ascii=token.isascii())

    def _after_value(self) -> None:
        self._next = "comma" if self._open else "end"

    def _need(self, *allowed: str) -> None:
        if self._next not in allowed:
            raise NotJson("not JSON")
