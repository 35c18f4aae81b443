"""Find phrases of a small language in folded text, in linear time.

The crisis gate and the screen both stand on this file. It needs the standard library alone, so
that it works when everything else is broken. It must not use regular expressions that can
backtrack: each phrase is searched outward from its rarest word, over gaps of bounded length.

The phrase language, as it stands in the rule files (words separated by spaces):

    word            that word                      a|b|@set        one of these words, or of a set
    suicid~         any word that begins so        ?word           the word may be missing
    ..3             up to three words, any         ~3              the same, but none of the set `self`
    #               a number                       ##              a number of eight or more
    ###             a number from 50 to 999         #95-104.9       a number in that range ("101.2", "39c")
    ^               the start of a sentence        $               the end of a sentence
    a|b & c & d     words that stand in one sentence, in any order
    _               a word that the crisis gate's masks have hidden
    a ..2 b &9 c|d  a phrase, and within nine words of it, on either side, one of the others
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from safety.folding import Sentence

_SELF = frozenset({"i", "me", "myself", "we", "us"})
_NUMBER_WORDS = {
    "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "hundred", "dozens",
}  # fmt: skip
_SMALL_NUMBERS = {"one", "two", "three", "four", "five", "six", "seven"}
_VALUES = {
    "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "seven": 7.0, "eight": 8.0,
    "nine": 9.0, "ten": 10.0, "eleven": 11.0, "twelve": 12.0, "fifteen": 15.0, "twenty": 20.0, "thirty": 30.0,
    "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "una": 1.0, "un": 1.0, "dos": 2.0, "tres": 3.0,
    "cuatro": 4.0, "cinco": 5.0, "seis": 6.0, "siete": 7.0, "ocho": 8.0, "nueve": 9.0, "diez": 10.0,
}  # fmt: skip
_OWNERS = frozenset({"baby", "newborn", "infant", "toddler", "person"})
"""Words that stand for their possessive, too: as some rules name it ("babys"), folding leaves it whole."""
_UNITS = ("bpm", "f", "c")
_DIGITS = 5  # a longer number is no reading
_ENOUGH = 3  # matches of one phrase in one sentence: more of them say nothing new
_WILD = frozenset({"#", "##", "###"})
_COMMON_WORDS = """
a about again all am an and any are as at be been being but by can do does did for from get give go going
got had has have he her him his how i if in is it just like make many me more much my myself no not of off
on one or our out over she so some take that the their them they this to up us want was we what when where
who why will with would you your never without way need help tell say says said feel day end live life ^ $ #
##
"""
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Match:
    """One phrase found: its rule, its source in the rule file, and where it stands, in words."""

    rule: int
    phrase: str
    sentence: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Element:
    words: frozenset[str]
    prefixes: tuple[str, ...] = ()
    ranges: tuple[tuple[float, float], ...] = ()
    gap: int = 0
    plain_gap: bool = True
    optional: bool = False
    is_gap: bool = False

    def accepts(self, word: str) -> bool:
        if word in self.words or (bool(self.prefixes) and word.startswith(self.prefixes)):
            return True
        return bool(self.ranges) and _is_within(word, self.ranges)


@dataclass(frozen=True, slots=True)
class _Phrase:
    rule: int
    source: str
    before: tuple[_Element, ...]  # towards the start, nearest first
    anchor: _Element
    after: tuple[_Element, ...]
    needed: tuple[_Element, ...]  # what must stand somewhere in the sentence, looked at first
    nearby: tuple[_Element, ...] = ()  # what must stand within `near` words of the match
    near: int = 0


@dataclass
class PhraseBook:
    """Phrases by rule number, ready to be searched."""

    sets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    vocabulary: set[str] = field(default_factory=set)
    _by_word: dict[str, list[_Phrase]] = field(default_factory=dict)
    _by_prefix: dict[str, list[_Phrase]] = field(default_factory=dict)

    def add(self, rule: int, phrases: Iterable[str]) -> None:
        """Add phrases under a rule number. Raises ValueError on a phrase that says nothing."""
        for source in phrases:
            together, near, parts = " & " in source, 0, source.split()
            beside: list[_Element] = []
            if marks := [n for n, part in enumerate(parts) if part[0] == "&" and part[1:].isdigit()]:
                near = int(parts[marks[0]][1:])
                beside = [
                    self._parse(part) for n, part in enumerate(parts) if n > marks[0] and n not in marks
                ]
                parts = parts[: marks[0]]
                if together or len(beside) != len(marks) or any(e.is_gap or e.optional for e in beside):
                    raise ValueError(
                        f"phrase {source!r}: beside a phrase stand single words, each after its mark"
                    )
            elements = [self._parse(part) for part in parts if part != "&"]
            solid = [n for n, e in enumerate(elements) if not (e.is_gap or e.optional)]
            worded = [n for n in solid if not elements[n].ranges]
            if not worded:
                raise ValueError(f"phrase {source!r} has no word that must be there")
            at = min(worded, key=lambda n: (bool(elements[n].words & _COMMON), len(elements[n].words)))
            anchor = elements[at]
            needed = tuple(
                elements[n] for n in solid if n != at and (together or not elements[n].words & _WILD)
            )
            before = () if together else tuple(reversed(elements[:at]))
            after = () if together else tuple(elements[at + 1 :])
            phrase = _Phrase(rule, source, before, anchor, after, (*needed, *beside), tuple(beside), near)
            for word in anchor.words:
                self._by_word.setdefault(word, []).append(phrase)
            for prefix in anchor.prefixes:
                self._by_prefix.setdefault(prefix, []).append(phrase)

    def find(self, sentences: Sequence[Sentence]) -> Iterator[Match]:
        """Yield every match, in the order of the text."""
        lengths = sorted({len(prefix) for prefix in self._by_prefix})
        for number, words in enumerate(sentences):
            framed = ("^", *words, "$")
            present = frozenset(framed)
            possible: dict[int, bool] = {}
            found: dict[int, int] = {}
            for at, word in enumerate(framed):
                candidates = [self._by_word.get(word, ())]
                candidates += [self._by_prefix.get(word[:n], ()) for n in lengths]
                if word[:1].isdigit():
                    candidates.append(self._by_word.get("#", ()))
                    candidates.append(self._by_word.get("##", ()) if _is_large(word) else ())
                    candidates.append(self._by_word.get("###", ()) if _is_some_hundred(word) else ())
                for phrase in (p for some in candidates for p in some):
                    key = id(phrase)
                    if key not in possible:
                        possible[key] = all(_is_in(element, present) for element in phrase.needed)
                    if not possible[key]:
                        continue
                    start = _reach(phrase.before, framed, at, -1)
                    if start is None:
                        continue
                    end = _reach(phrase.after, framed, at, 1)
                    if end is not None and _are_near(phrase, framed, start, end):
                        found[key] = found.get(key, 0) + 1
                        possible[key] = found[key] < _ENOUGH
                        yield Match(
                            phrase.rule, phrase.source, number, max(start - 1, 0), min(end - 1, len(words))
                        )

    def _parse(self, part: str) -> _Element:
        if part[:2] == ".." and part[2:].isdigit():
            return _Element(frozenset(), gap=int(part[2:]), is_gap=True)
        if part[0] == "~" and part[1:].isdigit():
            return _Element(frozenset(), gap=int(part[1:]), plain_gap=False, is_gap=True)
        optional = part.startswith("?")
        words: set[str] = set()
        prefixes: list[str] = []
        ranges: list[tuple[float, float]] = []
        for piece in part.removeprefix("?").split("|"):
            members = self.sets[piece[1:]] if piece.startswith("@") else (piece,)
            for member in members:
                if member[0] == "#" and "-" in member:
                    low, _, high = member[1:].partition("-")
                    ranges.append((float(low), float(high)))
                elif member.endswith("~"):
                    prefixes.append(member[:-1])
                else:
                    words.add(member)
                    if member in _OWNERS:
                        words.add(f"{member}s")
        self.vocabulary |= words
        return _Element(frozenset(words), tuple(prefixes), tuple(ranges), optional=optional)


def _is_in(element: _Element, present: frozenset[str]) -> bool:
    if not element.words.isdisjoint(present):
        return True
    if (element.ranges or element.words & _WILD) and any(_accepts(element, word) for word in present):
        return True
    return bool(element.prefixes) and any(word.startswith(element.prefixes) for word in present)


def _are_near(phrase: _Phrase, words: Sequence[str], start: int, end: int) -> bool:
    if not phrase.nearby:
        return True
    around = frozenset(words[max(0, start - phrase.near) : end + phrase.near])
    return all(_is_in(element, around) for element in phrase.nearby)


def _is_number(word: str) -> bool:
    whole, _, part = word.partition(".")
    return word.isascii() and whole.isdecimal() and (not part or part.isdecimal())


def _is_within(word: str, ranges: tuple[tuple[float, float], ...]) -> bool:
    """Say whether a word is a number in one of the ranges; what is measured may stand behind it ("101f")."""
    value = _VALUES.get(word)
    if value is None:
        if not word[:1].isdigit():
            return False
        for unit in _UNITS:
            word = word.removesuffix(unit)
        if len(word) > _DIGITS or not _is_number(word):
            return False
        value = float(word)
    return any(low <= value <= high for low, high in ranges)


def _is_some_hundred(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= 3 and int(word) >= 50


def _is_large(word: str) -> bool:
    return word.isascii() and word.isdecimal() and (len(word) > 1 or word in "89")


def _accepts(element: _Element, word: str) -> bool:
    if element.accepts(word):
        return True
    if "#" in element.words and (_is_number(word) or word in _NUMBER_WORDS or word in _SMALL_NUMBERS):
        return True
    if "###" in element.words and _is_some_hundred(word):
        return True
    return "##" in element.words and (_is_large(word) or word in _NUMBER_WORDS)


def _reach(elements: Sequence[_Element], words: Sequence[str], at: int, step: int) -> int | None:
    """Return the furthest position the elements reach from `at`, or None where they don't fit."""
    places = {at}
    for element in elements:
        found: set[int] = set()
        for place in places:
            if element.is_gap:
                found.add(place)
                for n in range(1, element.gap + 1):
                    there = place + step * n
                    if not 0 < there < len(words) - 1 or (not element.plain_gap and words[there] in _SELF):
                        break
                    found.add(there)
                continue
            there = place + step
            if 0 <= there < len(words) and _accepts(element, words[there]):
                found.add(there)
            if element.optional:
                found.add(place)
        if not found:
            return None
        places = found
    return min(places) if step < 0 else max(places) + 1
