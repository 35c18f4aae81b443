"""How long a text takes: 500 characters, 4,000 ordinary and hostile ones, and a corpus against a plain loop.

Systems take turns on each text, so that a busy machine slows all of them alike. Must not keep or print what
the corpus says.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from multiprocessing import get_context
from typing import cast

import numpy as np
from pydantic import BaseModel, ConfigDict
from tqdm import tqdm

from benchmarks.datasets import DATASETS, datasets_there
from benchmarks.pii.estimates import Array, Estimate, exact, quantile, resampled
from benchmarks.pii.identifiers import identifiers
from benchmarks.pii.names import name_cases
from benchmarks.pii.options import Options, Outcome
from benchmarks.pii.result import Line
from benchmarks.pii.systems import WIDE, find_one, our_scrubber, plain_analyzer, systems
from benchmarks.pii.terms import own_lists, term_cases
from safety.errors import ScrubError
from weights.cores import usable_cores
from weights.jsonl import Row, read_jsonl

ORDINARY, HOSTILE, LIMIT = 500, 4_000, 4_000
PLAIN_LOOP = "plain presidio loop"

# What makes rules slow or a tokenizer stumble; each is repeated to its length.
HOSTILE_PIECES: Mapping[str, str] = {
    "dots": "a.", "hyphens": "a-", "digits and hyphens": "1-", "digits": "1", "digits and spaces": "1 ",
    "at signs": "@",
    "addresses": "a@a.", "schemes": "http://", "brackets": "((", "letters": "A", "capitals and spaces": "A ",
    "titles": "Mr. ", "doctors": "Dr. Smith ", "spaces": " ", "lines": "\n", "zero-width": "a\u200b",
    "marks": "a\u0301",
    "right to left": "\u0634\u0645\u0633 ", "slashes": "12/", "colons": "ab:", "underscores": "a_",
    "commas": "a,",
    "quotes": "'\"", "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467", "ordinals": "1st ",
    "months": "May ",
    "names": "Will Grace ", "streets": "12 Main St ", "spelled digits": "one two three ", "percent": "%20",
    "nul": "\0a",
    "html": "<b>a</b>", "json": '{"a":[', "wide digits": "\uff11\uff12\uff13-", "possessives": "Ann's ",
}  # fmt: skip


class ConsultRow(BaseModel):
    """A row of a corpus of questions and answers."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    question: str = ""
    answer: str = ""


def measure_speed(options: Options) -> Outcome:
    """Time every system on short, long and hostile texts, and ours on a corpus against a plain loop."""
    short = texts(ORDINARY, max(20, options.documents), seed=options.seed)
    long = texts(LIMIT, max(5, options.documents // 10), seed=options.seed + 1)
    hostile = [(piece * HOSTILE)[:HOSTILE] for piece in [*HOSTILE_PIECES.values()][: options.hostile]]
    out: Outcome = []
    for part, some in (
        (f"{ORDINARY} characters", short),
        ("4,000 ordinary characters", long),
        ("4,000 hostile characters", hostile),
    ):
        milliseconds, failed = _timed(some, options.systems, title=part)
        for measure, at in (("p50", 0.5), ("p95", 0.95)):
            values = {name: quantile(taken, at) for name, taken in milliseconds.items()}
            out.append(Line("speed", part, measure, values, unit="ms"))
        longest = {name: exact(max(taken), len(taken)) for name, taken in milliseconds.items()}
        out.append(Line("speed", part, "longest", longest, unit="ms"))
        closed = {name: exact(number, len(some)) for name, number in failed.items()}
        out.append(Line("speed", part, "failed closed", closed, unit="count"))
    return out + measure_corpus(options) + measure_workers(options)


def measure_corpus(options: Options) -> Outcome:
    """Scrub a corpus as `training` does, and as Presidio's own documentation does it, in turns."""
    documents = corpus(options.documents)
    ways = {WIDE: _our_scrub(), PLAIN_LOOP: _plain_loop()}
    seconds = {name: np.zeros((options.rounds, len(documents))) for name in ways}
    for turn in range(options.rounds):
        order = list(ways) if turn % 2 == 0 else list(ways)[::-1]
        for at, text in enumerate(
            tqdm(documents, desc=f"corpus, round {turn + 1}", unit=" texts", disable=None)
        ):
            for name in order:
                began = time.perf_counter()
                ways[name](text)
                seconds[name][turn, at] = time.perf_counter() - began
    taken = {name: np.median(each, axis=0) for name, each in seconds.items()}
    names = [str(at) for at in range(len(documents))]
    ones = np.ones(len(documents))

    def over(top: Array, below: Array) -> Estimate:
        def ratio(sums: Array) -> Array:
            return (sums[..., 0] / sums[..., 1])[..., None]

        return resampled(np.stack([top, below], axis=-1), names, ratio)[0]

    rates = {name: over(ones, one) for name, one in taken.items()}
    ratio = {WIDE: over(taken[PLAIN_LOOP], taken[WIDE])}
    return [
        Line("speed", "corpus", "documents per second", rates, unit="documents/s"),
        Line("speed", "corpus", "against the plain loop", ratio, unit="times"),
    ]


def measure_workers(options: Options) -> Outcome:
    """Scrub the corpus with a worker process for each core, as `scrub-folder` does, and by the plain loop.

    They take turns at the whole of it; the workers are up before. The interval is what the rounds span.
    """
    documents, cores = corpus(options.documents), usable_cores()
    plain = _plain_loop()
    seconds: dict[str, list[float]] = {WIDE: [], PLAIN_LOOP: []}
    with ProcessPoolExecutor(cores, get_context("spawn"), initializer=_start_worker) as workers:

        def ours() -> None:
            for _ in workers.map(_scrub_in_worker, documents):
                pass

        def theirs() -> None:
            for text in documents:
                plain(text)

        ways = {WIDE: ours, PLAIN_LOOP: theirs}
        ours()
        for turn in tqdm(
            range(options.rounds), desc=f"corpus, {cores} workers", unit=" rounds", disable=None
        ):
            for name in list(ways) if turn % 2 == 0 else list(ways)[::-1]:
                began = time.perf_counter()
                ways[name]()
                seconds[name].append(time.perf_counter() - began)
    rates = {name: _spanned([len(documents) / one for one in taken]) for name, taken in seconds.items()}
    ratios = [slow / fast for fast, slow in zip(seconds[WIDE], seconds[PLAIN_LOOP], strict=True)]
    part = f"corpus, a worker for each of {cores} cores"
    return [
        Line("speed", part, "documents per second", rates, unit="documents/s"),
        Line("speed", part, "against the plain loop", {WIDE: _spanned(ratios)}, unit="times"),
    ]


_scrub_here: Callable[[str], object]


def _start_worker() -> None:
    global _scrub_here
    _scrub_here = _our_scrub()


def _scrub_in_worker(text: str) -> None:
    _scrub_here(text)


def _spanned(values: Sequence[float]) -> Estimate:
    """Return the median of some rounds, with the lowest and the highest for its interval."""
    return Estimate(float(np.median(values)), min(values), max(values), len(values))


def texts(length: int, number: int, *, seed: int) -> list[str]:
    """Return chat-like texts of so many characters: three sentences without personal data to one with it."""
    plain = cycle(
        case.text
        for kind in ("drugs", "eponyms")
        for case in term_cases(kind, own_lists()[kind])
        if case.form == "lower"
    )
    marked = cycle(
        [
            case.text
            for case in identifiers(400 + number, seed=seed)
            if case.form in ("clean", "lower") and case.slice != "data uri"
        ]
        + [case.text for case in name_cases(20, seed=seed)]
    )
    found = []
    for _ in range(number):
        text = ""
        for place in range(length):
            text += next(marked if place % 4 == 3 else plain) + " "
            if len(text) >= length:
                break
        found.append(text[:length])
    return found


def corpus(number: int) -> list[str]:
    """Return documents of a real corpus where it is there, else made ones of its usual length."""
    file = DATASETS / "counselchat" / "train.jsonl"
    if not datasets_there() or not file.is_file():
        return texts(1_200, number, seed=7)
    rows: Iterator[ConsultRow] = (row.value for row in read_jsonl(file, ConsultRow) if isinstance(row, Row))
    return [f"{row.question}\n{row.answer}"[:LIMIT] for row, _ in zip(rows, range(number), strict=False)]


def _timed(
    some: Sequence[str], names: Sequence[str], *, title: str
) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Return each system's milliseconds for each text, and how often it failed; the first text warms up."""
    made = systems(names)
    milliseconds: dict[str, list[float]] = {system.name: [] for system in made}
    failed = dict.fromkeys(milliseconds, 0)
    for system in made:
        find_one(system, texts(ORDINARY, 1, seed=99)[0])
    for turn, text in enumerate(tqdm(some, desc=title, unit=" texts", disable=None)):
        for system in made[turn % len(made) :] + made[: turn % len(made)]:
            began = time.perf_counter()
            found = find_one(system, text)
            milliseconds[system.name].append(1_000 * (time.perf_counter() - began))
            failed[system.name] += bool(found.failed)
    return milliseconds, failed


def _our_scrub() -> Callable[[str], object]:
    from safety.surrogates import Surrogates

    scrubber = our_scrubber("wide")

    def scrub(text: str) -> None:
        # What fails closed has cost its time too.
        with contextlib.suppress(ScrubError):
            scrubber.scrub(text, Surrogates(0))

    return scrub


def _plain_loop() -> Callable[[str], object]:
    from presidio_anonymizer import AnonymizerEngine
    from presidio_anonymizer.entities import RecognizerResult

    analyzer, anonymizer = plain_analyzer(), AnonymizerEngine()  # type: ignore[no-untyped-call]

    def scrub(text: str) -> object:
        found = cast(list[RecognizerResult], analyzer.analyze(text, language="en"))
        return anonymizer.anonymize(text=text, analyzer_results=found)

    return scrub
