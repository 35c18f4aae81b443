"""The phrase language."""

from __future__ import annotations

import pytest

from safety.phrases import PhraseBook


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("big dog", "a big dog", True),
        ("big dog", "a big brown dog", False),
        ("big ..1 dog", "a big brown dog", True),
        ("big ..1 dog", "a big old brown dog", False),
        ("big ?old dog", "a big dog", True),
        ("big|small dog", "a small dog", True),
        ("@pets", "my cat", True),
        ("walk~ home", "i was walking home", True),
        ("he ~3 walks", "he and i walks", False),
        ("## pills", "30 pills", True),
        ("## pills", "two pills", False),
        ("^ dog", "dog", True),
        ("^ dog", "a dog", False),
        ("dog $", "a dog barks", False),
        ("dog & big & ###", "the dog eats 200 grams and is big", True),
        ("dog & big & ###", "the dog is big", False),
        ("dog &3 big &3 #", "9 big brown dogs and one dog", False),
        ("dog &3 big|old &3 #", "a big old dog of 9", True),
        ("my dog &2 big", "a big dog, not my old dog", False),
        ("temp ..2 #100.4-108", "temp of 100.8", True),
        ("temp ..2 #100.4-108", "temp is 101f", True),
        ("temp ..2 #100.4-108", "temp of 100.3", False),
        ("temp ..2 #100.4-108", "temp of 1015", False),
        ("#1-12 weeks", "three weeks", True),
    ],
)
def test_phrases_are_found(phrase: str, text: str, found: bool) -> None:
    book = PhraseBook({"pets": ("dog", "cat")})
    book.add(0, [phrase])
    assert bool(list(book.find([tuple(text.split())]))) is found


def test_a_match_says_where_it_stands() -> None:
    book = PhraseBook()
    book.add(7, ["big ..2 dog"])
    (match,) = book.find([("a", "big", "brown", "dog", "barks")])
    assert (match.rule, match.start, match.end) == (7, 1, 4)


def test_a_phrase_without_a_word_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no word"):
        PhraseBook().add(0, ["..3 ?maybe"])
    with pytest.raises(ValueError, match="has no word"):
        PhraseBook().add(0, ["#1-12 ..2 #3-4"])


@pytest.mark.parametrize("phrase", ["dog &3 ?big", "dog &3 big old", "dog &3 ..2", "dog & big &3 old"])
def test_beside_a_phrase_stand_single_words(phrase: str) -> None:
    with pytest.raises(ValueError, match="single words"):
        PhraseBook().add(0, [phrase])


def test_a_word_for_a_child_stands_for_its_possessive() -> None:
    book = PhraseBook({})
    book.add(0, ["over the baby face"])
    for words in (("over", "the", "baby", "face"), ("over", "the", "babys", "face")):
        assert [match.rule for match in book.find([words])] == [0]
    assert not list(book.find([("over", "the", "ladys", "face")]))
