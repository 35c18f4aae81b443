"""Which words and phrases of published vocabularies the scrubber has to know to leave diagnoses alone.

Medicine's own words ("lissencephaly", "palmoplantar") are those that vocabularies write in lower case, or
that are a whole name by themselves; English words are left out unless medicine uses them far more than others
do. No word is kept that is in a list of people's or towns' names. Phrases are what these do not cover: a name
that people bear, with the condition it is the name of ("perry syndrome", "norman roberts type").

Must not: keep what `safety/recognizers` knows by its endings or its other lists.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from safety.normalise import folded
from safety.recognizers.clinical_terms import is_medical_by_rule
from safety.recognizers.lexicon import is_ordinary, words

_SHORTEST: Final = 4
_MOST_IN_A_PHRASE: Final = 8
_MOST_AFTER_A_NAME: Final = 5
_ENDING: Final = 5  # letters
_OTHERS: Final = 3  # words that end so and are never written with a capital
_OFTEN: Final = 2  # times as often in lower case as with a capital inside a name
_SHARE: Final = 1e-5  # of an English word's occurrences in general text, one in a vocabulary
_LONGER_THAN: Final = 5

_TOKEN: Final = re.compile(r"[^\W_]+")
_PIECES: Final = re.compile(r"[,;()\[\]/]")
_LETTERS: Final = re.compile(r"[a-z]+")
_BETWEEN_NAMES: Final = frozenset(
    ["and", "of", "the", "de", "del", "la", "le", "van", "von", "der", "dos", "y", "s", "e"]
)
# Of bacteria, viruses, fungi and worms, which are written with a capital.
_GENUS: Final = re.compile(
    r"[a-z]+(?:ella|bacter|bacterium|bacillus|coccus|monas|plasma|virus|cystis|myces|phyton|sporidium|nema|soma|philus|"
    r"spira|thrix|amoeba|strongylus|sporum)"
)
_NUMBERS: Final = re.compile(r"\d{1,2}[a-z]?|[ivx]{1,5}|[a-z]")
_NOTHING: Final = frozenset(
    ["unspecified", "other", "specified", "with", "without", "due", "in", "by", "to", "for", "or"]
)
# Written in lower case and a name all the same, of people or places that no list of names has.
_LEFT_OUT: Final = frozenset((
    "akari", "bergmeister", "bouba", "camos", "delat", "gila", "jeunes", "lamin", "mansoni", "nyong",
    "pallister", "selvagem", "sillence", "timori", "tokelau",
))  # fmt: skip


class Chosen(NamedTuple):
    """What the lists hold, each in alphabetical order."""

    words: list[str]
    phrases: list[str]


def choose(
    names: Sequence[str], *, rare: Sequence[str], people: Collection[str], english: Mapping[str, int]
) -> Chosen:
    """Return words and phrases of names of conditions and signs; those of `rare` bear names oftener.

    `people`: names of people and towns, in lower case; `english`: how often general English has a word.
    """
    seen = _Seen([*names, *rare])
    chosen = seen.medical_words(people=people, english=english)
    chosen = sorted({*chosen, *_abbreviations(rare, people=people, english=english)})
    medical = frozenset(chosen)

    def is_known(word: str) -> bool:
        if word in medical or word in _BETWEEN_NAMES or word in _heads():
            return True
        return is_medical_by_rule(word) or is_ordinary(word)

    def bears_a_name(word: str) -> bool:
        if len(word) <= 1 or not word.isalpha() or is_known(word):
            return False
        return seen.is_proper(word) and (word in people or word not in english)

    def is_strange(word: str) -> bool:
        return bears_a_name(word) or (len(word) > 1 and word.isalpha() and not is_known(word))

    found = {phrase for name in names for phrase in _phrases(name, bears_a_name)}
    found |= {phrase for name in rare for phrase in _phrases(name, is_strange)}
    return Chosen(chosen, sorted({one.text for one in found if not _covered(one)}))


class _Seen:
    """How vocabularies write each word."""

    def __init__(self, names: Iterable[str]) -> None:
        self._lower: Counter[str] = Counter()
        self._inside: Counter[str] = Counter()  # with a capital, and not at the start of a name
        self._first: Counter[str] = Counter()
        self._whole: Counter[str] = Counter()
        for name in names:
            tokens = _TOKEN.findall(name)
            for at, token in enumerate(tokens):
                word = folded(token)
                if token.islower():
                    self._lower[word] += 1
                elif token.istitle():
                    (self._inside if at else self._first)[word] += 1
                    self._whole[word] += len(tokens) == 1
        self._endings = Counter(word[-_ENDING:] for word in self._lower if len(word) >= _ENDING)

    def often(self, word: str) -> int:
        return self._lower[word] + self._first[word]

    def is_proper(self, word: str) -> bool:
        """Tell a word that has a capital as names have, and no ending that many words of medicine have."""
        if self._inside[word]:
            return self._inside[word] > self._lower[word]
        alone = not self._lower[word] and not self._whole[word] and self._first[word] > 0
        return alone and not self._ends_like_others(word)

    def _ends_like_others(self, word: str) -> bool:
        ending = word[-_ENDING:]
        return len(word) > _ENDING and self._endings[ending] >= _OTHERS

    def medical_words(self, *, people: Collection[str], english: Mapping[str, int]) -> list[str]:
        candidates = {word for word, often in self._lower.items() if often >= _OFTEN * self._inside[word]}
        alone = {word for word, often in self._whole.items() if often}
        candidates |= {word for word in alone if not self._lower[word] and not self._inside[word]}
        candidates |= {
            word
            for word in self._first
            if not self._lower[word] and not self._inside[word] and self._ends_like_others(word)
        }
        candidates |= {word for word in self._inside if _GENUS.fullmatch(word)}
        return sorted(
            word
            for word in candidates
            if len(word) >= _SHORTEST
            and _LETTERS.fullmatch(word)
            and word not in people
            and word not in words("eponyms")
            and word not in _LEFT_OUT
            and not is_medical_by_rule(word)
            and (word not in english or self.often(word) >= _SHARE * english[word])
        )


def _abbreviations(
    rare: Iterable[str], *, people: Collection[str], english: Mapping[str, int]
) -> Iterator[str]:
    """Yield what names of rare diseases write in capitals ("MERRF"), in lower case."""
    apart = (people, english, words("eponyms"), _LEFT_OUT)
    for token in (token for name in rare for token in _TOKEN.findall(name)):
        word = token.lower()
        plain = token.isupper() and len(word) >= _SHORTEST and _LETTERS.fullmatch(word)
        if plain and not any(word in some for some in apart):
            yield word


class _Phrase(NamedTuple):
    text: str
    names: tuple[str, ...]
    head: str
    between: tuple[str, ...]


def _phrases(name: str, bears_a_name: Callable[[str], bool]) -> Iterator[_Phrase]:
    """Yield what no rule lets go in a name, each with what it is the name of."""
    for piece in _PIECES.split(name):
        written = _TOKEN.findall(piece)
        tokens = [folded(one) for one in written]
        at = 0
        while at < len(tokens):
            if not bears_a_name(tokens[at]):
                at += 1
                continue
            last = at
            for place in range(at + 1, len(tokens)):
                if bears_a_name(tokens[place]):
                    last = place
                elif tokens[place] not in _BETWEEN_NAMES and len(tokens[place]) > 1:
                    break
            first, end = _with_what_it_names(tokens, at, last)
            inside = tokens[first:end]
            says_what = any(
                len(one) > 1 and one not in _BETWEEN_NAMES and not bears_a_name(one) for one in inside
            )
            if says_what and len(inside) <= _MOST_IN_A_PHRASE and not _NOTHING.intersection(inside):
                yield _Phrase(
                    " ".join(inside),
                    tuple(one for one in tokens[at : last + 1] if bears_a_name(one)),
                    tokens[end - 1],
                    tuple(tokens[last + 1 : end - 1]),
                )
            at = max(end, last + 1)


def _with_what_it_names(tokens: Sequence[str], at: int, last: int) -> tuple[int, int]:
    """Return start and end of the names at:last+1 with the condition after them, or else the one before."""
    for place in range(last + 1, min(len(tokens), last + 1 + _MOST_AFTER_A_NAME)):
        if tokens[place] == "type":
            numbered = place + 1 < len(tokens) and _NUMBERS.fullmatch(tokens[place + 1])
            return at, place + (2 if numbered else 1)
        if _is_head(tokens[place]):
            return at, place + 1
    for place in range(at - 1, max(-1, at - 1 - _MOST_AFTER_A_NAME), -1):
        if _is_head(tokens[place]):
            return place, last + 1
    return 0, len(tokens)


def _is_head(word: str) -> bool:
    return word in _heads() or (is_medical_by_rule(word) and len(word) > _LONGER_THAN)


def _heads() -> frozenset[str]:
    return words("eponym_heads")


def _covered(phrase: _Phrase) -> bool:
    """Tell whether the rule of eponyms finds it by itself."""
    given = words("given_names") - words("ambiguous_names")
    return (
        phrase.head in _heads()
        and len(phrase.names) <= 3
        and phrase.text.split()[: len(phrase.names)] == [*phrase.names]
        and all(one in words("eponyms") and one not in given for one in phrase.names)
        and all(one in words("eponym_between") for one in phrase.between)
        and len(phrase.between) <= 3
    )
