"""Scrub a corpus: every text of a row gets made-up values, and a last pass must find nothing new.

The only stage that sees raw text. What only a further look finds is replaced as well; a row that could not
be searched in full, or in which there is still something to find, is set aside and never written. Markup
hides names from a scrubber ("J<b>ane</b>"), so it is stripped in memory first (`cleaning.plain`).

Must not: keep, log or put into an error any of the text.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import regex

from safety.entities import Entity, Scrubbed
from safety.errors import SafetyError
from safety.placeholders import Replacer, canonical
from safety.surrogates import Surrogates
from training.rows import Example, SetAside, Span

STAGE = "scrub"
_LOOKS = 3
Names = Callable[[Example], tuple[str, ...]]


class Scrubs(Protocol):
    """What is asked of `safety.scrubber.Scrubber`."""

    def scrub(self, text: str, placeholders: Replacer | None = None) -> Scrubbed:
        """Replace all personal data. Raises ScrubError."""
        ...

    def find(self, text: str) -> tuple[Entity, ...]:
        """Return all personal data. Raises ScrubError."""
        ...


@dataclass
class ScrubCounts:
    """How much was replaced in the rows that were kept: entities by type, and rows with any."""

    entities: Counter[str] = field(default_factory=Counter)
    rows: int = 0


def nobody(_example: Example) -> tuple[str, ...]:
    """Name no authors."""
    return ()


def scrub_examples(
    examples: Iterable[Example],
    scrubber: Scrubs,
    *,
    salt: bytes | str,
    names: Names = nobody,
    labels: bool = False,
    counts: ScrubCounts | None = None,
) -> Iterator[Example | SetAside]:
    """Yield each row scrubbed, or set aside: `scrub_failed`, `second_pass`, `author_left`, `span_cut`.

    One value gets one surrogate through all rows of a group (without a group: of the same inputs);
    another `salt` gives others. `names` says who wrote a row: those names leave its texts however they
    are mentioned. With `labels` the target is a label and stays. Raises ValueError for an empty salt.
    """
    if not salt:
        raise ValueError("an empty salt would give every corpus the same surrogates: pass random bytes")
    key = salt.encode() if isinstance(salt, str) else salt
    last_seed, done = -1, dict[str, _Replaced]()
    for example in examples:
        seed = _seed(key, example)
        if seed != last_seed:
            last_seed, done = seed, {}
        replacer = _Recorder(Surrogates(seed))
        authors = [name for value in names(example) for name in _author_names(value)]
        for name in authors:
            replacer.learn(name)
        try:
            row = _scrubbed(example, scrubber, replacer, done, labels=labels)
            row, ended = _looked_again(row, scrubber, replacer, done)
            reason = _fault(row, authors, done) if ended else "second_pass"
            moved = None if reason else row.moved(example)
        except SafetyError:
            # Failing closed: text that was not searched in full goes nowhere.
            yield SetAside(id=example.id, stage=STAGE, reason="scrub_failed")
            continue
        if moved is None:
            yield SetAside(id=example.id, stage=STAGE, reason=reason or "span_cut")
            continue
        if counts is not None:
            counts.entities.update(entity.type for one in row.texts for entity in one.entities)
            counts.rows += any(one.entities for one in row.texts)
        yield moved


def _seed(salt: bytes, example: Example) -> int:
    """Derive the seed of a row's surrogates; without a group, equal inputs must stay equal."""
    shared = example.group or "\0".join(" ".join(text.casefold().split()) for text in example.inputs.values())
    return int.from_bytes(hmac.new(salt, shared.encode(), hashlib.sha256).digest(), "big")


@dataclass(frozen=True)
class _Replaced:
    """A text before and after: what was found in it, and where the made-up values stand now."""

    raw: str = field(repr=False)
    text: str = field(repr=False)
    entities: tuple[Entity, ...]
    written: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Row:
    """A row's texts after scrubbing: inputs in their order, passages, then the target if it is text."""

    texts: tuple[_Replaced, ...]
    labels: bool

    def moved(self, example: Example) -> Example | None:
        """Return the example with these texts; None when a label covers half a replaced value."""
        spans: tuple[Span, ...] = example.spans
        inputs = {}
        for key, one in zip(example.inputs, self.texts, strict=False):
            inputs[key] = one.text
            if key == "text" and spans:
                found = [_moved(span, one) for span in spans]
                spans = tuple(span for span in found if span is not None)
                if len(spans) != len(found):
                    return None
        rest = [one.text for one in self.texts[len(inputs) :]]
        target = example.target if self.labels else rest.pop()
        return example.model_copy(
            update={"inputs": inputs, "passages": tuple(rest), "target": target, "spans": spans}
        )


def _scrubbed(
    example: Example, scrubber: Scrubs, replacer: _Recorder, done: dict[str, _Replaced], *, labels: bool
) -> _Row:
    """Scrub the texts of a row. `done` has those of other rows of its group: answers share a question."""
    raw = [*example.inputs.values(), *example.passages, *([] if labels else [example.target])]
    texts: list[_Replaced] = []
    known: list[int] = []
    for text in raw:
        known.append(replacer.known)
        ready = None if replacer.mentioned(text) else done.get(text)
        texts.append(ready or _replace(text, scrubber, replacer))
    for at, text in enumerate(raw):
        # A name that gave itself away late in the row stood unseen in what came before.
        if replacer.mentioned(text, since=known[at]):
            texts[at] = _replace(text, scrubber, replacer)
    return _Row(tuple(texts), labels)


def _replace(text: str, scrubber: Scrubs, replacer: _Recorder) -> _Replaced:
    replacer.written.clear()
    scrubbed = scrubber.scrub(text, replacer)
    spans: list[tuple[int, int]] = []
    shift = 0
    for entity, made in zip(scrubbed.entities, replacer.written, strict=True):
        start = entity.start + shift
        spans.append((start, start + len(made)))
        shift += len(made) - (entity.end - entity.start)
    return _Replaced(text, scrubbed.text, scrubbed.entities, tuple(spans))


def _looked_again(
    row: _Row, scrubber: Scrubs, replacer: _Recorder, done: dict[str, _Replaced]
) -> tuple[_Row, bool]:
    """Replace what further looks find; False when the last of them still finds something new."""
    texts = list(row.texts)
    unseen = [at for at, one in enumerate(texts) if done.get(one.raw) is not one]
    for _look in range(_LOOKS):
        known, grown = replacer.known, set[int]()
        for at in unseen:
            if fresh := _fresh(scrubber.find(texts[at].text), texts[at]):
                texts[at] = _grown(texts[at], fresh, replacer)
                grown.add(at)
        for at, one in enumerate(texts):
            # A name that only this look found may stand in the other texts too.
            if replacer.mentioned(one.raw, since=known):
                texts[at] = _replace(one.raw, scrubber, replacer)
                grown.add(at)
        unseen = sorted(grown)
        if not unseen:
            return _Row(tuple(texts), row.labels), True
    return row, False


def _fresh(found: Sequence[Entity], one: _Replaced) -> list[Entity]:
    """Return what was found beside the values that were written, at its place in the raw text.

    Two neighbours may be found as one ("12 Juniper Lane, Maplecross"): the comma between is not new.
    """
    fresh: list[Entity] = []
    for entity in found:
        at, shift = 0, 0
        for (first, last), source in zip(
            (*one.written, (len(one.text), len(one.text))), (*one.entities, None), strict=True
        ):
            start, end = max(entity.start, at), min(entity.end, first)
            if start < end and (words := _ALNUM.search(one.text, start, end)):
                fresh.append(Entity(words.start() + shift, words.end() + shift, entity.type, entity.score))
            at = last
            shift = source.end - last if source else shift
    return fresh


def _grown(one: _Replaced, fresh: Sequence[Entity], replacer: _Recorder) -> _Replaced:
    """Write made-up values also for what a further look found."""
    made = {
        entity.start: (entity, one.text[first:last])
        for entity, (first, last) in zip(one.entities, one.written, strict=True)
    }
    for entity in fresh:
        made[entity.start] = entity, replacer.replacement(entity.type, one.raw[entity.start : entity.end])
    parts, spans, last, length = [], [], 0, 0
    for start in sorted(made):
        entity, value = made[start]
        kept = one.raw[last:start]
        parts += [kept, value]
        length += len(kept)
        spans.append((length, length + len(value)))
        length, last = length + len(value), entity.end
    entities = tuple(made[start][0] for start in sorted(made))
    return _Replaced(one.raw, "".join([*parts, one.raw[last:]]), entities, tuple(spans))


def _fault(row: _Row, authors: Sequence[str], done: dict[str, _Replaced]) -> str:
    """Return the reason to set a row aside that was looked at, or ''; note in `done` what is well."""
    if any(_author_left(name, one) for name in authors for one in row.texts):
        return "author_left"
    for one in row.texts:
        # A text that names nobody is scrubbed alike whoever else is known in its row.
        if not any(entity.type == "PERSON" for entity in one.entities):
            done[one.raw] = one
    return ""


def _moved(span: Span, one: _Replaced) -> Span | None:
    """Move a label to where its text is now; None when a replaced value sticks out of it."""
    start, end = span.start, span.end
    for entity, (first, last) in zip(one.entities, one.written, strict=True):
        grown = (last - first) - (entity.end - entity.start)
        if entity.end <= span.start:
            start, end = start + grown, end + grown
        elif span.start <= entity.start and entity.end <= span.end:
            end += grown
        elif entity.start < span.end:
            return None
    return Span(start=start, end=end, label=span.label)


class _Recorder:
    """Surrogates of one row, and what was written last. Dies with its row, for it knows the row's names."""

    def __init__(self, surrogates: Surrogates) -> None:
        self._surrogates = surrogates
        self.written: list[str] = []

    def __repr__(self) -> str:
        return f"_Recorder({self.known} parts of names)"

    @property
    def known(self) -> int:
        """How many parts of names are known by now."""
        return len(self._surrogates.parts)

    def mentioned(self, text: str, *, since: int = 0) -> bool:
        """Say whether a part of a name, of those known after the first `since`, stands in `text`."""
        plain = text.casefold()
        return any(part in plain for part in self._surrogates.parts[since:])

    def learn(self, name: str) -> None:
        """Know a name before it is met."""
        self._surrogates.learn(name)

    def replacement(self, entity_type: str, value: str) -> str:
        """Return the made-up value, and note it in `written`."""
        made = self._surrogates.replacement(entity_type, value)
        self.written.append(made)
        return made

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a name was met or learned; with `part` a part of one counts."""
        return self._surrogates.knows(name, part=part)


_ALNUM = regex.compile(r"[\p{L}\p{N}](?:.*[\p{L}\p{N}])?", regex.DOTALL)
_NAME_END = regex.compile(r"[,;:|(/\n\[]| [-–—] ")
_GLUED = regex.compile(r"^(\p{Lu}\p{Ll}{3,})\p{Lu}")


def _author_names(value: str) -> list[str]:
    """Return the name at the head of a by-line, also where a lost line break glued a slogan to it."""
    names: list[str] = []
    words: list[str] = []
    for word in _NAME_END.split(value.strip(), maxsplit=1)[0].split():
        if len(words) == 4 or not word[0].isupper():
            break
        if glued := _GLUED.match(word):
            names.append(" ".join([*words, glued.group(1)]))
        words.append(word)
    if words:
        names.append(" ".join(words))
    return [name for name in names if regex.search(r"\p{L}{2}", canonical("PERSON", name))]


def _author_left(name: str, one: _Replaced) -> bool:
    """Say whether the author's family name still stands in the text: in any case, or glued to a word."""
    from safety.recognizers.lexicon import is_common

    family = name.split()[-1].strip(".'’")
    if len(family) < 4 or is_common(family.casefold()):
        return False
    pattern = regex.compile(rf"\b(?i:{regex.escape(family)})\b|{regex.escape(family)}")
    return any(
        not any(start <= match.start() and match.end() <= end for start, end in one.written)
        for match in pattern.finditer(one.text)
    )
