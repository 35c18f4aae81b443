"""The 18 categories of Safe Harbor, each with what finds it and the share that is found, under each policy.

Values come from the templates of the test half, as many of each category; what no template holds (payloads)
from the generator of identifiers. Both policies are asked for the same values in the same texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.pii.cases import Case
from benchmarks.pii.estimates import Estimate, resampled, share
from benchmarks.pii.held_out import slot_cases
from benchmarks.pii.identifiers import identifiers_of
from benchmarks.pii.options import Options, Outcome
from benchmarks.pii.quality import found_whole
from benchmarks.pii.result import FOUND, Line, shown_share
from benchmarks.pii.systems import SAFE_HARBOR, WIDE, active_tagger, find_all
from safety.policies import Policy

LEAST = 400  # values of each category


@dataclass(frozen=True)
class Category:
    """One paragraph of 45 CFR 164.514(b)(2)(i): slots of templates, or a kind of identifiers, and types."""

    letter: str
    name: str
    slots: tuple[str, ...]
    types: tuple[str, ...]
    identifier: str = ""

    def __str__(self) -> str:
        return f"({self.letter}) {self.name}"


CATEGORIES: tuple[Category, ...] = (
    Category("A", "names",
             ("name", "first", "last", "nickname", "initials", "last_first", "name_middle"), ("PERSON",)),
    Category("B", "places below a state",
             ("street", "address", "zip", "city", "county", "neighbourhood", "facility", "school"),
             ("LOCATION", "STREET_ADDRESS", "ZIP_CODE")),
    Category("C", "dates but the year, ages over 89",
             ("date", "date_partial", "dob", "month_year", "date_range", "holiday", "age_old"),
             ("DATE_TIME", "AGE_OVER_89")),
    Category("D", "telephone numbers", ("phone",), ("PHONE_NUMBER",)),
    Category("E", "fax numbers", ("fax",), ("FAX_NUMBER",)),
    Category("F", "e-mail addresses", ("email",), ("EMAIL_ADDRESS",)),
    Category("G", "social security numbers", ("ssn",), ("US_SSN", "US_ITIN")),
    Category("H", "medical record numbers", ("mrn",), ("MEDICAL_RECORD_NUMBER",)),
    Category("I", "health plan numbers", ("member_id", "mbi"), ("MEMBER_ID", "US_MBI")),
    Category("J", "account numbers", ("account", "card", "iban"),
             ("ACCOUNT_NUMBER", "US_BANK_NUMBER", "CREDIT_CARD", "IBAN_CODE", "CRYPTO")),
    Category("K", "certificates and licences", ("driver_license", "medical_license", "npi"),
             ("US_DRIVER_LICENSE", "MEDICAL_LICENSE", "CERTIFICATE_NUMBER", "US_NPI")),
    Category("L", "vehicles and plates", ("vin", "plate"), ("VIN", "LICENSE_PLATE")),
    Category("M", "devices and serials", ("device_serial",), ("DEVICE_ID",)),
    Category("N", "web addresses", ("url",), ("URL",)),
    Category("O", "IP addresses", ("ip",), ("IP_ADDRESS",)),
    Category("P", "biometric identifiers", (), ("BIOMETRIC",), identifier="biometric payload"),
    Category("Q", "full-face photographs", (), ("BIOMETRIC",), identifier="data uri"),
    Category("R", "any other unique code",
             ("handle", "username", "employee_id", "case_number", "prescription_number", "accession",
              "tracking", "passport", "partial_number"),
             ("USERNAME", "EMPLOYEE_ID", "ID_NUMBER", "US_PASSPORT", "PARTIAL_NUMBER")),
)  # fmt: skip
_POLICIES: dict[str, Policy] = {SAFE_HARBOR: "safe-harbor", WIDE: "wide"}


def measure_categories(options: Options) -> Outcome:
    """Count which share of each category's values is found whole, by each policy."""
    out: Outcome = []
    for category in CATEGORIES:
        values = {name: _found(category, name, options) for name in _POLICIES if name in options.systems}
        out.append(Line("categories", str(category), FOUND, values))
    return out


def category_cases(category: Category, policy: Policy, *, least: int = LEAST, seed: int = 0) -> list[Case]:
    """Return cases with at least `least` values of a category; `kinds` says which spans are its own."""
    if category.slots:
        return slot_cases(category.slots, policy, least=least, seed=seed)
    return identifiers_of(category.identifier, least, seed=seed)


def category_rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return the table of what was measured: category, what finds it, and each policy's share."""
    measured = {line.slice: line.values for line in lines if line.section == "categories"}
    if not measured:
        return []
    by = finders()
    return [
        {
            "letter": one.letter, "category": one.name, "found by": by[one.letter],
            "values": {
                name: {
                    "value": round(found.value, 6), "low": round(found.low, 6), "high": round(found.high, 6),
                    "n": found.n,
                }
                for name, found in measured[str(one)].items()
            },
        }
        for one in CATEGORIES
        if str(one) in measured
    ]  # fmt: skip


def finders() -> dict[str, list[str]]:
    """Return by letter which recognizers find a category's types, as they say themselves."""
    from safety.recognizers import RECOGNIZERS, REPLACED_BY_TAGGER

    tagger = active_tagger()
    made = {
        name: make() for name, make in RECOGNIZERS.items() if tagger is None or name not in REPLACED_BY_TAGGER
    }
    kinds = {name: set(one.supported_entities) for name, one in made.items()}
    if tagger is not None:
        from safety.recognizers.tagger import TaggerRecognizer

        kinds = {"tagger": set(TaggerRecognizer(tagger).supported_entities)} | kinds
    return {
        one.letter: [name for name, types in kinds.items() if types & set(one.types)] for one in CATEGORIES
    }


def readme_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write the table in Markdown."""
    systems = list(dict.fromkeys(name for row in rows for name in row["values"]))
    out = [
        "| 45 CFR 164.514(b)(2)(i) | found by | n | "
        + " | ".join(_POLICIES[name] for name in systems)
        + " |",
        "|---|---|---|" + "---|" * len(systems),
    ]
    for row in rows:
        n = max(found["n"] for found in row["values"].values())
        cells = [shown_share(row["values"][name]) for name in systems]
        by = ", ".join(row["found by"])
        out.append(f"| ({row['letter']}) {row['category']} | {by} | {n:,} | " + " | ".join(cells) + " |")
    return "\n".join(out)


def _found(category: Category, system: str, options: Options) -> Estimate:
    cases = category_cases(
        category, _POLICIES[system], least=min(LEAST, options.texts or LEAST), seed=options.seed
    )
    found = find_all(
        system, [case.text for case in cases], workers=options.workers,
        title=f"categories, {category.letter}", kept=options.kept,
    )  # fmt: skip
    own = set(category.slots)
    hits, groups = [], []
    for case, one in zip(cases, found, strict=True):
        for place in range(len(case.spans)):
            if not own or case.kinds[place] in own:
                hits.append(found_whole(case, place, one))
                groups.append(case.group)
    # Fillings of one template are not independent; where all or none are found, drawing says nothing.
    plain = share(sum(hits), len(hits))
    rows = np.array([[hit, 1.0] for hit in hits])
    (drawn,) = resampled(rows, groups, lambda sums: sums[..., :1] / np.maximum(sums[..., 1:], 1))
    return Estimate(plain.value, min(plain.low, drawn.low), max(plain.high, drawn.high), plain.n)
