"""Whether more data would help: train on shares of a run's rows, and look at the validation loss.

Apart from the stages, because it takes as long as the shares together and decides nothing: the next
report shows it.

Run: python -m training curve --recipe counseling --share 0.25 --share 0.5
"""

from __future__ import annotations

from collections.abc import Sequence

from training.errors import RunError
from training.rows import Example, Frozen, write_rows
from training.run import Run
from training.stages_model import fit_rows


class CurveFit(Frozen):
    """One training on a share of the data: its best validation loss in nats a target token."""

    share: float
    rows: int
    loss: float
    tokens: int


def learning_curve(run: Run, shares: Sequence[float]) -> list[CurveFit]:
    """Train on each share (0 to 1) that is not trained on yet, and keep all of them in the run.

    Raises RunError where the run has not trained on all its rows, or a share is none.
    """
    if wrong := [share for share in shares if not 0 < share < 1]:
        raise RunError(f"{wrong[0]:g} is no share of the rows: give numbers between 0 and 1")
    if not run.folder.measured("fit").exists():
        raise RunError(f"{run.folder.path.name} has not trained on all its rows yet: run it until train")
    known = {one.share: one for one in run.all_of("curve", CurveFit)}
    rows = run.examples("train")
    for share in sorted(set(shares) - set(known)):
        part = share_of(rows, share)
        fit = fit_rows(run, part, place=run.folder.path / "curve" / f"{share:g}")
        known[share] = CurveFit(share=share, rows=len(part), loss=fit.best_loss, tokens=fit.tokens)
        write_rows(run.folder.measured("curve"), [known[one] for one in sorted(known)])
    return [known[one] for one in sorted(known)]


def share_of(rows: Sequence[Example], share: float) -> list[Example]:
    """Return whole groups, in a fixed order, until the share of the rows is reached."""
    groups: dict[str, list[Example]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    chosen: list[Example] = []
    for group in sorted(groups):
        if len(chosen) >= share * len(rows):
            break
        chosen += groups[group]
    return chosen
