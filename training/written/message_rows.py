"""What the reader of messages learns from: danger and what only sounds like it, harm and orders to a model.

The crisis classifier's messages with the category of the gate's verdict, the screen's with that of a refusal.
Of what is asked of the written FAQs, which is all ordinary, a part: there is more of it than of the rest.
Of a template two messages: an encoder learns no more from six. English alone: the encoder knows no other.

Must not: hold anything of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from training.written import crisis_rows, screen_rows

CLINIC_SHARE: Final = 0.35
"""How much of what is asked of the written FAQs is read."""
COPIES: Final = 2


def training_rows(seed: int) -> Iterator[dict[str, object]]:
    """Yield the columns id, text, label, author and group of every message."""
    chance = random.Random(seed)
    for row in crisis_rows.crisis_rows():
        left = row.level == "clinic" and chance.random() >= CLINIC_SHARE
        if left or row.language != "en":
            continue
        yield from crisis_rows.written_out(row, seed=seed, copies=COPIES)
    for one in screen_rows.screen_rows():
        yield {
            "id": f"screen-{one.id}",
            "text": one.text,
            "label": one.category,
            "author": f"screen-{one.author}",
            "group": f"screen-{one.id}",
        }
