"""What the three small trainers share: LoRA on an encoder, and the folder that a training leaves.

    encoder.json                   what the weights are: kind, base, labels, longest input
    adapter_model.safetensors      LoRA, with the new head where there is one, and adapter_config.json
    model.safetensors, ...         or, tuned whole, a model that the library loads by itself

No rule of a kind stands here: labels are the tagger's and classifier's business, pairs the embedder's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from peft import LoraConfig, PeftModel, get_peft_model
from pydantic import ValidationError
from safetensors import SafetensorError
from torch.nn import Dropout
from transformers import AutoConfig, AutoTokenizer
from transformers.utils import logging as library_logging

from app.logs import get_logger
from training.errors import CorpusError, RecipeError, ReleaseError
from training.recipe import Train
from training.rows import Example, Frozen, write_value
from training.tasks.base import TrainerKind
from training.trainers.base import Job
from training.trainers.machine import device_name
from weights.cache import publish

CARD = "encoder.json"
ADAPTER = "adapter_model.safetensors"


class EncoderCard(Frozen):
    """What a folder of trained weights is. `base_sha256` names the base that an adapter belongs on."""

    kind: TrainerKind
    method: Literal["lora", "full"]
    base_sha256: str
    max_tokens: int
    labels: tuple[str, ...] = ()


@runtime_checkable
class Balanced(Protocol):
    """A task that may say that rare labels weigh more in the loss."""

    @property
    def balanced(self) -> bool:
        """Whether labels are weighted by their rarity."""
        ...


def is_balanced(job: Job) -> bool:
    """Say whether the job's rare labels weigh more."""
    return isinstance(job.task, Balanced) and job.task.balanced


def card_of(job: Job, *, positions: int, labels: Sequence[str] = ()) -> EncoderCard:
    """Describe the weights that a job will give. Raises RecipeError for settings of other kinds."""
    faults = []
    if job.settings.method == "qlora":
        faults.append("train.method=qlora: so small an encoder is not quantised; use lora or full")
    if job.settings.unsloth:
        faults.append("train.unsloth=true: it trains causal language models alone; turn it off")
    if faults:
        raise RecipeError("; ".join(faults))
    return EncoderCard(
        kind=job.task.trainer,
        method="full" if job.settings.method == "full" else "lora",
        base_sha256=job.base_sha256,
        max_tokens=min(job.settings.max_tokens, positions),
        labels=tuple(labels),
    )


def input_limit(job: Job) -> int:
    """Return the most tokens that an encoder of this job reads at once."""
    config = AutoConfig.from_pretrained(str(job.base), local_files_only=True, trust_remote_code=False)
    positions: int = config.max_position_embeddings
    return min(job.settings.max_tokens, positions)


def read_card(folder: Path, job: Job) -> EncoderCard:
    """Read the card of trained weights. Raises ReleaseError when they are not for this task and base."""
    try:
        card = EncoderCard.model_validate_json((folder / CARD).read_bytes())
    except (OSError, ValidationError) as error:
        raise ReleaseError(f"{folder.name}: no readable {CARD}: train it again") from error
    if card.kind != job.task.trainer:
        raise ReleaseError(f"{folder.name} holds a {card.kind}; {job.task.name} needs a {job.task.trainer}")
    if card.method == "lora" and card.base_sha256 != job.base_sha256:
        raise ReleaseError(
            f"{folder.name} was trained on the base {card.base_sha256[:12]}, the base here is "
            f"{job.base_sha256[:12]}. Name the base that it was trained on, or train again"
        )
    return card


def job_identity(job: Job, card: EncoderCard) -> str:
    """Return 64 hex digits over all that decides the weights: checkpoints of anything else are no help."""
    digest = hashlib.sha256(f"{card.model_dump_json()}{job.settings.model_dump_json()}{job.seed}".encode())
    digest.update(str(is_balanced(job)).encode())
    for rows in (job.train, job.validation):
        digest.update(f"\0{len(rows)}".encode())
        for row in rows:
            digest.update(row.model_dump_json().encode())
    return digest.hexdigest()


def with_lora(model: Any, settings: Train, *, heads: Sequence[str] = (), leave: Sequence[str] = ()) -> Any:
    """Freeze `model` and put LoRA on all its linear layers but `leave`; `heads` are trained whole.

    Hu et al. 2021; scaled as Kalajdzievski 2023 (rsLoRA) or split as Liu et al. 2024 (DoRA) where set.
    The layers of `model` itself are replaced. Its own dropout is off: LoRA has one where it is wanted, and
    the numbers that it draws took a quarter of a step. Raises RecipeError where a head would be mixed.
    """
    if heads and settings.keep < 1:
        raise RecipeError(
            f"train.keep is {settings.keep:g}: a new head has no base to be mixed with. Leave it 1; "
            "faq_embedder has no head and may change it"
        )
    for layer in model.modules():
        if isinstance(layer, Dropout):
            layer.p = 0.0
    return get_peft_model(
        model,
        LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            use_rslora=settings.rslora,
            use_dora=settings.dora,
            target_modules="all-linear",
            exclude_modules=[*heads, *leave] or None,
            modules_to_save=[*heads] or None,
            bias="none",
        ),
    )


def save_adapter(model: Any, folder: Path, job: Job) -> None:
    """Write the LoRA weights of `model`; the base stands in them by its source, not by its folder here.

    Of what was learned the share `keep` is added to the base: weights between both keep more of what the base
    knew than they lose of what was learned (Wortsman et al. 2022, arXiv 2109.01903). The training's own
    validation is of all that was learned; what is evaluated afterwards is what was kept.
    """
    config = model.peft_config["default"]
    config.lora_alpha = job.settings.alpha * job.settings.keep
    config.base_model_name_or_path = job.base_source
    config.target_modules = sorted(config.target_modules)  # a set has another order in each process
    # No base is looked up to find out whether its vocabulary grew: it never does here.
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)


def load_adapter(model: Any, folder: Path) -> Any:
    """Put the LoRA weights in `folder` on `model`, unmerged: as safetensors alone. Raises ReleaseError."""
    if not (folder / ADAPTER).is_file():
        # The library would look for a pickle next, and then ask the hub.
        raise ReleaseError(f"{folder.name}: no {ADAPTER} in it: train it again")
    try:
        return PeftModel.from_pretrained(model, str(folder))
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ReleaseError(
            f"{folder.name}: its adapter does not fit the base: {type(error).__name__}"
        ) from error


def publish_weights(job: Job, card: EncoderCard, fill: Callable[[Path], None]) -> None:
    """Let `fill` write the weights, add the card, and move all to `job.out` in one step."""

    def whole(fresh: Path) -> None:
        fill(fresh)
        write_value(fresh / CARD, card)
        for file in fresh.rglob("*.safetensors"):  # the library writes them for their owner's eyes alone
            file.chmod(0o644)

    publish(job.out, f"{job.task.name} on {job.base_source or job.base_sha256}", whole)


def publish_encoder(model: Any, tokenizer: Any, *, job: Job, card: EncoderCard) -> None:
    """Write an encoder with its head to `job.out`: the adapter alone, or all of it with its tokenizer."""

    def fill(fresh: Path) -> None:
        if card.method == "lora":
            save_adapter(model, fresh, job)
        else:
            model.save_pretrained(fresh)
            tokenizer.save_pretrained(fresh)

    publish_weights(job, card, fill)


def tuned_encoder(auto: Any, job: Job, adapter: Path) -> tuple[EncoderCard, Any, Path]:
    """Load what `publish_encoder` wrote: its card, the model, and the folder of its tokenizer.

    Raises ReleaseError.
    """
    card = read_card(adapter, job)
    folder = job.base if card.method == "lora" else adapter
    model = load_encoder(auto, folder, labels=card.labels)
    return card, load_adapter(model, adapter) if card.method == "lora" else model, folder


def attention() -> str:
    """Return the form of attention that is trained with.

    On a CPU it is written out, because the gradient of the library's fused form takes twice the time there:
    of a step of 64 pairs of 75 tokens .94 s against .50 s on two cores.
    """
    return "eager" if device_name() == "cpu" else "sdpa"


def load_encoder(auto: Any, folder: Path, *, labels: Sequence[str]) -> Any:
    """Load an encoder with a head for `labels` in float32; a head that the folder lacks is drawn anew.

    `auto` is one of the library's AutoModelFor... classes. Raises ReleaseError.
    """
    names = dict(enumerate(labels))
    with quiet_library():
        try:
            return auto.from_pretrained(
                str(folder),
                num_labels=len(labels),
                id2label=names,
                label2id={name: at for at, name in names.items()},
                dtype="float32",
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                attn_implementation=attention(),
            ).to(device_name())
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ReleaseError(
                f"cannot load an encoder from {folder.name}: {type(error).__name__}. "
                "The folder must hold a model like BERT with safetensors weights"
            ) from error


def load_tokenizer(folder: Path) -> Any:
    """Load the tokenizer of a base; it must know where in the text its tokens stand."""
    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    if not tokenizer.is_fast:
        raise ReleaseError(
            f"{folder.name}: its tokenizer gives no offsets; a base with tokenizer.json is needed"
        )
    return tokenizer


def without_long(job: Job, rows: Sequence[Example], lengths: Sequence[int], *, limit: int) -> list[Example]:
    """Return the rows of at most `limit` tokens; the log says how many are set aside. None is cut."""
    kept = [row for row, length in zip(rows, lengths, strict=True) if length <= limit]
    if len(kept) < len(rows):
        too_long = len(rows) - len(kept)
        get_logger(__name__).warning("rows_set_aside", reason="too_long", count=too_long, rows=len(rows))
    if rows and not kept:
        raise CorpusError(
            f"{job.task.name}: all {len(rows)} rows are longer than {limit} tokens. Shorten them"
        )
    return kept


@contextmanager
def quiet_library() -> Iterator[None]:
    """Keep the library from telling of each loaded tensor, and of a new head, which is meant to be new."""
    before = library_logging.get_verbosity()
    bars = library_logging.is_progress_bar_enabled()
    library_logging.set_verbosity_error()
    library_logging.disable_progress_bar()
    try:
        yield
    finally:
        library_logging.set_verbosity(before)
        if bars:
            library_logging.enable_progress_bar()
