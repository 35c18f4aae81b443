"""The form of a result file: figures beside the date, the versions and the machine's kind."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "bitsandbytes",
    "sentence-transformers",
    "faiss-cpu",
    "bm25s",
    "presidio-analyzer",
    "spacy",
    "SQLAlchemy",
)
Figure = float | int | str | bool | None | Sequence["Figure"] | Mapping[str, "Figure"]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of `values` lie; 0 for no values."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else 0.0


def times(values: Sequence[float]) -> dict[str, Figure]:
    """Summarise times of one kind, in the unit they come in."""
    return {
        "n": len(values),
        "p50": round(statistics.median(values), 2) if values else 0.0,
        "p95": percentile(values, 0.95),
        "p99": percentile(values, 0.99),
        "max": round(max(values), 2) if values else 0.0,
    }


def earlier(out: Path | None) -> dict[str, Figure]:
    """Return the figures of a result file; none where there is no such file."""
    if out is None or not out.is_file():
        return {}
    figures: dict[str, Figure] = json.loads(out.read_text("utf-8"))["figures"]
    return figures


def day(out: Path) -> str:
    """Return the day of a result file, ISO 8601; "" where there is no such file."""
    return str(json.loads(out.read_text("utf-8"))["date"]) if out.is_file() else ""


def report(name: str, figures: Mapping[str, Figure], out: Path | None, *, printed: bool = True) -> None:
    """Print the figures as JSON, unless a table is what is to be read, and write them to `out`, if given."""
    result = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cores": os.cpu_count(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
        },
        "versions": {package: _version(package) for package in PACKAGES},
        "figures": figures,
    }
    text = json.dumps(result, indent=1)
    if printed:
        sys.stdout.write(text + "\n")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
