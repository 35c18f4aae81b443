"""Telling what a message is: danger of some kind, a feeling, a wish for harm, an order to a model, none.

One small encoder reads for the crisis gate, for the screen and for the choice of an answer. Labels are the
categories of `safety.verdict`, and one for what tells of a feeling without danger.
"""

from __future__ import annotations

from safety.reader import FEELING
from training.tasks.labelling import LabellingTask
from training.written.crisis_rows import CATEGORY_OF_LEVEL
from training.written.screen_rows import CATEGORY_OF_LABEL

MESSAGE_READER = LabellingTask(
    "message_reader",
    labels=tuple(dict.fromkeys((*CATEGORY_OF_LEVEL.values(), FEELING, *CATEGORY_OF_LABEL.values()))),
    balanced=True,
)
