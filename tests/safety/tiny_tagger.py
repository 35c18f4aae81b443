"""Taggers of a few thousand weights, written without torch: one at random, one that knows a list of words."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from app.releases import ReleaseFacts, promote, seal
from weights.bert_onnx import Form
from weights.served import build_encoder

LABELS = ("O", "B-DATE_TIME", "I-DATE_TIME", "B-PERSON", "I-PERSON")
WIDTH, INNER, HEADS, LAYERS, PLACES = 32, 64, 4, 2, 64
_LETTERS = string.ascii_lowercase + string.digits + string.punctuation
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]

Tensors = dict[str, NDArray[np.float32]]


def random_release(folder: Path, *, labels: Sequence[str] = LABELS, places: int = PLACES) -> Path:
    """Write a model, tuned whole, whose answers vary with every token and its neighbours."""
    draw = np.random.default_rng(7)

    def some(*shape: int) -> NDArray[np.float32]:
        return draw.normal(0, 0.5, shape).astype(np.float32)

    vocabulary = _vocabulary([])
    tensors = _tensors(some, len(vocabulary), places=places, labels=len(labels))
    return _write(folder, tensors, vocabulary, labels, places=places)


def lookup_release(folder: Path, words: Mapping[str, str], *, places: int = PLACES) -> Path:
    """Write a model that marks just these words, each with its kind; all else is outside."""
    kinds = sorted(set(words.values()))
    labels = ("O", *(f"{part}-{kind}" for kind in kinds for part in "BI"))

    def nothing(*shape: int) -> NDArray[np.float32]:
        return np.zeros(shape, dtype=np.float32)

    vocabulary = _vocabulary(sorted(words))
    tensors = _tensors(nothing, len(vocabulary), places=places, labels=len(labels))
    # The layers add nothing, so a word's own vector reaches the head: its kind's axis, or the first one.
    for name, tensor in tensors.items():
        if name.endswith("LayerNorm.weight"):
            tensor[:] = 1.0
    for word, number in vocabulary.items():
        axis = kinds.index(words[word]) + 1 if word in words else 0
        tensors["embeddings.word_embeddings.weight"][number, axis] = 1.0
    tensors["classifier.weight"][0, 0] = 2.0
    for kind in range(len(kinds)):
        tensors["classifier.weight"][2 * kind + 1, kind + 1] = 2.0
    return _write(folder, tensors, vocabulary, labels, places=places)


def served(release: Path, out: Path, *, form: Form = "fp32") -> Path:
    """Build what is served of a release that is tuned whole, and return its folder."""
    from weights.cache import publish

    publish(out, "test", lambda fresh: _built(release, fresh, form))
    return out


def promoted(release: Path, models_dir: Path, *, task: str = "pii_tagger", **facts: object) -> Path:
    """Seal a release that is tuned whole, promote it, and return its folder."""
    (release / "MODEL_CARD.md").write_text("# A tagger for a test\n")
    known: dict[str, object] = {
        "kind": "model", "task": task, "created": date(2026, 3, 1), "base": "path:nowhere", "base_sha256": "0" * 64,
    }  # fmt: skip
    manifest = seal(release, ReleaseFacts.model_validate(known | facts))
    promote(models_dir, release)
    return models_dir / task / manifest.name


def _built(release: Path, fresh: Path, form: Form) -> None:
    build_encoder(release, release, fresh, form=form)


def _vocabulary(words: Sequence[str]) -> dict[str, int]:
    pieces = [*_SPECIAL, *_LETTERS, *(f"##{one}" for one in _LETTERS), *words]
    return {piece: at for at, piece in enumerate(pieces)}


def _tensors(some: object, rows: int, *, places: int, labels: int) -> Tensors:
    assert callable(some)
    tensors: Tensors = {
        "embeddings.word_embeddings.weight": some(rows, WIDTH),
        "embeddings.position_embeddings.weight": some(places, WIDTH),
        "embeddings.token_type_embeddings.weight": some(2, WIDTH),
        "classifier.weight": some(labels, WIDTH),
        "classifier.bias": some(labels),
    }
    shapes = {
        "attention.self.query": (WIDTH, WIDTH), "attention.self.key": (WIDTH, WIDTH),
        "attention.self.value": (WIDTH, WIDTH), "attention.output.dense": (WIDTH, WIDTH),
        "intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER),
    }  # fmt: skip
    norms = ["embeddings"]
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        for part, shape in shapes.items():
            tensors[f"{at}{part}.weight"], tensors[f"{at}{part}.bias"] = some(*shape), some(shape[0])
        norms += [f"{at}attention.output", f"{at}output"]
    for norm in norms:
        tensors[f"{norm}.LayerNorm.weight"] = 1 + some(WIDTH) / 4
        tensors[f"{norm}.LayerNorm.bias"] = some(WIDTH)
    return tensors


def _write(
    folder: Path, tensors: Tensors, vocabulary: dict[str, int], labels: Sequence[str], *, places: int
) -> Path:
    folder.mkdir(parents=True)
    save_file(
        {name if name.startswith("classifier") else f"bert.{name}": one for name, one in tensors.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    config = {
        "architectures": ["BertForTokenClassification"], "model_type": "bert", "hidden_act": "gelu",
        "vocab_size": len(vocabulary), "hidden_size": WIDTH, "intermediate_size": INNER, "layer_norm_eps": 1e-12,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "max_position_embeddings": places,
        "type_vocab_size": 2, "id2label": {str(at): label for at, label in enumerate(labels)},
        "label2id": {label: at for at, label in enumerate(labels)},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    card = {
        "kind": "token_classifier", "method": "full", "base_sha256": "0" * 64, "max_tokens": places,
        "labels": list(labels),
    }  # fmt: skip
    (folder / "encoder.json").write_text(json.dumps(card))
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens(_SPECIAL)
    # As in the default encoder's file: serving must not cut or fill what it reads.
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=16)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
