"""A crisis classifier that knows five words, for tests: weights by hand, in the form that is served."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from safetensors.numpy import save

from safety.crisis_ngrams import CONFIG, KIND_BITS, KINDS, WEIGHTS
from safety.language import LANGUAGES
from safety.ngrams import BITS, hashed

LABELS = ("none", "suicide", "medical_emergency", "grief")
# Words that mean nothing to the rules: what is found here, the classifier found.
TELLING = {
    "zubrowka": "suicide", "gherkin": "suicide", "quagmire": "medical_emergency", "tulip": "none", "willow": "grief",
}  # fmt: skip
HIDDEN = "the zubrowka is ready"
# Words that tell a kind of danger; they say nothing of danger itself.
TELLING_KINDS = {"herring": "attempt", "sorrel": "wish_dead", "basalt": "overdose_poisoning"}
TOLD_KINDS = ("attempt", "overdose_poisoning", "wish_dead")


def write_weights(
    folder: Path, *, act: float = 0.8, support: float = 0.5, strength: float = 1.2, ordinary: float = 2.0,
    taught: Collection[str] = LANGUAGES, only: Mapping[str, object] = MappingProxyType({}), **changes: object,
) -> Path:  # fmt: skip
    """Write a classifier that knows the words of TELLING, and return its folder.

    `strength` is what a word weighs, a 127th of it; `ordinary` are the log-odds of a text without any; `only`
    says for which messages `act` and `support` hold (others are never acted on). The weights of a language that
    is not `taught` know no word.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = np.zeros((1 << BITS, len(LABELS)), np.int8)
    for word, label in TELLING.items():
        weights[_own_column(word), LABELS.index(label)] = 127
    scale = np.full(len(LABELS), strength, np.float32)
    bias = np.array([ordinary, 0.0, 0.0, 0.0], np.float32)
    of_kinds = np.zeros((1 << KIND_BITS, len(TOLD_KINDS)), np.int8)
    for word, kind in TELLING_KINDS.items():
        of_kinds[_own_column(word) & ((1 << KIND_BITS) - 1), TOLD_KINDS.index(kind)] = 127
    raw = save(
        {
            f"{name}_{tongue}": part
            for tongue in LANGUAGES
            for name, part in (
                ("weights", weights * np.int8(tongue in taught)),
                ("scale", scale),
                ("bias", bias),
                ("kind_weights", of_kinds),
                ("kind_scale", np.full(len(TOLD_KINDS), strength, np.float32)),
                ("kind_bias", np.zeros(len(TOLD_KINDS), np.float32)),
            )
        }
    )
    limits = [
        {"action": kind, "language": tongue, "short": short, "act": 1.0, "support": 1.0}
        for kind in KINDS for tongue in LANGUAGES for short in (False, True)
    ]  # fmt: skip
    limits = [
        one | ({"act": act, "support": support} if only.items() <= one.items() else {}) for one in limits
    ]
    config = {
        "bits": BITS, "languages": LANGUAGES, "labels": LABELS, "kinds": TOLD_KINDS, "limits": limits, "ceilings": {"en": {"act": 0.01, "support": 0.05}, "es": {"act": 0.01, "support": 0.05}},
        "part_discount": 1.0,
        "weights_sha256": hashlib.sha256(raw).hexdigest(),
    }  # fmt: skip
    (folder / WEIGHTS).write_bytes(raw)
    (folder / CONFIG).write_text(json.dumps(config | changes), encoding="utf-8")
    return folder


def _own_column(word: str) -> int:
    """Return the column of the word itself, which it has whatever stands around it."""
    alone, among = (set(hashed([words]).columns.tolist()) for words in ((word,), ("x", word, "y")))
    return min(alone & among)
