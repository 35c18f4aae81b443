"""Read the YAML files that ship with the package: rules, words, replies.

libyaml, with which PyYAML is built nearly everywhere, reads them more than ten times as fast as PyYAML's own
reader, and makes the same of them: the gate is there sooner. Files that people write go through
`yaml.safe_load`, whose faults show the line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def shipped_yaml(file: Path) -> Any:
    """Return what a file holds. Raises OSError and yaml.YAMLError."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe loaders
