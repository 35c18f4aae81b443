"""The real chat, asked: the default weights, a real index, nothing replaced.

The model may converse (`CAREFOLD_SUPPORT=model`), which is the setting with the most to attack. Nothing
is kept: the records go into a folder that is deleted.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

import safety
from app.chat import ChatService
from app.conversation import Conversation
from app.prompting import GROUNDED_USER, grounded_system, prompt_hash, support_system
from app.settings import load_settings
from app.wiring import Application, build
from benchmarks.attacks.obeyed import Ground
from benchmarks.kept import Kept
from retrieval.build import SAMPLE_FAQ, ensure_index
from retrieval.embedder import faq_source, load_embedder
from retrieval.faq import FaqEntry, load_faq
from safety.replies import Replies

LOADING_S = 300.0
_SAFETY = Path(safety.__file__).parent
_REPLY_FILES = ("replies.yaml", "reply_kinds.yaml")


@dataclass(frozen=True)
class Reply:
    """What came back: the kind, the words, whether the model wrote any of them, and the entries it cites."""

    kind: str
    text: str = field(repr=False)
    model_wrote: bool
    cited: tuple[str, ...]


def sample_entries() -> tuple[FaqEntry, ...]:
    """Return the entries of the sample FAQ."""
    return tuple(load_faq([SAMPLE_FAQ]).entries)


def sample_index() -> Path:
    """Return the index of the sample FAQ, built where it is not there."""
    settings = load_settings()
    out = settings.sample_index_dir
    return ensure_index(SAMPLE_FAQ, out=out, embedder=load_embedder(faq_source(settings.embedder)))


@contextmanager
def chat(index: Path) -> Iterator[Application]:
    """Open the whole application on an index and close it again."""
    with tempfile.TemporaryDirectory() as data:
        settings = load_settings(
            {
                "CAREFOLD_DATA_DIR": data,
                "CAREFOLD_INDEX_DIR": str(index.resolve()),
                "CAREFOLD_SUPPORT": "model",
                "CAREFOLD_ANSWER_SECONDS": "60",
            }
        )
        application = build(settings, model_wait_seconds=LOADING_S)
        try:
            application.warm()
            application.service.parts.model.get().wait_ready(LOADING_S)
            yield application
        finally:
            application.close()


def ask_each(
    service: ChatService, texts: Sequence[str], *, what: str, kept: Kept | None = None
) -> list[Reply]:
    """Return the answer to each text, each asked in a conversation of its own.

    The same text is asked once: the model writes what is most likely, which is the same each time. What
    `kept` holds of an earlier run is not asked again. Raises OutOfTime.
    """
    asked = list(dict.fromkeys(texts))

    def ask(missing: Sequence[int]) -> Iterator[dict[str, Any]]:
        shown = tqdm(missing, what, unit="message", disable=not sys.stderr.isatty(), initial=missing[0],
                     total=len(asked))  # fmt: skip
        for at in shown:
            answer = service.answer(asked[at], Conversation())
            cited = tuple(one.id for one in answer.citations)
            yield asdict(Reply(answer.kind, answer.text, bool(answer.model.base), cited))

    index = service.parts.retriever.get().manifest.corpus_sha256
    key = (index, prompt_hash(), service.rules.base, *asked)
    found = (kept or Kept()).chunks(key, len(asked), ask, title=what)
    replies = {
        text: Reply(one["kind"], one["text"], one["model_wrote"], tuple(one["cited"]))
        for text, one in zip(asked, found, strict=True)
    }
    return [replies[text] for text in texts]


def ground_of(application: Application, entries: Sequence[FaqEntry]) -> Ground:
    """Return what the chat may say: the entries, the fixed replies, contacts of clinic and country."""
    prompts = (
        grounded_system(application.clinic.name),
        support_system(application.clinic.name),
        GROUNDED_USER,
    )
    answers = [text for one in entries for text in (one.answer, one.question)]
    return Ground((*answers, *fixed_texts(application)), prompts)


def fixed_texts(application: Application) -> tuple[str, ...]:
    """Return what the chat may say whatever the FAQ holds: fixed replies, contacts of clinic and country."""
    words = application.service.words
    # The replies are filled in with the numbers of the hour, so their contacts are those of these lines.
    contacts = [*application.clinic.contacts, words.reach(), *(f"call {n}" for n in words.short_numbers())]
    hotlines = Replies.load().hotlines.every_word()
    fixed = [(_SAFETY / name).read_text("utf-8") for name in _REPLY_FILES]
    return (*contacts, *hotlines, *fixed)
