"""Screen a message: crisis and emergency first, then what is refused, then the uncertain band.

Refused are only attempts to take over the assistant and requests for harm to others. A medical
question, however blunt, and an off-topic one are allowed. Rules stand in screen_rules.yaml; where an encoder
is up that was trained to read messages (safety/reader.py), it finds more of what the rules miss.

    python -m safety screen messages.jsonl
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from safety.crisis import WINDOW, CrisisGate
from safety.folding import Folder, Sentence
from safety.phrases import PhraseBook
from safety.shipped_yaml import shipped_yaml
from safety.verdict import ALLOW, Verdict

EARLIER: Final = 6
"""So many of the same person's messages before are read with one."""
_SPLIT: Final = 300
_ROLE_MARKS: Final = (
    "<|im_start|>",
    "<|im_end|>",
    "<|system|>",
    "[inst]",
    "<<sys>>",
    "<|endoftext|>",
    "<system>",
    "[sys]",
    "<instructions>",
    "[system",
    "[/inst]",
    "</s>",
    "```system",
    "<<system",
    "[tool_result",
    "<tool_result",
    '"role": "system"',
    '"role":"system"',
    '"function_call"',
    '"tool_calls"',
)
_ROLE_LINE: Final = re.compile(
    r"^[ \t#>*\[(-]{0,8}(?:system|assistant|developer)(?:[ \t](?:message|prompt|note|override))?"
    r"[ \t*\])]{0,4}:",
    re.IGNORECASE | re.MULTILINE,
)
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/]{20,4000}={0,2}")
_HEX: Final = re.compile(r"\b(?:[0-9a-fA-F]{2}[ :-]?){8,2000}")
_SPACED: Final = re.compile(r"\b(?:[A-Za-z0-9][ .*_|/-]){3,}[A-Za-z0-9]\b")
_SIGNS: Final = re.compile(r"[^A-Za-z0-9]")
_JOINTS: Final = re.compile(r"(?<=[A-Za-z])[_-](?=[A-Za-z])")


_MISTAKEN: Final = {"harmful_request": "own", "injection": "offered"}
"""The list in the rules of what a category is mistaken for. A rule's injection is never let off by one."""


class Screener:
    """Judge a message before it goes to retrieval and the model."""

    def __init__(self, *, gate: CrisisGate | None = None) -> None:
        """Take the crisis gate, where one exists: its reader is the screen's too."""
        rules = shipped_yaml(Path(__file__).parent / "screen_rules.yaml")
        self._gate = gate or CrisisGate()
        self._book = PhraseBook({name: tuple(members.split()) for name, members in rules["sets"].items()})
        self._categories = [str(rule["category"]) for rule in rules["rules"]]
        for number, rule in enumerate(rules["rules"]):
            self._book.add(number, (line for line in rule["phrases"].splitlines() if line.strip()))
        self._own = PhraseBook({name: tuple(members.split()) for name, members in rules["sets"].items()})
        for number, name in enumerate(_MISTAKEN.values()):
            self._own.add(number, (line for line in rules[name].splitlines() if line.strip()))
        self._fold = Folder(
            vocabulary=self._book.vocabulary | self._own.vocabulary,
            aliases={**self._gate.aliases, **rules["aliases"]},
            fuzzy=(),
            joined=rules["joined"].split(),
        )
        self._other = _OtherScripts(rules["other_scripts"])

    @property
    def detectors(self) -> tuple[str, ...]:
        """What reads a message now."""
        return (*self._gate.detectors, "refuse-rules", "encoded-text")

    def screen(self, text: str, history: Sequence[str] = ()) -> Verdict:
        """Return the verdict for `text`; `history` are the same person's earlier messages, oldest first."""
        earlier = [message[-WINDOW:] for message in history[-EARLIER:]]
        first = self._gate.assess(text, earlier=earlier)
        if first.action in ("crisis", "emergency"):
            return first
        text = text if len(text) <= 2 * WINDOW else f"{text[:WINDOW]}\n\n{text[-WINDOW:]}"
        for hidden in _decoded(text):
            verdict = self._gate.assess(hidden, strictly=True)
            if verdict.action in ("crisis", "emergency"):
                return verdict
            category = self._refused(hidden)
            if category:
                return _refusal(category, first)
        category = (
            self._refused(text) or self._refused_together(text, earlier) or self._refused_rewritten(text)
        )
        if category and not (category == "harmful_request" and self._mistaken(category, text)):
            return _refusal(category, first)
        # What may be an emergency and asks for harm is refused; what may be about oneself never is.
        open_ = first.action == "allow" or first.category == "medical_emergency"
        if open_ and (category := self._refused_by_reader(text)):
            return Verdict("refuse", category, "concern")
        return first if first.action == "support" else ALLOW

    def _refused_by_reader(self, text: str) -> str:
        reader = self._gate.reader
        try:
            category = "" if reader is None else reader.category(text)
        except Exception:  # noqa: BLE001 - whatever broke in it, the rules have spoken
            return ""
        return "" if self._mistaken(category, text) else category

    def _mistaken(self, category: str, text: str) -> bool:
        """Say whether what looks like harm is one's own care, or an order a question for a clinic's rules."""
        if category not in _MISTAKEN:
            return False
        wanted = list(_MISTAKEN).index(category)
        return any(match.rule == wanted for match in self._own.find(self._fold.sentences(text)))

    def instructs(self, text: str) -> bool:
        """Say whether a text to be kept, such as an FAQ answer, gives an order to a language model."""
        parts = (text, *_decoded(text), *_rewritten(text))
        return any(
            "injection" in self._categories_of(part) or self._has_role(part) or self._other.found(part)
            for part in parts
        )

    def _categories_of(self, text: str) -> set[str]:
        return {self._categories[match.rule] for match in self._book.find(self._fold.sentences(text))}

    @staticmethod
    def _has_role(text: str) -> bool:
        lowered = text.lower()
        return any(mark in lowered for mark in _ROLE_MARKS) or _ROLE_LINE.search(text) is not None

    def _refused(self, text: str) -> str:
        if self._has_role(text) or self._other.found(text):
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

    def _refused_rewritten(self, text: str) -> str:
        """Find what is written backwards, in rot13, or with signs for blanks; no gate reads such letters."""
        found = (self._by_rule(self._fold.sentences(other)) for other in _rewritten(text))
        return next((category for category in found if category), "")

    def _by_rule(self, sentences: Sequence[Sentence]) -> str:
        found = {self._categories[match.rule] for match in self._book.find(sentences)}
        return min(found, default="")


class _OtherScripts:
    """Find orders to a model in scripts that folding leaves out: a verb near what it takes away."""

    _NEAR = 24

    def __init__(self, words: dict[str, str]) -> None:
        drop, orders = ("|".join(map(re.escape, words[name].split())) for name in ("drop", "orders"))
        either = (
            f"(?:{one}).{{0,{self._NEAR}}}?(?:{other})" for one, other in ((drop, orders), (orders, drop))
        )
        whole = (re.escape(line) for line in words["whole"].splitlines() if line.strip())
        self._found = re.compile("|".join((*either, *whole)), re.IGNORECASE)

    def found(self, text: str) -> bool:
        return not text.isascii() and self._found.search(text) is not None


def _refusal(category: str, first: Verdict) -> Verdict:
    """Refuse, unless a rule of the gate would stop the message: what was doubted is stopped after all."""
    if first.doubted:
        return Verdict("crisis", first.category, "high")
    return Verdict("refuse", category, "high")


def _decoded(text: str) -> list[str]:
    """Return the readable texts hidden in base64, in hexadecimal, or in rot13 where that is said."""
    found = [_from_base64(match.group()) for match in list(_ENCODED.finditer(text))[:4]]
    found += [_from_hex(match.group()) for match in list(_HEX.finditer(text))[:2]]
    if "rot13" in text.lower() or "rot-13" in text.lower():
        found.append(codecs.decode(text, "rot13"))
    return [hidden for hidden in found if hidden]


def _rewritten(text: str) -> list[str]:
    """Return the text backwards, in rot13, and, where letters or words are joined by signs, without those."""
    plain = _JOINTS.sub(" ", _SPACED.sub(lambda match: _SIGNS.sub("", match.group()), text))
    return [text[::-1], codecs.decode(text, "rot13"), *([plain] if plain != text else [])]


def _from_base64(code: str) -> str:
    bare = code.rstrip("=")
    try:
        return _readable(base64.b64decode(bare + "=" * (-len(bare) % 4)))
    except (binascii.Error, ValueError):
        return ""


def _from_hex(code: str) -> str:
    digits = re.sub(r"[^0-9a-fA-F]", "", code)
    return _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _readable(raw: bytes) -> str:
    hidden = raw.decode("utf-8", errors="replace")
    plain = sum(char.isascii() and (char.isprintable() or char.isspace()) for char in hidden)
    return hidden if plain >= 0.9 * len(hidden) else ""
