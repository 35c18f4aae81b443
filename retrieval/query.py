"""What of a message is searched for, and whether it leans on the message before."""

from __future__ import annotations

import re

from retrieval.lexical import content_words

MAX_CHARS = 4_000

_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*(?:_\d+)?\]|<[A-Z][A-Z_]{2,}>")
_CLAUSE = re.compile(r"[^.!?;,\n]+[.!?;,\n]*")
# Who someone is says nothing of what is asked: a clause of these words around what was scrubbed goes.
_INTRODUCING = frozenset(
    content_words(
        "hi hello hey dear thanks please name named called call number phone cell mobile reach text email "
        "mail address live living birth birthday born date dob id member patient record chart mrn ssn "
        "policy account contact"
    )
)
_ASKING = re.compile(
    r"\?|\b(?:how|what|when|where|which|who|why|can|could|may|should|need|want)\b", re.IGNORECASE
)
_POINTING = (
    r"\b(?:it|its|that|this|those|these|them|they|there|then|one|ones|he|she|him|her|same|instead|else)\b"
)
_POINTS = re.compile(_POINTING, re.IGNORECASE)
_LEANING = re.compile(
    rf"{_POINTING}|^\W*(?:and|but|or|so|what about|how about|what if|why|ok|okay|also)\b", re.IGNORECASE
)
# Who puts right what they said means what they said: "no, I mean for my son".
_MEANT = re.compile(
    r"^\W*(?:(?:no|sorry|oh|oops|well|actually|wait)\b[\W]*)*"
    r"(?:i (?:mean|meant)|i was (?:asking|talking) about|(?:quiero|quise) decir|me (?:refiero|refer[ií]a))\b"
    r"|^\W*(?:(?:no|sorry|and|but)\b[\W]*)+(?:not )?(?:for|about|at|on|with) (?:me|us|my|our|the|a|an)\b",
    re.IGNORECASE,
)
_SHORT_WORDS = 3
_LEANING_WORDS = 7
_POINTING_WORDS = 2
_MEANT_WORDS = 5


def clean_query(text: str) -> str:
    """Return the text on one line, cut to 4,000 characters, without the placeholders of scrubbed data.

    A clause that only says who is asking ("I am [PERSON_1], my number is [PHONE_NUMBER_1].") goes whole,
    unless nothing else was said.
    """
    text = text[:MAX_CHARS]
    asked = [clause for clause in _CLAUSE.findall(text) if not _introduces(clause)]
    return _plain("".join(asked)) or _plain(text)


def _introduces(clause: str) -> bool:
    rest = _PLACEHOLDER.sub(" ", clause)
    return rest != clause and not _ASKING.search(rest) and _INTRODUCING.issuperset(content_words(rest))


def _plain(text: str) -> str:
    return " ".join(_PLACEHOLDER.sub(" ", text).split())


def leans_on_context(query: str) -> bool:
    """Tell whether a question is too short, or points back too much, to be understood alone."""
    count = len(set(content_words(query)))
    return count <= _SHORT_WORDS or (count <= _LEANING_WORDS and bool(_LEANING.search(query)))


def points_back(query: str) -> bool:
    """Tell whether it points at what was said and names little: "how long does it take", "no, for my son"."""
    count = len(set(content_words(query)))
    most = _MEANT_WORDS if _MEANT.search(query) else _POINTING_WORDS if _POINTS.search(query) else -1
    return count <= most


def points_nowhere(query: str) -> bool:
    """Tell whether it is about something that only an earlier message could name ("how do i get it")."""
    return len(set(content_words(query))) <= _POINTING_WORDS and bool(_LEANING.search(query))
