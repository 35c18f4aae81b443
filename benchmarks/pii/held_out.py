"""What was kept from training: templates of the test half, and the half of every list of names.

The one file that knows the names of `training.generated`; the rest of the benchmark takes cases from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

from benchmarks.pii.asked import Kind, Scope, asked
from benchmarks.pii.cases import Case, Missing, Span
from safety.policies import Policy
from training.generated.halves import only
from training.generated.labels import LABELS
from training.generated.pii import filled
from training.generated.templates import read_templates

TEMPLATES = Path(__file__).with_name("templates.jsonl")
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
    now and then, as the generator does it. The group of a case is its template, its slice the register.
    """
    if not TEMPLATES.is_file():
        return Missing(f"no {TEMPLATES.name} in this folder")
    templates = list(read_templates([TEMPLATES]))
    Random(f"order {seed}").shuffle(templates)
    cases = []
    for at in range(FILLS * len(templates) if number is None else number):
        template = templates[at % len(templates)]
        marked = filled(template, Random(f"held out {seed} {at}"), half="test")
        parts = [
            part
            for span in marked.spans
            for part in asked(
                marked.text, Span(span.start, span.end, span.label), policy,
                scope=_SCOPES.get(span.label, "both"), kind=_KINDS.get(span.label, "other"),
            )
        ]  # fmt: skip
        cases.append(
            Case(
                marked.text, tuple(span for span, needed in parts if needed), group=template.id,
                slice=template.register, optional=tuple(span for span, needed in parts if not needed),
            )
        )  # fmt: skip
    return cases


def unknown_labels() -> set[str]:
    """Return the labels that stand in a table here and not in the generator's."""
    return (set(_SCOPES) | set(_KINDS)) - set(LABELS)
