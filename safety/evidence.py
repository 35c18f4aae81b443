"""Say whether a sentence is borne out by passages: words, numbers, names and polarity.

It compares by stems, so that a paraphrase in other forms of the same words passes and an invented
fact, a changed number, a swapped name or an added "not" does not. It must not call a model; an
encoder, where one is handed in, only adds a second opinion on nearness of meaning.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import Stemmer
from numpy.typing import NDArray

from safety.contacts import without_contacts

Embed = Callable[[list[str]], NDArray[Any]]

COVERED: Final = 0.66  # share of a sentence's content words that the best passage sentences must hold
COVERED_IF_NEAR: Final = 0.45  # enough where the encoder finds the meaning near as well
NEAR: Final = 0.72
MOST_IN_A_ROW: Final = 3  # sentences of a passage that a model may run together into one
IN_ORDER: Final = 0.5  # share of neighbouring content words that the sources have near each other too
REACH: Final = 4  # how near, in content words
LEAST_STEMS: Final = (
    2  # a sentence with less meaning than this passes only when a passage has it as it stands
)
ADDS: Final = 0.3  # share of the words that a second sentence must add before its "not" counts
FAR: Final = 0.35  # below this cosine nothing is taken as support
_STEMMER: Final = Stemmer.Stemmer("english")
_WORD: Final = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?|\d+(?:[.,:/-]\d+)*%?")
_CLOCK: Final = re.compile(r"(?<=\d)\s?([ap])\.?\s?m\b\.?(?!\w)", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(\d])|\n+")
_CLAUSE: Final = re.compile(
    r"[;:,—–]|\b(?:but|although|though|while|whereas|however|unless|except|and|or|so|because)\b"
)
_STOP_WORDS: Final = """
a about after again all also am an and any are as at be because been being both but by can could did do does
doing down each even ever few for from further get got had has have having he her here hers him his how i if
in into is it its itself just let like make may me might more most much must my need of off on one only
or other our out over own please put really same shall she should so some such take than that the their them
then there these they this those through to too under up us use very was way we were what when where which
while who whom why will with would yes you your yours yourself help want know thing things still well sure
ask tell via today able instead along around upon within always usually
"""
_STOP: Final = frozenset(_STOP_WORDS.split())
_NO_UNIT: Final = _STOP | {"am", "pm"}
_STOP_STEMS: Final = frozenset(_STEMMER.stemWords(list(_STOP)))
_NEGATION_WORDS: Final = """
not no never none nothing neither nor without cannot nobody nowhere hardly unable refuse refuses declines
lacks except excluding don't doesn't didn't won't can't isn't aren't wasn't weren't shouldn't couldn't
wouldn't haven't hasn't mustn't needn't avoid avoids avoided avoiding
"""
_NEGATIONS: Final = frozenset(_NEGATION_WORDS.split())
_NUMBER_WORDS: Final = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty
"""
_NUMBERS: Final = {word: str(number) for number, word in enumerate(_NUMBER_WORDS.split())} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
    "ninety": "90", "hundred": "100", "once": "1", "twice": "2",
}  # fmt: skip
_ORDINALS: Final = frozenset(
    _STEMMER.stemWords(["second", "third", "fourth", "fifth", "sixth", "last", "only", "every", "each"])
)
_LIMITS: Final = frozenset(_STEMMER.stemWords(["only", "unless", "except"]))
_OPPOSITES: Final = tuple(
    (frozenset(a.split()), frozenset(b.split()))
    for a, b in (
        ("before prior earlier", "after later following"),
        ("open", "closed close"),
        ("free", "charge fee cost charged paid"),
        ("required must mandatory needed", "optional voluntary"),
        ("more increase higher above", "less decrease lower below fewer"),
        ("start begin", "stop end quit"),
        ("accept accepts take", "reject rejects refuse"),
        ("allowed permitted", "forbidden prohibited banned"),
        ("include includes including", "exclude excludes excluding"),
        ("safe", "unsafe dangerous"),
        ("weekdays", "weekends"),
        ("morning", "evening afternoon"),
        ("child children minor", "adult adults"),
        ("always", "never rarely sometimes"),
        ("everyone all anyone", "nobody none"),
        ("public", "private"),
        ("monday tuesday wednesday thursday friday", "saturday sunday"),
        ("first", "last"),
        ("same", "different"),
        ("best common", "worst rare"),
        ("minimum least", "maximum most"),
    )
)


@dataclass(frozen=True, slots=True)
class _Read:
    """A stretch of text as sets: content stems, numbers, names, and whether it denies."""

    stems: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    words: frozenset[str]
    denies: bool  # an odd number of denials: "not ... without" affirms


def content_stems(text: str) -> frozenset[str]:
    """Return the stems of the words that carry meaning."""
    return _read(text).stems


def content_words(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in their order."""
    words = [word.lower().removesuffix("'s") for word in _WORD.findall(text.replace("’", "'"))]
    stems = _STEMMER.stemWords([word for word in words if word not in _STOP and word not in _NEGATIONS])
    return [stem for stem in stems if stem not in _STOP_STEMS]


def supported(sentence: str, passages: Sequence[str], embed: Embed | None = None) -> bool:
    """Say whether the passages bear `sentence` out: its words, their order, numbers, names and denials.

    A sentence without a word of meaning ("Yes.") must stand in a passage itself: what it affirms is
    the question, and no passage was asked that.
    """
    sentence = without_contacts(_CLOCK.sub(r" \1m", sentence))
    claim = _read(sentence)
    texts = [
        part for passage in passages for part in sentences(without_contacts(_CLOCK.sub(r" \1m", passage)))
    ]
    if not claim.stems:
        return _plain(sentence) in {_plain(text) for text in texts}
    if not texts:
        return False
    sources = [_read(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda n: -len(claim.stems & sources[n].stems))
    best = order[0]
    second = max(order, key=lambda n: len(claim.stems & (sources[best].stems | sources[n].stems)))
    found = sources[best].stems | sources[second].stems
    covered = len(claim.stems & found) / len(claim.stems) if claim.stems else 1.0
    if not _numbers_stand(sentence, claim, [texts[best], texts[second]]):
        return False
    if _in_order(sentence, (texts[best], texts[second])) < IN_ORDER:
        return False
    if not _names_stand(claim, sources[best], sources[second]):
        return False
    adds = len((claim.stems & sources[second].stems) - sources[best].stems) >= ADDS * len(claim.stems)
    if adds and claim.stems:
        both = sources[best].denies != sources[second].denies
        agrees = claim.denies in (both, sources[second].denies)
    else:
        agrees = _polarity_agrees(claim, texts[best], sources[best])
    if not agrees or _opposite(claim, sources[best], sources[second]):
        return False
    if (sources[best].words & _LIMITS) - claim.words:
        # "Only with consent" left out turns a rule into its opposite.
        return False
    if embed is None:
        return covered >= COVERED
    vectors = np.asarray(embed([sentence, texts[best], f"{texts[best]} {texts[second]}"]), dtype=np.float32)
    near = float(max(vectors[0] @ vectors[1], vectors[0] @ vectors[2]))
    return near >= FAR and (covered >= COVERED or (covered >= COVERED_IF_NEAR and near >= NEAR))


def quoted(sentence: str, passages: Sequence[str]) -> bool:
    """Say whether `sentence` is, word for word, one whole sentence of a passage or a few in a row.

    Anything less lets a splice of two true sentences through, which can say what neither says.
    """
    wanted = _plain(sentence)
    for passage in passages:
        parts = [_plain(part) for part in sentences(passage)]
        for first in range(len(parts)):
            for last in range(first + 1, min(first + MOST_IN_A_ROW, len(parts)) + 1):
                if wanted and wanted == " ".join(parts[first:last]):
                    return True
    return False


def sentences(text: str) -> list[str]:
    """Split a passage into its sentences."""
    return [part.strip() for part in _SENTENCE.split(text) if part and part.strip()]


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _in_order(claim: str, sources: Sequence[str]) -> float:
    """Return the share of the claim's neighbouring content words that stand near in the sources, in order.

    It finds a sentence that is put together from a passage's words but says something else.
    """
    said = content_words(claim)
    pairs = list(itertools.pairwise(said))
    if not pairs:
        return 1.0
    near: set[tuple[str, str]] = set()
    for source in map(content_words, sources):
        for place, word in enumerate(source):
            near.update((word, other) for other in source[place + 1 : place + 1 + REACH])
    return sum(pair in near for pair in pairs) / len(pairs)


def _read(text: str) -> _Read:
    raw = _WORD.findall(text.replace("’", "'"))
    lowered = [_NUMBERS.get(word.lower(), word.lower()) for word in raw]
    numbers = frozenset(_plain_number(word) for word in lowered if word[0].isdigit())
    plain = [word.removesuffix("'s") for word in lowered if not word[0].isdigit()]
    content = [word for word in plain if word not in _STOP and word not in _NEGATIONS and len(word) > 1]
    stems = frozenset(_STEMMER.stemWords(content)) - _STOP_STEMS
    starts = {0} | {n for n in range(1, len(raw)) if re.search(rf"[.!?:]\s+{re.escape(raw[n])}", text)}
    names = frozenset(
        _STEMMER.stemWord(word.lower().removesuffix("'s"))
        for n, word in enumerate(raw)
        if word[0].isupper()
        and n not in starts
        and word.lower() not in _STOP
        and word.lower() not in _NUMBERS
    )
    words = frozenset(_STEMMER.stemWords(plain))
    return _Read(stems, numbers, names, words, sum(word in _NEGATIONS for word in lowered) % 2 == 1)


def _plain_number(word: str) -> str:
    return word.rstrip("%").replace(",", "").lstrip("0") or "0"


def _numbers_stand(sentence: str, claim: _Read, sources: Sequence[str]) -> bool:
    """Say whether each number stands in the sources beside the same word."""
    if not claim.numbers:
        return True
    there = set().union(*(_pairs(source) for source in sources))
    numbers = set().union(*(_read(source).numbers for source in sources))
    for number, beside in _number_contexts(sentence):
        if number not in numbers:
            return False
        if beside and any((number, word) in there for word in beside):
            continue
        if beside:
            return False
    return True


def _number_contexts(text: str) -> list[tuple[str, frozenset[str]]]:
    words = [_NUMBERS.get(word.lower(), word.lower()) for word in _WORD.findall(text.replace("’", "'"))]
    contexts = []
    for n, word in enumerate(words):
        if not word[0].isdigit():
            continue
        if words[n + 1 : n + 2] in (["am"], ["pm"]):
            contexts.append((_plain_number(word), frozenset(words[n + 1 : n + 2])))
            continue
        near = [w for w in words[n + 1 : n + 4] if not w[0].isdigit() and w not in _NO_UNIT][:2]
        if not near:
            near = [w for w in words[max(0, n - 3) : n] if not w[0].isdigit() and w not in _NO_UNIT]
        contexts.append((_plain_number(word), frozenset(_STEMMER.stemWords(near))))
    return contexts


def _pairs(text: str) -> set[tuple[str, str]]:
    words = [_NUMBERS.get(word.lower(), word.lower()) for word in _WORD.findall(text.replace("’", "'"))]
    pairs = set()
    for n, word in enumerate(words):
        if word[0].isdigit():
            for place in range(max(0, n - 4), min(len(words), n + 5)):
                other = words[place]
                # "8 am" is not "8 ... pm": half of the day counts only right behind the number.
                if not other[0].isdigit() and (other not in ("am", "pm") or place == n + 1):
                    pairs.add((_plain_number(word), str(_STEMMER.stemWord(other))))
    return pairs


def _names_stand(claim: _Read, best: _Read, second: _Read) -> bool:
    """Say whether the claim's names and ordinals stand where the rest of it stands."""
    if not claim.words & _ORDINALS <= best.words | second.words:
        return False
    missing = claim.names - best.words
    if not missing:
        return True
    return missing <= second.words and bool((claim.stems & second.stems) - best.stems - claim.names)


def _polarity_agrees(claim: _Read, text: str, source: _Read) -> bool:
    """Compare "not" in the claim with "not" in the part of the source that it is about."""
    if claim.denies == source.denies:
        return True
    clauses = [_read(part) for part in _CLAUSE.split(text) if part.strip()]
    if not clauses:
        return False
    most = max(len(claim.stems & clause.stems) for clause in clauses)
    about = [clause for clause in clauses if len(claim.stems & clause.stems) == most]
    return all(clause.denies == claim.denies for clause in about)


def _opposite(claim: _Read, best: _Read, second: _Read) -> bool:
    known = best.words | second.words
    for one, other in _OPPOSITES:
        for mine, theirs in ((one, other), (other, one)):
            said = set(_STEMMER.stemWords(list(mine))) & claim.words
            if said and not said & known and set(_STEMMER.stemWords(list(theirs))) & best.words:
                return True
    return False
