"""Words with their place and case."""

from __future__ import annotations

from safety.recognizers.lexicon import is_shouting, split_words

TEXT = "Jane Roe's knee hurts. may i see dr-lee?"


def test_words_keep_place_case_and_whether_they_open_a_sentence() -> None:
    words = split_words(TEXT)
    assert [TEXT[one.start : one.end] for one in words] == [one.text for one in words]
    assert [one.text for one in words] == ["Jane", "Roe", "knee", "hurts", "may", "i", "see", "dr-lee"]
    assert [one.text for one in words if one.opens] == ["Jane", "may"]
    assert [one.text for one in words if one.capital] == ["Jane", "Roe"]


def test_capitals_throughout_say_nothing_and_in_a_few_words_they_do() -> None:
    assert is_shouting("PLEASE CALL ME BACK")
    assert not is_shouting("I saw Dr. Lee at the MRI")
    assert not any(one.capital for one in split_words("PLEASE CALL JANE BACK"))
