"""Moving a release: it arrives whole and as it was sealed, or not at all, and nobody else sees it."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app.release_manifest import ReleaseFacts, read_manifest, seal, verify
from tests.training.fake_hub import FakeHub, serving
from training.errors import ReleaseError, RemoteError
from training.sharing import pull, push
from weights import hub as weights_hub
from weights.errors import WeightsError

TOKEN = "hf_zebraquiltviolin"
REPO = "hub:clinic/counseling"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return sealed(tmp_path / "release", b"weights")


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with serving() as running:
        yield running


def sealed(folder: Path, weights: bytes) -> Path:
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(weights)
    (folder / "adapter_config.json").write_text('{"use_dora": false}')
    (folder / "MODEL_CARD.md").write_text("# A release\n")
    (folder / "plots").mkdir()
    (folder / "plots" / "loss.svg").write_text("<svg/>")
    seal(
        folder,
        ReleaseFacts(task="counseling", created=date(2031, 5, 6), base="path:base", base_sha256="a" * 64),
    )
    return folder


def names(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def pushed(hub: FakeHub, release: Path, to: str = REPO) -> str:
    return push(release, to, token=TOKEN, endpoint=hub.address).source


def left_over(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir() if one.name.startswith(".")]


def test_a_release_arrives_in_a_folder_as_it_was_sealed(release: Path, tmp_path: Path) -> None:
    moved = push(release, f"path:{tmp_path / 'shelf' / 'one'}")
    assert moved.source == f"path:{tmp_path / 'shelf' / 'one'}"
    assert verify(tmp_path / "shelf" / "one") == read_manifest(release)
    assert names(tmp_path / "shelf" / "one") == names(release)
    assert moved.files == 5 and moved.size == sum(f.stat().st_size for f in release.rglob("*") if f.is_file())
    assert pull(moved.source, tmp_path / "back").name == moved.name
    assert verify(tmp_path / "back") == read_manifest(release)
    assert not left_over(tmp_path) and not left_over(tmp_path / "shelf")


def test_the_same_release_again_is_no_fault_and_another_never_replaces_it(
    release: Path, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    push(release, f"path:{place}")
    push(release, f"path:{place}")
    other = sealed(tmp_path / "other", b"other weights")
    with pytest.raises(ReleaseError, match="taken by something else"):
        push(other, f"path:{place}")
    assert verify(place) == read_manifest(release)


def test_a_folder_with_something_in_it_is_left_as_it_is(release: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(ReleaseError, match="taken"):
        pull(f"path:{release}", tmp_path / "mine")
    assert names(tmp_path / "mine") == {"letter.txt"}


@pytest.mark.parametrize(
    "file", ["adapter_model.safetensors", "MODEL_CARD.md", "manifest.json", "extra.json"]
)
def test_an_altered_release_is_not_moved(release: Path, tmp_path: Path, file: str) -> None:
    (release / file).write_bytes(b"{}")
    for move in (
        lambda: push(release, f"path:{tmp_path / 'out'}"),
        lambda: pull(f"path:{release}", tmp_path / "out"),
    ):
        with pytest.raises(ReleaseError):
            move()
    assert not (tmp_path / "out").exists() and not left_over(tmp_path)


def test_a_torn_copy_leaves_nothing_half(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:-1])

    monkeypatch.setattr(shutil, "copyfile", torn)
    with pytest.raises(ReleaseError, match="changed while it was copied"):
        push(release, f"path:{tmp_path / 'out'}")
    assert not (tmp_path / "out").exists() and not left_over(tmp_path)

    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space"):
        push(release, f"path:{tmp_path / 'out'}")
    assert not (tmp_path / "out").exists() and not left_over(tmp_path)


@pytest.mark.parametrize("place", ["here", "hub:alone", "pypi:thing==1", "hub:a/b@main"])
def test_a_place_that_cannot_be_pushed_to_is_named(release: Path, place: str) -> None:
    with pytest.raises(ReleaseError):
        push(release, place)


def test_a_repository_is_made_private_and_gives_back_what_it_got(
    release: Path, hub: FakeHub, tmp_path: Path
) -> None:
    source = pushed(hub, release)
    assert hub.private == {"clinic/counseling": True}
    assert source == f"{REPO}@{hub.newest['clinic/counseling']}"
    assert hub.files("clinic/counseling").keys() == names(release) | {".gitattributes"}
    pull(source, tmp_path / "back", token=TOKEN, endpoint=hub.address)
    assert verify(tmp_path / "back") == read_manifest(release)
    assert names(tmp_path / "back") == names(release)
    assert hub.tokens == {TOKEN}


def test_an_older_revision_gives_the_older_release(release: Path, hub: FakeHub, tmp_path: Path) -> None:
    first = pushed(hub, release)
    second = sealed(tmp_path / "second", b"second")
    (second / "plots" / "loss.svg").unlink()
    (second / "manifest.json").unlink()
    facts = read_manifest(release).model_dump(include=set(ReleaseFacts.model_fields))
    seal(second, ReleaseFacts(**facts))
    pushed(hub, second)
    assert "plots/loss.svg" not in hub.files("clinic/counseling")
    assert pull(first, tmp_path / "one", endpoint=hub.address).name == read_manifest(release).name
    newest = pull(REPO, tmp_path / "two", endpoint=hub.address)
    assert newest.name == read_manifest(second).name
    assert newest.source == f"{REPO}@{hub.newest['clinic/counseling']}"


def test_a_public_repository_is_refused_unless_it_may_be_public(release: Path, hub: FakeHub) -> None:
    hub.create("clinic/counseling", private=False)
    before = hub.newest["clinic/counseling"]
    with pytest.raises(RemoteError, match="public"):
        pushed(hub, release)
    assert hub.newest["clinic/counseling"] == before
    push(release, REPO, token=TOKEN, public=True, endpoint=hub.address)
    assert hub.files("clinic/counseling").keys() > {"manifest.json"}


def test_a_torn_transfer_from_the_hub_leaves_nothing_half(
    release: Path, hub: FakeHub, tmp_path: Path
) -> None:
    source = pushed(hub, release)
    hub.tear = "adapter_model.safetensors"
    with pytest.raises(ReleaseError, match="adapter_sha256"):
        pull(source, tmp_path / "back", endpoint=hub.address)
    assert not (tmp_path / "back").exists() and not left_over(tmp_path)


def test_a_push_that_arrives_altered_is_a_failure(release: Path, hub: FakeHub) -> None:
    hub.tear = "MODEL_CARD.md"
    with pytest.raises(ReleaseError, match="MODEL_CARD"):
        pushed(hub, release)


def test_a_repository_that_holds_no_release_or_is_not_there_says_so(hub: FakeHub, tmp_path: Path) -> None:
    hub.create("clinic/counseling", private=True)
    with pytest.raises(RemoteError, match="EntryNotFound"):
        pull(REPO, tmp_path / "back", endpoint=hub.address)
    with pytest.raises(RemoteError, match="RepositoryNotFound"):
        pull("hub:clinic/other", tmp_path / "back", endpoint=hub.address)
    with pytest.raises(RemoteError, match="RevisionNotFound"):
        pull(f"{REPO}@{'0' * 40}", tmp_path / "back", endpoint=hub.address)
    assert not (tmp_path / "back").exists() and not left_over(tmp_path)


def test_a_manifest_that_points_outside_fetches_nothing_there(
    release: Path, hub: FakeHub, tmp_path: Path
) -> None:
    pushed(hub, release)
    text = (release / "manifest.json").read_text().replace("plots/loss.svg", "../loss.svg")
    hub.commit("clinic/counseling", {"manifest.json": text.encode(), "../loss.svg": b"<svg/>"}, [])
    with pytest.raises(ReleaseError, match="holds no release"):
        pull(REPO, tmp_path / "deep" / "back", endpoint=hub.address)
    assert not list(tmp_path.rglob("deep/*.svg"))


def test_a_token_is_in_no_message(
    release: Path, hub: FakeHub, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    hub.refuse_token = TOKEN
    with pytest.raises(RemoteError, match="status 401") as caught:
        pushed(hub, release)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in told


def test_a_hub_that_cannot_be_reached_is_told_from_a_bad_name(release: Path, tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match="is the hub reachable"):
        push(release, REPO, endpoint="http://127.0.0.1:9")
    with pytest.raises(WeightsError, match="no name of a repository"):
        weights_hub.revision_of("a..b/c", "main")
