"""The fixed replies: chosen by verdict or by name, never written by a model.

Words stand in replies.yaml, numbers to call in hotlines.yaml and nowhere else. Both are validated when they
are loaded, so that a missing kind, language or slot stops the start and not a reply. A reply comes in the
language of the message that it answers; no word of that message enters it.

    replies = Replies.load()
    replies.text(verdict, country="US", said="...", clinic_phone="...")
    replies.text("abstain", country="US", language="es")
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Final, Literal, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from safety.errors import SafetyError
from safety.hotlines import Hotlines
from safety.language import LANGUAGES, Language, language_of
from safety.reply_kinds import REPLY_KINDS, ReplyKind, ReplyKinds, TellsKinds
from safety.shipped_yaml import shipped_yaml
from safety.verdict import Verdict

FixedName = Literal[
    "too_long", "unavailable", "clarify", "abstain", "greeting", "thanks", "who_answers",
    "partly", "support_brief", "support_closing", "standing", "crisis_line",
]  # fmt: skip
ReplyName = Literal[
    "emergency", "refuse", "too_long", "unavailable", "clarify", "abstain", "greeting", "thanks",
    "who_answers", "partly", "support_brief", "support_closing", "resources", "standing", "crisis_line",
]  # fmt: skip
Piece = Literal["grounding", "safety_plan", "safer_at_home", "other_lines", "elsewhere"]

GENERAL: Final = "general"
_CALLER_SLOTS: Final = frozenset({"clinic", "max_chars"})
_STRICT: Final = ConfigDict(frozen=True, extra="forbid")


class RepliesError(SafetyError):
    """replies.yaml, reply_kinds.yaml or hotlines.yaml cannot be used."""


class Translated(BaseModel):
    """One text in every language."""

    model_config = _STRICT

    en: str = Field(min_length=1)
    es: str = Field(min_length=1)

    def of(self, language: Language) -> str:
        """Return the text in a language."""
        return self.es if language == "es" else self.en


class ReplyParts(BaseModel):
    """A reply to someone in danger in one language: whom to call, what to do now, a person to reach."""

    model_config = _STRICT

    call: str = Field(min_length=1)
    now: str = Field(min_length=1)
    person: str = Field(min_length=1)


class DangerReply(BaseModel):
    """A reply to someone in danger. `then` names the pieces to choose from that come after it."""

    model_config = _STRICT

    then: tuple[Piece, ...]
    en: ReplyParts
    es: ReplyParts

    def of(self, language: Language) -> ReplyParts:
        """Return the parts in a language."""
        return self.es if language == "es" else self.en


class Refusals(BaseModel):
    """What is said when a request is refused, by reason."""

    model_config = _STRICT

    injection: Translated
    harmful_request: Translated


class ClinicWords(BaseModel):
    """How to reach the clinic, to stand inside a sentence."""

    model_config = _STRICT

    with_phone: Translated
    without_phone: Translated


class Replies(BaseModel):
    """All fixed replies, ready to be filled in."""

    model_config = _STRICT

    danger: dict[ReplyKind, DangerReply]
    pieces: dict[Piece, Translated]
    resources: dict[str, Translated]
    refuse: Refusals
    fixed: dict[FixedName, Translated]
    clinic: ClinicWords
    hotlines: Hotlines = Field(repr=False)
    _kinds: ReplyKinds = PrivateAttr()

    @classmethod
    def load(cls, folder: Path | None = None, ngrams: TellsKinds | None = None) -> Self:
        """Read the three files from `folder` (default: that of this package).

        `ngrams`, the gate's, choose the reply where no phrase says which fits.
        Raises RepliesError that names the folder and what is wrong.
        """
        here = folder or Path(__file__).parent
        try:
            words = shipped_yaml(here / "replies.yaml")
            lines = shipped_yaml(here / "hotlines.yaml")
            replies = cls(**words, hotlines=Hotlines(**lines))
            replies._kinds = ReplyKinds.load(here, ngrams)
        except (OSError, yaml.YAMLError, ValueError, TypeError) as error:
            raise RepliesError(
                f"replies.yaml, reply_kinds.yaml or hotlines.yaml in {here} cannot be used: {error}"
            ) from error
        return replies

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, wanted, found in (
            ("danger", REPLY_KINDS, self.danger),
            ("pieces", get_args(Piece), self.pieces),
            ("fixed", get_args(FixedName), self.fixed),
            ("resources", (GENERAL,), self.resources),
        ):
            if missing := sorted(set(wanted) - set(found)):
                raise ValueError(f"{name} lacks {missing}")
        known = _CALLER_SLOTS | self.hotlines.names
        for template in self._templates():
            if unknown := _slots(template) - known:
                raise ValueError(f"reply {template[:30]!r}... asks for unknown slots {sorted(unknown)}")
        return self

    def text(
        self,
        reply: Verdict | ReplyName,
        *,
        country: str,
        said: str = "",
        language: Language | None = None,
        clinic_phone: str = "",
        max_chars: int = 4_000,
    ) -> str:
        """Return the reply for a verdict or a named case, with numbers for `country` (ISO code).

        `said` is the message that is answered: it decides the language, unless one is given, and which reply
        fits a danger. A support verdict gives its resources line; an allow verdict has no reply (ValueError).
        """
        language = language or language_of(said)
        slots = self.hotlines.slots(country, language)
        slots["clinic"] = self.reach_clinic(clinic_phone, language)
        slots["max_chars"] = f"{max_chars:,}"
        return self._template(reply, said, language).format_map(slots)

    def reach_clinic(self, phone: str = "", language: Language = "en") -> str:
        """Say how to reach the clinic, as the words that fill the slot {clinic}."""
        words = self.clinic.with_phone if phone else self.clinic.without_phone
        return words.of(language).format(phone=phone)

    def _template(self, reply: Verdict | ReplyName, said: str, language: Language) -> str:
        if isinstance(reply, Verdict):
            return self._for_verdict(reply, said, language)
        if reply == "emergency":
            return self._danger("medical_emergency", language)
        if reply == "refuse":
            return self.refuse.injection.of(language)
        if reply == "resources":
            return self.resources[GENERAL].of(language)
        if reply not in self.fixed:
            raise ValueError(f"no reply is called {reply!r}: there are {sorted(get_args(ReplyName))}")
        return self.fixed[reply].of(language)

    def _for_verdict(self, verdict: Verdict, said: str, language: Language) -> str:
        if verdict.action in ("crisis", "emergency"):
            return self._danger(self._kinds.kind(verdict, said), language)
        if verdict.action == "refuse":
            injection = verdict.category == "injection"
            return (self.refuse.injection if injection else self.refuse.harmful_request).of(language)
        if verdict.action == "support":
            subject = self._kinds.subject(verdict, said)
            return self.resources.get(subject, self.resources[GENERAL]).of(language)
        raise ValueError("a verdict that allows a message has no fixed reply: answer the message")

    def _danger(self, kind: ReplyKind, language: Language) -> str:
        reply = self.danger[kind]
        parts = reply.of(language)
        pieces = (self.pieces[name].of(language) for name in reply.then)
        return "\n\n".join((parts.call, parts.now, parts.person, *pieces))

    def _templates(self) -> list[str]:
        translated = [*self.pieces.values(), *self.resources.values(), *self.fixed.values()]
        translated += [self.refuse.injection, self.refuse.harmful_request]
        texts = [one.of(language) for one in translated for language in LANGUAGES]
        for reply in self.danger.values():
            for language in LANGUAGES:
                parts = reply.of(language)
                texts += [parts.call, parts.now, parts.person]
        return texts


def _slots(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}
