"""Several questions in one message: the approved answer to each, and a choice where one has none.

Decides from the same confidence and thresholds as one question, and only for what is answered word for
word. What one entry answers is one question, however it was put; a part that tells of a feeling makes the
message one that is heard as a whole. Must not see raw text, nor write a word of an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Final

from app.decision import Decision, Heard, decide, unheard
from retrieval.hits import Hit, Retrieval
from retrieval.questions import points_back, split_questions
from safety.verdict import Verdict

OFFERED: Final = 3
ALL_WORDS: Final = 0.999

Search = Callable[[str, str], Retrieval]
Coverage = Callable[[str, str], float]


@dataclass(frozen=True)
class Several:
    """What a message of several questions gets; nothing in it: it is answered as one.

    `answered` are the hits whose answers are given, in the order of the questions; `offered` are near what
    was not answered; `asked` counts the questions; `confidence` is that of the least sure answer.
    """

    answered: tuple[Hit, ...] = ()
    offered: tuple[Hit, ...] = ()
    asked: int = 1
    partly: bool = False
    confidence: float = 0.0

    @property
    def reason(self) -> str:
        """The code that the trace keeps: how many of the questions have an answer."""
        return f"answered_{len(self.answered)}_of_{self.asked}"


AS_ONE: Final = Several()


def answer_each(
    text: str, whole: Retrieval, *, search: Search, coverage: Coverage, verdict: Verdict, before: str = "",
    heard: Heard = unheard,
) -> Several:  # fmt: skip
    """Search for each question of a scrubbed message and say what is answered and what is offered.

    `whole` is what the message found as one, `before` the message before. `search` takes a question and its
    context: for the first `before`, for another the question before it where it points back to that. Beside
    a clear question, any short one would be taken for more of the same. `coverage` takes a question and an
    entry's id and says which share of the words the entry has, `heard` is that of `app.decision`.
    """
    questions = split_questions(text)
    if len(questions.parts) < 2:
        return AS_ONE
    first, *others = questions.parts
    pairs = zip(others, questions.parts, strict=False)
    found = [search(first, before), *(search(one, asked if points_back(one) else "") for one, asked in pairs)]
    decided = [_decision(part, one, verdict, heard) for part, one in zip(questions.parts, found, strict=True)]
    if any(decision.route == "support" for decision in decided):
        return AS_ONE
    sure = [one for one, decision in zip(found, decided, strict=True) if decision.route == "faq"]
    answered = {one.hits[0].id: one.hits[0] for one in sure}
    open_ones = [
        one.hits
        for part, one, decision in zip(questions.parts, found, decided, strict=True)
        if decision.route != "faq" and all(coverage(part, entry) < ALL_WORDS for entry in answered)
    ]
    partly = bool(open_ones) or questions.more
    if not answered or (not partly and _says_the_same(text, whole, verdict, tuple(answered))):
        return AS_ONE
    near = {hit.id: hit for hit in chain.from_iterable(zip_longest(*open_ones)) if hit is not None}
    return Several(
        answered=tuple(answered.values()),
        offered=tuple(hit for hit in near.values() if hit.id not in answered)[:OFFERED],
        asked=len(answered) + len(open_ones),
        partly=partly,
        confidence=min(one.confidence for one in sure),
    )


def with_answers_first(whole: Retrieval, several: Several) -> Retrieval:
    """Return the hits of the message with those that are given in front."""
    given = {hit.id for hit in several.answered}
    others = tuple(hit for hit in whole.hits if hit.id not in given)
    return Retrieval((*several.answered, *others), several.confidence)


def _decision(part: str, found: Retrieval, verdict: Verdict, heard: Heard = unheard) -> Decision:
    approved = found.hits[0].entry.answer if found.hits else ""
    return decide(part, confidence=found.confidence, verdict=verdict, approved=approved, heard=heard)


def _says_the_same(text: str, whole: Retrieval, verdict: Verdict, answered: tuple[str, ...]) -> bool:
    """Say whether the message as one gets the only answer that its parts get."""
    return (
        answered == tuple(hit.id for hit in whole.hits[:1]) and _decision(text, whole, verdict).route == "faq"
    )
