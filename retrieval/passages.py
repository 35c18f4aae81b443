"""Cut a long answer into passages that an embedder reads whole.

A passage is a run of whole sentences. No text is lost or changed: the passages of an answer,
put together, have every word of it in order.
"""

from __future__ import annotations

import math
import re

# The default embedder reads 256 word pieces. Medical English has about 1.55 pieces a word and
# 4.2 characters a piece, so these two bounds keep nearly every passage below that.
MAX_WORDS = 150
MAX_CHARS = 950
_SLACK = 1.1

_END = re.compile(r"([.!?]+[\"'”’)\]]*)\s+(?=[\"'“‘(\[•*-]*\s?[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Dr|Mrs?|Ms|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|approx|No|Fig|Inc|Ave|Rd|Dept|Ph\.D|M\.D)"
    r"|\b[A-Za-z](?:\.[A-Za-z])*)\.\Z"
)


def split_passages(text: str) -> tuple[str, ...]:
    """Return `text` as passages of whole sentences, about equal in length, none empty."""
    text = text.strip()
    if not text:
        return ()
    if _fits(text):
        return (text,)
    sentences = [part for sentence in split_sentences(text) for part in _bounded(sentence)]
    loads = [_load(sentence) for sentence in sentences]
    # A little more passages than would just do, so that whole sentences fit without a leftover.
    share = sum(loads) / math.ceil(_SLACK * sum(loads))
    passages: list[list[str]] = []
    filled = before = 0.0
    last_share = -1
    for sentence, load in zip(sentences, loads, strict=True):
        own_share = int((before + load / 2) / share)
        before += load
        if own_share != last_share or filled + load > 1.0:
            passages.append([])
            filled = 0.0
        last_share = own_share
        passages[-1].append(sentence)
        filled += load
    return tuple(" ".join(parts) for parts in passages)


def split_sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of `text`, stripped, in order; no word of it is lost.

    A rule for where a passage may be cut, quick enough for whole corpora. It would rather join two
    sentences than cut one.
    """
    sentences: list[str] = []
    for line in text.splitlines():
        start = 0
        for end in _END.finditer(line):
            if not _ABBREVIATION.search(line, start, end.start(1) + 1):
                sentences.append(line[start : end.end(1)].strip())
                start = end.end()
        sentences.append(line[start:].strip())
    return tuple(sentence for sentence in sentences if sentence)


def _bounded(sentence: str) -> list[str]:
    """Return the sentence, or pieces of it at spaces when it alone is longer than a passage."""
    if _fits(sentence):
        return [sentence]
    pieces: list[str] = []
    current: list[str] = []
    for word in sentence.split():
        if current and not _fits(" ".join([*current, word])):
            pieces.append(" ".join(current))
            current = []
        current.append(word)
    pieces.append(" ".join(current))
    return pieces


def _fits(text: str) -> bool:
    return len(text) <= MAX_CHARS and len(text.split()) <= MAX_WORDS


def _load(text: str) -> float:
    """Return which share of a passage the text fills (1.0 is full)."""
    return max((len(text) + 1) / MAX_CHARS, len(text.split()) / MAX_WORDS)
