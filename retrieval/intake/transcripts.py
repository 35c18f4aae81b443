"""Find questions and answers in the transcript of a call: what the caller asked, what the clinic said.

Candidates only. Somebody spoke them; nobody has approved them, and they may name a person. The caller of
this module scrubs every text before it shows or writes it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from retrieval.intake.pairs import Pair, asks

_TURN = re.compile(
    r"\s*(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?[\])]?\s*[-–]?\s*)?(?:<v\s+)?([A-Za-z][\w .'-]{0,30}?)"
    r"\s*(?:[\[(]\d{1,2}:\d{2}(?::\d{2})?[\])])?\s*[:>]\s+?(.*\S.*)"
)
_TIMING = re.compile(r"^\s*(?:WEBVTT.*|\d+|[\d:.,]+\s*-->.*|NOTE\b.*)\s*$")
_CLINIC = re.compile(
    r"agent|nurse|staff|reception|desk|representative|rep\b|operator|clinic|office|support|advisor|employee|doctor"
    r"|dr\b|provider|scheduler|billing|pharmac",
    re.IGNORECASE,
)
_CALLER = re.compile(
    r"caller|patient|client|customer|parent|mother|father|mom|dad|member|user|guest", re.IGNORECASE
)
_LABELS = frozenset({"q", "a", "question", "answer", "note", "tip", "http", "https", "phone", "email", "fax"})
_LEAST_WORDS = 4
_LEAST_SHARE = 0.6


@dataclass(frozen=True)
class _Turn:
    line: int
    speaker: str
    text: str


def read_calls(text: str) -> tuple[Pair, ...]:
    """Return the candidates of a transcript; none when the text is no conversation of two or more."""
    turns = _turns(text.splitlines())
    speakers = Counter(turn.speaker for turn in turns)
    roles = {speaker: _role(speaker) for speaker in speakers}
    if "caller" not in roles.values() and "clinic" not in roles.values() and turns:
        roles[turns[0].speaker] = "clinic"  # who takes the call speaks first
    others = "caller" if "clinic" in roles.values() else "clinic"
    roles = {speaker: role or others for speaker, role in roles.items()}
    if set(roles.values()) != {"clinic", "caller"}:
        return ()
    pairs: list[Pair] = []
    question, line, answer = "", 0, [""]
    for turn in turns:
        if roles[turn.speaker] == "clinic":
            answer.append(_told(turn.text))
            continue
        asked = [part for part in _sentences(turn.text) if asks(part)]
        if len(turn.text.split()) < _LEAST_WORDS and not asked:
            continue  # "mm-hm", "okay": the answer goes on
        if question and (asked or "".join(answer)):
            pairs.append(Pair(line, question, " ".join(filter(None, answer))))
            question = ""
        if asked:
            question, line, answer = asked[-1], turn.line, []
    if question:
        pairs.append(Pair(line, question, " ".join(filter(None, answer))))
    return tuple(pair for pair in pairs if len(pair.question.split()) >= _LEAST_WORDS)


def _turns(lines: list[str]) -> list[_Turn]:
    written = [(at, line) for at, line in enumerate(lines, 1) if line.strip() and not _TIMING.match(line)]
    turns: list[_Turn] = []
    begun = 0
    for number, line in written:
        match = _TURN.match(line)
        if match and match[1].lower().strip() not in _LABELS:
            begun += 1
            turns.append(_Turn(number, match[1].strip().lower(), match[2].replace("</v>", "").strip()))
        elif turns:
            turns[-1] = _Turn(turns[-1].line, turns[-1].speaker, f"{turns[-1].text} {line.strip()}")
    again = Counter(turn.speaker for turn in turns)
    known = any(_role(speaker) for speaker in again)
    if begun < _LEAST_SHARE * len(written) or len(again) < 2 or (max(again.values()) < 2 and not known):
        return []
    return turns


def _role(speaker: str) -> str:
    if _CALLER.search(speaker):
        return "caller"
    return "clinic" if _CLINIC.search(speaker) else ""


def _told(text: str) -> str:
    """Return what is told in a turn; what it asks back is no part of an answer."""
    return " ".join(part for part in _sentences(text) if not part.endswith("?"))


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?!])\s+", text.strip())
