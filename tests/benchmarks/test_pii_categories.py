"""All 18 categories are asked for with values of their own, by both policies in the same texts."""

from __future__ import annotations

import pytest

from benchmarks.pii.categories import CATEGORIES, category_cases, finders, readme_table
from benchmarks.pii.held_out import labelled_slots, slot_cases
from benchmarks.pii.result import shown_share
from safety.policies import POLICIES


def test_the_categories_are_those_of_the_rule_in_its_order() -> None:
    assert "".join(one.letter for one in CATEGORIES) == "ABCDEFGHIJKLMNOPQR"
    assert all(bool(one.slots) != bool(one.identifier) for one in CATEGORIES)


def test_every_slot_that_both_policies_ask_for_is_in_one_category() -> None:
    slots = [slot for one in CATEGORIES for slot in one.slots]
    assert sorted(slots) == sorted({*slots}) == sorted(labelled_slots())


def test_every_type_of_safe_harbor_is_in_a_category_and_something_finds_it() -> None:
    types = {kind for one in CATEGORIES for kind in one.types}
    assert types == set(POLICIES["safe-harbor"])


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda one: one.letter)
def test_each_has_values_of_its_own_and_policies_share_the_texts(category: object) -> None:
    safe, wide = (category_cases(category, policy, least=30) for policy in ("safe-harbor", "wide"))  # type: ignore[arg-type]
    assert [case.text for case in safe] == [case.text for case in wide]
    for cases in (safe, wide):
        own = [
            case.text[span.start : span.end]
            for case in cases
            for span, kind in zip(case.spans, case.kinds or [None] * len(case.spans), strict=True)
            if kind is None or kind in category.slots  # type: ignore[attr-defined]
        ]
        assert len(own) >= 30
        assert len(set(own)) > 10


@pytest.mark.timeout(30)
def test_slots_that_a_policy_does_not_ask_for_end_with_what_there_is() -> None:
    cases = slot_cases(["year"], "safe-harbor", least=5)
    assert cases and not any("year" in case.kinds for case in cases)
    assert sum(case.kinds.count("year") for case in slot_cases(["year"], "wide", least=5)) >= 5


def test_a_kind_is_the_slot_that_its_value_came_from() -> None:
    (fax,) = (one for one in CATEGORIES if one.letter == "E")
    found = {
        (kind, span.type)
        for case in category_cases(fax, "wide", least=40)
        for span, kind in zip(case.spans, case.kinds, strict=True)
    }
    assert ("fax", "FAX_NUMBER") in found and ("phone", "PHONE_NUMBER") in found
    assert all(labelled_slots()[kind] == label for kind, label in found if kind in labelled_slots())


@pytest.mark.weights
def test_what_finds_a_category_is_what_the_recognizers_say() -> None:
    found = finders()
    assert all(found.values()), found
    assert "emails" in found["F"] and "emails" not in found["D"]
    assert "payloads" in found["P"] and "tagger" in found["A"]


def test_the_table_reads_as_markdown_and_a_share_short_of_one_never_as_one() -> None:
    values = {"ours, safe-harbor": {"value": 0.99996, "low": 0.98, "high": 1.0, "n": 1_234}}
    table = readme_table([{"letter": "F", "category": "e-mail", "found by": ["emails"], "values": values}])
    assert table.splitlines()[0] == "| 45 CFR 164.514(b)(2)(i) | found by | n | safe-harbor |"
    assert table.splitlines()[2] == "| (F) e-mail | emails | 1,234 | .999 [.980, 1] |"
    assert shown_share({"value": 0, "low": 0, "high": 0.0001}) == "0 [0, .000]"
