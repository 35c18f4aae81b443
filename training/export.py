"""Take a release to where adapters are not served: a merged model folder, or one GGUF file.

    export(release, Path("out"), form="merged")            bf16 safetensors that transformers and vLLM load
    export(release, Path("out"), form="gguf", numbers="q8_0")     for llama.cpp and what builds on it

The release is verified, its base fetched and compared, and the folder appears whole or not at all. An
export was never measured: the gate's verdict is about the adapter on the base that was served. Must
not import torch before there is something to do.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import weights
from app.errors import ReleaseError as NotARelease
from app.release_manifest import ReleaseManifest, verify
from training.errors import ReleaseError
from weights.cache import publish
from weights.errors import WeightsError

Form = Literal["merged", "gguf"]
Numbers = Literal["bf16", "f16", "q8_0"]
CARD: Final = "MODEL_CARD.md"
# The largest difference from the merged model, in standard deviations of its logits, that rounding explains.
_ROUNDING: dict[Numbers, float] = {"bf16": 1e-3, "f16": 1e-2, "q8_0": 0.5}
_SAME_TOKEN: dict[Numbers, float] = {"bf16": 0.97, "f16": 0.97, "q8_0": 0.8}


@dataclass(frozen=True)
class Exported:
    """What was written. A GGUF was read back: `difference` is its largest from the merged model's logits,
    in their standard deviations, `same_token` the share of positions with the same likeliest token (0
    and 1 for merged).
    """

    folder: Path
    form: Form
    size: int
    sha256: str
    difference: float = 0.0
    same_token: float = 1.0


def export(
    release: Path,
    out: Path,
    *,
    form: Form,
    numbers: Numbers = "bf16",
    cache_dir: Path | None = None,
    offline: bool = False,
) -> Exported:
    """Write a verified release, merged with its base, into the new folder `out`.

    `numbers` is how a GGUF holds its matrices; merged is bf16. A GGUF is read back and compared with
    the merged model before it appears. Raises ReleaseError when the release is not as it was sealed,
    was made for another base, cannot be exported in this form, or `out` is taken.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ReleaseError(f"{str(out)!r} is taken: name a folder that is not there yet")
    manifest, base = _checked(release, cache_dir, offline)
    source = f"{form} {numbers if form == 'gguf' else 'bf16'} of {manifest.name} on {manifest.base}"
    compared = (0.0, 1.0)

    def fill(fresh: Path) -> None:
        nonlocal compared
        shutil.copyfile(release / CARD, fresh / CARD)
        if form == "merged":
            _merge(release, manifest, base, fresh, cache_dir)
            return
        with tempfile.TemporaryDirectory(prefix=".merged-", dir=fresh.parent) as work:
            _merge(release, manifest, base, Path(work), cache_dir)
            compared = _to_gguf(Path(work), fresh / f"{manifest.name}.gguf", manifest, base, numbers)

    written = publish(out, source, fill)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    return Exported(out, form, size, written.sha256, *compared)


def _checked(release: Path, cache_dir: Path | None, offline: bool) -> tuple[ReleaseManifest, weights.Fetched]:
    """Verify the release, and fetch the base that it was made for."""
    try:
        manifest = verify(release)
        base = weights.fetch(manifest.base, cache_dir=cache_dir, offline=offline)
        verify(release, base_sha256=base.sha256)
    except (NotARelease, WeightsError) as error:
        raise ReleaseError(str(error)) from error
    return manifest, base


def _merge(
    release: Path, manifest: ReleaseManifest, base: weights.Fetched, out: Path, cache_dir: Path | None
) -> None:
    from training.trainers.export_weights import merge, rewrite
    from weights.gguf import safetensors_folder

    folder = safetensors_folder(base.folder, sha256=base.sha256, cache_dir=cache_dir)
    if manifest.kind == "lora":
        merge(folder, release, out)
    else:
        rewrite(release, folder, out)


def _to_gguf(
    merged: Path, file: Path, manifest: ReleaseManifest, base: weights.Fetched, numbers: Numbers
) -> tuple[float, float]:
    from training.trainers.export_gguf import write_gguf
    from training.trainers.export_weights import logit_difference

    own = sorted(base.folder.glob("*.gguf")) if not any(base.folder.glob("*.safetensors")) else []
    write_gguf(merged, file, name=manifest.name, numbers=numbers, base=own[0] if own else None)
    difference, same = logit_difference(merged, file)
    if difference > _ROUNDING[numbers] or same < _SAME_TOKEN[numbers]:
        raise ReleaseError(
            f"the {numbers} file does not say what the merged model says: logits differ by up to "
            f"{difference:.3g} standard deviations (at most {_ROUNDING[numbers]:g}), {same:.0%} of tokens "
            "are the same. It was not written"
        )
    return difference, same
