"""Names of authors: found in by-lines, and taken out of text so that it still reads.

A by-line is a column's value such as a name, degrees and a slogan that a lost line break glued to the
name. What a scrubber finds by itself (addresses, links, other people) is not looked for here. Must not
log or keep a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import regex

from safety.recognizers.lexicon import is_common, words
from training.reading import RawRow
from training.recipe import Corpus

NEUTRAL = "the counselor"
_LONGEST = 5  # words of a name
_HEAD_ENDS = regex.compile(
    r"""[,;:|/\n\["“‘#*@]|\s[-–—]|[-–—]\s|https?\b|www\.|(?<=\p{Ll})(?:https?|www)\b"""
)
_TITLE = regex.compile(r"(?i)^(?:dr|mr|mrs|ms|miss|prof|rev|sr|fr)\.?$")
_DEGREE = regex.compile(
    r"(?i)^(?:b|m|d)\.?(?:a|s|sc|ed|d|div|ph|sw|bh)\.?$|^(?:ph|psy|ed|j)\.?d\.?$|"
    r"^(?:msw|lcsw|lmsw|licsw|lpcc?|lmft|mft|lmhc|lcpc|ncc|dcc|rn|llc|pllc|rp|ceo|otr)\.?$"
)
_PARTICLES = (
    "van",
    "von",
    "der",
    "den",
    "de",
    "del",
    "della",
    "di",
    "da",
    "la",
    "le",
    "bin",
    "al",
    "st",
    "ter",
)
_NAME_STARTS = ("Mc", "Mac", "De", "Di", "Du", "La", "Le", "Van", "Von", "Fitz", "St")
_WORD = regex.compile(r"^\p{L}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*\.?$")
_GLUE = regex.compile(r"(?<=\p{Ll})(?=\p{Lu}|\p{N})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})")


def removals(row: RawRow, corpus: Corpus) -> tuple[str, ...]:
    """Return the names in the row's `corpus.remove` columns, longest first: whole, given and family name.

    A part that is an ordinary word too ("Grace", "Bell") is not listed alone. The names belong to this
    row's texts: a given name in another row is another person's, and the scrubber's work.
    """
    found: dict[str, None] = {}
    for column in corpus.remove:
        value = row.values.get(column)
        for one in value if isinstance(value, list | tuple) else (value,):
            for name in _names(one) if isinstance(one, str) else ():
                found.setdefault(name)
                found.setdefault(_plain(name))
    return tuple(sorted(found, key=lambda name: (-len(name), name)))


def without(text: str, names: Sequence[str]) -> str:
    """Return `text` with these names taken out in any case.

    A signature goes with its degrees, a greeting loses the name, "I'm <name>" becomes "I'm a counselor",
    and any other mention becomes "the counselor". A name that a lost line break glued to its neighbour is
    found by its capital. Links are left as they are: the scrubber takes them whole.
    """
    lower = text.casefold()
    if not any(part in lower for name in names for part in name.casefold().split()):
        return text  # what most texts are: quick
    line, tail, greeted, introduced, named, mentioned = _patterns(tuple(names))
    text = line.sub("", text)
    text = tail.sub(_closed, text).rstrip()
    text = greeted.sub(r"\g<greeting>", text)
    text = introduced.sub(r"\g<start> a counselor", text)
    text = named.sub("I am a counselor", text)
    return mentioned.sub(_neutral, text)


def _names(byline: str) -> Iterator[str]:
    """Yield the whole name at the head of a by-line, and the parts that are no ordinary words."""
    parts = _head(byline)
    spelled = [part for part in parts if len(part.strip(".")) > 1]
    if not spelled:
        return
    if all(_ordinary(part) for part in spelled):
        given = words("given_names") | words("ambiguous_names")
        if len(spelled) == 2 and spelled[0].casefold() in given:  # a person, not "Able Counseling"
            yield " ".join(parts)
        return
    if len(parts) > 1:
        yield " ".join(parts)
        if len(spelled) > 1:
            yield f"{spelled[0]} {spelled[-1]}"
    for part in spelled:
        if len(part) > 2 and part.casefold() not in _PARTICLES and not _ordinary(part):
            yield part


def _head(byline: str) -> list[str]:
    """Return the words of the name that a by-line begins with."""
    opened = regex.sub(r"\((\p{Lu}[\p{L}\p{M}]+)\)", r"\1", byline.strip())
    end = _HEAD_ENDS.search(opened)
    head = opened[: end.start()] if end else opened
    letters = [one for one in head if one.isalpha()]
    shouted = all(one.isupper() for one in letters)
    found: list[str] = []
    for word in head.split():
        if not found and _TITLE.match(word):
            continue
        degree = _DEGREE.match(word) or regex.match(r"^(?:\p{L}+\.){2,}", word)
        if found and not shouted:
            degree = degree or regex.match(r"^\p{Lu}{2,6}\.?$", word)
        pieces = _GLUE.split(word)
        own = pieces[0] + (pieces[1] if pieces[0] in _NAME_STARTS and len(pieces) > 1 else "")
        glued = len(own) < len(word) and bool(found)
        name = own if glued else word
        if glued and not shouted:
            degree = degree or regex.match(r"^\p{Lu}{2,6}$", own)
        capital = name[:1].isupper() or (
            found and regex.match(r"(?i)(?:d|l|o)['’]\p{L}|\L<particles>$", name, particles=_PARTICLES)
        )
        if len(found) == _LONGEST or degree or not capital or not _WORD.match(name):
            break
        initial = len(name.rstrip(".")) == 1
        found.append(name if initial else name.rstrip("."))
        if glued:
            break
    while found and (found[-1].casefold() in _PARTICLES or len(found[-1].rstrip(".")) == 1):
        found.pop()
    return found


def _ordinary(part: str) -> bool:
    lower = part.casefold()
    return is_common(lower) or lower in words("ambiguous_names")


def _plain(name: str) -> str:
    """Return the name without accents, as people type it."""
    return "".join(one for one in unicodedata.normalize("NFD", name) if not unicodedata.combining(one))


@lru_cache(maxsize=64)
def _patterns(names: tuple[str, ...]) -> tuple[regex.Pattern[str], ...]:
    """Build the patterns of `without`, in the order in which they are used."""
    whole = [name.split() for name in names if len(name.split()) > 1]
    spelled = _either(names)
    # A given name that is a word too ("Mark") counts where nothing but a name can stand.
    signing = _either([*names, *(parts[0] for parts in whole)])
    left = (
        r"(?:(?<![\p{L}\p{N}_@/])(?<![\p{Ll}\p{N}]\.(?=\p{Ll}))|(?<=\p{Ll})(?=\p{Lu}))"
        r"(?i:(?:\b(?:dr|mr|mrs|ms|miss|prof)\.?\s+)?)"
    )
    right = r"(?:(?![\p{L}\p{N}_@])|(?<=\p{Ll})(?=\p{Lu}|www\.|https?:))"
    name = f"{left}(?i:{spelled}){right}"
    signature = f"{left}(?:(?i:{spelled})|{signing}){right}"
    trade = (
        r"(?:licensed|certified|registered|clinical|professional|marriage|family|mental|health|therapist|"
        r"psychotherapist|psychologist|counsell?or|counsell?ing|social|worker|coach)(?!\p{L})"
    )
    degrees = (
        r"(?>(?:[,\s]+(?:(?:\p{Lu}\.?){2,}(?:-\p{Lu}+)?|\p{Lu}\p{Ll}{0,2}\.?(?:D|Ed|Sc|S|A|Div)\b\.?|"
        rf"(?i:(?:(?:an?|and|&)\s+)?{trade})))*)"
    )
    slogan = (
        r"(?>(?:[\s,~|()–—-]*+(?:(?!(?:I|You|We|My|It|The|This|If)\b)\p{Lu}[\p{L}\p{N}.&'’/-]*+|(?:and|of|in|for|at|to)\b|&|#|"
        r"www\.\S++|https?:\S++|\S++@\S++)){0,14})[\s.!~)]*"
    )
    return tuple(
        regex.compile(pattern, regex.MULTILINE)
        for pattern in (
            rf"^[ \t\xa0]*[-–—~]*[ \t\xa0]*{signature}{degrees}[ \t\xa0]*[.!,]?[ \t\xa0]*$",
            rf"(?P<before>[,.!?…~)\n\xa0-]|\A|\p{{Ll}}(?=\p{{Lu}}))[\s~–—-]*{signature}{degrees}{slogan}\Z",
            rf"(?P<greeting>\b(?i:hi|hello|hey|dear|thanks|thank\s+you)),?[ \t]+{name}(?!['’]s)",
            rf"(?P<start>\b(?i:i\s+am|i['’]m|this\s+is))[ \t]+{name}(?!['’]s){degrees}",
            rf"(?P<start>\b(?i:my\s+name\s+is|my\s+name['’]s))[ \t]+{name}{degrees}",
            rf"(?:https?:|www\.)\S+(*SKIP)(*FAIL)|{name}",
        )
    )


def _either(names: Sequence[str]) -> str:
    """Return a pattern of names, longest first; between two words an initial may stand."""
    ordered = sorted(
        {tuple(name.split()) for name in names if name.strip()}, key=lambda parts: -len(" ".join(parts))
    )
    return "|".join(
        r"[\s\u00a0]+(?:\p{Lu}\.?\s+)?".join(regex.escape(part) for part in parts) for parts in ordered
    )


def _closed(found: regex.Match[str]) -> str:
    """End the text where a signature was: "Best wishes, <name>" becomes "Best wishes."."""
    before = found["before"]
    if before.isalpha():
        return f"{before}."
    rest = found.string[: found.start()].rstrip()
    if before in ".!?…)" or not rest or regex.search(r"[.!?…][\"”)]?$", rest):
        return before.strip("~-,\n\xa0")
    return "."


def _neutral(found: regex.Match[str]) -> str:
    before = found.string[: found.start()].rstrip(" \t")
    opens = not before or before[-1] in ".!?\n"
    pad = " " if found.start() and found.string[found.start() - 1].isalpha() else ""
    after = found.string[found.end() : found.end() + 1]
    return pad + (NEUTRAL.capitalize() if opens else NEUTRAL) + (" " if after.isalpha() else "")
