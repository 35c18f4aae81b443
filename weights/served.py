"""From a release of a small encoder to the folder that is served.

    folder = served_encoder(release, TAGGER, cache_dir=...)

The tagger of personal data, the ranker of FAQ entries and the reader of messages are BERT with a head for its
tokens, or for the whole text: one ONNX file and its tokenizer. The embedder of FAQs has no head: it is served
as the sentence-transformers folder that it was tuned from, with other weights.

A release holds an adapter of a few MB and names its encoder; what is served is built from both once,
published in the cache in one step and hashed at every use. It is built where it runs, because the whole
model is too large to lie beside the code. Serving needs no torch for it.

Must not: build from files that differ from the release's manifest, or from another encoder.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from weights.cache import hash_file, publish, verified
from weights.errors import WeightsCorrupt, WeightsUnfit
from weights.sources import default_cache_dir, fetch

if TYPE_CHECKING:
    from weights.bert_onnx import Form

TAGGER: Final = "pii_tagger"
RANKER: Final = "faq_ranker"
READER: Final = "message_reader"
FAQ_EMBEDDER: Final = "faq_embedder"
MODEL: Final = "model.onnx"
TOKENIZER: Final = "tokenizer.json"
LAYOUT: Final = "2"  # raise it when what is built from the same release changes
NOTE: Final = "carefold_encoder"
"""The key in the ONNX file's metadata under which its `ServedCard` stands, as JSON."""

_WEIGHTS: Final = {"lora": "adapter_model.safetensors", "model": "model.safetensors"}
# What lies beside a model and is not part of it.
_NOT_THE_MODELS: Final = frozenset(
    {"CAREFOLD.json", "manifest.json", "encoder.json", "adapter_config.json", "data_config.json"}
)
Read = TypeVar("Read", bound=BaseModel)


class ServedCard(BaseModel):
    """What a served encoder is: its labels, how it reads a text, and what it was built from (SHA-256)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...]
    max_tokens: int = Field(ge=3)
    begin: int
    end: int
    form: Literal["fp32", "int8"]
    layout: str
    weights_sha256: str
    base_sha256: str


class _EncoderCard(BaseModel):
    """The part of a training's encoder.json that serving needs."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["token_classifier", "ranker", "text_classifier"]
    labels: tuple[str, ...] = Field(min_length=1)
    max_tokens: int = Field(ge=3)
    base_sha256: str


class _Kind(BaseModel):
    """The part of a training's encoder.json that says how it is served."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["token_classifier", "ranker", "text_classifier", "sentence_embedder"]


class _Manifest(BaseModel):
    """The part of a release's manifest.json that serving needs."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["lora", "model"]
    task: str
    base: str
    base_sha256: str
    adapter_sha256: str
    files: dict[str, str]


class _Active(BaseModel):
    """The part of active.json that says what is served."""

    model_config = ConfigDict(frozen=True)

    active: str = Field("", pattern=r"^[a-z0-9_-]*$")


def served_encoder(
    release: Path, task: str, *, cache_dir: Path | None = None, offline: bool = False, form: Form = "int8"
) -> Path:
    """Return the folder that serves a sealed release, building it first when the cache has none.

    Raises WeightsCorrupt when the release is not as its manifest says, WeightsUnfit when it is of
    another task or not over BERT, and what `weights.fetch` raises when its encoder is not to be had.
    """
    manifest = _read(_Manifest, release / "manifest.json")
    if manifest.task != task:
        raise WeightsUnfit(f"{release.name} is a release of {manifest.task}, not of {task}")
    _check(release, manifest)
    converted = (cache_dir or default_cache_dir()) / "converted"
    target = converted / f"{task}-{_key(manifest, form)}"
    # Looked up without a lock first: a good cache may well be read-only.
    if _is_whole(target):
        return target
    base = release
    if manifest.kind == "lora":
        fetched = fetch(manifest.base, cache_dir=cache_dir, offline=offline)
        if fetched.sha256 != manifest.base_sha256:
            raise WeightsCorrupt(
                f"{release.name} belongs on the encoder {manifest.base_sha256[:12]}; {manifest.base} is "
                f"{fetched.sha256[:12]} here"
            )
        base = fetched.folder

    headless = _read(_Kind, release / "encoder.json").kind == "sentence_embedder"

    def fill(fresh: Path) -> None:
        if headless:
            build_embedder(base, release, fresh)
        else:
            build_encoder(base, release, fresh, form=form)

    converted.mkdir(parents=True, exist_ok=True)
    # One process builds; the others wait and then find it there.
    with FileLock(str(target) + ".lock"):
        if not _is_whole(target):
            sys.stderr.write(f"building {release.name} (once)\n")
            publish(target, f"{manifest.adapter_sha256} on {manifest.base_sha256}", fill)
    return target


def build_encoder(base: Path, release: Path, out: Path, *, form: Form = "int8") -> ServedCard:
    """Write the ONNX file and the tokenizer of trained weights into the folder `out`; return what it is.

    `release` is any folder with a training's weights and encoder.json, sealed or not. Raises WeightsUnfit.
    """
    from tokenizers import Tokenizer

    from weights.bert import read_bert
    from weights.bert_onnx import onnx_bytes

    trained = _read(_EncoderCard, release / "encoder.json")
    lora = (release / _WEIGHTS["lora"]).is_file()
    model = read_bert(base, release, pooled=trained.kind == "text_classifier")
    tokenizer = (base if lora else release) / TOKENIZER
    try:
        words = Tokenizer.from_file(str(tokenizer))
    except Exception as error:  # noqa: BLE001 - the library raises plain Exception
        raise WeightsUnfit(f"{TOKENIZER} cannot be read: {type(error).__name__}") from None
    begin, end = words.token_to_id("[CLS]"), words.token_to_id("[SEP]")
    rows = len(model.tensors["embeddings.word_embeddings.weight"])
    if begin is None or end is None or words.get_vocab_size() > rows:
        raise WeightsUnfit(f"{TOKENIZER} does not fit a BERT encoder of {rows} words")
    if {len(model.tensors[f"classifier.{part}"]) for part in ("weight", "bias")} != {len(trained.labels)}:
        raise WeightsUnfit(f"the head has not the {len(trained.labels)} labels of encoder.json")
    places = len(model.tensors["embeddings.position_embeddings.weight"])
    card = ServedCard(
        labels=trained.labels,
        max_tokens=min(trained.max_tokens, places),
        begin=begin,
        end=end,
        form=form,
        layout=LAYOUT,
        weights_sha256=hash_file(release / _WEIGHTS["lora" if lora else "model"]),
        base_sha256=trained.base_sha256,
    )
    shutil.copyfile(tokenizer, out / TOKENIZER)
    (out / MODEL).write_bytes(onnx_bytes(model, form=form, notes={NOTE: card.model_dump_json()}))
    return card


def build_embedder(base: Path, release: Path, out: Path) -> None:
    """Write the sentence-transformers folder of trained weights into the folder `out`.

    All but the weights are the files of `base`, or of a `release` that was tuned whole. Raises WeightsUnfit.
    """
    from safetensors.numpy import save_file

    from weights.bert import merged_tensors

    tensors = merged_tensors(base, release)
    like = base if (release / _WEIGHTS["lora"]).is_file() else release
    if not (like / "modules.json").is_file():
        raise WeightsUnfit(f"{like.name} is no sentence-transformers folder: it has no modules.json")
    for file in like.rglob("*.json"):
        if file.is_file() and file.name not in _NOT_THE_MODELS:
            place = out / file.relative_to(like)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    if (like / "vocab.txt").is_file():
        shutil.copyfile(like / "vocab.txt", out / "vocab.txt")
    save_file(tensors, out / _WEIGHTS["model"], metadata={"format": "pt"})
    (out / _WEIGHTS["model"]).chmod(0o644)  # the library writes for its owner's eyes alone


def active_release(models_dir: Path, task: str) -> str:
    """Return the name of a task's active release; "" where none is. Raises WeightsUnfit, WeightsCorrupt."""
    file = models_dir / task / "active.json"
    return _read(_Active, file).active if file.exists() else ""


def base_of(release: Path) -> str:
    """Return the source of the base that a release belongs on. Raises WeightsUnfit or WeightsCorrupt."""
    return _read(_Manifest, release / "manifest.json").base


def chosen_encoder(
    choice: str, task: str, *, models_dir: Path, cache_dir: Path | None = None, offline: bool = False
) -> Path | None:
    """Return the folder that serves what a command's option names, for commands that may not import `app`.

    "none" is no encoder, "" the active release in `models_dir` (None where nothing was ever promoted),
    everything else the folder of a release. Raises as `served_encoder` does.
    """
    if choice == "none":
        return None
    if choice:
        return served_encoder(Path(choice), task, cache_dir=cache_dir, offline=offline)
    active = active_release(models_dir, task)
    if not active:
        return None
    return served_encoder(models_dir / task / active, task, cache_dir=cache_dir, offline=offline)


def _check(release: Path, manifest: _Manifest) -> None:
    """Raise WeightsCorrupt unless every file that is read has the hash that the manifest states."""
    stated = {_WEIGHTS[manifest.kind]: manifest.adapter_sha256, **manifest.files}
    needed = {_WEIGHTS[manifest.kind], "encoder.json"}
    needed |= {"adapter_config.json"} if manifest.kind == "lora" else {"config.json", TOKENIZER}
    for name in sorted(needed):
        file = release / name
        if name not in stated or not file.is_file() or hash_file(file) != stated[name]:
            raise WeightsCorrupt(f"{release.name}/{name} is not what was sealed: take it from the run again")


def _key(manifest: _Manifest, form: Form) -> str:
    """Return the name under which what is built from a release is kept: another build has another."""
    digest = hashlib.sha256(f"{form}\0{LAYOUT}\0{manifest.kind}\0{manifest.base_sha256}\0".encode())
    for name, sha256 in sorted({**manifest.files, "": manifest.adapter_sha256}.items()):
        digest.update(f"{name}\0{sha256}\n".encode())
    return digest.hexdigest()[:32]


def _is_whole(target: Path) -> bool:
    if not target.exists():
        return False
    try:
        verified(target)
    except WeightsCorrupt as error:
        sys.stderr.write(f"{error}: building it again\n")
        return False
    return True


def _read(model: type[Read], file: Path) -> Read:
    try:
        return model.model_validate_json(file.read_bytes())
    except OSError as error:
        raise WeightsCorrupt(f"{file.name} cannot be read: {type(error).__name__}") from None
    except ValidationError as error:
        fields = sorted({str(one["loc"][0]) if one["loc"] else one["type"] for one in error.errors()})
        raise WeightsUnfit(f"{file.name} does not describe an encoder: {', '.join(fields)}") from None
