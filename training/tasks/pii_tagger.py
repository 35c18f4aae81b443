"""Finding personal data: a text in, spans of names, places, dates and numbers out.

What the scrubber's tagger is trained by (`training/recipes/pii_tagger.yaml`). Its labels are entity types
of `safety/policies.py`; which of them are scrubbed is the policy's business. Not balanced: rare labels are
rare on purpose, and a loss that weighs them more makes a name a number too readily; the serving side takes
a word for personal long before it is sure of the label.
"""

from __future__ import annotations

from training.generated.labels import LABELS
from training.tasks.tagging import TaggingTask

PII_TAGGER = TaggingTask("pii_tagger", labels=LABELS, metric="char_f2")
