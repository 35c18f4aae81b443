"""Say what in an FAQ entry that comes in must wait for a person: words that could harm whoever reads them.

An approved answer is shown word for word, so no check of a model's sentences protects from it. Found here
are orders to a model, requests for secrets, odd ways to pay, unsafe use of a medicine, advice not to call
for help, and adverts, in English. Not found: a false fact in plain words (a wrong floor, a dose that sounds
like any other); for that a person reads what comes in. It must never change a text.

    EntryCheck().found("You can stop your lithium when you feel better.")  # ("unsafe_medicine",)
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from safety.folding import Folder, Sentence
from safety.phrases import Match, PhraseBook
from safety.shipped_yaml import shipped_yaml

ORDERS: Final = "model_instruction"
_BEFORE: Final = 5  # words before a phrase in which it may be denied
_WORDS: Final = """
not never no none nobody cannot without avoid refuse unless neither nor stop if before
"""
_DENYING: Final = frozenset(_WORDS.split())
_INSIDE: Final = frozenset(["not", "never"])


class EntryCheck:
    """Rules over entries; loading takes milliseconds and no weights."""

    def __init__(self) -> None:
        rules = shipped_yaml(Path(__file__).parent / "entry_rules.yaml")
        self._book = PhraseBook({name: tuple(members.split()) for name, members in rules["sets"].items()})
        self._categories: list[str] = []
        self._deniable: list[bool] = []
        for number, rule in enumerate(rules["rules"]):
            self._book.add(number, (line for line in rule["phrases"].splitlines() if line.strip()))
            self._categories.append(str(rule["category"]))
            self._deniable.append(bool(rule.get("denied", False)))
        self._fold = Folder(vocabulary=self._book.vocabulary, aliases={})

    def found(self, text: str) -> tuple[str, ...]:
        """Return the categories of what `text` says, sorted; () for a text that may come in."""
        sentences = self._fold.sentences(text)
        return tuple(
            sorted(
                {
                    self._categories[match.rule]
                    for match in self._book.find(sentences)
                    if not (self._deniable[match.rule] and _denied(sentences[match.sentence], match))
                }
            )
        )


def _denied(sentence: Sentence, match: Match) -> bool:
    before = sentence[max(0, match.start - _BEFORE) : match.start]
    return bool(_DENYING & set(before)) or bool(_INSIDE & set(sentence[match.start : match.end]))
