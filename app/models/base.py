"""What every chat model is to the application: messages in, whole sentences out.

Must not import a heavy library: `app.prompting`, training and every test read this file.

A model yields its text in pieces that end where a sentence ends, so nothing that was shown is
ever withdrawn: what a length limit, a deadline or a stop leaves unfinished is never yielded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

Precision = Literal["nf4", "bf16", "fp32"]
NO_REPEAT_NGRAM_SIZE = 8


@dataclass(frozen=True)
class Message:
    """One message of a prompt; its words stay out of `repr`."""

    role: Literal["system", "user", "assistant"]
    content: str = field(repr=False)


@dataclass(frozen=True)
class GenerationRequest:
    """What to write and within which limits. `deadline_s` counts seconds from submission.

    No run of `no_repeat_ngram_size` tokens comes twice in one answer, and none of the system message comes
    at all: small models run in circles otherwise, or read their orders aloud. The other messages do not
    count, so that passages can be quoted as they stand. It is a rule of the engine in this process; a
    remote server follows its own.
    """

    messages: tuple[Message, ...]
    adapter: str | None = None
    max_new_tokens: int = 192
    deadline_s: float = 30.0
    greedy: bool = False
    seed: int | None = None
    no_repeat_ngram_size: int = NO_REPEAT_NGRAM_SIZE


@dataclass(frozen=True)
class ModelState:
    """Whether a model can answer; `reason` never holds a user's words."""

    status: Literal["loading", "ready", "unavailable"]
    reason: str = ""


@runtime_checkable
class ChatModel(Protocol):
    """A language model that several requests may use at once."""

    @property
    def name(self) -> str:
        """The base model, as it is named in traces."""
        ...

    @property
    def adapters(self) -> tuple[str, ...]:
        """The adapters that a request can name."""
        ...

    def stream(self, request: GenerationRequest, stop: threading.Event) -> Iterator[str]:
        """Yield text in pieces that end with a sentence; return at the end, a stop or the deadline.

        Raises ModelUnavailable at the call when no model can answer, and GenerationError when
        this request cannot be answered (an unknown adapter, a prompt that is too long). Dropping
        or closing the iterator counts as a stop.
        """
        ...

    def state(self) -> ModelState:
        """Say whether a request would be answered now."""
        ...

    def wait_ready(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until loading has ended; true when the model is ready."""
        ...

    def restart(self) -> None:
        """Load again in the background, after a failure or on request."""
        ...

    def adopt(self, name: str, folder: Path) -> None:
        """Load an adapter beside those there are; from the return on a request can name it.

        Requests being written are not ended by it. Raises GenerationError when this model cannot use
        the adapter, and ModelUnavailable when it cannot be asked now.
        """
        ...

    def retire(self, name: str) -> None:
        """Take no new request for an adapter, and unload it once the last that uses it has ended."""
        ...

    def close(self) -> None:
        """End the work and give memory back; a closed model is unavailable."""
        ...


@dataclass(frozen=True)
class ModelSetup:
    """Everything that the table `MODELS` needs to build any model."""

    base_model: str
    cache_dir: Path | None = None
    offline: bool = False
    adapters: Mapping[str, Path] = field(default_factory=dict)
    precision: Precision = "nf4"
    threads: int = 0
    openai_base_url: str = ""
    openai_api_key: str = field(default="none", repr=False)
    timeout_s: float = 30.0
    echo_rate: float = 0.0
