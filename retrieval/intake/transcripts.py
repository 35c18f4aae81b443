"""Find questions and answers in the transcript of a call: what the caller asked, what the clinic said.

Lines with speakers, and captions (WebVTT, SubRip), which are always taken for speech. Candidates only.
Somebody spoke them; nobody has approved them, and they may name a person. The caller of this module scrubs
every text before it shows or writes it. What is no candidate comes out as well, without a question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from retrieval.faq_files import FIELDS, NAMES, asks
from retrieval.intake.pairs import Pair, read_pairs

_STAMP = r"[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?[\])]?"
_NAME = r"[*_]{0,2}([^\W\d_][\w .'()/&#-]{0,40}?)[*_]{0,2}"
_TURN = re.compile(
    rf"\s*(?:{_STAMP}\s*[-–]?\s*)?{_NAME}\s*(?:{_STAMP})?\s*:(?!//|\d)[*_]{{0,2}}\s*(.*)"
    rf"|\s*\[{_NAME}\]:?\s+(?!\()(.*)"
    rf"|\s*{_NAME}(?:\s{{2,}}|\s*(?=[\[(])){_STAMP}\s*"
)
_TIMING = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?\s*-->.*")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?(?:c|i|b|u|v|ruby|rt|lang|font)\b[^>]*>|<[\d:.]+>|\{\\an?\d+\}", re.IGNORECASE)
_CLINIC = re.compile(
    r"agent|nurse|staff|reception|desk|representative|rep\b|operator|clinic|office|support|advisor|employee|doctor"
    r"|dr\b|provider|scheduler|billing|pharmac",
    re.IGNORECASE,
)
_CALLER = re.compile(
    r"caller|patient|client|customer|parent|mother|father|mom|dad|member|user|guest", re.IGNORECASE
)
_LABELS = frozenset({*FIELDS, *NAMES, "note", "tip", "http", "https", "phone", "email", "fax"})
_LEAST_WORDS = 4
# Of the lines, how many begin a turn: where anybody may speak, where two do in turns, where both are named
# for what they are. A turn may run over many lines.
_LEAST_SHARE, _SHARE_OF_TWO, _SHARE_OF_ROLES = 0.6, 0.3, 0.15


@dataclass(frozen=True)
class _Line:
    """A line as it was said: captions say in marks who speaks; `aside` stands beside what is said."""

    number: int
    text: str
    speaker: str = ""
    aside: bool = False


@dataclass(frozen=True)
class _Turn:
    line: int
    speaker: str
    text: str


def read_calls(text: str, *, captions: bool = False) -> tuple[Pair, ...] | None:
    """Return the candidates of a transcript and, as pairs without a question, all else that it says.

    None when the text is no speech: no captions, by their times or as the caller knows, and no conversation.
    """
    lines = text.splitlines()
    captions = captions or any(_TIMING.fullmatch(line) for line in lines)
    said = list(_captions(lines) if captions else (_Line(at, line) for at, line in enumerate(lines, 1)))
    turns = _turns([line for line in said if not line.aside and line.text.strip()])
    if not turns:
        return _unlabelled(said, len(lines)) if captions else None
    beside = [line for line in said if line.aside or line.number < turns[0].line]
    return _merged([*(Pair(line.number, "", line.text.strip()) for line in beside), *_candidates(turns)])


def _candidates(turns: list[_Turn]) -> list[Pair]:
    roles = {turn.speaker: _role(turn.speaker) for turn in turns}
    if not any(roles.values()):
        roles[turns[0].speaker] = "clinic"  # who takes the call speaks first
    others = "caller" if "clinic" in roles.values() else "clinic"
    found: list[Pair] = []
    asked_at: int | None = None
    named = {speaker for speaker in roles if _role(speaker)}
    for turn in turns:
        rest = _sentences(turn.text)
        if (roles[turn.speaker] or others) == "clinic":
            if asked_at is not None:
                # What the clinic asks back is no part of an answer.
                told = " ".join(part for part in rest if not part.endswith("?"))
                before = found[asked_at]
                found[asked_at] = replace(before, answer=f"{before.answer} {told}".strip())
                rest = [part for part in rest if part.endswith("?")]
            found.append(_loose(turn, rest, named=turn.speaker in named))
            named.add(turn.speaker)
            continue
        asked = [at for at, part in enumerate(rest) if asks(part)]
        # "mm-hm", "okay": the answer goes on.
        speaks = bool(asked) or len(turn.text.split()) >= _LEAST_WORDS
        if asked_at is not None and speaks and (asked or found[asked_at].answer):
            asked_at = None
        question = rest.pop(asked[-1]) if asked and len(rest[asked[-1]].split()) >= _LEAST_WORDS else ""
        found.append(_loose(turn, rest, named=turn.speaker in named))
        named.add(turn.speaker)
        if question:
            asked_at = len(found)
            found.append(Pair(turn.line, question, ""))
    return found


def _loose(turn: _Turn, rest: list[str], *, named: bool) -> Pair:
    """Return what is no candidate, with who said it; a speaker not yet named comes out alone."""
    return Pair(turn.line, "", f"{turn.speaker}: {' '.join(rest)}".strip() if rest or not named else "")


def _merged(pairs: list[Pair]) -> tuple[Pair, ...]:
    """Return the pairs without empty ones, those without a question that follow each other as one."""
    merged: list[Pair] = []
    for pair in pairs:
        if merged and not pair.question and not merged[-1].question:
            merged[-1] = replace(merged[-1], answer=f"{merged[-1].answer}\n{pair.answer}".strip())
        elif pair.question or pair.answer:
            merged.append(pair)
    return tuple(merged)


def _captions(lines: list[str]) -> Iterator[_Line]:
    """Yield the lines of captions without times, numbers, styles and marks.

    Source: WebVTT, https://www.w3.org/TR/webvtt1/, 4.1.
    """
    block = "head" if lines and lines[0].startswith("WEBVTT") else ""
    for number, (line, after) in enumerate(zip(lines, [*lines, ""][1:], strict=True), start=1):
        if not line.strip():
            block = ""
        elif _TIMING.fullmatch(line):
            block = "cue"
        elif block != "cue" and _TIMING.fullmatch(after) and len(line.split()) == 1:
            continue  # a cue's number or name
        elif not block and line.split()[0] in ("NOTE", "STYLE", "REGION"):
            block = line.split()[0]
            yield _Line(number, line.removeprefix("NOTE") if block == "NOTE" else "", aside=True)
        elif block in ("head", "NOTE"):
            yield _Line(number, line.removeprefix("WEBVTT"), aside=True)
        elif block not in ("STYLE", "REGION"):
            first, *voices = _VOICE.split(line)
            yield _Line(number, _TAG.sub("", first))
            for speaker, words in zip(voices[::2], voices[1::2], strict=True):
                yield _Line(number, _TAG.sub("", words), speaker.strip())


def _unlabelled(said: list[_Line], count: int) -> tuple[Pair, ...]:
    """Return what captions without speakers say; the lines keep their numbers."""
    texts = [""] * count
    for line in said:
        texts[line.number - 1] += f"{line.speaker}: {line.text}" if line.speaker else line.text
    found: list[Pair] = []
    for pair in read_pairs("\n".join(texts)):
        # What looks like a field was said as well, and a field is not scrubbed.
        rest = "\n".join(str(value) for value in pair.values.values() if value)
        found += [Pair(pair.line, pair.question, pair.answer), Pair(pair.line, "", rest)]
    return _merged(found)


def _turns(lines: list[_Line]) -> list[_Turn]:
    """Return who says what, one speaker's lines as one turn; nothing when it is no call."""
    turns: list[_Turn] = []
    begun: Counter[str] = Counter()
    alone = 0
    for line in lines:
        match = None if line.speaker else _TURN.fullmatch(line.text)
        speaker = line.speaker or ((match[1] or match[3] or match[5]).strip() if match else "")
        if speaker and speaker.rstrip(" 0123456789").lower() not in _LABELS:
            said = line.text.strip() if match is None else (match[2] or match[4] or "").strip()
            begun[speaker] += 1
            alone += not said
            if not turns or turns[-1].speaker != speaker:
                turns.append(_Turn(line.number, speaker, said))
                continue
        else:
            said = line.text.strip()
        if turns:
            turns[-1] = replace(turns[-1], text=f"{turns[-1].text} {said}".strip())
    if not turns or not _converse(begun, lines, alone=alone, at_once=turns[0].line == lines[0].number):
        return []
    return turns


def _converse(begun: Counter[str], lines: list[_Line], *, alone: int, at_once: bool) -> bool:
    """Say whether speakers who begin so many turns converse, or are the labels of a list."""
    share = begun.total() / max(1, len(lines) - alone)
    roles = {_role(speaker) for speaker in begun} - {""}
    if len(begun) < 2:
        # A message that a caller left: the label alone could head a list for patients.
        return at_once and any(_CALLER.fullmatch(speaker) for speaker in begun)
    if len(roles) == 2 and share >= _SHARE_OF_ROLES:
        return max(begun.values()) > 1 or not alone
    if len(begun) == 2 and min(begun.values()) > 1 and share >= _SHARE_OF_TWO:
        return True
    return share >= _LEAST_SHARE and (max(begun.values()) > 1 or (bool(roles) and not alone))


def _role(speaker: str) -> str:
    if _CALLER.search(speaker):
        return "caller"
    return "clinic" if _CLINIC.search(speaker) else ""


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?!])\s+", text.strip()) if text.strip() else []
