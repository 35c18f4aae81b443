"""A torn checkpoint is never gone on from."""

from __future__ import annotations

from pathlib import Path

from training.trainers.causal_lm_checkpoints import MARKER, mark_complete, newest_complete, seconds_until


def _checkpoint(folder: Path, step: int, *, job: str = "a", complete: bool = True) -> Path:
    place = folder / f"checkpoint-{step}"
    place.mkdir(parents=True)
    (place / "weights.safetensors").write_bytes(b"x" * 100)
    if complete:
        mark_complete(place, job)
    return place


def test_the_newest_complete_one_is_taken(tmp_path: Path) -> None:
    for step in (9, 100, 20):
        _checkpoint(tmp_path, step)
    assert newest_complete(tmp_path, "a") == tmp_path / "checkpoint-100"


def test_one_without_a_marker_is_removed(tmp_path: Path) -> None:
    _checkpoint(tmp_path, 10)
    torn = _checkpoint(tmp_path, 20, complete=False)
    assert newest_complete(tmp_path, "a") == tmp_path / "checkpoint-10"
    assert not torn.exists()


def test_one_whose_file_is_shorter_than_its_marker_says_is_removed(tmp_path: Path) -> None:
    torn = _checkpoint(tmp_path, 20)
    (torn / "weights.safetensors").write_bytes(b"x" * 99)
    assert newest_complete(tmp_path, "a") is None


def test_a_half_written_marker_counts_for_nothing(tmp_path: Path) -> None:
    torn = _checkpoint(tmp_path, 20)
    (torn / MARKER).write_text('{"job": "a", "fi', encoding="utf-8")
    assert newest_complete(tmp_path, "a") is None


def test_checkpoints_of_another_job_are_no_help(tmp_path: Path) -> None:
    _checkpoint(tmp_path, 20, job="b")
    assert newest_complete(tmp_path, "a") is None


def test_no_folder_is_no_checkpoint(tmp_path: Path) -> None:
    assert newest_complete(tmp_path / "nothing", "a") is None


def test_it_knows_how_long_training_took_until_then(tmp_path: Path) -> None:
    place = _checkpoint(tmp_path, 10, complete=False)
    mark_complete(place, "a", seconds=61.5)
    assert seconds_until(place) == 61.5
