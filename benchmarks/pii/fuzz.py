"""Texts that nobody should send: the scrubber ends in time or fails closed, and leaves nothing that it found.

    python -m benchmarks.pii --only fuzz --fuzz 100000 --resume FOLDER --minutes 8

Each text follows from its number alone: pieces of ordinary and of personal text, of scripts, controls, lone
surrogates, marks, markup, JSON and placeholders, mixed, nested, cut and repeated, now and then to a megabyte.
Must not keep or print a text: what is told is the fault and the text's number.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.pii.cases import unmark
from benchmarks.pii.estimates import exact
from benchmarks.pii.identifiers import GENERATORS, carriers
from benchmarks.pii.options import Options, Outcome
from benchmarks.pii.result import FAULTS, Line
from benchmarks.pii.speed import HOSTILE_PIECES
from benchmarks.pii.systems import SAFE_HARBOR, WIDE, made, our_scrubber, over_chunks
from safety.errors import ScrubError
from safety.normalise import normalise
from safety.placeholders import PLACEHOLDER
from safety.policies import Policy
from safety.recognizers.protected import protected_spans

if TYPE_CHECKING:
    from safety.entities import Entity, Scrubbed
    from safety.scrubber import Scrubber

_HALF = re.compile("[\ud800-\udfff]")
RAISED, OFFSETS, MALFORMED, LEFT, NOT_IDEMPOTENT, LATE = FAULTS
SECONDS = 1.0  # for a window of 4,000 characters
WINDOW = 4_000
MEGABYTE = 1_000_000
CHUNK = 500
_RARE = 20_000  # texts to one of a megabyte
_POLICIES: dict[str, Policy] = {SAFE_HARBOR: "safe-harbor", WIDE: "wide"}
# What decides of these is where they stand, so that the same words may be nothing elsewhere.
_BY_PLACE = frozenset({"DATE_TIME", "AGE", "AGE_OVER_89", "YEAR", "PARTIAL_NUMBER", "ZIP_CODE"})
_LEAST_TO_LOOK_FOR = 6  # letters and digits
_AROUND = 40  # characters that tell what something is

_PEOPLE = (
    "my name is Oona Tindle", "Dr. Brambleworth called", "i am zoltan wojciechowska", "MRS. ADEYEMI WAS SEEN",
    "ask for Jos\u00e9 Quillon", "this is Will Grace", "\u738b\u5c0f\u660e",
    "\u0627\u0633\u0645\u064a \u0646\u0648\u0631 \u062d\u062f\u0627\u062f",
    "I live at 12 Privet Road, Burlington VT 05401", "pain 5/10 for 3 weeks", "text 988 or 741741",
    "take 40 mg twice a day", "seen March 3rd, 2021", "she is 94 years old", "PHQ-9 score 12",
)  # fmt: skip
_MARKS = (
    "\u0301", "\u0338", "\u20e3", "\u0489", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u180e",
    "\u202e", "\u202d", "\u2066", "\u2069", "\u200f", "\u061c",
    "\0", "\x1a", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\r", "\v", "\ufffc", "\ufffd", "\uffff",
    "\ud800", "\udc00", "\ud83d", "\udfff\ud800", "\U0001f468\u200d\U0001f469", "\U000e0041", "\U0010ffff",
    "\u0130", "\u00df", "\ufb01", "\u1e9e", "\u2460", "\u0660\u0661\u0662", "\uff11\uff12", "\u2011",
    "\u2212",
)  # fmt: skip
_PLACED = (
    "[PERSON_1]", "[PERSON_0]", "[PERSON_10000]", "[US_SSN_1", "PHONE_NUMBER_2]", "[[PERSON_1]]",
    "[PERSON_[PERSON_2]]", "[EMAIL_ADDRESS_1]@[URL_1]", "<PERSON>", "[person_1]", "[PERSON_9999]",
    "[PHONE_NUMBER_8025550100]", "[UNKNOWN_1]", "[PERSON_1][PERSON_1]", "[DATE_TIME_1]/1987",
    "[ID_NUMBER_1]-1099",
)  # fmt: skip


@dataclass
class Tally:
    """What a number of texts came to: faults by kind with the numbers of the texts, and times."""

    texts: int = 0
    closed: int = 0
    longest: float = 0.0
    faults: dict[str, list[int]] = field(default_factory=dict)


def measure_fuzz(options: Options) -> Outcome:
    """Scrub hostile texts with ours under each policy, and count each fault."""
    numbers = range(options.seed * options.fuzz, (options.seed + 1) * options.fuzz)
    chunks = [numbers[at : at + CHUNK] for at in range(0, len(numbers), CHUNK)]
    tallies: dict[str, list[Tally]] = {}
    for name in _POLICIES:
        if name not in options.systems:
            continue
        results = options.kept.chunks(
            ("fuzz", name, made(name).version, str(numbers), __doc__ or ""), len(chunks),
            over_chunks(_tally, name, chunks, options.workers), title=f"fuzz, {name}",
        )  # fmt: skip
        tallies[name] = [Tally(**one) for one in results]
    counted: dict[str, Callable[[Tally], float]] = {fault: partial(_times, fault) for fault in FAULTS}
    counted["failed closed"] = lambda one: one.closed
    out: Outcome = []
    for measure, of in counted.items():
        values = {
            name: exact(sum(map(of, some)), sum(one.texts for one in some)) for name, some in tallies.items()
        }
        out.append(Line("fuzz", "all", measure, values, unit="count"))
    longest = {
        name: exact(1_000 * max(one.longest for one in some), sum(one.texts for one in some))
        for name, some in tallies.items()
    }
    out.append(Line("fuzz", "all", "longest", longest, unit="ms"))
    for name, some in tallies.items():
        for fault in FAULTS:
            where = [number for one in some for number in one.faults.get(fault, ())][:20]
            out += [
                Line("fuzz", f"text {number}", fault, {name: exact(1, 1)}, unit="count", detail=True)
                for number in where
            ]
    return out


def _times(fault: str, tally: Tally) -> int:
    return len(tally.faults.get(fault, ()))


def hostile(number: int) -> str:
    """Return the text of a number: one in 20,000 has a megabyte, one in 50 some thousands of characters."""
    random = Random(f"fuzz {number}")
    text = "".join(random.choice(_MAKERS)(random) for _ in range(random.randint(1, 7)))
    text = random.choice(_WRAPPERS)(text, random)
    if number % _RARE == _RARE - 1:
        return (text * (MEGABYTE // max(1, len(text)) + 1))[:MEGABYTE]
    if number % 50 == 49:
        return (text * (WINDOW // max(1, len(text)) + 1))[: random.randint(500, 3 * WINDOW)]
    if random.random() < 0.1:
        return text[random.randrange(len(text) + 1) :]
    return text


def faults_of(scrubber: Scrubber, text: str, *, twice: bool = True) -> tuple[list[str], bool, float]:
    """Scrub a text; return the faults, whether it failed closed, and the seconds of one scrubbing.

    `twice`: a second look at the output is to find nothing. Live text gets one pass of the tagger, and
    promises that of the rules alone.
    """
    began = time.perf_counter()
    try:
        done = scrubber.scrub(text)
        seconds = time.perf_counter() - began
        late = [LATE] if seconds > SECONDS * max(1, -(-len(text) // WINDOW)) else []
        faults = _written(text, done) or ([LEFT] if _left(text, done) else [])
        faults += late
        # What is longer is a short text many times over: a second look at it would tell nothing new.
        if twice and len(text) <= 3 * WINDOW and scrubber.scrub(done.text).text != done.text:
            faults.append(NOT_IDEMPOTENT)
        return faults, False, seconds
    except ScrubError:
        seconds = time.perf_counter() - began
        return [LATE] if seconds > SECONDS * max(1, -(-len(text) // WINDOW)) else [], True, seconds
    except Exception:  # noqa: BLE001 - this is what is looked for; its message may hold the text
        return [RAISED], False, time.perf_counter() - began


def _written(text: str, done: Scrubbed) -> list[str]:
    """Walk the output along the findings: what was not found is unchanged, what was is a placeholder.

    Half a character (a lone surrogate) is written as U+FFFD.
    """
    text = _HALF.sub("\ufffd", text)
    last, at = 0, 0
    for one in done.entities:
        if not last <= one.start < one.end <= len(text):
            return [OFFSETS]
        between = text[last : one.start]
        if not done.text.startswith(between, at):
            return [MALFORMED]
        at += len(between)
        placeholder = PLACEHOLDER.match(done.text, at)
        if placeholder is None or not placeholder.group().startswith(f"[{one.type}_"):
            return [MALFORMED]
        last, at = one.end, placeholder.end()
    return [] if done.text[at:] == text[last:] else [MALFORMED]


def _left(text: str, done: Scrubbed) -> bool:
    """Say whether a value that was found stands anywhere in the output as it was written.

    A hotline's number is kept on purpose, though something that was found may have its digits.
    """
    rest = PLACEHOLDER.sub("\x1a", done.text).casefold()
    values = {text[one.start : one.end].casefold() for one in done.entities if _to_look_for(text, one)}
    return any(_stands(value, rest) for value in values)


def _to_look_for(text: str, one: Entity) -> bool:
    value = text[one.start : one.end]
    letters = sum(map(str.isalnum, value))
    telling = any(map(str.isdigit, value)) or len(value.split()) > 1 or "@" in value
    return one.type not in _BY_PLACE and letters >= _LEAST_TO_LOOK_FOR and telling


def _stands(value: str, rest: str) -> bool:
    at = rest.find(value)
    while at >= 0:
        end = at + len(value)
        if not (rest[at - 1 : at].isalnum() or rest[end : end + 1].isalnum() or _kept(rest, at, end)):
            return True
        at = rest.find(value, at + 1)
    return False


def _kept(rest: str, start: int, end: int) -> bool:
    """Say whether what stands at start:end is one of those that no recognizer may touch."""
    first = max(0, start - _AROUND)
    plain = normalise(rest[first : end + _AROUND])
    spans = (plain.span(*one) for one in protected_spans(plain.text))
    return any(first + begin <= start and end <= first + stop for begin, stop in spans)


def _tally(name: str, numbers: Sequence[int]) -> dict[str, Any]:
    scrubber = _scrubbers.get(name) or _scrubbers.setdefault(name, our_scrubber(_POLICIES[name]))
    return vars(tally_of(scrubber, numbers, twice=_POLICIES[name] == "wide"))


_scrubbers: dict[str, Scrubber] = {}  # made once in each process


def tally_of(scrubber: Scrubber, numbers: Sequence[int], *, twice: bool = True) -> Tally:
    """Scrub the texts of these numbers and count; `twice` as `faults_of`."""
    tally = Tally()
    for number in numbers:
        faults, closed, seconds = faults_of(scrubber, hostile(number), twice=twice)
        tally.texts += 1
        tally.closed += closed
        tally.longest = max(tally.longest, seconds)
        for fault in faults:
            tally.faults.setdefault(fault, []).append(number)
    return tally


def _identifier(random: Random) -> str:
    name = random.choice(sorted(GENERATORS))
    return random.choice(carriers()[name]).replace("{v}", unmark(GENERATORS[name](random)))


def _noise(random: Random) -> str:
    return "".join(chr(random.choice((random.randrange(128), random.randrange(0x110000)))) for _ in range(12))


_MAKERS: tuple[Callable[[Random], str], ...] = (
    _identifier,
    _identifier,
    lambda random: random.choice(_PEOPLE),
    lambda random: random.choice(_PEOPLE),
    lambda random: random.choice(_MARKS) * random.choice((1, 1, 3, 40)),
    lambda random: random.choice(_PLACED),
    lambda random: random.choice(sorted(HOSTILE_PIECES.values())) * random.choice((1, 9, 60)),
    lambda random: random.choice((" ", "\n", "\t", ", ", ". ", "", "-", "/", ":", "\u00a0")),
    _noise,
)


def _scattered(text: str, random: Random) -> str:
    """Put marks into a text wherever they fall."""
    found = list(text)
    for _ in range(random.randint(1, 6)):
        found.insert(random.randrange(len(found) + 1), random.choice(_MARKS))
    return "".join(found)


_WRAPPERS: tuple[Callable[[str, Random], str], ...] = (
    lambda text, _random: text,
    lambda text, _random: text,
    lambda text, _random: text.upper(),
    lambda text, _random: text.lower(),
    lambda text, _random: text[::-1],
    lambda text, random: json.dumps({"messages": [{"role": "user", "content": text}] * random.randint(1, 3)}),
    lambda text, _random: json.dumps(json.dumps([text], ensure_ascii=False)),
    lambda text, _random: f"<b title='{text}'>{text[: len(text) // 2]}<br/>{text}&nbsp;&#39;<!--",
    lambda text, _random: "\u202e" + text + "\u202c",
    lambda text, _random: text.replace(" ", "\n"),
    lambda text, random: f"[PERSON_{random.randint(1, 3)}{text}]",
    lambda text, _random: " ".join(text),
    _scattered,
    _scattered,
)
