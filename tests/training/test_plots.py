import re
from xml.etree import ElementTree

import pytest

from training import plots
from training.metrics import Interval

ONE = Interval(value=1.0, low=0.5, high=1.5)
DRAWN = {
    "bars": lambda title: plots.bars(title, {"a": 1.0, "b": 2.0}, unit="rows"),
    "histogram": lambda title: plots.histogram(title, [1.0, 2.0, 2.0], unit="words", mark=2.0),
    "lines": lambda title: plots.lines(title, {"a": [(0, 1), (1, 2)], "b": [(0, 2), (1, 1)]}, x="x", y="y"),
    "intervals": lambda title: plots.intervals(title, {"a": ONE}, unit="u", zero=True),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_a_picture_is_named_sound_and_the_same_each_time(kind: str) -> None:
    svg = DRAWN[kind]("Loss & <more>")
    assert 'role="img" aria-label="Loss &amp; &lt;more&gt;"' in svg
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert svg == DRAWN[kind]("Loss & <more>")


@pytest.mark.parametrize("kind", DRAWN)
def test_a_picture_takes_ink_and_colours_from_its_page(kind: str) -> None:
    svg = DRAWN[kind]("a")
    used = set(re.findall(r"(?:fill|stroke): ([^;\"]+)", svg))
    assert all(one in ("none", "currentColor") or one.startswith("var(--plot-") for one in used)
    assert "<style" not in svg
    assert "<metadata" not in svg


def test_two_pictures_of_one_page_share_no_name() -> None:
    names = [set(re.findall(r'id="([^"]+)"', DRAWN["lines"](title))) for title in ("a", "b")]
    assert names[0]
    assert not names[0] & names[1]


def test_every_reference_inside_a_picture_is_met() -> None:
    svg = DRAWN["lines"]("a")
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) <= set(re.findall(r'id="([^"]+)"', svg))


def test_lines_are_told_apart_without_colour() -> None:
    svg = DRAWN["lines"]("a")
    assert "stroke-dasharray" in svg


def test_a_wide_range_is_spaced_by_its_logarithm() -> None:
    series = {"one": [(1.0, 1.0), (10.0, 2.0), (1000.0, 3.0)]}
    plain, spaced = (plots.lines("wide", series, x="x", y="y", log_x=log_x) for log_x in (False, True))
    powers = [re.sub(r"\s*<.*?>\s*", "", text) for text in re.findall(r"<text>.*?</text>", spaced, re.DOTALL)]
    assert powers == ["100", "101", "102", "103"]  # ten and its raised exponent
    assert "<tspan" not in plain
