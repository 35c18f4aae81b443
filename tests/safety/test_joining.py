"""The rest of a name is taken where a part of it was found, and no more than the name."""

from __future__ import annotations

import pytest

from safety.entities import Entity
from safety.joining import ENOUGH, ENOUGH_OF_A_PART, joined


def whole(text: str, part: str, **shares: float) -> str:
    """Return what becomes of `part`, which was found in `text`, when words of it have these shares of a name."""
    at = text.index(part)
    traces = [
        Entity(text.index(word), text.index(word) + len(word), "PERSON", share)
        for word, share in shares.items()
    ]
    longer = joined(text, [Entity(at, at + len(part), "PERSON", 0.9)], traces)
    return text[longer[0].start : longer[0].end] if longer else part


@pytest.mark.parametrize(
    ("text", "part", "name"),
    [
        ("We saw Nguyen Thi My Dung today", "Nguyen Thi", "Nguyen Thi My Dung"),
        ("Please call Khanh Do about the lab work", "Khanh", "Khanh Do"),
        ("I met My Hanh Pham there", "Hanh Pham", "My Hanh Pham"),
        ("The bill went to Leroy Means instead", "Leroy", "Leroy Means"),
        ("Ask Davonte Sweat or Kareem Street", "Davonte", "Davonte Sweat"),
        ("Did Phạm Mỹ Linh call", "Phạm", "Phạm Mỹ Linh"),
    ],
)
def test_a_known_part_with_a_capital_needs_no_trace(text: str, part: str, name: str) -> None:
    assert whole(text, part) == name


@pytest.mark.parametrize(
    ("text", "part", "shares", "name"),
    [
        ("can khanh do take this", "khanh", {"do": ENOUGH_OF_A_PART}, "khanh do"),
        ("WE SAW TRAN MY LONG TODAY", "TRAN", {"MY": 0.01, "LONG": 0.01}, "TRAN MY LONG"),
        ("do manh has been dizzy", "manh", {"do": 0.1}, "do manh"),
        ("seen with temitope diabatey today", "temitope", {"diabatey": ENOUGH}, "temitope diabatey"),
        ("my boss duong thu wants it", "duong", {"thu": 0.004}, "duong thu"),
        ("i saw jaylen means there", "jaylen", {"means": 0.003}, "jaylen means"),
        ("PT MINGHAO OH SEEN", "MINGHAO", {"OH": 0.06}, "MINGHAO OH"),
    ],
)
def test_a_trace_of_a_name_is_enough_beside_one(
    text: str, part: str, shares: dict[str, float], name: str
) -> None:
    assert whole(text, part, **shares) == name
    assert whole(text, part) == part


@pytest.mark.parametrize(
    ("text", "part", "shares"),
    [
        ("the daughter of khanh called", "khanh", {"of": 0.2}),
        ("can khanh come", "khanh", {"can": 0.2}),
        ("my mother khanh is ill", "khanh", {"mother": 0.2}),
        ("caregiver khanh reports it", "khanh", {"caregiver": 0.6, "reports": 0.01}),
        ("sincerely khanh", "khanh", {"sincerely": 0.3}),
        ("i told khanh my knee hurts", "khanh", {"my": 0.001}),
        ("did maria do her exercises", "maria", {"do": 0.01}),
        ("tell maria an hour before", "maria", {"an": 0.01}),
        ("Tell Maria To rest", "Maria", {"To": 0.004}),
        ("khanh, my sister", "khanh", {"my": 0.2}),
        ("Khanh. My knee hurts", "Khanh", {"My": 0.2}),
        ("ask khanh\nlong wait again", "khanh", {"long": 0.2}),
        ("gave maria insulin", "maria", {"insulin": 0.3}),
        ("saw maria yesterday", "maria", {"yesterday": 0.3}),
        ("Does Mavik plus work", "Mavik", {"plus": 0.1}),
        ("Hello Miss Khanh", "Khanh", {"Miss": 0.9, "Hello": 0.9}),
        ("a B C", "B", {"C": 0.3}),
        ("stable le edema noted", "le", {"edema": 0.3}),
        ("good afternoon young man", "young", {"man": 0.1}),
    ],
)
def test_what_no_name_is_stays_outside(text: str, part: str, shares: dict[str, float]) -> None:
    assert whole(text, part, **shares) == part


def test_without_people_nothing_is_joined() -> None:
    assert joined("my long walk", [], [Entity(3, 7, "PERSON", 0.2)]) == []
    assert joined("", [], []) == []


def test_no_more_than_four_words_are_taken_on_a_side() -> None:
    text = "X Anh Binh Chau Dung Giang Hanh"
    longer = joined(text, [Entity(2, 5, "PERSON", 0.9)], [])
    assert [text[one.start : one.end] for one in longer] == ["Anh Binh Chau Dung Giang"]
