"""Train a causal language model on answers: LoRA, QLoRA or whole, on a CPU, one GPU or several.

transformers' Trainer does the steps; what stands here is what it leaves open. Its own logits cover
every position and its own loss every batch alike: here only answer tokens meet the vocabulary, and a
validation loss is a mean over tokens. All epochs lie in one fixed reading order, so that a training
which was killed goes on with the rows, the dropout and the optimiser that it would have had, to the
same bits on a CPU. Several processes share every step: the gradient is that of one process on the whole
batch, however its rows are divided.
"""

from __future__ import annotations

import hashlib
import math
import platform
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import torch
from accelerate import PartialState
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, SequentialSampler, Subset
from transformers import (
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_callback import CallbackHandler, PrinterCallback
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR
from transformers.utils import logging as hub_logging

from training.preflight import Formatted
from training.trainers.base import Fit, Job, Point, Predictor, Progress
from training.trainers.causal_lm_checkpoints import mark_complete, newest_complete, seconds_until
from training.trainers.causal_lm_model import (
    load_tokenizer,
    load_trained,
    save_adapter,
    save_trained,
    trainable_model,
    training_dtype,
)
from training.trainers.causal_lm_rows import NO_LOSS, TokenRows, collate, format_rows, reading_order
from training.trainers.machine import device_name, peak_memory

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

# Logits of so many answer tokens are held at once: 49,152 of them each take 200 kB.
LOGITS = 1024
LOGS = 40  # logged points an epoch
KEPT = 3  # checkpoints: the best, the last, and the one before


class CausalLM:
    """The trainer of chat jobs; see `training.trainers.base.Trainer`."""

    def fit(self, job: Job, progress: Progress) -> Fit:
        """Train on a CPU or GPU, going on from the newest complete checkpoint."""
        hub_logging.disable_progress_bar()
        hub_logging.set_verbosity_error()  # it warns that it does not keep the best: that is done here
        # The library reads a name of its own that it is about to drop.
        warnings.filterwarnings("ignore", r".*gradient_checkpointing. is deprecated", FutureWarning)
        tokenizer = load_tokenizer(job)
        train = format_rows(
            tokenizer,
            job.task,
            job.train,
            clinic=job.clinic,
            mask_identifiers=job.settings.mask_identifiers,
        )
        validation = format_rows(tokenizer, job.task, job.validation, clinic=job.clinic)
        model = trainable_model(job)
        arguments, order = _arguments(job, train)
        identity = _identity(job, train)
        with PartialState().main_process_first():  # it removes what is torn
            resume = newest_complete(job.checkpoints, identity)
        record = _Record(job, progress, identity, before=seconds_until(resume) if resume else 0.0)
        trainer = _AnswerTrainer(
            model=model,
            args=arguments,
            train_dataset=TokenRows(
                train, order, blank=-len(order) % job.settings.batch if arguments.world_size > 1 else 0
            ),
            eval_dataset=TokenRows(validation, range(len(validation))) if validation else None,
            data_collator=collate,
            callbacks=[record, EarlyStoppingCallback(job.settings.patience)] if validation else [record],
        )
        trainer.remove_callback(PrinterCallback)
        strict = torch.are_deterministic_algorithms_enabled()
        # On a GPU the same bits are not promised, and what comes near to them is slow.
        torch.use_deterministic_algorithms(device_name() == "cpu")
        try:
            result = trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        finally:
            torch.use_deterministic_algorithms(strict)
            record.close()
        state = trainer.state
        if trainer.is_world_process_zero():
            kept = trainer.accelerator.unwrap_model(trainer.model)
            if (state.best_global_step or result.global_step) != result.global_step:
                load_trained(kept, trainer.best_file)
            save_adapter(kept, job)
        seen = order[: min(len(order), state.global_step * job.settings.batch)]
        trainable, parameters = _parameters(model)
        return Fit(
            steps=result.global_step,
            best_step=state.best_global_step or result.global_step,
            best_loss=state.best_metric if state.best_metric is not None else 0.0,
            stopped_early=result.global_step < state.max_steps,
            resumed_from=int(resume.name.rpartition("-")[2]) if resume else 0,
            seconds=record.seconds,
            tokens=sum(len(train[row].tokens) for row in seen),
            trained_tokens=sum(_answer_tokens(train[row]) for row in seen),
            peak_memory=peak_memory(),
            trainable_parameters=trainable,
            parameters=parameters,
            hardware=_hardware(),
            precision=str(training_dtype(job.settings)).removeprefix("torch."),
            points=tuple(record.points(state)),
        )

    def predictor(self, job: Job, adapter: Path | None) -> Predictor:
        """Load the base at NF4 with the unmerged adapter: the form that is served."""
        from training.trainers.causal_lm_served import ServedLM

        return ServedLM(job, adapter)


class _AnswerTrainer(Trainer):  # type: ignore[misc]
    """Reads rows in the order given, takes the loss over answer tokens, and keeps the best weights.

    The library keeps the best only where every checkpoint falls on a validation; here there are more
    checkpoints than validations, as a validation takes a minute on two cores.
    """

    @property
    def best_file(self) -> Path:
        """Where the best weights so far are kept."""
        return Path(self.args.output_dir) / "best.safetensors"

    def _get_train_sampler(self, train_dataset: Any = None) -> SequentialSampler:
        return SequentialSampler(train_dataset or self.train_dataset)

    def compute_loss(
        self, model: Any, inputs: dict[str, torch.Tensor], return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:  # fmt: skip
        """Return mean nats an answer token of the whole step."""
        total, count = answer_loss(model, inputs)
        loss = total / (count if num_items_in_batch is None else num_items_in_batch)
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes
        return (loss, {}) if return_outputs else loss

    def evaluate(self, *_args: Any, **_kwargs: Any) -> dict[str, float]:
        """Return the validation loss in mean nats an answer token, over all rows, each once.

        The library would fill up the last batches of several processes with rows that were counted already.
        """
        model = self.model.eval()
        total, count = 0.0, 0.0
        rows = range(self.args.process_index, len(self.eval_dataset), self.args.world_size)
        batches = DataLoader(
            Subset(self.eval_dataset, rows),
            batch_size=self.args.per_device_eval_batch_size,
            collate_fn=collate,
        )
        with torch.no_grad():
            for batch in batches:
                here = {name: one.to(self.args.device) for name, one in batch.items()}
                nats, tokens = answer_loss(model, here)
                total, count = total + float(nats), count + int(tokens)
        model.train()
        summed = self.accelerator.reduce(torch.tensor([total, count], device=self.args.device), "sum")
        total, count = summed.tolist()
        metrics = {"eval_loss": total / max(count, 1)}
        best = self.state.best_metric
        if (best is None or metrics["eval_loss"] < best) and self.is_world_process_zero():
            save_trained(self.accelerator.unwrap_model(self.model), self.best_file)
        self.log(dict(metrics))
        handler: CallbackHandler = self.callback_handler
        self.control: TrainerControl = handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def answer_loss(model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the summed nats over answer tokens, and their number.

    Only positions at which some row has a label are turned into logits.
    """
    following = inputs["labels"][:, 1:]
    places = (following != NO_LOSS).any(dim=0).nonzero()[:, 0]
    whole = bool(inputs["attention_mask"].all())
    out = model(
        input_ids=inputs["input_ids"],
        attention_mask=None if whole else inputs["attention_mask"],
        use_cache=False,
        logits_to_keep=places,
    )
    labels = following[:, places].flatten()
    logits = out.logits.flatten(0, 1)
    total = sum(
        cross_entropy(part.float(), wanted, ignore_index=NO_LOSS, reduction="sum")
        for part, wanted in zip(logits.split(LOGITS), labels.split(LOGITS), strict=True)
    )
    return total, (labels != NO_LOSS).sum()


class _Record(TrainerCallback):  # type: ignore[misc]
    """Hears of each logged point: for the progress bar, TensorBoard and the record of the run."""

    def __init__(self, job: Job, progress: Progress, identity: str, *, before: float) -> None:
        self._progress, self._identity = progress, identity
        self._board: SummaryWriter | None = None
        if PartialState().is_main_process:  # the others would write the same
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(job.logs))
        self._epochs = job.settings.epochs
        self._started = time.monotonic() - before

    @property
    def seconds(self) -> float:
        """The time that the training has taken, that before a resume included."""
        return round(time.monotonic() - self._started, 1)

    def on_log(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **kwargs: Any
    ) -> None:
        logs: dict[str, float] = kwargs["logs"]
        if not {"loss", "eval_loss"} & logs.keys():
            return
        state.log_history[-1]["seconds"] = self.seconds
        if self._board is None:
            return
        for name, value in logs.items():
            if isinstance(value, int | float):
                self._board.add_scalar(name, value, state.global_step)
        self._progress(self._point(state.log_history[-1], state.max_steps), state.max_steps)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_kwargs: Any
    ) -> None:
        PartialState().wait_for_everyone()  # each process writes a file of its own into the checkpoint
        if state.is_world_process_zero:
            folder = Path(args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
            mark_complete(folder, self._identity, seconds=self.seconds)

    def points(self, state: TrainerState) -> list[Point]:
        """Return the whole record, of the steps before a resume too."""
        return [
            self._point(logs, state.max_steps)
            for logs in state.log_history
            if {"loss", "eval_loss"} & logs.keys()
        ]

    def close(self) -> None:
        if self._board is not None:
            self._board.close()

    def _point(self, logs: dict[str, float], steps: int) -> Point:
        return Point(
            step=int(logs["step"]),
            epoch=round(logs["step"] / max(steps, 1) * self._epochs, 3),
            seconds=logs["seconds"],
            train_loss=float(logs.get("loss", 0.0)),
            validation_loss=float(logs.get("eval_loss", 0.0)),
            learning_rate=float(logs.get("learning_rate", 0.0)),
            gradient_norm=float(logs.get("grad_norm", 0.0)),
        )


def _arguments(job: Job, train: Sequence[Formatted]) -> tuple[TrainingArguments, list[int]]:
    settings = job.settings
    order = reading_order(
        [len(row.tokens) for row in train],
        batch=settings.batch,
        epochs=settings.epochs,
        seed=job.seed,
        group_by_length=settings.group_by_length,
    )
    if settings.max_steps:
        del order[settings.max_steps * settings.batch :]
    steps = math.ceil(len(order) / settings.batch)
    epoch = max(1, math.ceil(len(train) / settings.batch))
    # Every validation falls on a checkpoint, so that the best one can be gone back to.
    between = max(1, settings.saves // settings.evaluations)
    saved = max(1, epoch // (settings.evaluations * between))
    validated = saved * between
    micro = settings.micro_batch or (1 if device_name() == "cpu" else settings.batch)
    # Without `cpu` the library takes each of several processes on CPUs for the only one.
    processes = PartialState(cpu=device_name() == "cpu").num_processes
    while settings.batch % (micro * processes) and micro > 1:
        micro -= 1
    evaluated = "steps" if job.validation else "no"
    return TrainingArguments(
        output_dir=str(job.checkpoints),
        num_train_epochs=1,
        max_steps=steps,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=max(1, settings.batch // (micro * processes)),
        per_device_eval_batch_size=4 if device_name() == "cpu" else 16,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=max(0, round(settings.warmup_share * steps)),
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        optim="adamw_torch",
        # LoRA weights are fp32; on a GPU their products are taken in the base's precision.
        bf16=device_name() == "cuda" and training_dtype(settings) == torch.bfloat16,
        gradient_checkpointing=False,
        ddp_find_unused_parameters=False,  # every weight that is trained is in every pass
        logging_steps=max(1, epoch // LOGS),
        eval_strategy=evaluated,
        eval_steps=validated,
        save_strategy="steps",
        save_steps=saved,
        save_total_limit=KEPT,
        restore_callback_states_from_checkpoint=True,
        metric_for_best_model="eval_loss" if job.validation else None,
        greater_is_better=False,
        remove_unused_columns=False,
        dataloader_pin_memory=device_name() == "cuda",
        seed=job.seed,
        data_seed=job.seed,
        report_to=[],
        disable_tqdm=True,
        use_cpu=device_name() == "cpu",
    ), order


def _identity(job: Job, train: Sequence[Formatted]) -> str:
    """Name what is trained: a checkpoint of anything else is no help."""
    digest = hashlib.sha256(f"{job.settings.model_dump_json()}{job.seed}{job.base_sha256}".encode())
    for row in train:
        digest.update(repr(row.tokens).encode())
    return digest.hexdigest()[:32]


def _answer_tokens(row: Formatted) -> int:
    return sum(label != NO_LOSS for label in row.labels)


def _parameters(model: Any) -> tuple[int, int]:
    every = list(model.parameters())
    return sum(one.numel() for one in every if one.requires_grad), sum(one.numel() for one in every)


def _hardware() -> str:
    if torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    return f"{psutil.cpu_count(logical=False) or 1} CPU cores, {platform.machine()}"
