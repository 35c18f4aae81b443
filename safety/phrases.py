"""Fold hostile or careless writing to plain words, and find phrases in it in linear time.

The crisis gate and the screen both stand on this file. It needs the standard library alone, so
that it works when everything else is broken. It must not use regular expressions that can
backtrack: each phrase is searched outward from its rarest word, over gaps of bounded length.

The phrase language, as it stands in the rule files (words separated by spaces):

    word            that word                      a|b|@set        one of these words, or of a set
    suicid~         any word that begins so        ?word           the word may be missing
    ..3             up to three words, any         ~3              the same, but none of the set `self`
    #               a number                       ##              a number of eight or more
    ###             a number from 50 to 999
    ^               the start of a sentence        $               the end of a sentence
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Sentence = tuple[str, ...]

_SELF = frozenset({"i", "me", "myself", "we", "us"})
_CONFUSABLE = str.maketrans(
    "асеорхуіјѕԁһкмтнвαοενικρτυχıł¡’‘ʼ`´′“”«»", "aceopxyijsdhkmthbaoevikptuxili''''''\"\"\"\""
)
_EMOJI = {
    "🔫": " gun ", "🔪": " knife ", "💊": " pills ", "🪒": " razor ", "🪢": " rope ", "🩸": " blood ",
    "⚰": " coffin ", "🪦": " grave ", "☠": " dead ", "🌉": " bridge ",
}  # fmt: skip
_LEET = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i"}
_CHUNK = re.compile(r"[a-z0-9@$!*+][a-z0-9'@$!*+]*|[.?;:\n]+|[^\sa-z0-9]")
_RUN_SPLIT = re.compile("(" + "|".join(letter + "{3,}" for letter in "abcdefghijklmnopqrstuvwxyz") + ")")
_MAX_CHUNK = 40
_MAX_RUNS = 3
_ENOUGH = 3  # matches of one phrase in one sentence: more of them say nothing new
_NUMBER_WORDS = {
    "eight", "nine", "ten", "twelve", "fifteen", "twenty", "thirty", "forty", "fifty", "sixty", "hundred",
    "dozens",
}  # fmt: skip
_SMALL_NUMBERS = {"one", "two", "three", "four", "five", "six", "seven"}
_IS = {"he", "she", "it", "that", "there", "what", "who", "here", "how", "everything", "everyone", "nobody"}
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
    gap: int = 0
    plain_gap: bool = True
    optional: bool = False
    is_gap: bool = False

    def accepts(self, word: str) -> bool:
        return word in self.words or (bool(self.prefixes) and word.startswith(self.prefixes))


@dataclass(frozen=True, slots=True)
class _Phrase:
    rule: int
    source: str
    before: tuple[_Element, ...]  # towards the start, nearest first
    anchor: _Element
    after: tuple[_Element, ...]
    needed: tuple[_Element, ...]  # what must stand somewhere in the sentence, looked at first


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
            elements = [self._parse(part) for part in source.split()]
            solid = [n for n, e in enumerate(elements) if not (e.is_gap or e.optional)]
            if not solid:
                raise ValueError(f"phrase {source!r} has no word that must be there")
            at = min(solid, key=lambda n: (bool(elements[n].words & _COMMON), len(elements[n].words)))
            anchor = elements[at]
            needed = tuple(elements[n] for n in solid if n != at and not elements[n].words & _WILD)
            phrase = _Phrase(
                rule, source, tuple(reversed(elements[:at])), anchor, tuple(elements[at + 1 :]), needed
            )
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
                    if end is not None:
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
        for piece in part.removeprefix("?").split("|"):
            members = self.sets[piece[1:]] if piece.startswith("@") else (piece,)
            for member in members:
                if member.endswith("~"):
                    prefixes.append(member[:-1])
                else:
                    words.add(member)
        self.vocabulary |= words
        return _Element(frozenset(words), tuple(prefixes), optional=optional)


def _is_in(element: _Element, present: frozenset[str]) -> bool:
    if not element.words.isdisjoint(present):
        return True
    return bool(element.prefixes) and any(word.startswith(element.prefixes) for word in present)


def _is_some_hundred(word: str) -> bool:
    return word.isdigit() and len(word) <= 3 and int(word) >= 50


def _is_large(word: str) -> bool:
    return word.isdigit() and (len(word) > 1 or word in "89")


def _accepts(element: _Element, word: str) -> bool:
    if element.accepts(word):
        return True
    if "#" in element.words and (word.isdigit() or word in _NUMBER_WORDS or word in _SMALL_NUMBERS):
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


class Folder:
    """Turn raw text into sentences of plain lower-case words.

    `aliases` rewrite one word into others ("kms" into "kill myself"); `fuzzy` are the terms that a
    word one letter away from is taken for; `keep` are real words that must not be so corrected;
    `joined` are the words that a run-together word ("killmyself") may be split into.
    """

    def __init__(
        self,
        *,
        vocabulary: Iterable[str],
        aliases: Mapping[str, str],
        fuzzy: Iterable[str] = (),
        keep: Iterable[str] = (),
        joined: Iterable[str] = (),
    ) -> None:
        self._vocabulary = {word for word in vocabulary if word.isalpha()} | set(fuzzy)
        self._joined = frozenset(joined)
        self._by_shape: dict[tuple[int, str], list[str]] = {}
        for term in sorted(self._vocabulary):
            self._by_shape.setdefault((len(term), term[0]), []).append(term)
        self._aliases = {key: tuple(value.split()) for key, value in aliases.items()}
        self._keep = frozenset(keep)
        self._deletes: dict[str, list[str]] = {}
        for term in fuzzy:
            for key in _deletions(term):
                self._deletes.setdefault(key, []).append(term)

    def sentences(self, text: str) -> list[Sentence]:
        """Return the sentences of `text` (linear in its length)."""
        return _joined(self._split(_plain(text)))

    def _split(self, text: str) -> Iterator[Sentence]:
        words: list[str] = []
        letters: list[str] = []
        known: dict[str, list[str]] = {}
        for chunk in _CHUNK.findall(text):
            if len(chunk) == 1 and chunk.isalpha():
                letters.append(chunk)
                continue
            if letters and chunk in {".", "-", "_", "*", "/", "|", ","} and not words_end(chunk, letters):
                continue
            words += self._letters(letters)
            letters = []
            if chunk[0] in ".?;:\n" or chunk == "!":
                if _ends_sentence(chunk) and words:
                    yield tuple(words)
                    words = []
            elif chunk[0].isalnum() or chunk[0] in "@$!*+":
                chunk = chunk[:_MAX_CHUNK].strip("'*+")
                if chunk not in known:
                    known[chunk] = self._word(chunk)
                words += known[chunk]
        words += self._letters(letters)
        if words:
            yield tuple(words)

    def _letters(self, letters: list[str]) -> list[str]:
        if len(letters) < 3:
            return [word for letter in letters for word in self._aliases.get(letter, (letter,))]
        return self._word("".join(letters)[: 2 * _MAX_CHUNK])

    def _word(self, chunk: str) -> list[str]:
        bare = chunk.rstrip("!")
        for form in (bare, bare.replace("'", "")):
            if form in self._aliases:
                return list(self._aliases[form])
            if form in self._vocabulary or form in self._keep:
                return [form]
        if "'" in bare:
            return self._contraction(bare)
        if not bare or bare.isdigit():
            return [bare] if bare else []
        return self._repaired(bare)

    def _contraction(self, chunk: str) -> list[str]:
        stem, _, tail = chunk.rpartition("'")
        if tail == "t" and stem.endswith("n"):
            return [{"ca": "can", "wo": "will"}.get(stem[:-1], stem[:-1]), "not"]
        more = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}.get(tail, "")
        if tail == "s" and stem in _IS:
            more = "is"
        return [*self._word(stem.replace("'", "")), *([more] if more else [])]

    def _repaired(self, chunk: str) -> list[str]:
        """Undo stretched letters, digits for letters, stars, joined words and small typos."""
        for form in _shorter(chunk):
            if form in self._aliases:
                return list(self._aliases[form])
            if form in self._vocabulary or form in self._keep:
                return [form]
        if not chunk.isalpha():
            for form in _unleet(chunk):
                if form in self._aliases:
                    return list(self._aliases[form])
                near = form if form in self._vocabulary else self._near(form)
                if near:
                    return [near]
                pieces = self._pieces(form)
                if pieces:
                    return pieces
            if "*" in chunk or "+" in chunk:
                return [self._starred(chunk)]
            return [chunk]
        near = self._near(chunk)
        if near:
            return [near]
        return self._pieces(chunk) or [chunk]

    def _near(self, chunk: str) -> str:
        if len(chunk) < 5 or len(chunk) > 16:
            return ""
        for key in _deletions(chunk):
            for term in self._deletes.get(key, ()):
                if _one_apart(chunk, term):
                    return term
        return ""

    def _starred(self, chunk: str) -> str:
        for term in self._by_shape.get((len(chunk), chunk[0]), ()) if len(chunk) > 3 else ():
            if all(b in "*+" or a == b for a, b in zip(term, chunk, strict=True)):
                return term
        return chunk.strip("*+")

    def _pieces(self, chunk: str) -> list[str]:
        """Split run-together words ("killmyself"), using the words meant for it only."""
        if not 6 <= len(chunk) <= 2 * _MAX_CHUNK:
            return []
        best: dict[int, tuple[str, ...]] = {0: ()}
        for end in range(1, len(chunk) + 1):
            for start in range(max(0, end - 12), end):
                if start not in best:
                    continue
                piece = chunk[start:end]
                if piece in self._joined:
                    candidate = (*best[start], piece)
                    if end not in best or len(candidate) < len(best[end]):
                        best[end] = candidate
        found = best.get(len(chunk), ())
        return [word for piece in found for word in self._aliases.get(piece, (piece,))]


def _joined(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Put back together what was cut into sentences of one word ("kill. my. self.")."""
    joined: list[list[str]] = []
    single = 0
    for sentence in sentences:
        single = single + 1 if len(sentence) == 1 else 0
        if single > 1:
            joined[-1] += sentence
        else:
            joined.append(list(sentence))
    return [tuple(sentence) for sentence in joined]


def words_end(chunk: str, letters: Sequence[str]) -> bool:
    """Say whether a full stop after single letters ends a sentence rather than spacing letters out."""
    return chunk == "." and len(letters) == 1 and letters[0] in "ai"


def _ends_sentence(chunk: str) -> bool:
    if chunk[0] in "?!;" or "\n\n" in chunk:
        return True
    return chunk == "." or (chunk[0] == "." and "\n" in chunk)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)[: 3 * len(text) + 16].lower()
    folded = unicodedata.normalize("NFD", folded)
    folded = "".join(
        c for c in folded if unicodedata.category(c) not in {"Mn", "Cf", "Cc", "Me"} or c in "\n\t\r"
    )
    for sign, word in _EMOJI.items():
        folded = folded.replace(sign, word)
    return folded.translate(_CONFUSABLE)


def _shorter(chunk: str) -> Iterator[str]:
    """Yield a stretched word with each run of three or more letters as one and as two of them."""
    parts = _RUN_SPLIT.split(chunk)[: 2 * _MAX_RUNS + 1]
    if len(parts) == 1:
        return
    forms = [""]
    for part in parts:
        choices = (part[0], part[0] * 2) if len(part) > 2 and part == part[0] * len(part) else (part,)
        forms = [form + choice for form in forms for choice in choices]
    yield from forms


def _unleet(chunk: str) -> Iterator[str]:
    if not any(c.isalpha() for c in chunk) and not any(c in "@$!" for c in chunk):
        return
    forms = [""]
    for char in chunk[:24]:
        choices = _LEET.get(char, char)
        forms = [form + choice for form in forms for choice in choices][:8]
    for form in forms:
        yield form
        yield from _shorter(form)


def _deletions(word: str) -> set[str]:
    return {word} | {word[:n] + word[n + 1 :] for n in range(1, len(word))}


def _one_apart(a: str, b: str) -> bool:
    """Say whether one insertion, deletion, replacement or swap of neighbours turns `a` into `b`."""
    if abs(len(a) - len(b)) > 1 or a[0] != b[0]:
        return False
    start = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        return rest_a[1:] == rest_b[1:] or (rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:])
    longer, shorter = (rest_a, rest_b) if len(a) > len(b) else (rest_b, rest_a)
    return longer[1:] == shorter
