"""The stages that ask and change models: the arms before training, the training, the tuned arm.

Predictions are written once and kept; scores are computed from the files, so that they can be computed
again without a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.arms import ChosenPrompt, Embed, choose_prompt, nearest_answers, remote_answers
from training.chat_probe import ask_chat
from training.errors import OutOfTime, RunError
from training.probes import probe, remember
from training.recipe import Remote
from training.rows import Example, Prediction, read_value, write_rows, write_value
from training.run import Run, progress_bar, shown
from training.slices import asked
from training.trainers.base import Fit, Point, Predictor
from weights.defaults import EMBEDDER

if TYPE_CHECKING:
    from training.trainers.causal_lm_served import ServedLM


def baseline(run: Run) -> None:
    """Let every arm but the tuned one answer the test rows, and probe the base model."""
    if not run.writes:
        model = run.trainer().predictor(run.job(train=run.examples("train")), None)
        _kept(run, "base", model.predict(run.test_rows(), arm="base"))
        model.close()
        return
    arms = run.recipe.evaluate.arms
    served = _served(run, tuned=False)
    _ask(run, served, "base")
    if "prompt" in arms:
        chosen = choose_prompt(
            served,
            run.task,
            run.recipe.evaluate,
            train=run.examples("train"),
            tune=run.examples("validation"),
            seed=run.recipe.seed,
        )
        write_value(run.folder.measured("prompt"), chosen)
        _ask(run, served, "prompt", chosen)
    probe(run, served, arm="base")
    remember(run, served, arm="base")
    served.close()
    if "retrieval" in arms:
        _kept(
            run,
            "retrieval",
            nearest_answers(_embed(run), run.examples("train"), run.test_rows(), asked=asked),
        )
    if "remote" in arms:
        if run.recipe.evaluate.remote is None:
            raise RunError("evaluate.arms names remote, and evaluate.remote says of no model")
        from training.trainers.causal_lm_model import load_tokenizer

        tokenizer = load_tokenizer(run.job())
        answers = remote_answers(
            run.task,
            run.test_rows(),
            run.recipe.evaluate,
            run.recipe.evaluate.remote,
            clinic=run.recipe.clinic,
            api_key=run.around.api_key,
            tokens=lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"]),
        )
        _kept(run, "remote", answers)


TRAINING = ".training"
VALIDATED = "validated"  # the validations of a training that ran out of time, over all its starts


def train(run: Run) -> None:
    """Train on the training rows, as far as validation gets better."""
    first = run.around.rank == 0
    if first:
        (run.folder.path / TRAINING).touch()  # the other processes of `accelerate launch` wait for it
        for file in run.folder.predictions("tuned").parent.glob("tuned*"):
            file.unlink()  # answers of other weights
    fit = fit_rows(run, run.examples("train"))
    if first:
        write_value(run.folder.measured("fit"), fit)
        (run.folder.path / TRAINING).unlink()


def fit_rows(run: Run, rows: Sequence[Example], *, place: Path | None = None) -> Fit:
    """Train on `rows` with a progress bar; `place` holds the files (default: the run's folder).

    Raises OutOfTime at the first logged step beyond the minutes that it was given.
    """
    minutes, before = run.around.minutes, run.all_of(VALIDATED, Point)
    validated: list[Point] = []
    began = 0
    job = run.job(train=rows, validation=run.examples("validation"), place=place)
    with progress_bar(what="train") as bar:

        def hear(point: Point, steps: int) -> None:
            nonlocal began
            began = began or point.step
            bar.total = steps
            loss = point.validation_loss or point.train_loss
            name = "validation" if point.validation_loss else "loss"
            bar.set_postfix({name: f"{loss:.3f}"}, refresh=False)
            bar.update(point.step - bar.n)
            if point.validation_loss:
                validated.append(point)
            if minutes and point.seconds > 60 * minutes and point.step < steps:
                # Of an earlier start counts what came before the checkpoint that this one went on from.
                earlier = [one for one in before if one.step < began]
                write_rows(run.folder.measured(VALIDATED), [*earlier, *validated])
                raise OutOfTime(f"{run.folder.path.name}: {minutes:g} minutes are over at step {point.step}")

        return run.trainer().fit(job, hear)


def evaluate(run: Run) -> None:
    """Let the tuned model answer the test rows in the form that is served, and probe it."""
    if not run.folder.adapter.is_dir():
        raise RunError("there are no trained weights yet: run the stage train first")
    if not run.writes:
        model: Predictor = run.trainer().predictor(run.job(train=run.examples("train")), run.folder.adapter)
        _kept(run, "tuned", model.predict(run.test_rows(), arm="tuned"))
        model.close()
        return
    served = _served(run, tuned=True)
    _ask(run, served, "tuned")
    probe(run, served, arm="tuned")
    remember(run, served, arm="tuned")
    served.close()
    if run.task.chat and run.recipe.evaluate.chat:
        ask_chat(run)
    if run.recipe.evaluate.judge is not None:
        _judge(run, run.recipe.evaluate.judge)


def _judge(run: Run, remote: Remote) -> None:
    """Let a remote model compare the tuned answers with the prompt arm's, or else with the base's."""
    from training.judge import Judge, summary

    scrubber = run.scrubber(run.recipe.scrub.policy)
    judge = Judge(
        remote.base_url,
        model=remote.model,
        api_key=run.around.api_key,
        scrub=lambda text: scrubber.scrub(text).text,
        seed=run.recipe.seed,
    )
    rows = run.test_rows()
    against = "prompt" if run.kept("prompt") else "base"
    judged = list(shown(judge.compare(rows, run.kept("tuned"), run.kept(against)), "judge"))
    judge.close()
    write_rows(run.folder.measured("judged"), judged)
    write_value(run.folder.measured("judge"), summary(judged, model=remote.model, against=against))


def chosen_prompt(run: Run) -> ChosenPrompt:
    """Return what the prompt arm chose."""
    return read_value(run.folder.measured("prompt"), ChosenPrompt)


def _served(run: Run, *, tuned: bool) -> ServedLM:
    from training.trainers.causal_lm_served import ServedLM

    return ServedLM(run.job(), run.folder.adapter if tuned else None)


def _ask(run: Run, served: ServedLM, arm: str, chosen: ChosenPrompt | None = None) -> None:
    rows = run.test_rows()
    train = {one.id: one for one in run.examples("train")} if chosen and chosen.shots else {}
    answers = served.predict(
        rows,
        arm=arm,
        system=chosen.system if chosen else "",
        shots=[train[name] for name in chosen.shots] if chosen else (),
        max_new_tokens=run.recipe.evaluate.max_new_tokens,
    )
    _kept(run, arm, shown(answers, f"ask {arm}", total=len(rows)))


def _kept(run: Run, arm: str, answers: Iterable[Prediction]) -> None:
    run.keep(arm, [row.id for row in run.test_rows()], answers)


def _embed(run: Run) -> Embed:
    from retrieval.embedder import load_embedder

    embedder = load_embedder(EMBEDDER, cache_dir=run.around.cache_dir, offline=run.around.offline)
    return embedder.embed
