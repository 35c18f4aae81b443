"""Telling what a message is: danger of some kind, a request for harm, an order to the assistant, or none.

One small encoder reads for the crisis gate and for the screen. Labels are the categories of `safety.verdict`.
"""

from __future__ import annotations

from training.tasks.labelling import LabellingTask
from training.written.crisis_rows import CATEGORY_OF_LEVEL
from training.written.screen_rows import CATEGORY_OF_LABEL

MESSAGE_READER = LabellingTask(
    "message_reader",
    labels=tuple(dict.fromkeys((*CATEGORY_OF_LEVEL.values(), *CATEGORY_OF_LABEL.values()))),
    balanced=True,
)
