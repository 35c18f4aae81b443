"""Dates in every form that people write, ages and clock times.

full        03/14/2019, 14 March 2019, Mar. 14th, 2019, 2019-03-14, 14-MAR-2019, ...
partial     March 14, 3/14, the 14th, Tues 3/14
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Final

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT_DAYS: Final = ("Mon", "Tues", "Wed", "Thurs", "Fri", "Sat", "Sun")
_TODAY: Final = date(2026, 6, 30)
HOLIDAYS: Final = (
    "Christmas", "Christmas Eve", "Christmas Day", "xmas", "Thanksgiving", "New Year's", "New Year's Eve",
    "New Years Day", "Easter", "Easter Sunday", "Good Friday", "Passover", "Rosh Hashanah", "Yom Kippur",
    "Hanukkah", "Ramadan", "Eid", "Diwali", "Holi", "Lunar New Year", "Tet", "Nowruz", "Kwanzaa",
    "Juneteenth", "Labor Day", "Memorial Day", "Veterans Day", "Presidents Day", "MLK Day", "July 4th",
    "the Fourth of July", "4th of July", "Halloween", "Valentine's Day", "Mother's Day", "Father's Day",
    "St. Patrick's Day", "Cinco de Mayo", "Día de los Muertos", "Boxing Day", "Ash Wednesday", "Palm Sunday",
    "Indigenous Peoples Day", "Columbus Day",
)  # fmt: skip

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def full(rng: Random) -> str:
    """Return a date of the last years or the next months."""
    return _written(rng, _TODAY - timedelta(days=int(rng.triangular(-200, 4500, 60))))


def birth(rng: Random) -> str:
    """Return a date of birth; digits alone are more frequent than elsewhere."""
    day = _TODAY - timedelta(days=rng.randint(3, 38000))
    if rng.random() < 0.06:
        return rng.choice(
            (f"{day:%m%d%Y}", f"{day:%m%d%y}", f"{day:%m %d %Y}", f"{day.month} {day.day} {day:%y}")
        )
    return _written(rng, day)


def partial(rng: Random) -> str:
    """Return a month with a day, a day of the month, or a weekday with either."""
    day = _TODAY - timedelta(days=rng.randint(-180, 365))
    month, short, nth = _MONTHS[day.month - 1], _MONTHS[day.month - 1][:3], _nth(day.day)
    weekday = rng.choice((_DAYS, _SHORT_DAYS))[day.weekday()]
    return rng.choice(
        (
            f"{month} {day.day}", f"{month} {day.day}", f"{month} {nth}", f"{short} {day.day}",
            f"{short}. {nth}", f"{day.month}/{day.day}", f"{day.month}/{day.day}", f"{day:%m/%d}",
            f"{day.day} {month}", f"the {nth} of {month}", f"{weekday} {month} {day.day}",
            f"{weekday}, {month} {nth}", f"{weekday} {day.month}/{day.day}", f"{weekday} the {nth}",
            f"the {nth}", f"{month} the {nth}", f"{day.day}-{short}", f"{weekday} {short} {day.day}",
        )
    )  # fmt: skip


def month_year(rng: Random) -> str:
    """Return a month with its year."""
    month, year = rng.choice(_MONTHS), _year(rng)
    number = _MONTHS.index(month) + 1
    return rng.choice(
        (
            f"{month} {year}", f"{month} {year}", f"{month[:3]} {year}", f"{month[:3]}. {year}",
            f"{number:02d}/{year}", f"{number}/{year}", f"{month} of {year}", f"{month} '{year % 100:02d}",
            f"{month}, {year}", f"{month[:3]}-{year % 100:02d}",
        )
    )  # fmt: skip


def year(rng: Random) -> str:
    """Return a year, now and then its last two digits behind an apostrophe."""
    number = _year(rng)
    return f"'{number % 100:02d}" if rng.random() < 0.1 else str(number)


def span(rng: Random) -> tuple[tuple[str, bool], ...]:
    """Return a stretch of time as pieces, each with whether it is a date: the word between is none."""
    first = _TODAY - timedelta(days=rng.randint(-120, 2500))
    last = first + timedelta(days=rng.randint(1, 40))
    between = rng.choice((" to ", " to ", " through ", " until ", " thru ", " till "))
    if rng.random() < 0.35:
        month, end = _MONTHS[first.month - 1], _MONTHS[last.month - 1]
        one = rng.choice(
            (
                f"{first.month}/{first.day}-{last.month}/{last.day}",
                f"{month} {first.day}-{last.day if month == end else f'{end} {last.day}'}",
                f"{first:%m/%d/%Y}-{last:%m/%d/%Y}", f"{first:%m/%d/%y} - {last:%m/%d/%y}",
                f"{month[:3]} {first.day} - {end[:3]} {last.day}",
            )
        )  # fmt: skip
        return ((one, True),)
    form = rng.choice(_FORMS) if rng.random() < 0.5 else _month_day
    return ((form(first), True), (between, False), (form(last), True))


def holiday(rng: Random) -> str:
    """Return a holiday."""
    return rng.choice(HOLIDAYS)


def clock(rng: Random) -> str:
    """Return a time of day."""
    hour, minute = rng.randrange(24), rng.choice((0, 0, 15, 30, 45, rng.randrange(60)))
    twelve, half = hour % 12 or 12, "am" if hour < 12 else "pm"
    return rng.choice(
        (
            f"{twelve}:{minute:02d} {half}", f"{twelve}:{minute:02d}{half}", f"{twelve} {half}",
            f"{twelve}{half}", f"{hour:02d}:{minute:02d}", f"{hour:02d}{minute:02d}",
            f"{twelve}:{minute:02d}", f"{twelve}:{minute:02d} {half[0]}.m.",
            f"{twelve}:{minute:02d} {half.upper()}", f"half past {twelve}", f"quarter to {twelve}", "noon",
            "midnight",
        )
    )  # fmt: skip


def age(rng: Random) -> str:
    """Return an age from 0 to 89."""
    return str(rng.randint(0, 17) if rng.random() < 0.25 else rng.randint(18, 89))


def age_old(rng: Random) -> str:
    """Return an age from 90 on."""
    return str(int(rng.triangular(90, 112, 91)))


def in_words(number: int) -> str:
    """Return a number below 1000 in words: "forty-two", "one hundred and three"."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        rest = number % 10
        return _TENS[number // 10 - 2] + (f"-{_ONES[rest]}" if rest else "")
    rest = number % 100
    return f"{_ONES[number // 100]} hundred" + (f" and {in_words(rest)}" if rest else "")


def _year(rng: Random) -> int:
    return int(rng.triangular(1948, 2027, 2021))


def _nth(day: int) -> str:
    ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _month(day: date) -> str:
    return _MONTHS[day.month - 1]


def _month_day(day: date) -> str:
    return f"{_month(day)} {day.day}"


Form = Callable[[date], str]
_FORMS: Final[tuple[Form, ...]] = (
    lambda day: f"{day:%m/%d/%Y}",
    lambda day: f"{day:%m/%d/%Y}",
    lambda day: f"{day.month}/{day.day}/{day.year}",
    lambda day: f"{day.month}/{day.day}/{day:%y}",
    lambda day: f"{day:%m-%d-%Y}",
    lambda day: f"{day.month}-{day.day}-{day:%y}",
    lambda day: f"{day:%Y-%m-%d}",
    lambda day: f"{day:%Y/%m/%d}",
    lambda day: f"{_month(day)} {day.day}, {day.year}",
    lambda day: f"{_month(day)} {day.day}, {day.year}",
    lambda day: f"{_month(day)} {day.day} {day.year}",
    lambda day: f"{_month(day)} {_nth(day.day)}, {day.year}",
    lambda day: f"{_month(day)[:3]} {day.day}, {day.year}",
    lambda day: f"{_month(day)[:3]}. {_nth(day.day)}, {day.year}",
    lambda day: f"{day.day} {_month(day)} {day.year}",
    lambda day: f"{day.day} {_month(day)[:3]} {day.year}",
    lambda day: f"{day.day:02d}-{_month(day)[:3].upper()}-{day.year}",
    lambda day: f"{day.day:02d}{_month(day)[:3].upper()}{day.year}",
    lambda day: f"{day.day:02d}-{_month(day)[:3]}-{day:%y}",
    lambda day: f"{day:%d.%m.%Y}",
    lambda day: f"{day.month}.{day.day}.{day:%y}",
    lambda day: f"{_DAYS[day.weekday()]}, {_month(day)} {day.day}, {day.year}",
    lambda day: f"{_SHORT_DAYS[day.weekday()]} {day.month}/{day.day}/{day:%y}",
    lambda day: f"the {_nth(day.day)} of {_month(day)} {day.year}",
    lambda day: f"{_month(day)} the {_nth(day.day)}, {day.year}",
)


def _written(rng: Random, day: date) -> str:
    return rng.choice(_FORMS)(day)
