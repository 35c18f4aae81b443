"""Find the people of a conversation again, where nothing in a text gives their names away.

A whole name counts in any case ("oona tindle", "TINDLE, OONA"), and so does a part of one. Where a part is a
word as well, `safety/namesakes.py` decides: once Will Hope is known, "will you" and "I hope" stay.

Must not: hold a name longer than the call. It asks the replacer, which keeps hashes.
"""

from __future__ import annotations

from collections.abc import Iterator

from safety.namesakes import stands_for_someone
from safety.placeholders import Replacer
from safety.recognizers.lexicon import split_words

LONGEST_NAME = 4
"""How many words a name that is looked for may have."""


def mentions(text: str, replacer: Replacer) -> Iterator[tuple[int, int]]:
    """Yield start and end of every known name in normalised `text`, in order, without overlaps."""
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
            if alone and not stands_for_someone(found, at):
                continue
            if known(text[word.start : last.end], part=alone):
                yield word.start, last.end
                covered = last.end
                break
