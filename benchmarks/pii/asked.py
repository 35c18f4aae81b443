"""Which part of a marked value a policy asks for, where the marks of a set know nothing of policies.

- "both": Safe Harbor names it (45 CFR 164.514(b)(2)(i)).
- "wide": the policy of corpora adds it; taking it under Safe Harbor is an error of precision.
- "employer": `wide` asks for it; under Safe Harbor it counts neither way, for the rule names employers, but
  not every organisation is one.
- "free": it identifies nobody under either policy; taking it counts neither way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from benchmarks.pii.cases import Span
from safety.policies import Policy

Scope = Literal["both", "wide", "employer", "free"]
Kind = Literal["date", "zip", "other"]
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_US_ZIP = re.compile(r"\d{5}(?:-\d{4})?")


def asked(text: str, span: Span, policy: Policy, *, scope: Scope, kind: Kind) -> Iterator[tuple[Span, bool]]:
    """Yield the parts of a marked value that count, and whether the policy asks for each.

    Safe Harbor leaves the year of a date and the first three digits of a ZIP code: they may go or stay.
    """
    if scope == "wide" and policy == "safe-harbor":
        return
    needed = scope == "both" or (scope in ("wide", "employer") and policy == "wide")
    value = text[span.start : span.end]
    free: list[tuple[int, int]] = []
    if policy == "safe-harbor" and kind == "date":
        free = [match.span() for match in _YEAR.finditer(value)]
    elif policy == "safe-harbor" and kind == "zip" and _US_ZIP.fullmatch(value):
        free = [(0, 3)]
    at = 0
    for start, end in [*free, (len(value), len(value))]:
        if start > at:
            yield Span(span.start + at, span.start + start, span.type), needed
        if end > start:
            yield Span(span.start + start, span.start + end, span.type), False
        at = end
