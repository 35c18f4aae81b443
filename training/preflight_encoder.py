"""The last look before an encoder is trained: how its rows are read, and what of them it never sees.

An encoder reads a limited number of tokens. What a trainer does with a longer row is its own business: one
sets it aside, one reads it in windows, one leaves its end out. Here all of it is counted before an hour is
spent, and eight rows are drawn as they will be read. Messages name ids and numbers, never words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from pydantic import Field

from training.errors import PreflightFailed
from training.page_parts import Table, render, table
from training.preflight import QUANTILES
from training.rows import Example, Frozen
from training.trainers.base import Job


class Part(Frozen):
    """A stretch of a row as it is drawn: read, read and taught, or never read. `label` says what it is."""

    kind: Literal["read", "taught", "unread"]
    text: str = Field(repr=False)
    label: str = ""


class Encoded(Frozen):
    """One row as an encoder reads it.

    `tokens` are all that it reads of the row, special ones included, in `windows` of its length. `unread`
    tokens are beyond its limit. A `long` row is not trained on. `parts` are given for rows that are drawn.
    """

    id: str
    tokens: int
    unread: int = 0
    windows: int = 1
    long: bool = False
    parts: tuple[Part, ...] = Field(default=(), repr=False)


@runtime_checkable
class Reader(Protocol):
    """A trainer that says how its encoder will read a row; one without a limit has no need to."""

    def limit(self, job: Job) -> int:
        """Return the most tokens that are read at once."""
        ...

    def look(self, job: Job, rows: Sequence[Example], *, draw: bool = False) -> Iterator[Encoded]:
        """Yield how each row is read, in order; with `draw` its parts too."""
        ...


class EncoderPreflight(Frozen):
    """How the training rows are read. `over_long` rows are set aside; no other figure counts them.

    `quantiles` of the tokens a row belong to the shares in `QUANTILES`. Of `cut` rows `unread` tokens are
    left out; `windowed` rows are read in several windows, whole. `measured_cut` counts the cut rows of
    validation and test, which are measured on what is read of them.
    """

    rows: int
    tokens: int
    longest: int
    max_tokens: int
    quantiles: tuple[int, ...]
    over_long: tuple[str, ...] = ()
    cut: int = 0
    unread: int = 0
    windowed: int = 0
    measured_cut: int = 0


def encoder_preflight(
    rows: Iterable[Encoded], *, max_tokens: int, measured: Iterable[Encoded] = ()
) -> EncoderPreflight:
    """Count how training rows are read. Raises PreflightFailed when every one of them is too long."""
    every = list(rows)
    kept = [row for row in every if not row.long]
    if not kept:
        raise PreflightFailed(
            f"no row is left to train on: {len(every)} are longer than {max_tokens} tokens. Shorten them, or "
            "raise train.max_tokens as far as the base reads"
        )
    tokens = [row.tokens for row in kept]
    return EncoderPreflight(
        rows=len(kept),
        tokens=sum(tokens),
        longest=max(tokens),
        max_tokens=max_tokens,
        quantiles=tuple(int(one) for one in np.quantile(tokens, QUANTILES)),
        over_long=tuple(row.id for row in every if row.long),
        cut=sum(row.unread > 0 for row in kept),
        unread=sum(row.unread for row in kept),
        windowed=sum(row.windows > 1 for row in kept),
        measured_cut=sum(row.unread > 0 for row in measured),
    )


def facts(check: EncoderPreflight) -> tuple[tuple[str, str], ...]:
    """Say what was counted, as a page and a report show it."""
    return (
        ("rows", f"{check.rows:,}"),
        ("tokens", f"{check.tokens:,}"),
        ("longest row", f"{check.longest:,} tokens (at once {check.max_tokens:,} are read)"),
        ("set aside as too long", f"{len(check.over_long):,}"),
        ("read in several windows", f"{check.windowed:,}"),
        ("cut where the encoder stops reading", f"{check.cut:,}, by {check.unread:,} tokens"),
        ("cut rows among those that are measured", f"{check.measured_cut:,}"),
    )


def lengths(check: EncoderPreflight) -> Table:
    """Build the table of the tokens a row."""
    heads = ("share of the rows", *(f"{100 * at:g} %" for at in QUANTILES))
    return table("Tokens a row", heads, [("at most", *(f"{n:,}" for n in check.quantiles))])


def encoder_page(check: EncoderPreflight, rows: Sequence[Encoded], *, name: str = "") -> str:
    """Draw the counts and the rows (with `parts`) as one HTML page."""
    return render(
        "preflight_encoder.html.jinja",
        title=f"Pre-flight · {name}" if name else "Pre-flight",
        facts=facts(check),
        lengths=lengths(check),
        rows=rows,
    )
