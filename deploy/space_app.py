"""The entry file of a Gradio Space: `python -m app serve`, and on ZeroGPU a model on its borrowed GPU.

On ZeroGPU no GPU is there but inside a function with `spaces.GPU`, which runs in a forked process. The
model is put on "cuda" here, at import, as ZeroGPU wants it; everything else stays on the CPU. Without
the `spaces` package, or on other hardware, this only starts the server. It lies beside the package
`app`, so it may not be called app.py.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import GenerationError, ModelUnavailable
from app.models import MODELS, GenerationRequest, ModelSetup, ModelState

if TYPE_CHECKING:
    from app.models.transformers_local_load import Loaded
    from retrieval.embedder import Embedder

# Before anything imports torch (nothing above does): on ZeroGPU it stands in for CUDA.
spaces: Any = None
with contextlib.suppress(ImportError):
    import spaces  # type: ignore[import-not-found, no-redef]

ON_ZERO_GPU = spaces is not None and os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
# A visitor's quota is charged by the time asked for; an answer takes a few seconds.
GPU_SECONDS = 20
# A Space is shown in a frame of the hub and reached by its proxy alone. deploy/space.py has the same two.
BEHIND_THE_HUB = {"CAREFOLD_FRAME_ANCESTORS": "https://huggingface.co", "CAREFOLD_PROXIES": "*"}
LOADED: list[Loaded] = []


def on_gpu(function: Any) -> Any:
    """Let ZeroGPU run a function; without the `spaces` package it stays as it is."""
    return function if spaces is None else spaces.GPU(duration=GPU_SECONDS)(function)


@on_gpu
def write(request: GenerationRequest, deadline: float) -> Iterator[str]:
    """Yield whole sentences. In the forked process: it has the loaded model, and none of our threads."""
    from app.models.transformers_local_decode import Decoder
    from app.models.transformers_local_row import Done, Failed, Row

    decoder = Decoder(LOADED[0])
    row = Row(request=request, stop=threading.Event(), deadline=deadline)
    decoder.admit(row)
    while True:
        while not row.sink.empty():
            item = row.sink.get()
            if isinstance(item, Done):
                return
            if isinstance(item, Failed):
                raise item.error
            yield item
        decoder.step()


class BorrowedGpu:
    """The chat model of `app.models.base` that writes with a GPU that is there for one answer."""

    def __init__(self, name: str, adapters: tuple[str, ...]) -> None:
        self.name = name
        self.adapters = adapters
        self._closed = False

    def stream(self, request: GenerationRequest, stop: threading.Event) -> Iterator[str]:
        """Ask for a GPU and yield what is written; no GPU, no quota or no time is a GenerationError."""
        if self._closed:
            raise ModelUnavailable("closed")
        if request.adapter is not None and request.adapter not in self.adapters:
            raise GenerationError(f"unknown adapter {request.adapter!r}")
        return _pieces(request, stop)

    def state(self) -> ModelState:
        """Say that it is ready: whether a GPU is free is known only when one is asked for."""
        return ModelState("unavailable", "closed") if self._closed else ModelState("ready")

    def wait_ready(self, timeout: float) -> bool:  # noqa: ARG002 - it was loaded before this was built
        """Return at once."""
        return not self._closed

    def restart(self) -> None:
        """Do nothing: each answer has a process of its own anyway."""

    def adopt(self, name: str, folder: Path) -> None:  # noqa: ARG002
        """Refuse: a borrowed GPU serves what was loaded at the start."""
        raise GenerationError("a borrowed GPU serves what was loaded at the start")

    def retire(self, name: str) -> None:
        """Do nothing: nothing was adopted."""

    def close(self) -> None:
        """Answer no more."""
        self._closed = True


def _pieces(request: GenerationRequest, stop: threading.Event) -> Iterator[str]:
    # Waiting for a GPU may take a minute, so another thread waits: here the deadline and the stop count.
    deadline = time.monotonic() + request.deadline_s
    written: queue.Queue[str | Exception | None] = queue.Queue()
    left = threading.Event()

    def produce() -> None:
        end: Exception | None = None
        try:
            for piece in write(request, deadline):
                written.put(piece)
                if left.is_set():
                    break
        except Exception as error:  # noqa: BLE001 - the approved answer takes over, whatever it was
            end = GenerationError(f"ZeroGPU: {type(error).__name__}")
        written.put(end)

    # ZeroGPU finds the visitor, whose quota it is, in the context.
    threading.Thread(target=copy_context().run, args=(produce,), daemon=True, name="gpu").start()
    try:
        while not stop.is_set() and time.monotonic() < deadline:
            try:
                item = written.get(timeout=0.1)
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                raise item
            if item is None:
                return
            yield item
    finally:
        left.set()


def use_zero_gpu() -> None:
    """Load the model now and put it, and an embedder that stays on the CPU, into the tables."""
    from spaces.zero import startup  # type: ignore[import-not-found]

    from app.models.transformers_local_load import load
    from app.settings import load_settings
    from retrieval.embedder import EMBEDDERS
    from weights import fetch

    # ZeroGPU stands in for CUDA in this thread alone, so the weights may not be read by others.
    os.environ["HF_DEACTIVATE_ASYNC_LOAD"] = "1"
    settings = load_settings()
    if settings.model != "transformers":
        return
    fetched = fetch(settings.base_model, cache_dir=settings.cache_dir, offline=settings.offline)
    # Not NF4: there is room for more, and quantising needs the GPU that is not there yet.
    LOADED.append(load(fetched, adapters={}, precision="bf16", cache_dir=settings.cache_dir, threads=1))

    def borrowed(setup: ModelSetup) -> BorrowedGpu:
        return BorrowedGpu(setup.base_model, LOADED[0].adapters)

    MODELS["transformers"] = borrowed
    for kind in ("pypi", "hub", "path"):
        EMBEDDERS[kind] = _embedder_on_cpu
    # `Blocks.launch` would do this; our pages are mounted in a server and never launched.
    startup()


def _embedder_on_cpu(source: str, cache_dir: Path | None, offline: bool, num_threads: int | None) -> Embedder:
    from retrieval.embedder import SentenceTransformerEmbedder
    from weights import fetch

    found = fetch(source, cache_dir=cache_dir, offline=offline)
    return SentenceTransformerEmbedder(
        found.folder, source, sha256=found.sha256, device="cpu", num_threads=num_threads
    )


def main() -> None:
    """Serve, where the Space says."""
    for name, value in BEHIND_THE_HUB.items():
        os.environ.setdefault(name, value)
    if ON_ZERO_GPU:
        use_zero_gpu()
    from app.__main__ import app

    host = os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0")  # noqa: S104 - a Space is reached from outside
    port = os.environ.get("GRADIO_SERVER_PORT", "7860")
    app(["serve", "--host", host, "--port", port])


if __name__ == "__main__":
    main()
