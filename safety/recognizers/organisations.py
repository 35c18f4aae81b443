"""Employers, schools and hospitals that tie a message to one person.

Found by the kind of place in the name ("... High School") or by words of working or studying there.
Insurers and the makers of common programs are not personal and stay.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from safety.deadline import seconds_left
from safety.recognizers.lexicon import Word, is_common, split_words, words
from safety.recognizers.names import AFTER_NAME, VERB_ENDING, looks_english
from safety.recognizers.rules import SpanRecognizer

_KIND = (
    r"(?:(?:elementary|middle|high|primary|charter|grammar|nursing|law|medical|public|prep)\s+)?school|elementary|university|univ|"
    r"college|academy|institute|(?:regional\s+|general\s+|memorial\s+|community\s+|children'?s\s+|veterans\s+)?hospital|"
    r"(?:regional\s+|community\s+)?(?:medical|health|healthcare|treatment|recovery|care|cancer|rehab(?:ilitation)?)\s+(?:center|centre|clinic|group|system|partners)|"
    r"regional|memorial|general|church|parish|synagogue|mosque|temple|daycare|preschool|kindergarten|rehab|"
    r"inc|llc|ltd|corp|corporation|company|industries|associates|logistics|enterprises|technologies|solutions|systems|bank|credit\s+union|"
    r"fire\s+department|police\s+department|sheriff'?s\s+office"
)
_AT_KIND = regex.compile(
    rf"(?:(?<=\s)|\b)(?:{_KIND})\b(?![-'])(?:[ ]of[ ](?-i:\p{{Lu}}\p{{L}}++))?", regex.IGNORECASE
)
_WORKS = regex.compile(
    r"\b(?:work(?:s|ed|ing)?|teach(?:es|ing)?|taught|employed|job|stud(?:y|ies|ied|ying)|student|goes?|went|attend(?:s|ed|ing)?|intern(?:ing)?|"
    r"fired|laid\s+off|quit|hired|career|shift|boss|manager|nurse|volunteer(?:s|ing)?|enrolled|graduated|admitted|discharged|seen|treated|employer\s+is|employer:)"
    r"\s+(?:over\s+|down\s+)?(?:at|for|by|from|to|with|in)?\s*(?:the\s+)?",
    regex.IGNORECASE,
)
_WORKS_SURE = regex.compile(
    r"\b(?:work(?:s|ed|ing)?\s+(?:at|for|@)|employed\s+(?:at|by)|job\s+(?:at|with|@)|laid\s+off\s+(?:from|by|at)|fired\s+(?:from|by)|hired\s+(?:at|by)|"
    r"employer\s*(?:is|:)|student\s+at|teach(?:es)?\s+at|enrolled\s+(?:at|in))\s+(?:the\s+)?",
    regex.IGNORECASE,
)
_EMPLOYED = regex.compile(
    r"\b(?:(?:work(?:s|ed|ing)?|job|employed|intern(?:ing|ed)?|hired|fired|laid\s+off|let\s+go)\s+(?:over\s+|down\s+)?(?:at|for|by|with|from)|"
    r"(?:my|his|her|our|their|your)\s+(?:\p{L}+'?s\s+)?(?:current\s+|old\s+|former\s+|last\s+|new\s+|previous\s+)?"
    r"(?:employer|company|workplace|job)(?:\s+(?:is|was|at|called)|\s*[:,(])?|"
    r"employer\s*(?:is|was|:)|boss\s+(?:at|from)|co-?workers?\s+(?:at|from)|employees?\s+(?:of|at))\s+(?:the\s+|a\s+place\s+called\s+)?$",
    regex.IGNORECASE,
)
_LONGEST_CUE = 60
_MAX_WORDS = 4


def employs(text: str, at: int) -> bool:
    """Say whether the words before `at` tell that someone works for what begins there."""
    return bool(_EMPLOYED.search(text, max(0, at - _LONGEST_CUE), at, timeout=seconds_left(1.0)))


def _is_filler(word: Word) -> bool:
    return looks_english(word.lower) or bool(VERB_ENDING.match(word.lower)) or len(word.text) < 3


class OrganisationRecognizer(SpanRecognizer):
    """Named workplaces, schools and hospitals."""

    def __init__(self) -> None:
        super().__init__("organisations", entities=["ORGANIZATION"])

    def find(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        """Yield organisations."""
        found = split_words(text)
        for match in _AT_KIND.finditer(text, timeout=seconds_left(1.0)):
            start = self.name_before(text, found, match.start())
            if start < match.start():
                yield "ORGANIZATION", start, match.end(), 0.65
        index = {word.start: at for at, word in enumerate(found)}
        for cue, sure in ((_WORKS_SURE, True), (_WORKS, False)):
            for match in cue.finditer(text, timeout=seconds_left(1.0)):
                at = index.get(match.end())
                if at is not None:
                    end = self._name_after(text, found[at : at + _MAX_WORDS], sure=sure)
                    if end > match.end():
                        yield "ORGANIZATION", match.end(), end, 0.5

    @staticmethod
    def name_before(text: str, found: list[Word], at: int) -> int:
        """Return where the name in front of "... school" at `at` starts; `at` itself when there is none."""
        start, named = at, False
        before = [word for word in found if word.end <= at][-_MAX_WORDS:]
        for word in reversed(before):
            plain = is_common(word.lower) or word.lower in words("states")
            if text[word.end : start] not in (" ", "'s ", ". ", " & ", "-"):
                break
            if plain and (not word.capital or word.opens):
                break
            if not plain and not word.capital and _is_filler(word):
                break
            start, named = word.start, named or not plain
        return start if named else at

    @staticmethod
    def _name_after(text: str, following: list[Word], *, sure: bool) -> int:
        """Return where the name that starts with the first of `following` ends; -1 when it is none."""
        end, first = -1, following[0]
        for word in following:
            if is_common(word.lower) or (end >= 0 and text[end : word.start] not in (" ", " & ", "-")):
                break
            if end >= 0 and (not first.capital or not word.capital):
                break
            if not word.capital and not (
                sure and AFTER_NAME.match(text, word.end) and not looks_english(word.lower)
            ):
                break
            end = word.end
        return end


def organisations() -> OrganisationRecognizer:
    """Return the recognizer of organisations."""
    return OrganisationRecognizer()
