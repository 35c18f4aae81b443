"""Find the people of a conversation again, where nothing in a text gives their names away.

A whole name counts in any case ("oona tindle", "TINDLE, OONA"). A part of one counts in any case where
it is no common word: once Will Hope is known, "will you" and "I hope" stay.

Must not: hold a name longer than the call. It asks the replacer, which keeps hashes.
"""

from __future__ import annotations

from collections.abc import Iterator

from safety.placeholders import Replacer
from safety.recognizers.lexicon import Word, is_common, split_words, words

LONGEST_NAME = 4
"""How many words a name that is looked for may have."""
_SHORTEST = 3
"""Letters of a part in lower case; shorter ones are more often slips than names."""


def mentions(text: str, replacer: Replacer) -> Iterator[tuple[int, int]]:
    """Yield start and end (code points) of every known name in `text`, in order, without overlaps."""
    found = split_words(text)
    answers: dict[tuple[str, bool], bool] = {}

    def known(name: str, *, part: bool) -> bool:
        # A text that says one thing a thousand times asks once.
        if (name, part) not in answers:
            answers[name, part] = replacer.knows(name, part=part)
        return answers[name, part]

    covered = 0
    for at, word in enumerate(found):
        if word.start < covered:
            continue
        for last in found[at : at + LONGEST_NAME][::-1]:
            alone = last is word
            if alone and not _could_be_part(word):
                continue
            if known(text[word.start : last.end], part=alone):
                yield word.start, last.end
                covered = last.end
                break


def _could_be_part(word: Word) -> bool:
    """Tell whether a word by itself may be part of a name: no common word, and no slip."""
    if is_common(word.lower):
        return False
    if word.capital:
        return True
    return len(word.lower) >= _SHORTEST and word.lower not in words("ambiguous_names")
