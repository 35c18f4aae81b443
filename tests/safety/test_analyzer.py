"""What Presidio's context words are compared with, without the vocabulary growing for it."""

from __future__ import annotations

import pytest
from presidio_analyzer.nlp_engine import NlpArtifacts

from safety.analyzer import NameModelEngine

TEXTS = (
    "My phone is the one I wrote: 802-555-0199, ok?!",
    "DOB:3/4/1971 and it's to be seen -- -PRON- by Dr. O'Neil: at 5:30 p.m.",
    "",
    "¿Qué? \u2014 \u201cthe\u201d e\u0301 ... ;;",
)


@pytest.mark.parametrize("text", TEXTS)
def test_keywords_are_those_that_presidio_itself_takes(text: str) -> None:
    engine = NameModelEngine(None)
    read = engine.process_text(text, "en")
    assert read.keywords == NlpArtifacts.set_keywords(engine, read.lemmas, "en")
    assert len(read.lemmas) == len(read.tokens_indices) == len(read.tokens)


def test_a_text_leaves_no_word_in_the_vocabulary() -> None:
    engine = NameModelEngine(None)
    vocabulary = engine.language.vocab
    before = {one.text for one in vocabulary}
    with engine.language.memory_zone():
        engine.process_text("Quimblewick asked for Zanthoria's zyxlomab.", "en")
        assert "Quimblewick" in vocabulary
    assert {one.text for one in vocabulary} == before
