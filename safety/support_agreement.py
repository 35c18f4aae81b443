"""Whether a sentence agrees with its source in order, numbers, names, denials and opposites.

Signs that were found by hand on corrupted sentences; each reads stems and says yes, no or a share. They
decide nothing: safety/support.py weighs them. Must not call a model.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Final

import Stemmer

from safety.evidence import NO_UNIT, NUMBERS, Reading, content_words, plain_number, read, words_of

REACH: Final = 4  # how near, in content words
_STEMMER: Final = Stemmer.Stemmer("english")
_CLAUSE: Final = re.compile(
    r"[;:,—–]|\b(?:but|although|though|while|whereas|however|unless|except|and|or|so|because)\b"
)
_ORDINALS: Final = frozenset(
    _STEMMER.stemWords(["second", "third", "fourth", "fifth", "sixth", "last", "only", "every", "each"])
)
_OPPOSITES: Final = tuple(
    (frozenset(a.split()), frozenset(b.split()))
    for a, b in (
        ("before prior", "after following"),
        ("open", "closed close"),
        ("free", "charge fee cost charged paid"),
        ("required must mandatory needed", "optional voluntary"),
        ("more increase higher above rise raise", "less decrease lower below fewer reduce fall drop"),
        ("high", "low"),
        ("long", "short"),
        ("fast quick quickly rapid rapidly sudden suddenly", "slow slowly gradual gradually"),
        ("strong strengthen", "weak weaken"),
        ("improve better", "worsen worse"),
        ("large big larger bigger", "small smaller"),
        ("mild", "severe serious"),
        ("acute", "chronic"),
        ("early earlier", "late later"),
        ("old older", "young younger"),
        ("man men male boy husband father", "woman women female girl wife mother"),
        ("childhood infancy", "adulthood"),
        ("inherit inherited", "acquire acquired"),
        ("dominant", "recessive"),
        ("benign", "malignant"),
        ("positive", "negative"),
        ("left", "right"),
        ("upper", "lower"),
        ("hot warm", "cold cool"),
        ("full", "empty"),
        ("inside", "outside"),
        ("easy", "hard difficult"),
        ("common", "rare uncommon"),
        ("start begin", "stop end quit"),
        ("accept accepts take", "reject rejects refuse"),
        ("allowed permitted", "forbidden prohibited banned"),
        ("include includes including", "exclude excludes excluding"),
        ("safe", "unsafe dangerous"),
        ("weekdays", "weekends"),
        ("morning", "evening afternoon"),
        ("child children kid kids minor", "adult adults"),
        ("always", "never rarely sometimes"),
        ("everyone all anyone", "nobody none"),
        ("public", "private"),
        ("monday tuesday wednesday thursday friday", "saturday sunday"),
        ("first", "last"),
        ("same", "different"),
        ("best", "worst"),
        ("minimum least", "maximum most"),
    )
)


_OPPOSITE_STEMS: Final = tuple(
    (frozenset(_STEMMER.stemWords(list(one))), frozenset(_STEMMER.stemWords(list(other))))
    for one, other in _OPPOSITES
)


def in_order(claim: str, sources: Sequence[str]) -> float:
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


def numbers_stand(sentence: str, claim: Reading, sources: Sequence[str]) -> bool:
    """Say whether each number stands in the sources beside the same word."""
    if not claim.numbers:
        return True
    there = set().union(*(_pairs(source) for source in sources))
    numbers = set().union(*(read(source).numbers for source in sources))
    for number, beside in _number_contexts(sentence):
        if number not in numbers:
            return False
        if beside and any((number, word) in there for word in beside):
            continue
        if beside:
            return False
    return True


def _number_contexts(text: str) -> list[tuple[str, frozenset[str]]]:
    words = [NUMBERS.get(word.lower(), word.lower()) for word in words_of(text)]
    contexts = []
    for n, word in enumerate(words):
        if not word[0].isdigit():
            continue
        if words[n + 1 : n + 2] in (["am"], ["pm"]):
            contexts.append((plain_number(word), frozenset(words[n + 1 : n + 2])))
            continue
        near = [w for w in words[n + 1 : n + 4] if not w[0].isdigit() and w not in NO_UNIT][:2]
        if not near:
            near = [w for w in words[max(0, n - 3) : n] if not w[0].isdigit() and w not in NO_UNIT]
        contexts.append((plain_number(word), frozenset(_STEMMER.stemWords(near))))
    return contexts


def _pairs(text: str) -> set[tuple[str, str]]:
    words = [NUMBERS.get(word.lower(), word.lower()) for word in words_of(text)]
    pairs = set()
    for n, word in enumerate(words):
        if word[0].isdigit():
            for place in range(max(0, n - 4), min(len(words), n + 5)):
                other = words[place]
                # "8 am" is not "8 ... pm": half of the day counts only right behind the number.
                if not other[0].isdigit() and (other not in ("am", "pm") or place == n + 1):
                    pairs.add((plain_number(word), str(_STEMMER.stemWord(other))))
    return pairs


def names_stand(claim: Reading, best: Reading, second: Reading) -> bool:
    """Say whether the claim's names and ordinals stand where the rest of it stands."""
    if not claim.words & _ORDINALS <= best.words | second.words:
        return False
    missing = claim.names - best.words
    if not missing:
        return True
    return missing <= second.words and bool((claim.stems & second.stems) - best.stems - claim.names)


def polarity_agrees(claim: Reading, text: str, source: Reading) -> bool:
    """Compare "not" in the claim with "not" in the part of the source that it is about."""
    if claim.denies == source.denies:
        return True
    clauses = [read(part) for part in _CLAUSE.split(text) if part.strip()]
    if not clauses:
        return False
    most = max(len(claim.stems & clause.stems) for clause in clauses)
    about = [clause for clause in clauses if len(claim.stems & clause.stems) == most]
    return all(clause.denies == claim.denies for clause in about)


def opposite(claim: Reading, best: Reading, second: Reading) -> bool:
    """Say whether a word of the sources is gone from the claim and one that says the opposite is new."""
    known = best.words | second.words
    new, gone = claim.words - known, best.words - claim.words
    return any((new & one and gone & other) or (new & other and gone & one) for one, other in _OPPOSITE_STEMS)
