"""A run that is stopped goes on where it was, and measures anew what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from benchmarks.kept import Kept, OutOfTime
from benchmarks.pii.cases import Span
from benchmarks.pii.systems import SYSTEMS, Found, System, find_all


def chunks(kept: Kept, asked: list[int], *, key: str = "k", number: int = 4) -> Iterator[int]:
    def run(missing: Sequence[int]) -> Iterator[int]:
        for at in missing:
            asked.append(at)
            yield 10 * at

    return kept.chunks([key], number, run, title="numbers")


def test_what_is_kept_is_not_run_again_and_another_key_is(tmp_path: Path) -> None:
    asked: list[int] = []
    assert list(chunks(Kept(tmp_path), asked)) == [0, 10, 20, 30]
    assert list(chunks(Kept(tmp_path), asked)) == [0, 10, 20, 30]
    assert asked == [0, 1, 2, 3]
    assert list(chunks(Kept(tmp_path), asked, key="other")) == [0, 10, 20, 30]
    assert len(asked) == 8


def test_a_run_out_of_time_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    asked: list[int] = []
    stopped = chunks(Kept(tmp_path), asked)
    assert [next(stopped), next(stopped)] == [0, 10]
    stopped.close()  # type: ignore[attr-defined]
    with pytest.raises(OutOfTime, match="numbers: 2 of 4"):
        list(chunks(Kept(tmp_path, seconds=-1), asked))
    assert asked == [0, 1]
    assert list(chunks(Kept(tmp_path), asked)) == [0, 10, 20, 30]
    assert asked == [0, 1, 2, 3]


def test_a_line_that_was_cut_off_is_run_again(tmp_path: Path) -> None:
    asked: list[int] = []
    list(chunks(Kept(tmp_path), asked))
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-2])
    assert list(chunks(Kept(tmp_path), asked)) == [0, 10, 20, 30]
    assert asked == [0, 1, 2, 3, 3]
    assert list(chunks(Kept(tmp_path), [])) == [0, 10, 20, 30]


def test_a_section_is_not_begun_when_the_time_is_over(tmp_path: Path) -> None:
    ran: list[str] = []
    with pytest.raises(OutOfTime):
        Kept(tmp_path, seconds=-1).once(["s"], lambda: ran.append("x"), title="s")
    assert ran == []
    assert Kept(tmp_path).once(["s"], lambda: [1, "a"], title="s") == [1, "a"]
    assert Kept(tmp_path).once(["s"], lambda: [2, "b"], title="s") == [1, "a"]


def test_findings_come_back_without_the_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def find(text: str) -> list[Span]:
        read.append(text)
        if text == "closed":
            raise RuntimeError(text)
        return [Span(0, len(text), "PERSON")]

    monkeypatch.setitem(SYSTEMS, "a system", lambda: System("a system", find, "1"))
    texts = [f"somebody {number}" for number in range(130)] + ["closed"]
    first = find_all("a system", texts, kept=Kept(tmp_path))
    assert first[1] == Found((Span(0, 10, "PERSON"),)) and first[-1] == Found((), failed="RuntimeError")
    assert find_all("a system", texts, kept=Kept(tmp_path)) == first == find_all("a system", texts)
    assert len(read) == 2 * len(texts)
    assert "somebody" not in "".join(file.read_text("utf-8") for file in tmp_path.iterdir())
