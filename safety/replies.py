"""The fixed replies: chosen by verdict or by name, never written by a model.

Words stand in replies.yaml, numbers to call in hotlines.yaml and nowhere else. Both are validated
when they are loaded, so that a missing level or a mistyped slot stops the start and not a reply.

    replies = Replies.load()
    replies.text(verdict, country="US", clinic_phone="...")
    replies.text("abstain", country="US")
"""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Final, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from safety.errors import SafetyError
from safety.verdict import Level, Verdict

CrisisCategory = Literal["suicide", "self_harm", "concern_for_other", "eating_disorder", "abuse", "violence"]
ReplyName = Literal[
    "emergency", "refuse", "too_long", "unavailable", "clarify", "abstain",
    "support_brief", "support_closing", "resources", "standing", "crisis_line",
]  # fmt: skip

_CALLER_SLOTS: Final = frozenset({"clinic", "max_chars"})
_STRICT: Final = ConfigDict(frozen=True, extra="forbid")


class RepliesError(SafetyError):
    """replies.yaml or hotlines.yaml cannot be used."""


class Hotlines(BaseModel):
    """Words with the numbers to call, by country code; `default` is for every other country."""

    model_config = _STRICT

    default: dict[str, str]
    countries: dict[str, dict[str, str]]

    @model_validator(mode="after")
    def _known_slots(self) -> Hotlines:
        for country, slots in self.countries.items():
            unknown = sorted(set(slots) - set(self.default))
            if unknown:
                raise ValueError(f"country {country} has slots {unknown} that `default` lacks")
        return self

    def slots(self, country: str) -> dict[str, str]:
        """Return every slot for a country code, in the default wording where it has none."""
        return {**self.default, **self.countries.get(country.upper(), {})}

    def short_numbers(self, country: str) -> tuple[str, ...]:
        """Return the numbers of three digits that a country's lines have, each once."""
        words = " ".join(self.slots(country).values())
        return tuple(dict.fromkeys(re.findall(r"(?<![\w-])[0-9]{3}(?![\w-])", words)))


class ByLevel(BaseModel):
    """One crisis category: a reply for each level."""

    model_config = _STRICT

    imminent: str
    high: str
    concern: str


class Refusals(BaseModel):
    """What is said when a request is refused, by reason."""

    model_config = _STRICT

    injection: str
    harmful_request: str


class SupportWords(BaseModel):
    """The resources line by subject, and the brief support reply."""

    model_config = _STRICT

    resources: str
    resources_grief: str
    resources_substance_use: str
    resources_eating_disorder: str
    resources_abuse_past: str
    resources_medical_emergency: str
    brief: str
    closing: str


class Replies(BaseModel):
    """All fixed replies, ready to be filled in."""

    model_config = _STRICT

    crisis: dict[CrisisCategory, ByLevel]
    emergency: str
    refuse: Refusals
    too_long: str
    unavailable: str
    clarify: str
    abstain: str
    support: SupportWords
    standing: str
    crisis_line: str
    hotlines: Hotlines = Field(repr=False)

    @classmethod
    def load(cls, folder: Path | None = None) -> Replies:
        """Read replies.yaml and hotlines.yaml from `folder` (default: those of this package).

        Raises RepliesError that names the file and what is wrong in it.
        """
        here = folder or Path(__file__).parent
        try:
            words = yaml.safe_load((here / "replies.yaml").read_text(encoding="utf-8"))
            lines = yaml.safe_load((here / "hotlines.yaml").read_text(encoding="utf-8"))
            return cls(**words, hotlines=Hotlines(**lines))
        except (OSError, yaml.YAMLError, ValueError, TypeError) as error:
            raise RepliesError(f"replies.yaml or hotlines.yaml in {here} cannot be used: {error}") from error

    @model_validator(mode="after")
    def _complete(self) -> Replies:
        missing = sorted(set(get_args(CrisisCategory)) - set(self.crisis))
        if missing:
            raise ValueError(f"no crisis replies for {missing}")
        known = _CALLER_SLOTS | set(self.hotlines.default)
        for template in self._templates():
            unknown = {name for _, name, _, _ in string.Formatter().parse(template) if name} - known
            if unknown:
                raise ValueError(f"reply {template[:30]!r}... asks for unknown slots {sorted(unknown)}")
        return self

    def text(
        self, kind: Verdict | ReplyName, *, country: str, clinic_phone: str = "", max_chars: int = 4_000
    ) -> str:
        """Return the reply for a verdict or a named case, with numbers for `country` (ISO code).

        A support verdict gives its resources line; an allow verdict has no reply (ValueError).
        """
        slots = self.hotlines.slots(country)
        slots["clinic"] = reach_clinic(clinic_phone)
        slots["max_chars"] = f"{max_chars:,}"
        template = self._for_verdict(kind) if isinstance(kind, Verdict) else self._for_name(kind)
        return template.format_map(slots)

    def _for_verdict(self, verdict: Verdict) -> str:
        if verdict.action == "crisis":
            levels = self.crisis.get(_category(verdict.category), self.crisis["suicide"])
            by_level: dict[Level, str] = {
                "imminent": levels.imminent,
                "high": levels.high,
                "concern": levels.concern,
                "none": levels.concern,
            }
            return by_level[verdict.level]
        if verdict.action == "emergency":
            return self.emergency
        if verdict.action == "refuse":
            return self.refuse.injection if verdict.category == "injection" else self.refuse.harmful_request
        if verdict.action == "support":
            return str(getattr(self.support, f"resources_{verdict.category}", self.support.resources))
        raise ValueError("a verdict that allows a message has no fixed reply: answer the message")

    def _for_name(self, name: ReplyName) -> str:
        named: dict[ReplyName, str] = {
            "emergency": self.emergency,
            "refuse": self.refuse.injection,
            "too_long": self.too_long,
            "unavailable": self.unavailable,
            "clarify": self.clarify,
            "abstain": self.abstain,
            "support_brief": self.support.brief,
            "support_closing": self.support.closing,
            "resources": self.support.resources,
            "standing": self.standing,
            "crisis_line": self.crisis_line,
        }
        if name not in named:
            raise ValueError(f"no reply is called {name!r}: there are {sorted(named)}")
        return named[name]

    def _templates(self) -> list[str]:
        by_level = [text for levels in self.crisis.values() for text in levels.model_dump().values()]
        rest = [self.emergency, self.too_long, self.unavailable, self.clarify, self.abstain]
        rest += [self.standing, self.crisis_line]
        return [*by_level, *rest, *self.refuse.model_dump().values(), *self.support.model_dump().values()]


def reach_clinic(phone: str = "") -> str:
    """Say how to reach the clinic, as the words that fill the slot {clinic}."""
    return f"call the clinic at {phone}" if phone else "contact the clinic"


def _category(name: str) -> CrisisCategory:
    for known in get_args(CrisisCategory):
        if known == name:
            return known  # type: ignore[no-any-return]
    return "suicide"
