"""The toy recipe on a tiny base, as the tests of the loop run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def changes(base: Path, *more: str) -> list[str]:
    """Return the changes that put the toy recipe on a base of two layers."""
    return [f"base=path:{base}", *more]


def command(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run `python -m training` as another program would."""
    return subprocess.run(
        [sys.executable, "-m", "training", *arguments],
        capture_output=True, text=True, cwd=ROOT, input=text, timeout=280,
    )  # fmt: skip
