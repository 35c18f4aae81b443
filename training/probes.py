"""What is asked of the base and of the tuned model beside the test rows: fairness, safety, elsewhere, memory.

Answers are kept like an arm's, so that they can be judged again without a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from training.elsewhere import answers_elsewhere, questions
from training.fairness import pairs
from training.memorisation import Canaries, exposure, extraction
from training.rows import Example, Prediction, write_value
from training.run import Run, shown
from training.safety_probe import probes
from training.tasks import Task

if TYPE_CHECKING:
    from training.trainers.causal_lm_served import ServedLM

PROBE_TOKENS = 96
SECRETS = 63  # made-up secrets that each planted one is ranked among


def probe(run: Run, served: ServedLM, *, arm: str) -> None:
    """Let one arm answer fairness set and safety set, and say how likely the other job's answers are."""
    if not run.task.chat:
        return
    variants = pairs(run.recipe.evaluate.fairness_rows, run.recipe.seed)
    if variants:
        _ask(run, served, arm, "fairness", [one.id for one in variants], [one.text for one in variants])
    asked = probes()
    _ask(run, served, arm, "safety", [one.id for one in asked], [one.text for one in asked])
    other = [one.id for one in questions()]
    likely = shown(answers_elsewhere(served, arm=arm), f"elsewhere {arm}", total=len(other))
    run.keep(f"{arm}-elsewhere", other, likely)


def remember(run: Run, served: ServedLM, *, arm: str) -> None:
    """Measure how exposed the planted secrets are in one arm, and whether the tuned one gives them back."""
    canaries = run.optional("canaries", Canaries)
    if canaries is None:
        return
    ranked = exposure(canaries, served.likelihoods, samples=SECRETS, seed=run.recipe.seed)
    write_value(run.folder.measured(f"exposure-{arm}"), ranked)
    if arm == "tuned":
        write_value(run.folder.measured("extraction"), extraction(canaries, served.continued))


def answered(
    served: ServedLM,
    task: Task,
    ids: Sequence[str],
    texts: Sequence[str],
    *,
    arm: str,
    clinic: str,
    max_new_tokens: int = PROBE_TOKENS,
    what: str = "safety",
) -> Iterator[Prediction]:
    """Yield what a model says to each text under a chat job's prompt, in their order."""
    prompts = [
        task.messages(Example(id=name, inputs={task.fields[0]: text}), clinic=clinic)
        for name, text in zip(ids, texts, strict=True)
    ]
    answers = shown(
        served.answers(prompts, max_new_tokens=max_new_tokens), f"{what} {arm}", total=len(prompts)
    )
    for name, said in zip(ids, answers, strict=True):
        yield said.model_copy(update={"id": name, "arm": arm})


def _ask(run: Run, served: ServedLM, arm: str, what: str, ids: Sequence[str], texts: Sequence[str]) -> None:
    tokens = min(PROBE_TOKENS, run.recipe.evaluate.max_new_tokens)
    said = answered(
        served, run.task, ids, texts, arm=arm, clinic=run.recipe.clinic, max_new_tokens=tokens, what=what
    )
    run.keep(f"{arm}-{what}", ids, said)
