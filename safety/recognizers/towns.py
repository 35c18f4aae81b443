"""Towns and states, from a list, beside an address, or after words of living somewhere.

A state or a country counts where it belongs to an address or to where someone lives, so that "are you
licensed in Vermont" stays a question; each has a type of its own, since neither lies below a state.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

from collections.abc import Iterator

import regex

from safety.deadline import seconds_left
from safety.recognizers.lexicon import is_common, split_words, words
from safety.recognizers.places import STATE_CODE, STATE_NAME, SUFFIX, UNIT
from safety.recognizers.rules import SpanRecognizer

_STREET_THEN = regex.compile(rf"{SUFFIX}\b\.?{UNIT}{{0,2}}[ ,]{{1,3}}(?:in[ ]+)?$", regex.IGNORECASE)
_LIVES = regex.compile(
    r"\b(?:live[sd]?|living|reside[sd]?|moved|moving|relocat(?:ed|ing)|stay(?:ing|s|ed)?|born|raised|grew\s+up|based|"
    r"housed|lost\s+my\s+home|home)\s+(?:up\s+|down\s+|out\s+|over\s+|back\s+)?(?:in|to|near|outside|around|from|at)\s+"
    r"(?:downtown\s+|north\s+|south\s+|east\s+|west\s+|the\s+(?:town|city)\s+of\s+)?$"
    r"|\b(?:i'?m|i\s+am|he'?s|she'?s|we'?re|is|are|comes?|came|originally|am|im)\s+(?:originally\s+)?from\s+(?:the\s+)?$"
    r"|\b(?:town|city|state|village|county)\s+of\s+$|\b(?:city|town|hometown|state|county|country)[\"'*\])]{0,4}\s*(?::|\bis\b)[\s\"'*\[(]*$",
    regex.IGNORECASE,
)
_PLACE_CUE = regex.compile(
    r"\b(?:in|from|to|near|at|of|outside|around|toward|visit(?:ing)?|leaving|left|downtown|, )\s*(?:the\s+)?$",
    regex.IGNORECASE,
)
_STATE_AFTER = regex.compile(
    rf",?[ ]{{1,2}}(?P<v>{STATE_NAME}|{STATE_CODE})\b(?!')(?:\.(?!\w))?", regex.IGNORECASE
)
# Names of towns that are also common words, so that lower case alone does not make a town of them.
_WORDS_TOO = frozenset(["mobile", "bend", "reading", "flint", "mesa", "salem", "concord", "dover", "gary", "buffalo", "phoenix", "aurora", "jackson", "madison", "lincoln", "savannah", "elizabeth", "tyler", "orlando", "charlotte", "austin", "dallas", "eugene", "everett", "warren", "henderson", "lancaster", "hollywood", "columbia", "richmond", "beaumont", "corona", "camden", "stowe", "bronx", "queens", "odessa", "jackson", "lynn", "erie", "peoria", "augusta", "canton", "dayton", "florence", "independence", "norman"])  # fmt: skip
_TOWN_PART = frozenset(
    [
        "heights",
        "city",
        "beach",
        "park",
        "springs",
        "falls",
        "hills",
        "valley",
        "county",
        "village",
        "creek",
        "lake",
        "grove",
        "island",
        "junction",
    ]
)
_SAINTLY = regex.compile(
    r"\b(?:in|from|to|near|at|of)\s+(?P<v>(?:st|saint|fort|ft|mount|mt|lake|port|san|santa|los|las|el|cape|north|south|east|west|new)\b\.?\s+\p{L}{4,20}+)",
    regex.IGNORECASE,
)
_LONGEST = 3


class TownRecognizer(SpanRecognizer):
    """Towns and states: from the list of towns, beside an address, or after words of living somewhere."""

    def __init__(self) -> None:
        super().__init__("towns", entities=["LOCATION", "STATE", "COUNTRY"])

    def find(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        """Yield towns, and the states that follow them."""
        found = split_words(text)
        towns, states = words("cities"), words("states")
        for match in _SAINTLY.finditer(text, timeout=seconds_left(1.0)):
            name = " ".join(match.group("v").lower().split())
            if name not in states and not is_common(name.split()[-1]):
                yield "LOCATION", *match.span("v"), 0.5
        at = 0
        while at < len(found):
            word = found[at]
            before = text[max(0, word.start - 60) : word.start]
            lives = bool(_LIVES.search(before))
            taken = 0
            for count in range(min(_LONGEST, len(found) - at), 0, -1):
                last = found[at + count - 1]
                name = " ".join(text[word.start : last.end].lower().split())
                if name in towns and self._is_town(
                    text, word.start, last.end, capital=word.capital, lives=lives
                ):
                    taken = count
                    break
                if lives and (name in states or name in words("countries")):
                    taken = count
                    break
            if not taken and lives:
                while taken < _LONGEST and at + taken < len(found):
                    following = found[at + taken]
                    if is_common(following.lower) or (
                        taken and text[found[at + taken - 1].end : following.start] != " "
                    ):
                        break
                    if taken and word.capital and not following.capital and following.lower not in states:
                        break
                    taken += 1
            if not taken:
                at += 1
                continue
            if (
                at + taken < len(found)
                and found[at + taken].lower in _TOWN_PART
                and found[at + taken].start - found[at + taken - 1].end == 1
            ):
                taken += 1
            end = found[at + taken - 1].end
            yield self._kind(text[word.start : end]), word.start, end, 0.55
            state = _STATE_AFTER.match(text, end)
            if state and (len(state.group("v")) > 2 or _is_code(state)):
                yield "STATE", state.start("v"), state.end("v"), 0.55
                while at + taken < len(found) and found[at + taken].start < state.end("v"):
                    taken += 1
            at += taken

    @staticmethod
    def _kind(name: str) -> str:
        """Return the type of a place: a state and a country are no place below a state."""
        lower = " ".join(name.lower().split())
        if lower in words("cities"):
            return "LOCATION"
        return (
            "STATE" if lower in words("states") else "COUNTRY" if lower in words("countries") else "LOCATION"
        )

    @staticmethod
    def _is_town(text: str, start: int, end: int, *, capital: bool, lives: bool) -> bool:
        before = text[max(0, start - 60) : start]
        name = text[start:end].lower()
        if lives or _STREET_THEN.search(before) or _STATE_AFTER.match(text, end):
            return True
        cue = bool(_PLACE_CUE.search(before))
        return (cue and (capital or name not in _WORDS_TOO)) or (capital and name not in _WORDS_TOO)


def _is_code(match: regex.Match[str]) -> bool:
    """Take "ca" or "vt" after a town, but not the words in, me, or, ok, hi, la, pa, ma and oh in lower case."""
    code = match.group("v")
    return (
        code.isupper()
        or "," in match.group()
        or code.lower() not in {"in", "me", "or", "ok", "hi", "ma", "pa", "oh", "de", "id", "al", "co"}
    )


def towns() -> TownRecognizer:
    """Return the recognizer of towns and states."""
    return TownRecognizer()
