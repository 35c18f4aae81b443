import numpy as np
import pytest
from pydantic import ValidationError

from tests.training.report_samples import bare_report, full_report, identity, span
from training.metrics import Metric, Scored, ratio
from training.report import PARTS, Difference, ReportData, Source
from training.report_values import arm_cost, arm_scores, differences, slice_scores, worst_rows
from training.rows import Example, Prediction

LOSS = Metric("loss", ratio, greater_is_better=False)
HITS = Metric("hits", ratio)


def scored(metric: Metric, values: list[float]) -> Scored:
    stats = np.array([[value, 1.0] for value in values])
    ids = tuple(f"r{at}" for at in range(len(values)))
    return Scored(metric, stats, ids, ids)


def test_a_full_report_has_measured_everything() -> None:
    assert full_report().not_measured() == ()


def test_a_bare_report_names_every_part_that_is_missing() -> None:
    assert bare_report().not_measured() == tuple(PARTS.values())


def test_a_single_missing_part_is_named() -> None:
    assert full_report().model_copy(update={"fairness": ()}).not_measured() == ("fairness",)


def test_a_report_survives_being_written_and_read() -> None:
    data = full_report()
    assert ReportData.model_validate_json(data.model_dump_json()) == data


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(ValidationError, match="mood"):
        ReportData.model_validate(bare_report().model_dump() | {"mood": "good"})


def test_no_repr_holds_the_words_of_a_row() -> None:
    assert "lying awake" not in repr(full_report())
    assert "q1" in repr(full_report())


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("/home/someone/data/rows.jsonl", "rows.jsonl"),
        ("path:/srv/models/base", "base"),
        ("hub:org/name@abc", "hub:org/name@abc"),
        ("datasets:set/train.jsonl", "datasets:set/train.jsonl"),
        ("pypi:pkg==1.0", "pypi:pkg==1.0"),
    ],
)
def test_a_local_source_keeps_no_folder_of_the_machine(source: str, kept: str) -> None:
    assert Source(source=source, licence="MIT", rows=1).source == kept
    assert type(identity()).model_validate(identity().model_dump() | {"base": source}).base == kept


@pytest.mark.parametrize(
    ("better", "value", "width", "said"),
    [
        ("higher", 1.0, 0.5, "better"),
        ("higher", -1.0, 0.5, "worse"),
        ("lower", -1.0, 0.5, "better"),
        ("lower", 1.0, 0.5, "worse"),
        ("higher", 1.0, 1.5, "no clear difference"),
        ("neither", 1.0, 0.5, "no clear difference"),
    ],
)
def test_a_difference_is_said_plainly(better: str, value: float, width: float, said: str) -> None:
    one = Difference.model_validate(
        {"against": "base", "metric": "m", "better": better, "interval": span(value, width)}
    )
    assert one.plainly == said


def test_arm_scores_keep_value_direction_and_rows() -> None:
    (one,) = arm_scores("base", [scored(LOSS, [1.0, 2.0, 6.0])], resamples=200, seed=0)
    assert (one.arm, one.metric, one.better, one.rows) == ("base", "loss", "lower", 3)
    assert one.interval.value == 3.0
    assert one.interval.low < 3.0 < one.interval.high


def test_differences_are_paired_and_taken_only_where_both_arms_have_the_metric() -> None:
    tuned = [scored(LOSS, [1.0, 2.0, 3.0]), scored(HITS, [1, 1, 0])]
    base = [scored(LOSS, [2.0, 3.0, 4.0])]
    (one,) = differences(tuned, {"base": base}, resamples=200, seed=0)
    assert (one.against, one.metric, one.plainly) == ("base", "loss", "better")
    assert [one.interval.value, one.interval.low, one.interval.high] == pytest.approx([-1.0] * 3)


def test_slices_without_rows_are_left_out() -> None:
    parts = {"some": [True, False, True], "none": [False, False, False]}
    (one,) = slice_scores("tuned", scored(HITS, [1, 0, 0]), parts=parts, resamples=100, seed=0)
    assert (one.part, one.rows, one.interval.value) == ("some", 2, 0.5)


def test_the_cost_of_an_answer_counts_machine_time_and_tokens() -> None:
    said = [Prediction(id=f"r{n}", arm="a", seconds=36.0, prompt_tokens=100, new_tokens=50) for n in range(3)]
    one = arm_cost("a", said, price_hour=1.0, price_in=10.0, price_out=20.0)
    assert (one.seconds, one.prompt_tokens, one.new_tokens) == (36.0, 100, 50)
    assert one.cost == pytest.approx(0.01 + 0.001 + 0.001)


def test_without_a_price_there_is_no_cost_which_is_not_free() -> None:
    said = [Prediction(id="r1", arm="a", seconds=36.0, prompt_tokens=100, new_tokens=50)]
    assert arm_cost("a", said).cost is None
    assert arm_cost("a", said, price_in=0.0, price_out=0.0).cost == 0.0


def test_an_arm_that_said_nothing_has_no_cost() -> None:
    with pytest.raises(ValueError, match="base: no prediction"):
        arm_cost("base", [])


@pytest.mark.parametrize(("metric", "worst"), [(LOSS, ["r2", "r1"]), (HITS, ["r0", "r1"])])
def test_the_worst_rows_come_first_by_the_metrics_own_direction(metric: Metric, worst: list[str]) -> None:
    examples = [Example(id=f"r{n}", inputs={"question": f"Q{n}"}, target=f"A{n}") for n in range(3)]
    said = {"tuned": [Prediction(id=f"r{n}", arm="tuned", text=f"T{n}") for n in range(3)]}
    rows = worst_rows(examples, said, tuned=scored(metric, [1.0, 2.0, 3.0]), count=2)
    assert [row.id for row in rows] == worst
    assert (rows[0].question, rows[0].answers["tuned"][0]) == (f"Q{worst[0][1]}", "T")


def test_a_job_without_a_question_shows_all_its_inputs() -> None:
    example = Example(id="r0", inputs={"record": "One.", "section": "Two."}, target="A")
    (row,) = worst_rows([example], {}, tuned=scored(HITS, [0.0]))
    assert row.question == "One.\n\nTwo."
