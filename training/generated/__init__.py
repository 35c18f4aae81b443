"""Corpora that are made, not read: a recipe names one as `generate:NAME@SEED`, with a limit.

A generator gives rows for ever, the same for the same seed, and everything in them is invented. A new one
is a file and a line in `GENERATORS`. Rows hold `id`, `text`, `spans`, `group` and `topic`, or whatever
fields its job reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from training.generated.pii import training_rows

Generator = Callable[[int], Iterator[dict[str, object]]]

GENERATORS: Final[dict[str, Generator]] = {"pii": training_rows}
