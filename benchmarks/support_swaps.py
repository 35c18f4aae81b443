"""Change one thing in a sentence, so that the passage it came from no longer bears it out.

`SWAPS` is the table: a kind and the function that makes it. A function returns "" where the sentence has
nothing of its kind. `HELD_OUT` are the kinds that nothing is fitted on; the others are for development.
Must not look at how a sentence is scored.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict

HELD_OUT: Final = ("number", "unit", "negation", "entity", "cause")
DEVELOPMENT: Final = ("absent", "opposite", "quantity", "certainty", "splice", "word")

_WORDS: Final = Path(__file__).parent / "support_words.yaml"
_SURE_VERB: Final = re.compile(r"\b(is|are|was|were|can|will|should|must|does|do|has been|have been)\b")
_DENIAL: Final = re.compile(r"\b(is|are|was|were|can|will|should|must|does|do|has|have) not\b")
_CAUSE: Final = re.compile(
    r"^(?P<left>[^,;:]+?) (?P<may>may |can |could |might )?(?P<verb>causes?|leads? to|results? in|triggers?|"
    r"(?:is|are|be) (?:caused by|due to)|results? from|because of|because) (?!of )"
    r"(?P<right>[^,;:]+?)(?P<end>[.,;:].*)?$"
)
_NO_SUBJECT: Final = re.compile(
    r"^(?:Although|If|When|While|Because|Since|To|In|It|There|However)\b|\b(?:the|an?|to|and|or|that|which|who|not|underlying|common|"
    r"main|most|genetic|exact|other|possible|known|is|are)$",
    re.IGNORECASE,
)
_ANYBODY: Final = re.compile(
    r"\b(?:people|persons?|individuals?|patients?|parents|children|those|affected|you)\b", re.I
)
_VERB: Final = re.compile(r"(?<=\w) (?=(?:is|are|can|may|causes?|includes?|affects?|have|has|occurs?) )")
_REVERSED: Final = {
    "causes": "is caused by",
    "cause": "are caused by",
    "leads to": "is caused by",
    "lead to": "are caused by",
    "results in": "results from",
    "result in": "result from",
    "results from": "results in",
    "result from": "result in",
    "is caused by": "causes",
    "are caused by": "cause",
    "be caused by": "cause",
    "is due to": "leads to",
    "are due to": "lead to",
    "be due to": "lead to",
    "triggers": "is triggered by",
    "trigger": "are triggered by",
}
_MOST_WORDS: Final = 14


class Words(BaseModel):
    """The lists of support_words.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    synonyms: Mapping[str, Mapping[str, str]]
    contractions: Mapping[str, str]
    numbers: tuple[str, ...]
    units: tuple[tuple[str, ...], ...]
    body: tuple[str, ...]
    drugs: tuple[str, ...]
    opposites: tuple[tuple[str, str], ...]
    quantities: Mapping[str, str]
    certainty: Mapping[str, str]


@dataclass(frozen=True)
class Around:
    """What stands around a sentence: its passages, and what other answers have to swap in.

    `diseases` are names of conditions, the sentence's own first; `foreign` are sentences of an answer to the
    same kind of question about another condition; `beside` are other sentences of the same passages.
    """

    passages: tuple[str, ...]
    diseases: tuple[str, ...]
    foreign: tuple[str, ...]
    beside: tuple[str, ...]


Swap = Callable[[str, Around, random.Random], str]


@cache
def words() -> Words:
    """Return the word lists."""
    return Words.model_validate(yaml.safe_load(_WORDS.read_text(encoding="utf-8")))


def number(sentence: str, around: Around, rng: random.Random) -> str:
    """Change one number; half of the time to another number of the same passages."""
    found = list(re.finditer(rf"\b(?:\d+(?:\.\d+)?|{'|'.join(words().numbers[1:])})\b", sentence))
    if not found:
        return ""
    chosen = rng.choice(found)
    old = chosen.group()
    if old.isalpha():
        new = rng.choice([word for word in words().numbers[1:] if word != old])
    else:
        there = {n for text in around.passages for n in re.findall(r"\b\d+(?:\.\d+)?\b", text)} - {old}
        near = str(int(float(old)) + rng.choice((1, 2, 3, 5, 10, 20)))
        new = rng.choice(sorted(there)) if there and rng.random() < 0.5 else near
    return _put(sentence, chosen, new)


def unit(sentence: str, around: Around, rng: random.Random) -> str:
    """Change the unit behind a number to another of its family."""
    del around
    every = [word for family in words().units for word in family]
    spelled = "|".join(words().numbers)
    found = list(re.finditer(rf"(?<=[\d]\s)(?:{'|'.join(every)})\b", sentence))
    found += re.finditer(rf"\b(?:{spelled}) (?P<unit>{'|'.join(every)})\b", sentence)
    if not found:
        return ""
    chosen = rng.choice(found)
    old = chosen.group().split()[-1]
    family = next(family for family in words().units if old in family)
    new = rng.choice([word for word in family if word != old])
    return f"{sentence[: chosen.end() - len(old)]}{new}{sentence[chosen.end() :]}"


def negation(sentence: str, around: Around, rng: random.Random) -> str:
    """Deny what is affirmed, or affirm what is denied. "May" is left alone: it allows both."""
    del around, rng
    for pattern, new in (
        (_DENIAL, r"\1"), (re.compile(r"\bcannot\b"), "can"), (re.compile(r"\b([Ww])ithout\b"), r"\1ith"),
        (re.compile(r"\bnever\b"), "always"), (re.compile(r"\b(do|does|is|are|ca|wo|should)n't\b"), r"\1"),
    ):  # fmt: skip
        if pattern.search(sentence):
            return pattern.sub(new, sentence, count=1)
    if re.search(r"\b(?:not|no|none|neither)\b|n't\b", sentence, re.IGNORECASE):
        return ""
    found = _SURE_VERB.search(sentence)
    if found is None:
        return ""
    verb = found.start() + len(found.group().split()[0])
    return f"{sentence[:verb]} not{sentence[verb:]}"


def entity(sentence: str, around: Around, rng: random.Random) -> str:
    """Put another condition, drug or part of the body, each time it stands there."""
    lowered = sentence.lower()
    own = around.diseases[0].lower()
    choices: list[tuple[str, Sequence[str]]] = []
    if re.search(rf"\b{re.escape(own)}\b", lowered):
        choices.append((own, around.diseases[1:]))
    named: list[Sequence[str]] = [words().body, words().drugs]
    for group in named:
        here = [word for word in group if re.search(rf"\b{word}\b", lowered)]
        others = [word for word in group if word not in here and word.rstrip("s") not in lowered]
        near = [word for word in others if any(word in passage.lower() for passage in around.passages)]
        pool = near if near and rng.random() < 0.5 else others
        choices += [(word, pool) for word in here]
    choices = [(old, others) for old, others in choices if others]
    if not choices:
        return ""
    old, others = rng.choice(choices)
    return re.sub(rf"\b{re.escape(old)}\b", rng.choice(list(others)), sentence, flags=re.IGNORECASE)


def cause(sentence: str, around: Around, rng: random.Random) -> str:
    """Turn cause and effect around: their places, or the verb between them."""
    del around
    found = _CAUSE.match(sentence)
    if found is None:
        return ""
    left, may, verb, right = found["left"], found["may"] or "", found["verb"], found["right"]
    end = found["end"] or "."
    if _NO_SUBJECT.search(left) or not all(1 <= len(side.split()) <= _MOST_WORDS for side in (left, right)):
        return ""
    if verb in _REVERSED and rng.random() < 0.5:
        turned = _REVERSED[verb]
        if may:
            turned = re.sub(r"^(?:is|are) ", "be ", turned)
        return f"{left} {may}{turned} {right}{end}"
    return f"{right[0].upper()}{right[1:]} {may}{verb} {_lowered(left)}{end}"


def absent(sentence: str, around: Around, rng: random.Random) -> str:
    """Take a sentence of another answer instead, said of this condition."""
    del sentence
    return rng.choice(around.foreign) if around.foreign else ""


def opposite(sentence: str, around: Around, rng: random.Random) -> str:
    """Put the opposite of one word."""
    del around
    table = {one: other for pair in words().opposites for one, other in (pair, pair[::-1])}
    return _replaced(sentence, table, rng)


def quantity(sentence: str, around: Around, rng: random.Random) -> str:
    """Say few for most, all for some."""
    del around
    return _replaced(sentence, words().quantities, rng)


def certainty(sentence: str, around: Around, rng: random.Random) -> str:
    """Say always or never for may, usually or rarely."""
    del around
    return _replaced(sentence, words().certainty, rng)


def splice(sentence: str, around: Around, rng: random.Random) -> str:
    """Join the beginning of the sentence to the end of another sentence of its passages."""
    mine = _VERB.split(sentence, maxsplit=1)
    ends = []
    for other in around.beside:
        theirs = _VERB.split(other, maxsplit=1)
        if len(theirs) == 2 and len(theirs[1].split()) >= 4 and not _alike(theirs[0], mine[0]):
            ends.append(theirs[1])
    fits = len(mine) == 2 and ends and not _NO_SUBJECT.search(mine[0]) and not _ANYBODY.search(mine[0])
    return f"{mine[0]} {rng.choice(ends)}" if fits else ""


def word(sentence: str, around: Around, rng: random.Random) -> str:
    """Put some word of the last passage, which is about another condition, in the place of one."""
    found = list(re.finditer(r"(?<=[a-z,] )[a-z]{5,}\b", sentence))
    others = sorted(
        set(re.findall(r"\b[a-z]{6,}\b", around.passages[-1])) - set(re.findall(r"[a-z]+", sentence))
    )
    if not found or not others:
        return ""
    return _put(sentence, rng.choice(found), rng.choice(others))


SWAPS: Final[dict[str, Swap]] = {
    "number": number, "unit": unit, "negation": negation, "entity": entity, "cause": cause,
    "absent": absent, "opposite": opposite, "quantity": quantity, "certainty": certainty, "splice": splice,
    "word": word,
}  # fmt: skip


def _put(sentence: str, place: re.Match[str], new: str) -> str:
    return f"{sentence[: place.start()]}{new}{sentence[place.end() :]}"


def _replaced(sentence: str, table: Mapping[str, str], rng: random.Random) -> str:
    found = list(re.finditer(rf"(?<!more )(?<!as )(?<!the )\b(?:{'|'.join(table)})\b(?! not|')", sentence))
    if not found:
        return ""
    chosen = rng.choice(found)
    return _put(sentence, chosen, table[chosen.group()])


def _lowered(text: str) -> str:
    """Lower the first letter of a sentence, unless it begins a name or an abbreviation."""
    first = text.split(maxsplit=1)[0]
    common = first.lower() in {"the", "a", "an", "this", "these", "it", "some", "most", "many", "mutations"}
    return f"{text[0].lower()}{text[1:]}" if common else text


def _alike(one: str, other: str) -> bool:
    """Say whether two subjects may be the same thing: a pronoun, or a word in common."""
    mine, theirs = set(one.lower().split()), set(other.lower().split())
    vague = {"it", "they", "this", "these", "those", "there", "he", "she", "that", "which", "who"}
    return bool(mine & theirs - {"the", "a", "an", "of", "in", "and"}) or bool((mine | theirs) & vague)
