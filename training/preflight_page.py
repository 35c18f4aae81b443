"""Eight formatted rows as a page: which tokens carry loss, and where the end tokens are.

What carries loss is coloured, underlined and begins with a sign, so that it reads without colour too. The
texts are scrubbed rows; the page stays in the run folder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from training.page_parts import Table, render, share, table
from training.preflight import IGNORED, QUANTILES, Formatted, Preflight

Kind = Literal["prompt", "trained", "end", "prompt_end"]


@dataclass(frozen=True)
class Stretch:
    """Neighbouring tokens of one kind, as text."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class ShownRow:
    """One row as it is drawn."""

    id: str
    tokens: int
    trained: int
    stretches: tuple[Stretch, ...]


def preflight_page(
    check: Preflight,
    rows: Sequence[Formatted],
    *,
    end_tokens: Collection[int],
    estimates: Table | None = None,
    name: str = "",
) -> str:
    """Draw the check, what the training is estimated to take, and the rows (with `pieces`) as one HTML page.

    Raises ValueError without pieces.
    """
    heads = ("share of the rows", *(f"{100 * at:g} %" for at in QUANTILES))
    return render(
        "preflight.html.jinja",
        title=f"Pre-flight · {name}" if name else "Pre-flight",
        check=check,
        estimates=estimates,
        trained_share=share(check.trained, check.tokens),
        quantiles=table("Trained tokens a row", heads, [("at most", *(f"{n:,}" for n in check.quantiles))]),
        rows=[
            ShownRow(row.id, len(row.tokens), row.trained, tuple(stretches(row, end_tokens))) for row in rows
        ],
    )


def stretches(row: Formatted, end_tokens: Collection[int]) -> Iterator[Stretch]:
    """Yield a row's text in stretches of one kind; each end token stands alone, line breaks are seen."""
    if len(row.pieces) != len(row.tokens):
        raise ValueError(f"row {row.id}: {len(row.pieces)} pieces of text for {len(row.tokens)} tokens")
    marked = [
        (_kind(token, label, end_tokens), piece)
        for token, label, piece in zip(row.tokens, row.labels, row.pieces, strict=True)
    ]
    for kind, group in groupby(marked, key=lambda one: one[0]):
        pieces = [piece.replace("\n", "↵\n") for _, piece in group]
        if kind in ("end", "prompt_end"):
            yield from (Stretch(kind, piece) for piece in pieces)
        else:
            yield Stretch(kind, "".join(pieces))


def _kind(token: int, label: int, end_tokens: Collection[int]) -> Kind:
    if token in end_tokens:
        return "prompt_end" if label == IGNORED else "end"
    return "prompt" if label == IGNORED else "trained"
