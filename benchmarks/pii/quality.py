"""What is found: each part makes its cases, runs every system over them and returns lines of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.pii.cases import Case, Missing
from benchmarks.pii.corruptions import FORMS
from benchmarks.pii.estimates import Array, Estimate, exact, share
from benchmarks.pii.held_out import template_cases
from benchmarks.pii.identifiers import identifiers
from benchmarks.pii.names import gap, name_cases
from benchmarks.pii.options import Options, Outcome
from benchmarks.pii.public import NAME, public_cases
from benchmarks.pii.result import EVERY_FORM, FOUND, GAP_CASES, GAP_ORIGINS, Line, Skipped
from benchmarks.pii.scores import COLUMNS, METRICS, counts, score
from benchmarks.pii.systems import SAFE_HARBOR, STOCK, WIDE, Found, find_all
from benchmarks.pii.terms import focus_names, own_lists, term_cases, untouched
from safety.policies import Policy

Flags = NDArray[np.bool_]
_CLEAN = COLUMNS.index("clean documents")
# By what a policy asks for, a peer and ours are scored alike; our other policy answers another question.
_ASKED: dict[Policy, tuple[str, ...]] = {"safe-harbor": (STOCK, SAFE_HARBOR), "wide": (STOCK, WIDE)}


def measure_identifiers(options: Options) -> Outcome:
    """Structured identifiers, clean and in each corruption: which share is found whole."""
    cases = list(identifiers(options.identifiers, seed=options.seed))
    rows, lines = _measure("identifiers", cases, options)
    whole = {name: found[:, _CLEAN].astype(bool) for name, found in rows.items()}
    every = {name: found.reshape(-1, 1 + len(FORMS)).all(axis=1) for name, found in whole.items()}
    out: Outcome = [
        Line("identifiers", "all", EVERY_FORM, {name: _share(found) for name, found in every.items()}),
        Line("identifiers", "all", FOUND, {name: _share(found) for name, found in whole.items()}),
        *lines,
    ]
    out += _by("identifiers", FOUND, [f"form: {case.form}" for case in cases], whole)
    out += _by("identifiers", FOUND, [case.slice for case in cases], whole)
    both = [f"{case.slice}, {case.form}" for case in cases]
    return out + _by("identifiers", FOUND, both, whole, detail=True)


def measure_names(options: Options) -> Outcome:
    """Names by origin and by case, and the gap between the best and the worst of each."""
    cases = list(name_cases(options.names, seed=options.seed))
    rows, lines = _measure("names", cases, options)
    whole = {name: found[:, _CLEAN] for name, found in rows.items()}
    origin, form = np.array([(case.slice, case.form) for case in cases]).T
    by_origin, by_case = (
        {name: gap({one: found[part == one] for one in np.unique(part)}) for name, found in whole.items()}
        for part in (origin, form)
    )
    found_whole = {name: found.astype(bool) for name, found in whole.items()}
    return [
        Line("names", "all", GAP_ORIGINS, by_origin),
        Line("names", "all", GAP_CASES, by_case),
        Line("names", "all", FOUND, {name: _share(found) for name, found in found_whole.items()}),
        *lines,
        *_by("names", FOUND, [f"case: {case.form}" for case in cases], found_whole),
        *_by("names", FOUND, [case.slice for case in cases], found_whole),
        *_by("names", FOUND, [f"{case.slice}, {case.form}" for case in cases], found_whole, detail=True),
    ]


def measure_terms(options: Options) -> Outcome:
    """Clinical terms: which share is left as it stands."""
    kinds: dict[str, Sequence[str]] = {
        kind: terms for kind, terms in own_lists().items() if kind != "carriers"
    }
    out: Outcome = []
    focus = focus_names()
    if isinstance(focus, Missing):
        out.append(Skipped("terms", "MedQuAD focus names", focus.reason))
    else:
        kinds["MedQuAD focus names"] = focus
    cases = [case for kind, terms in kinds.items() for case in term_cases(kind, terms, number=options.terms)]
    found = {name: _found(name, cases, options, title="terms") for name in options.systems}
    left = {
        name: np.array(
            [not one.failed and untouched(case, one.spans) for case, one in zip(cases, all_, strict=True)]
        )
        for name, all_ in found.items()
    }
    out.append(Line("terms", "all", "untouched", {name: _share(kept) for name, kept in left.items()}))
    out += _failures("terms", "all", found)
    out += _by("terms", "untouched", [case.slice for case in cases], left)
    return out + _by("terms", "untouched", [f"case: {case.form}" for case in cases], left)


def measure_public(options: Options) -> Outcome:
    """Measure the public set, as each policy asks for it."""
    out: Outcome = []
    for policy in _ASKED:
        cases = public_cases(policy)
        if isinstance(cases, Missing):
            return [Skipped("public", NAME, cases.reason)]
        out += _scored("public", cases[: options.texts], policy, options)
    return out


def measure_templates(options: Options) -> Outcome:
    """Templates that were never trained on, by register, as each policy asks for them."""
    out: Outcome = []
    for policy in _ASKED:
        cases = template_cases(policy, number=options.texts, seed=options.seed)
        if isinstance(cases, Missing):
            return [Skipped("templates", "all", cases.reason)]
        out += _scored("templates", cases, policy, options)
    return out


def _scored(section: str, cases: Sequence[Case], policy: Policy, options: Options) -> Outcome:
    """Score the systems that answer what `policy` asks: over all, by slice, and by type of what was asked."""
    chosen = [name for name in _ASKED[policy] if name in options.systems]
    found = {name: _found(name, cases, options, title=f"{section}, {policy}") for name in chosen}
    rows = {name: _rows(cases, some) for name, some in found.items()}
    slices = [case.slice for case in cases]
    out: Outcome = [*_failures(section, _named("all", policy), found)]
    for part in ("all", *sorted(set(slices))):
        at = [place for place, name in enumerate(slices) if part in ("all", name)]
        if part != "all" and len(at) == len(cases):
            continue
        scores = {name: score([cases[place] for place in at], table[at]) for name, table in rows.items()}
        out += _lines(section, _named(part, policy), scores)
    types = sorted({span.type for case in cases for span in case.spans})
    for kind in types:
        hits = {
            name: [
                found_whole(case, place, one)
                for case, one in zip(cases, some, strict=True)
                for place, span in enumerate(case.spans)
                if span.type == kind
            ]
            for name, some in found.items()
        }
        out.append(
            Line(section, _named(kind, policy), FOUND, {name: _share(some) for name, some in hits.items()})
        )
    return out


def _named(part: str, policy: Policy) -> str:
    """Name a slice; `wide` asks for most, so its slices bear the plain name."""
    return part if policy == "wide" else f"{part} (safe-harbor)"


def found_whole(case: Case, place: int, found: Found) -> bool:
    """Say whether one span of a case was found whole."""
    span = case.spans[place]
    taken = {at for one in found.spans for at in range(max(one.start, span.start), min(one.end, span.end))}
    return all(at in taken for at in range(span.start, span.end) if case.text[at].isalnum())


def _measure(section: str, cases: Sequence[Case], options: Options) -> tuple[dict[str, Array], list[Line]]:
    """Run all systems over cases: the rows of counts of each, and the lines of all cases together."""
    found = {name: _found(name, cases, options, title=section) for name in options.systems}
    rows = {name: _rows(cases, some) for name, some in found.items()}
    scores = {name: score(cases, table) for name, table in rows.items()}
    return rows, [*_failures(section, "all", found), *_lines(section, "all", scores)]


def _failures(section: str, part: str, found: Mapping[str, Sequence[Found]]) -> list[Line]:
    """Say how often a system failed instead of answering, where one did: its misses hold these."""
    failed = {name: sum(bool(one.failed) for one in some) for name, some in found.items()}
    if not any(failed.values()):
        return []
    values = {name: exact(number, len(found[name])) for name, number in failed.items()}
    return [Line(section, part, "failed closed", values, unit="count")]


def _found(name: str, cases: Sequence[Case], options: Options, *, title: str) -> list[Found]:
    return find_all(
        name, [case.text for case in cases], workers=options.workers, title=title, kept=options.kept
    )


def _rows(cases: Sequence[Case], found: Sequence[Found]) -> Array:
    return np.stack([counts(case, one.spans) for case, one in zip(cases, found, strict=True)])


def _lines(section: str, part: str, scores: dict[str, dict[str, Estimate]]) -> list[Line]:
    return [
        Line(section, part, measure, {name: of[measure] for name, of in scores.items()})
        for measure in METRICS
    ]


def _by(
    section: str, measure: str, slices: Sequence[str], hits: Mapping[str, Flags], *, detail: bool = False
) -> list[Line]:
    """Return the share of each slice, in the order in which slices come."""
    names = np.array(slices)
    return [
        Line(
            section, part, measure,
            {name: _share(found[names == part]) for name, found in hits.items()}, detail=detail,
        )
        for part in dict.fromkeys(slices)
    ]  # fmt: skip


def _share(hits: ArrayLike) -> Estimate:
    found = np.asarray(hits, dtype=bool)
    return share(int(found.sum()), len(found))
