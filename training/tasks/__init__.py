"""Jobs behind one protocol (`base.py`). A new one is a file and a line in `TASKS`."""

from __future__ import annotations

from training.tasks.base import Task
from training.tasks.counseling import Counseling
from training.tasks.crisis_classifier import CRISIS_CLASSIFIER
from training.tasks.faq_embedder import FAQ_EMBEDDER
from training.tasks.faq_ranker import FAQ_RANKER
from training.tasks.message_reader import MESSAGE_READER
from training.tasks.pii_tagger import PII_TAGGER

__all__ = ["TASKS", "Task"]

TASKS: dict[str, Task] = {
    "counseling": Counseling(),
    "crisis_classifier": CRISIS_CLASSIFIER,
    "faq_embedder": FAQ_EMBEDDER,
    "faq_ranker": FAQ_RANKER,
    "message_reader": MESSAGE_READER,
    "pii_tagger": PII_TAGGER,
}
