"""What a question is about must stand in the entry: specific words, whatever their form or spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.embedder import load_embedder
from retrieval.subject import Vocabulary, uncovered
from weights.defaults import EMBEDDER

# A vocabulary as a tokenizer has it: whole words by rank, pieces behind a mark.
WORDS = (
    "the what is can with take pill pills voice mail react move mood they over dosage sleep help bring dog"
)
PIECES = "za ##zal ##ep ##ram ##ing ##s ##ful"
TABLE = {token: rank for rank, token in enumerate(f"{WORDS} {PIECES} ol mir".split())}


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.of(TABLE)


@pytest.fixture(scope="module")
def real() -> Vocabulary:
    return load_embedder(EMBEDDER).vocabulary


@pytest.mark.parametrize("word", ["zazalep", "zazalram", "olzalep", "xqzvlp"])
def test_a_word_put_together_from_pieces_is_specific(vocabulary: Vocabulary, word: str) -> None:
    assert vocabulary.is_specific(word)


@pytest.mark.parametrize(
    "word",
    [
        "dosage",
        "dosages",
        "dosagge",
        "doasge",
        "helpful",
        "voicemail",
        "overreact",
        "theyll",
        "pills",
        "za",
        "p4zalep",
    ],
)
def test_ordinary_words_in_any_form_or_spelling_are_not(vocabulary: Vocabulary, word: str) -> None:
    assert not vocabulary.is_specific(word)


@pytest.mark.parametrize("mark", ["▁", "Ġ"])
def test_tokenizers_that_mark_the_beginning_are_read_too(mark: str) -> None:
    table = {
        token[2:] if token.startswith("##") else mark + token.title(): rank for token, rank in TABLE.items()
    }
    assert Vocabulary.of(table) == Vocabulary.of(TABLE)


def test_without_a_vocabulary_nothing_is_specific() -> None:
    assert uncovered("what is zazalep", ["sleep"], Vocabulary()) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Can I take it with other pills?", ["zazalep"]),
        ("Zazalep may help.", []),
        ("About zazaleps and sleep.", []),
        ("About zazelep.", []),  # mistyped in the one or the other
        ("About zazzalram.", ["zazalep"]),
        ("About azalep.", ["zazalep"]),  # no slip: it begins otherwise
        ("Zazalep's dosage", []),
    ],
)
def test_an_entry_covers_a_specific_word_that_it_has_in_some_form(
    vocabulary: Vocabulary, text: str, missing: list[str]
) -> None:
    assert uncovered("what is Zazalep, can the dog take it", [text], vocabulary) == missing


def test_one_of_several_texts_is_enough(vocabulary: Vocabulary) -> None:
    assert uncovered("zazalep with olzalram", ["zazalep", "olzalram"], vocabulary) == []
    assert uncovered("zazalep with olzalram", ["zazalep"], vocabulary) == ["olzalram"]


@given(st.text(max_size=80))
def test_what_a_text_has_word_for_word_is_never_missing(text: str) -> None:
    assert uncovered(text, [text], Vocabulary.of(TABLE)) == []


@pytest.mark.weights
@pytest.mark.parametrize(
    "word", ["levetiracetam", "carvedilol", "xanax", "prozac", "fentanyl", "experian", "premarin"]
)
def test_names_of_medicines_and_firms_are_specific_to_the_default_embedder(
    real: Vocabulary, word: str
) -> None:
    assert real.is_specific(word)


@pytest.mark.weights
@pytest.mark.parametrize(
    "word",
    ["appointment", "telehealth", "rescheduling", "voicemail", "copays", "overreacting", "youll", "recieve"],
)
def test_the_words_of_a_patient_are_not(real: Vocabulary, word: str) -> None:
    assert not real.is_specific(word)
