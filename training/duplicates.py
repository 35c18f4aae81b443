"""Find rows that say the same: exact and near copies are set aside, contradictions are flagged.

Near means Jaccard similarity of word 3-grams. MinHash with banding (Broder 1997; datasketch) proposes
pairs, the exact figure decides, so no pair is called near by chance.

Must not: put a row's words into a reason.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal
from unicodedata import normalize

import regex
from datasketch import MinHash, MinHashLSH

from training.rows import Example, Frozen, SetAside

STAGE = "duplicates"
_HASHES = 128
_MISSED = 1e-6  # largest chance that banding misses a pair at the threshold
Shingles = frozenset[str]


class Copy(Frozen):
    """A row that was set aside, and the kept row that it copies."""

    id: str
    of: str
    kind: Literal["exact_copy", "near_copy"]
    similarity: float


class Contradiction(Frozen):
    """Two kept rows with the same question, or nearly, whose answers do not agree."""

    first: str
    second: str
    reason: Literal["labels_differ", "yes_and_no", "negated", "numbers_differ"]


def without_duplicates(
    examples: Sequence[Example], *, near_copy: float, labels: bool = False
) -> tuple[list[Example], list[SetAside]]:
    """Return the rows that copy no earlier one, and the others set aside: `exact_copy`, `near_copy`.

    `find_copies` says which kept row each of them copies.
    """
    copies = find_copies(examples, near_copy=near_copy, labels=labels)
    gone = {copy.id for copy in copies}
    kept = [row for row in examples if row.id not in gone]
    return kept, [SetAside(id=copy.id, stage=STAGE, reason=copy.kind) for copy in copies]


def find_copies(examples: Sequence[Example], *, near_copy: float, labels: bool = False) -> tuple[Copy, ...]:
    """Return the rows that say in inputs and target what an earlier, kept row says, or nearly.

    `near_copy` (0 to 1) must be reached by inputs and target each. Nearly the same answer with other
    numbers or a "not" is no copy but a contradiction, and stays. With `labels` targets must be equal.
    Ids must be unique.
    """
    first: dict[tuple[str, str], int] = {}
    copies: dict[int, Copy] = {}
    for at, row in enumerate(examples):
        kept = first.setdefault((normalised(question(row)), normalised(answer(row))), at)
        if kept != at:
            copies[at] = Copy(id=row.id, of=examples[kept].id, kind="exact_copy", similarity=1.0)
    left = [at for at in range(len(examples)) if at not in copies]
    questions = [shingles(question(examples[at])) for at in left]
    answers = [shingles(answer(examples[at])) for at in left]
    whole = [a | b for a, b in zip(questions, answers, strict=True)]
    # Two parts that each reach the threshold do so together; so the whole proposes.
    for one, two in sorted(near_pairs(whole, near_copy, exact=False)):
        at, other = left[one], left[two]
        alike = min(jaccard(questions[one], questions[two]), jaccard(answers[one], answers[two]))
        if at in copies or other in copies or alike < near_copy:
            continue
        if disagreement(answer(examples[at]), answer(examples[other]), labels=labels):
            continue
        copies[other] = Copy(
            id=examples[other].id, of=examples[at].id, kind="near_copy", similarity=round(alike, 3)
        )
    return tuple(copies[at] for at in sorted(copies))


def contradictions(
    examples: Sequence[Example], *, near_copy: float = 0.8, labels: bool = False
) -> tuple[Contradiction, ...]:
    """Return pairs of rows with the same question, or nearly, whose answers do not agree.

    Labels disagree when they differ. Texts do when one begins with yes and the other with no, or when
    they share half of their words' 3-grams but one negates or has other numbers. People who answer
    differently do not contradict each other.
    """
    questions = [shingles(question(row)) for row in examples]
    found: list[Contradiction] = []
    for one, two in sorted(near_pairs(questions, near_copy)):
        first, second = examples[one], examples[two]
        mine, theirs = answer(first), answer(second)
        if not labels and not _comparable(mine, theirs):
            continue
        if reason := disagreement(mine, theirs, labels=labels):
            found.append(Contradiction(first=first.id, second=second.id, reason=reason))
    return tuple(found)


Disagreement = Literal["", "labels_differ", "yes_and_no", "negated", "numbers_differ"]
_NEGATION = regex.compile(
    r"\b(?:no|not|never|none|cannot|without|neither|nor|unsafe|avoid|\w+n['’]t|dont|doesnt|cant|wont|shouldnt)\b"
)
_NUMBER = regex.compile(r"\d+(?:[.,]\d+)*")
_YES_NO = regex.compile(r"^\W*(yes|yeah|yep|no|nope|not)\b(?!\s+(?:one|matter|doubt|problem|worries))")


def disagreement(mine: str, theirs: str, *, labels: bool = False) -> Disagreement:
    """Return how two answers to one question disagree; '' when they do not, as far as can be seen."""
    if labels:
        return "labels_differ" if normalised(mine) != normalised(theirs) else ""
    one, two = mine.casefold(), theirs.casefold()
    says = [match.group(1)[0] for match in (_YES_NO.match(one), _YES_NO.match(two)) if match]
    if len(says) == 2 and says[0] != says[1]:
        return "yes_and_no"
    if len(_NEGATION.findall(one)) != len(_NEGATION.findall(two)):
        return "negated"
    if sorted(_NUMBER.findall(one)) != sorted(_NUMBER.findall(two)):
        return "numbers_differ"
    return ""


def _comparable(mine: str, theirs: str) -> bool:
    """Say whether two texts say the same thing in nearly the same words, or open with yes and no."""
    if disagreement(mine, theirs) == "yes_and_no":
        return True
    first, second = set(normalised(mine).split()), set(normalised(theirs).split())
    return len(first & second) >= 0.7 * max(len(first | second), 1)


def question(example: Example) -> str:
    """Return what a row asks: all its inputs; an embedder's anchor alone."""
    return example.inputs["anchor"] if "anchor" in example.inputs else "\n".join(example.inputs.values())


def answer(example: Example) -> str:
    """Return what a row answers; for an embedder its positive."""
    return example.target or example.inputs.get("positive", "")


def normalised(text: str) -> str:
    """Return the words and numbers of a text in lower case, a space between."""
    return " ".join(regex.findall(r"[\p{L}\p{M}\p{N}]+", normalize("NFKC", text).casefold()))


def shingles(text: str) -> Shingles:
    """Return the word 3-grams of a text; a shorter text is its own."""
    words = normalised(text).split()
    if len(words) < 3:
        return frozenset([" ".join(words)] if words else [])
    return frozenset(" ".join(words[at : at + 3]) for at in range(len(words) - 2))


def jaccard(first: Shingles, second: Shingles) -> float:
    """Return the share of common members, 1 for two empty sets."""
    return len(first & second) / len(first | second) if first or second else 1.0


def near_pairs(
    sets: Sequence[Shingles], threshold: float, *, exact: bool = True
) -> Iterator[tuple[int, int]]:
    """Yield every pair (i < j) of non-empty sets with a Jaccard similarity of `threshold` or more.

    Without `exact` the pairs are those that MinHash proposes: all these and some more.
    """
    places: defaultdict[Shingles, list[int]] = defaultdict(list)
    for at, one in enumerate(sets):
        if one:
            places[one].append(at)
    for same in places.values():
        yield from ((one, two) for index, one in enumerate(same) for two in same[index + 1 :])
    bands, rows = _bands(threshold)
    index = MinHashLSH(num_perm=_HASHES, params=(bands, rows))
    seen: list[Shingles] = []
    # Equal sets have one entry, so that thousands of copies of one question stay cheap.
    for number, one in enumerate(places):
        sketch = MinHash(num_perm=_HASHES, seed=1)
        sketch.update_batch([gram.encode() for gram in sorted(one)])
        for other in sorted(index.query(sketch)):
            two = seen[other]
            if not exact or jaccard(one, two) >= threshold:
                yield from ((min(a, b), max(a, b)) for a in places[one] for b in places[two])
        index.insert(number, sketch)
        seen.append(one)


def _bands(threshold: float) -> tuple[int, int]:
    """Return bands and rows: the most rows a band that miss a pair at the threshold once in a million."""
    for rows in range(16, 1, -1):
        bands = _HASHES // rows
        if math.pow(1 - threshold**rows, bands) <= _MISSED:
            return bands, rows
    return _HASHES, 1
