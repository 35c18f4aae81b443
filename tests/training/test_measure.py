"""Numbers from kept predictions: each arm is held to the prompt that it was given."""

from __future__ import annotations

from pathlib import Path

from training.arms import ChosenPrompt
from training.measure import Measured
from training.recipe import load_recipe
from training.rows import Example, Prediction, write_rows, write_value
from training.run import Run, Surroundings
from training.run_folder import RunFolder
from training.tasks import TASKS

CHOSEN = "Answer every letter as a lighthouse keeper would, with the tide tables close at hand."
ROW = Example(
    id="r1", group="g1", source="letters", split="test",
    inputs={"question": "I sleep badly since the storm."}, target="Keep a lamp lit.",
)  # fmt: skip


def test_the_prompt_arm_is_searched_for_the_prompt_that_it_chose(tmp_path: Path) -> None:
    run = Run(load_recipe("toy"), RunFolder.of(load_recipe("toy"), tmp_path), Surroundings())
    write_rows(run.folder.split("test"), [ROW])
    write_value(run.folder.measured("prompt"), ChosenPrompt(system=CHOSEN, shots=(), loss=1.0, tried={}))
    own = TASKS["counseling"].messages(ROW, clinic=run.recipe.clinic)[0].content
    for arm, text in (("base", own), ("prompt", CHOSEN), ("tuned", CHOSEN)):
        said = Prediction(id="r1", arm=arm, text=text, seconds=0.0, new_tokens=9)
        write_rows(run.folder.predictions(arm), [said])
    counts = {arm: one.counts["prompt_echo"] for arm, one in Measured(run).guards.items()}
    assert counts == {"base": 1, "prompt": 1, "tuned": 0}
