"""The crisis gate as several files of tests ask it: the rules alone, and with the shipped n-grams.

Made once: it takes half a second, and each file would make its own.
"""

from __future__ import annotations

from typing import Final

from safety.crisis import CrisisGate, load_gate
from safety.reply_kinds import ReplyKinds

RULES: Final = CrisisGate()
LOADED: Final = load_gate()
KINDS: Final = ReplyKinds.load()
