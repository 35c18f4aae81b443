"""What is said besides a question: a greeting, thanks, and asking whether a person answers.

Only a message that is nothing else counts, with or without a name: "hi, where do I park" is a question. Who
asks for a person is told that this is a program, whatever a clinic's FAQ has near it. English and Spanish.

Must not: read raw text, or come before the gate and the screen.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal, NamedTuple, get_args

from safety.language import Language
from safety.normalise import folded
from safety.placeholders import PLACEHOLDER

Subject = Literal["greeting", "thanks", "who_answers"]
SUBJECTS: Final = frozenset[str](get_args(Subject))
_LONGEST: Final = 160
_NAME: Final = "xx"

_TO = rf"(?: (?:there|again|all|everyone|everybody|team|folks|doc|doctor|{_NAME}))*"
_HOW = (
    r"(?:(?:how are (?:you|things|u)|how(?:s| is) it going|how do you do|hope (?:you|all) (?:are|is) well|"
    r"nice to meet you|whats up)(?: doing)?(?: today| tonight| this (?:morning|afternoon|evening))?)"
)
_HELLO = r"(?:h+i+|he+l+o+|he+y+a?|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))"
_SELF = rf"(?: (?:this is|i am|im|my name is|its) {_NAME}(?: here)?| here)?"
_BYE = (
    r"(?:(?:good ?)?bye+(?: bye)?(?: now)?|good night|take care|see (?:you|ya)(?: later| soon)?|"
    r"have a (?:good|great|nice|lovely|wonderful) (?:day|one|night|evening|afternoon|weekend)(?: too)?)"
)
_PRAISE = (
    r"(?:ok(?:ay)?|oh|ah|wow|yes|yeah|yep|no|nope|alright|all right|great|perfect|awesome|good|cool|nice|"
    r"lovely|wonderful|excellent|fantastic|got it|sounds good|will do|i see|understood|"
    r"that (?:helps|helped)(?: a lot)?|"
    r"thats (?:all|it|great|perfect|helpful|good|good to know|what i needed)(?: i needed| for now)?|"
    r"(?:very|really|so|super) helpful|you(?:ve| have) been (?:a great help|(?:very |so )?(?:helpful|kind)))"
)
_THANK = (
    r"(?:(?:many |so many )?th?ank(?:s+|you| you| u)(?: again)?|th?x|ty|tysm|much appreciated|appreciate it|"
    r"i (?:really )?appreciate (?:it|that|this|you|your (?:help|time)))"
)
_MUCH = (
    r"(?: (?:so|very)(?: very)? much| a (?:lot|bunch|million|ton)| kindly| again| anyway)?"
    r"(?: for (?:(?:all |the |your )*(?:help|time|info|information|answers?|reply|quick reply|support|"
    r"assistance)|helping(?: me)?|answering|that|this|listening))?"
)
_PERSON = (
    r"(?:an? )?(?:actual |real |live |genuine )*(?:person|human(?: being)?|people|someone real|robot|bot|"
    r"chat ?bot|machine|computer|program|ai|a i|artificial intelligence|chatgpt|doctor|nurse|therapist|"
    r"counsell?or|clinician)"
)
_REAL = r"(?:an? )?(?:actual |real |live )*"
_SOMEBODY = rf"(?:{_REAL}(?:person|human(?: being)?)|someone real)"
_ASKED = (
    rf"(?:are|r) (?:you|u|you guys) (?:all )?(?:really )?(?:just )?{_PERSON}(?: or (?:just )?{_PERSON})?",
    rf"is (?:this|that|it)(?: just| really)? {_PERSON}(?: or (?:just )?{_PERSON})?"
    r"(?: answering| reading this)?",
    r"is there (?:an? )?(?:actual |real |live )*(?:person|human(?: being)?|someone real)"
    r"(?: (?:there|here|on the other (?:end|side)|reading this|answering|i am talking to|im talking to))?",
    r"(?:am i|are we|was i) (?:really |actually |just )?(?:talking|speaking|chatting|writing|texting|typing) "
    rf"(?:to|with) (?:just )?{_PERSON}(?: or (?:just )?{_PERSON})?",
    r"who (?:am i|are we) (?:talking|speaking|chatting|writing) (?:to|with)",
    r"(?:who|what) (?:are|r) (?:you|u)(?: exactly)?",
    r"who is (?:this|answering)|what is this chat",
    r"is (?:anyone|anybody|someone|somebody) (?:really )?(?:there|here)",
    rf"(?:can|could|may) i (?:please )?(?:talk|speak|chat) (?:to|with) {_SOMEBODY}(?: instead)?",
    rf"(?:i (?:do not|dont) (?:want|like) (?:to (?:talk|speak|chat) (?:to|with) )?(?:the |this )?{_PERSON} )?"
    rf"i(?: would|d)? (?:just )?(?:want|need|prefer) {_REAL}(?:person|human)",
    rf"(?:please )?(?:(?:let me |just )?(?:talk|speak|chat) (?:to|with) )?{_REAL}"
    r"(?:person|human(?: being)?|representative|agent|operator)(?: please)?",
    r"i(?: would|d)? (?:want|like|need|wanna|prefer) (?:to )?(?:talk|speak|chat) (?:to|with) "
    rf"{_SOMEBODY}(?: instead)?",
)

_HOLA = rf"(?:hola|buen(?:os|as) (?:dias|tardes|noches)|buenas)(?: (?:a todos|doctora?|{_NAME}))*"
_QUE_TAL = r"(?: (?:como esta[sn]?|que tal|como le va|mucho gusto))?"
_SOY = rf"(?: (?:soy|me llamo|mi nombre es) {_NAME})?"
_GRACIAS = (
    r"(?:(?:muchas|mil|ok|bueno|perfecto|si|no) )*gracias"
    r"(?: (?:por (?:todo|(?:su|tu|la) (?:ayuda|tiempo|informacion|respuesta))|de nuevo))?"
    r"(?: (?:adios|hasta luego|hasta pronto|que tenga buen dia))?"
)
_PERSONA = (
    r"(?:una? )?(?:persona|ser humano|humano|robot|bot|maquina|computadora|programa|medic[oa]|doctora?|"
    r"enfermer[oa]|terapeuta)(?: (?:real|de verdad|humana))?"
)


class SmallTalk(NamedTuple):
    """What is said besides a question, and in which language."""

    subject: Subject
    language: Language


def _any(*forms: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{form})" for form in forms))


_FORMS: Final[tuple[tuple[SmallTalk, re.Pattern[str]], ...]] = (
    (
        SmallTalk("greeting", "en"),
        _any(
            rf"{_HELLO}{_TO}(?: {_HELLO}{_TO})?(?: {_HOW})?{_SELF}",
            _HOW,
            # Who tries whether anything answers.
            r"(?:this is )?(?:just )?(?:a )?(?:test(?:ing)?|prueba)(?: (?:test(?:ing)?|123|1 2 3|message))*",
        ),
    ),
    (
        SmallTalk("thanks", "en"),
        _any(
            rf"(?:{_PRAISE} )*{_THANK}{_MUCH}(?: {_NAME})?(?: (?:{_PRAISE}|{_THANK}{_MUCH}))*(?: {_BYE})?",
            rf"(?:{_PRAISE} )*{_BYE}(?: {_THANK}{_MUCH})?",
            # With a goodbye beside it, it may be one for good.
            rf"(?:{_PRAISE} )*{_THANK}(?: so much)? for everything",
        ),
    ),
    (
        SmallTalk("who_answers", "en"),
        _any(*(rf"(?:{_HELLO}{_TO} )?(?:so |wait |but |ok )?{form}" for form in _ASKED)),
    ),
    (SmallTalk("greeting", "es"), _any(rf"{_HOLA}{_QUE_TAL}{_SOY}")),
    (SmallTalk("thanks", "es"), _any(_GRACIAS, "adios|hasta luego|hasta pronto")),
    (
        SmallTalk("who_answers", "es"),
        _any(
            rf"(?:{_HOLA} )?(?:eres|es usted|usted es|es esto|esto es) {_PERSONA}(?: o {_PERSONA})?",
            rf"(?:{_HOLA} )?(?:hablo|estoy (?:hablando|chateando)) con {_PERSONA}(?: o (?:con )?{_PERSONA})?",
            rf"(?:puedo|quiero|quisiera|me gustaria) hablar con {_PERSONA}",
            "(?:quien|que) (?:eres|es usted)|con quien (?:hablo|estoy hablando)|hay alguien(?: ahi)?",
        ),
    ),
)


def small_talk(text: str) -> SmallTalk | None:
    """Say what a scrubbed message is that asks nothing of the FAQ; None of any other."""
    if len(text) > _LONGEST:
        return None
    said = _words(text)
    return next((found for found, form in _FORMS if form.fullmatch(said)), None)


def _words(text: str) -> str:
    """Return the words alone, in lower case, without accents and signs, each name as the same word."""
    named = PLACEHOLDER.sub(f" {_NAME} ", text)
    plain = folded(named).replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    letters = (char if unicodedata.category(char)[0] in "LN" else " " for char in plain)
    return " ".join("".join(letters).split())
