"""What a grounded answer leaves unsaid although somebody asked for it and the passage says it.

A small model picks sentences, and has told when the phone is answered to who asked for evening hours. The
passage's own sentence is given after its words then.

Pure: no model, no clock, no store.
"""

from __future__ import annotations

from typing import Final

from app.sentences import split_sentences
from retrieval.lexical import content_words

MOST: Final = 2


def left_out(question: str, answer: str, passage: str) -> tuple[str, ...]:
    """Return the passage's sentences with words of the question that the answer lacks, at most two.

    Those with most of them first chosen, all in the passage's order.
    """
    missing = set(content_words(question)) - set(content_words(answer))
    sentences = [(sentence, set(content_words(sentence))) for sentence in split_sentences(passage)]
    chosen: set[int] = set()
    while missing and len(chosen) < MOST:
        at = max(range(len(sentences)), key=lambda n: (len(missing & sentences[n][1]), -n), default=-1)
        if at < 0 or not missing & sentences[at][1]:
            break
        chosen.add(at)
        missing -= sentences[at][1]
    return tuple(sentences[at][0] for at in sorted(chosen))
