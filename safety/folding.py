"""Fold hostile or careless writing to sentences of plain words, in linear time.

Capitals, typographic signs, invisible characters, spaced-out or stretched letters, digits and stars
for letters, joined words, contractions and small typos of listed terms are undone. It needs the
standard library alone, so that the crisis gate works when everything else is broken, and it must
not use regular expressions that can backtrack.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

Sentence = tuple[str, ...]

_CONFUSABLE = str.maketrans(
    "асеорхуіјѕԁһкмтнвαοενικρτυχıł¡’‘ʼ`´′“”«»", "aceopxyijsdhkmthbaoevikptuxili''''''\"\"\"\""
)
_EMOJI = {
    "🔫": " gun ", "🔪": " knife ", "💊": " pills ", "🪒": " razor ", "🪢": " rope ", "🩸": " blood ",
    "⚰": " coffin ", "🪦": " grave ", "☠": " dead ", "🌉": " bridge ",
}  # fmt: skip
_LEET = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i"}
_CHUNK = re.compile(
    r"\d{1,3}\.\d{1,2}[fc]?(?!\w)|\d{2,3},\d(?![\w,])|[a-z0-9@$!*+][a-z0-9'@$!*+]*|[.?;:\n]+|[^\sa-z0-9]"
)
_RUN_SPLIT = re.compile("(" + "|".join(letter + "{3,}" for letter in "abcdefghijklmnopqrstuvwxyz") + ")")
_MAX_CHUNK = 40
_MAX_RUNS = 3
_BEFORE_TO = {
    "want",
    "going",
    "ready",
    "trying",
    "tried",
    "how",
    "need",
    "have",
    "rather",
    "like",
    "used",
    "able",
}
_ANSWER = "never"
_GOES_ON = {"ever", "not", "no", "never", "nor"}
"""After an answer and a comma: these go on with it ("never, ever"), and any other word begins anew."""
_IS = {"he", "she", "it", "that", "there", "what", "who", "here", "how", "everything", "everyone", "nobody"}


class Folder:
    """Turn raw text into sentences of plain lower-case words.

    `aliases` rewrite one word into others ("kms" into "kill myself"); `fuzzy` are the terms that a
    word one letter away from is taken for; `keep` are real words that must not be so corrected;
    `joined` are the words that a run-together word ("killmyself") may be split into.
    """

    def __init__(
        self,
        *,
        vocabulary: Iterable[str],
        aliases: Mapping[str, str],
        fuzzy: Iterable[str] = (),
        keep: Iterable[str] = (),
        joined: Iterable[str] = (),
    ) -> None:
        self._vocabulary = {word for word in vocabulary if word.isalpha()} | set(fuzzy)
        self._joined = frozenset(joined)
        self._by_shape: dict[tuple[int, str], list[str]] = {}
        for term in sorted(self._vocabulary):
            self._by_shape.setdefault((len(term), term[0]), []).append(term)
        self._aliases = {key: tuple(value.split()) for key, value in aliases.items()}
        self._keep = frozenset(keep)
        self._deletes: dict[str, list[str]] = {}
        for term in sorted(fuzzy):  # a set has another order in every process
            for key in _deletions(term):
                self._deletes.setdefault(key, []).append(term)

    def sentences(self, text: str) -> list[Sentence]:
        """Return the sentences of `text` (linear in its length)."""
        return _joined(self._split(plain(text)))

    def _split(self, text: str) -> Iterator[Sentence]:
        words: list[str] = []
        letters: list[str] = []
        known: dict[str, list[str]] = {}
        before = ""
        for chunk in _CHUNK.findall(text):
            if before == "," and words == [_ANSWER] and chunk not in _GOES_ON:
                yield tuple(words)
                words = []
            before = chunk
            if len(chunk) == 1 and chunk.isalpha():
                letters.append(chunk)
                continue
            if letters and chunk in {".", "-", "_", "*", "/", "|", ","} and not _words_end(chunk, letters):
                continue
            words += self._letters(letters)
            letters = []
            if chunk[0] in ".?;:\n" or chunk == "!":
                if _ends_sentence(chunk) and words:
                    yield tuple(words)
                    words = []
            elif chunk[0].isalnum() or chunk[0] in "@$!*+":
                chunk = chunk[:_MAX_CHUNK].strip("'*+").replace(",", ".")  # "38,5" is a number, too
                if chunk not in known:
                    known[chunk] = self._word(chunk)
                words += ["to"] if chunk == "2" and words and words[-1] in _BEFORE_TO else known[chunk]
        words += self._letters(letters)
        if words:
            yield tuple(words)

    def _letters(self, letters: list[str]) -> list[str]:
        if len(letters) < 3:
            return [word for letter in letters for word in self._aliases.get(letter, (letter,))]
        return self._word("".join(letters)[: 2 * _MAX_CHUNK])

    def _word(self, chunk: str) -> list[str]:
        bare = chunk.rstrip("!")
        for form in (bare, bare.replace("'", "")):
            if form in self._aliases:
                return list(self._aliases[form])
            if form in self._vocabulary or form in self._keep:
                return [form]
        if "'" in bare:
            return self._contraction(bare)
        if not bare or bare.isdecimal():
            return [bare] if bare else []
        return self._repaired(bare)

    def _contraction(self, chunk: str) -> list[str]:
        stem, _, tail = chunk.rpartition("'")
        if tail == "t" and stem.endswith("n"):
            return [{"ca": "can", "wo": "will"}.get(stem[:-1], stem[:-1]), "not"]
        more = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}.get(tail, "")
        if tail == "s" and stem in _IS:
            more = "is"
        return [*self._word(stem.replace("'", "")), *([more] if more else [])]

    def _repaired(self, chunk: str) -> list[str]:
        """Undo stretched letters, digits for letters, stars, joined words and small typos."""
        for form in _shorter(chunk):
            if form in self._aliases:
                return list(self._aliases[form])
            if form in self._vocabulary or form in self._keep:
                return [form]
        if not chunk.isalpha():
            for form in _unleet(chunk):
                if form in self._aliases:
                    return list(self._aliases[form])
                near = form if form in self._vocabulary else self._near(form)
                if near:
                    return [near]
                pieces = self._pieces(form)
                if pieces:
                    return pieces
            if "*" in chunk or "+" in chunk:
                return [self._starred(chunk)]
            return [chunk]
        near = self._near(chunk)
        if near:
            return [near]
        return self._pieces(chunk) or [chunk]

    def _near(self, chunk: str) -> str:
        if len(chunk) < 5 or len(chunk) > 16:
            return ""
        for key in _deletions(chunk):
            for term in self._deletes.get(key, ()):
                if _one_apart(chunk, term):
                    return term
        return ""

    def _starred(self, chunk: str) -> str:
        for term in self._by_shape.get((len(chunk), chunk[0]), ()) if len(chunk) > 3 else ():
            if all(b in "*+" or a == b for a, b in zip(term, chunk, strict=True)):
                return term
        return chunk.strip("*+")

    def _pieces(self, chunk: str) -> list[str]:
        """Split run-together words ("killmyself"), using the words meant for it only."""
        if not 6 <= len(chunk) <= 2 * _MAX_CHUNK:
            return []
        best: dict[int, tuple[str, ...]] = {0: ()}
        for end in range(1, len(chunk) + 1):
            for start in range(max(0, end - 12), end):
                if start not in best:
                    continue
                piece = chunk[start:end]
                if piece in self._joined:
                    candidate = (*best[start], piece)
                    if end not in best or len(candidate) < len(best[end]):
                        best[end] = candidate
        found = best.get(len(chunk), ())
        return [word for piece in found for word in self._aliases.get(piece, (piece,))]


def _joined(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Put back together what was cut into sentences of one word ("kill. my. self.")."""
    joined: list[list[str]] = []
    single = 0
    for sentence in sentences:
        single = single + 1 if len(sentence) == 1 else 0
        if single > 1:
            joined[-1] += sentence
        else:
            joined.append(list(sentence))
    return [tuple(sentence) for sentence in joined]


def _words_end(chunk: str, letters: Sequence[str]) -> bool:
    """Say whether a full stop after single letters ends a sentence rather than spacing letters out."""
    return chunk == "." and len(letters) == 1 and letters[0] in "ai"


def _ends_sentence(chunk: str) -> bool:
    if chunk[0] in "?!;" or "\n\n" in chunk:
        return True
    return chunk == "." or (chunk[0] == "." and "\n" in chunk)


def plain(text: str) -> str:
    """Return `text` in lower case without accents, look-alikes and invisible signs; some emoji as words."""
    folded = unicodedata.normalize("NFKC", text)[: 3 * len(text) + 16].lower()
    folded = unicodedata.normalize("NFD", folded)
    folded = "".join(
        c for c in folded if unicodedata.category(c) not in {"Mn", "Cf", "Cc", "Me"} or c in "\n\t\r"
    )
    for sign, word in _EMOJI.items():
        folded = folded.replace(sign, word)
    return folded.translate(_CONFUSABLE)


def _shorter(chunk: str) -> Iterator[str]:
    """Yield a stretched word with each run of three or more letters as one and as two of them."""
    parts = _RUN_SPLIT.split(chunk)[: 2 * _MAX_RUNS + 1]
    if len(parts) == 1:
        return
    forms = [""]
    for part in parts:
        choices = (part[0], part[0] * 2) if len(part) > 2 and part == part[0] * len(part) else (part,)
        forms = [form + choice for form in forms for choice in choices]
    yield from forms


def _unleet(chunk: str) -> Iterator[str]:
    if not any(c.isalpha() for c in chunk) and not any(c in "@$!" for c in chunk):
        return
    forms = [""]
    for char in chunk[:24]:
        choices = _LEET.get(char, char)
        forms = [form + choice for form in forms for choice in choices][:8]
    for form in forms:
        yield form
        yield from _shorter(form)


def _deletions(word: str) -> dict[str, None]:
    """Return a word and what is left of it without one letter, in the same order in every process."""
    return dict.fromkeys((word, *(word[:n] + word[n + 1 :] for n in range(1, len(word)))))


def _one_apart(a: str, b: str) -> bool:
    """Say whether one insertion, deletion, replacement or swap of neighbours turns `a` into `b`."""
    if abs(len(a) - len(b)) > 1 or a[0] != b[0]:
        return False
    start = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        return rest_a[1:] == rest_b[1:] or (rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:])
    longer, shorter = (rest_a, rest_b) if len(a) > len(b) else (rest_b, rest_a)
    return longer[1:] == shorter
