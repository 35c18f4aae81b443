"""Sentences of streamed text: held back until whole, so that nothing shown is withdrawn; then split.

`WholeSentences` must not change a character: what comes out, joined, is a prefix of what went in.
"""

from __future__ import annotations

import re

# A sentence ends at . ! or ? with its closing quotes, and is known to end when space follows.
_END = re.compile(r"[.!?…]+[\"'”’)\]*]*(?=\s)")
_END_OF_TEXT = re.compile(r"[.!?…]+[\"'”’)\]*]*$")
# "Dr. ", "e.g. ", an initial, and the number of a list item are no ends.
_NO_END = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs|No|approx|etc|e\.g|i\.e|a\.m|p\.m|U\.S)"
    r"|(?<![\w'’])[A-Z]|(?:^|\n)[ \t*#-]*\d{1,3})\.$"
)


class WholeSentences:
    """Feed it pieces of text; it gives back what is sure to end with a sentence."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """Add text and return what it completes: one or more whole sentences, or nothing."""
        self._held += piece
        end = 0
        for match in _END.finditer(self._held):
            if not _NO_END.search(self._held[: match.end()]):
                end = match.end()
        released, self._held = self._held[:end], self._held[end:]
        return released

    def finish(self) -> str:
        """Return the rest when it ends with a sentence; a fragment is dropped."""
        rest = self._held.rstrip()
        self._held = ""
        match = _END_OF_TEXT.search(rest)
        return rest if match and not _NO_END.search(rest) else ""


# What a model puts before its words: a passage's number, a list mark, or that an answer follows.
_LEAD = re.compile(
    r"^(?:\[\d+\]|[A-Z]:|Answer:|[-*•]|The (?:answer|text|passage|sentences?)\b[^:.!?]{0,80}:)\s*[\"“]?",
    re.IGNORECASE,
)
_LINE_OR_END = re.compile(rf"{_END.pattern}|\n+")


def split_sentences(text: str) -> list[str]:
    """Split whole sentences apart; a line break ends one too. List marks and the like are left out."""
    found = []
    start = 0
    for match in _LINE_OR_END.finditer(text + "\n"):
        candidate = text[start : match.end()]
        if match.group().startswith("\n") or not _NO_END.search(candidate):
            sentence = _LEAD.sub("", candidate.strip())
            # Half of a pair of quotation marks is the model's, not the sentence's.
            found.append(sentence.strip('"') if sentence.count('"') % 2 else sentence)
            start = match.end()
    return [sentence for sentence in found if sentence]


def text_after(text: str, already: str) -> str | None:
    """Return what of `text` follows `already`, whatever the spaces; None when it begins otherwise."""
    place = 0
    for character in already:
        if character.isspace():
            continue
        while place < len(text) and text[place].isspace():
            place += 1
        if text[place : place + 1] != character:
            return None
        place += 1
    return text[place:]
