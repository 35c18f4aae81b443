"""Scrub personal data from text: find it, replace it, look again.

Fails closed: a recognizer that raises, or a search that takes longer than its time, makes the whole call
raise ScrubError, and the caller must not use the text. Offsets are code points of the text as it was given.
What has been replaced reads as one blank to the recognizers, so scrubbing scrubbed text finds nothing new.

Must not: log, keep or put into an error any of the text.
Run: `python -m safety scrub FILE`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import regex

from safety.analyzer import Analyzer
from safety.deadline import seconds_left, within
from safety.entities import Entity, Scrubbed
from safety.errors import RecognizerFailed, ScrubError, TextTooLong
from safety.joining import joined
from safety.keep import Keep
from safety.mentions import mentions
from safety.normalise import normalise
from safety.placeholders import PLACEHOLDER, Placeholders, Replacer, Reserves
from safety.policies import POLICIES, Policy, scrub_policy
from safety.presidio import EntityRecognizer, RecognizerResult
from safety.recognizers import RECOGNIZERS, REPLACED_BY_TAGGER
from safety.recognizers.clinical_terms import clinical_spans, perhaps_people
from safety.recognizers.dates import reads_as_a_score
from safety.recognizers.protected import protected_spans
from safety.recognizers.rules import is_trace
from safety.repeats import Repeats
from safety.sparing import SPARED, Span, left_to_scrub, outside, terms_that_spare
from safety.widening import Widener

MAX_CHARS = 1_000_000
WINDOW = 4_000
OVERLAP = 300
MAX_LOOKS = 12
SECONDS = 5.0
"""How long a window of a text may take, all looks together. The goal is one; a machine may be busy."""
THOROUGH_SECONDS = 20.0
"""The same where the tagger reads as often as there is anything left to find."""
_REPEATED = 0.5  # score of what was found elsewhere in the text
_BLANK = "\x1a"  # what covered text reads as: ASCII, no letter, no digit, no space


_NUMBERS = frozenset((
    "FAX_NUMBER", "PHONE_NUMBER", "MEDICAL_RECORD_NUMBER", "MEMBER_ID", "ACCOUNT_NUMBER", "DEVICE_ID",
    "CERTIFICATE_NUMBER", "MEDICAL_LICENSE", "LICENSE_PLATE", "EMPLOYEE_ID", "ID_NUMBER", "IP_ADDRESS",
))  # fmt: skip
# Of these no part may stand: a digit less is still most of one.
_WHOLE = _NUMBERS.union((
    "US_SSN", "US_ITIN", "US_MBI", "US_NPI", "US_PASSPORT", "US_DRIVER_LICENSE", "US_BANK_NUMBER",
    "CREDIT_CARD", "IBAN_CODE", "CRYPTO", "VIN", "ZIP_CODE",
))  # fmt: skip
# A dose inside of these ("+8g", "996G", "97L WFJ") is none.
_UNCUT = frozenset({"BIOMETRIC", "IBAN_CODE", "CRYPTO", "DEVICE_ID", "LICENSE_PLATE", "VIN"})
_HALF = re.compile(r"[\ud800-\udfff]")  # of a character: nothing that comes later could encode it
_BARE = regex.compile(r"[\W\d]+")
_HOUSE_NUMBER = regex.compile(r"[\W\d]+[a-z]?", regex.IGNORECASE)
_AN_AGE = regex.compile(r"\d{2,3}\s?-?\s?(?:years?|yrs?)|(?:19|20)?\d0'?s", regex.IGNORECASE)
_A_DAY = regex.compile(r"(?:1[0-2]|0?[1-9])\s?/\s?(?:3[01]|[12]\d|0?[1-9])")
_ALSO = regex.compile(r"\s*(?:[,;&(/]|and\b|or\b|with\b|$)", regex.IGNORECASE)
_BEFORE = regex.compile(
    r"(?:^|[,;&(/]|\b(?:and|or|with|to|from|by|dr|doctor|nurse|mr|mrs|ms|prof|professor)\.?)\s*$",
    regex.IGNORECASE,
)
_AT_A_SIGN = regex.compile(r"(?<=[-./:])\s{1,4}|\s{1,4}(?=[-./:])")
_SURE_NUMBER = 0.85
_SURE_AGE = 0.8


class Scrubber:
    """Finds and replaces personal data under one policy. Safe to use from several threads."""

    def __init__(
        self,
        *,
        policy: Policy = "wide",
        name_model: Path | None,
        tagger: Path | None = None,
        thorough: bool = False,
        keep: Collection[str] = (),
        thresholds: Mapping[str, float] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Load the recognizers. `keep`: the clinic's own names, numbers and addresses, never scrubbed.

        `tagger` is a folder by `weights.served`; it takes the place of `name_model`. It reads live text
        once; with `thorough`, for corpora, as often as there is anything left to find. `thresholds`: the
        least score (0 to 1) of recognizers by their names in `RECOGNIZERS`. `seconds`: how long 4,000
        characters may take, SECONDS or THOROUGH_SECONDS unless given. Raises PolicyError.
        """
        names = [one for one in RECOGNIZERS if tagger is None or one not in REPLACED_BY_TAGGER]
        rules = scrub_policy(policy, names, thresholds=thresholds)
        self.policy = policy
        self._keep = Keep(keep)
        self._thorough = thorough
        self._seconds = seconds or (THOROUGH_SECONDS if thorough else SECONDS)
        if tagger is not None:
            name_model = None
        self._analyzer = Analyzer(
            {name: RECOGNIZERS[name]() for name in names},
            policy=rules,
            name_model=name_model,
            tagger=None if tagger is None else _load_tagger(tagger),
        )
        models = {"name_model": name_model, "tagger": tagger}
        self.policy_hash = rules.version(models)
        # Live text and corpora have policies of their own: this scrubber's parts under each of them.
        self.policy_hashes = {
            name: scrub_policy(name, names, thresholds=thresholds).version(models) for name in POLICIES
        }

    def scrub(self, text: str, placeholders: Replacer | None = None) -> Scrubbed:
        """Replace all personal data in `text`. Raises ScrubError when it could not be searched in full."""
        replacer = Placeholders() if placeholders is None else placeholders
        if isinstance(replacer, Reserves):
            replacer.reserve(text)
        entities = self._with_seen(text, self.find(text), replacer)
        pieces: list[str] = []
        last = 0
        for entity in entities:
            pieces += (
                text[last : entity.start],
                replacer.replacement(entity.type, text[entity.start : entity.end]),
            )
            last = entity.end
        return Scrubbed(_HALF.sub("\ufffd", "".join(pieces) + text[last:]), entities)

    @staticmethod
    def _with_seen(text: str, entities: tuple[Entity, ...], replacer: Replacer) -> tuple[Entity, ...]:
        """Add names that were found earlier in the conversation and that nothing gives away here."""
        plain = normalise(text)
        again = [Entity(*plain.span(*known), "PERSON", 1.0) for known in mentions(plain.text, replacer)]
        again = [
            one
            for one in again
            if all(one.end <= entity.start or entity.end <= one.start for entity in entities)
        ]
        if again:  # after "Dr. Parkinson", "Parkinson's disease" is none of hers
            called = [*perhaps_people(plain.text)]
            terms = [
                plain.span(*part) for term in clinical_spans(plain.text) for part in outside(*term, called)
            ]
            again = [
                one for one in again if not any(start <= one.start and one.end <= end for start, end in terms)
            ]
        return tuple(sorted((*entities, *again)))

    def find(self, text: str) -> tuple[Entity, ...]:
        """Return all personal data in `text`, in order, without overlaps. Raises ScrubError."""
        if len(text) > MAX_CHARS:
            raise TextTooLong(f"{len(text)} characters; the scrubber takes {MAX_CHARS}. Split the text.")
        try:
            with within(self._seconds * (1 + len(text) // WINDOW)):
                return self._find(text)
        except TimeoutError:
            raise RecognizerFailed(
                f"a pattern took longer than its time on a text of {len(text)} characters"
            ) from None

    def _find(self, text: str) -> tuple[Entity, ...]:
        found: list[Entity] = []
        fixed = [match.span() for match in PLACEHOLDER.finditer(text)]
        for look in range(MAX_LOOKS):
            view = _View(text, sorted(fixed + [(entity.start, entity.end) for entity in found]))
            known = Repeats((one.type, text[one.start : one.end]) for one in found)
            new = self._look(view, known, tagged=look == 0 or self._thorough)
            if not new:
                return tuple(found)
            found = sorted(found + new)
        raise ScrubError(
            f"still finding personal data after {MAX_LOOKS} looks at a text of {len(text)} characters"
        )

    def _look(self, view: _View, known: Repeats, *, tagged: bool) -> list[Entity]:
        """Search the text that is not covered yet, once; without a tagger, `tagged` changes nothing."""
        raw: list[Entity] = []
        widener = Widener(view.text, whole=_WHOLE)
        for begin, stop in _windows(view.text):
            seconds_left(self._seconds)
            plain = normalise(view.text[begin:stop])
            protected = [*protected_spans(plain.text)]
            kept = [*self._keep.spans(plain.text)]
            results = self._analyzer.analyze(plain.text, tagged=tagged)
            found = [_entity(one) for one in results if not is_trace(one)]
            again = [Entity(start, end, kind, _REPEATED) for kind, start, end in known.spans(plain.text)]
            found += again
            mistakable = any(one.type in SPARED for one in found)
            clinical = [*clinical_spans(plain.text)] if mistakable else []
            called = [*perhaps_people(plain.text)] if clinical else []
            left = _Left(plain.text, protected, kept, clinical, called, frozenset(again))
            staying = [part for one in found for part in left.of(one)]
            people = [one for one in staying if one.type == "PERSON"]
            longer = joined(plain.text, people, [_entity(one) for one in results if is_trace(one)])
            for one in (*staying, *(part for whole in longer for part in left.of(whole))):
                first, last = plain.span(one.start, one.end)
                raw.append(Entity(begin + first, begin + last, one.type, one.score))
        return [
            Entity(start, end, entity.type, entity.score)
            for entity in _union(widener.widen(entity) for entity in raw)
            for start, end in view.original(entity.start, entity.end)
        ]


@dataclass(frozen=True)
class _Left:
    """What stays a finding in one normalised text: spans of it that spare others, and what is known of it."""

    text: str
    protected: Sequence[Span]
    kept: Sequence[Span]
    clinical: Sequence[Span]
    called: Sequence[Span]
    again: Collection[Entity]

    def of(self, found: Entity) -> list[Entity]:
        """Return the parts of a finding that nothing spares."""
        cutting = [span for span in self.kept if _may_cut(span, found, self.text)]
        spans = left_to_scrub(
            self.text,
            (found.start, found.end),
            kind=found.type,
            kept=[*(span for span in self.protected if _may_spare(span, found, self.text)), *cutting],
            clinical=terms_that_spare(found, self.clinical, self.called, known=found in self.again),
        )
        return [Entity(start, end, found.type, found.score) for start, end in spans]


def _entity(one: RecognizerResult) -> Entity:
    return Entity(one.start, one.end, one.entity_type, round(float(one.score), 3))


def _load_tagger(folder: Path) -> EntityRecognizer:
    """Load the tagger; what it runs on is not needed without one."""
    from safety.recognizers.tagger import TaggerRecognizer

    return TaggerRecognizer(folder)


def _may_cut(kept: tuple[int, int], found: Entity, text: str) -> bool:
    """Say whether the clinic's own words at `kept` may be taken out of what was found.

    What lies wholly inside them is the clinic's. A name, a number or an address that is longer is a
    person's: a patient may be called like the clinic, or live in its street. Two people who were found as
    one come apart ("Dr. Imani Okafor and Jane Roe").
    """
    start, end = kept
    if start <= found.start and found.end <= end:
        return True
    if found.type == "PERSON":
        alone = _ALSO.match(text, end, found.end) and _BEFORE.search(text[found.start : start])
        return " " in text[start:end] and bool(alone)
    return found.type not in {"STREET_ADDRESS", *_WHOLE} and " " in text[start:end]


def _may_spare(protected: tuple[int, int], found: Entity, text: str) -> bool:
    """Say whether a hotline, a dose or a score at `protected` may be taken out of what was found.

    A sure number that is written in one run ("2007-OZ-035379"), or broken at a sign, holds none, nor does any
    longer number, card or house number hold a bare one ("219-09-1099"). Whoever is 112 years old is no number
    to call, and an age or a birthday no duration, decade or score. Of a longer name no insurer is taken out.
    """
    start, end = protected
    said = text[start:end]
    longer = found.start <= start and end <= found.end and (start, end) != (found.start, found.end)
    if found.type == "AGE_OVER_89":
        if _AN_AGE.fullmatch(said):
            return False
        if found.score >= _SURE_AGE and (start, end) == (found.start, found.end):
            return not said.isdigit()
    if found.type == "DATE_TIME" and _A_DAY.fullmatch(said):
        return reads_as_a_score(text, start, end)
    if longer and (
        found.type in _UNCUT
        or (found.type in _WHOLE and _BARE.fullmatch(said))
        or (found.type == "STREET_ADDRESS" and _HOUSE_NUMBER.fullmatch(said))
        or (found.type == "PERSON" and said.isalpha())
    ):
        return False
    run = found.type in _NUMBERS and found.score >= _SURE_NUMBER
    return not (longer and run and len(_AT_A_SIGN.sub("", text[found.start : found.end]).split()) == 1)


class _View:
    """The text as recognizers see it: what is covered already reads as one blank."""

    def __init__(self, text: str, covered: list[tuple[int, int]]) -> None:
        self._source = text
        self._open: list[tuple[int, int, int]] = []  # (start in view, start in text, length)
        pieces: list[str] = []
        at = last = 0
        for start, end in [*covered, (len(text), len(text))]:
            if start > last:
                self._open.append((at, last, start - last))
                pieces.append(text[last:start].replace(_BLANK, " "))
                at += start - last
            if end > start:
                pieces.append(_BLANK)
                at += 1
            last = max(last, end)
        self.text = "".join(pieces)

    def original(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of the view's start:end that are not covered, as spans of the original."""
        for at, source, length in self._open:
            first, last = max(start, at), min(end, at + length)
            if first < last:
                first, last = source + first - at, source + last - at
                while (
                    first < last and not self._source[first].isalnum() and self._source[first] not in "+(@#"
                ):
                    first += 1
                while first < last and not (
                    self._source[last - 1].isalnum() or self._source[last - 1] in ")_"
                ):
                    last -= 1
                if any(character.isalnum() for character in self._source[first:last]):
                    yield first, last


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Cut a long text into windows that overlap, at whitespace where there is any."""
    begin = 0
    while len(text) - begin > WINDOW:
        stop = _space_before(text, begin + WINDOW, begin + WINDOW - OVERLAP)
        yield begin, stop
        begin = _space_before(text, stop - OVERLAP, stop - 2 * OVERLAP)
    yield begin, len(text)


def _space_before(text: str, at: int, least: int) -> int:
    for position in range(at, least, -1):
        if text[position - 1].isspace():
            return position
    return at


def _union(entities: Iterator[Entity]) -> list[Entity]:
    """Join what overlaps; the surest, then the longest, gives its type."""
    merged: list[tuple[Entity, Entity]] = []  # (the union, the one that gives the type)
    for entity in sorted(entities):
        if merged and entity.start < merged[-1][0].end:
            whole, chief = merged[-1]
            if (entity.score, entity.end - entity.start) > (chief.score, chief.end - chief.start):
                chief = entity
            merged[-1] = (Entity(whole.start, max(whole.end, entity.end), chief.type, chief.score), chief)
        else:
            merged.append((entity, entity))
    return [whole for whole, _chief in merged]
