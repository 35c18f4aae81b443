"""The rule files say each thing once: of two keys with one name, the reader would take the last in silence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

import safety

FILES = sorted(Path(safety.__file__).parent.glob("*.yaml"))


def repeated(node: yaml.Node, where: str = "") -> list[str]:
    """Return the keys that a mapping, or one inside it, has twice."""
    if isinstance(node, yaml.MappingNode):
        names = Counter(key.value for key, _ in node.value)
        found = [f"{where}{name}" for name, often in names.items() if often > 1]
        return found + [one for key, value in node.value for one in repeated(value, f"{where}{key.value}.")]
    if isinstance(node, yaml.SequenceNode):
        return [one for at, value in enumerate(node.value) for one in repeated(value, f"{where}{at}.")]
    return []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_key_stands_twice(file: Path) -> None:
    assert repeated(yaml.compose(file.read_text("utf-8"), Loader=yaml.CSafeLoader)) == []


def test_a_key_that_stands_twice_is_seen() -> None:
    node = yaml.compose("sets:\n  kin: a\n  folk: b\n  kin: c\nmore: [{x: 1, x: 2}]", Loader=yaml.SafeLoader)
    assert repeated(node) == ["sets.kin", "more.0.x"]
