"""A release folder: sealed whole, read back, and refused by name when it is not what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.errors import ReleaseRefused
from app.prompting import prompt_hash
from app.releases import (
    MANIFEST,
    ReleaseFacts,
    check_servable,
    read_manifest,
    release_name,
    seal,
    verify,
    warnings_about,
)
from tests.app.sealed import BASE_SHA256, sealed
from weights.cache import hash_file
from weights.defaults import BASE_MODEL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sealed(tmp_path / "release")
    return tmp_path / "release"


def altered(folder: Path, **values: object) -> None:
    """Write other values into a sealed manifest."""
    told = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(told | values))


def faults(folder: Path, **expected: str) -> dict[str, tuple[str, str]]:
    with pytest.raises(ReleaseRefused) as caught:
        verify(folder, **expected)
    for fault in caught.value.faults:
        assert fault.expected in str(caught.value) and fault.found in str(caught.value)
    return {fault.what: (fault.expected, fault.found) for fault in caught.value.faults}


def test_sealed_folder_is_read_back_and_verified(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.adapter_sha256 == hash_file(folder / "adapter_model.safetensors")
    assert manifest.name == f"counseling-{manifest.adapter_sha256[:8]}"
    assert set(manifest.files) == {"adapter_config.json", "MODEL_CARD.md"}
    assert manifest.metrics["perplexity"].low == 11.0
    same = verify(folder, base_source=BASE_MODEL, base_sha256=BASE_SHA256, prompt_hash=prompt_hash())
    assert same == manifest


def test_another_base_or_prompt_is_refused_with_both_values(folder: Path) -> None:
    found = faults(folder, base_source="hub:org/other@main", base_sha256="a" * 64, prompt_hash="c" * 64)
    assert found == {
        "base": ("hub:org/other@main", BASE_MODEL),
        "base_sha256": ("a" * 64, BASE_SHA256),
        "prompt_hash": ("c" * 64, prompt_hash()),
    }


def test_another_revision_of_the_base_is_refused(tmp_path: Path) -> None:
    sealed(tmp_path / "r", base="hub:org/base@1111", base_revision="1111")
    assert faults(tmp_path / "r", base_source="hub:org/base@2222")["base_revision"] == ("2222", "1111")
    assert verify(tmp_path / "r", base_source="hub:org/base@1111").base_revision == "1111"


def test_what_is_not_known_is_not_compared(folder: Path) -> None:
    assert verify(folder).task == "counseling"


def test_altered_adapter_is_refused_with_both_hashes(folder: Path) -> None:
    stated = read_manifest(folder).adapter_sha256
    (folder / "adapter_model.safetensors").write_bytes(b"other")
    assert faults(folder) == {"adapter_sha256": (stated, hash_file(folder / "adapter_model.safetensors"))}


def test_altered_added_and_lost_files_are_all_named(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")
    (folder / "extra.txt").write_text("x")
    (folder / "MODEL_CARD.md").unlink()
    found = faults(folder)
    assert set(found) == {"adapter_config.json", "extra.txt", "MODEL_CARD.md"}
    assert found["MODEL_CARD.md"][1] == "" and found["extra.txt"][0] == ""


def test_file_that_can_run_code_is_refused_even_when_it_was_sealed(tmp_path: Path) -> None:
    (tmp_path / "r" / "more").mkdir(parents=True)
    (tmp_path / "r" / "more" / "weights.bin").write_bytes(b"x")
    for name in ("adapter_model.safetensors", "adapter_config.json", "MODEL_CARD.md"):
        (tmp_path / "r" / name).write_text("{}")
    seal(tmp_path / "r", facts())
    assert faults(tmp_path / "r") == {"more/weights.bin": ("data_only", "can_run_code")}


def test_link_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "MODEL_CARD.md").unlink()
    (tmp_path / "card").write_text("# A release for a test\n")
    (folder / "MODEL_CARD.md").symlink_to(tmp_path / "card")
    assert faults(folder) == {"MODEL_CARD.md": ("file", "link")}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"format": 2}, "format"),
        ({"surplus": 1}, "surplus"),
        ({"adapter_sha256": "short"}, "adapter_sha256"),
        ({"name": "counseling-00000000"}, "value_error"),
        ({"files": {"../escape": "a" * 64}}, "value_error"),
        ({"task": "../etc"}, "task"),
    ],
)
def test_manifest_that_cannot_be_right_is_refused(
    folder: Path, values: dict[str, object], named: str
) -> None:
    altered(folder, **values)
    with pytest.raises(ReleaseRefused, match=named):
        read_manifest(folder)


def test_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match=r"manifest.json: expected readable, found FileNotFoundError"):
        read_manifest(tmp_path)


def test_folder_that_lacks_a_file_is_not_sealed(tmp_path: Path) -> None:
    (tmp_path / "adapter_model.safetensors").write_bytes(b"x")
    with pytest.raises(ReleaseRefused, match=r"adapter_config\.json.*MODEL_CARD\.md"):
        seal(tmp_path, facts())
    assert not (tmp_path / MANIFEST).exists()


def test_release_that_is_no_adapter_is_sealed_and_verified(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"a classifier")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "MODEL_CARD.md").write_text("# A classifier\n")
    manifest = seal(tmp_path, facts(kind="model", task="report_specialty", prompt_hash=""))
    assert verify(tmp_path) == manifest
    check_servable(tmp_path, manifest)


def test_a_language_model_that_was_tuned_whole_is_a_base_and_no_release_to_promote(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"a language model")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "MODEL_CARD.md").write_text("# Tuned whole\n")
    manifest = seal(tmp_path, facts(kind="model", prompt_hash="p" * 64))
    with pytest.raises(ReleaseRefused, match="CAREFOLD_BASE_MODEL"):
        check_servable(tmp_path, manifest)


def test_dora_is_a_release_that_cannot_be_served(tmp_path: Path) -> None:
    sealed(tmp_path / "r")
    (tmp_path / "r" / "adapter_config.json").write_text('{"use_dora": true}')
    manifest = seal(tmp_path / "r", facts())
    assert verify(tmp_path / "r") == manifest
    with pytest.raises(ReleaseRefused, match="DoRA"):
        check_servable(tmp_path / "r", manifest)


def test_other_policy_index_or_precision_is_a_warning_and_no_refusal(tmp_path: Path) -> None:
    manifest = sealed(tmp_path / "r", policy_hash="old", index_hash="i1")
    told = {one.what: (one.expected, one.found) for one in
            warnings_about(manifest, policy_hash="new", index_hash="i2", precision="bf16")}  # fmt: skip
    assert told == {
        "policy_hash": ("new", "old"), "index_hash": ("i2", "i1"), "precision": ("bf16", "nf4")
    }  # fmt: skip
    assert warnings_about(manifest, policy_hash="old", index_hash="i1", precision="nf4") == ()
    assert warnings_about(manifest) == ()


def test_release_that_no_index_took_part_in_is_not_warned_of_for_one(tmp_path: Path) -> None:
    manifest = sealed(tmp_path / "r")
    assert warnings_about(manifest, policy_hash="p" * 16, index_hash="any") == ()


def facts(**more: object) -> ReleaseFacts:
    known: dict[str, object] = {
        "task": "counseling", "created": "2026-03-01", "base": BASE_MODEL, "base_sha256": BASE_SHA256
    }  # fmt: skip
    return ReleaseFacts.model_validate(known | more)


def test_name_is_the_task_and_the_first_digits_of_the_hash() -> None:
    assert release_name("counseling", "0123456789abcdef") == "counseling-01234567"
