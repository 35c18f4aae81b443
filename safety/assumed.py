"""Find what a sentence takes for granted about a person that the person never said.

A small model that answers a feeling consoles people for the loss of a son whom they do not have. It
must never judge whether what was said is true.

    AssumedFacts().found("I am sorry for your loss.", ["my landlord raised the rent"])
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from safety.shipped_yaml import shipped_yaml

_WORD: Final = re.compile(r"[a-z]+")
# How near a word must follow "your" to be said of the person: "your own late mother".
_REACH: Final = 3


class AssumedFacts:
    """The facts of a person's life that an answer may name only after the person."""

    def __init__(self) -> None:
        """Read the list. Nothing else is kept."""
        rows = shipped_yaml(Path(__file__).parent / "assumed_facts.yaml")
        self._borne_out: dict[str, frozenset[str]] = {}
        for row in rows:
            claimed = row["claimed"].split()
            said = frozenset((*claimed, *row["said"].split()))
            for word in claimed:
                self._borne_out[word] = self._borne_out.get(word, frozenset()) | said

    def found(self, sentence: str, heard: Sequence[str]) -> bool:
        """Say whether `sentence` says of the person what none of the messages `heard` bears out."""
        words = _WORD.findall(sentence.lower())
        claims = {
            word
            for place, owner in enumerate(words)
            if owner == "your"
            for word in words[place + 1 : place + 1 + _REACH]
            if word in self._borne_out
        }
        said = {word for message in heard for word in _WORD.findall(message.lower())}
        return any(said.isdisjoint(self._borne_out[claim]) for claim in claims)
