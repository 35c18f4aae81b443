"""safety/ngrams.py: the same columns on every machine, whole texts and their parts."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.ngrams import BITS, hashed, windows

# Computed once: a change of hashing makes every weight that was ever trained useless, so it must not pass.
COLUMNS = [
    8442, 9010, 28032, 92727, 94675, 106319, 130617, 140303, 140717, 145825, 151012, 155173,
    156939, 168721, 172197, 189351, 193488, 206500, 223613, 224351, 227516, 243832, 246135, 249750, 258719,
]  # fmt: skip


def test_columns_stay_what_they_were_when_weights_were_trained() -> None:
    assert hashed([("go", "home")]).columns.tolist() == COLUMNS


def test_rows_stand_for_their_text_alone_and_are_longer_the_more_it_says() -> None:
    texts = [
        windows(text)[0] for text in ("ok", "my knee hurts", "can i book on tuesday or rather on friday?")
    ]
    together = hashed(texts)
    lengths = np.sqrt(np.bincount(together.rows, together.values.astype(np.float64) ** 2))
    assert lengths[0] < lengths[1] < lengths[2] < 1
    for row, text in enumerate(texts):
        alone = hashed([text])
        assert together.columns[together.rows == row].tolist() == alone.columns.tolist()
        assert np.allclose(together.values[together.rows == row], alone.values)


def test_capitals_accents_look_alikes_and_stretching_change_nothing() -> None:
    plain = windows("necesito ayuda so bad on the 3rd")
    assert windows("NECESITO AYÚDA sooo bаd on the 9rd") == [
        tuple("soo" if word == "so" else word for word in plain[0])
    ]


def test_a_text_is_read_whole_and_by_sentence() -> None:
    whole, first, second = windows("My knee hurts a lot. Who looks after the dog then?")
    assert whole == (*first, ".", *second, "?")
    assert first == ("my", "knee", "hurts", "a", "lot")


def test_a_long_sentence_is_read_in_windows_that_overlap() -> None:
    words = [f"w{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(150)]
    parts = windows(" ".join(words))[1:]
    assert max(map(len, parts)) <= 40
    assert {word for part in parts for word in part} == set(words)
    assert all(set(one) & set(two) for one, two in pairwise(parts))


def test_a_text_without_a_word_has_no_window() -> None:
    assert windows("") == windows(" \n\t\u200b ") == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    parts = windows(text)
    if parts:
        found = hashed(parts)
        assert found.columns.min() >= 0
        assert found.columns.max() < 1 << BITS
        assert np.isfinite(found.values).all()


def test_time_grows_with_the_length_and_no_faster() -> None:
    def seconds(text: str) -> float:
        begun = time.thread_time()
        hashed(windows(text))
        return time.thread_time() - begun

    unit = "i can not say how it goes on from here "
    seconds(unit)
    assert seconds(unit * 800) < 60 * max(seconds(unit * 40), 1e-3)
