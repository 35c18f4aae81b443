"""What a single row does with tokens: choosing, guessing, text, ends."""

from __future__ import annotations

import threading
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.models.base import NO_REPEAT_NGRAM_SIZE, GenerationRequest, Message
from app.models.transformers_local_row import Chooser, Done, Lookup, Row, Text

WORDS = ["<end>", "Call", " us", ".", " Bring", " a", " card", "!", " And", " then"]


def decode(ids: list[int]) -> str:
    return "".join(WORDS[i] for i in ids)


def row(tokens: int = 50) -> Row:
    request = GenerationRequest((Message("user", "x"),), max_new_tokens=tokens)
    made = Row(request=request, stop=threading.Event(), deadline=time.monotonic() + 60)
    made.begin([5, 6], decode)
    return made


def drained(made: Row) -> list[str]:
    pieces = []
    while not isinstance(item := made.sink.get(timeout=1), Done):
        assert isinstance(item, str)
        pieces.append(item)
    return pieces


def test_pieces_end_with_sentences_and_the_fragment_at_the_limit_is_dropped() -> None:
    made = row(tokens=6)
    for token in (1, 2, 3, 4, 5, 6):
        made.take(token, frozenset({0}))
    assert made.ended
    assert drained(made) == ["Call us."]


def test_the_last_sentence_needs_no_following_space() -> None:
    made = row()
    for token in (1, 2, 3, 4, 5, 6, 7, 0):
        made.take(token, frozenset({0}))
    assert drained(made) == ["Call us.", " Bring a card!"]


def test_a_stop_ends_a_row_at_its_next_token() -> None:
    made = row()
    made.take(1, frozenset({0}))
    made.stop.set()
    made.take(2, frozenset({0}))
    assert made.ended
    assert drained(made) == []


def test_a_passed_deadline_ends_a_row_at_its_next_token() -> None:
    made = row()
    made.deadline = time.monotonic()
    made.take(1, frozenset({0}))
    assert made.ended


def test_repr_shows_no_words() -> None:
    request = GenerationRequest((Message("user", "my secret"),))
    assert "secret" not in repr(Row(request=request, stop=threading.Event(), deadline=0.0)) + repr(request)


def test_lookup_guesses_what_followed_the_last_time() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 9, 1, 2, 3])
    assert lookup.guess(4) == [4, 5, 9, 1]
    assert lookup.guess(1) == [4]
    assert lookup.guess(0) == []


def test_lookup_makes_no_guess_without_a_match() -> None:
    assert Lookup([1, 2, 3, 4]).guess(4) == []


def test_guesses_grow_when_they_hold_and_shrink_when_they_do_not() -> None:
    lookup = Lookup([*range(30), 0, 1, 2])
    first = len(lookup.guess(24))
    lookup.learn(first, first)
    assert len(lookup.guess(24)) > first
    for _ in range(9):
        lookup.learn(12, 0)
    assert len(lookup.guess(24)) < first
    assert lookup.guess(24)


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(0, 12))
def test_a_guess_always_continues_an_earlier_run(ids: list[int], most: int) -> None:
    guess = Lookup(ids).guess(most)
    assert len(guess) <= most
    if guess:
        run = [*ids[-2:], *guess]
        assert any(ids[start : start + len(run)] == run for start in range(len(ids)))


@pytest.mark.parametrize("size", [2, 3, NO_REPEAT_NGRAM_SIZE])
def test_the_same_run_of_tokens_does_not_come_twice(size: int) -> None:
    chooser = Chooser(greedy=True, seed=None, no_repeat_ngram_size=size)
    said: list[int] = []
    logits = torch.zeros(32)
    logits[7], logits[9] = 2.0, 1.0
    for _ in range(size + 1):
        said.append(chooser.choose(logits, said))
        chooser.remember(said)
    assert said == [7] * size + [9]


def test_a_run_of_the_system_message_is_not_said() -> None:
    chooser = Chooser(greedy=True, seed=None, no_repeat_ngram_size=3, spoken=[4, 5, 6, 7])
    likeliest = torch.zeros(32)
    likeliest[6], likeliest[7] = 2.0, 1.0
    assert chooser.choose(likeliest, [4, 5]) == 7
    assert chooser.choose(likeliest, [5, 4]) == 6
    assert Chooser(greedy=True, seed=None, no_repeat_ngram_size=3).choose(likeliest, [4, 5]) == 6


def test_sampling_stays_near_the_likeliest_and_follows_its_seed() -> None:
    logits = torch.tensor([5.0, 4.9, 4.0, -3.0])
    drawn = [[Chooser(greedy=False, seed=seed).choose(logits, []) for seed in range(60)] for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {0, 1}


@given(st.text(max_size=30))
def test_text_never_cuts_a_character_in_two(text: str) -> None:
    made = Text(lambda ids: bytes(ids).decode("utf-8", errors="replace"))
    encoded = text.encode("utf-8", errors="ignore")
    assert "".join(made.add(byte) for byte in encoded) == encoded.decode()


@pytest.mark.parametrize("greedy", [True, False])
def test_choosing_from_a_tiny_vocabulary_works(greedy: bool) -> None:
    assert Chooser(greedy=greedy, seed=1).choose(torch.tensor([1.0, 9.0]), []) == 1
