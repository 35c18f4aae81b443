"""Medical words: medicines that people ask for, the endings that most others have, and common terms.

For whatever repairs or varies words and must leave these alone. Must not be taken for a list of all
medicines: a name that is not in it may be one all the same.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

WORDS = Path(__file__).resolve().parent / "words"
_ENDING = re.compile(
    r"(?:azole|cillin|cycline|mycin|floxacin|statin|sartan|pril|olol|dipine|azepam|azolam|oxetine|triptyline"
    r"|triptan|gliptin|gliflozin|glutide|prazole|tidine|setron|parin|xaban|vir|mab|tinib|barbital|codone"
    r"|morphone|profen|asone|olone|thiazide|semide|caine|curium|dronate|lukast|terol|tropium|zosin|idone)s?$"
)


@cache
def drug_names() -> frozenset[str]:
    """Return the names that are listed, in lower case."""
    return frozenset((WORDS / "drugs.txt").read_text(encoding="utf-8").split())


@cache
def medical_terms() -> frozenset[str]:
    """Return common medical words, in lower case."""
    return frozenset((WORDS / "medical.txt").read_text(encoding="utf-8").split())


def drug_ending(word: str) -> bool:
    """Say whether a lower-case word ends as medicines do."""
    return _ENDING.search(word) is not None


def is_drug(word: str) -> bool:
    """Say whether a lower-case word is a drug we list, or has the ending of one."""
    return word in drug_names() or (len(word) > 6 and drug_ending(word))
