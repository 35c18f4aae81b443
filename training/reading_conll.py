"""CoNLL files as records for taggers: a token and its label a line, an empty line after each sentence.

    Ann     B-PER
    Lee     I-PER
    left    O

Reads IOB1 (I- begins) and IOB2 (B- begins), blanks or tabs between the columns; the first is the token, the
last the label. Tokens are joined as English writes them. Countries, states and nationalities, which such
corpora call places and others, get the labels of generated rows (`training/generated/labels.py`). Such
corpora name people, places and organisations and nothing else, so a sentence that shows other personal data
(a digit, an @, a link) would teach that it is none: it is set aside as `unlabelled_kinds`.

Must not: put a token into a fault.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from training.generated.words import countries, states
from training.reading_formats import Record
from training.rows import Span

KINDS: Final = {
    "PER": "PERSON", "PERSON": "PERSON",
    "LOC": "LOCATION", "LOCATION": "LOCATION", "GPE": "LOCATION", "GEO-LOC": "LOCATION",
    "FACILITY": "LOCATION", "ORG": "ORGANIZATION", "CORPORATION": "ORGANIZATION", "COMPANY": "ORGANIZATION",
    "GROUP": "ORGANIZATION",
}  # fmt: skip
"""The corpus's kinds, in capitals, as entity types; other kinds (works, products, ...) are not personal."""

_OUTSIDE: Final = "O"
_NO_SPACE_BEFORE: Final = {
    ".", ",", ";", ":", "!", "?", ")", "]", "}", "%", "...", "'", "'s", "’s", "n't", "'m", "'re", "'ve",
    "'ll", "'d",
}  # fmt: skip
_NO_SPACE_AFTER: Final = {"(", "[", "{", "$", "#"}
_OTHER_COUNTRIES: Final = frozenset(
    {
        "usa",
        "us",
        "u.s.",
        "u.s",
        "united states",
        "america",
        "united kingdom",
        "britain",
        "great britain",
        "uae",
    }
)
_MONTHS: Final = frozenset(
    (
        "january", "february", "march", "april", "june", "july", "august", "september", "october", "november",
        "december",
    )
)  # fmt: skip
_MOST_TOKENS: Final = 500
Token = tuple[str, str, bool]
"""A word, its entity type ('' for none), and whether it begins one."""


def conll_sentences(stream: io.BufferedReader) -> Iterator[Record]:
    """Yield one record a sentence: `text` and `spans`. Its number is the line that it begins on.

    Faults: bad_utf8, wrong_columns, too_large, unlabelled_kinds.
    """
    begins, lines = 1, list[bytes]()
    for number, raw in enumerate(stream, start=1):
        line = raw.strip()
        if line and not line.startswith(b"-DOCSTART-"):
            begins = begins if lines else number
            lines.append(line)
        elif lines:
            yield begins, _sentence(lines)
            lines = []
    if lines:
        yield begins, _sentence(lines)


def _sentence(lines: Sequence[bytes]) -> dict[str, object] | str:
    if len(lines) > _MOST_TOKENS:
        return "too_large"
    try:
        columns = [line.decode().split() for line in lines]
    except UnicodeDecodeError:
        return "bad_utf8"
    if any(len(row) < 2 for row in columns):
        return "wrong_columns"
    tokens: list[Token] = []
    before = ""
    for row in columns:
        sign, _, kind = row[-1].partition("-")
        label = KINDS.get(kind.upper(), "") if row[-1] != _OUTSIDE else ""
        if kind.upper() == "MISC" and row[0].lower() in _nationalities():
            label = "NATIONALITY"
        tokens.append((row[0], label, bool(label) and (sign == "B" or label != before)))
        before = label
    if any("@" in word or (not label and _other_kind(word)) for word, label, _begins in tokens):
        return "unlabelled_kinds"
    return _joined(tokens)


def _other_kind(word: str) -> bool:
    low = word.lower()
    return any(sign.isdigit() for sign in word) or low.startswith(("http", "www.")) or low in _MONTHS


def _joined(tokens: Sequence[Token]) -> dict[str, object]:
    text, glued = "", True
    spans: list[Span] = []
    for word, label, begins in tokens:
        if not glued and word not in _NO_SPACE_BEFORE:
            text += " "
        start = len(text)
        text += word
        glued = word in _NO_SPACE_AFTER
        if begins:
            spans.append(Span(start=start, end=len(text), label=label))
        elif label:
            spans[-1] = Span(start=spans[-1].start, end=len(text), label=label)
    return {"text": text, "spans": [{**span.model_dump(), "label": _narrowed(text, span)} for span in spans]}


def _narrowed(text: str, span: Span) -> str:
    """Return a label; a place that is a country or a state has that one's."""
    name = text[span.start : span.end].lower()
    if span.label != "LOCATION":
        return span.label
    return "COUNTRY" if name in _countries() else "STATE" if name in _states() else "LOCATION"


@cache
def _countries() -> frozenset[str]:
    return frozenset(name.lower().removeprefix("the ") for name in countries()) | _OTHER_COUNTRIES


@cache
def _nationalities() -> frozenset[str]:
    return frozenset(name.lower() for name in countries().values()) | {"american"}


@cache
def _states() -> frozenset[str]:
    # New York is a town as often as a state, Georgia a country.
    return frozenset(name.lower() for name in states().values()) - {"new york", "georgia"}
