"""What a sample of a corpus tells: languages, and groups of topics where the source names none.

A word names a group only when it stands in five different questions and in no list of names, so that what
is shown is nobody's own. Must not return a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from safety.recognizers.lexicon import is_common, words

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGE_SAMPLE = 5_000
_LEAST_QUESTIONS = 5


@dataclass(frozen=True)
class Sampled:
    """One row of the sample; `place` is its number in the corpus."""

    place: int
    question: str = field(repr=False)
    answer: str = field(repr=False)


def languages_of(sample: Sequence[Sampled]) -> tuple[dict[str, float], int, list[int]]:
    """Return shares of languages (ISO 639-1), rows looked at, and the rows not in the commonest one."""
    identifier = _identifier()
    some = sample[:: len(sample) // LANGUAGE_SAMPLE + 1]
    found: dict[int, str] = {}
    for one in some:
        text = max(one.question, one.answer, key=len)[:300]
        language, sure = identifier.classify(text)
        found[one.place] = language if sure >= 0.5 and sum(map(str.isalpha, text)) >= 20 else "unknown"
    counts = Counter(found.values())
    chief = next((name for name, _rows in counts.most_common() if name != "unknown"), "unknown")
    foreign = [place for place, name in sorted(found.items()) if name not in (chief, "unknown")]
    return {name: count / len(some) for name, count in counts.most_common()}, len(some), foreign


def topic_groups(questions: Sequence[str], *, seed: int) -> dict[str, int]:
    """Group questions by their words (TF-IDF, k-means); count rows by a group's three strongest words."""
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = Counter(questions)
    texts = sorted(rows)  # each once: a word of one question that is asked often stands in one question
    if len(texts) < 10 * _LEAST_QUESTIONS:
        return {}
    vectors = TfidfVectorizer(
        stop_words="english", min_df=_LEAST_QUESTIONS, max_df=0.4, max_features=5000,
        token_pattern=r"(?u)\b[^\W\d_]{3,}\b", sublinear_tf=True,  # noqa: S106 - a pattern of words
    )  # fmt: skip
    try:
        matrix = vectors.fit_transform(texts)
    except ValueError:  # no word stands in enough of them
        return {}
    names = words("given_names") | words("surnames") | words("ambiguous_names") | words("cities")
    count = min(8, len(texts) // 25, matrix.shape[1])
    groups = MiniBatchKMeans(count, random_state=seed, n_init=3, batch_size=1024).fit(matrix)
    terms = [term if is_common(term) or term not in names else "" for term in vectors.get_feature_names_out()]
    found: Counter[str] = Counter()
    for text, group in zip(texts, groups.labels_, strict=True):
        strongest = [terms[at] for at in np.argsort(-groups.cluster_centers_[group])[:12]]
        found[", ".join([term for term in strongest if term][:3])] += rows[text]
    return dict(found.most_common())


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
