"""safety/tagging.py: windows that leave nothing out, and spans from probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from safety.tagging import Marked, cut, decode, kinds_of, traces

LABELS = ("O", "B-name", "I-name", "B-town", "I-town")


@dataclass(frozen=True)
class Text:
    """Tokens, each two characters long with a space behind; `word_ids` says which belong together."""

    word_ids: list[int | None]

    @property
    def ids(self) -> list[int]:
        return list(range(100, 100 + len(self.word_ids)))

    @property
    def offsets(self) -> list[tuple[int, int]]:
        return [(3 * at, 3 * at + 2) for at in range(len(self.word_ids))]


def words(count: int) -> Text:
    return Text(list(range(count)))


def spans(
    text: Text,
    shares: list[list[float]],
    *,
    outside_below: tuple[float, ...] = (),
    unwanted: tuple[str, ...] = (),
) -> list[Marked]:
    """Decode a text of one window whose tokens have these shares."""
    whole = cut(text, limit=100, begin=1, end=2)
    edge = [0.0] * len(LABELS)
    window = np.asarray([edge, *shares, edge], dtype=np.float32)
    return decode(whole, [window], LABELS, outside_below=outside_below, unwanted=unwanted)


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 11, 12, 40])
def test_windows_hold_every_token_and_share_a_quarter(count: int) -> None:
    text = words(count)
    found = cut(text, limit=10, begin=1, end=2)
    assert {token for one in found for token in one.tokens[1:-1]} == set(text.ids)
    for one in found:
        assert (one.tokens[0], one.tokens[-1], len(one.tokens) <= 10) == (1, 2, True)
        assert list(one.tokens[1:-1]) == text.ids[one.first : one.first + len(one.tokens) - 2]
    assert [one.first for one in found] == [6 * n for n in range(len(found))]
    assert len(found) == 1 or found[-2].first + 8 < count


def test_a_window_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        cut(words(4), limit=2, begin=1, end=2)


def test_a_word_is_in_a_span_when_its_likeliest_kind_has_more_than_outside() -> None:
    found = spans(words(3), [[0.5, 0.3, 0.1, 0.1, 0.0], [0.4, 0.3, 0.2, 0.1, 0.0], [0.9, 0.1, 0, 0, 0]])
    assert found == [Marked(3, 5, "name", pytest.approx(0.4))]


def test_a_share_above_one_half_finds_what_is_likelier_outside() -> None:
    shares = [[0.65, 0.2, 0.1, 0.05, 0.0], [0.65, 0.0, 0.1, 0.15, 0.1], [0.9, 0.1, 0, 0, 0]]
    assert spans(words(3), shares) == []
    found = spans(words(3), shares, outside_below=(0.7, 0.6))
    assert [(one.start, one.label) for one in found] == [(0, "name")]


def test_neighbours_of_one_kind_are_one_span_unless_the_second_begins_anew() -> None:
    begins, goes_on = [0.0, 1.0, 0, 0, 0], [0.0, 0.0, 1.0, 0, 0]
    joined = spans(words(3), [begins, goes_on, begins])
    assert [(one.start, one.end) for one in joined] == [(0, 5), (6, 8)]
    assert [one.label for one in spans(words(2), [goes_on, [0, 0, 0, 0, 1.0]])] == ["name", "town"]


def test_kinds_that_nobody_asks_for_count_as_outside() -> None:
    torn = [0.1, 0.4, 0.0, 0.5, 0.0]
    assert [one.label for one in spans(words(1), [torn])] == ["town"]
    assert spans(words(1), [torn], unwanted=("town",)) == []
    (found,) = spans(words(1), [torn], outside_below=(0.7, 0.7), unwanted=("town",))
    assert (found.label, found.outside) == ("name", pytest.approx(0.6))
    assert spans(words(1), [torn], outside_below=(0.7, 0.7), unwanted=("town", "name")) == []


def test_the_tokens_of_a_word_decide_together() -> None:
    name, outside = [0.1, 0.9, 0, 0, 0], [0.9, 0.1, 0, 0, 0]
    assert [(one.start, one.end) for one in spans(Text([0, 0, 0]), [name, outside, name])] == [(0, 8)]
    assert spans(Text([0, 0, 0]), [name, outside, outside]) == []


@pytest.mark.parametrize(
    "labels", [("B-x", "I-x"), ("O", "B-x"), ("O", "I-x", "B-x"), ("O", "B-x", "I-y"), ("O", "B-", "I-"), ()]
)
def test_labels_of_another_form_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="labels"):
        kinds_of(labels)


def test_traces_are_words_with_a_little_of_one_kind() -> None:
    text = Text([0, 1, 1, 2])
    shares = [[0.9, 0.06, 0.04, 0, 0], [0.99, 0.01, 0, 0, 0], [0.95, 0, 0.05, 0, 0], [0.2, 0, 0, 0.8, 0]]
    edge = [0.0] * len(LABELS)
    window = np.asarray([edge, *shares, edge], dtype=np.float32)
    whole = cut(text, limit=100, begin=1, end=2)
    some = [
        (one.start, one.end, one.label, round(1 - one.outside, 3))
        for one in traces(whole, [window], LABELS, kind="name", least=0.02)
    ]
    assert some == [(0, 2, "name", 0.1), (3, 8, "name", 0.03)]
    assert traces(whole, [window], LABELS, kind="river", least=0.02) == []
    assert traces(cut(words(0), limit=9, begin=1, end=2), [window[:2]], LABELS, kind="name", least=0) == []
