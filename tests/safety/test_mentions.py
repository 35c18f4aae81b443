"""Known names are found again, and what a text says a thousand times is asked once."""

from __future__ import annotations

from safety.mentions import mentions
from safety.placeholders import Placeholders
from safety.scrubber import Scrubber


class _Counting(Placeholders):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, bool]] = []

    def knows(self, name: str, *, part: bool) -> bool:
        self.asked.append((name, part))
        return super().knows(name, part=part)


def test_nobody_is_known_before_a_name_was_replaced_and_parts_are_afterwards() -> None:
    placeholders = Placeholders()
    placeholders.replacement("PHONE_NUMBER", "802-555-0117")
    assert list(mentions("I saw Tindle, tindle again", placeholders)) == []
    placeholders.replacement("PERSON", "Oona Tindle")
    assert list(mentions("I saw Tindle, tindle again", placeholders)) == [(6, 12), (14, 20)]


def test_each_piece_of_a_text_that_repeats_itself_is_asked_for_once() -> None:
    placeholders = _Counting()
    placeholders.replacement("PERSON", "Oona Tindle")
    text = "the vane turns and tindle waits. " * 100
    assert len(list(mentions(text, placeholders))) == 100
    assert len(placeholders.asked) == len(set(placeholders.asked)) < 40


def test_accents_and_case_make_no_other_person() -> None:
    placeholders = Placeholders()
    mark = placeholders.replacement("PERSON", "José Núñez")
    assert placeholders.replacement("PERSON", "jose nunez") == mark
    assert placeholders.replacement("PERSON", "Jo\u200bsé") == mark
    assert list(mentions("so nunez, NÚÑEZ", placeholders)) == [(3, 8), (10, 15)]


def test_invisible_characters_hide_nobody_who_is_known() -> None:
    scrubber, conversation = Scrubber(name_model=None), Placeholders()
    scrubber.scrub("my name is Oona Tindle", conversation)
    text = "🙂 so Tin\u200bdle, ｔｉｎｄｌｅ and tindle\u0301 called"
    assert scrubber.scrub(text, conversation).text == "🙂 so [PERSON_1], [PERSON_1] and [PERSON_1] called"
