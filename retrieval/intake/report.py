"""Show what an import would do, row by row, and write what it did: row files, and counts.

Terminal lines name file, row, id and oddity, never a row's words. A row file holds the rows themselves:
what came in as FAQ rows, what was set aside with its reasons, to be mended and imported again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from retrieval.faq import entry_to_json
from retrieval.intake.judge import Judged

_SHOWN = {"new": "new", "changed": "changed", "same": "unchanged", "aside": "set aside"}


def line_of(one: Judged) -> str:
    """Return what is said of one row: where it stands, what becomes of it, what is odd."""
    found = one.found
    place = f"{found.path}: {found.unit} {found.number}" if found.unit != "file" else str(found.path)
    named = f" {one.entry.id}" if one.fate != "aside" else ""
    odd = "; ".join(map(str, one.odd))
    return f"{place}: {_SHOWN[one.fate]}{named}{': ' + odd if odd else ''}"


def summary(judged: Sequence[Judged]) -> str:
    """Return the count: rows in = kept + set aside, by fate and by reason."""
    fates = Counter(one.fate for one in judged)
    aside = fates["aside"]
    reasons = Counter(odd.code for one in judged if one.fate == "aside" for odd in one.reasons)
    by_reason = ", ".join(f"{code} {count}" for code, count in reasons.most_common())
    return (
        f"{len(judged)} rows in = {len(judged) - aside} kept "
        f"({fates['new']} new, {fates['changed']} changed, "
        f"{fates['same']} unchanged) + {aside} set aside{f' ({by_reason})' if by_reason else ''}"
    )


def write_kept(judged: Sequence[Judged], file: Path) -> None:
    """Write the kept rows as FAQ rows."""
    _write(file, [entry_to_json(one.entry) for one in judged if one.fate != "aside"])


def write_aside(judged: Sequence[Judged], file: Path) -> None:
    """Write the rows that were set aside as FAQ rows, with the place they came from and the reasons."""
    lines = []
    for one in judged:
        if one.fate == "aside":
            row = json.loads(entry_to_json(one.entry))
            row["from"] = f"{one.found.path}: {one.found.unit} {one.found.number}"
            row["reasons"] = [f"{odd.code}: {odd}" for odd in one.odd]
            lines.append(json.dumps(row, ensure_ascii=False))
    _write(file, lines)


def _write(file: Path, lines: Sequence[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
