"""Names in short words of one syllable, as Vietnamese ones are: "Tran Thi Bich Ngoc", "ngoc bich tran".

By itself each of these words may be one of another language. Two or more in a row are a name: two that are no
English, or one of them with a family name.

Must not: take what may be an English word at the end of a row, unless a capital says what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import regex

from safety.function_words import is_function_word
from safety.normalise import folded
from safety.recognizers.clinical_terms import is_medical
from safety.recognizers.lexicon import Word, is_common, words

_FAMILIES: Final = frozenset((
    "bach", "bui", "cao", "chau", "chu", "dam", "dang", "dao", "diep", "dinh", "do", "doan", "duong",
    "giang", "ha", "ho", "hoang", "hua", "huynh", "khuu", "kieu", "la", "lai", "lam", "le", "lieu",
    "luong", "luu", "ly", "mac", "mai", "nghiem", "ngo", "nguyen", "pham", "phan", "phung", "quach",
    "ta", "tang", "thach", "thai", "tieu", "to", "ton", "tong", "tran", "trang", "trieu", "trinh",
    "truong", "tu", "ung", "van", "vo", "vu", "vuong",
))  # fmt: skip
# No English words, yet often no name: dishes, short forms, roman numbers, words of other languages.
_SAID_ELSE: Final = frozenset((
    "ai", "au", "bao", "bong", "cha", "chi", "co", "cu", "dan", "dat", "den", "gia", "han", "hao",
    "hue", "ky", "la", "lac", "lam", "lan", "lap", "lo", "loc", "lu", "ma", "mai", "mi", "nam", "phi",
    "pho", "que", "sam", "sao", "sen", "si", "sy", "tai", "tam", "tan", "thai", "thi", "thu", "ton",
    "tri", "tu", "ty", "van", "vi", "vo", "yen",
))  # fmt: skip
# Letters that hardly any other language has.
_LETTERS: Final = regex.compile(r"[ăđĩũơư\u1ea0-\u1ef9]", regex.IGNORECASE)
_GAP: Final = regex.compile(r"[ ]{1,2}")
_LONGEST: Final = 6  # words


def in_syllables(text: str, found: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield the names of this kind among the words of normalised `text`."""
    row: list[Word] = []
    for word in [*found, None]:
        if row and (word is None or not _GAP.fullmatch(text, row[-1].end, word.start) or not _is_one(word)):
            yield from _name(row)
            row = []
        if word is not None and _is_one(word):
            row.append(word)


def _is_one(word: Word) -> bool:
    return all(part in words("syllables") for part in folded(word.lower).split("-"))


def _name(row: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield the part of a row that is a name, if any is."""
    written = [word.capital and not word.opens for word in row]
    sure = [_tells(word) or written[at] for at, word in enumerate(row)]
    family = [folded(word.lower) in _FAMILIES and not _is_plain(word) for word in row]
    kept = [at for at in range(len(row)) if sure[at] or family[at]]
    if not kept or not 2 <= kept[-1] + 1 - kept[0] <= _LONGEST:
        return
    inside = range(kept[0], kept[-1] + 1)
    telling = [at for at in inside if _tells(row[at])]
    if [folded(row[at].lower) for at in inside] == ["viet", "nam"]:
        return
    if len(telling) > 1 or (
        telling and any((family[at] or written[at]) and at != telling[0] for at in inside)
    ):
        yield row[kept[0]].start, row[kept[-1]].end


def _tells(word: Word) -> bool:
    """Tell a word that is no English and seldom anything but a name."""
    if _LETTERS.search(word.text):
        return True
    lower = folded(word.lower)
    return len(lower) > 2 and lower not in _SAID_ELSE and not _is_plain(word)


def _is_plain(word: Word) -> bool:
    lower = folded(word.lower)
    return is_common(lower) or is_function_word(lower) or is_medical(lower)
