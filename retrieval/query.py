"""What of a message is searched for, and whether it leans on the message before."""

from __future__ import annotations

import re

from retrieval.lexical import content_words

MAX_CHARS = 4_000

_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*(?:_\d+)?\]|<[A-Z][A-Z_]{2,}>")
_LEANING = re.compile(
    r"\b(?:it|its|that|this|those|these|them|they|there|then|one|ones|he|she|him|her|same|instead|else)\b"
    r"|^\W*(?:and|but|or|so|what about|how about|what if|why|ok|okay|also)\b",
    re.IGNORECASE,
)
_SHORT_WORDS = 3
_LEANING_WORDS = 7


def clean_query(text: str) -> str:
    """Return the text on one line, without the placeholders of scrubbed data, cut to 4,000 characters."""
    return " ".join(_PLACEHOLDER.sub(" ", text[:MAX_CHARS]).split())


def leans_on_context(query: str) -> bool:
    """Tell whether a question is too short, or points back too much, to be understood alone."""
    count = len(set(content_words(query)))
    return count <= _SHORT_WORDS or (count <= _LEANING_WORDS and bool(_LEANING.search(query)))
