"""Check each sentence that the model wrote before anybody sees it.

In `grounded` mode a sentence must be borne out by the passages. In `support` mode, where a person
told of a feeling and no passage stands behind the answer, it must state no medical and no clinic
fact at all, and take nothing for granted about the person that they have not said. In both it must
not hold personal data, foreign contacts, code, the prompt or what was said already. It must never
repair a sentence: the caller drops it.

    check = OutputCheck(allowed_contacts=[...], find_personal_data=...)
    check.check("...", passages=[...], said=[...], system_prompt="...", mode="grounded")
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from safety.assumed import AssumedFacts
from safety.contacts import contacts
from safety.evidence import Embed, content_stems, content_words, quoted_in
from safety.folding import Folder
from safety.language import language_of
from safety.phrases import PhraseBook
from safety.shipped_yaml import shipped_yaml
from safety.support import SupportScorer

Mode = Literal["grounded", "support"]

_MAY_QUOTE: Final = ("promise", "secrecy")  # what the clinic itself may say: "we never share your records"
_ECHO_WORDS: Final = 7
_SAME: Final = 0.8
_VARIED: Final = 0.6
_WORDS: Final = re.compile(r"[a-z0-9']+")
DOSE: Final = re.compile(
    r"\b(\d+(?:[.,]\d+)?|half|one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|hundred|few|several|extra|more)[\s-]{0,2}"
    r"(mg|mcg|µg|milligrams?|micrograms?|ml|milliliters?|grams?|g|units?|iu|tablets?|pills?|capsules?|drops|"
    r"puffs|"
    r"times\s(?:a|per)\s(?:day|week)|x\s?(?:daily|a\sday)|doses?)\b",
    re.IGNORECASE,
)
CODE: Final = re.compile(
    r"```|`[^`]{1,200}`|</?[a-z][^<>]{0,80}>|\bdef \w+\(|\bfunction\s?\w{0,40}\(|=>|\breturn \w+;|;\s*$"
    r"|\{[^{}]{0,200}[:;][^{}]{0,200}\}|\bSELECT\b.{1,80}\bFROM\b|#include|"
    r"\$\(|&&|==|\bprint\(|<\?php",
    re.MULTILINE,
)
_ECHO: Final = re.compile(
    r"<\|[^|]{0,40}\|>|\[/?INST\]|^\s*#{2,}|^\s*(?:system|assistant|user|human)\s*:|\bsystem prompt\b|"
    r"\bmy instructions\b|\b(?:as an|i'?m an|i am an) (?:ai|artificial)\b|\blanguage model\b|"
    r"\b(?:the|given|provided|above) (?:passages?|context|excerpts?|snippets?)\b|"
    r"\bpassages? (?:\d|above|provided|below)|"
    r"\b(?:the|this|that) (?:answer|question|text|sentence|passage|paragraph)s?\b|"
    r"\baccording to (?:the )?(?:passages?|context|text)\b|"
    r"\bbased on the (?:passages?|context|information provided|text)|\bpassage \[?\d|^\s*\[\d+\]|\[\d+\]",
    re.IGNORECASE | re.MULTILINE,
)
_DRUG_ENDING: Final = re.compile(
    r"\b\w{3,}(?:azepam|zolam|oxetine|triptyline|pramine|apine|idone|piprazole|statin|prazole|sartan|mycin|cillin|"
    r"floxacin|codone|phetamine|phenidate|barbital|profen|cycline|lukast|gabalin|zodone|faxine|lopram|traline|olol|"
    r"pril|dipine|gliptin|gliflozin|clovir|[ao]zole|tinib|furantoin|darone|semide|formin|racetam|nidine|uracil|terone)\b",
    re.IGNORECASE,
)
_NAMED_CLINICIAN: Final = re.compile(r"\b(?:Dr|Doctor|Prof|Nurse)\b\.?\s+[A-Z]")
_CLOCK_OR_MONEY: Final = re.compile(
    r"[$€£]\s?\d|\b\d{1,2}(?::\d{2})?\s?(?:am|pm|a\.m|p\.m)\b|\b\d{1,2}:\d{2}\b", re.I
)


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a sentence may be shown, and if not, the reason (a fixed word, never the text).

    `by` are the places of the passages that bear it out: what an answer with it may cite.
    """

    ok: bool
    reason: str
    by: tuple[int, ...] = ()


_PASSED: Final = Checked(True, "")


class OutputCheck:
    """Check sentences for one clinic."""

    def __init__(
        self,
        *,
        allowed_contacts: Collection[str],
        find_personal_data: Callable[[str], bool],
        embed: Embed | None = None,
        support: SupportScorer | None = None,
        paraphrase: bool = True,
    ) -> None:
        """Take the clinic's numbers, addresses and links, and a test for personal data.

        `embed` must be the encoder that the coefficients of `support` name (the shipped ones, unless given).
        `paraphrase` False takes nothing but quotations in grounded answers: for a model that was
        not tuned to stay with its passages. Raises SupportWeightsError.
        """
        rules = shipped_yaml(Path(__file__).parent / "output_rules.yaml")
        self._allowed = frozenset().union(*(contacts(f"call {contact}") for contact in allowed_contacts))
        self._find_personal_data = find_personal_data
        self._embed = embed
        self._support = support or SupportScorer.load()
        self._paraphrase = paraphrase
        self._assumed = AssumedFacts()
        sets = {name: tuple(members.split()) for name, members in rules["sets"].items() if members}
        self._reasons: list[str] = []
        self._books: dict[str, PhraseBook] = {}
        for part in ("always", "support"):
            book = self._books[part] = PhraseBook(sets)
            for reason, phrases in rules[part].items():
                book.add(len(self._reasons), (line for line in phrases.splitlines() if line.strip()))
                self._reasons.append(reason)
        self._fold = Folder(
            vocabulary=self._books["always"].vocabulary | self._books["support"].vocabulary,
            aliases={"im": "i am", "youre": "you are", "ive": "i have", "dont": "do not", "cant": "can not"},
        )

    def check(
        self,
        sentence: str,
        *,
        passages: Sequence[str],
        said: Sequence[str],
        system_prompt: str,
        mode: Mode,
        heard: Sequence[str] = (),
    ) -> Checked:
        """Return whether `sentence` may be shown after `said`; `heard` are the person's messages."""
        plain = self._plain_faults(sentence, passages, system_prompt)
        if plain:
            return Checked(False, plain)
        if sentence.count("(") > sentence.count(")"):
            return Checked(False, "fragment")  # half of an aside, or of a link's text
        if _repeats(sentence, said):
            return Checked(False, "repetition")
        if self._find_personal_data(sentence):
            return Checked(False, "personal_data")
        reason = self._by_rule("always", sentence)
        if reason and not (
            mode == "grounded" and reason in _MAY_QUOTE and self._supported(sentence, passages)
        ):
            return Checked(False, reason)
        if mode == "support":
            reason = self._support_faults(sentence, heard)
        elif _new_dose(sentence, passages):
            reason = "dose"
        elif not self._paraphrase and not quoted_in(sentence, passages):
            reason = "not_quoted"
        else:
            support = self._support.judge(sentence, passages, self._embed)
            return Checked(True, "", support.by) if support.shown else Checked(False, "unsupported")
        return Checked(False, reason) if reason else _PASSED

    @staticmethod
    def asks_of_other_medicine(question: str, passages: Sequence[str]) -> bool:
        """Say whether the question names a medicine that no passage names: they cannot answer it."""
        named = {match.group().lower() for match in _DRUG_ENDING.finditer(question)}
        text = " ".join(passages).lower()
        return any(name not in text for name in named)

    def _supported(self, sentence: str, passages: Sequence[str]) -> bool:
        return self._support.judge(sentence, passages, self._embed).shown

    def _plain_faults(self, text: str, passages: Sequence[str], system_prompt: str) -> str:
        if CODE.search(text):
            return "code"
        if _ECHO.search(text) or _shares_run(text, system_prompt, passages):
            return "prompt_echo"
        known = self._allowed.union(*(contacts(passage) for passage in passages))
        return "" if contacts(text) <= known else "contact"

    def _support_faults(self, sentence: str, heard: Sequence[str]) -> str:
        if language_of(sentence) != "en":
            return "other_language"  # no rule below reads it
        if DOSE.search(sentence):
            return "dose"
        if _DRUG_ENDING.search(sentence):
            return "medical_fact"
        if _CLOCK_OR_MONEY.search(sentence) or _NAMED_CLINICIAN.search(sentence):
            return "clinic_fact"
        reason = self._by_rule("support", sentence)
        return reason or ("assumed" if self._assumed.found(sentence, heard) else "")

    def _by_rule(self, part: str, text: str) -> str:
        found = {match.rule for match in self._books[part].find(self._fold.sentences(text))}
        return self._reasons[min(found)] if found else ""


def _repeats(sentence: str, said: Sequence[str]) -> bool:
    words = _WORDS.findall(sentence.lower())
    runs = [tuple(words[n : n + 3]) for n in range(len(words) - 2)]
    if any(runs.count(run) >= 3 for run in set(runs)) or _runs_in_circles(sentence):
        return True
    stems = content_stems(sentence)
    for earlier in said:
        if words and words == _WORDS.findall(earlier.lower()):
            return True
        other = content_stems(earlier)
        if len(stems) >= 4 and other and len(stems & other) / len(stems | other) >= _SAME:
            return True
    return False


def _runs_in_circles(sentence: str) -> bool:
    """Say whether a sentence says the same few things over and over."""
    said = content_words(sentence)
    return len(said) >= 5 and len(set(said)) <= _VARIED * len(said)


def _shares_run(text: str, prompt: str, passages: Sequence[str]) -> bool:
    """Say whether the text repeats seven words of the prompt in a row that no passage has."""
    runs = _runs(text) & _runs(prompt)
    return bool(runs - frozenset().union(*(_runs(passage) for passage in passages)))


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORDS.findall(text.lower())
    return frozenset(tuple(words[n : n + _ECHO_WORDS]) for n in range(len(words) - _ECHO_WORDS + 1))


def _new_dose(sentence: str, passages: Sequence[str]) -> bool:
    known = {_dose(match) for passage in passages for match in DOSE.finditer(passage)}
    return any(_dose(match) not in known for match in DOSE.finditer(sentence))


def _dose(match: re.Match[str]) -> tuple[str, str]:
    return match.group(1).lower().replace(",", "."), re.sub(r"\s", " ", match.group(2).lower()).rstrip("s")
