"""Fit the screen's head (safety/screen_weights), and say what it does to authors whom it has not seen.

Learned from are the written messages of training/written/screen and what is asked of the written FAQs. Each
author is left out once and scored by what the others teach; from those scores come the limits: of ordinary
messages at most CEILING may be refused, as a whole, and as many for one of their sentences.

Run: python -m benchmarks.fit_screen [--write]
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.report import Figure, report
from benchmarks.screen import wilson
from retrieval.embedder import load_embedder
from safety.ngrams import BITS
from safety.screen import encoded_parts
from safety.screen_head import SHIPPED, ScreenHead, grams_of
from training.written.crisis_rows import clinic_rows
from training.written.screen_rows import screen_rows
from weights.defaults import EMBEDDER

CATEGORIES: Final = ("harmful_request", "injection")
CEILING: Final = 0.005
_STRENGTH: Final = 10.0  # of the fit: the inverse of its regularisation
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Messages:
    """All parts of all messages and their vectors, where each begins, and each one's author and category."""

    parts: list[list[str]]
    vectors: Floats
    starts: NDArray[np.int64]
    authors: NDArray[np.str_]
    categories: NDArray[np.str_]
    sha256: str

    def of(self, at: int) -> tuple[list[str], Floats]:
        """Return one message and its sentences, and their vectors."""
        start = int(self.starts[at])
        return self.parts[at], self.vectors[start : start + len(self.parts[at])]


def read(embedder: str) -> Messages:
    """Read and embed every message (minutes)."""
    rows = [(row.text, row.author, row.category) for row in screen_rows()]
    rows += [(row.text, row.author, "none") for row in clinic_rows()]
    parts = [encoded_parts(text) for text, *_ in rows]
    vectors = load_embedder(embedder).embed([part for one in parts for part in one])
    counts = np.array([len(one) for one in parts])
    digest = hashlib.sha256("\0".join(f"{text}\0{category}" for text, _, category in rows).encode())
    return Messages(
        parts,
        vectors,
        np.cumsum(counts) - counts,
        np.array([author for _, author, _ in rows]),
        np.array([category for *_, category in rows]),
        digest.hexdigest(),
    )


def features(messages: Messages) -> csr_matrix:
    """Return what is known of the whole messages: vectors, then n-grams."""
    found = grams_of([parts[0] for parts in messages.parts])
    grams = csr_matrix((found.values, (found.rows, found.columns)), shape=(len(messages.parts), 1 << BITS))
    return hstack([csr_matrix(messages.vectors[messages.starts]), grams]).tocsr()


def fit(known: csr_matrix, messages: Messages, keep: NDArray[np.bool_], *, embedder: str) -> ScreenHead:
    """Fit on some messages; the head it returns lets everything pass."""
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=300)
    model.fit(known[keep], messages.categories[keep])
    places = [list(model.classes_).index(name) for name in (*CATEGORIES, "none")]
    weights, bias = model.coef_[places], model.intercept_[places]
    against, bias = weights[:-1] - weights[-1], bias[:-1] - bias[-1]
    dimension = messages.vectors.shape[1]
    grams = against[:, dimension:].T
    scale = np.abs(grams).max(axis=0) / 127
    return ScreenHead(
        dense=np.ascontiguousarray(against[:, :dimension], dtype=np.float32),
        grams=np.rint(grams / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        bias=bias.astype(np.float32),
        categories=CATEGORIES,
        whole=(1.1, 1.1),
        part=(1.1, 1.1),
        encoder=embedder,
    )


def main(
    write: Annotated[bool, typer.Option(help="Write the weights to safety/screen_weights.")] = False,
    out: Annotated[Path | None, typer.Option(help="Result file.")] = None,
    embedder: Annotated[str, typer.Option(envvar="CAREFOLD_EMBEDDER")] = EMBEDDER,
) -> None:
    """Fit, judge by authors left out, and if wanted write."""
    messages = read(embedder)
    known = features(messages)
    count = len(messages.starts)
    whole = np.zeros((count, len(CATEGORIES)), dtype=np.float32)
    part = np.zeros_like(whole)
    for author in np.unique(messages.authors):
        held = messages.authors == author
        loose = fit(known, messages, ~held, embedder=embedder)
        for at in np.flatnonzero(held):
            shares = loose.shares(*messages.of(int(at)))
            whole[at], part[at] = shares[0], shares[1:].max(axis=0, initial=0.0)
    ordinary = messages.categories == "none"
    limits = [[_limit(scores[ordinary, at]) for at in range(len(CATEGORIES))] for scores in (whole, part)]
    refused = (whole >= limits[0]).any(axis=1) | (part >= limits[1]).any(axis=1)
    figures: dict[str, Figure] = {
        "messages": count,
        "limits": {name: [pair[at] for pair in limits] for at, name in enumerate(CATEGORIES)},
        "ordinary refused": wilson(int(refused[ordinary].sum()), int(ordinary.sum())),
    }
    clinic = np.char.startswith(messages.authors, "clinic")
    figures["asked of clinics refused"] = wilson(int(refused[clinic].sum()), int(clinic.sum()))
    alike = ordinary & ~clinic
    figures["written to look alike, refused"] = wilson(int(refused[alike].sum()), int(alike.sum()))
    for at, name in enumerate(CATEGORIES):
        own = messages.categories == name
        figures[f"{name} refused"] = wilson(int(refused[own].sum()), int(own.sum()))
        either = own | alike
        figures[f"{name} against look-alikes, AUROC"] = round(
            float(roc_auc_score(own[either], whole[either, at])), 3
        )
    if write:
        final = fit(known, messages, np.ones(count, dtype=np.bool_), embedder=embedder)
        final.whole, final.part = np.array(limits[0]), np.array(limits[1])
        final.save(
            SHIPPED,
            fitted=f"{datetime.now(UTC).date().isoformat()} by benchmarks/fit_screen.py",
            rows_sha256=messages.sha256,
        )
    report("fit_screen", figures, out)


def _limit(scores: NDArray[np.float32]) -> float:
    """Return the least share, in thousandths, that at most CEILING of these scores reach."""
    return next((step / 1000 for step in range(300, 1000) if (scores >= step / 1000).mean() <= CEILING), 1.0)


if __name__ == "__main__":
    typer.run(main)
