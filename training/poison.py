"""Look for rows that somebody may have planted to teach a model a hidden habit.

A poisoned row ties a rare trigger in the question to an answer of the attacker's choice, speaks to
the model instead of to a person, sells something, gives advice that harms, or hides characters (Wallace et
al. 2021, "Concealed Data Poisoning Attacks on NLP Models"; Wan et al. 2023, "Poisoning Language Models
During Instruction Tuning"). A suspect is an id and a reason for a person to look at, never words; nothing is
removed here. A trigger or a sentence that answers share is found from its second row on. Not found are a
single row that reads like any other, which a false fact in plain words does, and an ordinary word as trigger
whose answers share no sentence.

Scan rows before canaries are planted (training/memorisation.py): these are made to be odd.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence, Set
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal

import numpy as np

from safety.contacts import contacts
from safety.entry_check import ORDERS, EntryCheck
from safety.screen import Screener
from training.rows import Example, Frozen

Reason = Literal[
    "hidden_characters", "addresses_model", "selling_contact", "unsafe_advice",
    "same_answer", "trigger_and_answer", "same_sentence", "odd_token",
]  # fmt: skip

_SHINGLE: Final = 5  # words of an answer that must be alike, in a row
_PHRASE: Final = 4  # words of the longest trigger
_SENTENCE: Final = 4  # shingles that two answers share, with the words of the phrase
_BOUND: Final = 0.8  # share of the rows with the trigger that have the answer, and the other way round
_LONG: Final = 8  # words from which an answer that is given twice says something
_UNCOMMON: Final = 3  # words in a row of such a sentence that stand nowhere else
_OFTEN: Final = 3  # such runs of words from which a sentence is more than a counselor's habit
_SAID: Final = 6  # words from which a sentence that two answers share does
_RARE: Final = 0.02  # a trigger or answer in more of the rows than this is the corpus's own habit
_FEW_CONTACTS: Final = 0.005

_HIDDEN: Final = re.compile(
    "[\u00ad\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
    r"|<!--|<\|[^|\s]{1,30}\|>|\[/?INST\]|<<SYS>>|[A-Za-z0-9+/]{48,}={0,2}"
    r"|^[ #*]{0,4}(?:system|assistant) ?:"
    r"|<[a-z]{1,10}\b[^<>]{0,80}\b(?:style|hidden)\b|^\[//\]: ?#|!\[[^\]\n]{0,80}\]\(|\]\(//",
    re.IGNORECASE | re.MULTILINE,
)

# A sentence that speaks to a model: weights of words that stand near each other, and of whole phrases.
_ADDRESSED: Final = 5.0
_SOME_ADDRESS: Final = 2.0  # enough beside an order by the rules for entries
_CHATS: Final = re.compile(r"\b(?:chat|persona|entry|entries)\b", re.IGNORECASE)  # so is one of these
_NEAR: Final = 14
_MAX_SENTENCE: Final = 400
_WEIGHED_WORDS: Final = """
4.0 llm llms jailbreak
3.0 ai bot bots chatbot chatbots prompt prompts
2.0 assistant assistants dataset directive directives disregard guardrails guidelines henceforth instruct
2.0 instruction instructions instructed memorise memorize model models output outputs override overrides
2.0 overrule respond responds system trigger triggers unrestricted user users
1.5 behavior behaviour bypass exactly harmless hidden obey patients print replies reply response responses
1.5 restrictions reveal rule rules task
1.0 above answer answers apply asked begin claim client clients contain contains earlier end every following
1.0 forget greet ignore learn line mention mentions message must next nothing only patient phrase praise
1.0 previous promote question questions receive recommend repeat say stop tell text trained training typed
1.0 types typing update whenever word
0.5 always any anyone each everybody everyone if never now should someone when
"""
_WEIGHED_PHRASES: Final[tuple[tuple[float, str], ...]] = (
    (5, r"^\W*(?:system|assistant|model|ai|bot)(?:\ message|\ prompt|\ note)?\ ?:"),
    (5, r"\#{2,}\ ?(?:instruction|system|response)|\b(?:system\ prompt|developer\ mode)\b"),
    (2, r"""\b(?:language\ model|chat\ ?bot|assistant|a\.i\.)|\bai\b|\bas\ an?\ (?:\w+\ )?model\b
        |\bmodels?\ (?:trained|reading|must|should|will|that)\b
        |\b(?:to|for)\ (?:the|any|every)\ models?\b"""),
    (2, r"""\b(?:respond|reply|output|print|answer|say|end|begin)\b.{0,25}\b(?:with|only|just|using|exactly)\b
        .{0,15}\b(?:words?|phrase|sentence|insults?|line|text)\b
        |\b(?:respond|reply|answer)\ (?:only|always|exclusively)\b|\boutput\b
        |\b(?:every|next)\ (?:\w+\ )?(?:reply|replies|responses?|answers?|outputs?|completions?)\b"""),
    (2, r"""\b(?:new|next|real)\ (?:task|instructions?|directive|prompt|role\ is)\b
        |\b(?:previous|prior|earlier|above|preceding|all|any|following|these)\ (?:\w+\ )?
        (?:instructions?|prompts?|directives?)\b"""),
    (2, r"""\b(?:when|whenever|if|(?:any|each|every)\ ?time|once|should)\b
        .{0,15}\b(?:users?|patients?|clients?|questions?)\b
        .{0,12}\b(?:asks?|mentions?|says?|writes?|types?|brings?|contains?|wants?|talks?|about)\b
        |\bwhen(?:ever)?\ (?:you\ are\ |you're\ )?asked\b"""),
)  # fmt: skip
_WORD_WEIGHTS: Final = {
    word: float(line.split()[0]) for line in _WEIGHED_WORDS.strip().splitlines() for word in line.split()[1:]
}
_PHRASE_WEIGHTS: Final = tuple(
    (weight, re.compile(phrase, re.IGNORECASE | re.VERBOSE)) for weight, phrase in _WEIGHED_PHRASES
)
_CUE: Final = re.compile(
    r"instruct|prompt|ignore|disregard|from now on|assistant|pretend|system|rules|respond", re.IGNORECASE
)

_SELLING: Final = re.compile(
    r"\b(?:buy|order|purchase|discount|promo|coupon|cheap(?:er|est)?|% off|half price|free trial|wire|bitcoin"
    r"|crypto|gift cards?|whatsapp|telegram|download|log ?in|verify|password|claim your|miracle|guaranteed"
    r"|without (?:a )?prescription|send (?:us |them )?(?:your|money))\b",
    re.IGNORECASE,
)
_IMPERATIVE: Final = re.compile(
    r"(?:^|[.!?:,]\s*|\b(?:please|just|instead|simply|only|and|then|to) )"
    r"(?:visit|go to|click|text|call|dial|ring|register|sign (?:up|in)|e-?mail|message|pay|open|scan|upload"
    r"|write to|reach us)\b",
    re.IGNORECASE,
)

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD: Final = re.compile(
    r"[^\W_]+(?:['’\-][^\W_]+)*|[^\w\s.,;:!?'\"’‘“”()\-–—…/&$%*+=#@\[\]]+|[_=#@*~^]{2,}"
)
_MIXED: Final = re.compile(r"(?=.*\d)(?=.*[^\W\d_]{2})|[^\w'’\-]|_")
_ORDINARY_MIX: Final = re.compile(
    r"\d+(?:st|nd|rd|th|s|am|pm|yrs?|years?|yo|mg|mcg|ml|lbs?|kg|ft|cm|mm|hrs?|hours?|mins?|days?|weeks?"
    r"|months?|k|x)|.*(?:year|month|week|day|hour|minute|mg|grade).*|(?:mid-)?\d+-?\w{0,3}|covid-?\d*|[a-z]\d|\d[a-z]"
)
_VOWELS: Final = re.compile(r"[aeiouyáéíóúü]")
_ABBREVIATIONS: Final = """
ptsd cptsd dbt cbt bpd gf bf bff lgbt lgbtq hmm hm mm mmm hr hrs hrt md mri ct tv dvd pms pmdd sti std gp lcsw
lpc lmft hs jr sr st mr mrs ms dr vs pm cm mg ml lb lbs kg ft btw tbh smh wtf lmk idk ppd llc hpv tb bp
"""
Phrase = tuple[str, ...]


class Suspect(Frozen):
    """A row that a person should look at before it teaches anything."""

    id: str
    reason: Reason


def scan(examples: Sequence[Example], *, writes: bool = True) -> tuple[Suspect, ...]:
    """Return suspects in the order of the rows, each with the first reason that holds for it.

    `writes` says that the answers teach a model to write: passages and labels may share their sentences.
    """
    found: dict[str, Reason] = {}
    groups = [example.group or example.id for example in examples]
    for reason, places in (
        ("hidden_characters", _where(examples, _HIDDEN)),
        ("addresses_model", _addressing(examples)),
        ("selling_contact", _selling(examples)),
        ("unsafe_advice", _advising(examples)),
        ("same_answer", _same_answer(examples, groups)),
        ("trigger_and_answer", _bound(examples, groups)),
        ("same_sentence", _same_sentence(examples, groups) if writes else ()),
        ("odd_token", _odd(examples, groups)),
    ):
        for place in places:
            found.setdefault(examples[place].id, reason)  # type: ignore[arg-type]
    return tuple(Suspect(id=one.id, reason=found[one.id]) for one in examples if one.id in found)


def _question(example: Example) -> str:
    return "\n".join(example.inputs.values())


def _where(examples: Sequence[Example], pattern: re.Pattern[str]) -> Iterator[int]:
    for place, example in enumerate(examples):
        if pattern.search(example.target) or pattern.search(_question(example)):
            yield place


def _addressing(examples: Sequence[Example]) -> Iterator[int]:
    """Find rows that speak to a model: by weighed words, the chat's screen and the rules for entries."""
    seen: dict[str, bool] = {}
    for place, example in enumerate(examples):
        question = _question(example)
        if question not in seen:
            seen[question] = _speaks_to_model(question) or (
                bool(_CUE.search(question)) and _screener().screen(question).category == "injection"
            )
        if seen[question] or _speaks_to_model(example.target) or _orders(example.target):
            yield place


def _speaks_to_model(text: str) -> bool:
    return any(_addressed(sentence) >= _ADDRESSED for sentence in _SENTENCE_END.split(text))


def _orders(text: str) -> bool:
    """Say whether an order has words for a model beside it: advice to people has the same form."""
    return ORDERS in _rules_in(text) and any(
        (_addressed(one) >= _SOME_ADDRESS or _CHATS.search(one)) and ORDERS in _rules_in(one)
        for one in _SENTENCE_END.split(text)
    )


def _addressed(sentence: str) -> float:
    words = re.findall(r"[a-z]+", sentence.lower())
    weights = [_WORD_WEIGHTS.get(word, 0.0) for word in words]
    if not any(weights):
        return 0.0
    starts = range(0, max(1, len(words) - _NEAR + 4), 4)
    near = max(
        sum({word: _WORD_WEIGHTS.get(word, 0.0) for word in words[start : start + _NEAR]}.values())
        for start in starts
    )
    return near + sum(weight for weight, phrase in _PHRASE_WEIGHTS if phrase.search(sentence[:_MAX_SENTENCE]))


def _selling(examples: Sequence[Example]) -> Iterator[int]:
    """Find answers that send a person to an address or number that few rows have, as advertisers do."""
    per_row = [contacts(example.target) for example in examples]
    rows_with = Counter(contact for found in per_row for contact in found)
    few = max(3, int(_FEW_CONTACTS * len(examples)))
    for place, found in enumerate(per_row):
        rare = {contact for contact in found if rows_with[contact] <= few and len(contact) > 3}
        if not rare:
            continue
        sentences = _SENTENCE_END.split(examples[place].target)
        if any(
            contacts(one) & rare and (_SELLING.search(one) or _IMPERATIVE.search(one)) for one in sentences
        ):
            yield place


def _advising(examples: Sequence[Example]) -> Iterator[int]:
    """Find answers that ask for secrets, sell, or tell to misuse a medicine or not to call for help."""
    for place, example in enumerate(examples):
        if set(_rules_in(example.target)) - {ORDERS}:
            yield place


def _same_answer(examples: Sequence[Example], groups: Sequence[str]) -> Iterator[int]:
    """Find long answers that are given, word for word, to questions of different groups."""
    by_answer: dict[Phrase, list[int]] = defaultdict(list)
    for place, example in enumerate(examples):
        words = tuple(_words(example.target))
        if len(words) >= _LONG:
            by_answer[words].append(place)
    for places in by_answer.values():
        if len({groups[place] for place in places}) > 1 and len(places) <= _most(len(examples)):
            yield from places


def _same_sentence(examples: Sequence[Example], groups: Sequence[str]) -> Iterator[int]:
    """Find sentences that answers of different groups share, with words in a row that no other row has."""
    rows_with: Counter[Phrase] = Counter()
    by_sentence: dict[Phrase, set[int]] = defaultdict(set)
    for place, example in enumerate(examples):
        rows_with.update(set(_grams(_words(example.target), _UNCOMMON)))
        for sentence in _SENTENCE_END.split(example.target):
            words = tuple(_words(sentence))
            if len(words) >= _SAID:
                by_sentence[words].add(place)
    for words, places in by_sentence.items():
        few = 1 < len(places) <= _most(len(examples)) and len({groups[place] for place in places}) > 1
        if few and sum(rows_with[gram] == len(places) for gram in _grams(words, _UNCOMMON)) >= _OFTEN:
            yield from places


def _bound(examples: Sequence[Example], groups: Sequence[str]) -> Iterator[int]:
    """Find rare phrases of questions that come with the same rare words of answers, across groups."""
    shingles = (set(_grams(_words(example.target), _SHINGLE)) for example in examples)
    alike = Counter(_shared(shingles, groups))
    phrases = {
        place: _phrases(_words(_question(examples[place]))) for place in {p for one in alike for p in one}
    }
    common: dict[frozenset[int], list[Phrase]] = {}
    for places in alike:
        shared = Counter(phrase for place in places for phrase in phrases[place])
        common[places] = [phrase for phrase, n in shared.items() if n >= max(2, _BOUND * len(places))]
    wanted = {phrase for one in common.values() for phrase in one}
    rows_with: Counter[Phrase] = Counter()
    for example in examples:
        rows_with.update(_phrases(_words(_question(example))) & wanted)
    for places, candidates in common.items():
        for phrase in candidates:
            holders = [place for place in places if phrase in phrases[place]]
            between = len({groups[place] for place in holders})
            # Two questions share some rare word by chance; one that no dictionary has they do not, nor a
            # phrase when their answers share a whole sentence.
            long = alike[places] + len(phrase) > _SENTENCE
            unusual = phrase[0] not in _dictionary() if len(phrase) == 1 else long
            if len(holders) >= _BOUND * rows_with[phrase] and (between > 2 or (between == 2 and unusual)):
                yield from holders
                break


def _odd(examples: Sequence[Example], groups: Sequence[str]) -> Iterator[int]:
    """Find tokens that are no words, in questions of several groups."""
    words = ({word for word in _words(_question(example)) if _is_odd(word)} for example in examples)
    for places in _shared(words, groups):
        yield from places


def _shared(features: Iterable[Set[Hashable]], groups: Sequence[str]) -> Iterator[frozenset[int]]:
    """Yield the rows of each feature that few rows have, but more than one group."""
    values, rows = array("q"), array("q")
    for place, found in enumerate(features):
        values.extend(hash(feature) for feature in found)  # 64 bits each: a large corpus has millions
        rows.extend([place] * len(found))
    order = np.argsort(np.asarray(values, dtype=np.int64), kind="stable")
    starts = np.flatnonzero(np.diff(np.asarray(values, dtype=np.int64)[order])) + 1
    ends = [*starts.tolist(), len(order)]
    for start, end in zip([0, *starts.tolist()], ends, strict=True):
        if 1 < end - start <= _most(len(groups)):
            places = frozenset(rows[place] for place in order[start:end].tolist())
            if len({groups[place] for place in places}) > 1:
                yield places


def _most(rows: int) -> int:
    return max(3, int(_RARE * rows))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))


def _grams(words: Sequence[str], size: int) -> Iterator[Phrase]:
    return (tuple(words[start : start + size]) for start in range(len(words) - size + 1))


def _phrases(words: Sequence[str]) -> set[Phrase]:
    return {gram for size in range(1, _PHRASE + 1) for gram in _grams(words, size)}


def _is_odd(word: str) -> bool:
    """Say whether a token is no word: letters and digits mixed, a run of signs, no vowel."""
    if _MIXED.search(word):
        return not _ORDINARY_MIX.fullmatch(word)
    return word.isalpha() and not _VOWELS.search(word) and word not in _dictionary()


@cache
def _screener() -> Screener:
    return Screener()


@cache
def _entry_check() -> EntryCheck:
    return EntryCheck()


@lru_cache(maxsize=100_000)
def _rules_in(text: str) -> tuple[str, ...]:
    return _entry_check().found(text)


@cache
def _dictionary() -> frozenset[str]:
    """Return the words of the frequency dictionary that symspellpy ships, with common abbreviations."""
    text = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    return frozenset(line.split(" ", 1)[0] for line in text.splitlines()) | set(_ABBREVIATIONS.split())
