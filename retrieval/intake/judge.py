"""Judge what was read: which rows come in, which wait for a person, and why.

    judged = judge(found, served=..., retired=..., guards=..., rules=Rules(today=...))
    len(judged) == len(found): nothing is lost silently

What needs other packages (personal data, the clinic's contacts, instructions aimed at a model) is handed
in as `Guards`, plain functions over strings: retrieval imports neither safety nor the app.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Literal

from retrieval.faq import FaqEntry, entry_of
from retrieval.faq_files import RawRow
from retrieval.intake.found import ODD, Code, Found, Oddity
from retrieval.intake.hidden import without_hidden
from retrieval.intake.similar import SameQuestions, contradict, same_answer
from retrieval.languages import UNDETERMINED

REVIEW_DAYS = 365
_ORDERS = "model_instruction"  # of the kinds of unsafe words, the one that has a code of its own
# A day or a place is somebody's in a message; in words for everybody it is one of the clinic's.
_USUAL = frozenset({"DATE_TIME", "LOCATION"})
# What stands beside question and answer: an owner has a name, a source its address. Of words that stand
# alone, such as a topic, no tagger can tell whether they are a name: that one may be is said.
_BESIDE = ("topic", "owner", "source")
_USUAL_BESIDE = _USUAL | {"PERSON", "URL"}


@dataclass(frozen=True)
class Guards:
    """What must be known of a text. Each takes a text; none may keep it or write it anywhere."""

    personal: Callable[[str], tuple[str, ...]]
    """Types of personal data in it, without words."""
    scrub: Callable[[str], str]
    """The text with personal data replaced."""
    unknown_contacts: Callable[[str], int]
    """How many numbers, addresses and links it has that the clinic's list does not."""
    instructs: Callable[[str], bool]
    """Whether it gives an order to a language model."""
    unsafe: Callable[[str], tuple[str, ...]]
    """Kinds of words in it that could harm a reader, such as unsafe use of a medicine."""


@dataclass(frozen=True)
class Rules:
    """When a review is due, and which kinds of oddity somebody has accepted for this import."""

    today: date
    review_days: int = REVIEW_DAYS
    accept: frozenset[Code] = frozenset()


@dataclass(frozen=True)
class Judged:
    """A row and what becomes of it: `new`, `changed` and `same` are kept, `aside` is not."""

    found: Found
    entry: FaqEntry
    fate: Literal["new", "changed", "same", "aside"]
    odd: tuple[Oddity, ...]

    @property
    def reasons(self) -> tuple[Oddity, ...]:
        """Return what keeps the row out, or would have: no mere remarks."""
        return tuple(one for one in self.odd if ODD[one.code][1] != "remark")


def judge(
    found: Iterable[Found],
    *,
    served: Sequence[FaqEntry],
    guards: Guards,
    rules: Rules,
    same: SameQuestions | None = None,
    retired: Sequence[FaqEntry] = (),
) -> tuple[Judged, ...]:
    """Return each row with its fate, in order; `served` are the entries that are there already.

    What stands in the way of a later row is only what is kept: a row that waits is compared with when it
    comes again.
    """
    # A topic or an owner stands in many rows.
    guards = replace(guards, personal=cache(guards.personal), instructs=cache(guards.instructs))
    same = same or SameQuestions()
    there = {entry.id: entry for entry in served}
    gone = _Gone(retired)
    rows = [_prepared(row, guards, rules) for row in found]
    same.prepare([entry for _, entry, *_ in rows])
    # What stays served is known; what a row with its id replaces is not.
    replaced = {entry.id for _, entry, *_ in rows}
    same.add([entry for entry in served if entry.id not in replaced])
    judged: list[Judged] = []
    taken: dict[str, FaqEntry] = {}
    clashes: dict[str, str] = {}
    for row, entry, odd, of_content in rows:
        if _whole(entry):
            odd = [*odd, *_of_others(entry, taken, same)]
            odd += gone.found(entry) if entry.id not in there else []
        odd += [*of_content, *_of_dates(entry, rules)]
        kept = not any(_keeps_out(one, rules) for one in odd)
        clashes.update({one.detail: entry.id for one in odd if one.code == "contradiction" and not kept})
        if kept:
            taken.setdefault(entry.id, entry)
            same.add([entry])
        elif entry.id in there:
            same.add([there[entry.id]])  # it is not replaced after all
        judged.append(Judged(row, entry, _fate(entry, there, kept), tuple(odd)))
    return tuple(_also_aside(one, clashes, rules) for one in judged)


def review_due(entry: FaqEntry, rules: Rules) -> date | None:
    """Return the day by which an entry is to be reviewed; None when it has no date at all."""
    if entry.review_by is not None:
        return entry.review_by
    return entry.reviewed + timedelta(days=rules.review_days) if entry.reviewed else None


def _prepared(row: Found, guards: Guards, rules: Rules) -> tuple[Found, FaqEntry, list[Oddity], list[Oddity]]:
    """Return a row's entry as it may be kept and shown, what was odd so far, and what is odd in its words.

    What is hidden is taken out of it; of what was said in a call, and of what waits for personal data in it,
    no word stays as it was.
    """
    odd = list(row.odd)
    fields: dict[str, object] = {}
    hidden = False
    for name, value in row.fields.items():
        fields[name] = value
        if isinstance(value, str):
            fields[name], found = without_hidden(value)
            hidden = hidden or found
        elif isinstance(value, list):
            cleaned = [without_hidden(str(item)) for item in value]
            fields[name] = [text for text, _ in cleaned]
            hidden = hidden or any(found for _, found in cleaned)
    if hidden and not any(one.code == "hidden_text" for one in odd):
        odd.append(Oddity("hidden_text"))
    entry, remarks = entry_of(RawRow(row.number, fields))
    odd += [Oddity("remark", remark) for remark in remarks]
    as_read = entry
    if any(one.code == "spoken" for one in odd):
        entry = _scrubbed(entry, guards)
    if not any(one.code == "unreadable" for one in odd):
        odd += [Oddity("no_question")] * (not entry.question) + [Oddity("no_answer")] * (not entry.answer)
        odd += [Oddity("unknown_language")] * (entry.language == UNDETERMINED)
    of_content = _of_content(entry, guards)
    asked = entry.question
    if personal := [one for one in of_content if one.code == "personal_data"]:
        asked = guards.scrub(asked)
        if any(_keeps_out(one, rules) for one in personal):
            entry = _scrubbed(entry, guards)
    if not entry.id or (entry != as_read and _names_somebody(entry.id, as_read, entry, guards)):
        entry = replace(entry, id=_id_of(entry, asked))
    return row, entry, odd, of_content


def _scrubbed(entry: FaqEntry, guards: Guards) -> FaqEntry:
    """Return the entry with personal data replaced wherever somebody wrote words; its id is seen to apart."""
    return replace(
        entry,
        question=guards.scrub(entry.question),
        answer=guards.scrub(entry.answer),
        alternates=tuple(guards.scrub(text) for text in entry.alternates),
        topic=guards.scrub(entry.topic),
        owner=guards.scrub(entry.owner),
        source=guards.scrub(entry.source),
    )


def _names_somebody(entry_id: str, as_read: FaqEntry, scrubbed: FaqEntry, guards: Guards) -> bool:
    """Say whether an id has a word that was scrubbed, or personal data of its own."""
    named = re.sub(r"[\W_]+", " ", entry_id)
    lost = _words(as_read) - _words(scrubbed)
    return not lost.isdisjoint(named.casefold().split()) or bool(guards.personal(named))


def _words(entry: FaqEntry) -> set[str]:
    texts = (entry.question, entry.answer, *entry.alternates, entry.topic, entry.owner, entry.source)
    return {word for text in texts for word in re.findall(r"[^\W_]+", text.casefold())}


def _keeps_out(odd: Oddity, rules: Rules) -> bool:
    weight = ODD[odd.code][1]
    return weight == "never" or (weight == "aside" and odd.code not in rules.accept)


class _Gone:
    """The entries that were retired: one of them must not come back untold."""

    def __init__(self, retired: Sequence[FaqEntry]) -> None:
        self._by_id = {entry.id: entry for entry in retired}
        self._asked = SameQuestions()
        self._asked.add(retired)

    def found(self, entry: FaqEntry) -> list[Oddity]:
        """Say which of them an entry is, by its id or its very question."""
        known = self._by_id.get(entry.id) or self._asked.same(entry)
        return [Oddity("retired", known.id)] if known is not None else []


def _of_others(entry: FaqEntry, taken: dict[str, FaqEntry], same: SameQuestions) -> list[Oddity]:
    twin = same.same(entry)
    if twin is not None and same_answer(twin.answer, entry.answer):
        return [Oddity("duplicate", twin.id)]
    if entry.id in taken:
        known = taken[entry.id]
        if known.question.casefold() != entry.question.casefold():
            return [Oddity("repeated_id", entry.id)]
        return [Oddity("duplicate" if same_answer(known.answer, entry.answer) else "contradiction", entry.id)]
    if twin is not None:
        return [Oddity("contradiction", twin.id)]
    near = same.near(entry)
    if near is None:
        return []
    return [Oddity("contradiction" if contradict(near.answer, entry.answer) else "near_duplicate", near.id)]


def _of_content(entry: FaqEntry, guards: Guards) -> list[Oddity]:
    """Return what is odd in an entry's words: in what is shown to readers, and in what stands beside it."""
    asked = "\n".join((entry.question, *entry.alternates))
    beside = [text for name in _BESIDE if (text := str(getattr(entry, name)))]
    odd: list[Oddity] = []
    text = f"{asked}\n{entry.answer}".strip()
    personal = set(guards.personal(text)) - _USUAL if text else set[str]()
    for words in beside:
        personal |= set(guards.personal(words)) - _USUAL_BESIDE
    if entry.topic and "PERSON" in guards.personal(entry.topic):
        odd.append(Oddity("remark", "its topic may name a person"))
    if personal:
        odd.append(Oddity("personal_data", ", ".join(sorted(personal))))
    # A source is elsewhere by its nature, and is shown to no reader.
    contacts = sum(map(guards.unknown_contacts, (text, entry.topic, entry.owner)))
    if contacts:
        odd.append(Oddity("unknown_contact", str(contacts)))
    unsafe = guards.unsafe(entry.answer)
    if _ORDERS in unsafe or any(guards.instructs(one) for one in (asked, entry.answer, *beside) if one):
        odd.append(Oddity("model_instruction"))
    if others := [kind for kind in unsafe if kind != _ORDERS]:
        odd.append(Oddity("unsafe_words", ", ".join(others)))
    return odd


def _of_dates(entry: FaqEntry, rules: Rules) -> list[Oddity]:
    due = review_due(entry, rules)
    return [Oddity("review_past", due.isoformat())] if due is not None and due < rules.today else []


def _fate(
    entry: FaqEntry, there: dict[str, FaqEntry], kept: bool
) -> Literal["new", "changed", "same", "aside"]:
    if not kept:
        return "aside"
    if entry.id not in there:
        return "new"
    return "same" if there[entry.id] == entry else "changed"


def _also_aside(one: Judged, clashes: dict[str, str], rules: Rules) -> Judged:
    """Set aside the first of two rows that contradict each other too: nobody knows which one is right."""
    if one.fate not in ("new", "changed") or one.entry.id not in clashes or "contradiction" in rules.accept:
        return one
    odd = (*one.odd, Oddity("contradiction", clashes[one.entry.id]))
    return Judged(one.found, one.entry, "aside", odd)


def _whole(entry: FaqEntry) -> bool:
    return bool(entry.question and entry.answer)


def _id_of(entry: FaqEntry, asked: str) -> str:
    """Return an id that stays the same: the first words of `asked`, and a hash of the whole question."""
    words = re.findall(r"[a-z0-9]+", asked.lower())[:6]
    digest = hashlib.sha256(f"{entry.question}\0{entry.audience}\0{entry.language}".encode()).hexdigest()
    return "-".join([*words, digest[:6]])


def accepted(codes: Collection[str]) -> frozenset[Code]:
    """Return the codes that may be accepted. Raises ValueError, naming those there are."""
    known: dict[str, Code] = {code: code for code, (_, weight) in ODD.items() if weight == "aside"}
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise ValueError(f"--accept takes {', '.join(known)}; it was given {', '.join(map(repr, unknown))}")
    return frozenset(known[code] for code in codes)
