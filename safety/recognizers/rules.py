"""Rules: patterns with a bounded run time, as Presidio recognizers.

A `Rule` finds spans with one regular expression. Its named group `v` is the value, where it has
one, so that the words which give a value away ("my record number is ...") stay in the text.

Must not: skip a rule that runs out of time (Presidio's own pattern recognizer does), or read
the environment. `REGEX_SECONDS` bounds each pattern on each text, `safety/deadline.py` all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import regex

from safety.deadline import seconds_left
from safety.errors import RecognizerFailed
from safety.presidio import EntityRecognizer, LocalRecognizer, NlpArtifacts, RecognizerResult

REGEX_SECONDS = 1.0
_TRACE = "trace"

Accept = Callable[["regex.Match[str]"], bool]


def _always(_match: regex.Match[str]) -> bool:
    return True


@dataclass(frozen=True)
class Rule:
    """One pattern, the entity type it finds and how sure that is (0 to 1)."""

    name: str
    entity: str
    pattern: str
    score: float
    accept: Accept = _always
    compiled: regex.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", regex.compile(self.pattern, regex.IGNORECASE | regex.MULTILINE))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of the values in `text`. Raises RecognizerFailed when time runs out."""
        has_value = "v" in self.compiled.groupindex
        try:
            for match in self.compiled.finditer(text, timeout=seconds_left(REGEX_SECONDS)):
                if self.accept(match):
                    yield from match.spans("v") if has_value else (match.span(),)
        except TimeoutError:
            raise RecognizerFailed(
                f"rule {self.name!r} took longer than {REGEX_SECONDS} s on a text"
            ) from None


class SpanRecognizer(LocalRecognizer):
    """A Presidio recognizer that is a function from text to (entity type, start, end, score)."""

    def __init__(self, name: str, *, entities: Sequence[str]) -> None:
        super().__init__(supported_entities=list(entities), name=name)

    def load(self) -> None:
        """Nothing to load."""

    def find(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        """Yield (entity type, start, end, score)."""
        raise NotImplementedError

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """Return Presidio results for the wanted entity types."""
        return [
            result(self, entity, start=start, end=end, score=score)
            for entity, start, end, score in self.find(text)
            if entity in entities and end > start
        ]


class RuleRecognizer(SpanRecognizer):
    """All rules of one subject. `trigger` is a cheap pattern without which no rule can match."""

    def __init__(self, name: str, *, rules: Sequence[Rule], trigger: str = "") -> None:
        self.rules = tuple(rules)
        self.trigger = regex.compile(trigger, regex.IGNORECASE)
        super().__init__(name, entities=sorted({rule.entity for rule in rules}))

    def find(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        """Yield what the rules find, rule by rule."""
        if not self.trigger.search(text):
            return
        for rule in self.rules:
            for start, end in rule.spans(text):
                yield rule.entity, start, end, rule.score


def result(
    recognizer: EntityRecognizer, entity: str, *, start: int, end: int, score: float
) -> RecognizerResult:
    """Build a Presidio result that names the recognizer it came from."""
    source = cast(Any, recognizer)  # Presidio leaves the type of `name` open
    return RecognizerResult(
        entity_type=entity,
        start=start,
        end=end,
        score=score,
        recognition_metadata={
            RecognizerResult.RECOGNIZER_NAME_KEY: source.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: source.id,
        },
    )


def trace(
    recognizer: EntityRecognizer, entity: str, *, start: int, end: int, score: float
) -> RecognizerResult:
    """Build a result for what is no finding by itself, only beside one (`is_trace`)."""
    built = result(recognizer, entity, start=start, end=end, score=score)
    built.recognition_metadata[_TRACE] = True
    return built


def is_trace(one: RecognizerResult) -> bool:
    """Tell a trace from a finding."""
    return bool((one.recognition_metadata or {}).get(_TRACE))
