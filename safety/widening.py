"""Move the ends of what was found outwards, until no word, no address and no number is cut in two.

Must not: take more than linear time, however many findings lie in one run of characters.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Collection

import regex

from safety.entities import Entity

# "DEA # BW\n2541539": letters before a line break, behind what says that a number comes.
_TORN_HEAD = regex.compile(
    r"(?:[#:=]|\b(?i:is|it|its|it's|was|to|no|num|number|id|dea|dl|vin|iban|wire|member|licen[cs]e|passport|registration|plates?|serial|s/n|sn))\.?[\s:#]{0,3}"
    r"(?<![\w-])(?P<head>[A-Z]{1,3}\d{0,6})(?:[ ]{2,4}|[ ]?\r?\n[ ]{0,3})$"
)
# "serial AP6277201\nY, keeps whistling": but "I" and "A" begin a line.
_TORN_TAIL = regex.compile(r"(?:[ ]{2,4}|[ ]?\r?\n[ ]{0,3})[B-HJ-Z](?![\w'.-])")
_LETTERS_AND_DIGITS = regex.compile(r"[A-Z]{2,3}\d{5,8}")
_LONGEST_HEAD = 30
_LABELS = frozenset(
    {"MRN", "SSN", "DOB", "ID", "NPI", "DEA", "VIN", "TEL", "FAX", "NO", "DL", "PIN", "RX", "ZIP", "AM", "PM"}
)
_MAIL_SIGN = regex.compile(r"[\w.+%@-]")


class Widener:
    """Widens findings in one text; of the types `whole` over the run of digits and hyphens they lie in."""

    def __init__(self, text: str, *, whole: Collection[str] = ()) -> None:
        self._text, self._whole = text, whole
        self._digits = _Runs(text, lambda sign: sign.isdigit() or sign == "-")
        self._words = _Runs(text, lambda sign: sign.isalnum() or sign == "_")
        self._mail = _Runs(text, lambda sign: bool(_MAIL_SIGN.match(sign)))

    def widen(self, entity: Entity) -> Entity:
        """Return the entity with its ends at the edges of words, numbers, and of an address with @."""
        text, start, end = self._text, entity.start, entity.end
        if self._words.holds(start):
            start = self._words.before(start)
        if self._words.holds(end - 1):
            end = self._words.after(end)
        if entity.type in self._whole:
            start, end = self._whole_number(start, end)
            start, end = self._torn_head(start, end), self._torn_tail(start, end)
        if entity.type in ("EMAIL_ADDRESS", "URL") and "@" in text[max(0, start - 64) : end + 64]:
            start, end = self._mail.before(start), self._mail.after(end)
            while end > entity.end and text[end - 1] in ".-":
                end -= 1
        return Entity(start, end, entity.type, entity.score)

    def _torn_head(self, start: int, end: int) -> int:
        """Return where the letters begin that a line break tears off what starts at `start`."""
        first = next((at for at in range(start, end) if self._text[at].isalnum()), start)
        head = _TORN_HEAD.search(self._text, max(0, first - _LONGEST_HEAD), first)
        return start if head is None or head["head"] in _LABELS else head.start("head")

    def _torn_tail(self, start: int, end: int) -> int:
        """Return where the one letter ends that a line break tears off a number in letters and digits."""
        tail = _TORN_TAIL.match(self._text, end)
        return tail.end() if tail and _LETTERS_AND_DIGITS.fullmatch(self._text, start, end) else end

    def _whole_number(self, start: int, end: int) -> tuple[int, int]:
        """Widen over digits and hyphens; a hyphen that no digit follows, or comes before, stays outside."""
        text, first, last = self._text, start, end
        if self._digits.holds(start):
            first = self._digits.before(start)
        if self._digits.holds(end - 1):
            last = self._digits.after(end)
        while first < start and text[first] == "-":
            first += 1
        while last > end and text[last - 1] == "-":
            last -= 1
        return first, last


class _Runs:
    """Runs of the characters that `belongs` tells, each read once however often it is asked for."""

    def __init__(self, text: str, belongs: Callable[[str], bool]) -> None:
        self._text, self._belongs = text, belongs
        self._known: list[tuple[int, int]] = []

    def holds(self, at: int) -> bool:
        """Tell whether the character at `at` is in a run."""
        return 0 <= at < len(self._text) and self._belongs(self._text[at])

    def before(self, at: int) -> int:
        """Return where the run that reaches up to `at` begins; `at` where there is none."""
        return self._around(at - 1)[0] if self.holds(at - 1) else at

    def after(self, at: int) -> int:
        """Return where the run that goes on at `at` ends; `at` where there is none."""
        return self._around(at)[1] if self.holds(at) else at

    def _around(self, at: int) -> tuple[int, int]:
        place = bisect_right(self._known, (at, len(self._text)))
        if place and at < self._known[place - 1][1]:
            return self._known[place - 1]
        start, end = at, at + 1
        while start > 0 and self._belongs(self._text[start - 1]):
            start -= 1
        while end < len(self._text) and self._belongs(self._text[end]):
            end += 1
        insort(self._known, (start, end))
        return start, end
