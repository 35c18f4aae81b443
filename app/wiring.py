"""The one place where objects are put together: settings in, a `ChatService` out.

Nothing heavy is imported or loaded here until a part is first asked for; the crisis gate and
the fixed replies are loaded at once, because everything else may fail.
"""

from __future__ import annotations

import atexit
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.chat import ChatService, Parts, Rules
from app.clinic import Clinic, load_clinic
from app.crisis_release import active_gate, active_reader
from app.encoders import active_encoder
from app.errors import ConfigError, PartUnavailable
from app.faq_index import IndexOpener
from app.index_watch import MANIFEST, IndexWatch
from app.lineup import Lineup
from app.logs import get_logger
from app.models import MODELS
from app.models.base import ChatModel, ModelSetup
from app.parts import Part
from app.prompting import prompt_hash
from app.release_watch import Fits, ReleaseWatch, expected
from app.settings import Settings
from safety.replies import Replies
from weights import fetch
from weights.served import TAGGER

if TYPE_CHECKING:
    from pathlib import Path

    from app.store import PurgeTimer, Store
    from retrieval.embedder import Embedder
    from safety.output_check import OutputCheck
    from safety.scrubber import Scrubber

log = get_logger(__name__)

_WARM_SECONDS = 30.0


@dataclass(frozen=True)
class Application:
    """A service and what must be closed with it."""

    service: ChatService
    clinic: Clinic
    settings: Settings
    releases: ReleaseWatch
    index: IndexWatch

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
        self.releases.again()
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
        self.releases.stop()
        self.index.stop()
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
    if settings.index_dir is not None and not _is_index(settings.index_dir):
        raise ConfigError(
            f"CAREFOLD_INDEX_DIR is {settings.index_dir}, and there is no index. "
            "Build one: python -m retrieval build --faq PATH --out DIR"
        )
    gate = active_gate(settings.models_dir)
    if gate.missing:
        log.warning("crisis_classifier_missing", detectors=list(gate.detectors))  # /healthz says why
    lineup = Lineup(expected=expected(settings.models_dir))
    watch = ReleaseWatch(settings.models_dir, lineup, fits=_fits(settings))
    embedder = Part("embedder", lambda: _embedder(settings))
    scrubber = Part("scrubber", lambda: load_scrubber(settings, clinic))
    opener = IndexOpener(settings, embedder)
    index = IndexWatch(
        settings.index_dir or settings.sample_index_dir,
        opener.open,
        rebuild_due=opener.rebuild_due,
        without_ranker=lambda: opener.without_ranker,
    )
    parts = Parts(
        scrubber=scrubber,
        reader=Part("reader", lambda: active_reader(gate, settings)),
        retriever=Part("retriever", index.open),
        output_check=Part("output check", lambda: _output_check(clinic, scrubber)),
        tuned_check=Part("tuned check", lambda: _output_check(clinic, scrubber, embedder)),
        store=Part("store", lambda: _store(settings)),
        model=Part("model", lambda: _followed(_model(settings), watch)),
    )
    rules = Rules(
        base=settings.base_model,
        # When the operator has not chosen: the model only where it was tuned for it, and at home.
        support=settings.support or ("brief" if beyond_loopback else "release"),
        max_chars=settings.max_chars,
        answer_seconds=settings.answer_seconds,
        answer_tokens=settings.answer_tokens,
        model_wait_seconds=model_wait_seconds,
        keep_unanswered=settings.keep_unanswered,
    )
    service = ChatService(
        gate=gate,
        replies=Replies.load(ngrams=gate.ngrams),
        clinic=clinic,
        parts=parts,
        rules=rules,
        lineup=lineup,
    )
    index.start(parts.retriever)
    return Application(service, clinic, settings, watch, index)


def _is_index(folder: Path) -> bool:
    """Say whether there is an index to serve, in place or kept beside it."""
    if (folder / MANIFEST).is_file():
        return True
    from retrieval.generations import fallbacks

    return bool(fallbacks(folder))


def _fits(settings: Settings) -> Fits:
    """Say what a release must have been made for; of a model that is not in this process less is known."""
    local = settings.model == "transformers"

    def base_sha256() -> str:
        if not local:
            return ""
        return fetch(settings.base_model, cache_dir=settings.cache_dir, offline=settings.offline).sha256

    # Behind a server, base_model is the name that it is served under.
    return Fits("" if settings.model == "openai" else settings.base_model, base_sha256, prompt_hash())


def _followed(model: ChatModel, watch: ReleaseWatch) -> ChatModel:
    """Let the releases in place be loaded into a model, from now on."""
    watch.start(model)
    return model


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


def load_scrubber(settings: Settings, clinic: Clinic) -> Scrubber:
    """Load the scrubber of live text: with the active tagger, and without one with the name model.

    What an import is scrubbed with, too. Raises ReleaseError, WeightsError or ScrubError.
    """
    from safety.scrubber import Scrubber

    cache_dir, offline = settings.cache_dir, settings.offline
    tagger = active_encoder(settings.models_dir, TAGGER, cache_dir=cache_dir, offline=offline)
    names = (
        fetch(settings.name_model, cache_dir=cache_dir, offline=offline).folder if tagger is None else None
    )
    return Scrubber(policy=settings.policy, name_model=names, tagger=tagger, keep=clinic.public_words)


def _embedder(settings: Settings) -> Embedder:
    from retrieval.embedder import load_embedder

    return load_embedder(settings.embedder, cache_dir=settings.cache_dir, offline=settings.offline)


def _output_check(
    clinic: Clinic, scrubber: Part[Scrubber], embedder: Part[Embedder] | None = None
) -> OutputCheck:
    """Check a model's sentences; without `embedder` it may only quote: for one that is not tuned.

    Another encoder than the one that the coefficients were fitted with would be read wrongly: with it the
    words decide alone.
    """
    from safety.output_check import OutputCheck
    from safety.support import SupportScorer

    support = SupportScorer.load()
    encoder = embedder.get() if embedder is not None else None
    fitted = encoder is not None and encoder.name == support.weights.encoder
    return OutputCheck(
        allowed_contacts=clinic.contacts,
        find_personal_data=lambda sentence: bool(scrubber.get().find(sentence)),
        embed=encoder.embed if encoder is not None and fitted else None,
        support=support,
        paraphrase=embedder is not None,
    )


def _store(settings: Settings) -> Store:
    from app.store import Store

    return Store.open(settings.database)


def warm_in_background(application: Application) -> threading.Thread:
    """Build the parts in a thread of their own, so that the first question finds them ready."""
    # A part that fails remembers why; the first question that needs it says so.
    thread = threading.Thread(target=application.warm, name="warm", daemon=True)
    thread.start()
    # A thread inside compiled code when the interpreter ends aborts the process, exit code and all.
    atexit.register(thread.join, _WARM_SECONDS)
    return thread
