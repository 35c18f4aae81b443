"""The one place where objects are put together: settings in, a `ChatService` out.

Nothing heavy is imported or loaded here until a part is first asked for; the crisis gate and
the fixed replies are loaded at once, because everything else may fail.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.chat import ChatService, Parts, Rules
from app.clinic import Clinic, load_clinic
from app.errors import ConfigError, PartUnavailable
from app.models import MODELS
from app.models.base import ChatModel, ModelSetup
from app.parts import Part
from app.settings import Settings
from safety.crisis import CrisisGate
from safety.replies import Replies
from weights import fetch

if TYPE_CHECKING:
    from app.store import PurgeTimer, Store
    from retrieval.embedder import Embedder
    from retrieval.retriever import Retriever
    from safety.output_check import OutputCheck
    from safety.screen import Screener
    from safety.scrubber import Scrubber


# The adapters that are tuned for the two kinds of answer; there is no release of either yet. Untuned,
# the model may only quote its passages, and does not answer feelings.
GROUNDED_ADAPTER: str | None = None
SUPPORT_ADAPTER: str | None = None


@dataclass(frozen=True)
class Application:
    """A service and what must be closed with it."""

    service: ChatService
    clinic: Clinic
    settings: Settings

    def warm(self) -> list[PartUnavailable]:
        """Build every part now and return what failed; the model goes on loading in its own thread."""
        failed = []
        for part in self.service.parts.each():
            try:
                part.get()
            except PartUnavailable as error:
                failed.append(error)
        return failed

    def try_again(self) -> None:
        """Load a model that is not there again, and let every part that failed be built anew."""
        parts = self.service.parts
        for part in parts.each():
            part.retry()
        if parts.model.is_ready() and parts.model.get().state().status == "unavailable":
            parts.model.get().restart()

    def purge_by_itself(self) -> PurgeTimer:
        """Start deleting what is older than its retention time, now and once a day.

        Raises PartUnavailable without a store.
        """
        from app.store import PurgeTimer, Retention

        timer = PurgeTimer(self.service.parts.store.get(), Retention())
        timer.start()
        return timer

    def close(self) -> None:
        """Stop the model and flush the store."""
        if self.service.parts.model.state().status == "ready":
            self.service.parts.model.get().close()
        if self.service.parts.store.state().status == "ready":
            self.service.parts.store.get().close()


def build(
    settings: Settings, *, beyond_loopback: bool = False, model_wait_seconds: float = 0.0
) -> Application:
    """Put the application together. Raises ConfigError for a profile that cannot be used.

    `beyond_loopback` says that others than this machine's user will write: then the brief
    supporting words are the default, and the sample FAQ must be allowed by name. An answer waits
    up to `model_wait_seconds` for a model that is still loading.
    """
    clinic = load_clinic(settings.clinic)
    if beyond_loopback and settings.index_dir is None and not settings.allow_sample:
        raise ConfigError(
            "this would serve the sample FAQ of an invented clinic to others. Build your own index "
            "(python -m retrieval build ...) and set CAREFOLD_INDEX_DIR, or set CAREFOLD_ALLOW_SAMPLE=1"
        )
    if settings.index_dir is not None and not (settings.index_dir / "manifest.json").is_file():
        raise ConfigError(
            f"CAREFOLD_INDEX_DIR is {settings.index_dir}, and there is no index. "
            "Build one: python -m retrieval build --faq PATH --out DIR"
        )
    embedder = Part("embedder", lambda: _embedder(settings))
    scrubber = Part("scrubber", lambda: _scrubber(settings, clinic))
    parts = Parts(
        scrubber=scrubber,
        screener=Part("screener", lambda: _screener(embedder)),
        retriever=Part("retriever", lambda: _retriever(settings, embedder)),
        output_check=Part("output check", lambda: _output_check(clinic, scrubber)),
        store=Part("store", lambda: _store(settings)),
        model=Part("model", lambda: _model(settings)),
    )
    rules = Rules(
        base=settings.base_model,
        support=settings.support or _who_answers_a_feeling(beyond_loopback=beyond_loopback),
        grounded_adapter=GROUNDED_ADAPTER,
        support_adapter=SUPPORT_ADAPTER,
        max_chars=settings.max_chars,
        answer_seconds=settings.answer_seconds,
        answer_tokens=settings.answer_tokens,
        model_wait_seconds=model_wait_seconds,
        keep_unanswered=settings.keep_unanswered,
    )
    service = ChatService(gate=CrisisGate(), replies=Replies.load(), clinic=clinic, parts=parts, rules=rules)
    return Application(service, clinic, settings)


def _who_answers_a_feeling(*, beyond_loopback: bool) -> str:
    """Choose when the operator has not: the model only where it was tuned for it, and at home."""
    return "model" if SUPPORT_ADAPTER is not None and not beyond_loopback else "brief"


def _model(settings: Settings) -> ChatModel:
    return MODELS[settings.model](
        ModelSetup(
            base_model=settings.base_model,
            cache_dir=settings.cache_dir,
            offline=settings.offline,
            precision=settings.precision,
            threads=settings.threads,
            openai_base_url=settings.openai_base_url,
            openai_api_key=settings.openai_api_key.get_secret_value(),
            timeout_s=settings.answer_seconds,
            echo_rate=settings.echo_rate,
        )
    )


def _scrubber(settings: Settings, clinic: Clinic) -> Scrubber:
    from safety.scrubber import Scrubber

    names = fetch(settings.name_model, cache_dir=settings.cache_dir, offline=settings.offline)
    return Scrubber(policy=settings.policy, name_model=names.folder, keep=clinic.public_words)


def _screener(embedder: Part[Embedder]) -> Screener:
    """Screen with the encoder's help; without it the service has the rules."""
    from safety.screen import Screener

    return Screener(embedder.get().embed)


def _embedder(settings: Settings) -> Embedder:
    from retrieval.embedder import load_embedder

    return load_embedder(settings.embedder, cache_dir=settings.cache_dir, offline=settings.offline)


def _retriever(settings: Settings, embedder: Part[Embedder]) -> Retriever:
    from retrieval.build import SAMPLE_FAQ, ensure_index
    from retrieval.retriever import Retriever

    folder = settings.index_dir
    if folder is None:
        folder = ensure_index(SAMPLE_FAQ, out=settings.sample_index_dir, embedder=embedder.get())
    return Retriever.open(folder, embedder.get())


def _output_check(clinic: Clinic, scrubber: Part[Scrubber]) -> OutputCheck:
    from safety.output_check import OutputCheck

    return OutputCheck(
        allowed_contacts=clinic.contacts,
        find_personal_data=lambda sentence: bool(scrubber.get().find(sentence)),
        paraphrase=GROUNDED_ADAPTER is not None,
    )


def _store(settings: Settings) -> Store:
    from app.store import Store

    return Store.open(settings.database)


def warm_in_background(application: Application) -> threading.Thread:
    """Build the parts in a thread of their own, so that the first question finds them ready."""
    # A part that fails remembers why; the first question that needs it says so.
    thread = threading.Thread(target=application.warm, name="warm", daemon=True)
    thread.start()
    return thread
