"""What a tagger marks though it is nobody's: plain words for a person or a place, weekdays that come again.

A tagger that has met thousands of names in lower case takes some plain words for one ("queasy", "stepdad",
"middle school"). They are let go where they are written as words are, neither after a title nor as a
signature, and where no name adjoins them; words that medicine alone has ("endometrial carcinoma") in any
case. Those of published vocabularies go as well where they are signed or marked beside a name, which keeps
its own part. Nor is a weekday in the plural a date: "on Thursdays". A month is one, for it says when
something was: "admitted in March".

Must not: let a word go that is in a list of names, or that has a capital inside a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import regex

from safety.recognizers.clinical_terms import is_medical
from safety.recognizers.lexicon import Word, is_ordinary, split_words, words
from safety.tagging import Marked

_PLAIN: Final = frozenset({"PERSON", "LOCATION"})
_MISTAKEN: Final = frozenset({"PERSON", "DATE_TIME"})
"""What a word of medicine is taken for where it is no place: "Riverside Orbital Center" is one."""
_ADJOINS: Final = 2  # signs and spaces between the parts of one name
_MONTHS: Final = frozenset((
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov",
    "dec",
))  # fmt: skip
_WEEKDAYS: Final = frozenset((
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed",
    "thu", "thur", "thurs", "fri", "sat", "sun",
))  # fmt: skip
_DAYS_AND_MONTHS: Final = _WEEKDAYS | _MONTHS
_AGAIN: Final = frozenset(f"{day}s" for day in _WEEKDAYS if day.endswith("day"))
_OF_A_DAY: Final = frozenset((
    "the", "of", "in", "on", "next", "last", "this", "every", "morning", "afternoon", "evening", "night",
    "spring", "summer", "autumn", "fall", "winter", "early", "late", "mid", "until", "since", "by",
))  # fmt: skip
# With one of these beside it a part of a day is a part of a date.
_DATED: Final = regex.compile(
    r"\d|\b(?:first|second|third|(?:four|fif|six|seven|eigh|nin|ten|eleven|twelf|\w+teen|twentie|thirtie)th|twenty|"
    r"thirty|nineteen|two\s+thousand|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|eve)\b",
    regex.IGNORECASE,
)
_BESIDE: Final = 16  # characters
_CALLED: Final = regex.compile(
    r"(?:\b(?:dr|doctor|doc|mr|mrs|ms|miss|mx|sir|nurse|prof|professor|officer|judge|coach|named?|called|dear|attn|thanks|thx|"
    r"signed|sincerely|regards)\b[\s.,:]*|\bname(?:'?s|\s+is|\s+was)?[\s:]+|\b(?:patient|client|member|pt)\b\s*:?\s*|"
    r"\b(?:my|her|his|their|our)\s+(?:\w+[\s-]){0,2}?(?:friend|roommate|therapist|counselor|nurse|doctor|sponsor|manager|"
    r"daughter|son|wife|husband|sister|brother|ex|boyfriend|girlfriend|partner|nickname)\b[\s,:]*)$",
    regex.IGNORECASE,
)
_LONGEST_CALL: Final = 40
_SIGNED_BEFORE: Final = regex.compile(r"[,\n~\u2013\u2014-]\s*$")
_SIGNED_AFTER: Final = regex.compile(r"[\s.!]*$")


def telling(text: str, marked: Sequence[Marked]) -> list[Marked]:
    """Return the spans that may tell of somebody, in their order, without words of medicine at their ends."""
    if not any(one.label in _PLAIN or one.label in _MISTAKEN for one in marked):
        return [*marked]
    written = split_words(text)
    marked = [part for one in marked if (part := _without_medicine(text, one, [*_of(written, one)], marked))]
    ordinary = {one for one in marked if _is_ordinary(text, one, [*_of(written, one)])}
    rest = [one for one in marked if one not in ordinary]
    # Beside a name that stays, a word is part of it.
    return [one for one in marked if one not in ordinary or any(_adjoin(one, other) for other in rest)]


def _adjoin(one: Marked, other: Marked) -> bool:
    return max(one.start - other.end, other.start - one.end) <= _ADJOINS


def _of(written: Sequence[Word], one: Marked) -> Iterator[Word]:
    return (word for word in written if word.start < one.end and one.start < word.end)


def _goes_on(one: Marked, marked: Sequence[Marked]) -> bool:
    """Tell whether a place is marked in parts, of which this is one: "Riverside Orbital" may be a center."""
    return any(other != one and other.label == one.label and _adjoin(one, other) for other in marked)


def _without_medicine(
    text: str, one: Marked, inside: Sequence[Word], marked: Sequence[Marked]
) -> Marked | None:
    """Return a person's mark without the words at its ends that vocabularies have and nobody is called by.

    None where nothing else is in it. A word after "my name is" or a title stays.
    """
    if one.label not in _PLAIN | _MISTAKEN or any(map(str.isdigit, text[one.start : one.end])):
        return one
    parts = [part for word in inside for part in _parts(word, one)]
    kept = [at for at, (start, end) in enumerate(parts) if not _is_medicines(text[start:end].lower())]
    if len(kept) == len(parts) or _CALLED.search(text, max(0, one.start - _LONGEST_CALL), one.start):
        return one
    if not kept and (one.label in _MISTAKEN or not _goes_on(one, marked)):
        return None
    if one.label != "PERSON":
        return one
    start = one.start if not kept[0] else parts[kept[0]][0]
    end = one.end if kept[-1] == len(parts) - 1 else parts[kept[-1]][1]
    return replace(one, start=start, end=end)


def _parts(word: Word, one: Marked) -> Iterator[tuple[int, int]]:
    """Yield start and end of the parts of a word with hyphens that a mark covers."""
    start = word.start
    for part in word.text.split("-"):
        if part and start < one.end and one.start < start + len(part):
            yield start, start + len(part)
        start += len(part) + 1


def _is_medicines(lower: str) -> bool:
    return lower in words("medical_words")


def _is_ordinary(text: str, one: Marked, inside: Sequence[Word]) -> bool:
    if not inside or any(map(str.isdigit, text[one.start : one.end])):
        return False
    if one.label == "DATE_TIME":
        around = text[max(0, one.start - _BESIDE) : one.end + _BESIDE]
        again = all(word.lower in _AGAIN or word.lower in _OF_A_DAY for word in inside)
        return again and not _DATED.search(around)
    if one.label not in _PLAIN or _CALLED.search(text, max(0, one.start - _LONGEST_CALL), one.start):
        return False
    if _SIGNED_AFTER.match(text, one.end) and _SIGNED_BEFORE.search(text, 0, one.start):
        return False
    return all(_says_nothing(text, word, one) for word in inside)


def _says_nothing(text: str, word: Word, one: Marked) -> bool:
    if word.lower in words("kin_words"):
        return True
    shown = [text[start:end] for start, end in _parts(word, one)]
    lowered = [part.lower() for part in shown]
    if all(is_medical(part) for part in lowered):
        return True
    if len(shown) > 1 or len(shown[0]) < len(word.text):
        small = word.opens or not any(part[0].isupper() for part in shown)
        return small and all(is_medical(part) or _is_plain(part) for part in lowered)
    return _is_plain(word.lower) and (word.opens or not word.capital)


def _is_plain(lower: str) -> bool:
    return is_ordinary(lower) and lower not in words("cities") and lower not in _DAYS_AND_MONTHS
