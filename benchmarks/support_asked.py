"""What the whole message path shows of a model's sentences, held against the passages that it cites.

The questions are those of tests/retrieval/queries, on the sample FAQ, if not others are given. That a
shown sentence stands in a cited passage, word for word and in a row, is found here without the check that
served it. Any other is listed for a person to read; until then it counts as unsupported. Every text here
is the sample's, an invented clinic's or a model's: no user's words.

    written(sample_questions())  ->  what the model wrote, sentence by sentence, shown or not
    asked(100)    ->  counts
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tqdm import tqdm

from app.conversation import Conversation
from app.settings import load_settings
from app.wiring import Application, build
from benchmarks.answers import QUERIES, Query
from benchmarks.report import Figure
from benchmarks.screen import wilson
from safety.output_check import Checked, Mode, OutputCheck

PARTS: Final = ("dev", "fresh", "test")
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True)
class Written:
    """A sentence that a model wrote for a question, and the passages that it was given."""

    question: str
    sentence: str = field(repr=False)
    passages: tuple[str, ...] = field(repr=False)
    shown: bool
    reason: str


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
) -> tuple[list[Written], Counter[str]]:
    """Ask the questions, or until there are so many `sentences` (0: no matter), and return these.

    They are asked of the FAQ of `index`, by default the sample's. Beside the sentences stand the kinds of the
    answers. With `paraphrase` the base model is checked like a release that was tuned to stay with its
    passages; it is otherwise held to quotations.
    """
    found: list[Written] = []
    kinds: Counter[str] = Counter()
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
                    kinds[answer.kind] += 1
                    for sentence, passages, checked in [one for part in listening for one in part.heard]:
                        found.append(Written(text, sentence, passages, checked.ok, checked.reason))
                    for part in listening:
                        part.heard.clear()
                    if sentences and len(found) >= sentences:
                        break
        finally:
            application.close()
    return found, kinds


def asked(count: int, *, paraphrase: bool = False, models: Path | None = None) -> dict[str, Figure]:
    """Return how many shown sentences the cited passages bear out; list the others on standard error."""
    found, kinds = written(sample_questions()[:count], paraphrase=paraphrase, models=models)
    shown = [one for one in found if one.shown]
    to_read = [one for one in shown if not stands_in(one.sentence, one.passages)]
    for one in to_read:
        print(f"to be read: {one.sentence}\n  passages: {' / '.join(one.passages)}", file=sys.stderr)
    return {
        "questions": sum(kinds.values()),
        "paraphrase": paraphrase,
        "kinds": dict(kinds),
        "sentences_written": len(found),
        "sentences_shown": len(shown),
        "dropped": dict(Counter(one.reason for one in found if not one.shown)),
        "shown_and_not_word_for_word": wilson(len(to_read), len(shown)),
        "cited_passage_has_it_word_for_word": wilson(len(shown) - len(to_read), len(shown)),
    }


def stands_in(sentence: str, passages: Sequence[str]) -> bool:
    """Say whether a passage has the sentence's words in a row; case, punctuation and spaces do not count."""
    said = _WORD.findall(sentence.lower())
    if not said:
        return False
    run = f" {' '.join(said)} "
    return any(run in f" {' '.join(_WORD.findall(passage.lower()))} " for passage in passages)


def sample_questions() -> list[str]:
    """Return the questions of tests/retrieval/queries, each once."""
    lines = [line for part in PARTS for line in (QUERIES / f"{part}.jsonl").read_text("utf-8").splitlines()]
    return list(dict.fromkeys(Query.model_validate_json(line).text for line in lines))


def _listen(application: Application, *, paraphrase: bool) -> tuple[Listening, Listening]:
    parts = application.service.parts
    tuned = Listening(parts.tuned_check.get())
    base = Listening(parts.tuned_check.get() if paraphrase else parts.output_check.get())
    parts.tuned_check.replace(tuned)  # type: ignore[arg-type]
    parts.output_check.replace(base)  # type: ignore[arg-type]
    return base, tuned
