"""The recipe of the scrubber's tagger through every stage, on a tiny encoder and a few invented rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training.tiny_encoder import POSITIONS, tiny_base
from training.gate import Evidence, Verdict
from training.pipeline import STAGES, run
from training.preflight import SHOWN_ROWS
from training.preflight_encoder import EncoderPreflight
from training.recipe import load_recipe
from training.rows import read_value

pytestmark = [pytest.mark.weights, pytest.mark.slow]

ROWS = "corpora=[{source: generate:pii@1, licence: invented, fields: {group: group}, limit: 160}]"
SMALL = (
    ROWS, "divide.validation=0.2", "divide.test=0.2", f"train.max_tokens={POSITIONS}", "train.epochs=1",
    "train.rank=2", "train.evaluations=1", "train.saves=1", "evaluate.resamples=100",
)  # fmt: skip


def test_a_tagger_is_judged_by_what_applies_to_it_and_sealed_where_it_is_better(tmp_path: Path) -> None:
    changes = [f"base=path:{tiny_base(tmp_path / 'base')}", *SMALL]
    ended = run(load_recipe("pii_tagger", changes), root=tmp_path / "runs")
    assert [one.stage for one in ended.folder.finished()] == list(STAGES)
    evidence = read_value(ended.folder.measured("evidence"), Evidence)
    assert not evidence.writes and evidence.answers > 0
    looked = read_value(ended.folder.measured("preflight"), EncoderPreflight)
    (counts,) = next(one.counts for one in ended.folder.finished() if one.stage == "preflight")
    assert looked.windowed == counts.changed["read in several windows"] > 0
    assert (ended.folder.path / "preflight.html").read_text(encoding="utf-8").count(
        'class="row"'
    ) == SHOWN_ROWS
    verdict = read_value(ended.folder.measured("gate"), Verdict)
    assert {one.name for one in verdict.checks} == {"better than base", "answers", "leaks", "poison"}
    assert ended.released == verdict.yes
    if ended.release is not None:
        manifest = json.loads((ended.release / "manifest.json").read_text(encoding="utf-8"))
        assert (manifest["task"], manifest["prompt_hash"]) == ("pii_tagger", "")
