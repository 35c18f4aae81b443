"""Whether the answers of an FAQ say anything that its questions do not.

A list of questions that somebody made an FAQ of has each question again for an answer, or the same few words
for all. There is nothing in them to read with a question, and how near the questions are is all the evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from retrieval.faq import FaqEntry
from retrieval.lexical import content_words

_LOOKED_AT = 200
_FEWEST_NEW_WORDS = 3
_MOST_THAT_SAY_MORE = 0.1
_MOST_ALIKE = 0.5


def only_questions(entries: Sequence[FaqEntry]) -> bool:
    """Tell an FAQ with hardly an answer of its own; one of a few entries is none."""
    step = max(1, len(entries) // _LOOKED_AT)
    some = entries[::step]
    if len(some) < 10:
        return False
    answer, often = Counter(entry.answer.strip() for entry in some).most_common(1)[0]
    if often >= _MOST_ALIKE * len(some):
        some = [entry for entry in some if entry.answer.strip() != answer]
    return sum(map(_says_more, some)) <= _MOST_THAT_SAY_MORE * len(entries[::step])


def _says_more(entry: FaqEntry) -> bool:
    asked = {word for text in (entry.question, *entry.alternates) for word in content_words(text)}
    return len(set(content_words(entry.answer)) - asked) >= _FEWEST_NEW_WORDS
