"""Corpora that were written for this project: a recipe names one as `written:NAME@SEED`.

A corpus is a folder of JSON Lines beside this file, one file an author, so that what is learned can be tried
on an author whom it has not seen. Everybody in it is invented. A new one is a folder, a reader and a line in
`WRITTEN`. Readers give the rows of their folder in order, the same for the same seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from training.written import crisis_rows, faq_rows, message_rows, support_rows

WRITTEN: Final[dict[str, Callable[[int], Iterator[dict[str, object]]]]] = {
    "crisis": crisis_rows.training_rows,
    "faqs": faq_rows.training_rows,
    "faqs-validation": faq_rows.validation_rows,
    "faqs-test": faq_rows.test_rows,
    "faq-pairs": faq_rows.training_pairs,
    "faq-pairs-validation": faq_rows.validation_pairs,
    "faq-pairs-test": faq_rows.test_pairs,
    "messages": message_rows.training_rows,
    "support": support_rows.training_rows,
}
