"""Rows for the tagger of personal data: templates, filled and corrupted, with the place of every value.

    rows(training_templates(), seed=1)      endless, the same for the same seed

Every template comes once in a round, those without a slot in every third round: their text hardly changes. A
row depends on seed and number alone, so that a limit cuts the same rows everywhere. `half` says which half of
the names may stand in them; a benchmark takes the other one, with templates of its own.

Must not: touch text that anyone wrote about a real person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from training.generated.corruptions import Marked, corrupted
from training.generated.fillers import Fillers, Part
from training.generated.halves import Half
from training.generated.templates import Slot, Template, training_templates
from training.rows import Span

Row = dict[str, object]
"""id, text, spans (start, end, label), group (the template), topic (its register, and if it has no slot)."""

_EVERY: Final = 3  # rounds between two uses of a template without a slot
_LIKE_THE_TEXT: Final = 0.6  # of texts in lower case: their names are too
_OFTEN: Final = 0.5  # share of texts without a slot that are corrupted: little else tells them apart


def training_rows(seed: int) -> Iterator[Row]:
    """Yield rows of the training half, for ever."""
    return rows(training_templates(), seed=seed)


def rows(templates: Sequence[Template], *, seed: int, half: Half = "train") -> Iterator[Row]:
    """Yield rows of these templates with names of one half, for ever. Raises ValueError for none."""
    if not templates:
        raise ValueError("there are no templates to fill")
    number = turn = 0
    while True:
        order = [
            one for one in templates if one.slots or turn % _EVERY == 0 or not any(t.slots for t in templates)
        ]
        Random(f"order {seed} {turn}").shuffle(order)
        for template in order:
            number += 1
            marked = filled(template, Random(f"{half} {seed} {number}"), half=half)
            yield _row(f"pii-{seed}-{number}", template, marked)
        turn += 1


def filled(template: Template, rng: Random, *, half: Half) -> Marked:
    """Fill a template, and corrupt what comes of it now and then."""
    fillers = Fillers(rng, half)
    literal = template.literal
    small = literal.islower() and rng.random() < _LIKE_THE_TEXT
    text, spans = "", list[Span]()
    for piece in template.pieces:
        for part in fillers.fill(piece) if isinstance(piece, Slot) else (Part(piece, ""),):
            value = part.text.lower() if small else part.text
            if part.label:
                spans.append(Span(start=len(text), end=len(text) + len(value), label=part.label))
            text += value
    marked = Marked(text, tuple(spans))
    return corrupted(marked, rng) if spans else corrupted(marked, rng, one=_OFTEN, two=_OFTEN / 2)


def _row(name: str, template: Template, marked: Marked) -> Row:
    return {
        "id": name,
        "text": marked.text,
        "spans": [span.model_dump() for span in marked.spans],
        "group": template.id,
        # A division by topic then holds out as much of either kind.
        "topic": template.register if template.slots else f"{template.register}, nothing personal",
    }
