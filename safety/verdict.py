"""What the crisis gate and the screen say about a message.

A verdict is a plain value: an action, a category and a level. It never holds words of the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Action = Literal["allow", "support", "refuse", "emergency", "crisis"]
Level = Literal["none", "concern", "high", "imminent"]

ACTIONS: Final[tuple[Action, ...]] = ("allow", "support", "refuse", "emergency", "crisis")
LEVELS: Final[tuple[Level, ...]] = ("none", "concern", "high", "imminent")
OF_ONESELF: Final = ("suicide", "self_harm")
"""The categories of danger that somebody brings on themselves."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judgement: what to do (`action`), about what (`category`), how pressing (`level`).

    `medical`: in this crisis somebody is in medical danger, too. `beside`: how pressing a crisis is that was
    seen in an emergency and that its reply, an ambulance first, does not speak of, such as abuse.
    """

    action: Action
    category: str
    level: Level
    medical: bool = False
    beside: Level = "none"

    @property
    def doubted(self) -> bool:
        """Say whether a rule would stop it and a reader saw next to no danger: it gets the line instead."""
        return self.action == "support" and self.level == "high"

    @property
    def of_oneself(self) -> bool:
        """Say whether it is about harm that the writer does, or would do, to themselves."""
        return self.category in OF_ONESELF

    @property
    def risk(self) -> Level:
        """What stays with a conversation when the topic changes."""
        if self.action == "crisis":
            return self.level
        if self.action == "emergency" and self.beside != "none":
            return self.beside
        return "concern" if self.action == "emergency" or self.doubted else "none"

    @property
    def rank(self) -> tuple[int, int]:
        """Order verdicts by how much they ask of us: crisis above emergency, imminent above high."""
        return ACTIONS.index(self.action), LEVELS.index(self.level)


ALLOW: Final = Verdict("allow", "none", "none")
