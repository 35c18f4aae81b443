"""Toy corpora for the small trainers, made from templates; what is measured has templates of its own.

python -m tests.training.encoder_toys KIND FOLDER    train one in FOLDER and print where it stands
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch

from training.recipe import Train
from training.rows import Example, Span
from training.tasks.base import Task
from training.tasks.labelling import LabellingTask
from training.tasks.pairing import PairingTask
from training.tasks.tagging import TaggingTask
from training.trainers.base import Job, Point, Trainer
from training.trainers.classifier import Classifier
from training.trainers.embedder import Embedder
from training.trainers.tagger import Tagger
from weights import fetch
from weights.defaults import EMBEDDER

Kind = Literal["tagger", "classifier", "embedder"]

TRAINERS: Mapping[Kind, Trainer] = {"tagger": Tagger(), "classifier": Classifier(), "embedder": Embedder()}
TASKS: Mapping[Kind, Task] = {
    "tagger": TaggingTask("toy_tagger"),
    "classifier": LabellingTask("toy_classifier"),
    "embedder": PairingTask("toy_embedder"),
}

_FIRST = (
    "Ann",
    "Bela",
    "Carlos",
    "Dunja",
    "Edith",
    "Farid",
    "Greta",
    "Hugo",
    "Imani",
    "Jonas",
    "Keiko",
    "Lars",
)
_LAST = ("Abbot", "Brandt", "Castell", "Dorn", "Eklund", "Farrow", "Gomes", "Hale", "Ivers", "Jansen")
_NEW_FIRST = ("Mirko", "Nadia", "Oskar", "Priya")
_NEW_LAST = ("Okafor", "Petrov", "Quist", "Rossi")
_TOWNS = ("Ashford", "Bramley", "Corwen", "Dunmore", "Elstead")
_NEW_TOWNS = ("Farnham", "Grimsby", "Hexham")
_TAGGED = (
    "my name is {name} and I live in {town}",
    "{name} from {town} called about the bill",
    "please tell {name} that I am late",
    "is the office in {town} open today?",
    "I saw {name} on Monday in {town}.",
    "can I have my results by post?",
)
_NEW_TAGGED = (
    "this is {name}, I moved to {town} last year",
    "we met {name} near {town}",
    "how long is the wait today?",
)
_INTENTS = {
    "booking": ("book a visit", "get an appointment", "see a doctor next week", "move my visit to Friday"),
    "billing": ("pay my bill", "dispute a charge", "ask about the invoice", "get a refund"),
    "refill": ("renew my tablets", "get more of my inhaler", "refill my prescription", "reorder my cream"),
}
_NEW_INTENTS = {
    "booking": ("schedule an appointment", "come in on Tuesday to see someone"),
    "billing": ("settle an invoice", "question a payment on my bill"),
    "refill": ("order my prescription again", "get a new pack of pills"),
}
_ASKS = (
    "I want to {what}",
    "how do I {what}?",
    "can you help me {what} please",
    "{what}, is that possible here",
)
_NEW_ASKS = ("hello, I would like to {what}", "who can {what} for me?")
_CODES = {
    "snavel": "parking", "brimdo": "breakfast", "kolter": "visiting hours", "wexin": "translation",
    "fludge": "laboratory", "paneri": "vaccination", "tosk": "wheelchairs", "miravo": "payment plans",
    "quorn": "lost property", "dapple": "night duty", "ezrit": "eye tests", "huldo": "hearing aids",
}  # fmt: skip
_CODED = (
    "where do I ask for {code}?",
    "tell me about {code}",
    "I need {code}",
    "{code} today?",
    "is there {code} here",
)
_NEW_CODED = ("who is in charge of {code}?", "when can I get {code}")


def toy(kind: Kind, *, rows: int = 128, seed: int = 0) -> tuple[list[Example], list[Example], list[Example]]:
    """Return training, validation and held-out examples."""
    make = {"tagger": _tagged, "classifier": _labelled, "embedder": _paired}[kind]
    dice = random.Random(seed)
    return (
        [make(f"t{n}", n, dice, new=False) for n in range(rows)],
        [make(f"v{n}", n, dice, new=False) for n in range(24)],
        [make(f"h{n}", n, dice, new=True) for n in range(36)],
    )


def toy_job(kind: Kind, folder: Path, settings: Train, *, rows: int = 128) -> Job:
    """Return a job over the default encoder that writes below `folder`."""
    base = fetch(EMBEDDER)
    train, validation, _held_out = toy(kind, rows=rows)
    return Job(
        task=TASKS[kind], base=base.folder, base_sha256=base.sha256, base_source=base.source, train=train,
        validation=validation, settings=settings, clinic="the clinic", seed=7, out=folder / "out",
        checkpoints=folder / "checkpoints", logs=folder / "logs",
    )  # fmt: skip


def spanned(template: str, values: Mapping[str, str]) -> tuple[str, tuple[Span, ...]]:
    """Fill a template; every value becomes a span with the name of its place as label."""
    text, spans = "", []
    for piece in template.replace("{", "\0{").replace("}", "}\0").split("\0"):
        value = values.get(piece.strip("{}"), "") if piece.startswith("{") else ""
        if value:
            spans.append(Span(start=len(text), end=len(text) + len(value), label=piece.strip("{}")))
        text += value or piece
    return text, tuple(spans)


def _tagged(row_id: str, n: int, dice: random.Random, *, new: bool) -> Example:
    first, last, towns, templates = (
        (_NEW_FIRST, _NEW_LAST, _NEW_TOWNS, _NEW_TAGGED) if new else (_FIRST, _LAST, _TOWNS, _TAGGED)
    )
    values = {"name": f"{dice.choice(first)} {dice.choice(last)}", "town": dice.choice(towns)}
    text, spans = spanned(templates[n % len(templates)], values)
    return Example(id=row_id, inputs={"text": text}, spans=spans)


def _labelled(row_id: str, n: int, dice: random.Random, *, new: bool) -> Example:
    intents, asks = (_NEW_INTENTS, _NEW_ASKS) if new else (_INTENTS, _ASKS)
    label = list(intents)[n % len(intents)]
    text = dice.choice(asks).format(what=dice.choice(intents[label]))
    return Example(id=row_id, inputs={"text": text}, target=label)


def _paired(row_id: str, n: int, dice: random.Random, *, new: bool) -> Example:
    code, meaning = list(_CODES.items())[n % len(_CODES)]
    anchor = dice.choice(_NEW_CODED if new else _CODED).format(code=code)
    return Example(id=row_id, inputs={"anchor": anchor, "positive": f"The desk for {meaning}."})


SHORT = Train(
    rank=8, alpha=16, learning_rate=2e-3, epochs=2, batch=8, saves=10, evaluations=2, patience=8, dropout=0.1
)

if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen: Kind = sys.argv[1]  # type: ignore[assignment]

    def tell(point: Point, steps: int) -> None:
        print(point.step, steps, flush=True)

    toy_run = TRAINERS[chosen].fit(toy_job(chosen, Path(sys.argv[2]), SHORT, rows=32), tell)
    print("resumed", toy_run.resumed_from, flush=True)
