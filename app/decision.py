"""Which kind of answer a message gets. Pure: no model, no clock, no store.

The thresholds are on the retriever's calibrated confidence, the probability that the first
hit's entry answers the question; `make bench-answers` shows what each side of them holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from safety.normalise import folded
from safety.verdict import Verdict

Kind = Literal[
    "faq", "grounded", "support", "clarify", "abstain",
    "refuse", "crisis", "emergency", "too_long", "unavailable",
]  # fmt: skip
Route = Literal["faq", "grounded", "support", "clarify", "abstain"]
Heard = Callable[[str], bool | None]
"""Says whether someone tells of a feeling, as `CrisisReader.tells_of_feeling`; None: words decide."""

# The stated risk: of answerable questions at most 2 % get a wrong entry's words, and at most 5 % an answer
# from a wrong entry, by the upper bound on held-out clinics, with curves fitted without them. Of every second
# of their questions (2,201 to twelve clinics, and 1,152 that none answers) 1.2 % are wrong from .85 on (at
# most 1.8 %) and 2.2 % from .80 on (2.9 %); 5 % would allow .69. The second limit stands at .80 all the same:
# on a clinic that nothing was built on about twice as much is wrong. `python -m benchmarks.fit_confidence`.
FAQ_CONFIDENCE = 0.85
GROUNDED_CONFIDENCE = 0.80
CLARIFY_CONFIDENCE = 0.10
# An answer that the model could not write is replaced by the nearest approved one down to here.
FALLBACK_CONFIDENCE = 0.80


@dataclass(frozen=True)
class Decision:
    """The kind of answer and the code of the rule that chose it."""

    route: Route
    reason: str


def unheard(_text: str) -> None:
    """Say nothing: what hears where no encoder is up, so that words decide."""


def decide(
    text: str, *, confidence: float, verdict: Verdict, approved: str = "", heard: Heard = unheard
) -> Decision:
    """Choose the kind of answer for a scrubbed message that passed the screen.

    `approved` is the first hit's answer. One that warns is given whole or not at all: a model that picks
    sentences has left out just that one.
    """
    if confidence >= FAQ_CONFIDENCE:
        return Decision("faq", "confident")
    if confidence >= GROUNDED_CONFIDENCE:
        if warns(approved):
            return Decision("faq", "warning_kept_whole")
        return Decision("grounded", "partly_confident")
    told = heard(text)
    plain = asks_plainly(text)
    heard_it = tells_of_feeling(text) if told is None else told and not plain
    feeling = heard_it or says_outright(text)
    if feeling or (verdict.action == "support" and not plain and not asks_for_fact(text)):
        return Decision("support", "tells_of_feeling")
    if confidence >= CLARIFY_CONFIDENCE:
        return Decision("clarify", "weak_evidence")
    return Decision("abstain", "no_evidence")


_WARNING = re.compile(
    r"\b(?:9\d\d|emergency|poison (?:center|control)|danger\w*|deadly|"
    r"(?:call|phone|tell|see)\b[^.?!]{0,80}\b(?:right away|straight away|at once|immediately|same day)|"
    r"(?:never|do not|don['’]t) (?:stop|change|combine|mix|double|drive))\b",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:i|i'?m|i'?ve|i'?d|me|my|myself|we|our|us)\b", re.IGNORECASE)
_FEELING = re.compile(
    r"\b(?:feel(?:s|ing|ings)?|felt|sad\w*|lonel\w+|alone|isolat\w+|anxi\w+|nervous|worr(?:y|ied|ies|ying)|"
    r"scared|afraid|fear\w*|panic\w*|stress\w*|overwhelm\w*|exhaust\w*|burn(?:ed|t) ?out|numb|empty|"
    r"hopeless\w*|helpless\w*|worthless\w*|guilt\w*|asham\w+|shame|angr\w+|anger|rage|frustrat\w+|"
    r"cry(?:ing)?|cried|tears|depress\w*|miserable|unhappy|heartbr\w+|griev\w+|grief|"
    r"miss(?:ing)? (?:him|her|them|my)|jealous\w*|insecur\w+|confus\w+|lost|stuck|struggl\w+|cop(?:e|ing)|"
    r"hate|upset|embarrass\w+|trust|betray\w+|reject\w*|abandon\w*|lov(?:e|es|ed)|"
    r"(?:can'?t|cannot) (?:stop|sleep|focus|handle|take|go on))\b",
    re.IGNORECASE,
)
# Said outright, by whoever writes: an encoder has taken each for a question. In folded text.
_SAD = r"(?:sol|trist|vaci|perdid|deprimid|agotad|abrumad|angustiad|desesperad|destrozad|ansios)(?:o|a|e)"
_TOLD = re.compile(
    r"\b(?:(?:nobody|no ?one)\b[^.?!]{0,30} (?:talks|speaks|listens|writes) to me"
    r"|can(?:'?t|not) (?:stop thinking|think (?:about|of) (?:anything|something) else)"
    r"|can(?:'?t|not) get (?:it|this|that|him|her) out of my (?:head|mind)"
    r"|my (?:heart (?:is )?(?:broke|broken|breaking|aches)|world (?:fell|is falling) apart)"
    rf"|(?:me siento|estoy) (?:\w+ ){{0,2}}{_SAD}|tengo (?:mucho |tanto )?miedo"
    r"|l[oa]s? extrano|extrano (?:mucho )?a mi"
    r"|no (?:paro|dejo|puedo (?:parar|dejar)) de llorar|lloro (?:mucho|tod|cada)\w*"
    r"|nadie me (?:habla|quiere|entiende|escucha)|(?:murio|fallecio) mi|mi (?:\w+ )?(?:murio|fallecio))\b"
)
_RELATION = re.compile(
    r"\b(?:husband|wife|spouse|partner|boyfriend|girlfriend|fianc\w+|ex|mother|mom|mum|father|dad|parents?|"
    r"brother|sister|son|daughter|kids?|child(?:ren)?|friends?|family|boss|co-?workers?|relationship|marriage|"
    r"divorc\w+|broke up|break ?up|cheat(?:ed|ing)?|affair|argu(?:e|es|ed|ing)|fight(?:s|ing)?)\b",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"\b(?:appointments?|bills?|billing|insurance|co-?pay|cost|price|fees?|charge[ds]?|refills?|prescri\w+|"
    r"pharmac\w+|dose|dosage|mg|pills?|tablets?|medicines?|medications?|meds|drugs?|side effects?|records?|"
    r"portal|hours|open|closed|parking|phone number|address|referrals?|forms?|schedule|cancel|reschedule|"
    r"what is|what are)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\W*(?:(?:hi|hello|hey|so|and|ok|please)\W+)*"
    r"(?:when|where|which|who|what|how|do|does|can|could|will|would|is|are)\b",
    re.IGNORECASE,
)
_SERVICE = re.compile(
    r"\b(?:groups?|class(?:es)?|sessions?|workshops?|programs?|courses?|meetings?|clinics?|therapists?|counsell?ors?|"
    r"psychiatrists?|nurses?|doctors?|referrals?|waiting list)\b",
    re.IGNORECASE,
)


def warns(approved: str) -> bool:
    """Say whether an approved answer says when to call for help at once, or what is dangerous."""
    return _WARNING.search(approved) is not None


def tells_of_feeling(text: str) -> bool:
    """Say by words whether someone tells of a feeling or a personal situation rather than asks for a fact."""
    if not _FIRST_PERSON.search(text):
        return False
    feelings = len(_FEELING.findall(text))
    relations = len(_RELATION.findall(text))
    facts = len(_FACT.findall(text))
    return (feelings > 0 and 2 * feelings + relations > 2 * facts) or relations > facts


def says_outright(text: str) -> bool:
    """Say whether a message says in so many words, English or Spanish, how its writer feels."""
    return _TOLD.search(folded(text)) is not None and not asks_for_fact(text)


def asks_plainly(text: str) -> bool:
    """Say whether a message asks after what a clinic offers, and nobody speaks of themselves in it.

    "When is the depression group" names a feeling, and nobody tells of one; "when will it stop" does.
    """
    return bool(_SERVICE.search(text) and _QUESTION.match(text)) and not _FIRST_PERSON.search(text)


def asks_for_fact(text: str) -> bool:
    """Say whether the message names something that a clinic's FAQ would answer."""
    return _FACT.search(text) is not None
