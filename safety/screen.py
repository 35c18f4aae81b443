"""Screen a message: crisis and emergency first, then what is refused, then the uncertain band.

Refused are only attempts to take over the assistant and requests for harm to others. A medical
question, however blunt, and an off-topic one are allowed. Rules stand in screen_rules.yaml; an
encoder, where one is handed in, finds more of what the rules miss by nearness to examples.

    python -m safety screen messages.jsonl
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from safety.crisis import WINDOW, CrisisGate
from safety.folding import Folder, Sentence
from safety.phrases import PhraseBook
from safety.shipped_yaml import shipped_yaml
from safety.verdict import ALLOW, Verdict

Embed = Callable[[list[str]], NDArray[Any]]

HARM_NEARNESS: Final = 0.50  # cosine to the nearest harmful example at or above which it counts
HARM_MARGIN: Final = 0.15  # and by how much it must be nearer than any harmless example
_EARLIER: Final = 6
_SPLIT: Final = 300
_ROLE_MARKS: Final = (
    "<|im_start|>",
    "<|im_end|>",
    "<|system|>",
    "[inst]",
    "<<sys>>",
    "<|endoftext|>",
    "<system>",
)
_ROLE_LINE: Final = re.compile(
    r"^[ \t#>*]{0,8}(?:system|assistant)[ \t*]{0,4}:", re.IGNORECASE | re.MULTILINE
)
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/]{20,4000}={0,2}")


class Screener:
    """Judge a message before it goes to retrieval and the model."""

    def __init__(self, embed: Embed | None = None, *, gate: CrisisGate | None = None) -> None:
        """Take an encoder (texts to rows of unit length) and, where one exists, the crisis gate."""
        rules = shipped_yaml(Path(__file__).parent / "screen_rules.yaml")
        self._gate = gate or CrisisGate()
        self._book = PhraseBook({name: tuple(members.split()) for name, members in rules["sets"].items()})
        self._categories = [str(rule["category"]) for rule in rules["rules"]]
        for number, rule in enumerate(rules["rules"]):
            self._book.add(number, (line for line in rule["phrases"].splitlines() if line.strip()))
        self._fold = Folder(
            vocabulary=self._book.vocabulary, aliases={**self._gate.aliases, **rules["aliases"]}, fuzzy=()
        )
        self._near = None if embed is None else _Nearness(embed, rules["prototypes"])
        self.detectors: tuple[str, ...] = (*self._gate.detectors, "refuse-rules", "encoded-text")
        if embed is not None:
            self.detectors += ("encoder-prototypes",)

    def screen(self, text: str, history: Sequence[str] = ()) -> Verdict:
        """Return the verdict for `text`; `history` are the same person's earlier messages, oldest first."""
        earlier = [message[-WINDOW:] for message in history[-_EARLIER:]]
        first = self._gate.assess(text, earlier=earlier)
        if first.action in ("crisis", "emergency"):
            return first
        text = text if len(text) <= 2 * WINDOW else f"{text[:WINDOW]}\n\n{text[-WINDOW:]}"
        for hidden in _decoded(text):
            verdict = self._gate.assess(hidden)
            if verdict.action in ("crisis", "emergency"):
                return verdict
            category = self._refused(hidden)
            if category:
                return Verdict("refuse", category, "high")
        category = self._refused(text) or self._refused_together(text, earlier)
        if category:
            return Verdict("refuse", category, "high")
        # What may be an emergency and asks for harm is refused; what may be about oneself never is.
        if self._near is not None and (first.action == "allow" or first.category == "medical_emergency"):
            category = self._near.category(text)
            if category:
                return Verdict("refuse", category, "concern")
        return first if first.action == "support" else ALLOW

    def instructs(self, text: str) -> bool:
        """Say whether a text to be kept, such as an FAQ answer, gives an order to a language model."""
        parts = (text, *_decoded(text))
        return any("injection" in self._categories_of(part) or self._has_role(part) for part in parts)

    def _categories_of(self, text: str) -> set[str]:
        return {self._categories[match.rule] for match in self._book.find(self._fold.sentences(text))}

    @staticmethod
    def _has_role(text: str) -> bool:
        lowered = text.lower()
        return any(mark in lowered for mark in _ROLE_MARKS) or _ROLE_LINE.search(text) is not None

    def _refused(self, text: str) -> str:
        if self._has_role(text):
            return "injection"
        return self._by_rule(self._fold.sentences(text))

    def _refused_together(self, text: str, earlier: Sequence[str]) -> str:
        """Find an instruction that was cut in pieces over several short messages."""
        pieces = [message for message in earlier[-3:] if len(message) <= _SPLIT]
        if not pieces or len(text) > _SPLIT:
            return ""
        alone = any(self._by_rule(self._fold.sentences(piece)) for piece in pieces)
        if alone:
            return ""
        joined: list[str] = []
        for piece in (*pieces, text):
            joined += [word for sentence in self._fold.sentences(piece) for word in sentence]
        category = self._by_rule([tuple(joined)])
        return category if category == "injection" else ""

    def _by_rule(self, sentences: Sequence[Sentence]) -> str:
        found = {self._categories[match.rule] for match in self._book.find(sentences)}
        return min(found, default="")


class _Nearness:
    """Compare a message with examples of what is refused and of what is not."""

    def __init__(self, embed: Embed, prototypes: dict[str, str]) -> None:
        self._embed = embed
        rows = [
            (name, line) for name, block in prototypes.items() for line in block.splitlines() if line.strip()
        ]
        self._names = np.array([name for name, _ in rows])
        self._vectors = np.asarray(embed([line for _, line in rows]), dtype=np.float32)

    def category(self, text: str) -> str:
        nearness = self._vectors @ np.asarray(self._embed([text[:WINDOW]])[0], dtype=np.float32)
        harmless = self._names == "harmless"
        best = int(np.argmax(np.where(harmless, -1.0, nearness)))
        margin = float(nearness[best] - nearness[harmless].max())
        return str(self._names[best]) if nearness[best] >= HARM_NEARNESS and margin >= HARM_MARGIN else ""


def _decoded(text: str) -> list[str]:
    """Return the readable texts hidden in base64 or rot13 (at most four of them)."""
    found = []
    for match in list(_ENCODED.finditer(text))[:4]:
        code = match.group().rstrip("=")
        try:
            raw = base64.b64decode(code + "=" * (-len(code) % 4))
        except (binascii.Error, ValueError):
            continue
        hidden = raw.decode("utf-8", errors="replace")
        readable = sum(char.isascii() and (char.isprintable() or char.isspace()) for char in hidden)
        if hidden and readable >= 0.9 * len(hidden):
            found.append(hidden)
    if "rot13" in text.lower() or "rot-13" in text.lower():
        found.append(codecs.decode(text, "rot13"))
    return found
