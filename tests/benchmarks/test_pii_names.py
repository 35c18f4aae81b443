"""Enough different names of enough origins, none of them trained on, and the gap between them."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

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


def test_each_name_stands_in_one_sentence_in_three_cases() -> None:
    cases = list(name_cases(24))
    assert len(cases) == 24 * 3 * len(origins(24))
    assert {case.form for case in cases} == set(CASES)
    for one in cases:
        (span,) = one.spans
        text = one.text[span.start : span.end]
        assert {"title": str(text), "lower": text.lower(), "caps": text.upper()}[one.form] == text
    for title, lower, caps in zip(cases[::3], cases[1::3], cases[2::3], strict=True):
        assert title.group == lower.group == caps.group
        assert title.text.casefold() == lower.text.casefold() == caps.text.casefold()
    assert (
        len({one.text.replace(one.text[one.spans[0].start : one.spans[0].end], "") for one in cases[::3]})
        >= len(CARRIERS) // 2
    )


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
    found = gap(hits, paired=False)
    assert 0.06 < found.low < found.value < found.high < 0.12


def test_a_gap_of_paired_cases_is_narrower() -> None:
    draw = np.random.default_rng(1)
    common = (draw.random(1_000) < 0.7).astype(float)
    other = np.where(draw.random(1_000) < 0.02, 0.0, common)
    paired, apart = gap({"a": common, "b": other}, paired=True), gap({"a": common, "b": other}, paired=False)
    assert paired.high - paired.low < (apart.high - apart.low) / 2


def test_no_miss_at_all_still_has_an_upper_end() -> None:
    found = gap({"a": np.ones(2_000), "b": np.ones(2_000)}, paired=False)
    assert found.value == 0
    assert 0.001 < found.high < 0.003


def test_too_few_names_are_said() -> None:
    with pytest.raises(ValueError, match="different names"):
        origins(100_000)
