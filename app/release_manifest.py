"""What a release folder holds and says of itself: the manifest, and whether it holds true.

    adapter_model.safetensors  adapter_config.json  manifest.json  MODEL_CARD.md

Training seals a folder, promotion and the running application verify it. Must not import torch or
anything else that is heavy, must not load weights, and must not decide who is served with what.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import Mismatch, ReleaseRefused
from weights.cache import hash_file
from weights.durable import write_durably

MANIFEST: Final = "manifest.json"
# The file whose SHA-256 is the release's identity.
WEIGHTS: Final = {"lora": "adapter_model.safetensors", "model": "model.safetensors"}
_NEEDED: Final = {"lora": ("adapter_config.json", "MODEL_CARD.md"), "model": ("MODEL_CARD.md",)}
# Formats that can run code when they are read have no place in a release.
_RUNS_CODE: Final = re.compile(r".*\.(?:bin|pt|pth|pkl|pickle|ckpt|py|so)", re.IGNORECASE)

TaskName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
AnyHash = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:+-]{0,128}$")]


class Measured(BaseModel):
    """One metric with its 95 % interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float


class ReleaseFacts(BaseModel):
    """What whoever trains knows of a release. Hashes are SHA-256 unless their maker says otherwise.

    `base_sha256` is `weights.fetch(base).sha256`, `prompt_hash` is `app.prompting.prompt_hash()`. An
    empty `index_hash` says that no index took part in the evaluation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["lora", "model"] = "lora"
    task: TaskName
    created: date
    base: str = Field(min_length=1, description="the source of the base model")
    base_sha256: Sha256
    base_revision: str = ""
    prompt_hash: AnyHash = ""
    recipe_sha256: AnyHash = ""
    policy_hash: AnyHash = ""
    index_hash: AnyHash = ""
    dataset_sha256: AnyHash = ""
    licences: tuple[str, ...] = ()
    metrics: dict[str, Measured] = Field(default_factory=dict)
    verdict: str = ""
    precision: str = "nf4"
    notes: str = ""


class ReleaseManifest(ReleaseFacts):
    """The facts, and the hash of every file. `name` is the task and 8 digits of the weights' hash.

    `adapter_sha256` is the hash of `WEIGHTS[kind]`; `files` has every other file but the manifest.
    """

    format: Literal[1] = 1
    name: str
    adapter_sha256: Sha256
    files: dict[str, Sha256]

    @model_validator(mode="after")
    def _is_consistent(self) -> ReleaseManifest:
        if self.name != release_name(self.task, self.adapter_sha256):
            raise ValueError("name is not the task and the first 8 digits of adapter_sha256")
        for file in self.files:
            path = PurePosixPath(file)
            if path.is_absolute() or ".." in path.parts or str(path) != file or "\\" in file:
                raise ValueError("files has a path that leaves the folder")
        return self


def release_name(task: str, adapter_sha256: str) -> str:
    """Return the name of a release: the same weights for the same task have the same name."""
    return f"{task}-{adapter_sha256[:8]}"


def seal(folder: Path, facts: ReleaseFacts) -> ReleaseManifest:
    """Hash what lies in `folder`, write `manifest.json` there, last and durably, and return it.

    Raises ReleaseRefused when a file is missing that a release of this kind needs.
    """
    found = _hashes(folder, facts.task)
    weights = WEIGHTS[facts.kind]
    missing = [name for name in (weights, *_NEEDED[facts.kind]) if name not in found]
    if missing:
        raise ReleaseRefused(facts.task, [Mismatch(name, "present", "") for name in missing])
    adapter = found.pop(weights)
    manifest = ReleaseManifest(
        **facts.model_dump(), name=release_name(facts.task, adapter), adapter_sha256=adapter, files=found
    )
    write_durably(folder / MANIFEST, manifest.model_dump_json(indent=1) + "\n")
    return manifest


def read_manifest(folder: Path) -> ReleaseManifest:
    """Read a folder's manifest, trusting nothing yet. Raises ReleaseRefused when it cannot be read."""
    try:
        return ReleaseManifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        fault = Mismatch(MANIFEST, "readable", type(error).__name__)
    except ValidationError as error:
        where = sorted({str(one["loc"][0]) if one["loc"] else one["type"] for one in error.errors()})
        fault = Mismatch(MANIFEST, "format-1", f"faults:{'+'.join(where)}")
    raise ReleaseRefused(folder.name, [fault])


def verify(
    folder: Path, *, base_source: str = "", base_sha256: str = "", prompt_hash: str = ""
) -> ReleaseManifest:
    """Return the manifest once every file has the hash it states and the release fits.

    An empty expectation is not compared: of a model behind a server nobody knows the weights' hash.
    Raises ReleaseRefused with every fault: the base model, its revision and hash, the prompts, the
    adapter, and files that were altered, added or lost.
    """
    manifest = read_manifest(folder)
    found = _hashes(folder, folder.name)
    stated = {WEIGHTS[manifest.kind]: manifest.adapter_sha256, **manifest.files}
    faults = []
    # Of a hub source the revision is a part; a manifest that states another contradicts itself.
    revision = base_source.rpartition("@")[2] if base_source.startswith("hub:") else ""
    for what, expected, said in (
        ("base", base_source, manifest.base),
        ("base_revision", revision if manifest.base_revision else "", manifest.base_revision),
        ("base_sha256", base_sha256, manifest.base_sha256),
        ("prompt_hash", prompt_hash, manifest.prompt_hash),
    ):
        if expected and expected != said:
            faults.append(Mismatch(what, expected, said))
    for name in sorted(stated.keys() | found.keys()):
        if stated.get(name) != found.get(name):
            what = "adapter_sha256" if name == WEIGHTS[manifest.kind] else name
            faults.append(Mismatch(what, stated.get(name, ""), found.get(name, "")))
    faults += [Mismatch(name, "present", "") for name in _NEEDED[manifest.kind] if name not in stated]
    faults += [Mismatch(name, "data_only", "can_run_code") for name in found if _RUNS_CODE.fullmatch(name)]
    if faults:
        raise ReleaseRefused(manifest.name, faults, advice=_advice(faults))
    return manifest


def warnings_about(
    manifest: ReleaseManifest, *, policy_hash: str = "", index_hash: str = "", precision: str = ""
) -> tuple[Mismatch, ...]:
    """Return what differs from how the release was evaluated and does not forbid to serve it.

    An empty value here, or an index that took no part there, is not compared. Each is cleared by
    evaluating again.
    """
    pairs = (
        ("policy_hash", policy_hash, manifest.policy_hash),
        ("index_hash", index_hash if manifest.index_hash else "", manifest.index_hash),
        ("precision", precision, manifest.precision),
    )
    return tuple(Mismatch(what, now, then) for what, now, then in pairs if now and now != then)


def check_servable(folder: Path, manifest: ReleaseManifest) -> None:
    """Raise ReleaseRefused for a language model that was tuned whole, and for a DoRA adapter.

    One pass of the base writes for several adapters at once: a whole model is another base, and PEFT 0.21
    cannot do that with DoRA. What reads and does not write (no prompt hash) is served whole.
    """
    if manifest.kind != "lora":
        if manifest.prompt_hash:
            fault = Mismatch("kind", "lora", manifest.kind)
            advice = "A model that was tuned whole is a base of its own: set CAREFOLD_BASE_MODEL=path:FOLDER"
            raise ReleaseRefused(manifest.name, [fault], advice=advice)
        return
    try:
        config = json.loads((folder / "adapter_config.json").read_bytes())
        dora = bool(config.get("use_dora")) if isinstance(config, dict) else True
    except (OSError, ValueError):
        dora = True
    if dora:
        fault = Mismatch("adapter_config.json", "lora", "dora_or_unreadable")
        raise ReleaseRefused(manifest.name, [fault], advice="Train LoRA without DoRA to serve it")


def _hashes(folder: Path, release: str) -> dict[str, str]:
    return {name: hash_file(file) for name, file in files_of(folder, release)}


def files_of(folder: Path, release: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of a release but its manifest. A link is refused: what is behind it may change."""
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_symlink():
            raise ReleaseRefused(release, [Mismatch(name, "file", "link")])
        if file.is_file() and name != MANIFEST and not name.startswith(f".{MANIFEST}."):
            yield name, file


def _advice(faults: list[Mismatch]) -> str:
    named = {fault.what for fault in faults}
    if "base" in named or "base_sha256" in named:
        return "Set CAREFOLD_BASE_MODEL to the base that it was trained on, or train on this one"
    if "prompt_hash" in named:
        return "The prompts have changed since: train or evaluate again with these"
    return "The folder is not what was sealed: take it from the run again"
