"""Names and places from the spaCy model, without what it takes for names by mistake.

The model reads clean text well and chat badly: it takes medicines, tests and eponyms for people.
So a span of its is cut to the words that can be names, or dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from safety.presidio import NlpArtifacts, RecognizerResult, SpacyRecognizer
from safety.recognizers.lexicon import Word, is_common, split_words, words
from safety.recognizers.names import EPONYM_AFTER, looks_english
from safety.recognizers.rules import result

_KEPT = {"PERSON": "PERSON", "LOCATION": "LOCATION"}


class ModelNameRecognizer(SpacyRecognizer):
    """People and places that the language model marks, with the misses we know of taken out."""

    def __init__(self) -> None:
        super().__init__(supported_entities=["PERSON", "LOCATION", "COUNTRY"], name="model_names")

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Return the model's people and places, cut to the words that can be part of a name."""
        if nlp_artifacts is None:
            raise ValueError("the name model has not read this text")
        marked = [
            one for one in nlp_artifacts.entities if one.label_ in _KEPT and _KEPT[one.label_] in entities
        ]
        if not marked:
            return []
        found = split_words(text)
        results = []
        for one in marked:
            # Words are taken whole where the model stops at a hyphen: half of Okonjo-Reyes gives her away.
            inside = [word for word in found if one.start_char < word.end and word.start < one.end_char]
            for start, end in self._runs(text, inside):
                kind = "COUNTRY" if text[start:end].lower() in words("countries") else one.label_
                if kind in entities:
                    score = 0.55 if kind == "PERSON" else 0.45
                    results.append(result(self, kind, start=start, end=end, score=score))
        return results

    def _runs(self, text: str, inside: list[Word]) -> Iterator[tuple[int, int]]:
        """Yield the longest runs of words that can be names."""
        run: list[Word] = []
        for word in [*inside, None]:
            if run and word is not None and text[run[-1].end : word.start] not in (" ", "-", ". ", "-"):
                yield run[0].start, run[-1].end
                run = []
            if word is not None and self._can_be_name(text, word, several=len(inside) > 1):
                run.append(word)
            elif run:
                yield run[0].start, run[-1].end
                run = []

    @staticmethod
    def _can_be_name(text: str, word: Word, *, several: bool) -> bool:
        if word.lower in words("given_names"):
            return True
        if word.lower in words("ambiguous_names"):
            return word.capital  # "Grace" or "grace": the model has read the sentence
        if is_common(word.lower) or word.lower in words("states") or EPONYM_AFTER.match(text, word.end):
            return False
        if len(word.text) == 1:
            return several
        if word.text.isupper() and len(word.text) <= 5:
            return False
        return (
            word.capital
            and not (looks_english(word.lower) and not several)
            and not regex.search(r"\d", word.text)
        )


def model_names() -> ModelNameRecognizer:
    """Return the recognizer that reads the name model's marks."""
    return ModelNameRecognizer()
