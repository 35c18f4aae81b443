"""How hard a text is to read, by the published formulas, with a simple count of syllables."""

from __future__ import annotations

import re

from app.sentences import split_sentences

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LINKS = re.compile(r"\b[\w-]+\.(?:com|org)\b")
_ENGLISH_VOWELS = re.compile(r"[aeiouy]+")
# Two open vowels, or one closed one with an accent beside another, are two syllables.
_SPANISH_SYLLABLE = re.compile(r"[aeoáéó]|[íú]|[iuü](?![aeoáéóíúiu])(?<![aeoáéó][iuü])")


def grade(text: str) -> float:
    """Return the US school grade of English text (Flesch-Kincaid: Kincaid et al. 1975)."""
    words, sentences = _counted(text)
    syllables = sum(_english_syllables(word) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def ease(text: str) -> float:
    """Return the ease of Spanish text (Szigriszt-Pazos 1993; 65 to 80 is quite easy on the INFLESZ scale)."""
    words, sentences = _counted(text)
    syllables = sum(max(1, len(_SPANISH_SYLLABLE.findall(word))) for word in words)
    return 206.835 - 62.3 * syllables / len(words) - len(words) / sentences


def _counted(text: str) -> tuple[list[str], int]:
    """Return the words and the number of sentences; numbers and addresses are no words to be read."""
    plain = _LINKS.sub("", text)
    return [word.lower() for word in _WORD.findall(plain)], len(split_sentences(plain))


def _english_syllables(word: str) -> int:
    count = len(_ENGLISH_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and count > 1:
        count -= 1
    if word.endswith("ed") and not word.endswith(("ted", "ded")) and count > 1:
        count -= 1
    return max(1, count)
