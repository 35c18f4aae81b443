"""Presidio's analyzer with our recognizers and a small spaCy engine.

Without a name model the engine is a blank English tokenizer whose lemmas are the lower-cased words,
since Presidio's context words silently do nothing without lemmas.

Must not: download anything, or let spaCy's vocabulary grow with each message.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

import regex
import spacy
from spacy.lang.en.stop_words import STOP_WORDS
from spacy.lang.lex_attrs import is_punct

from safety.deadline import in_turn
from safety.errors import PolicyError, RecognizerFailed, ScrubError
from safety.policies import LEAST_SCORE, TAGGED, ScrubPolicy
from safety.presidio import (
    AnalyzerEngine,
    EntityRecognizer,
    NerModelConfiguration,
    NlpArtifacts,
    RecognizerRegistry,
    RecognizerResult,
    SpacyNlpEngine,
)

_LONGEST_RUN = 200  # longer than most addresses of pages, which ordinary texts have
_LONG_RUN = regex.compile(rf"\S{{{_LONGEST_RUN},}}+")
_SIGN = regex.compile(r"[^\w\s]")
_UNUSED_PIPES = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
_IGNORED = [
    "CARDINAL",
    "DATE",
    "EVENT",
    "LANGUAGE",
    "LAW",
    "MONEY",
    "NORP",
    "ORDINAL",
    "ORG",
    "PERCENT",
    "PRODUCT",
    "QUANTITY",
    "TIME",
    "WORK_OF_ART",
]


class NameModelEngine(SpacyNlpEngine):
    """spaCy with its name model alone, or a blank tokenizer."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__(
            models=[{"lang_code": "en", "model_name": "given"}],
            ner_model_configuration=NerModelConfiguration(
                labels_to_ignore=_IGNORED,
                model_to_presidio_entity_mapping={
                    "PERSON": "PERSON",
                    "GPE": "LOCATION",
                    "LOC": "LOCATION",
                    "FAC": "LOCATION",
                },
            ),
        )
        self.language = spacy.blank("en") if folder is None else _load(folder)
        cast(Any, self).nlp = {"en": self.language}

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Read `text`; lemmas are the lower-cased words, offsets those of `text`."""
        doc = self.language(_with_breaks(text))
        places, lemmas = [token.idx for token in doc], [token.lower_ for token in doc]
        entities, scores = self._get_updated_entities(doc.ents, self._get_scores_for_entities(doc))
        return _Artifacts(entities, doc, places, lemmas, self, language, scores)


class _Artifacts(NlpArtifacts):
    """Presidio's own, but that a text's words are not put into the vocabulary to learn whether they count."""

    @staticmethod
    def set_keywords(nlp_engine: object, lemmas: list[str], language: str) -> list[str]:  # noqa: ARG004
        """Return what context words are compared with: no stop words, no signs, parted at colons."""
        words = (one for one in lemmas if one not in STOP_WORDS and one != "be" and not is_punct(one))
        return [part for word in words for part in word.split(":")]


def _with_breaks(text: str) -> str:
    """Return `text`, as long as it was, with a space for a sign here and there in runs without any.

    spaCy takes signs off a run one at a time and looks at all the rest each time: thousands of brackets
    take it seconds. Only the name model and the context words read this; the rules read the text itself.
    """
    breaks: list[int] = []
    for run in _LONG_RUN.finditer(text):
        at = run.start()
        while sign := _SIGN.search(text, at + _LONGEST_RUN - 1, run.end()):
            at = sign.end()
            breaks.append(sign.start())
    if not breaks:
        return text
    signs = list(text)
    for place in breaks:
        signs[place] = " "
    return "".join(signs)


def _load(folder: Path) -> spacy.language.Language:
    try:
        language = spacy.load(folder, exclude=_UNUSED_PIPES)
    except Exception as error:  # noqa: BLE001 - a damaged file breaks spaCy in many ways
        raise PolicyError(
            f"name model folder {folder.name!r} does not load ({type(error).__name__}). "
            "It must hold a spaCy model's config.cfg; fetch it again or pass name_model=None."
        ) from None
    if "ner" not in language.pipe_names:
        raise PolicyError(
            f"name model folder {folder.name!r} has no 'ner' component, only {language.pipe_names}"
        )
    return language


@runtime_checkable
class ReadsAhead(Protocol):
    """A recognizer that can read a text beside the others, in a thread of its own."""

    def ahead(self, text: str) -> AbstractContextManager[None]:
        """Begin now; what is found is asked for inside, as of any other."""
        ...


class Analyzer:
    """All recognizers over one text, failing when any of them fails."""

    def __init__(
        self,
        recognizers: Mapping[str, EntityRecognizer],
        *,
        policy: ScrubPolicy,
        name_model: Path | None,
        tagger: EntityRecognizer | None = None,
    ) -> None:
        """Take the recognizers of `policy` by their names there; its thresholds are theirs from now on.

        Raises PolicyError for an entity type that nothing finds. The tagger decides by thresholds of its own.
        """
        self._engine = NameModelEngine(name_model)
        for name, one in recognizers.items():
            # Presidio weighs every finding against these, in one place, context words counted in.
            one.score_thresholds = {"default": policy.least_score(name)}
        rules = [*recognizers.values()]
        self._rules = self._over(rules)
        self._presidio = self._rules if tagger is None else self._over([*rules, tagger])
        self._ahead = tagger if isinstance(tagger, ReadsAhead) else None
        self.entities = list(policy.entities)
        self._lock = threading.Lock()
        supported = set(self._presidio.get_supported_entities("en"))
        unknown = set(self.entities) - supported - TAGGED
        if unknown:
            raise PolicyError(
                f"no recognizer finds {sorted(unknown)}: "
                "add one to RECOGNIZERS or take the type out of the policy"
            )
        self.entities = [kind for kind in self.entities if kind in supported]
        by_rules = set(self._rules.get_supported_entities("en"))
        self._entities_of_rules = [kind for kind in self.entities if kind in by_rules]

    def _over(self, recognizers: list[EntityRecognizer]) -> AnalyzerEngine:
        return AnalyzerEngine(
            registry=RecognizerRegistry(recognizers=recognizers, supported_languages=["en"]),
            nlp_engine=self._engine,
            supported_languages=["en"],
            default_score_threshold=LEAST_SCORE,
        )

    def analyze(self, text: str, *, tagged: bool = True) -> list[RecognizerResult]:
        """Return what all recognizers find in `text`; without `tagged`, all but the tagger.

        Raises ScrubError when one could not do its work.
        """
        presidio = self._presidio if tagged else self._rules
        entities = self.entities if tagged else self._entities_of_rules
        try:
            with (
                in_turn(self._lock),
                self._ahead.ahead(text) if tagged and self._ahead else nullcontext(),
                self._engine.language.memory_zone(),
            ):
                results: list[RecognizerResult] = presidio.analyze(text, language="en", entities=entities)
                return results
        except ScrubError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a recognizer raises, the text counts as not scrubbed
            raise RecognizerFailed(f"a recognizer raised {type(error).__name__}") from None
