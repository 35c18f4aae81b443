"""The command `generate`: rows of a generated corpus as JSON Lines, to look at or to measure on.

    python -m training generate pii --half train --rows 20 --seed 1
    python -m training generate pii --half test --rows 2000 --out held_out.jsonl

The test half has templates of its own (benchmarks/pii/templates.jsonl) and names that training never sees. A
recipe cannot name it: what is measured must not be trained on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from training.command_line import guarded

HELD_OUT = Path(__file__).resolve().parent.parent / "benchmarks" / "pii" / "templates.jsonl"


def generate(
    name: Annotated[str, typer.Argument(help="Which corpus: pii.")],
    half: Annotated[str, typer.Option(help="train: what recipes read; test: what is held out.")] = "train",
    rows: Annotated[int, typer.Option(min=1, help="How many rows.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same rows.")] = 1,
    out: Annotated[Path | None, typer.Option(help="File; default: standard output.")] = None,
) -> None:
    """Write rows of a generated corpus: text, spans, group, topic."""

    def work() -> None:
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in islice(_rows(name, half, seed), rows))
        if out is None:
            sys.stdout.writelines(lines)
        else:
            with out.open("w", encoding="utf-8") as stream:
                stream.writelines(lines)

    guarded(work, ValueError)


def _rows(name: str, half: str, seed: int) -> Iterator[dict[str, object]]:
    """Return the rows asked for. Raises ValueError for a corpus or half that there is not."""
    from training.generated import GENERATORS
    from training.generated.pii import rows as filled
    from training.generated.templates import read_templates

    if name not in GENERATORS:
        raise ValueError(f"no corpus {name!r}; there is {', '.join(GENERATORS)}")
    if half == "train":
        return GENERATORS[name](seed)
    if half != "test":
        raise ValueError(f"no half {half!r}; there is train, test")
    if not HELD_OUT.is_file():
        raise ValueError(
            f"{HELD_OUT.name} of the benchmark is not here: the test half needs a whole checkout"
        )
    return filled(read_templates([HELD_OUT]), seed=seed, half="test")
