"""The systems that are compared: to add one, write a function that makes it and a line in SYSTEMS.

Each is `find(text) -> spans`. A system that fails closed raises; the failure is counted, never scored as a
finding. Must not download anything but the pinned weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tqdm import tqdm

import weights
from benchmarks.kept import Kept
from benchmarks.pii.cases import Span
from safety.policies import Policy
from weights.defaults import NAME_MODEL

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

    from safety.scrubber import Scrubber

Find = Callable[[str], list[Span]]
Chunk = TypeVar("Chunk")
Done = TypeVar("Done")
STOCK, SAFE_HARBOR, WIDE = "stock presidio", "ours, safe-harbor", "ours, wide"
MODELS = Path(__file__).resolve().parents[2] / "models"
_CHUNK = 64


@dataclass(frozen=True)
class System:
    """A named way to find personal data, and what identifies its version."""

    name: str
    find: Find
    version: str


def systems(names: Sequence[str] = ()) -> list[System]:
    """Return the named systems, or all, each made once. Raises KeyError for a name not in SYSTEMS."""
    return [made(name) for name in names or SYSTEMS]


def stock() -> System:
    """Presidio as it comes, over the same small spaCy model as ours."""
    engine = plain_analyzer()

    def find(text: str) -> list[Span]:
        return [Span(one.start, one.end, one.entity_type) for one in engine.analyze(text, language="en")]

    return System(STOCK, find, NAME_MODEL)


def plain_analyzer() -> AnalyzerEngine:
    """Make an AnalyzerEngine with its default recognizers; only its network look-ups are taken away."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    # A module-level extractor would fetch the public suffix list on the first e-mail address.
    vars(tldextract)["extract"] = tldextract.TLDExtract(suffix_list_urls=())
    models = [{"lang_code": "en", "model_name": str(name_model())}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    return AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])


def ours(policy: Policy) -> System:
    """Make the project's scrubber as it serves: safe-harbor as the chat, wide as corpora are scrubbed."""
    scrubber = our_scrubber(policy)

    def find(text: str) -> list[Span]:
        return [Span(one.start, one.end, one.type) for one in scrubber.find(text)]

    return System(f"ours, {policy}", find, scrubber.policy_hash)


def our_scrubber(policy: Policy) -> Scrubber:
    """Build the scrubber with the active tagger, or over the pinned spaCy model where none is active."""
    from safety.scrubber import Scrubber

    tagger = active_tagger()
    names = name_model() if tagger is None else None
    return Scrubber(policy=policy, name_model=names, tagger=tagger, thorough=policy == "wide")


def active_tagger() -> Path | None:
    """Return the folder of the tagger that is served, if one is."""
    from weights.served import TAGGER, chosen_encoder

    return chosen_encoder("", TAGGER, models_dir=MODELS, cache_dir=None, offline=False)


def name_model() -> Path:
    """Return the folder of the pinned spaCy model."""
    return weights.fetch(NAME_MODEL).folder


SYSTEMS: dict[str, Callable[[], System]] = {
    STOCK: stock,
    SAFE_HARBOR: lambda: ours("safe-harbor"),
    WIDE: lambda: ours("wide"),
}


@dataclass(frozen=True)
class Found:
    """What a system found in a text; `failed` is the kind of error where it gave none."""

    spans: tuple[Span, ...]
    failed: str = ""


def over_chunks(
    work: Callable[[str, Chunk], Done], name: str, chunks: Sequence[Chunk], workers: int
) -> Callable[[Sequence[int]], Iterator[Done]]:
    """Return what does the missing chunks of one system in their order, in so many processes."""

    def run(missing: Sequence[int]) -> Iterator[Done]:
        if workers == 1:
            yield from (work(name, chunks[at]) for at in missing)
            return
        # Not by fork: the libraries that are loaded by now have threads of their own.
        pool = ProcessPoolExecutor(workers, get_context("spawn"))
        try:
            yield from pool.map(work, [name] * len(missing), [chunks[at] for at in missing])
        finally:
            pool.shutdown(cancel_futures=True)

    return run


def find_all(
    name: str, texts: Sequence[str], *, workers: int = 1, title: str = "", kept: Kept | None = None
) -> list[Found]:
    """Run one system over texts, in order, in so many processes, with a progress bar.

    What `kept` holds of an earlier run of this system over these texts is taken from there. Raises OutOfTime.
    """
    chunks = [texts[at : at + _CHUNK] for at in range(0, len(texts), _CHUNK)]

    kept = kept or Kept()
    key = () if not kept.keeps else (name, made(name).version, *texts)
    title = f"{title} {name}".strip()
    found: list[Found] = []
    with tqdm(total=len(texts), desc=title, unit=" texts", disable=None) as bar:
        for rows in kept.chunks(key, len(chunks), over_chunks(_run, name, chunks, workers), title=title):
            found += [_found(row) for row in rows]
            bar.update(len(rows))
    return found


def find_one(system: System, text: str) -> Found:
    """Run a system over one text; a failure is a kind of result and never carries the text."""
    try:
        return Found(tuple(system.find(text)))
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is counted by its type
        return Found((), failed=type(error).__name__)


@cache
def made(name: str) -> System:
    """Return a system, made once in each process."""
    return SYSTEMS[name]()


_Row = tuple[str, list[tuple[int, int, str]]]  # the kind of error, and what was found


def _run(name: str, texts: Sequence[str]) -> list[_Row]:
    some = [find_one(made(name), text) for text in texts]
    return [(one.failed, [(span.start, span.end, span.type) for span in one.spans]) for one in some]


def _found(row: _Row) -> Found:
    failed, spans = row
    return Found(tuple(Span(*span) for span in spans), failed=failed)
