"""Pairs of a sentence that its passages bear out and the same sentence with one thing changed.

Made from MedQuAD's answers where they lie; nothing of them is kept here. Documents are halved by a hash of
the condition that they are about: development for fitting and choosing, test for measuring alone. The same
seed gives the same pairs. Must not look at how a sentence is scored.
"""

from __future__ import annotations

import hashlib
import random
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from benchmarks.support_paraphrases import Half, paraphrase
from benchmarks.support_swaps import DEVELOPMENT, HELD_OUT, SWAPS, Around
from retrieval.passages import split_passages, split_sentences

FILE: Final = Path("medquad") / "medquad.jsonl"
LEAST_WORDS: Final = 7
MOST_WORDS: Final = 38
_SHORTEST: Final = 350
_LONGEST: Final = 12_000
_FOREIGN: Final = 12
_SAID_OFTEN: Final = 1
_POOL: Final = 3_000
_VERBATIM_LEFT_OUT: Final = 0.6  # most sentences have nothing to reword: as they are they are easy
_SENTENCE: Final = re.compile(r"^[A-Z][^?!:*•]+\.$")
_BOILERPLATE: Final = re.compile(
    r"\b(?:MedlinePlus|Ontology|GARD|Orphanet|clinicaltrials|website|web site|table below|PubMed|click|"
    r"National Institute|NIH|Key Points)\b",
    re.IGNORECASE,
)


class Document(BaseModel):
    """The fields of a MedQuAD row that are used."""

    id: str
    focus: str
    type: str
    answer: str


@dataclass(frozen=True)
class Pair:
    """One sentence twice: `fine` is borne out by `passages`, `wrong` is `fine` with one swap of `kind`.

    `group` names the condition: pairs of one group are not independent. `form` says how `fine` was reworded.
    """

    kind: str
    group: str
    form: str
    fine: str = field(repr=False)
    wrong: str = field(repr=False)
    passages: tuple[str, ...] = field(repr=False)


def half_of(focus: str) -> Half:
    """Say in which half of the documents a condition is."""
    return "test" if zlib.crc32(" ".join(focus.lower().split()).encode()) % 2 else "development"


def pairs(
    data: Path, half: Half, *, kinds: Sequence[str] | None = None, each: int = 150, seed: int = 7
) -> list[Pair]:
    """Return up to `each` pairs of each kind, at most one of a kind from a document.

    Without `kinds`, those that belong to the half: held-out kinds for test, the others for development.
    """
    wanted = tuple(kinds or (HELD_OUT if half == "test" else DEVELOPMENT))
    rng = random.Random(f"{seed}, {half}")
    documents = [row for row in _documents(data / FILE) if half_of(row.focus) == half]
    documents = rng.sample(documents, min(_POOL, len(documents)))
    common = _said_often(documents)
    by_type: dict[str, list[Document]] = {}
    for row in documents:
        by_type.setdefault(row.type, []).append(row)
    made: dict[str, list[Pair]] = {kind: [] for kind in wanted}
    for row in documents:
        missing = [kind for kind in wanted if len(made[kind]) < each]
        if not missing:
            break
        for pair in _of(row, missing, by_type[row.type], half, common, rng):
            made[pair.kind].append(pair)
    return [pair for kind in wanted for pair in made[kind]]


def pairs_sha256(made: Sequence[Pair]) -> str:
    """Return a hash over all pairs: it says whether two runs measured the same."""
    digest = hashlib.sha256()
    for pair in made:
        digest.update("\0".join((pair.kind, pair.group, pair.fine, pair.wrong, *pair.passages)).encode())
    return digest.hexdigest()


def _of(
    row: Document,
    kinds: Sequence[str],
    alike: Sequence[Document],
    half: Half,
    common: Counter[str],
    rng: random.Random,
) -> Iterator[Pair]:
    others = [other for other in rng.sample(alike, min(len(alike), _FOREIGN)) if other.focus != row.focus]
    if not others:
        return
    passages = [text for text in split_passages(row.answer) if not _BOILERPLATE.search(text)]
    beside = split_passages(others[0].answer)
    if not passages or not beside:
        return
    passage = rng.choice(passages)
    shown = (passage, beside[0])
    own = [one for one in _split(passage) if _usable(one) and common[_shape(one, row.focus)] <= _SAID_OFTEN]
    rng.shuffle(own)
    foreign = (
        ()
        if "absent" not in kinds
        else tuple(
            re.sub(rf"\b{re.escape(other.focus)}\b", row.focus, one, flags=re.IGNORECASE)
            for other in others
            for one in _split(other.answer)
            if _usable(one) and one not in shown[1] and common[_shape(one, other.focus)] <= _SAID_OFTEN
        )
    )
    around = Around(shown, (row.focus, *(other.focus for other in others)), foreign, tuple(own))
    left = list(kinds)
    for sentence in own:
        for kind in list(left):
            form, fine = paraphrase(sentence, half, rng)
            if form == "verbatim" and rng.random() < _VERBATIM_LEFT_OUT:
                continue
            wrong = SWAPS[kind](fine, around, rng)
            if wrong and wrong != fine and wrong not in passage:
                left.remove(kind)
                yield Pair(kind, row.focus.lower(), form, fine, wrong, shown)


@lru_cache(maxsize=_POOL)
def _split(text: str) -> tuple[str, ...]:
    """Split an answer once: each is asked for as often as another document needs a foreign sentence."""
    return split_sentences(text)


def _documents(file: Path) -> list[Document]:
    with file.open(encoding="utf-8") as lines:
        rows = [Document.model_validate_json(line) for line in lines]
    seen: set[str] = set()
    kept = []
    for row in rows:
        if _SHORTEST <= len(row.answer) <= _LONGEST and row.answer not in seen:
            seen.add(row.answer)
            kept.append(row)
    return kept


def _usable(sentence: str) -> bool:
    return (
        LEAST_WORDS <= len(sentence.split()) <= MOST_WORDS
        and bool(_SENTENCE.match(sentence))
        and not _BOILERPLATE.search(sentence)
    )


def _shape(sentence: str, focus: str) -> str:
    """Return the sentence without the condition's name: boilerplate is the same for all."""
    return re.sub(re.escape(focus), "", sentence, flags=re.IGNORECASE).lower()


def _said_often(documents: Sequence[Document]) -> Counter[str]:
    return Counter(_shape(sentence, row.focus) for row in documents for sentence in _split(row.answer))
