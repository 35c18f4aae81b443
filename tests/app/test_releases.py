"""The folder of releases: promotion and rollback, one at a time, whole or not at all."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.errors import ReleaseError, ReleaseRefused
from app.releases import (
    ACTIVE,
    Active,
    Broken,
    Registered,
    drop_candidate,
    folder_of,
    promote,
    read_active,
    releases,
    rollback,
    verify,
)
from tests.app.sealed import sealed

TASK = "counseling"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def three(tmp_path: Path) -> list[tuple[str, Path]]:
    """Three sealed releases: names and folders."""
    made = []
    for number in range(3):
        folder = tmp_path / f"run{number}"
        made.append((sealed(folder, weights=b"w%d" % number, created=f"2026-03-0{number + 1}").name, folder))
    return made


def whys(active: Active) -> list[tuple[str, str]]:
    return [(past.release, past.why) for past in active.history]


def test_nothing_is_served_before_the_first_promotion(models: Path) -> None:
    assert read_active(models, TASK) == Active()
    assert releases(models) == ()


def test_promoted_release_is_in_place_whole_and_active(models: Path, three: list[tuple[str, Path]]) -> None:
    (name, folder), *_ = three
    after = promote(models, folder)
    assert read_active(models, TASK) == after
    assert (after.active, after.candidate) == (name, "")
    assert verify(folder_of(models, TASK, name)).name == name
    [listed] = releases(models)
    assert isinstance(listed, Registered) and listed.state == "active"


def test_rollback_goes_back_one_by_one_and_at_last_to_none(
    models: Path, three: list[tuple[str, Path]]
) -> None:
    for _, folder in three:
        promote(models, folder)
    names = [name for name, _ in three]
    assert rollback(models, TASK).active == names[1]
    assert rollback(models, TASK).active == names[0]
    assert rollback(models, TASK).active == ""
    with pytest.raises(ReleaseError, match="nothing to go back from"):
        rollback(models, TASK)


def test_release_that_was_rolled_back_is_no_good_one(models: Path, three: list[tuple[str, Path]]) -> None:
    (a, first), (b, second), (_, third) = three
    for folder in (first, second):
        promote(models, folder)
    rollback(models, TASK)
    after = promote(models, third)
    assert after.earlier() == (a,)
    assert (b, "rolled_back") in whys(after)
    assert rollback(models, TASK).active == a


def test_rollback_takes_less_than_a_second(models: Path, three: list[tuple[str, Path]]) -> None:
    for _, folder in three[:2]:
        promote(models, folder)
    since = time.monotonic()
    rollback(models, TASK)
    assert time.monotonic() - since < 1


def test_rollback_passes_over_a_release_that_is_gone(models: Path, three: list[tuple[str, Path]]) -> None:
    for _, folder in three:
        promote(models, folder)
    (folder_of(models, TASK, three[1][0]) / "manifest.json").unlink()
    assert rollback(models, TASK).active == three[0][0]


def test_share_makes_a_candidate_beside_what_is_served(models: Path, three: list[tuple[str, Path]]) -> None:
    (a, first), (b, second), _ = three
    promote(models, first)
    after = promote(models, second, share=0.1)
    assert (after.active, after.candidate, after.share) == (a, b, 0.1)
    assert [(one.state, one.share) for one in releases(models) if isinstance(one, Registered)] == [
        ("active", 0.9), ("candidate", 0.1)
    ]  # fmt: skip
    wider = promote(models, second, share=0.5)
    assert (wider.candidate, wider.share, whys(wider)) == (b, 0.5, whys(after))
    whole = promote(models, second)
    assert (whole.active, whole.candidate, whole.share) == (b, "", 0.0)
    assert whole.earlier() == (a,)


def test_rollback_drops_the_candidate_first(models: Path, three: list[tuple[str, Path]]) -> None:
    (a, first), (b, second), _ = three
    promote(models, first)
    promote(models, second, share=0.1)
    after = rollback(models, TASK)
    assert (after.active, after.candidate, after.share) == (a, "", 0.0)
    assert whys(after)[-1] == (b, "candidate_dropped")


def test_candidate_that_failed_is_dropped_only_while_it_is_the_candidate(
    models: Path, three: list[tuple[str, Path]]
) -> None:
    (a, first), (b, second), (c, third) = three
    promote(models, first)
    promote(models, second, share=0.1)
    promote(models, third, share=0.1)
    assert drop_candidate(models, TASK, b).candidate == c
    after = drop_candidate(models, TASK, c)
    assert (after.active, after.candidate) == (a, "")
    assert whys(after)[-1] == (c, "candidate_failed")


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5, float("nan")])
def test_share_outside_its_range_changes_nothing(
    models: Path, three: list[tuple[str, Path]], share: float
) -> None:
    with pytest.raises(ReleaseError, match="share must be above 0"):
        promote(models, three[0][1], share=share)
    assert not models.exists()


def test_what_all_have_is_not_tried_by_a_share(models: Path, three: list[tuple[str, Path]]) -> None:
    promote(models, three[0][1])
    with pytest.raises(ReleaseError, match="served to all already"):
        promote(models, three[0][1], share=0.1)


def test_altered_release_is_not_promoted(models: Path, three: list[tuple[str, Path]]) -> None:
    (three[0][1] / "MODEL_CARD.md").write_text("other")
    with pytest.raises(ReleaseRefused, match=r"MODEL_CARD\.md"):
        promote(models, three[0][1])
    assert not models.exists()


def test_release_in_place_that_was_damaged_is_mended_by_promoting_it_again(
    models: Path, three: list[tuple[str, Path]]
) -> None:
    (name, folder), *_ = three
    promote(models, folder)
    (folder_of(models, TASK, name) / "adapter_model.safetensors").write_bytes(b"rot")
    after = promote(models, folder)
    assert verify(folder_of(models, TASK, name)).name == name
    assert whys(after) == [("", "replaced")]


def test_release_is_promoted_from_where_it_lies(models: Path, three: list[tuple[str, Path]]) -> None:
    for _, folder in three[:2]:
        promote(models, folder)
    assert promote(models, folder_of(models, TASK, three[0][0])).active == three[0][0]


def test_unreadable_record_is_said_and_written_anew_by_a_promotion(
    models: Path, three: list[tuple[str, Path]]
) -> None:
    promote(models, three[0][1])
    (models / TASK / ACTIVE).write_text("{")
    with pytest.raises(ReleaseError, match="cannot be read"):
        read_active(models, TASK)
    assert any(isinstance(one, Broken) and one.folder.name == ACTIVE for one in releases(models))
    assert promote(models, three[1][1]).active == three[1][0]


def test_folder_that_is_no_release_is_listed_as_broken(models: Path, three: list[tuple[str, Path]]) -> None:
    promote(models, three[0][1])
    (models / TASK / "leftover").mkdir()
    folder_of(models, TASK, three[0][0]).rename(models / TASK / "renamed")
    broken = {one.folder.name: one.reason for one in releases(models) if isinstance(one, Broken)}
    assert set(broken) == {"leftover", "renamed"}
    assert "renamed" in broken["renamed"] and three[0][0] in broken["renamed"]


def test_folder_that_nobody_may_write_to_is_a_clear_error(
    tmp_path: Path, three: list[tuple[str, Path]]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ReleaseError, match="CAREFOLD_MODELS_DIR"):
        promote(tmp_path / "file", three[0][1])


def test_many_at_once_come_one_after_the_other(models: Path, three: list[tuple[str, Path]]) -> None:
    threads = [threading.Thread(target=promote, args=(models, folder)) for _, folder in three * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    after = read_active(models, TASK)
    assert after.active in {name for name, _ in three}
    # Each promotion that changed something left what it replaced: nobody wrote over another's record.
    chain = [past.release for past in after.history] + [after.active]
    assert all(one != two for one, two in itertools.pairwise(chain))
    assert {name for name, _ in three} <= set(chain)


KILLED = '''
import os, shutil, sys
from pathlib import Path
from app import releases

def count_down(module, name, left):
    """Die just before the step that makes the count zero."""
    real = getattr(module, name)
    def counted(*arguments, **named):
        left[0] -= 1
        if left[0] == 0:
            os._exit(9)
        return real(*arguments, **named)
    setattr(module, name, counted)

models, old, new, undo = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "rollback"
results = []
for point in range(1, 60):
    place = models / str(point)
    releases.promote(place, old)
    if undo:
        releases.promote(place, new)
    child = os.fork()
    if child == 0:
        left = [point]
        for module, name in ((os, "fsync"), (os, "rename"), (os, "replace"), (shutil, "copyfile"), (shutil, "rmtree")):
            count_down(module, name, left)
        releases.rollback(place, "counseling") if undo else releases.promote(place, new)
        os._exit(0)
    results.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    if results[-1] == 0:
        break
print(results)
'''


@pytest.mark.slow
@pytest.mark.parametrize("command", ["promote", "rollback"])
def test_killed_at_any_step_it_has_happened_or_it_has_not(
    models: Path, three: list[tuple[str, Path]], command: str, repository: Path
) -> None:
    (a, first), (b, second), _ = three
    done = subprocess.run(
        [sys.executable, "-c", KILLED, models, first, second, command],
        capture_output=True, text=True, cwd=repository, check=True,
    )  # fmt: skip
    results = json.loads(done.stdout)
    assert len(results) >= (8 if command == "promote" else 2)
    assert results == [9] * (len(results) - 1) + [0]
    before, after = (a, b) if command == "promote" else (b, a)
    seen = set()
    for point in range(1, len(results) + 1):
        place = models / str(point)
        now = read_active(place, TASK)
        seen.add(now.active)
        assert now.active in (before, after)
        assert verify(folder_of(place, TASK, now.active)).name == now.active
        assert not [one for one in releases(place) if isinstance(one, Broken)]
        # The lock died with its holder, and what was left half is no obstacle.
        assert promote(place, second).active == b
        assert verify(folder_of(place, TASK, b)).name == b
    assert seen == {a, b}
