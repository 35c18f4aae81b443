"""safety/function_words.py: how many words carry a subject, and in which language they stand."""

from __future__ import annotations

import pytest

from safety.function_words import content_words, language_of
from safety.ngrams import windows


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Something about my pills, and the thing?", "en", 3),
        ("¿Dónde está la clínica de mi mamá?", "es", 2),
        ("I'm not sure that it's the knee", "en", 2),
        ("pills pills PILLS!!", "", 1),
        ("no me a he", "", 0),
        ("??", "", 0),
    ],
)
def test_words_tell_language_and_subject(text: str, language: str, words: int) -> None:
    (whole, *_) = windows(text)
    assert language_of(whole) == language
    assert content_words(whole) == words
