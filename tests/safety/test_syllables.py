"""Names in syllables are found where two of their words say so, and English words are none."""

from __future__ import annotations

import pytest

from safety.people import word_list
from safety.recognizers.lexicon import split_words
from safety.recognizers.names import NameRecognizer
from safety.recognizers.syllables import in_syllables


def named(text: str) -> list[str]:
    return [text[start:end] for start, end in in_syllables(text, split_words(text))]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("we admitted ngo quang tin overnight", "ngo quang tin"),
        ("We admitted An Anh Thuan overnight", "An Anh Thuan"),
        ("can tran trang take ibuprofen with this", "tran trang"),
        ("sincerely, vien dinh thuy nhat", "vien dinh thuy nhat"),
        ("THE BILL WENT TO HOANG MY KHANH INSTEAD", "HOANG MY KHANH"),
        ("you can reach vũ mỹ hạnh there", "vũ mỹ hạnh"),
        ("Caregiver My Phung reports poor sleep", "My Phung"),
        ("next of kin: mỹ quỳnh", "mỹ quỳnh"),
        ("bích-ngọc tran called", "bích-ngọc tran"),
    ],
)
def test_two_words_that_are_no_english_are_a_name(text: str, name: str) -> None:
    assert named(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "my long walk to the store", "do be on time, my son", "as long as my back can stand it", "i tried tai chi",
        "pho and bun bo", "hang on, my man", "my mom sang a song", "stage vi", "an mi at 67", "factor vii or vi",
        "I AM TO BE SEEN BY AN MD", "Le Bonheur is a hospital", "an le edema", "the ngo said no", "take the tram to me",
        "we came from viet nam in 1980", "la la la", "ha ha", "thu or mon is fine", "tan lines", "to do: long run",
        "I have a loan to pay", "binh", "thanh, then do this",
    ],
)  # fmt: skip
def test_english_words_in_a_row_are_none(text: str) -> None:
    assert named(text) == []


def test_the_list_is_folded_and_holds_no_word_that_names_seldom_are() -> None:
    listed = word_list("syllables")
    assert all(word.isascii() and word.islower() for word in listed)
    assert not listed & {"can", "that", "the", "men", "of", "for", "and", "in", "on", "so", "no", "me"}


def test_names_in_syllables_are_among_the_names_by_rules() -> None:
    text = "mom and thuy thang both have the flu"
    assert "thuy thang" in [text[start:end] for _, start, end, _ in NameRecognizer().find(text)]
