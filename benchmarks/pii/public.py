"""A public set of others, pii_masking_300k, scored by what each policy asks for.

Read from `CAREFOLD_DATASETS`, measured and never shown: no text, no value and no row id leaves this file.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from benchmarks.datasets import DATASETS, datasets_there
from benchmarks.pii.asked import Kind, Scope, asked
from benchmarks.pii.cases import Case, Missing, Span
from safety.policies import Policy
from weights.jsonl import Row, read_jsonl

NAME = "pii_masking_300k"

# A person's sex and a time of day identify nobody; a title, a state and a country are what `wide` adds.
SCOPES: dict[str, Scope] = {
    **dict.fromkeys(("GIVENNAME1", "GIVENNAME2", "LASTNAME1", "LASTNAME2", "LASTNAME3"), "both"),
    **dict.fromkeys(("BUILDING", "STREET", "SECADDRESS", "CITY", "POSTCODE", "GEOCOORD"), "both"),
    **dict.fromkeys(("BOD", "DATE"), "both"),
    **dict.fromkeys(("TEL", "EMAIL", "IP", "USERNAME", "PASS"), "both"),
    **dict.fromkeys(("PASSPORT", "IDCARD", "DRIVERLICENSE", "SOCIALNUMBER"), "both"),
    **dict.fromkeys(("STATE", "COUNTRY", "TITLE"), "wide"),
    **dict.fromkeys(("SEX", "TIME"), "free"),
}
_KINDS: dict[str, Kind] = {"BOD": "date", "DATE": "date", "POSTCODE": "zip"}


class SpanRow(BaseModel):
    """One marked place."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    type: str
    start: int
    end: int


class PiiRow(BaseModel):
    """One text with its marked places."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: str
    text: str
    spans: list[SpanRow]


def public_cases(policy: Policy) -> list[Case] | Missing:
    """Return the set as `policy` asks for it, or why there is none. Raises KeyError for an unknown label."""
    file = DATASETS / NAME / f"{NAME}.jsonl"
    if not datasets_there() or not file.is_file():
        return Missing(f"no {NAME} here: set CAREFOLD_DATASETS to the folder that holds it")
    return [case(row.value, policy) for row in read_jsonl(file, PiiRow) if isinstance(row, Row)]


def case(row: PiiRow, policy: Policy) -> Case:
    """Return one row as a case. Pieces of one document have ids that differ in a last letter: one group."""
    parts = [
        part
        for one in row.spans
        for part in asked(
            row.text, Span(one.start, one.end, one.type), policy,
            scope=SCOPES[one.type], kind=_KINDS.get(one.type, "other"),
        )
    ]  # fmt: skip
    return Case(
        row.text, tuple(span for span, needed in parts if needed), slice=NAME,
        group=row.id[:-1] if row.id[-1:].isalpha() else row.id,
        optional=tuple(span for span, needed in parts if not needed),
    )  # fmt: skip
