"""What was found is widened to the edges of words and addresses, in linear time."""

from __future__ import annotations

import time

import pytest

from safety.entities import Entity
from safety.widening import Widener


@pytest.mark.parametrize(
    ("text", "kind", "found", "whole"),
    [
        ("it is tindle_44 now", "USERNAME", "ndle", "tindle_44"),
        ("it is tindle-44 now", "USERNAME", "tindle", "tindle"),
        ("jo.doe@intranet, please", "URL", "doe", "jo.doe@intranet"),
        ("jo.doe@intranet.", "EMAIL_ADDRESS", "doe@intranet", "jo.doe@intranet"),
        ("jo.doe@intranet", "PERSON", "doe", "doe"),
        ("see example.org/a", "URL", "example", "example"),
        ("Zoë\u0301 sings", "PERSON", "Zo", "Zoë"),
        ("(tindle)", "PERSON", "(tindle)", "(tindle)"),
        ("call -802-555-0199-44-, ok", "PHONE_NUMBER", "802-555-0199", "802-555-0199-44"),
        ("call 44-802-555-0199-- ok", "PHONE_NUMBER", "802-555-0199", "44-802-555-0199"),
        ("on 1-2-1980-5", "DATE_TIME", "1-2-1980", "1-2-1980"),
    ],
)
def test_ends_move_to_the_edges_of_words_and_of_addresses(
    text: str, kind: str, found: str, whole: str
) -> None:
    start = text.index(found)
    wide = Widener(text, whole={"PHONE_NUMBER"}).widen(Entity(start, start + len(found), kind, 0.5))
    assert text[wide.start : wide.end] == whole
    assert (wide.type, wide.score) == (kind, 0.5)


def test_the_order_in_which_findings_are_widened_changes_nothing() -> None:
    text = "ab_c a@b.c+d@e é1 @@ x"
    every = [
        Entity(start, end, kind, 0.5)
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        for kind in ("URL", "PERSON")
    ]
    widener = Widener(text)
    forwards = [widener.widen(one) for one in every]
    assert forwards == [Widener(text).widen(one) for one in every]


def test_a_thousand_findings_in_one_run_take_no_longer_than_a_few() -> None:
    text = "a@" * 2_000
    widener = Widener(text)
    began = time.process_time()
    wide = {widener.widen(Entity(at, at + 3, "EMAIL_ADDRESS", 0.5)) for at in range(0, len(text) - 3, 2)}
    assert time.process_time() - began < 0.5
    assert wide == {Entity(0, len(text), "EMAIL_ADDRESS", 0.5)}
