"""Shifted dates and ages: one offset for a document, so that what lies between two dates stays.

The offset is a number of whole weeks back, so that a weekday beside a date still fits it and no date
comes to lie in the future. Every form that `recognizers.dates` finds keeps its form. A year that would
tell of an age over 89 becomes the year that tells of 90, and an age over 89 becomes 90
(45 CFR 164.514(b)(2)(i)(C)).

Must not: give back the day that it was given.
"""

from __future__ import annotations

from datetime import date, timedelta

import regex

from safety.surrogate_date_forms import DateParts, read_date, read_number, say_number, write_date
from safety.surrogate_draws import Draw, match_case

_LEAST_WEEKS, _MOST_WEEKS = 40, 208
_COMMON_YEAR = 2023
_FIRST_YEAR, _LAST_YEAR = 1900, 2099
OLDEST = 90
_STAGES = ((0, 2), (3, 12), (13, 17), (18, 64), (65, 89))


class ShiftedTime:
    """Dates, years and ages of one document, moved together. `year` is the year that ages count from."""

    def __init__(self, key: bytes, *, year: int) -> None:
        draw = Draw(key, "time")
        self._shift = timedelta(weeks=-draw.number(_LEAST_WEEKS, _MOST_WEEKS))
        self._older = draw.one((-4, -3, -2, 2, 3, 4))
        self._oldest_year = year - OLDEST
        self._key = key
        self._year_of_text = 0

    def date_like(self, value: str) -> str:
        """Return a date in its own form, moved; a made-up day for what is no date that can be read."""
        parts = read_date(value)
        if parts is None:
            draw = Draw(self._key, "day", value.casefold())
            day = date(_COMMON_YEAR, draw.number(1, 12), draw.number(1, 28))
            return match_case(value, f"{day:%B} {day.day}")
        if parts.has_year:
            self._year_of_text = parts.year
        moved = self._moved(parts)
        year = moved.year
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            year = parts.year
        year = max(year, self._oldest_year)
        return write_date(value, parts, date(year, moved.month, _day(moved, year)))

    def year_like(self, value: str) -> str:
        """Return a year moved by as many whole years as dates are; "90s" becomes another decade."""
        found = regex.search(r"\d{4}|\d{2}", value)
        if found is None:
            return self.date_like(value)
        digits = found.group()
        year = int(digits) if len(digits) == 4 else 1900 + int(digits)
        made = max(self._moved(DateParts(year, 7, 1)).year, self._oldest_year)
        if year % 10 == 0 and regex.match(r"'?s\b", value[found.end() :]):
            made = made // 10 * 10
        return _in_place(value, *found.span(), f"{made:04d}"[-len(digits) :])

    def age_like(self, value: str) -> str:
        """Return another age of the same stage of life, by one step for all; over 89 it is 90."""
        read = read_number(value)
        if read is None:
            return self.old_age_like(value)
        age, start, end = read
        if age > 89:
            return self.old_age_like(value)
        low, high = next(stage for stage in _STAGES if age <= stage[1])
        made = age + self._older if low <= age + self._older <= high else age - self._older
        if not low <= made <= high:
            made = high if age != high else low
        shown = str(made) if value[start:end].isdigit() else match_case(value[start:end], say_number(made))
        return _in_place(value, start, end, shown)

    def old_age_like(self, value: str) -> str:
        """Return 90 in the form of `value`; of a year, the year that tells of 90."""
        if match := regex.search(r"\d{4}", value):
            return _in_place(value, *match.span(), str(self._oldest_year))
        if match := regex.search(r"(?<=')\d\d\b", value):
            return _in_place(value, *match.span(), f"{self._oldest_year % 100:02d}")
        if match := regex.search(r"\d{2,3}(?:st|nd|rd|th)?", value):
            ending = "th" if match.group()[-1].isalpha() else ""
            return _in_place(value, *match.span(), f"{OLDEST}{ending}")
        return match_case(value, "nineties" if "ies" in value.casefold() else "ninety")

    def _moved(self, parts: DateParts) -> date:
        """Move a date. One without a year is taken to lie in the year that the text spoke of last."""
        year = parts.year if parts.has_year else self._year_of_text or _COMMON_YEAR
        if parts.month == 2 and parts.day == 29 and not _leap(year):
            year = next(one for one in range(year, year + 9) if _leap(one))
        return date(year, parts.month, parts.day) + self._shift


_AGE_WORDS = regex.compile(
    r"(?:[^\p{L}\p{N}]|\b(?:years?|yrs?|months?|weeks?|days?|old|of|age[ds]?|young|birthday|late|early|mid|in|the|his|her|their|"
    r"yo|y|o|m|f|male|female|man|woman|s)\b)*",
    regex.IGNORECASE,
)


def _in_place(value: str, start: int, end: int, made: str) -> str:
    """Return `made` among the words of `value`; alone when one of them is no word for an age or a year."""
    before, after = value[:start], value[end:]
    if _AGE_WORDS.fullmatch(before) and _AGE_WORDS.fullmatch(after.removeprefix("s")):
        return before + made + after
    return made


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _day(moved: date, year: int) -> int:
    """Return the day of the month, kept inside a February that another year made shorter."""
    return 28 if moved.month == 2 and moved.day == 29 and not _leap(year) else moved.day
