"""Enough different names of enough origins, none of them trained on, and the gap between them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from benchmarks.pii.cases import Case
from benchmarks.pii.names import CARRIERS, CASES, LEAST, gap, name_cases, origins
from training.generated.halves import half


@pytest.mark.slow
def test_every_origin_has_its_names_and_there_are_at_least_eight() -> None:
    found = origins(LEAST)
    assert len(found) >= 8
    for origin, names in found.items():
        assert len(set(names)) == len(names) == LEAST, origin


@pytest.mark.slow
def test_neither_given_nor_family_name_is_of_the_training_half() -> None:
    for origin, names in origins(200).items():
        for name in names:
            # Where the one ends and the other begins is not written: at one blank both are held out.
            words = name.split(" ")
            cuts = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
            held = [(given, family) for given, family in cuts if half(given) == half(family) == "test"]
            assert held, (origin, name)


def test_each_name_stands_once_and_each_sentence_in_every_case_as_often() -> None:
    cases = list(name_cases(36))
    assert len(cases) == 36 * len(origins(36))
    met = Counter(
        (one.slice, one.form, one.text.casefold().replace(_name(one).casefold(), "")) for one in cases
    )
    assert len(met) == len(origins(36)) * len(CASES) * len(CARRIERS)
    assert set(met.values()) == {1}
    for one in cases:
        text = _name(one)
        assert {"title": str(text), "lower": text.lower(), "caps": text.upper()}[one.form] == text


def _name(case: Case) -> str:
    (span,) = case.spans
    return case.text[span.start : span.end]


def test_the_same_seed_gives_the_same_cases_in_every_process() -> None:
    code = "from benchmarks.pii.names import name_cases; print([case.text for case in name_cases(3, seed=0)])"
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, check=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1


def test_a_gap_is_found_with_its_interval() -> None:
    draw = np.random.default_rng(0)
    hits = {
        "one": (draw.random(2_000) < 0.99).astype(float),
        "two": (draw.random(2_000) < 0.90).astype(float),
    }
    found = gap(hits)
    assert 0.06 < found.low < found.value < found.high < 0.12


def test_no_miss_at_all_still_has_an_upper_end() -> None:
    found = gap({"a": np.ones(2_000), "b": np.ones(2_000)})
    assert found.value == 0
    assert 0.001 < found.high < 0.003


def test_too_few_names_are_said() -> None:
    with pytest.raises(ValueError, match="different names"):
        origins(100_000)
