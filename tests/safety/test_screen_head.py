"""The screen's head: what its file must be, how shares become a category, and that the screen asks it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from safety.errors import ScreenWeightsError
from safety.ngrams import BITS
from safety.screen import Screener
from safety.screen_head import CONFIG, WEIGHTS, ScreenHead, grams_of
from training.written.screen_rows import CATEGORY_OF_LABEL, screen_rows
from weights.defaults import EMBEDDER


def head(**changes: object) -> ScreenHead:
    given: dict[str, object] = {
        "dense": np.array([[8.0, 0.0], [0.0, 8.0]], dtype=np.float32),
        "grams": np.zeros((1 << BITS, 2), dtype=np.int8), "scale": np.ones(2, dtype=np.float32),
        "bias": np.full(2, -2.0, dtype=np.float32), "categories": ("harmful_request", "injection"),
        "whole": (0.5, 0.5), "part": (0.9, 0.999),
    }  # fmt: skip
    return ScreenHead(**(given | changes))  # type: ignore[arg-type]


def asked(vectors: list[list[float]]) -> tuple[list[str], np.ndarray]:
    return ["some words here"] * len(vectors), np.array(vectors)


def test_shares_are_those_of_a_softmax_with_neither() -> None:
    (row,) = head().shares(*asked([[1.0, 0.0]]))
    odds = np.exp([6.0, -2.0, 0.0])
    assert row == pytest.approx((odds / odds.sum())[:2], rel=1e-4)


def test_words_move_the_odds_by_their_weights() -> None:
    found = grams_of(["zork the blarg"])
    grams = np.zeros((1 << BITS, 2), dtype=np.int8)
    grams[found.columns, 1] = 100
    (zork,) = head(grams=grams).shares(["zork the blarg"], np.zeros((1, 2)))
    (other,) = head(grams=grams).shares(["pippin vum"], np.zeros((1, 2)))
    assert zork[1] > 0.99 > 0.2 > other[1]
    assert head().shares([""], np.zeros((1, 2))).shape == (1, 2)  # without a word there is no n-gram


@pytest.mark.parametrize(
    ("vectors", "category"),
    [
        ([[0.0, 0.0]], ""), ([[1.0, 0.0]], "harmful_request"), ([[0.0, 1.0]], "injection"),
        # A sentence needs more than the whole, and each category has its own limit.
        ([[0.0, 0.0], [1.0, 0.0]], "harmful_request"), ([[0.0, 0.0], [0.0, 1.0]], ""),
        ([[0.0, 0.0], [0.0, 0.0], [0.0, 2.0]], "injection"),
    ],
)  # fmt: skip
def test_a_message_counts_from_its_limits_on(vectors: list[list[float]], category: str) -> None:
    assert head().category(*asked(vectors)) == category


def test_what_is_saved_is_loaded_and_what_is_damaged_is_refused(tmp_path: Path) -> None:
    head(encoder="toy").save(tmp_path, fitted="by hand", rows_sha256="0" * 64)
    again = ScreenHead.load(tmp_path)
    assert again.encoder == "toy" and again.category(*asked([[0.0, 1.0]])) == "injection"
    for name, content in ((WEIGHTS, b"x"), (CONFIG, b"{}")):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ScreenWeightsError, match="fit_screen"):
            ScreenHead.load(tmp_path)
        (tmp_path / name).write_bytes(whole)
    with pytest.raises(ScreenWeightsError):
        ScreenHead.load(tmp_path / "gone")


def test_the_screen_asks_the_head_of_its_encoder_and_of_no_other() -> None:
    shipped = ScreenHead.load()
    harmful = shipped._dense[0] / np.linalg.norm(shipped._dense[0])

    def embed(texts: list[str]) -> np.ndarray:
        return np.stack([4 * harmful if "zork" in text else -4 * harmful for text in texts])

    screener = Screener(embed, encoder=shipped.encoder)
    assert "encoder-head" in screener.detectors
    assert screener.screen("zork the blarg").category == "harmful_request"
    assert screener.screen("the blarg").action == "allow"
    assert "encoder-head" not in Screener(embed, encoder="another").detectors


def test_the_shipped_head_is_of_the_default_encoder() -> None:
    shipped = ScreenHead.load()
    assert shipped.encoder == EMBEDDER
    assert shipped.categories == ("harmful_request", "injection")
    assert all(0.3 <= limit <= 1.0 for limit in (*shipped.whole, *shipped.part))


def test_written_rows_are_by_several_authors_each_with_look_alikes() -> None:
    rows = list(screen_rows())
    assert len({row.id for row in rows}) == len(rows)
    assert len({" ".join(row.text.lower().split()) for row in rows}) == len(rows)
    authors = {row.author for row in rows}
    assert len(authors) >= 4
    for author in authors:
        own = [row.label for row in rows if row.author == author]
        assert all(own.count(label) >= 20 for label in CATEGORY_OF_LABEL)
        assert own.count("none") >= 250
