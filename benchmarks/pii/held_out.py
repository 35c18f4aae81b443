"""What was kept from training: templates of the test half, and the half of every list of names.

The one file that knows the names of `training.generated`; the rest of the benchmark takes cases from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from random import Random

from benchmarks.pii.asked import Kind, Scope, asked
from benchmarks.pii.cases import Case, Missing, Span
from safety.policies import Policy
from training.generated.corruptions import Marked
from training.generated.fillers import Fillers
from training.generated.halves import only
from training.generated.labels import LABELS, SLOT_LABELS
from training.generated.pii import filled
from training.generated.templates import Slot, Template, parsed, read_templates

TEMPLATES = Path(__file__).with_name("templates.jsonl")
QUESTION = "{q}"
FILLS = 5  # of each template, where no number is asked for

# All other labels are asked for by both policies, initials and the last digits of a number too: a part of an
# identifier is as good as the whole (HHS guidance on de-identification, 2012, section 3.1).
_SCOPES: dict[str, Scope] = {
    **dict.fromkeys(("YEAR", "STATE", "COUNTRY", "NATIONALITY", "AGE"), "wide"),
    "ORGANIZATION": "employer",
}
_KINDS: dict[str, Kind] = {"DATE_TIME": "date", "ZIP_CODE": "zip"}


def unseen(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values that never occur in generated training text."""
    return only(values, "test")


def template_cases(policy: Policy, *, number: int | None = None, seed: int = 0) -> list[Case] | Missing:
    """Return the templates of the test half, filled, as `policy` asks for them, or why there are none.

    Every template comes equally often; the same seed gives both policies the same texts. Values are corrupted
    now and then, as the generator does it. The group of a case is its template, its slice the register, its
    kinds are the slots.
    """
    if not TEMPLATES.is_file():
        return Missing(f"no {TEMPLATES.name} in this folder")
    templates = list(read_templates([TEMPLATES]))
    Random(f"order {seed}").shuffle(templates)
    return [
        _case(templates[at % len(templates)], f"held out {seed} {at}", policy)
        for at in range(FILLS * len(templates) if number is None else number)
    ]


def slot_cases(slots: Collection[str], policy: Policy, *, least: int, seed: int = 0) -> list[Case]:
    """Return fillings of the templates of the test half that have one of `slots`, until `least` such values.

    Every template comes equally often; the same seed gives both policies the same texts. None where no
    template has such a slot; it ends with a turn of all templates in which `policy` asks for none of them.
    """
    templates = [one for one in read_templates([TEMPLATES]) if any(slot.kind in slots for slot in one.slots)]
    cases: list[Case] = []
    values = turn = 0
    while templates and values < least:
        made = [_case(template, f"slot {seed} {turn}", policy) for template in templates]
        cases += made
        asked_for = sum(kind in slots for case in made for kind in case.kinds)
        if not asked_for:
            break
        values += asked_for
        turn += 1
    return cases


def woven(question: str, frame: str, rng: Random) -> str:
    """Return a question in the `QUESTION` of a frame, whose slots are filled with values of the test half."""
    fillers = Fillers(rng, "test")
    return "".join(
        "".join(part.text for part in fillers.fill(piece))
        if isinstance(piece, Slot)
        else piece.replace(QUESTION, question)
        for piece in parsed("woven", "patient_chat", frame).pieces
    )


def _case(template: Template, seed: str, policy: Policy) -> Case:
    marked = filled(template, Random(seed), half="test")
    parts = [
        (part, needed, kind)
        for span, kind in zip(marked.spans, _kinds(template, Random(seed), marked), strict=True)
        for part, needed in asked(
            marked.text, Span(span.start, span.end, span.label), policy,
            scope=_SCOPES.get(span.label, "both"), kind=_KINDS.get(span.label, "other"),
        )
    ]  # fmt: skip
    return Case(
        marked.text, tuple(part for part, needed, _ in parts if needed), group=template.id,
        slice=template.register, optional=tuple(part for part, needed, _ in parts if not needed),
        kinds=tuple(kind for _, needed, kind in parts if needed),
    )  # fmt: skip


def _kinds(template: Template, rng: Random, marked: Marked) -> list[str]:
    """Return the slot that each span of a filled template came from, by filling it as `filled` does.

    Raises ValueError where the two did not draw the same.
    """
    if template.literal.islower():
        rng.random()  # whether names are in lower case too
    fillers = Fillers(rng, "test")
    parts = [
        (piece.kind, part.label)
        for piece in template.pieces
        if isinstance(piece, Slot)
        for part in fillers.fill(piece)
        if part.label
    ]
    if [label for _, label in parts] != [span.label for span in marked.spans]:
        raise ValueError(f"template {template.id} was filled in two ways")
    return [kind for kind, _ in parts]


def unknown_labels() -> set[str]:
    """Return the labels that stand in a table here and not in the generator's."""
    return (set(_SCOPES) | set(_KINDS)) - set(LABELS)


def labelled_slots() -> dict[str, str]:
    """Return the slots whose values are asked for by both policies, each with its label."""
    return {
        slot: label for slot, label in SLOT_LABELS.items() if label and _SCOPES.get(label, "both") == "both"
    }
