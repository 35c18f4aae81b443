"""Chat models behind one protocol (`base.py`). A new one is a file and a line in `MODELS`.

Each builder imports its own library when it is called, so that `--help` and the fixed replies
need none of them.
"""

from __future__ import annotations

from collections.abc import Callable

from app.models.base import ChatModel, GenerationRequest, Message, ModelSetup, ModelState
from app.models.echo import EchoModel
from app.models.none import NoModel

__all__ = ["MODELS", "ChatModel", "GenerationRequest", "Message", "ModelSetup", "ModelState"]


def _transformers(setup: ModelSetup) -> ChatModel:
    from app.models.transformers_local import TransformersLocal
    from weights import fetch

    return TransformersLocal(
        lambda: fetch(setup.base_model, cache_dir=setup.cache_dir, offline=setup.offline),
        name=setup.base_model,
        adapters=setup.adapters,
        precision=setup.precision,
        threads=setup.threads,
        cache_dir=setup.cache_dir,
    )


def _openai(setup: ModelSetup) -> ChatModel:
    from app.models.openai_remote import OpenAIRemote

    return OpenAIRemote(
        setup.openai_base_url,
        name=setup.base_model,
        api_key=setup.openai_api_key,
        adapters=tuple(setup.adapters),
        read_timeout_s=setup.timeout_s,
    )


def _echo(setup: ModelSetup) -> ChatModel:
    return EchoModel(adapters=tuple(setup.adapters), tokens_per_second=setup.echo_rate)


def _none(setup: ModelSetup) -> ChatModel:  # noqa: ARG001 - there is nothing to set up
    return NoModel()


MODELS: dict[str, Callable[[ModelSetup], ChatModel]] = {
    "transformers": _transformers,
    "openai": _openai,
    "echo": _echo,
    "none": _none,
}
