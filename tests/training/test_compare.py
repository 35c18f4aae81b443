from pathlib import Path

import pytest

from tests.training.report_samples import bare_report, full_report, identity, recipe, span
from training.compare import compare, comparison_page, comparison_text
from training.errors import RunError
from training.gate import Verdict
from training.report import ReportData
from training.rows import write_value
from training.run_folder import RunFolder


def with_score(name: str, value: float) -> ReportData:
    data = full_report()
    scores = tuple(
        one.model_copy(update={"interval": span(value, 1.0)})
        if (one.arm, one.metric) == ("tuned", "perplexity")
        else one
        for one in data.scores
    )
    return data.model_copy(update={"name": name, "scores": scores})


def test_runs_stand_side_by_side_with_intervals() -> None:
    text = comparison_text(compare([with_score("first", 18.4), with_score("second", 17.2)]))
    row = next(line for line in text.splitlines() if line.startswith("perplexity, lower is better"))
    assert row.index("18.4 [17.4 to 19.4]") < row.index("17.2 [16.2 to 18.2]")
    assert text.startswith("2 of 2 runs passed the gate. Best by perplexity (lower is better) is second")


def test_the_best_run_is_sought_among_those_that_passed() -> None:
    refused = with_score("refused", 9.0).model_copy(
        update={"verdict": Verdict(yes=False, kind="no", reasons=(), checks=())}
    )
    text = comparison_text(compare([refused, with_score("first", 18.4)]))
    assert text.startswith("1 of 2 runs passed the gate: first.")


def test_no_run_that_passed_is_said() -> None:
    assert comparison_text(compare([bare_report()])).startswith("None of 1 run passed the gate.")


def test_the_table_holds_what_management_asks_for() -> None:
    text = comparison_text(compare([full_report(), bare_report()]))
    for head, value in {
        "verdict": "release",
        "training time": "20 min",
        "training tokens": "600,000",
        "training cost": "USD 0.0328 [assumed: 0.10 an hour]",
        "hardware": "2 CPU cores AVX512-BF16 [bf16]",
        "cost of 1,000 answers": "USD 0.11 [each 3.6 s, 150 tokens]",
        "sources and licences": "datasets:questions/train.jsonl (none stated)",
        "rows trained on": "2,500 [validation 300; test 300]",
        "rows set aside": "400 [11.4 % of 3,500]",
        "scrubber policy": "5f5f5f5f5f5f",
        "rows set aside by the scrubber": "8 [0.2 % of 3,460]",
        "largest exposure of a canary": "2.1 bits [limit 6; 0 extracted]",
    }.items():
        row = next(line for line in text.splitlines() if line.startswith(f"{head}  "))
        assert value in row
    assert text.count("not measured") > 15


def test_failed_checks_are_named() -> None:
    said = full_report().verdict
    assert said
    failed = said.checks[2].model_copy(update={"passed": False})
    no = full_report().model_copy(
        update={"verdict": Verdict(yes=False, kind="no", reasons=(), checks=(*said.checks[:2], failed))}
    )
    assert "no release [failed: canaries]" in comparison_text(compare([no]))


def test_columns_are_aligned() -> None:
    text = comparison_text(compare([full_report(), bare_report("other")]))
    rows = text[text.index("Result") :].split("\n\n")[0].splitlines()[1:]
    place = rows[0].index("other")
    assert all(row[place - 1] == " " and row[place] != " " for row in rows)


def test_runs_of_different_test_rows_are_not_ranked_and_said_to_differ() -> None:
    other = with_score("second", 12.0).model_copy(update={"identity": identity("11" * 32)})
    comparison = compare([with_score("first", 18.4), other])
    assert any("different test rows" in one for one in comparison.warnings)
    assert "Best" not in comparison_text(comparison)
    assert "! The runs were measured on different test rows" in comparison_text(comparison)


def test_other_differences_that_matter_are_said() -> None:
    data = full_report()
    fit = data.fit
    assert fit
    other = data.model_copy(
        update={
            "name": "other",
            "task": "faq_support",
            "identity": data.identity.model_copy(update={"policy_hash": "0" * 64}),
            "fit": fit.model_copy(update={"hardware": "L4"}),
        }
    )
    said = " ".join(compare([data, other]).warnings)
    for word in ("different jobs: counseling, faq_support", "different policies", "different hardware"):
        assert word in said
    assert compare([data, with_score("again", 18.0)]).warnings == ()


def test_runs_of_one_recipe_are_told_apart() -> None:
    names = compare([full_report(), full_report(), bare_report()]).runs
    assert len(set(names)) == 3
    assert names[2] == "bare"


def test_a_run_folder_is_read(tmp_path: Path) -> None:
    folder = RunFolder.of(recipe(), tmp_path)
    write_value(folder.measured("report"), full_report())
    assert compare([folder]).data == (full_report(),)


def test_a_run_without_a_report_is_named(tmp_path: Path) -> None:
    folder = RunFolder.of(recipe(), tmp_path)
    with pytest.raises(RunError, match=r"counselchat-\w+ has no report yet"):
        compare([folder])


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(RunError, match="name at least one run folder"):
        compare([])


def test_the_page_shows_every_run_and_escapes_names() -> None:
    page = comparison_page(compare([full_report(), bare_report("<b>x</b>")]))
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>x</b>" not in page
    assert page.count('<th scope="col">counselchat</th>') == 4
    assert "<script" not in page
    assert "2 runs compared" in page


def test_the_page_shows_warnings() -> None:
    other = full_report().model_copy(update={"identity": identity("11" * 32)})
    assert "Read with care" in comparison_page(compare([full_report(), other]))
    assert "Read with care" not in comparison_page(compare([full_report()]))
