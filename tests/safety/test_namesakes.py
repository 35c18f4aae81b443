"""safety/namesakes.py: when a word that is a name as well means somebody who is known by it."""

from __future__ import annotations

import pytest

from safety.namesakes import stands_for_someone
from safety.placeholders import Placeholders
from safety.recognizers.lexicon import split_words
from safety.scrubber import Scrubber


def meant(text: str, name: str) -> list[bool]:
    found = split_words(text)
    return [stands_for_someone(found, at) for at, word in enumerate(found) if word.lower == name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("he said grace called", "grace"),
        ("then GRACE came", "grace"),
        ("i miss joy so much", "joy"),
        ("carter was late", "carter"),
        ("tindle was late", "tindle"),
        ("i told will about it", "will"),
        ("will said no", "will"),
        ("will was asleep", "will"),
        ("and then Will came", "will"),
        ("a letter from Will", "will"),
        ("hi may, it is me", "may"),
        ("may called me", "may"),
        ("we saw Hope again", "hope"),
        ("hope says hello", "hope"),
        ("bill called twice", "bill"),
        ("the doctor wants mark to come", "mark"),
        ("i asked rose about it", "rose"),
        ("ginger said no", "ginger"),
        ("it's rose", "rose"),
        ("i am rose", "rose"),
        ("Rose is sick again", "rose"),
        ("rose needs her refill", "rose"),
        ("the pills are for rose", "rose"),
        ("a letter from rose", "rose"),
        ("can rose come at nine", "rose"),
        ("this is ginger again", "ginger"),
        ("refill for ginger please", "ginger"),
        ("gene here again", "gene"),
        ("gene takes 5 mg", "gene"),
    ],
)
def test_somebody_is_meant(text: str, name: str) -> None:
    assert meant(text, name) == [True]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("will you call", "will"),
        ("Will you call", "will"),
        ("i will call", "will"),
        ("when will it end", "will"),
        ("i may be late", "may"),
        ("can i come in May", "may"),
        ("from May to July", "may"),
        ("she may call", "may"),
        ("i hope so", "hope"),
        ("I Hope so", "hope"),
        ("there is no hope", "hope"),
        ("the bill said 40", "bill"),
        ("they drew blood", "drew"),
        ("a long day", "long"),
        ("my blood pressure rose and fell", "rose"),
        ("we sat in the rose garden", "rose"),
        ("i drink ginger tea", "ginger"),
        ("the ginger ale helped", "ginger"),
        ("my sugar rose by forty", "rose"),
        ("about gene therapy", "gene"),
        ("they want mark sheets", "mark"),
        ("who is it for. may i ask", "may"),
    ],
)
def test_nobody_is_meant(text: str, name: str) -> None:
    assert meant(text, name) == [False]


def test_a_known_name_that_is_a_word_is_found_in_the_same_text_and_later() -> None:
    scrubber, conversation = Scrubber(name_model=None), Placeholders()
    first = scrubber.scrub("my name is Grace. he said grace called", conversation).text
    assert first == "my name is [PERSON_1]. he said [PERSON_1] called"
    assert scrubber.scrub("so GRACE or grace it is", conversation).text == "so [PERSON_1] or [PERSON_1] it is"
    assert scrubber.scrub("grace is a virtue", Placeholders()).text == "grace is a virtue"
