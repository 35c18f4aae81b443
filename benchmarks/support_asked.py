"""What the whole message path shows of a model's sentences, held against the passages that it cites.

The questions are those of tests/retrieval/queries on the sample FAQ, then those of the written clinics that
nothing is trained on, each on its own FAQ. That a shown sentence stands in a cited passage, word for word and
in a row, is found here without the check that served it. Any other is listed for a person to read; until
then it counts as unsupported. A citation is precise where its entry has a sentence of the answer, word for
word (the citation precision of Gao et al. 2023, "Enabling Large Language Models to Generate Text with
Citations", with words in the place of an entailment model). Every text here is the sample's, an invented
clinic's or a model's: no user's words.

    written([one.text for one in sample_questions()])  ->  what the model wrote, shown or not, and the answers
    asked(1_000)    ->  counts
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tqdm import tqdm

from app.conversation import Conversation
from app.settings import load_settings
from app.wiring import Application, build
from benchmarks.answers import QUERIES, Query
from benchmarks.report import Figure
from benchmarks.retrieval_sets import Question, written_clinics
from benchmarks.screen import wilson
from retrieval.build import build_index
from retrieval.embedder import faq_source, load_embedder
from retrieval.faq import FaqEntry
from safety.evidence import sentences
from safety.output_check import Checked, Mode, OutputCheck
from weights.defaults import EMBEDDER

PARTS: Final = ("dev", "fresh", "test")
EACH: Final = 60
"""Questions that are asked of a written clinic at a time: no one clinic shall be all there is."""
_WORD: Final = re.compile(r"\w+")
_SAID: Final = 4  # words: "Yes, we do." is in many an entry


@dataclass(frozen=True)
class Written:
    """A sentence that a model wrote for a question, and the passages that it was given."""

    question: str
    sentence: str = field(repr=False)
    passages: tuple[str, ...] = field(repr=False)
    shown: bool
    reason: str


@dataclass(frozen=True)
class Answered:
    """One answer: its kind, its words, and the entries that it cites by id."""

    kind: str
    text: str = field(repr=False)
    cited: tuple[FaqEntry, ...] = field(repr=False)


class Listening:
    """An output check that also notes what it was asked; it changes no answer."""

    def __init__(self, inner: OutputCheck) -> None:
        """Ask `inner`."""
        self.inner = inner
        self.heard: list[tuple[str, tuple[str, ...], Checked]] = []

    def check(
        self,
        sentence: str,
        *,
        passages: Sequence[str],
        said: Sequence[str],
        system_prompt: str,
        mode: Mode,
        heard: Sequence[str] = (),
    ) -> Checked:
        """Return what the inner check says, and note it where there are passages."""
        checked = self.inner.check(
            sentence, passages=passages, said=said, system_prompt=system_prompt, mode=mode, heard=heard
        )
        if mode == "grounded":
            self.heard.append((sentence, tuple(passages), checked))
        return checked

    def asks_of_other_medicine(self, question: str, passages: Sequence[str]) -> bool:
        """Return what the inner check says."""
        return self.inner.asks_of_other_medicine(question, passages)


def written(
    questions: Sequence[str],
    *,
    index: Path | None = None,
    sentences: int = 0,
    paraphrase: bool = False,
    models: Path | None = None,
) -> tuple[list[Written], list[Answered]]:
    """Ask the questions, or until there are so many `sentences` (0: no matter), and return these.

    They are asked of the FAQ of `index`, by default the sample's. Beside the sentences stand the answers. A
    sentence that passed its check is not shown where too few did. With `paraphrase` the base model is checked
    like a release that was tuned to stay with its passages; it is otherwise held to quotations.
    """
    found: list[Written] = []
    answers: list[Answered] = []
    with tempfile.TemporaryDirectory() as data:
        settings = {"CAREFOLD_DATA_DIR": data}
        if models is not None:
            settings["CAREFOLD_MODELS_DIR"] = str(models)
        if index is not None:
            settings["CAREFOLD_INDEX_DIR"] = str(index)
        application = build(load_settings(settings), model_wait_seconds=120)
        try:
            listening = _listen(application, paraphrase=paraphrase)
            shown = tqdm(questions, desc="asking", unit="question", disable=not sys.stderr.isatty())
            with shown as bar:
                for text in bar:
                    answer = application.service.answer(text, Conversation())
                    entries = application.service.sources(answer)
                    answers.append(Answered(answer.kind, answer.text, entries))
                    lost = "" if answer.kind == "grounded" and answer.model.base else "too_little_left"
                    for sentence, passages, checked in [one for part in listening for one in part.heard]:
                        reason = checked.reason or lost
                        found.append(Written(text, sentence, passages, not reason, reason))
                    for part in listening:
                        part.heard.clear()
                    if sentences and len(found) >= sentences:
                        break
        finally:
            application.close()
    return found, answers


def asked(count: int, *, paraphrase: bool = False, models: Path | None = None) -> dict[str, Figure]:
    """Ask so many questions; count shown sentences that the cited passages bear out, and precise citations.

    The sentences that no passage has word for word are listed on standard error.
    """
    found: list[Written] = []
    answers: list[tuple[Question, Answered]] = []
    for questions, entries in turns():
        questions = questions[: count - len(answers)]
        if not questions:
            break
        with served(entries) as index:
            texts = [one.text for one in questions]
            wrote, said = written(texts, index=index, paraphrase=paraphrase, models=models)
        found += wrote
        answers += zip(questions, said, strict=True)
    shown = [one for one in found if one.shown]
    to_read = [one for one in shown if not stands_in(one.sentence, one.passages)]
    for one in to_read:
        print(f"to be read: {one.sentence}\n  passages: {' / '.join(one.passages)}", file=sys.stderr)
    return {
        "questions": len(answers),
        "paraphrase": paraphrase,
        "kinds": dict(Counter(answer.kind for _, answer in answers)),
        "sentences_written": len(found),
        "sentences_shown": len(shown),
        "dropped": dict(Counter(one.reason for one in found if not one.shown)),
        "shown_and_not_word_for_word": wilson(len(to_read), len(shown)),
        "cited_passage_has_it_word_for_word": wilson(len(shown) - len(to_read), len(shown)),
        "citation_precision": {
            kind: precision([one for one in answers if kind in ("all", one[1].kind)])
            for kind in ("all", "faq", "grounded")
        },
    }


def precision(answers: Sequence[tuple[Question, Answered]]) -> dict[str, Figure]:
    """Return the shares of cited entries that have a sentence of the answer, and that are asked about."""
    cited = [(question, answer, entry) for question, answer in answers for entry in answer.cited]
    borne = sum(bears_out(entry, answer.text) for _, answer, entry in cited)
    right = sum(entry.id in question.right for question, _, entry in cited)
    return {
        "entry_has_a_sentence_of_the_answer": wilson(borne, len(cited)),
        "entry_is_the_one_asked_for": wilson(right, len(cited)),
    }


def bears_out(entry: FaqEntry, text: str) -> bool:
    """Say whether a sentence of the text that says something stands in the entry's answer."""
    said = (one for one in sentences(text) if len(_WORD.findall(one)) >= _SAID)
    return any(stands_in(one, [entry.answer]) for one in said)


def turns() -> Iterator[tuple[list[Question], tuple[FaqEntry, ...]]]:
    """Yield one or more questions with the FAQ to ask them of, () for the sample's; then clinic by clinic."""
    yield sample_questions(), ()
    mixed = [
        (clinic.entries, random.Random(0).sample(clinic.questions, len(clinic.questions)))
        for clinic in written_clinics()
    ]
    for first in range(0, max(len(questions) for _, questions in mixed), EACH):
        for entries, questions in mixed:
            if part := questions[first : first + EACH]:
                yield part, entries


@contextmanager
def served(entries: Sequence[FaqEntry]) -> Iterator[Path | None]:
    """Yield the folder of an index of these entries; None, for the sample's, where there are none."""
    if not entries:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        build_index(entries, out=index, embedder=load_embedder(faq_source(EMBEDDER)))
        yield index


def stands_in(sentence: str, passages: Sequence[str]) -> bool:
    """Say whether a passage has the sentence's words in a row; case, punctuation and spaces do not count."""
    said = _WORD.findall(sentence.lower())
    if not said:
        return False
    run = f" {' '.join(said)} "
    return any(run in f" {' '.join(_WORD.findall(passage.lower()))} " for passage in passages)


def sample_questions() -> list[Question]:
    """Return the questions of tests/retrieval/queries, each once."""
    lines = [line for part in PARTS for line in (QUERIES / f"{part}.jsonl").read_text("utf-8").splitlines()]
    queries = [Query.model_validate_json(line) for line in lines]
    return list({one.text: Question(one.text, frozenset({one.id})) for one in queries}.values())


def _listen(application: Application, *, paraphrase: bool) -> tuple[Listening, Listening]:
    parts = application.service.parts
    tuned = Listening(parts.tuned_check.get())
    base = Listening(parts.tuned_check.get() if paraphrase else parts.output_check.get())
    parts.tuned_check.replace(tuned)  # type: ignore[arg-type]
    parts.output_check.replace(base)  # type: ignore[arg-type]
    return base, tuned
