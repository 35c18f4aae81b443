"""Words with their place: split once for all who ask, and forgotten after."""

from __future__ import annotations

import gc

from safety.recognizers.lexicon import Word, is_shouting, split_once, split_words

TEXT = "Jane Roe's knee hurts. may i see dr-lee?"


def test_words_keep_place_case_and_whether_they_open_a_sentence() -> None:
    words = split_words(TEXT)
    assert [TEXT[one.start : one.end] for one in words] == [one.text for one in words]
    assert [one.text for one in words] == ["Jane", "Roe", "knee", "hurts", "may", "i", "see", "dr-lee"]
    assert [one.text for one in words if one.opens] == ["Jane", "may"]
    assert [one.text for one in words if one.capital] == ["Jane", "Roe"]


def _in_memory(word: str) -> bool:
    gc.collect()
    return any(type(one) is Word and one.text == word for one in gc.get_objects())


def test_who_asks_again_within_gets_the_same_words_and_after_it_none_are_kept() -> None:
    with split_once():
        first = split_words(TEXT)
        assert split_words(str(TEXT)) is first
        assert split_words("another text") != first
    assert split_words(TEXT) is not first
    assert split_words(TEXT) == first
    assert _in_memory("hurts")
    del first
    assert not _in_memory("hurts")


def test_capitals_throughout_say_nothing_and_in_a_few_words_they_do() -> None:
    assert is_shouting("PLEASE CALL ME BACK")
    assert not is_shouting("I saw Dr. Lee at the MRI")
    assert not any(one.capital for one in split_words("PLEASE CALL JANE BACK"))
