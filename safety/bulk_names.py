"""Names of files and folders that may be shown: only words that name nobody stay.

File names hold personal data as text does ("tindle_oona_0048291.txt"), but give a recognizer nothing to
go by. So this is a list of what may stay, not a search: common English words that are no given name,
surname or town, numbers of at most three digits in a name, and known endings. All else reads `x`.

Must not: need a model, or tell two withheld words apart (that would be a code for a person).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePath

import regex

WITHHELD = "x"
_KNOWN_ENDINGS = """
txt text md rst log csv tsv json jsonl ndjson xml html htm xhtml eml yaml yml ini toml srt vtt tex sql py js
css sqlite sqlite3 db wal shm journal faiss index safetensors bin pt onnx gguf npy npz parquet pkl gz tgz zip
tar bz2 xz zst 7z rar pdf doc docx xls xlsx ppt pptx odt ods rtf epub png jpg jpeg gif webp svg tif tiff bmp
dcm wav mp3 mp4 m4a webm jinja lock part bak old tmp
"""
ENDINGS = frozenset(_KNOWN_ENDINGS.split())
_MOST_DIGITS = 3
_TOKEN = regex.compile(r"\p{L}[\p{L}\p{M}]*|\d+|[ _.-]+")
_CAMEL = regex.compile(r"(?<=\p{Ll})(?=\p{Lu})")
_WORDS = Path(__file__).resolve().parent / "recognizers" / "words"
_PEOPLE_AND_PLACES = ("given_names", "surnames", "ambiguous_names", "cities")


def safe_name(name: str) -> str:
    """Return a file's or folder's name with every word withheld that is not known to be harmless."""
    stem, endings = _endings(name)
    few_digits = sum(character.isdigit() for character in stem) <= _MOST_DIGITS
    kept: list[str] = []
    at = 0
    for token in _TOKEN.finditer(stem):
        if token.start() > at:
            _add(kept, WITHHELD)
        at = token.end()
        value = token.group()
        if value[0] in " _.-":
            _add(kept, value[0] if value[0] != "." else "_")
        elif value.isdigit():
            _add(kept, value if few_digits and value.isascii() else WITHHELD)
        else:
            for word in _CAMEL.split(value):
                _add(kept, word if _harmless(word.lower()) else WITHHELD)
    if at < len(stem):
        _add(kept, WITHHELD)
    return ("".join(kept).strip(" _-") or WITHHELD) + endings


def safe_path(relative: PurePath) -> str:
    """Return a path for messages, with `/` between its names."""
    return "/".join(safe_name(part) for part in relative.parts) or "."


def numbered(name: str, number: int) -> str:
    """Return `name` with a number before its ending: notes.txt, 2 -> notes_2.txt."""
    stem, endings = _endings(name)
    return f"{stem}_{number}{endings}"


def _add(kept: list[str], value: str) -> None:
    """Add a word or a separator; withheld words that follow each other read as one."""
    if value == WITHHELD and WITHHELD in kept[-1:]:
        return
    if value == WITHHELD and len(kept) > 1 and kept[-2] == WITHHELD and kept[-1] in " _-":
        kept.pop()
        return
    if value in (" ", "_", "-") and kept[-1:] and kept[-1] in (" ", "_", "-"):
        return
    if kept and kept[-1][-1].isalpha() and value[0].isalpha() and not _CAMEL.search(kept[-1][-1] + value[0]):
        kept.append("_")  # two words must not read as one: "DR:" is not DRx
    kept.append(value)


def _harmless(word: str) -> bool:
    if any(word in _words(name) for name in _PEOPLE_AND_PLACES):
        return False
    return word in ENDINGS or (len(word) > 1 and word in _words("common_words"))


@cache
def _words(name: str) -> frozenset[str]:
    # Read here and not through the recognizers, whose package loads Presidio.
    return frozenset((_WORDS / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def _endings(name: str) -> tuple[str, str]:
    """Split off up to two known endings, in lower case: a.Tar.GZ -> a, .tar.gz."""
    stem, found = name, ""
    for _ in range(2):
        head, dot, last = stem.rpartition(".")
        ending = last.lower().removesuffix("-wal").removesuffix("-shm").removesuffix("-journal")
        if not (head and dot and ending in ENDINGS):
            break
        stem, found = head, f".{last.lower()}{found}"
    return stem, found
