"""JSON that streams by: only its string values change."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.bulk_json import NotJson, scrub_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def nothing(_text: str) -> None:
    return


def run(text: str, *, size: int = 1_000, make: str = "") -> tuple[str, list[tuple[str, tuple[str, ...]]]]:
    seen: list[tuple[str, tuple[str, ...]]] = []

    def value(found: str, keys: tuple[str, ...]) -> str:
        seen.append((found, keys))
        return make or found

    blocks = (text[at : at + size] for at in range(0, len(text), size))
    return "".join(scrub_json(blocks, value, on_key=nothing, on_number=nothing)), seen


@settings(deadline=None)
@given(VALUES, st.integers(1, 7), st.booleans())
def test_unchanged_values_come_out_as_they_went_in_however_the_text_is_cut(
    value: object, size: int, ascii_only: bool
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=1)
    assert run(text, size=size)[0] == text


def test_numbers_order_and_repeated_keys_stay() -> None:
    text = '{"b": 1.0e5, "a": "x", "b": 123456789012345678901, "a": ["x", {"c": "x"}]}'
    assert run(text, size=3, make='"')[0] == text.replace('"x"', '"\\""')


def test_a_value_is_known_by_the_keys_on_the_way_to_it() -> None:
    assert run('{"a": [{"b": "1"}, "2"], "c": "3"}')[1] == [("1", ("a", "b")), ("2", ("a",)), ("3", ("c",))]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"a" 1}',
        '{"a": 1,}',
        "[1 2]",
        '["jorah',
        "[1]]",
        "01",
        "{1: 2}",
        "[nul]",
        '"a\nb"',
        "1 2",
        "]",
    ],
)
def test_what_is_not_json_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(NotJson) as fault:
        run(text, size=2)
    assert "jorah" not in str(fault.value)


def test_numbers_are_told_of() -> None:
    told: list[str] = []
    list(
        scrub_json(
            ['{"a": 8025550100, "b": true}'], lambda value, _: value, on_key=nothing, on_number=told.append
        )
    )
    assert told == ["8025550100"]
