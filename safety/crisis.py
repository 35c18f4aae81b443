"""The crisis and emergency gate: linear time, no language model, index, scrubber or store.

It looks at the first and the last 4,000 characters of whatever came and says whether the message
needs fixed words with numbers to call. Rules decide, and a classifier where one is handed in: what either
finds counts, and a medical emergency hides nothing that tells of harm to oneself. Where an encoder is up that
reads messages, the classifier's odds and its are added up first
(safety/reader.py); where both together see next to no danger in what a rule would stop, as in words about the
past or in a page about other things, the resources line stands before the answer instead. Nobody whom the
others take for someone in danger waits for it longer than `READ_SECONDS`. It must never
answer `refuse`, and the rules must work when everything else is broken, so they need the standard library and
the YAML files beside them, read once.

    load_gate().assess("...")   ->  Verdict(action, category, level)    with the classifier that is shipped
    CrisisGate().assess("...")                                          the rules alone
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar, get_args

from safety.apart import DaemonPool
from safety.errors import CrisisWeightsError
from safety.folding import Folder, Sentence
from safety.phrases import Match, PhraseBook
from safety.shipped_yaml import shipped_yaml
from safety.verdict import ALLOW, OF_ONESELF, Action, Level, Verdict

if TYPE_CHECKING:
    from safety.crisis_ngrams import CrisisNgrams
    from safety.reader import CrisisReader

Found = TypeVar("Found")

WINDOW: Final = 4_000
RULE_FILES: Final = ("crisis_rules.yaml", "emergency_rules.yaml", "crisis_rules_es.yaml")
_OTHER_LANGUAGES: Final = frozenset({"crisis_rules_es.yaml"})
READ_SECONDS: Final = 0.06
"""So long after it was asked the reader may still lower what the others found; then their word stands."""
UNSEEN_SECONDS: Final = 0.5
"""The same where the others see no danger: then the reader is the last that may."""
READING_AT_ONCE: Final = 4
_LONGEST_ANSWER: Final = 60
_MOSTLY: Final = 0.6
"""The share of a sentence's words that must be everyday's."""
GATE_LANGUAGES: Final = ("en",)
"""The languages whose cries for help the rules read. A page in another language must not be served."""
_HIDDEN: Final = "_"
_FIRST_PERSON: Final = frozenset({"i", "me", "myself"})
_WRITERS: Final = _FIRST_PERSON | {"us"}
_OWN: Final = _FIRST_PERSON | {"my", "mi", "yo"}
_PERSONAL: Final = frozenset(
    {"i", "my", "me", "myself", "mine", "son", "daughter", "husband", "wife", "mom", "mum", "dad", "friend"}
    | {"brother", "sister", "boyfriend", "girlfriend", "roommate", "he", "she", "him", "her"}
)
_PERSONAL_PRONOUNS: Final = frozenset({"he", "she", "him", "her"})
_WAKING: Final = frozenset({"asleep", "wished"})
_EARLIER: Final = frozenset({"past", "earlier"})
_PASTS: Final = _EARLIER | {"settled"}
_HEDGES: Final = frozenset({"work", "setting"})
_TURNED: Final = frozenset({"turned", "reversed", "belied"})
_OPEN: Final = _TURNED | {"current", "at_hand"}
_DENIERS: Final = frozenset({"not", "never", "no", "nor", "neither", "nobody", "none", "zero", "without"})
_NONE: Final = frozenset({"no", "zero", "without", "none"})
_INTERJECTIONS: Final = frozenset({"no", "never", "neither"})
_URGENT: Final = ("crisis", "emergency")
_LOWERING: Final = frozenset(
    {"past", "over", "asked", "supposed", "long_ago", "mild", "harmless", "starving"}
)
"""Frames in which a rule leaves the resources line instead of the fixed reply."""
_ABOUT_ONESELF: Final = frozenset({"suicide", "self_harm", "eating_disorder"})
_CUE_PAIRS: Final = (
    ("means", "loss", "suicide"),
    ("means", "despair", "suicide"),
    ("farewell", "means", "suicide"),
    ("farewell", "despair", "suicide"),
    ("disorder", "weight", "eating_disorder"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of crisis_rules.yaml; the fields are explained there."""

    name: str
    category: str
    phrases: str
    level: Level = "high"
    action: Action = "crisis"
    soon: bool = False
    other: bool = False
    language: Literal["en", "other"] = "en"
    named: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mask:
    """One entry under `masks` in crisis_words.yaml."""

    name: str
    phrases: str
    verdict: Verdict
    unless: frozenset[str] = frozenset()
    where: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text after folding: its sentences, their frames, hidden words hidden, what the masks left behind."""

    plain: list[Sentence]
    frames: list[set[str]]
    masked: list[Sentence]
    left: list[Verdict]
    answers: list[list[tuple[int, bool]]]
    """Of each sentence where a question that was asked (False) and where an answer no (True) ends."""


def _high_and_whole(text: str, verdict: Verdict) -> bool:
    """Say whether a rule found a crisis that is not imminent, in a message that is read whole."""
    return verdict.action == "crisis" and verdict.level == "high" and len(text) <= WINDOW


def load_gate(weights: Path | None = None, *, passed_over: str = "") -> CrisisGate:
    """Return the gate with the classifier of a folder (default: the shipped one), without a reader.

    Where that cannot be read the rules work alone, and `CrisisGate.missing` says why; `passed_over` is what
    it says of another classifier that the shipped one stands in for.
    """
    try:
        from safety.crisis_ngrams import SHIPPED, CrisisNgrams

        return CrisisGate(ngrams=CrisisNgrams.load(weights or SHIPPED), missing=passed_over)
    except (CrisisWeightsError, ImportError) as error:
        return CrisisGate(missing="; ".join(filter(None, (passed_over, str(error)))))


class CrisisGate:
    """Judge a message for crisis and emergency by rules, joined by a classifier.

    `missing` says why the classifier does not read, or why it is not the one that was asked for.
    """

    def __init__(
        self, folder: Path | None = None, *, ngrams: CrisisNgrams | None = None, missing: str = ""
    ) -> None:
        here = folder or Path(__file__).parent
        self.ngrams = ngrams
        self.missing = missing
        self._reader: Callable[[], CrisisReader | None] = _nobody
        words = shipped_yaml(here / "crisis_words.yaml")
        self._sets = {name: tuple(members.split()) for name, members in words["sets"].items()}
        self._soon = frozenset(self._sets["soon"])
        self._others = frozenset(self._sets["other"])
        self._anyone = self._others.union(*(self._sets[name] for name in ("sleeper", "alguien", "chiquito")))
        self._rules = [rule for name in RULE_FILES for rule in _load_rules(here / name)]
        self._masks = [
            Mask(
                m["name"],
                m["phrases"],
                ALLOW if m["as"] == "none" else Verdict("support", m["category"], "concern"),
                frozenset(m.get("unless", ())),
                frozenset(m.get("where", ())),
            )
            for m in words["masks"]
        ]
        categories = [rule.category for rule in self._rules] + [mask.verdict.category for mask in self._masks]
        self._order = list(dict.fromkeys(categories))
        self._frames = tuple(words["frames"])
        self._leading = frozenset((*self._sets["mind"], *self._sets["fill"], *self._sets["saying"]))
        self._deniable = frozenset(self._sets["deniable"])
        self._injury = frozenset(self._sets["injury"])
        self._answering = frozenset(self._sets["answering"])
        self._not_a_pets = frozenset((*self._sets["mauled"], *self._sets["folk"])) - _PERSONAL_PRONOUNS
        self._cues = tuple(words["cues"])
        self._rule_book = self._book([rule.phrases for rule in self._rules])
        self._mask_book = self._book([mask.phrases for mask in self._masks])
        self._frame_book = self._book(list(words["frames"].values()))
        self._cue_book = self._book(list(words["cues"].values()))
        self._everyday_book = self._book([words["everyday"]])
        swapped = {form: word for word in words["swapped"].split() for form in _swaps(word)}
        self.aliases = swapped | {str(key): str(value) for key, value in words["aliases"].items()}
        books = (self._rule_book, self._mask_book, self._frame_book, self._cue_book, self._everyday_book)
        self._fold = Folder(
            vocabulary=set().union(*(book.vocabulary for book in books)),
            aliases=self.aliases,
            fuzzy=words["fuzzy"].split(),
            keep=words["keep"].split(),
            joined=words["joined"].split(),
        )
        self._typed = Folder(vocabulary=(), aliases={})
        self._hurried = False
        self._waiting = DaemonPool(READING_AT_ONCE, "reading")

    def with_reader(self, reader: Callable[[], CrisisReader | None], *, hurried: bool = False) -> CrisisGate:
        """Return this gate with what reads in the classifier's place.

        It is asked for at each message, because an encoder takes seconds to come up and the gate waits for
        nothing; None: not now. `hurried`: someone waits for the reply, so that a reader that is late is not
        waited for; without it the same message gets the same verdict on however busy a machine.
        """
        gate = copy(self)
        gate._reader, gate._hurried = reader, hurried
        return gate

    @property
    def reader(self) -> CrisisReader | None:
        """What reads in the classifier's place now."""
        return self._reader()

    @property
    def detectors(self) -> tuple[str, ...]:
        """What reads a message now."""
        learned = () if self.ngrams is None else ("crisis-ngrams",)
        return ("crisis-rules", *learned, *(() if self.reader is None else ("message-reader",)))

    def assess(self, text: str, *, earlier: Sequence[str] = (), strictly: bool = False) -> Verdict:
        """Return the verdict for `text`.

        `earlier` are the same person's messages before it: alone they decide nothing, but a cue in
        this message can mean something else after theirs. `strictly` what the rules stop is stopped,
        whatever a reader makes of it. What was lowered because one doubts it is `Verdict.doubted`; where
        somebody who harms themselves is in medical danger, too, it is a crisis and `Verdict.medical`.
        Who only answers ("yes", "i don't know") is in no less danger than by the message before it.
        """
        if earlier and self._only_answers(text):
            asked_about = list(earlier)
            while len(asked_about) > 1 and self._only_answers(asked_about[-1]):
                asked_about.pop()
            stands = self.assess(asked_about[-1], earlier=asked_about[:-1], strictly=strictly)
            if stands.action in _URGENT:
                return stands
        verdict = self._by_rules(text, earlier)
        if self.ngrams is None:
            return verdict
        read = text if len(text) <= 2 * WINDOW else f"{text[:WINDOW]}\n{text[-WINDOW:]}"
        before = [message[:WINDOW] for message in earlier]
        asked: float | None = None
        if verdict.action == "crisis":
            if strictly:
                return verdict
            asked = time.monotonic()
            if not self._doubted_alone(text, verdict, earlier):
                doubts = None if self.reader is None else self._doubts(text, verdict, earlier)
                if doubts is None:
                    return verdict
                if not self._read_by(doubts, until=asked + READ_SECONDS):
                    return verdict
            verdict = Verdict("support", verdict.category, "high")
        learned = self._learned(read, before, asked=asked, urgent=verdict.action == "emergency")
        if learned.action in _URGENT and verdict.action not in _URGENT and self._is_everyday(text):
            learned = Verdict("support", learned.category, "concern")
        if verdict.action == "emergency" and learned.action == "crisis":
            # Who does not breathe needs an ambulance first, unless the writer may have harmed themselves.
            if not learned.of_oneself or self._only_of_another(text) or self._by_accident(text):
                return replace(verdict, beside=learned.level)
            # A wound of one's own that endangers a life is taken for an attempt.
            category = "suicide" if learned.category == "self_harm" else learned.category
            return replace(learned, category=category, level="imminent", medical=True)
        return max(verdict, learned, key=lambda found: found.rank)

    def _doubts(
        self, text: str, verdict: Verdict, earlier: Sequence[str]
    ) -> Callable[[CrisisReader], bool] | None:
        """Return what a reader is asked before a verdict is lowered; None: it may not be."""
        if verdict.level == "imminent" or len(text) > WINDOW:
            return None
        typed, reading = self._read(text, self._typed), self._read(text)
        in_question = self._in_question(typed, reading)
        if not in_question and not self._may_be_doubted(verdict, typed, reading):
            return None
        if self._more_is_known(reading, earlier):
            return None
        return lambda reader: reader.doubts(text, in_question=in_question)

    def _doubted_alone(self, text: str, verdict: Verdict, earlier: Sequence[str]) -> bool:
        """Say whether the n-grams see next to no danger, in a language that no reader knows."""
        if self.ngrams is None or not _high_and_whole(text, verdict):
            return False
        try:
            doubted = self.ngrams.doubts(text)
        except Exception:  # noqa: BLE001 - what breaks doubts nothing
            return False
        return (
            doubted
            and self.may_be_doubted_alone(text, verdict)
            and not self._more_is_known(self._read(text), earlier)
        )

    def _more_is_known(self, reading: _Reading, earlier: Sequence[str]) -> bool:
        """Say whether more is known of the person than this message says, which is all that one who doubts
        it has read: cues add up, or an earlier message was stopped.
        """
        return bool(self._cues_add_up([reading], earlier)) or any(
            self._by_rules(message[:WINDOW], ()).action in _URGENT for message in earlier
        )

    def in_question(self, text: str, verdict: Verdict) -> bool:
        """Say whether nothing stops a message but what a rule cannot tell from danger by itself.

        That is a subject that is named, as staff and pupils name it, and what stands under a `no`, in the
        past or in a question that was asked, without a word of today beside it.
        """
        if verdict.action != "crisis" or verdict.level == "imminent" or len(text) > WINDOW:
            return False
        return self._in_question(self._read(text, self._typed), self._read(text))

    def _in_question(self, typed: _Reading, reading: _Reading) -> bool:
        if not self._stopping(typed) or any(not frame.isdisjoint(_OPEN) for frame in reading.frames):
            return False
        stopping = [match for match, found in self._by_rule(reading) if found.action == "crisis"]
        return bool(stopping) and all(
            self._rules[match.rule].named or self._hedged(reading, match) for match in stopping
        )

    def _hedged(self, reading: _Reading, match: Match) -> bool:
        rule, frame = self._rules[match.rule], reading.frames[match.sentence]
        if rule.language != "en" or not frame.isdisjoint(_OPEN):
            return False
        if "asked" in frame and "asked" in rule.unless and not _after_the_no(reading, match):
            # Whoever is named beside it may be the one who asks, and in danger.
            return self._others.isdisjoint(reading.plain[match.sentence])
        if "open" not in frame and not frame.isdisjoint(_HEDGES):
            near = reading.plain[match.sentence][max(0, match.start - 2) : match.end + 1]
            return rule.category != "abuse" and _WRITERS.isdisjoint(near)
        if "told" in frame and frame.isdisjoint(("open", "present")) and not frame.isdisjoint(_PASTS):
            return True
        return self._under_a_no(reading.plain[match.sentence], match)

    def _under_a_no(self, sentence: Sentence, match: Match) -> bool:
        """Say whether nothing but words that lead from a `no` to what is denied stands between the two."""
        before = reversed(sentence[max(0, match.start - 6) : match.start])
        for distance, word in enumerate(before, start=1):
            if distance == 1 and word in _INTERJECTIONS:  # "no, I want to die"
                return sentence[match.start] in self._deniable
            if word in _DENIERS:  # "no friends, want to die" denies the friends
                return not (self._rules[match.rule].other and word in _NONE)
            if word not in self._leading:
                return False
        return False

    def may_be_doubted(self, text: str, verdict: Verdict) -> bool:
        """Say whether a reader may lower `verdict`, which the rules gave.

        Only what is high, neither imminent nor a mere hint; in a message that is read whole; and where a
        phrase for English stops it that stands there as it was typed, without an earlier message, and none
        for another language does: what had to be deciphered, and what is not English, a reader cannot read.
        """
        if verdict.action != "crisis" or len(text) > WINDOW:
            return False
        return self._may_be_doubted(verdict, self._read(text, self._typed), self._read(text))

    def may_be_doubted_alone(self, text: str, verdict: Verdict) -> bool:
        """Say whether the n-grams may lower `verdict`, which the rules gave, by themselves.

        As of a reader (`may_be_doubted`), but in any language: whether they know it they say themselves.
        """
        return _high_and_whole(text, verdict) and bool(self._stopping(self._read(text, self._typed)))

    def _may_be_doubted(self, verdict: Verdict, typed: _Reading, reading: _Reading) -> bool:
        return (
            verdict.level == "high"
            and bool(self._stopping(typed))
            and all(self._rules[rule].language == "en" for rule in self._stopping(reading))
        )

    def _stopping(self, reading: _Reading) -> set[int]:
        return {match.rule for match, verdict in self._by_rule(reading) if verdict.action == "crisis"}

    def _learned(self, text: str, earlier: Sequence[str], *, asked: float | None, urgent: bool) -> Verdict:
        """Return what the reader says, or the classifier alone where there is no reader, or it is late.

        `urgent`: the rules have found danger, so that a reply waits. `asked`: when the reader was first asked
        about this message, where it was: the time the others take is not taken from it.
        """
        counted = self._counted(text, earlier)
        urgent = urgent or counted.action in _URGENT
        until = (asked or time.monotonic()) + (READ_SECONDS if urgent else UNSEEN_SECONDS)
        return self._read_by(lambda reader: reader.assess(text, earlier=earlier), until=until) or counted

    def _counted(self, text: str, earlier: Sequence[str]) -> Verdict:
        try:
            return self.ngrams.assess(text, earlier=earlier) if self.ngrams else ALLOW
        except Exception:  # noqa: BLE001 - the rules and the reader speak then
            return ALLOW

    def _read_by(self, ask: Callable[[CrisisReader], Found], *, until: float) -> Found | None:
        """Return what the reader says; None where there is none, it breaks, or it is late and time counts."""
        try:
            reader = self.reader
            if reader is None:
                return None
            if not self._hurried:
                return ask(reader)
            answer = self._waiting.submit(partial(ask, reader))
        except Exception:  # noqa: BLE001 - someone in danger waits for an answer, whatever broke
            return None
        try:
            return answer.result(timeout=max(0.0, until - time.monotonic()))
        except Exception:  # noqa: BLE001 - as above
            answer.cancel()
            return None

    def _by_rules(self, text: str, earlier: Sequence[str]) -> Verdict:
        readings = [self._read(window) for window in _windows(text)]
        found = [verdict for reading in readings for verdict in self._judge(reading)]
        best = max(found, key=lambda found: (*found.rank, -self._order.index(found.category)), default=ALLOW)
        if best.action == "crisis" and any(verdict.action == "emergency" for verdict in found):
            return replace(best, level="imminent", medical=True)
        if best.action in _URGENT:
            return best
        if best.category in _ABOUT_ONESELF and self._after_a_cry(readings, earlier):
            return Verdict("crisis", best.category, "high")
        category = self._cues_add_up(readings, earlier)
        return Verdict("crisis", category, "high") if category else best

    def _book(self, sources: Sequence[str]) -> PhraseBook:
        book = PhraseBook(self._sets)
        for number, source in enumerate(sources):
            book.add(number, (line for line in source.splitlines() if line.strip()))
        return book

    def _read(self, text: str, fold: Folder | None = None) -> _Reading:
        plain = (fold or self._fold).sentences(text)
        frames: list[set[str]] = [set() for _ in plain]
        answers: list[list[tuple[int, bool]]] = [[] for _ in plain]
        for match in self._frame_book.find(plain):
            name = self._frames[match.rule]
            frames[match.sentence].add(name)
            if name in ("asked", "denied"):
                answers[match.sentence].append((match.end, name == "denied"))
        masked = [list(sentence) for sentence in plain]
        left = []
        for match in self._mask_book.find(plain):
            mask = self._masks[match.rule]
            after = frames[match.sentence + 1 : match.sentence + 2]
            if not mask.unless.isdisjoint(frames[match.sentence]):
                continue
            if mask.where and mask.where.isdisjoint(frames[match.sentence]):
                continue
            if "belied" in mask.unless and any("belied" in frame for frame in after):
                continue
            masked[match.sentence][match.start : match.end] = [_HIDDEN] * (match.end - match.start)
            if mask.verdict.action == "support":
                left.append(mask.verdict)
        return _Reading(plain, frames, [tuple(sentence) for sentence in masked], left, answers)

    def _judge(self, reading: _Reading) -> list[Verdict]:
        return [*reading.left, *(verdict for _, verdict in self._by_rule(reading))]

    def _by_rule(self, reading: _Reading) -> Iterator[tuple[Match, Verdict]]:
        """Yield what each rule that fits says, and where it fits."""
        frames = self._framed(reading)
        matches = list(self._rule_book.find(reading.masked))
        others = {match.sentence for match in matches if self._rules[match.rule].other}
        meant = any("meant" in frame for frame in frames)
        for match in matches:
            rule = self._rules[match.rule]
            frame = frames[match.sentence]
            sentence = reading.masked[match.sentence]
            if "about" in rule.unless and ("about" in frame or _of_a_work(frame, sentence, match)):
                continue
            if "subject" in rule.unless and "subject" in frame:
                continue
            if "work" in rule.unless and "work" in frame and _FIRST_PERSON.isdisjoint(sentence):
                continue
            if others and rule.category in _ABOUT_ONESELF and self._of_another(sentence, match):
                continue
            if frame & (_WAKING | {"pet"}) & {*rule.unless}:
                continue
            lowering = frame & _LOWERING & {*rule.unless}
            if rule.category in OF_ONESELF and "accident" in frame and not meant:
                lowering |= {"accident"} if self._injury & {*sentence[match.start : match.end]} else set()
            if "asked" in lowering and _after_the_no(reading, match):
                lowering -= {"asked"}
            if lowering:
                yield match, Verdict("support", rule.category, "concern")
                continue
            near = rule.soon and rule.level == "high" and not self._soon.isdisjoint(sentence)
            yield match, Verdict(rule.action, rule.category, "imminent" if near else rule.level)

    def _framed(self, reading: _Reading) -> list[set[str]]:
        """Say of each sentence whether it asks about a subject, tells of a work, or of a settled past.

        What is told in the past tense is past too where the message says that it was long ago and that all
        is well now. What somebody was asked is no danger where the message answers no, and only there.
        """
        sentences = reading.plain
        frames = [set(frame) for frame in reading.frames]
        everywhere = set().union(*frames)
        open_past = "current" in everywhere
        over = not open_past and "settled" in everywhere and not everywhere.isdisjoint(_EARLIER)
        denied = "denied" in everywhere and everywhere.isdisjoint(_TURNED)
        for frame, sentence in zip(frames, sentences, strict=True):
            if not _PERSONAL.isdisjoint(sentence):
                frame -= {"about", "subject"}
            if not self._not_a_pets.isdisjoint(sentence):
                frame.discard("pet")
            if "i" not in sentence and not self._anyone.isdisjoint(sentence):
                frame.discard("wished")
            if frame >= _WAKING:  # of two people neither hides the other
                frame -= _WAKING
            if not denied:
                frame.discard("asked")
            if open_past or ("open" in frame and "told" not in frame):
                frame.discard("past")
            elif over and "told" in frame and ("present" not in frame or _closed(frame)):
                frame.add("past")
            if "sudden" in frame:
                frame.discard("long_ago")
            if over and "past" in frame and "present" not in frame:
                frame.add("over")
        return frames

    def _of_another(self, sentence: Sentence, match: Match) -> bool:
        """Say whether the person nearest to the end of the match is someone else than the writer."""
        if not _FIRST_PERSON.isdisjoint(sentence[max(match.start, match.end - 3) : match.end]):
            return False
        for word in reversed(sentence[max(0, match.start - 8) : match.end]):
            if word == "i":
                return False
            if word in self._others:
                return True
        return False

    def _by_accident(self, text: str) -> bool:
        """Say whether an injury is told as an accident, and nothing in the message as meant."""
        frames = [frame for window in _windows(text) for frame in self._framed(self._read(window))]
        return any("accident" in frame for frame in frames) and all("meant" not in frame for frame in frames)

    def _only_of_another(self, text: str) -> bool:
        """Say whether an emergency happens to somebody else, and the writer tells of nothing they did."""
        found = False
        for window in _windows(text):
            reading = self._read(window)
            if any("done" in frame for frame in self._framed(reading)):
                return False
            for match in self._rule_book.find(reading.masked):
                sentence = reading.masked[match.sentence]
                nearby = sentence[max(0, match.start - 4) : match.end]
                if self._rules[match.rule].action == "emergency" and not self._anyone.isdisjoint(nearby):
                    found = True
        return found

    def _cues_add_up(self, readings: Sequence[_Reading], earlier: Sequence[str]) -> str:
        """Return the category of a crisis that only shows when cues are taken together, or ""."""
        now = {cue for reading in readings for cue in self._cues_in(reading)}
        if not now:
            return ""
        known = now.union(*(self._cues_in(self._read(message[:WINDOW])) for message in earlier))
        for first, second, category in _CUE_PAIRS:
            if {first, second} <= known and not now.isdisjoint((first, second)):
                return category
        return ""

    def _is_everyday(self, text: str) -> bool:
        """Say whether a message is one sentence, and hardly more than what a reader is known to mistake."""
        sentences = [*self._fold.sentences(text)]
        if len(sentences) != 1:
            return False
        found = self._everyday_book.find(sentences)
        covered = {at for match in found for at in range(match.start, match.end)}
        return len(covered) >= _MOSTLY * len(sentences[0])

    def _only_answers(self, text: str) -> bool:
        """Say whether a message has no words but those of a short answer."""
        if len(text) > _LONGEST_ANSWER:
            return False
        words = [word for sentence in self._typed.sentences(text) for word in sentence]
        return bool(words) and self._answering.issuperset(words)

    def _after_a_cry(self, readings: Sequence[_Reading], earlier: Sequence[str]) -> bool:
        """Say whether a question is answered with no by somebody whose message before it was stopped."""
        if not any("asked" in frame for reading in readings for frame in self._framed(reading)):
            return False
        return any(self._by_rules(message[:WINDOW], ()).action in _URGENT for message in earlier)

    def _cues_in(self, reading: _Reading) -> set[str]:
        return {self._cues[match.rule] for match in self._cue_book.find(reading.masked)}


def _nobody() -> None:
    """Be no reader."""


def _of_a_work(frame: set[str], sentence: Sentence, match: Match) -> bool:
    """Say whether a match stands in what is told of a book, a film or the news, and is of nobody's self."""
    return "work" in frame and _OWN.isdisjoint(sentence[match.start : match.end])


def _after_the_no(reading: _Reading, match: Match) -> bool:
    """Say whether what fits stands after the answer no: what is said there is said for oneself."""
    before = [answer for answer in reading.answers[match.sentence] if answer[0] <= match.start]
    return max(before, default=(0, False))[1]


def _closed(frame: set[str]) -> bool:
    """Say whether a sentence that speaks of today says no more of it than that all is well."""
    return "settled" in frame and not frame.isdisjoint(_EARLIER) and "open" not in frame


def _windows(text: str) -> list[str]:
    return [text] if len(text) <= 2 * WINDOW else [text[:WINDOW], text[-WINDOW:]]


def _swaps(word: str) -> set[str]:
    """Return the word with each two neighbouring letters exchanged."""
    return {word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1)} - {word}


def _load_rules(file: Path) -> list[Rule]:
    rules = []
    for entry in shipped_yaml(file):
        told = {"language": "other"} if file.name in _OTHER_LANGUAGES else {}
        rule = Rule(**{**told, **entry, "unless": tuple(entry.get("unless", ()))})
        if rule.action not in ("crisis", "emergency", "support") or rule.level not in get_args(Level):
            raise ValueError(
                f"{file.name}: rule {rule.name!r} has action {rule.action!r} and level {rule.level!r}"
            )
        rules.append(rule)
    return rules
