"""Known names are found again, and what a text says a thousand times is asked once."""

from __future__ import annotations

from safety.mentions import mentions
from safety.placeholders import Placeholders


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
