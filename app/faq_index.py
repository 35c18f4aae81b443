"""Open an index of the FAQ as the application serves it: with the embedder that built it, and a ranker.

    opener = IndexOpener(settings, plain);  retriever = opener.open(folder);  opener.rebuild_due(manifest)

An index is searched by the embedder that its manifest names, whatever the settings ask for by now: it is
whole, and was tried so. That another one is asked for is a reason to build it again, not to answer nobody;
nor is a ranker that is damaged: without one there is a confidence of its own.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from app.logs import get_logger
from app.parts import Part
from app.settings import Settings
from weights.errors import WeightsCorrupt, WeightsError, WeightsUnfit

if TYPE_CHECKING:
    from pathlib import Path

    from retrieval.embedder import Embedder
    from retrieval.manifest import Manifest
    from retrieval.ranker import Ranker
    from retrieval.retriever import Retriever

log = get_logger(__name__)


class IndexOpener:
    """Opens indexes; the embedder of the last one is kept for the next. Safe to use from several threads."""

    def __init__(self, settings: Settings, plain: Part[Embedder]) -> None:
        """`plain` is the embedder of the settings without a release, which other parts use too."""
        self._settings = settings
        self._plain = plain
        self._lock = threading.Lock()
        self._last: Embedder | None = None
        self.without_ranker = ""
        """Why the index that was opened last has no ranker although one is active; "" if it has."""

    def open(self, folder: Path) -> Retriever:
        """Open the index in `folder`; that of the sample is built first where it is not there or not whole.

        Raises RetrievalError, WeightsError, or PartUnavailable without the plain embedder.
        """
        from retrieval.build import SAMPLE_FAQ, ensure_index
        from retrieval.manifest import read_manifest
        from retrieval.retriever import Retriever

        settings = self._settings
        if settings.index_dir is None and folder == settings.sample_index_dir:
            ensure_index(SAMPLE_FAQ, out=folder, embedder=self._embedder(self._asked_for()))
        source = read_manifest(folder).embedder.name
        return Retriever.open(folder, self._embedder(source), self._ranker(source))

    def rebuild_due(self, manifest: Manifest) -> str:
        """Say which embedder an index was built by and which one the settings ask for; "" when it is one."""
        built = manifest.embedder.name
        try:
            wanted = self._asked_for()
        except WeightsError as error:
            return f"built with {built}; which embedder is active cannot be told: {error}"
        return "" if built == wanted else f"built with {built}, the settings ask for {wanted}"

    def _ranker(self, embedder: str) -> Ranker | None:
        from retrieval.errors import RankerError
        from retrieval.ranker import load_ranker

        settings = self._settings
        self.without_ranker = ""
        try:
            return load_ranker(
                "",
                embedder=embedder,
                models_dir=settings.models_dir,
                cache_dir=settings.cache_dir,
                offline=settings.offline,
            )
        except (RankerError, WeightsCorrupt, WeightsUnfit) as error:
            log.error("ranker_not_served", error=type(error).__name__)
            self.without_ranker = f"{type(error).__name__}: the active ranker is not served"
            return None

    def _asked_for(self) -> str:
        from retrieval.embedder import faq_source

        return faq_source(self._settings.embedder, models_dir=self._settings.models_dir)

    def _embedder(self, source: str) -> Embedder:
        from retrieval.embedder import load_embedder

        settings = self._settings
        if source == settings.embedder:
            return self._plain.get()
        with self._lock:
            if self._last is None or self._last.name != source:
                self._last = load_embedder(
                    source,
                    cache_dir=settings.cache_dir,
                    offline=settings.offline,
                    models_dir=settings.models_dir,
                )
            return self._last
