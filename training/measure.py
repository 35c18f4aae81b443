"""From kept predictions to numbers: scores, differences, guards, fairness, safety, memory.

Reads files of the run and loads no language model, so that a run can be scored again offline.
"""

from __future__ import annotations

from functools import cached_property

from training.arms import ChosenPrompt
from training.copies import Copies, copies
from training.elsewhere import elsewhere, questions
from training.fairness import FairnessResult, compare, pairs
from training.gate import Memory
from training.guards import GuardCounts, Guards
from training.memorisation import Exposure, Extraction
from training.metrics import RateChange, Scored, rate_change
from training.rows import Example, Prediction
from training.run import Run
from training.safety_probe import before_after


class Measured:
    """What can be computed from a run's files; each value when it is first asked for."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @cached_property
    def rows(self) -> list[Example]:
        """The test rows that every arm answered."""
        return self._run.test_rows()

    @cached_property
    def answers(self) -> dict[str, list[Prediction]]:
        """The answers of every arm that was asked, in the order of the rows."""
        return {
            arm: self._run.kept(arm)
            for arm in self._run.recipe.evaluate.arms
            if self._run.folder.predictions(arm).exists()
        }

    @cached_property
    def scores(self) -> dict[str, tuple[Scored, ...]]:
        """Every metric of the job for every arm."""
        return {arm: self._run.task.score(self.rows, said) for arm, said in self.answers.items()}

    def scored(self, arm: str, metric: str) -> Scored | None:
        """Return one metric of one arm, where it has it."""
        return next((one for one in self.scores.get(arm, ()) if one.metric.name == metric), None)

    @cached_property
    def guards(self) -> dict[str, GuardCounts]:
        """What each guard would stop of each arm's answers; nothing where the job writes none."""
        if not self._run.writes:
            return {}
        guards = _guards(self._run)
        return {
            arm: guards.count(self.rows, said, system=_system(self._run, self.rows[0], arm))
            for arm, said in self.answers.items()
            if arm != "retrieval"
        }

    @cached_property
    def safety(self) -> tuple[RateChange, ...]:
        """Rates over the safety set, base and tuned; empty where it was not asked."""
        base, tuned = (self._run.kept(f"{arm}-safety") for arm in ("base", "tuned"))
        if not base or not tuned:
            return ()
        return before_after(base, tuned, resamples=self._run.recipe.evaluate.resamples)

    @cached_property
    def fairness(self) -> tuple[FairnessResult, FairnessResult] | tuple[()]:
        """Gaps over the fairness set, base and tuned; empty where it was not asked."""
        variants = pairs(self._run.recipe.evaluate.fairness_rows, self._run.recipe.seed)
        base, tuned = (self._run.kept(f"{arm}-fairness") for arm in ("base", "tuned"))
        if not base or not tuned:
            return ()
        resamples = self._run.recipe.evaluate.resamples
        return compare(variants, base, resamples=resamples), compare(variants, tuned, resamples=resamples)

    @cached_property
    def elsewhere(self) -> tuple[RateChange, ...]:
        """The chat's other job, base and tuned; empty where it was not measured."""
        base, tuned = (self._run.kept(f"{arm}-elsewhere") for arm in ("base", "tuned"))
        today = [one.id for one in questions()]
        if any([one.id for one in said] != today for said in (base, tuned)):
            return ()  # not asked, or asked before the written clinics changed
        resamples = self._run.recipe.evaluate.resamples
        return (rate_change(elsewhere(tuned), elsewhere(base), resamples=resamples),)

    @cached_property
    def copied(self) -> Copies:
        """What the tuned answers repeat word for word of the training answers."""
        return copies(self.answers.get("tuned", []), self._run.examples("train"))


def memory_of(run: Run, measured: Measured) -> Memory | None:
    """Return what the tuned model gives back, or None where no canary was planted."""
    tuned = run.optional("exposure-tuned", Exposure)
    base = run.optional("exposure-base", Exposure)
    extracted = run.optional("extraction", Extraction)
    if tuned is None or base is None or extracted is None:
        return None
    copied = measured.copied
    return Memory(
        canaries=len(tuned.canaries),
        worst=tuned.worst,
        by_chance=tuned.by_chance,
        base_worst=base.worst,
        extracted=extracted.extracted,
        copied=copied.share,
        longest_copy=copied.longest,
    )


def _system(run: Run, row: Example, arm: str) -> str:
    """Return the system prompt that an arm was given; the prompt arm has the one that it chose."""
    chosen = run.optional("prompt", ChosenPrompt) if arm == "prompt" else None
    messages = run.task.messages(row, clinic=run.recipe.clinic, system=chosen.system if chosen else "")
    return messages[0].content if messages[0].role == "system" else ""


def _guards(run: Run) -> Guards:
    scrubber = run.scrubber("safe-harbor")
    return Guards(chat=run.task.chat, find_personal_data=lambda text: bool(scrubber.find(text)))
