"""Careless and hostile writing comes out as plain words."""

from __future__ import annotations

import os
import subprocess
import sys

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
    assert FOLD.sentences("at 38.5 he is hot. 39,4 now") == [
        ("at", "38.5", "he", "is", "hot"),
        ("39.4", "now"),
    ]
    assert FOLD.sentences("1,2,3. 30.") == [("1", "2", "3"), ("30",)]
    assert FOLD.sentences("i want to... stay here") == [("i", "want", "to", "stay", "here")]


@pytest.mark.parametrize("written", ["suicida", "suicid", "ovrdose"])
def test_a_word_near_two_terms_folds_alike_in_every_process(written: str) -> None:
    terms = {"suicide", "suicidal", "suicides", "overdose", "overdosed"}
    shown = (
        "from safety.folding import Folder; "
        f"print(Folder(vocabulary=(), aliases={{}}, fuzzy={terms}).sentences({written!r}))"
    )
    folded = {
        subprocess.run(
            [sys.executable, "-c", shown],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(1, 7)
    }
    assert len(folded) == 1, folded


def test_only_an_answer_at_the_start_ends_its_sentence_with_a_comma() -> None:
    fold = Folder(vocabulary=(), aliases={})
    assert fold.sentences("Never, want it") == [("never",), ("want", "it")]
    assert fold.sentences("Never, never want it") == [("never", "never", "want", "it")]
    assert fold.sentences("I will never, want it") == [("i", "will", "never", "want", "it")]
