"""The page's words in one language: one YAML file each in app/pages/catalogue/, all slots checked at load.

A language whose crisis gate does not exist is refused, whatever its file says: nobody should read a
page in a language in which a cry for help is not understood.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from app.errors import ConfigError
from safety.crisis import GATE_LANGUAGES
from safety.policies import POLICIES

FOLDER = Path(__file__).resolve().parent / "pages" / "catalogue"


def _slots(text: str) -> set[str]:
    """Return the slots of a text; one with a form of its own, as in {minutes:d}, counts as another."""
    parsed = string.Formatter().parse(text)
    return {
        name + (f"!{how}" if how else "") + (f":{form}" if form else "")
        for _, name, form, how in parsed
        if name is not None
    }


class Phrase:
    """A declared phrase: validates that a text has the slots of its default meaning, no more, no less."""

    def __init__(self, *slots: str) -> None:
        self.slots = set(slots)

    def __call__(self, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError("is not text")
        if _slots(value) != self.slots:
            raise ValueError(f"has the slots {sorted(_slots(value))}, needs {sorted(self.slots)}")
        return value


Plain = Annotated[str, BeforeValidator(Phrase())]
OfClinic = Annotated[str, BeforeValidator(Phrase("clinic"))]
OfText = Annotated[str, BeforeValidator(Phrase("text"))]
OfCode = Annotated[str, BeforeValidator(Phrase("code"))]
OfCount = Annotated[str, BeforeValidator(Phrase("count"))]


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Banner(_Words):
    """Lines at the head of the page that say how it stands."""

    sample: Plain
    untuned: Plain
    quotes: Plain
    converses: Plain
    loading: Plain
    degraded: Plain
    no_answers: Plain


class Chat(_Words):
    """What stands among the messages."""

    label: Plain
    empty: Plain
    reading: Plain
    hidden: Plain
    removed: Annotated[str, BeforeValidator(Phrase("kinds"))]
    sources: OfCount
    excerpt: OfText
    reviewed: Annotated[str, BeforeValidator(Phrase("date"))]
    never_reviewed: Plain
    sample: Plain
    model_wrote: Plain
    model_conversed: Plain
    waiting: Annotated[str, BeforeValidator(Phrase("position"))]
    writing: Plain
    stopped: Plain
    gave_up: OfClinic
    busy: OfClinic
    too_fast: OfClinic


class Ask(_Words):
    """The box, and the buttons around it."""

    label: Plain
    placeholder: Plain
    send: Plain
    stop: Plain
    edit: Plain
    retry: Plain
    clear: Plain
    starters: Plain
    suggestions: Plain


class Reasons(_Words):
    """Why an answer was or was not helpful; the field names are the codes that are kept."""

    right: Plain
    clear: Plain
    wrong: Plain
    off_topic: Plain
    unclear: Plain
    incomplete: Plain
    tone: Plain


class FeedbackWords(_Words):
    """The rating of an answer."""

    heading: Plain
    rating: Plain
    up: Plain
    down: Plain
    reasons: Plain
    reason: Reasons
    comment: Plain
    consent: Plain
    preview: Plain
    preview_nothing: Plain
    preview_rating: Annotated[str, BeforeValidator(Phrase("rating"))]
    preview_reasons: Annotated[str, BeforeValidator(Phrase("reasons"))]
    preview_comment: OfText
    preview_question: OfText
    preview_answer: OfText
    preview_never: Plain
    send: Plain
    withdraw: Plain
    no_answer: Plain
    no_rating: Plain
    thanks: OfCode
    thanks_exchange: OfCode
    failed: Plain
    withdrawn: Plain
    nothing_to_withdraw: Plain


class PersonWords(_Words):
    """How to reach a person."""

    heading: Plain
    open: Annotated[str, BeforeValidator(Phrase("until"))]
    closed: Annotated[str, BeforeValidator(Phrase("number"))]
    closed_no_number: Plain
    opens: Annotated[str, BeforeValidator(Phrase("day", "time"))]
    days: tuple[Plain, Plain, Plain, Plain, Plain, Plain, Plain]
    phones: Plain
    email: Annotated[str, BeforeValidator(Phrase("address"))]
    hand_over: Plain
    explain: Plain
    consent: Plain
    preview: Plain
    send: Plain
    no_consent: Plain
    nothing: Plain
    sent: Annotated[str, BeforeValidator(Phrase("code", "clinic"))]
    failed: OfClinic


class Footer(_Words):
    """What stands below everything."""

    privacy: Annotated[str, BeforeValidator(Phrase("minutes"))]
    program: Plain
    crisis_protocol: Plain


class Timeout(_Words):
    """The warning before an idle chat is deleted."""

    warning: Annotated[str, BeforeValidator(Phrase("seconds"))]
    stay: Plain
    expired: Plain
    understood: Plain


class Announce(_Words):
    """What only a screen reader says."""

    sources: OfCount
    cleared: Plain


class ErrorWords(_Words):
    """Pages and answers that stand outside the chat."""

    heading: Plain
    not_found: Plain
    too_large: Plain
    too_many: Plain
    unavailable: Plain
    unexpected: Plain
    back: Plain


class Catalogue(_Words):
    """All words of the page in one language."""

    title: OfClinic
    heading: OfClinic
    subtitle: Plain
    banner: Banner
    chat: Chat
    ask: Ask
    feedback: FeedbackWords
    person: PersonWords
    footer: Footer
    timeout: Timeout
    announce: Announce
    error: ErrorWords
    kinds: Mapping[str, Plain]

    def kinds_of(self, types: list[str]) -> str:
        """Name kinds of personal data, each once, in the order in which they came."""
        return ", ".join(dict.fromkeys(self.kinds[name] for name in types))


def load_catalogue(language: str, folder: Path = FOLDER) -> Catalogue:
    """Read the words of a language such as "en".

    Raises ConfigError when there is no file, when it lacks a word, or when the crisis gate does not
    read that language.
    """
    there = sorted(file.stem for file in folder.glob("*.yaml"))
    if language not in GATE_LANGUAGES:
        raise ConfigError(
            f"no page in {language!r}: the crisis gate reads {', '.join(GATE_LANGUAGES)} only. "
            "List one of these first under `languages` in the clinic's profile"
        )
    if language not in there:
        raise ConfigError(f"no page in {language!r}: {folder.name} has {', '.join(there)}")
    file = folder / f"{language}.yaml"
    try:
        words = Catalogue.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file.name} is not text in UTF-8. Save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{file.name} is not valid YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigError(f"{file.name}: {faults}") from error
    known = {kind for kinds in POLICIES.values() for kind in kinds}
    if missing := known - set(words.kinds):
        raise ConfigError(f"{file.name}: kinds lacks {', '.join(sorted(missing))}")
    if unknown := set(words.kinds) - known:
        raise ConfigError(f"{file.name}: kinds has {', '.join(sorted(unknown))}, which is never scrubbed")
    return words
