"""The frozen sentences of supporting talk are those that were frozen, and are counted by class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import support_talk
from benchmarks.support_talk import ChangedTalk, On, talk, talk_rows


def test_frozen_sentences_are_enough_and_half_of_them_are_fine() -> None:
    of = Counter(row.right for row in talk_rows(On.test))
    assert sum(of.values()) >= 120
    assert of["fine"] * 2 >= sum(of.values())
    assert min(of.values()) >= 12


def test_changed_frozen_sentence_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in support_talk.FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "test.jsonl").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    monkeypatch.setattr(support_talk, "FOLDER", tmp_path)
    with pytest.raises(ChangedTalk, match="put it back"):
        talk_rows(On.test)


def test_sets_have_no_sentence_in_common() -> None:
    one, other = ({row.text for row in talk_rows(on)} for on in On)
    assert not one & other


def test_every_forbidden_sentence_of_development_is_dropped_and_every_fine_one_shown() -> None:
    figures = talk(On.development)
    assert figures["all forbidden"]["dropped"]["rate"] == 1.0  # type: ignore[index, call-overload]
    assert figures["fine"]["dropped"]["rate"] == 0.0  # type: ignore[index, call-overload]
