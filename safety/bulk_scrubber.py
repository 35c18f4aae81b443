"""Choose and build the scrubber of the bulk and audit commands: the one place where they build it.

A choice can be handed to another process, which builds a scrubber of its own from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safety.policies import Policy

if TYPE_CHECKING:
    from safety.scrubber import Scrubber


@dataclass(frozen=True)
class ScrubberChoice:
    """A policy, and the folders of what finds names: a tagger, or a spaCy model, or neither (rules alone)."""

    policy: Policy = "wide"
    name_model: Path | None = None
    tagger: Path | None = None


def choose_scrubber(
    policy: Policy, name_model: str, *, tagger: str, models_dir: Path, cache_dir: Path | None, offline: bool
) -> ScrubberChoice:
    """Fetch what the options name. 'none' for both is rules alone. Raises WeightsError.

    Whoever asks for another name model than the default means it, though a tagger is active.
    """
    import weights
    from weights.defaults import NAME_MODEL
    from weights.served import TAGGER, chosen_encoder

    if name_model != NAME_MODEL and not tagger:
        tagger = "none"
    tags = chosen_encoder(tagger, TAGGER, models_dir=models_dir, cache_dir=cache_dir, offline=offline)
    if tags is not None or name_model == "none":
        return ScrubberChoice(policy, None, tags)
    return ScrubberChoice(
        policy, weights.fetch(name_model, cache_dir=cache_dir, offline=offline).folder, None
    )


def build_scrubber(choice: ScrubberChoice) -> Scrubber:
    """Build a scrubber that looks as often as there is anything left to find. Raises SafetyError."""
    from safety.scrubber import Scrubber

    return Scrubber(policy=choice.policy, name_model=choice.name_model, tagger=choice.tagger, thorough=True)
