"""Dates and numbers as people write them: read the parts of one, and write another in the same form.

"March 14th, '24", "4 may nineteen ninety", "2024-03-14", "3/14", "031490" and "the third of June" all
keep their separators, order, case and lengths. Must not decide which day is written: only how.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import regex

from safety.surrogate_draws import match_case

Kind = Literal["month", "day", "year"]
UNKNOWN_DAY = 15
"""What a month without a day counts as."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where one part of a date stands in its text."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DateParts:
    """A date as it was read, and where its parts stand. Without a year, `year` says nothing."""

    year: int
    month: int
    day: int
    has_year: bool = True
    parts: tuple[Part, ...] = ()


_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    "zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
    "nineteenth", "twentieth",
)  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_WORDS = (
    {name: day for day, name in enumerate(_ORDINALS) if day}
    | {
        f"{tens} {_ORDINALS[one]}": ten + one
        for tens, ten in (("twenty", 20), ("thirty", 30))
        for one in range(1, 10)
        if ten + one < 32
    }
    | {"thirtieth": 30}
)
_ONE_WORD = "|".join(_ONES[1:10])
_NUMBER_WORD = (
    rf"(?:(?:{'|'.join(_TENS[2:])})(?:[ -](?:{_ONE_WORD}))?|{'|'.join(sorted(_ONES, key=len, reverse=True))})"
)
_TEXTUAL = regex.compile(
    r"(?P<month>(?<![a-z])(?:jan(?:uary)?|feb(?:r?uary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z]))"
    rf"|(?P<dayword>\b(?:{'|'.join(sorted(_DAY_WORDS, key=len, reverse=True)).replace(' ', '[ -]')})\b)"
    rf"|(?P<yearword>\b(?:two\s+thousand|nineteen|twenty)"
    rf"(?:[ -]+(?:and|hundred|oh|o|{_NUMBER_WORD})\b){{1,3}})"
    r"|(?P<year>(?<!\d)(?:19|20)\d\d(?!\d)|(?<=')\d\d\b)|(?P<number>(?<!\d)\d{1,2}(?!\d)(?:\s?(?:st|nd|rd|th)\b)?)",
    regex.IGNORECASE,
)
_ISO: tuple[Kind, ...] = ("year", "month", "day")
_MONTH_DAY_YEAR: tuple[Kind, ...] = ("month", "day", "year")
_DAY_MONTH_YEAR: tuple[Kind, ...] = ("day", "month", "year")
_MONTH_YEAR: tuple[Kind, ...] = ("month", "year")
_DIGITS = regex.compile(r"\d+")
_NUMBER = regex.compile(rf"\d{{1,3}}|\b(?:a\s+|one\s+)?hundred\b|\b{_NUMBER_WORD}\b", regex.IGNORECASE)


def read_date(value: str) -> DateParts | None:
    """Return the date that `value` writes; None when it writes no day or month of the calendar."""
    read = _read_words(value) if regex.search(r"(?i)[a-z]{3}", value) else _read_digits(value)
    if read is None:
        return None
    try:
        date(read.year if read.has_year else 2000, read.month, read.day)
    except ValueError:
        return None
    return read


def write_date(value: str, read: DateParts, day: date) -> str:
    """Return `value` with the parts of `day` in the place and form of those that were read."""
    shown = {part: value[part.start : part.end] for part in read.parts}
    numbers = [text for part, text in shown.items() if part.kind != "year" and text.isdigit()]
    textual = any(text[0].isalpha() for text in shown.values())
    padded = any(text[0] == "0" for text in numbers) or (
        not textual and all(len(text) == 2 for text in numbers)
    )
    for part in sorted(read.parts, key=lambda part: -part.start):
        text = shown[part]
        made = {"year": _year_like, "month": _month_like, "day": _day_like}[part.kind](text, day, padded)
        value = value[: part.start] + made + value[part.end :]
    return value


def read_number(value: str) -> tuple[int, int, int] | None:
    """Return the first whole number in `value`, in digits or words, with its start and end; else None."""
    found = _NUMBER.search(value)
    if found is None:
        return None
    text = found.group().lower()
    if text.isdigit():
        return int(text), *found.span()
    return (100 if "hundred" in text else _number(text)), *found.span()


def say_number(number: int) -> str:
    """Return a number from 0 to 99 in words."""
    if number < 20:
        return _ONES[number]
    return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")


def _read_words(value: str) -> DateParts | None:
    """Read a date with the name of its month."""
    found: dict[str, Part] = {}
    numbers: dict[str, int] = {}
    for match in _TEXTUAL.finditer(value):
        text = match.group().lower()
        kind: Kind
        if match.group("month"):
            kind, number = "month", _MONTHS.index(text[:3]) + 1
        elif match.group("dayword"):
            kind, number = "day", _DAY_WORDS[text.replace("-", " ")]
        elif match.group("yearword"):
            kind, number = "year", _spelled_year(text)
        elif match.group("year"):
            kind, number = "year", _year(text)
        else:
            number = int(regex.sub(r"\D", "", text))
            if "day" not in found and 1 <= number <= 31:
                kind = "day"
            else:
                kind, number = "year", _year(text[:2])
        if kind not in found:
            found[kind] = Part(kind, *match.span())
            numbers[kind] = number
    if "month" not in found or len(found) < 2:
        return None
    return DateParts(
        numbers.get("year", 0),
        numbers["month"],
        numbers.get("day", UNKNOWN_DAY),
        "year" in found,
        tuple(found.values()),
    )


def _read_digits(value: str) -> DateParts | None:
    """Read a date in digits: a year of four digits tells its place, else the month comes first."""
    groups = [match.span() for match in _DIGITS.finditer(value.partition("T")[0])][:3]
    if len(groups) == 1:
        groups = _split_run(value, *groups[0])
    texts = [value[start:end] for start, end in groups]
    month_first = bool(texts) and int(texts[0]) <= 12
    if len(texts) == 3 and len(texts[0]) == 4:
        order = _ISO
    elif len(texts) == 3:
        order = _MONTH_DAY_YEAR if month_first else _DAY_MONTH_YEAR
    elif len(texts) == 2:
        order = (
            _MONTH_YEAR if len(texts[1]) == 4 else _MONTH_DAY_YEAR[:2] if month_first else _DAY_MONTH_YEAR[:2]
        )
    else:
        return None
    numbers = dict(zip(order, texts, strict=True))
    return DateParts(
        _year(numbers["year"]) if "year" in numbers else 0,
        int(numbers["month"]),
        int(numbers.get("day", UNKNOWN_DAY)),
        "year" in numbers,
        tuple(Part(kind, start, end) for kind, (start, end) in zip(order, groups, strict=True)),
    )


def _split_run(value: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut 031490, 03141990 and 19900314 into their parts."""
    if end - start == 6:
        return [(start, start + 2), (start + 2, start + 4), (start + 4, end)]
    if (
        end - start == 8
        and value[start : start + 2] in ("19", "20")
        and int(value[start + 4 : start + 6]) <= 12
    ):
        return [(start, start + 4), (start + 4, start + 6), (start + 6, end)]
    if end - start == 8:
        return [(start, start + 2), (start + 2, start + 4), (start + 4, end)]
    return []


def _year(text: str) -> int:
    return int(text) if len(text) > 2 else int(text) + (2000 if int(text) <= 30 else 1900)


def _spelled_year(text: str) -> int:
    words = text.replace("-", " ").split()
    century = 2000 if words[0] in ("two", "twenty") else 1900
    rest = [
        word for word in words[2 if words[0] == "two" else 1 :] if word not in ("and", "hundred", "oh", "o")
    ]
    return century + (_number(" ".join(rest)) if rest else 0)


def _number(text: str) -> int:
    words = text.replace("-", " ").split()
    return sum(_TENS.index(word) * 10 if word in _TENS[2:] else _ONES.index(word) for word in words)


def _year_like(text: str, day: date, _padded: bool) -> str:
    if text.isdigit():
        return f"{day.year:04d}"[-len(text) :]
    rest = day.year % 100
    if 2000 <= day.year < 2010:
        return match_case(text, "two thousand" + (f" and {_ONES[rest]}" if rest else ""))
    century = "twenty" if day.year >= 2000 else "nineteen"
    ending = (
        "hundred" if not rest else f"oh {_ONES[rest]}" if rest < 10 else say_number(rest).replace("-", " ")
    )
    return match_case(text, f"{century} {ending}")


def _month_like(text: str, day: date, padded: bool) -> str:
    if text.isdigit():
        return f"{day.month:02d}" if padded else str(day.month)
    short = text.lower() != "may" and len(text) <= 4 and text.lower() not in ("june", "july")
    return match_case(text, f"{day:%b}" if short else f"{day:%B}")


def _day_like(text: str, day: date, padded: bool) -> str:
    if text.isdigit():
        return f"{day.day:02d}" if padded else str(day.day)
    if text[0].isdigit():
        ending = "th" if day.day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
        return f"{day.day}{match_case(text.lstrip('0123456789 '), ending)}"
    word = next(name for name, number in _DAY_WORDS.items() if number == day.day)
    return match_case(text, word.replace(" ", "-" if "-" in text else " "))
