"""The values that pass between the stages, and their files: one JSON object a line.

An `Example` holds scrubbed text from the first file on. What is set aside keeps its id and a
reason, never its words, so that counts add up: taken = kept + set aside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from training.errors import RunError
from weights.durable import durable_text, write_durably

Value = TypeVar("Value", bound=BaseModel)
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Frozen(BaseModel):
    """A value that does not change; its words stay out of errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Span(Frozen):
    """A labelled stretch of a text: code points, end exclusive."""

    start: int
    end: int
    label: str


class Example(Frozen):
    """One row of a job: what a model reads (`inputs`) and what it should say (`target`).

    `group` is shared by rows that must fall into one split: the same question, and near copies
    of it. A classifier's `target` is its label; a tagger has `spans` into `inputs["text"]`; an
    embedder has `inputs["anchor"]` and `inputs["positive"]`.
    """

    id: str
    inputs: dict[str, str] = Field(repr=False)
    target: str = Field(default="", repr=False)
    passages: tuple[str, ...] = Field(default=(), repr=False)
    spans: tuple[Span, ...] = ()
    group: str = ""
    topic: str = ""
    source: str = ""
    split: Split | None = None


class SetAside(Frozen):
    """A row that a stage did not keep. `reason` is one of the stage's own words."""

    id: str
    stage: str
    reason: str


class StageCounts(Frozen):
    """What a stage took, kept and set aside; they add up, or the value cannot be made."""

    stage: str
    taken: int
    kept: int
    set_aside: dict[str, int] = Field(default_factory=dict)
    changed: dict[str, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.taken != self.kept + sum(self.set_aside.values()):
            raise ValueError(
                f"{self.stage}: {self.taken} in, {self.kept} kept, {sum(self.set_aside.values())} set aside"
            )
        return self

    @classmethod
    def of(
        cls, stage: str, kept: int, aside: Iterable[SetAside], *, changed: dict[str, int] | None = None
    ) -> Self:
        """Count what a stage returned."""
        reasons = Counter(one.reason for one in aside)
        return cls(
            stage=stage,
            taken=kept + sum(reasons.values()),
            kept=kept,
            set_aside=dict(sorted(reasons.items())),
            changed=changed or {},
        )


class Prediction(Frozen):
    """What one arm said to one example, kept so that scores can be computed again offline.

    `nll` is the summed negative log-likelihood (nats) of the reference answer and its end token,
    over `nll_tokens` tokens; both 0 where the arm gives no likelihoods. `ended` is false when
    the length limit cut the text.
    """

    id: str
    arm: str
    text: str = Field(default="", repr=False)
    spans: tuple[Span, ...] = ()
    seconds: float = 0.0
    prompt_tokens: int = 0
    new_tokens: int = 0
    ended: bool = True
    nll: float = 0.0
    nll_tokens: int = 0


def write_rows(file: Path, rows: Iterable[BaseModel]) -> int:
    """Write `rows` as JSON Lines, whole or not at all; return how many there were."""
    file.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with durable_text(file) as stream:
        for row in rows:
            stream.write(row.model_dump_json(exclude_defaults=True) + "\n")
            count += 1
    return count


def read_rows(file: Path, model: type[Value]) -> Iterator[Value]:
    """Yield the rows of a file that `write_rows` wrote. Raises RunError when it is not one."""
    try:
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                yield model.model_validate_json(line)
    except (OSError, ValidationError) as error:
        raise RunError(f"cannot read {file.name} of the run: run the stage that writes it again") from error


def write_value(file: Path, value: BaseModel) -> None:
    """Write one value as JSON, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_durably(file, value.model_dump_json(indent=1) + "\n")


def read_value(file: Path, model: type[Value]) -> Value:
    """Read what `write_value` wrote. Raises RunError when it is missing or not one."""
    try:
        return model.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise RunError(f"cannot read {file.name} of the run: run the stage that writes it again") from error
