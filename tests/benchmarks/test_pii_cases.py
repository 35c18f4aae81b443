"""Offsets stay exact under every corruption, and what is scored is what was asked for."""

from __future__ import annotations

import random
import unicodedata

import numpy as np
import pytest

from benchmarks.pii.cases import Case, Span, put
from benchmarks.pii.corruptions import DASHES, FORMS, ZERO_WIDTH, corrupt
from benchmarks.pii.estimates import quantile, resampled, share
from benchmarks.pii.held_out import template_cases, unknown_labels
from benchmarks.pii.identifiers import identifiers
from benchmarks.pii.public import PiiRow, SpanRow, case
from benchmarks.pii.result import GOALS, QUERIES, Goal, Line, Skipped, figures, markdown
from benchmarks.pii.scores import COLUMNS, METRICS, counts, metrics, score
from benchmarks.pii.systems import SAFE_HARBOR, WIDE
from benchmarks.pii.terms import own_lists, term_cases, untouched


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def values(case: Case) -> list[str]:
    return [letters(case.text[span.start : span.end]) for span in case.spans]


def test_every_corruption_keeps_the_letters_and_digits_of_every_span() -> None:
    cases = list(identifiers(350))
    for at in range(0, len(cases), 6):
        clean = values(cases[at])
        for spoiled in cases[at + 1 : at + 6]:
            assert values(spoiled) == clean, (spoiled.slice, spoiled.form)
            assert letters(spoiled.text) == letters(cases[at].text)


def test_a_letter_that_grows_in_capitals_moves_what_comes_after_it() -> None:
    clean = put("straße, call {v} now", "212-555-0101", type="phone", group="g", slice="s")
    caps = corrupt(clean, "caps", random=random.Random(0))
    assert caps.text == "STRASSE, CALL 212-555-0101 NOW"
    assert caps.text[caps.spans[0].start : caps.spans[0].end] == "212-555-0101"


@pytest.mark.parametrize("form", FORMS)
def test_each_corruption_changes_the_text(form: str) -> None:
    clean = put("My social is {v} ok", "219-09-9999", type="ssn", group="g", slice="s")
    assert corrupt(clean, form, random=random.Random(1)).text != clean.text


def test_dashes_and_zero_width_characters_stand_inside_the_value() -> None:
    clean = put("a - b {v} c", "219-09-9999", type="ssn", group="g", slice="s")
    dashed = corrupt(clean, "dashes", random=random.Random(2))
    inside = dashed.text[dashed.spans[0].start : dashed.spans[0].end]
    assert "-" not in inside
    assert sum(character in DASHES for character in inside) == 2
    assert dashed.text.startswith("a - b ")
    hidden = corrupt(clean, "zero-width", random=random.Random(2))
    assert any(
        character in ZERO_WIDTH for character in hidden.text[hidden.spans[0].start : hidden.spans[0].end]
    )


def test_a_break_stands_at_a_separator_where_there_is_one() -> None:
    clean = put("at {v}", "742 Alder St", type="address", group="g", slice="s")
    for seed in range(20):
        words = corrupt(clean, "broken", random=random.Random(seed)).text.split()
        assert words == ["at", "742", "Alder", "St"]


def test_no_line_ends_inside_a_short_value() -> None:
    clean = put("she is {v} now", "93", type="age", group="g", slice="s")
    assert corrupt(clean, "broken", random=random.Random(0)).text == clean.text


def test_marks_divide_a_value_into_what_is_asked_and_what_is_optional() -> None:
    found = put("born {v}.", "[[03/14]]/1987", type="date", group="g", slice="s")
    assert found.text == "born 03/14/1987."
    assert [found.text[one.start : one.end] for one in found.spans] == ["03/14"]
    assert [found.text[one.start : one.end] for one in found.optional] == ["/1987"]


def test_a_case_shows_nothing_of_its_text() -> None:
    assert "987654" not in repr(put("mrn {v}", "987654", type="t", group="g", slice="s"))


def scored(found: list[Span]) -> dict[str, float]:
    #     0123456789012345678901234
    one = Case(
        "I am Ann Lee, born 5/6/70",
        (Span(5, 12, "n"), Span(19, 22, "d")),
        "g",
        "s",
        optional=(Span(23, 25, "d"),),
    )
    return dict(zip(COLUMNS, counts(one, found), strict=True))


def test_counts_by_hand() -> None:
    everything = {
        "hit": 8,
        "missed": 0,
        "extra": 0,
        "whole spans": 2,
        "spans": 2,
        "clean documents": 1,
        "documents": 1,
    }
    assert scored([Span(5, 12, "x"), Span(19, 22, "x")]) == everything
    assert scored([Span(5, 12, "x"), Span(19, 25, "x")]) == everything  # the year is free
    assert scored([Span(5, 8, "x"), Span(9, 12, "x"), Span(19, 22, "x")]) == everything  # so is a blank
    assert scored([]) == {**everything, "hit": 0, "missed": 8, "whole spans": 0, "clean documents": 0}
    cut = scored([Span(2, 11, "x"), Span(19, 22, "x")])
    assert cut == {**everything, "hit": 7, "missed": 1, "extra": 2, "whole spans": 1, "clean documents": 0}


def test_metrics_by_hand() -> None:
    sums = np.array([8.0, 2.0, 2.0, 3.0, 4.0, 1.0, 2.0])
    by_name = dict(zip(METRICS, metrics(sums), strict=True))
    assert by_name == pytest.approx(
        {
            "character recall": 0.8,
            "precision": 0.8,
            "F2": 0.8,
            "span recall": 0.75,
            "documents without a leak": 0.5,
        }
    )
    assert metrics(np.array([1.0, 0, 3, 1, 1, 1, 1]))[2] == pytest.approx(5 * 0.25 / (4 * 0.25 + 1))
    assert list(metrics(np.zeros(7))) == [1.0] * 5


def test_intervals_hold_their_value_and_draw_whole_groups() -> None:
    rows = np.stack([counts(Case("ab", (Span(0, 2, "t"),), "g", "s"), [Span(0, hit, "t")] if hit else [])
                     for hit in [0, 2] * 50])  # fmt: skip
    alike = [Case("ab", (Span(0, 2, "t"),), "one", "s")] * 100
    apart = [Case("ab", (Span(0, 2, "t"),), str(at), "s") for at in range(100)]
    one, many = score(alike, rows)["character recall"], score(apart, rows)["character recall"]
    assert (one.low, one.value, one.high) == (0.5, 0.5, 0.5)  # one group is always drawn as it is
    assert 0.38 < many.low < 0.45 < many.value < 0.55 < many.high < 0.62
    assert many.n == 100


def test_bootstrap_in_blocks_gives_as_many_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, groups = np.array([[float(at % 2)] for at in range(40)]), [str(at) for at in range(40)]
    whole = resampled(rows, groups, lambda sums: sums / 40)
    monkeypatch.setattr("benchmarks.pii.estimates._AT_ONCE", 400)
    blocks = resampled(rows, groups, lambda sums: sums / 40)
    assert whole[0].value == blocks[0].value == 0.5
    assert whole[0].low == pytest.approx(blocks[0].low, abs=0.05)


def test_wilson_interval_of_a_known_share() -> None:
    found = share(20_000, 20_000)
    assert found.value == 1.0
    assert found.low == pytest.approx(0.999808, abs=1e-6)
    assert share(5, 10).low == pytest.approx(0.2366, abs=1e-4)
    with pytest.raises(ValueError, match="0 cases"):
        share(0, 0)
    assert quantile([1.0, 2.0, 3.0], 0.5).value == 2.0


def test_a_term_is_touched_by_one_letter_and_not_by_a_blank() -> None:
    one = Case("take Humira now", (Span(5, 11, "TERM"),), "g", "s")
    assert untouched(one, [Span(0, 5, "x"), Span(11, 15, "x")])
    assert not untouched(one, [Span(10, 15, "x")])


def test_lists_of_terms_are_long_enough_and_their_cases_exact() -> None:
    lists = own_lists()
    assert len(lists["drugs"]) >= 300
    assert len(lists["eponyms"]) >= 60
    assert len(lists["scales"]) >= 40
    for one in term_cases("drugs", lists["drugs"][:50]):
        (span,) = one.spans
        assert one.text[span.start : span.end].lower() in lists["drugs"]


def test_what_a_policy_asks_of_the_public_set() -> None:
    text = "Mr Kim, born 1980-03-05, of Ohio 44101, f"
    spans = [
        SpanRow(type="TITLE", start=0, end=2), SpanRow(type="LASTNAME1", start=3, end=6),
        SpanRow(type="BOD", start=13, end=23), SpanRow(type="STATE", start=28, end=32),
        SpanRow(type="POSTCODE", start=33, end=38), SpanRow(type="SEX", start=40, end=41),
    ]  # fmt: skip
    row = PiiRow(id="x_1A", text=text, spans=spans)
    wide, safe = case(row, "wide"), case(row, "safe-harbor")
    assert [text[one.start : one.end] for one in wide.spans] == ["Mr", "Kim", "1980-03-05", "Ohio", "44101"]
    assert [text[one.start : one.end] for one in safe.spans] == ["Kim", "-03-05", "01"]
    assert [text[one.start : one.end] for one in safe.optional] == ["1980", "441", "f"]
    assert wide.group == "x_1"


def test_templates_that_were_held_out_fill_as_each_policy_asks() -> None:
    wide, safe = template_cases("wide", number=120), template_cases("safe-harbor", number=120)
    assert isinstance(wide, list)
    assert isinstance(safe, list)
    assert [one.text for one in wide] == [one.text for one in safe]
    assert sum(len(one.spans) for one in wide) > sum(len(one.spans) for one in safe) > 100
    assert not {one.type for case in safe for one in case.spans} & {"YEAR", "STATE", "COUNTRY", "AGE"}
    assert unknown_labels() == set()
    assert QUERIES in {one.slice for one in wide}


def test_goals_are_held_against_the_end_of_the_interval_that_they_name() -> None:
    close = Goal("names", "all", "gap", SAFE_HARBOR, 0.02, at_least=False, of="high")
    assert close.met(share(1, 1_000))
    assert not close.met(share(1, 10))
    assert len({(goal.section, str(goal), goal.system) for goal in GOALS}) == len(GOALS)


def test_tables_show_figures_goals_and_what_was_not_measured() -> None:
    lines = [Line("terms", "all", "untouched", {WIDE: share(999, 1_000)})]
    lines.append(Line("terms", "drugs, caps", "untouched", {WIDE: share(9, 10)}, detail=True))
    written = markdown(lines, [Skipped("public", "a set", "it is not here")])
    assert "| all | untouched | 1,000 | 0.9990 [" in written
    assert "drugs, caps" not in written
    assert "Not measured: public, a set: it is not here." in written
    assert "| terms | all: untouched ≥ 0.995 | ours, wide |" in written
    assert figures(lines, [])["goals"] == [
        {"section": "terms", "goal": "all: untouched ≥ 0.995", "system": WIDE, "met": True}
    ]


def test_no_sentence_hides_an_invisible_character() -> None:
    for one in term_cases("scales", own_lists()["scales"]):
        assert not [letter for letter in one.text if unicodedata.category(letter) == "Cf"]
