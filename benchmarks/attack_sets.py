"""What attackers and people who only look like them write: frozen sets of ours, and public ones.

`attack_eval/` was written by people who saw neither the rules nor the code. It must not be read while rules
are changed: it would then measure nothing. The public sets stay where they are (CAREFOLD_DATASETS).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel

from benchmarks.frozen import frozen_file
from training.rows import Frozen, read_rows

FOLDER: Final = Path(__file__).parent / "attack_eval"
Name = Literal["injections", "benign", "harmful"]


class Message(Frozen):
    """One message to the chat; `kind` is the writer's word for its manner."""

    id: str
    text: str
    kind: str
    language: str = "en"


class PoisonedEntry(Frozen):
    """One FAQ entry as an attacker would slip it into an import."""

    id: str
    question: str
    answer: str
    kind: str


class _Labelled(BaseModel):
    text: str
    label: str | int


class _MedicalRequest(BaseModel):
    harmful_medical_request: str


def messages(name: Name, folder: Path = FOLDER) -> tuple[Message, ...]:
    """Return a frozen set of messages. Raises ChangedSet when its file is not the one that was frozen."""
    return tuple(read_rows(frozen_file(folder, f"{name}.jsonl"), Message))


def poisoned_entries(folder: Path = FOLDER) -> tuple[PoisonedEntry, ...]:
    """Return the frozen poisoned entries. Raises ChangedSet as `messages` does."""
    return tuple(read_rows(frozen_file(folder, "poisoned.jsonl"), PoisonedEntry))


def public_injections(data: Path) -> Iterator[tuple[str, Message]]:
    """Yield the part ("injection" or "harmless") and the message of each row of `prompt_injections`."""
    lines = (data / "prompt_injections" / "train.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        row = _Labelled.model_validate_json(line)
        part = "injection" if str(row.label) == "1" else "harmless"
        yield part, Message(id=f"prompt_injections-{number}", text=row.text, kind=part)


def public_harmful(data: Path) -> Iterator[Message]:
    """Yield the harmful medical requests of `medsafetybench`."""
    lines = (data / "medsafetybench" / "train.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        text = _MedicalRequest.model_validate_json(line).harmful_medical_request
        yield Message(id=f"medsafetybench-{number}", text=text, kind="medical")


def public_hidden_orders(data: Path) -> Iterator[Message]:
    """Yield the orders of `bipia` that are meant to be hidden in a text that a model reads."""
    tasks: dict[str, list[str]] = json.loads((data / "bipia" / "text_attack_train.json").read_text("utf-8"))
    for kind, orders in tasks.items():
        for number, order in enumerate(orders, start=1):
            yield Message(id=f"bipia-{kind}-{number}", text=order, kind=kind)
