"""A model behind any OpenAI-compatible server (vLLM, llama-server, `transformers serve`).

The scrubbed prompt leaves this process: point it only at a server that the clinic may use.
Retries with backoff are the SDK's, and only for what may be retried (no connection, 408, 409,
429, 5xx) and before the first token. Must not log or raise what was written or answered.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import openai
from openai.types.chat import ChatCompletionMessageParam

from app.errors import GenerationError, ModelUnavailable
from app.models.base import GenerationRequest, ModelState
from app.sentences import WholeSentences

CONNECT_S = 5.0
RETRIES = 2
REST_S = 10.0
TEMPERATURE, TOP_P = 0.3, 0.9
_POLL_S = 0.05

# At DEBUG the SDK logs whole requests, which hold what people wrote.
logging.getLogger("openai").setLevel(logging.WARNING)


class OpenAIRemote:
    """The chat model of `app.models.base` over the `openai` SDK; adapters are model names there."""

    def __init__(
        self,
        base_url: str,
        *,
        name: str,
        api_key: str = "none",
        adapters: tuple[str, ...] = (),
        read_timeout_s: float = 30.0,
        retries: int = RETRIES,
    ) -> None:
        """Name the server (`http://host:port/v1`) and the model that it serves.

        A server that sends nothing for `read_timeout_s` seconds has failed.
        """
        self.name = name
        self.adapters = adapters
        self._client = openai.OpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=retries,
            timeout=openai.Timeout(read_timeout_s, connect=CONNECT_S),
        )
        self._failed_at = 0.0
        self._reason = ""
        self._closed = False

    def stream(self, request: GenerationRequest, stop: threading.Event) -> Iterator[str]:
        """Ask the server and return its text in whole sentences; see `ChatModel.stream`.

        After a failure requests are turned away at once for a few seconds, then tried again.
        """
        if request.adapter is not None and request.adapter not in self.adapters:
            there = ", ".join(self.adapters) or "none"
            raise GenerationError(f"unknown adapter {request.adapter!r}: there are {there}")
        if self._closed or (self._reason and time.monotonic() - self._failed_at < REST_S):
            raise ModelUnavailable(self._reason or "closed")
        call = _Call(request, stop, time.monotonic() + request.deadline_s)
        threading.Thread(target=self._pump, args=(call,), daemon=True, name="remote-model").start()
        return _read(call)

    def state(self) -> ModelState:
        """Say how the last request went; before the first, the server is taken to be there."""
        reason = "closed" if self._closed else self._reason
        return ModelState("unavailable", reason) if reason else ModelState("ready")

    def wait_ready(self, timeout: float) -> bool:  # noqa: ARG002 - loading is the server's matter
        """Return at once."""
        return self.state().status == "ready"

    def restart(self) -> None:
        """Forget the last failure, so that the next request tries the server."""
        self._reason = ""

    def adopt(self, name: str, folder: Path) -> None:  # noqa: ARG002 - the server has weights of its own
        """Use an adapter that the server already serves as a model of this name."""
        if self._closed:
            raise ModelUnavailable("closed")
        try:
            served = {model.id for model in self._client.models.list()}
        except openai.NotFoundError:
            served = set()  # a server that lists nothing
        except openai.OpenAIError as error:
            raise ModelUnavailable(f"the server does not list its models: {type(error).__name__}") from error
        if name not in served:
            raise GenerationError(
                f"the server serves no model {name!r}: load the adapter there under this name"
            )
        self.adapters = (*(known for known in self.adapters if known != name), name)

    def retire(self, name: str) -> None:
        """Ask for it no more; the server keeps it."""
        self.adapters = tuple(known for known in self.adapters if known != name)

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self._client.close()

    def _pump(self, call: _Call) -> None:
        """Move pieces from the server to the reader until either has enough."""
        try:
            with self._client.chat.completions.create(
                model=call.request.adapter or self.name,
                messages=_messages(call.request),
                max_tokens=call.request.max_new_tokens,
                temperature=0.0 if call.request.greedy else TEMPERATURE,
                top_p=TOP_P,
                seed=call.request.seed if call.request.seed is not None else openai.omit,
                stream=True,
            ) as chunks:
                for chunk in chunks:
                    if call.over():
                        break
                    if chunk.choices and (piece := chunk.choices[0].delta.content):
                        call.sink.put(piece)
            self._reason = ""
            call.sink.put(_END)
        except openai.APIStatusError as error:
            call.sink.put(self._failed(f"the server answered {error.status_code}", error.status_code))
        except openai.OpenAIError as error:
            call.sink.put(self._failed(f"no answer from the server: {type(error).__name__}"))
        except Exception as error:  # noqa: BLE001 - the transport's own errors break through mid-stream
            call.sink.put(self._failed(f"the connection broke: {type(error).__name__}"))

    def _failed(self, reason: str, status: int = 0) -> Exception:
        """A refused request is that request's fault; anything else says that the server is away."""
        if 400 <= status < 500 and status not in (401, 403, 408, 409, 429):
            return GenerationError(f"{reason} for model {self.name!r}: check its name and limits")
        self._failed_at, self._reason = time.monotonic(), reason
        return ModelUnavailable(reason)


class _End:
    """What the pump puts last."""


_END = _End()


def _messages(request: GenerationRequest) -> list[ChatCompletionMessageParam]:
    chat = [{"role": message.role, "content": message.content} for message in request.messages]
    return cast(list[ChatCompletionMessageParam], chat)


@dataclass
class _Call:
    request: GenerationRequest = field(repr=False)
    stop: threading.Event
    deadline: float
    dropped: threading.Event = field(default_factory=threading.Event)
    sink: queue.SimpleQueue[str | Exception | _End] = field(default_factory=queue.SimpleQueue)

    def over(self) -> bool:
        return self.stop.is_set() or self.dropped.is_set() or time.monotonic() >= self.deadline


def _read(call: _Call) -> Iterator[str]:
    """Yield whole sentences; leaving, in whatever way, tells the pump to close the stream."""
    sentences = WholeSentences()
    try:
        while not call.over():
            try:
                item = call.sink.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                raise item
            if isinstance(item, _End):
                break
            if released := sentences.feed(item):
                yield released
        if not call.stop.is_set() and (rest := sentences.finish()):
            yield rest
    finally:
        call.dropped.set()
