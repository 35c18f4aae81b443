"""What scrubbing costs the search: the right entry first for a question as it came and after scrubbing.

The questions of the sample FAQ and of the written clinics that no model was trained on, as they were asked
and with invented names, dates, places and numbers woven in. The search is the one that is served. A loss is
taken question by question: what is right before less what is right after, with its interval over entries.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from benchmarks import retrieval_sets as sets
from benchmarks.fit_confidence import QUERIES
from benchmarks.pii.cases import Span
from benchmarks.pii.estimates import Array, Estimate, exact, resampled, share
from benchmarks.pii.held_out import woven
from benchmarks.pii.options import Options, Outcome
from benchmarks.pii.result import AS_ASKED, LOST, WOVEN, Line
from benchmarks.pii.systems import MODELS, SAFE_HARBOR, WIDE, find_all

if TYPE_CHECKING:
    from retrieval.embedder import Embedder
    from retrieval.ranker import Ranker
    from retrieval.retriever import Retriever

# What people say of themselves before and after a question.
FRAMES: tuple[str, ...] = (
    "hi, this is {{name}}, born {{dob}}. {q}",
    "{q} thanks, {{first}} {{last}}, {{phone}}",
    "my name is {{name}} and I live in {{city}}. {q} You can reach me at {{email}}.",
    "I was seen on {{date}} at {{facility}}. {q}",
    "asking for my mother {{name}}, she lives at {{street}} in {{city}}. {q}",
    "My son {{first}} goes to {{school}}. {q} His member id is {{member_id}}.",
    "{{first}} from {{city}} again, MRN {{mrn}}. {q}",
    "Dr. {{last}} told me on {{date_partial}} to ask you this: {q}",
    "{q} I need to know before {{date}}, my number is {{phone}}.",
    "my husband {{first}} is {{age_old}} and we just moved here from {{city}}. {q}",
    "{q} ({{name}}, {{dob}}, {{zip}})",
    "Hello, {{first}} here, I work at {{employer}} near {{neighbourhood}}. {q} - {{initials}}",
)
_RECALL, _CHANGED = "recall@1", "questions changed by scrubbing"


def measure_utility(options: Options) -> Outcome:
    """Search for each question raw and scrubbed, and say what the right entry loses its first place by."""
    judged = list(_judged(options))
    search = _Search(options)
    out: Outcome = []
    for part, weave in ((AS_ASKED, False), (WOVEN, True)):
        raw = [_texts(one, options.seed, weave=weave) for one in judged]
        right_raw = search(judged, raw)
        out.append(Line("utility", part, f"{_RECALL}, raw", {"raw": _share(np.concatenate(right_raw))}))
        after: dict[str, list[Array]] = {}
        changed: dict[str, int] = {}
        for name in (SAFE_HARBOR, WIDE):
            if name not in options.systems:
                continue
            scrubbed = [_scrubbed(texts, name, options) for texts in raw]
            changed[name] = sum(a != b for some, other in zip(raw, scrubbed, strict=True)
                                for a, b in zip(some, other, strict=True))  # fmt: skip
            after[name] = search(judged, scrubbed)
        number = sum(map(len, raw))
        out += [
            Line("utility", part, f"{_RECALL}, scrubbed",
                 {name: _share(np.concatenate(right)) for name, right in after.items()}),
            Line("utility", part, LOST,
                 {name: _lost(judged, right_raw, right) for name, right in after.items()}),
            Line("utility", part, _CHANGED, {name: exact(count, number) for name, count in changed.items()},
                 unit="count"),
        ]  # fmt: skip
        for at, one in enumerate(judged):
            lost = {name: _lost([one], [right_raw[at]], [right[at]]) for name, right in after.items()}
            where = f"{one.name}, {'woven in' if weave else 'as asked'}"
            out.append(Line("utility", where, LOST, lost, detail=True))
    return out


def _judged(options: Options) -> Iterator[sets.JudgedSet]:
    """Yield the corpora with their questions that have an answer, or an even part of them."""
    from retrieval.build import SAMPLE_FAQ

    asked = [sets.sample_asked(SAMPLE_FAQ, QUERIES, part) for part in ("dev", "test")]
    both = sets.JudgedSet("sample", asked[0].entries, (*asked[0].questions, *asked[1].questions))
    # Of few texts few corpora: each is indexed first.
    every = [both, *sets.written_clinics()][: options.texts]
    most = None if options.texts is None else max(1, options.texts // len(every))
    for one in every:
        questions = [question for question in one.questions if question.right and not question.without]
        step = 1 if most is None else max(1, len(questions) // most)
        yield sets.JudgedSet(one.name, one.entries, tuple(questions[::step][:most]))


def _texts(judged: sets.JudgedSet, seed: int, *, weave: bool) -> list[str]:
    if not weave:
        return [question.text for question in judged.questions]
    return [
        woven(question.text, FRAMES[at % len(FRAMES)], Random(f"{judged.name} {seed} {at}"))
        for at, question in enumerate(judged.questions)
    ]


def _scrubbed(texts: Sequence[str], name: str, options: Options) -> list[str]:
    """Replace what a system finds, as in live text; a text that fails closed is not searched for."""
    found = find_all(name, texts, workers=options.workers, title="utility", kept=options.kept)
    return [_replaced(text, one.spans, failed=one.failed) for text, one in zip(texts, found, strict=True)]


def _replaced(text: str, spans: Sequence[Span], *, failed: str) -> str:
    from safety.placeholders import Placeholders

    if failed:
        return ""
    placeholders, pieces, last = Placeholders(), list[str](), 0
    for span in spans:
        pieces += (text[last : span.start], placeholders.replacement(span.type, text[span.start : span.end]))
        last = span.end
    return "".join(pieces) + text[last:]


class _Search:
    """The search that is served, over one corpus after another."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._made: tuple[Embedder, Ranker | None, str] | None = None
        self._first: dict[tuple[str, str], str] = {}  # corpus and text: the entry that comes first
        self._opened: dict[str, Retriever] = {}

    def __call__(self, judged: Sequence[sets.JudgedSet], texts: Sequence[Sequence[str]]) -> list[Array]:
        """Return for each corpus whether each text has a right entry first, as 0 or 1."""
        _, _, version = self._load()
        right = []
        for one, some in zip(judged, texts, strict=True):
            found: list[float] = self._options.kept.once(
                ("search", version, one.name, *(entry.id for entry in one.entries), *some),
                self._over(one, some),
                title=f"utility, {one.name}",
            )
            right.append(np.asarray(found, dtype=np.float64))
        return right

    def _over(self, judged: sets.JudgedSet, texts: Sequence[str]) -> Callable[[], list[float]]:
        def run() -> list[float]:
            retriever = self._retriever(judged)
            found = []
            bar = tqdm(
                zip(judged.questions, texts, strict=True), desc=judged.name, total=len(texts), disable=None
            )
            for question, text in bar:
                # Scrubbing leaves most questions as they were: one text is searched for once.
                if (judged.name, text) not in self._first:
                    hits = retriever.search(text, top_k=10).hits
                    self._first[judged.name, text] = hits[0].entry.id if hits else ""
                found.append(float(self._first[judged.name, text] in question.right))
            return found

        return run

    def _retriever(self, judged: sets.JudgedSet) -> Retriever:
        """Return the search of a corpus, which is embedded once: it is asked six times."""
        from retrieval.build import build_index
        from retrieval.retriever import Retriever

        if judged.name not in self._opened:
            embedder, ranker, _ = self._load()
            with tempfile.TemporaryDirectory() as folder:
                build_index(judged.entries, out=Path(folder) / "index", embedder=embedder)
                self._opened[judged.name] = Retriever.open(Path(folder) / "index", embedder, ranker)
        return self._opened[judged.name]

    def _load(self) -> tuple[Embedder, Ranker | None, str]:
        if self._made is None:
            from retrieval.embedder import faq_source, load_embedder
            from retrieval.ranker import load_ranker
            from weights.defaults import EMBEDDER

            version = " ".join(
                (MODELS / task / "active.json").read_text(encoding="utf-8")
                for task in ("faq_embedder", "faq_ranker")
                if (MODELS / task / "active.json").is_file()
            )
            ranker = load_ranker("", embedder=EMBEDDER, models_dir=MODELS)
            self._made = load_embedder(faq_source(EMBEDDER)), ranker, version
        return self._made


def _lost(judged: Sequence[sets.JudgedSet], before: Sequence[Array], after: Sequence[Array]) -> Estimate:
    """Return the mean of before less after, paired, with its interval over entries."""
    groups = [f"{one.name} {min(question.right)}" for one in judged for question in one.questions]
    lost = np.concatenate(before) - np.concatenate(after)
    rows = np.stack([lost, np.ones_like(lost)], axis=-1)
    return resampled(rows, groups, lambda sums: sums[..., :1] / sums[..., 1:])[0]


def _share(right: Array) -> Estimate:
    return share(int(right.sum()), len(right))
