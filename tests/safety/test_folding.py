"""Careless and hostile writing comes out as plain words."""

from __future__ import annotations

import pytest

from safety.folding import Folder

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
