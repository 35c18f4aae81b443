"""The tree of errors at the head of each errors.py names the classes that are there, each with its parent."""

from __future__ import annotations

import importlib
import re

import pytest

LINE = re.compile(r"^(?P<branch>[│ ]*(?:[├└]── )?)(?P<name>[A-Z]\w+)(?P<what>.*)$")


@pytest.mark.parametrize("package", ["app", "retrieval", "safety", "training", "weights"])
def test_tree_of_errors_is_what_the_module_has(package: str) -> None:
    module = importlib.import_module(f"{package}.errors")
    tree = (module.__doc__ or "").split("\n\n")[1]
    named: dict[str, str] = {}
    parents: list[str] = []
    for found in filter(None, map(LINE.match, tree.splitlines())):
        depth = len(found["branch"]) // 4
        parents[depth:] = [found["name"]]
        if " (in " not in found["what"]:
            named[found["name"]] = parents[depth - 1] if depth else ""
    defined = {
        name: one.__mro__[1].__name__ if one.__mro__[1].__module__ == module.__name__ else ""
        for name, one in vars(module).items()
        if isinstance(one, type) and issubclass(one, Exception) and one.__module__ == module.__name__
    }
    assert named == defined
