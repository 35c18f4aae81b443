"""Folding of careless writing, and the phrase language."""

from __future__ import annotations

import pytest

from safety.phrases import Folder, PhraseBook

FOLD = Folder(
    vocabulary={"kill", "myself", "want", "pills", "hopeless"},
    aliases={"kms": "kill myself", "im": "i am", "gonna": "going to"},
    fuzzy={"suicide", "suicidal", "hopeless", "myself"},
    keep={"subside"},
    joined={"i", "want", "to", "die", "kill", "myself"},
)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("I'm sad", "i am sad"),
        ("I can’t, won't, don't", "i can not will not do not"),
        ("kms", "kill myself"),
        ("k1ll mys3lf", "kill myself"),
        ("k*ll", "kill"),
        ("s u i c i d e", "suicide"),
        ("s.u.i.c.i.d.e", "suicide"),
        ("sucide suicdal suiicide", "suicide suicidal suicide"),
        ("iwanttodie", "i want to die"),
        ("kiiiilllll", "kill"),
        ("ＫＩＬＬ", "kill"),
        ("kіll", "kill"),
        ("k​ill", "kill"),
        ("subside", "subside"),
        ("30mg of b12", "30mg of b12"),
    ],
)
def test_writing_is_folded(written: str, plain: str) -> None:
    assert " ".join(word for sentence in FOLD.sentences(written) for word in sentence) == plain


def test_sentences_end_at_full_stops_but_not_at_dots_of_hesitation() -> None:
    assert FOLD.sentences("i want. no") == [("i", "want"), ("no",)]
    assert FOLD.sentences("i want to go. we stay here") == [("i", "want", "to", "go"), ("we", "stay", "here")]
    assert FOLD.sentences("i want to... stay here") == [("i", "want", "to", "stay", "here")]


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
