"""What a tagger marks though it is nobody's is let go; a name, and a word beside one, never."""

from __future__ import annotations

import pytest

from safety.recognizers.ordinary import telling
from safety.tagging import Marked


def left(text: str, *found: str, kind: str = "PERSON") -> list[str]:
    """Return what stays of words that a tagger has marked in a text."""
    marked = [Marked(text.index(one), text.index(one) + len(one), kind, 0.1) for one in found]
    return [text[one.start : one.end] for one in telling(text, marked)]


@pytest.mark.parametrize(
    ("text", "found", "kind"),
    [
        ("queasy every morning since new pills", "queasy", "PERSON"),
        ("Stepdad drives her on Tuesdays", "Stepdad", "PERSON"),
        ("we asked Grandma to come", "Grandma", "PERSON"),
        ("a form for his middle school", "middle school", "LOCATION"),
        ("MY CAR WAS LOST AND I AM LATE", "LOST", "LOCATION"),
        ("i turned sixty-three last week", "sixty-three", "PERSON"),
        ("do you see people on Thursdays", "Thursdays", "DATE_TIME"),
        ("What is Endometrial Carcinoma?", "Endometrial Carcinoma", "PERSON"),
        ("is it open in the morning", "in the morning", "DATE_TIME"),
        ("What is Schizencephaly?", "Schizencephaly", "PERSON"),
        ("Discussed Palmoplantar Keratoderma.", "Palmoplantar Keratoderma", "LOCATION"),
        ("a trigonocephaly since birth", "trigonocephaly", "DATE_TIME"),
        ("Hx: asthma, femur", "femur", "PERSON"),
        ("a Trigonocephaly-simple stature syndrome", "Trigonocephaly-simple", "PERSON"),
    ],
)
def test_plain_words_and_days_that_come_again_are_let_go(text: str, found: str, kind: str) -> None:
    assert left(text, found, kind=kind) == []


@pytest.mark.parametrize(
    ("text", "found", "kind"),
    [
        ("ask okonkwo about it", "okonkwo", "PERSON"),
        ("i talked to grace about it", "grace", "PERSON"),
        ("he saw Lost there", "Lost", "PERSON"),
        ("dr lost wrote it", "lost", "PERSON"),
        ("my name is lost and i need help", "lost", "PERSON"),
        ("see you soon, lost", "lost", "PERSON"),
        ("we live in boston", "boston", "LOCATION"),
        ("room lost 12", "lost 12", "LOCATION"),
        ("on March third", "March", "DATE_TIME"),
        ("admitted in March", "March", "DATE_TIME"),
        ("seen on Monday", "Monday", "DATE_TIME"),
        ("born: november", "november", "PERSON"),
        ("tell Okonkwo Carcinoma that", "Okonkwo Carcinoma", "PERSON"),
        ("my name is Femur", "Femur", "PERSON"),
        ("dr femur wrote it", "femur", "PERSON"),
        ("user femur9", "femur9", "PERSON"),
        ("username femur", "femur", "USERNAME"),
        ("pt nana refused", "nana", "PERSON"),
        ("my roommate sandwich says so", "sandwich", "PERSON"),
        ("in january of 2020", "january", "DATE_TIME"),
        ("closed at christmas", "christmas", "DATE_TIME"),
        ("the fourteenth", "the fourteenth", "DATE_TIME"),
        ("my card ends in four", "four", "PARTIAL_NUMBER"),
    ],
)
def test_whatever_may_tell_of_somebody_stays(text: str, found: str, kind: str) -> None:
    assert left(text, found, kind=kind) == [found]


def test_a_word_that_adjoins_a_name_is_a_part_of_it() -> None:
    assert left("tell okonkwo lost that", "okonkwo", "lost") == ["okonkwo", "lost"]
    assert left("tell okonkwo that it was lost", "okonkwo", "lost") == ["okonkwo"]


@pytest.mark.parametrize(
    ("text", "found", "stays"),
    [
        ("tell Okonkwo Lissencephaly that", "Okonkwo Lissencephaly", "Okonkwo"),
        ("re Wojciechowska lissencephaly meds", "Wojciechowska lissencephaly", "Wojciechowska"),
        ("LISSENCEPHALY OKONKWO", "LISSENCEPHALY OKONKWO", "OKONKWO"),
        ("Okonkwo femur Reyes", "Okonkwo femur Reyes", "Okonkwo femur Reyes"),
        ("dr Okonkwo Dystonia", "Okonkwo Dystonia", "Okonkwo Dystonia"),
    ],
)
def test_of_a_name_with_a_word_of_medicine_the_name_stays(text: str, found: str, stays: str) -> None:
    assert left(text, found) == [stays]


def test_a_word_of_medicine_that_is_marked_beside_a_name_goes() -> None:
    assert left("tell okonkwo dystonia that", "okonkwo", "dystonia") == ["okonkwo"]


def test_a_place_that_holds_a_word_of_medicine_stays_whole() -> None:
    assert left("seen at Okonkwo Lumbar", "Okonkwo Lumbar", kind="LOCATION") == ["Okonkwo Lumbar"]


def test_a_word_of_medicine_is_no_place_unless_another_part_of_it_is_marked() -> None:
    text = "dysplasia of the femur, Okonkwo"
    marked = [Marked(17, 22, "LOCATION", 0.1), Marked(24, 31, "PERSON", 0.1)]
    assert telling(text, marked) == marked[1:]
    both = [Marked(0, 7, "LOCATION", 0.1), Marked(8, 13, "LOCATION", 0.1)]
    assert telling("Okonkwo Femur", both) == both
