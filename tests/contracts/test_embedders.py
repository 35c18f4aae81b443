"""Every embedder keeps the protocol: unit vectors, the order given, the same for the same text."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retrieval.embedder import Embedder, load_embedder
from retrieval.errors import EmbedderError
from weights.defaults import EMBEDDER

TEXTS = [
    "When are you open?",
    "",
    "How do I pay a bill, by card or by check?",
    "When are you open?",
    "\U0001f642",
]


@pytest.fixture(scope="module", params=["hash", pytest.param(EMBEDDER, marks=pytest.mark.weights)])
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    yield load_embedder(request.param, num_threads=1)


def test_vectors_are_finite_of_length_one_and_of_the_stated_dimension(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)


def test_order_is_kept_and_equal_texts_have_equal_vectors(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert (vectors * alone).sum(axis=1).min() > 0.999
    assert np.array_equal(vectors[0], vectors[3])


def test_its_vocabulary_knows_ordinary_words_or_none(embedder: Embedder) -> None:
    assert not any(embedder.vocabulary.is_specific(word) for word in ("parking", "clinic", "questions"))


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_a_related_text_is_nearer_than_an_unrelated_one(embedder: Embedder) -> None:
    question, near, far = embedder.embed(["parking at the clinic", "where to park at a clinic", "blood test"])
    assert question @ near > question @ far + 0.1


def test_text_without_spaces_is_not_one_unknown_word(embedder: Embedder) -> None:
    one, other = embedder.embed(["appointment" * 14, "zebrafish" * 17])
    assert one @ other < 0.95


def test_a_text_longer_than_the_model_reads_has_a_vector(embedder: Embedder) -> None:
    assert np.isfinite(embedder.embed(["word " * 5000])).all()


def test_threads_get_what_one_thread_gets(embedder: Embedder) -> None:
    alone = [embedder.embed([text])[0] for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: embedder.embed([text])[0], TEXTS))
    assert all(one @ other > 0.999 for one, other in zip(alone, together, strict=True))


def test_identity_is_a_name_and_64_hex_digits(embedder: Embedder) -> None:
    assert embedder.name
    assert len(embedder.sha256) == 64
    assert int(embedder.sha256, 16) >= 0


def test_an_unknown_source_is_refused_with_the_forms_there_are() -> None:
    with pytest.raises(EmbedderError, match="path:FOLDER"):
        load_embedder("ftp:somewhere")
