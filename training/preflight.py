"""The last look before training: does every formatted row teach something, and does it teach the end.

A row without a token that carries loss teaches nothing; one without an end token among its last labels
teaches a model that never stops. Either stops the run before an hour is spent. Messages name ids and
numbers, never words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from pydantic import Field

from training.errors import PreflightFailed
from training.rows import Frozen

IGNORED = -100
SHOWN_ROWS = 8
LAST_LABELS = 2  # chat templates end with the end token, or with it and a line break
NAMED = 10
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
FAULTS = {
    "unaligned": "labels and tokens do not stand at the same places",
    "no_loss": "no token carries loss",
    "no_end": f"no end token among the last {LAST_LABELS} labels",
}


class Formatted(Frozen):
    """One row as a model is trained on it.

    `labels` has a token id where the token carries loss and -100 elsewhere; it is not shifted. `pieces` is
    the text of each token, given only for rows that are to be shown.
    """

    id: str
    tokens: tuple[int, ...] = Field(repr=False)
    labels: tuple[int, ...] = Field(repr=False)
    pieces: tuple[str, ...] = Field(default=(), repr=False)

    @property
    def trained(self) -> int:
        """Return how many tokens carry loss."""
        return sum(label != IGNORED for label in self.labels)


class Preflight(Frozen):
    """What the formatted rows hold. `over_long` rows are to be set aside; no other figure counts them.

    `quantiles` of the trained tokens a row belong to the shares in `QUANTILES`. `unmasked` counts rows whose
    every token carries loss, the prompt included.
    """

    rows: int
    tokens: int
    trained: int
    longest: int
    max_tokens: int
    quantiles: tuple[int, ...]
    over_long: tuple[str, ...] = ()
    unmasked: int = 0


def preflight(rows: Iterable[Formatted], *, end_tokens: Collection[int], max_tokens: int) -> Preflight:
    """Check formatted rows, read once. Rows longer than `max_tokens` are listed, not checked.

    Raises PreflightFailed with counts and ids when a row would teach nothing or never teach the end, when
    its mask is not aligned with its tokens, or when no row is left.
    """
    faults: dict[str, list[str]] = {}
    over_long: list[str] = []
    trained: list[int] = []
    tokens = longest = unmasked = 0
    for row in rows:
        if len(row.tokens) > max_tokens:
            over_long.append(row.id)
            continue
        if fault := _fault(row, end_tokens):
            faults.setdefault(fault, []).append(row.id)
            continue
        trained.append(row.trained)
        tokens += len(row.tokens)
        longest = max(longest, len(row.tokens))
        unmasked += row.trained == len(row.tokens)
    if faults:
        raise PreflightFailed(_message(faults, len(trained) + sum(map(len, faults.values()))))
    if not trained:
        raise PreflightFailed(
            f"no row is left to train on: {len(over_long)} are longer than {max_tokens} tokens"
        )
    return Preflight(
        rows=len(trained),
        tokens=tokens,
        trained=sum(trained),
        longest=longest,
        max_tokens=max_tokens,
        quantiles=tuple(int(one) for one in np.quantile(trained, QUANTILES)),
        over_long=tuple(over_long),
        unmasked=unmasked,
    )


def shown(rows: Sequence[str], *, seed: int) -> tuple[str, ...]:
    """Choose the ids of the rows that the page renders: at most eight, in the order given."""
    count = min(SHOWN_ROWS, len(rows))
    places = np.random.default_rng(seed).choice(len(rows), size=count, replace=False) if count else ()
    return tuple(rows[place] for place in sorted(places))


def _fault(row: Formatted, end_tokens: Collection[int]) -> str:
    if len(row.labels) != len(row.tokens) or any(
        label not in (IGNORED, token) for label, token in zip(row.labels, row.tokens, strict=True)
    ):
        return "unaligned"
    if not row.trained:
        return "no_loss"
    if not any(label in end_tokens for label in row.labels[-LAST_LABELS:]):
        return "no_end"
    return ""


def _message(faults: dict[str, list[str]], rows: int) -> str:
    lines = [f"{sum(map(len, faults.values()))} of {rows} rows stop the run before training:"]
    for name, ids in faults.items():
        more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
        lines.append(f"  {len(ids)} rows: {FAULTS[name]}: {', '.join(ids[:NAMED])}{more}")
    lines.append("Look at the chat template and at the answers of these rows.")
    return "\n".join(lines)
