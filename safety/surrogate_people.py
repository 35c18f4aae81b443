"""Made-up people: one for each person of a dialogue, however the person is called in it.

The same given or family name gets the same made-up one, also as nickname, initial or by itself, so
relatives who share a family name share one, and the form stays ("TINDLE, O." becomes "ASHDOWN, P.").
Given names are common ones of the same sex where the given name has one; family names are invented or
common ones in equal mix. No made-up name is a name that the dialogue was seen to hold.

Must not: outlive its dialogue (it holds the names that it replaced), or show a name in its repr.
"""

from __future__ import annotations

from functools import cache

import regex

from safety.people import Piece, Sex, pieces, same_given, sex_of, word_list
from safety.placeholders import canonical
from safety.surrogate_draws import Draw, match_case

_INITIALS = "ABCDEGHJKLMNPRSTVW"
_TRIES = 400


class MadePeople:
    """The people of one dialogue and who stands for them."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._made: dict[str, str] = {}
        self._used: set[str] = set()
        self._couples: list[tuple[str, str]] = []
        self._middles: list[tuple[str, str]] = []
        self._letters: dict[tuple[str, str], str] = {}
        self._whole: set[str] = set()
        self._parts: dict[str, None] = {}

    def __repr__(self) -> str:
        return f"MadePeople({len(self._whole)} names)"

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts of names that are known, in lower case, in the order in which they were met."""
        return tuple(self._parts)

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a person's name was met or learned; with `part` a part of one counts."""
        if not self._whole:  # of each word of a text somebody asks, and most texts know nobody yet
            return False
        plain = canonical("PERSON", name)
        if plain in self._whole:
            return True
        return part and not same_given(plain).isdisjoint(self._parts)

    def made(self, value: str) -> str:
        """Return the made-up name in the form of `value`, and know the person from now on."""
        found = pieces(value)
        self._learn(value, found)
        written: list[str] = []
        last = 0
        for piece in found:
            if piece.role in ("title", "suffix"):
                continue
            written += (value[last : piece.start], self._piece(value, piece, found))
            last = piece.end
        if not written:
            return self.word("someone")
        draw = Draw(self._key, "digits", canonical("PERSON", value))
        return regex.sub(r"\d", lambda _digit: draw.digits(1), "".join(written) + value[last:])

    def word(self, name: str, *, family: bool = False, sex: Sex = "either", letter: str = "") -> str:
        """Return what stands for one part of a name (any case; it comes back with a capital)."""
        lower = name.casefold()
        if "-" in lower:
            return "-".join(self.word(part, family=family, sex=sex) for part in lower.split("-") if part)
        if lower in self._made:
            return self._made[lower]
        for other in sorted(same_given(lower) if not family else ()):
            if other in self._made:
                return self._made[other]
        return self._new(lower, family=family, sex=sex, letter=letter)

    def _learn(self, value: str, found: tuple[Piece, ...]) -> None:
        self._whole.add(canonical("PERSON", value))
        names = {piece.role: piece.text for piece in reversed(found) if len(piece.text) > 1}
        given, family = names.get("given", ""), names.get("family", "")
        if given and family and (given, family) not in self._couples:
            self._couples.append((given, family))
        for piece in found:
            if piece.role in ("given", "middle", "family", "single") and len(piece.text) > 1:
                self._parts[piece.text] = None
                if piece.role == "middle" and given:
                    self._middles.append((given, piece.text))

    def _piece(self, value: str, piece: Piece, found: tuple[Piece, ...]) -> str:
        """Return what stands for one piece of a written name."""
        shown = value[piece.end - len(piece.text) : piece.end]  # without the particles before it
        if piece.role == "initials" or len(piece.text) == 1:
            return match_case(shown * 2, self._letters_for(piece, found))
        titles = [one.text for one in found if one.role == "title"]
        given = next((one.text for one in found if one.role in ("given", "single")), "")
        family = piece.role == "family" or (piece.role == "single" and _is_family(piece.text))
        letter = ""
        if piece.role == "given":
            last = next((one.text for one in found if one.role == "family"), "")
            letter = self._letters.get((piece.text[0], last), "")
        made = self.word(piece.text, family=family, sex=sex_of(given, titles=titles), letter=letter)
        return match_case(shown, made)

    def _letters_for(self, piece: Piece, found: tuple[Piece, ...]) -> str:
        """Return the made-up initials of a person who is known, or drawn ones that are remembered."""
        if piece.role == "initials":
            written = "".join(one.text for one in found if one.role == "initials")
            at = written.index(piece.text) if len(piece.text) == 1 else 0
            for given, family in self._couples:
                if given[0] + family[0] == written[0] + written[-1]:
                    made = self.word(given)[0] + self.word(family, family=True)[0]
                    middle = self._letter(written[1], given) if len(written) > 2 else ""
                    whole = made[0] + middle + made[1:]
                    return whole if len(piece.text) > 1 else whole[min(at, len(whole) - 1)]
            return "".join(self._letter(one, written) for one in piece.text)
        given = next((one.text for one in found if one.role == "given"), "")
        family = next((one.text for one in found if one.role == "family"), "")
        if piece.role == "given":
            for one, other in self._couples:
                if other == family and one[0] == piece.text:
                    return self.word(one)[0]
            return self._letter(piece.text, family)
        if piece.role == "family":
            for one, other in self._couples:
                if one == given and other[0] == piece.text:
                    return self.word(other, family=True)[0]
        for one, other in self._middles:
            if one == given and other[0] == piece.text:
                return self.word(other)[0]
        return self._letter(piece.text, given or family)

    def _letter(self, letter: str, beside: str) -> str:
        """Return the letter that stands for an initial beside another name, always the same one."""
        if (letter, beside) not in self._letters:
            draw = Draw(self._key, "initial", letter, beside)
            self._letters[letter, beside] = draw.one([one for one in _INITIALS if one.lower() != letter])
        return self._letters[letter, beside]

    def _new(self, lower: str, *, family: bool, sex: Sex, letter: str) -> str:
        draw = Draw(self._key, "name", lower)
        taken = self._used | self._made.keys() | self._parts.keys() | same_given(lower)
        name = ""
        for tried in range(_TRIES):
            pool = draw.one(_families()) if family else _given(sex)
            name = draw.one(pool)
            if name not in taken and (not letter or name[0] == letter.lower() or tried > _TRIES // 2):
                break
        self._used.add(name)
        self._made[lower] = name.capitalize()
        return self._made[lower]


def _is_family(name: str) -> bool:
    """Tell whether a name that stands alone is a family name: a common one, and no given name."""
    return name in word_list("surnames") and name not in word_list("given_names")


@cache
def _given(sex: Sex) -> tuple[str, ...]:
    return tuple(sorted(word_list({"female": "female_names", "male": "male_names"}.get(sex, "unisex_names"))))


@cache
def _families() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return invented and common family names; common ones that are no other word."""
    words = word_list("surname_words") | word_list("common_words") | word_list("cities")
    common = word_list("surnames") - words - word_list("given_names") - word_list("ambiguous_names")
    return tuple(sorted(word_list("invented_families"))), tuple(sorted(common))
