"""Say a sentence in slightly other words, so that the passage it came from still bears it out.

Rules of our own: contractions, the order of clauses, synonyms, numbers as words, an aside left out. Must not
add or take away anything that a reader would act on.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final, Literal

from benchmarks.support_swaps import words

Half = Literal["development", "test"]

_FRONTED: Final = re.compile(
    r"^(If|When|After|Before|Although|Because|While|In|During) ([^,;()]{8,90}), ([^,;:]{15,})\.$"
)
_TRAILING: Final = re.compile(r"^([A-Z][^;:,()]{15,}) (if|when|because|although) ([^,;()]{10,90})\.$")
_ASIDE: Final = re.compile(r"\s?\((?!e\.g)[^()]{1,60}\)")
_NAMES: Final = re.compile(r"[A-Z][a-z]+ [A-Z]|[A-Z]{2,}|[A-Z][a-z]*'s")


def paraphrase(sentence: str, half: Half, rng: random.Random) -> tuple[str, str]:
    """Return the name of a form and the sentence in it; "verbatim" where none fits or chance says so."""
    made = [(name, form(sentence, half)) for name, form in FORMS.items()]
    fitting = [(name, text) for name, text in made if text != sentence]
    if not fitting or rng.random() < 0.2:
        return "verbatim", sentence
    name, text = rng.choice(fitting)
    other, rule = rng.choice([(other, rule) for other, rule in FORMS.items() if other != name])
    twice = rule(text, half)
    if twice != text and rng.random() < 0.3:
        return f"{name} and {other}", twice
    return name, text


def contracted(sentence: str, half: Half) -> str:
    """Contract the verbs."""
    del half
    for long, short in words().contractions.items():
        sentence = re.sub(rf"\b{long}\b", short, sentence)
        sentence = re.sub(rf"\b{long[0].upper()}{long[1:]}\b", f"{short[0].upper()}{short[1:]}", sentence)
    return sentence


def reordered(sentence: str, half: Half) -> str:
    """Put the first clause last, or the last first."""
    del half
    fronted = _FRONTED.match(sentence)
    if fronted:
        word, clause, main = fronted.groups()
        return f"{main[0].upper()}{main[1:]} {word.lower()} {clause}."
    trailing = _TRAILING.match(sentence)
    if trailing:
        main, word, clause = trailing.groups()
        kept = main if _NAMES.match(main) else f"{main[0].lower()}{main[1:]}"
        return f"{word.capitalize()} {clause}, {kept}."
    return sentence


def synonymous(sentence: str, half: Half) -> str:
    """Put the synonyms of this half of the documents."""
    for word, other in words().synonyms[half].items():
        sentence = re.sub(rf"\b{word}\b", other, sentence)
        sentence = re.sub(rf"\b{word.capitalize()}\b", other.capitalize(), sentence)
    return sentence


def numbered(sentence: str, half: Half) -> str:
    """Write small numbers in figures, or in words."""
    del half
    names = words().numbers
    figures = re.sub(
        rf"\b(?:{'|'.join(names[1:])})\b", lambda found: str(names.index(found.group()) + 1), sentence
    )
    if figures != sentence:
        return figures
    return re.sub(
        r"(?<![\w.,/-])([2-9])(?= (?:[a-z]+))", lambda found: names[int(found.group()) - 1], sentence
    )


def shortened(sentence: str, half: Half) -> str:
    """Leave out what stands in brackets."""
    del half
    return _ASIDE.sub("", sentence)


FORMS: Final[dict[str, Callable[[str, Half], str]]] = {
    "contraction": contracted,
    "clause order": reordered,
    "synonyms": synonymous,
    "number form": numbered,
    "aside left out": shortened,
}
