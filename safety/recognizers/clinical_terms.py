"""Where a text names a medicine, a condition, a scale or an eponym, which a tagger may take for a name.

"Adalimumab", "lyme disease", "Beck Depression Inventory", "Barrett's esophagus" say something about care
and nothing about a person. Words are looked up, so the time is linear. An eponym counts only with what it
is the name of ("Addison's disease"), or alone as a possessive that hardly anything but a condition is
called by ("Crohn's"); never after a title or a given name. What a person may have or get as well (a foot,
a fracture, a test: `words/owned_heads.txt`) counts after no possessive and no common surname. What people's
names are, with the condition that bears them ("Perry syndrome", ", Meyer type"), is taken from published
vocabularies (`words/condition_phrases.txt`, written by `python -m training.words`), with the same guard.

Must not: take a word for a term that is a common name by itself, or decide what is scrubbed.
`safety/sparing.py` does that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

from safety.normalise import folded
from safety.recognizers.lexicon import is_common, words

_NAMES: Final = ("given_names", "nicknames", "surnames", "ambiguous_names", "surname_words")
_LISTS: Final = ("medicines", "conditions", "scales")
_LONGEST_GAP: Final = 2  # ". " in "St. John's wort"
_MOST_EPONYMS: Final = 3  # Wolff-Parkinson-White
_MOST_BETWEEN: Final = 3  # "non-small cell": a hyphen parts words

_SHORTEST_BY_STEM: Final = 7
_SHORTEST_CONDITION: Final = 9
_SHORTEST_ADJECTIVE: Final = 7
_MOST_BEFORE_A_HEAD: Final = 4

_TYPE: Final = "type"
_SYNDROME: Final = "syndrome"
_MOST_BEFORE_TYPE: Final = 4  # "Saguenay-Lac-Saint-Jean type"
_OF_BLOOD: Final = frozenset(["screen", "cross", "crossmatch", "match", "hold"])
_IMPAIRED: Final = frozenset(["delay", "disability", "impairment", "loss", "retardation", "stature"])
_WHICH: Final = frozenset(["ii", "iii", "iv", "vi", "vii", "type", "alpha", "beta", "gamma", "delta"])
_OF_OTHERS: Final = _WHICH | {"i", "v", "a", "b", "o", "ab", "diabetes", "diabetic", "one", "two", "specific"}

_SHORT_ENDINGS: Final = frozenset(["s", "d", "t", "m", "ll", "re", "ve"])  # as of "Addison's"

_PLAIN_TITLES: Final = frozenset(["dr", "mr", "mrs", "ms", "mx", "prof", "professor"])
_TITLES: Final = _PLAIN_TITLES | {"miss", "nurse", "doctor", "doc", "sir", "madam"}
# The possessive of these is as often a person's: it counts where somebody has it and it ends the thought.
_HAD: Final = frozenset(["addison", "barrett", "cushing", "kawasaki", "paget", "wegener"])
_HAVING: Final = frozenset(["have", "has", "had", "having", "got", "with", "developed"])
_GOING_ON: Final = frozenset(
    ["and", "or", "but", "for", "since", "is", "so", "can", "what", "from", "does", "do", "i", "because"]
)  # fmt: skip

_CUE: Final = re.compile(
    r"\b(?:(?:my|his|her|their)\s+(?:\w+(?:'s)?\s+)?name(?:'s|\s+is|\s+was|:)|"
    r"(?:doctor|doc|dr|therapist|nurse|husband|wife|partner|mother|mom|father|dad|son|daughter|sister|brother|"
    r"friend|boss|counselor|psychiatrist|psychologist|surgeon|neighbou?r)\s+is(?:\s+called)?)\s+$",
    re.IGNORECASE,
)
_LONGEST_CUE: Final = 40
_TOKEN: Final = re.compile(r"[^\W_]+")


class _Token(NamedTuple):
    word: str
    start: int
    end: int


def clinical_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end (code points) of each clinical term in normalised `text`, without overlaps.

    Case does not matter. A medicine is one of the list or, from seven letters on, a word that ends in a
    WHO stem and is in no list of names.
    """
    tokens = _tokens(text)
    phrases, eponyms, stems = _phrases(), _eponyms(), _stems()
    headed = dict(_headed(text, tokens))
    published = dict(_published(text, tokens))
    at = 0
    while at < len(tokens):
        word = tokens[at].word
        after = 0
        if word in phrases:
            after = _phrase(text, tokens, at)
        if word in eponyms:
            after = max(after, _eponym(text, tokens, at))
        after = max(after, headed.get(at, 0), published.get(at, 0))
        if not after and len(word) >= _SHORTEST_BY_STEM and word.endswith(stems) and word not in _names():
            after = at + 1
        if after:
            while after < len(tokens) and _numbers_it(text, tokens, after):
                after += 1
            yield tokens[at].start, tokens[after - 1].end
            at = after
        else:
            at += 1


def is_medical(word: str) -> bool:
    """Tell a word (in lower case) that only medicine has: of published vocabularies, or by its ending.

    "Lissencephaly", "myelomonocytic", "endometrial", "glioma". Nobody is called so, in whatever case it is
    written.
    """
    return word in words("medical_words") or is_medical_by_rule(word)


def is_medical_by_rule(word: str) -> bool:
    """Tell an adjective from Greek or Latin, or a condition, by its ending or the lists written for this."""
    return (
        word in words("condition_adjectives")
        or word in _strong_heads()
        or (len(word) >= _SHORTEST_ADJECTIVE and word.endswith(_adjective_stems()) and word not in _names())
        or (len(word) >= _SHORTEST_CONDITION and word.endswith(_condition_stems()) and word not in _names())
    )


def perhaps_people(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each word in a clinical term that a person may be called by as well.

    "Wojciechowska fibromyalgia meds" says whose, "Doyne honeycomb retinal dystrophy" which: a word before a
    condition that no list of terms holds, and an eponym that is a common name before what others gave theirs
    to ("Wilson lymphoma": `words/eponym_owned.txt`). Whether a person is meant, others have to say.
    """
    tokens = _tokens(text)
    listed = _listed()
    published = {at for first, after in _published(text, tokens) for at in range(first, after)}
    for first, after in _headed(text, tokens):
        for at in range(first, after - 1):
            one = tokens[at]
            if at in published:
                continue
            known = one.word in listed or is_medical(one.word)
            if not known and not one.word.endswith((*_stems(), *_condition_stems())):
                yield one.start, one.end
    for at, (one, head) in enumerate(pairwise(tokens)):
        if at not in published and one.word in _names() and _bears_no_name_of(one.word, head.word):
            yield one.start, one.end


def called_before_a_condition(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each common name that stands right before a condition and is no part of it.

    So clinicians ask: "jones fibromyalgia meds", "re Romero lymphoma"; a Jones fracture is one term.
    """
    terms = list(clinical_spans(text))
    tokens = _tokens(text)
    starts = {start for start, _ in terms}
    inside = {at for start, end in terms for at in range(start, end)}
    published = {tokens[at].start for first, last in _published(text, tokens) for at in range(first, last)}
    for one, following in pairwise(tokens):
        if text[one.end : following.start] not in (" ", "  ") or one.word not in _plain_names():
            continue
        apart = following.start in starts and one.start not in inside
        bears_it = one.start in published or not _bears_no_name_of(one.word, following.word)
        if apart or not bears_it:
            yield one.start, one.end


def _bears_no_name_of(name: str, condition: str) -> bool:
    """Tell a condition that is called after nobody, as one with an ending of its own is, or after others."""
    owners = _owners().get(condition)
    if owners is not None:
        return name not in owners
    return (
        len(condition) >= _SHORTEST_CONDITION
        and condition.endswith(_condition_stems())
        and condition not in words("eponym_heads")
    )


def _tokens(text: str) -> list[_Token]:
    tokens = [_Token(match[0].lower(), match.start(), match.end()) for match in _TOKEN.finditer(text)]
    if not text.isascii():
        tokens = [_Token(folded(word), start, end) for word, start, end in tokens]
    return tokens


def _headed(text: str, tokens: list[_Token]) -> Iterator[tuple[int, int]]:
    """Yield first token and index after the last of each condition that its last word tells.

    "Doyne honeycomb retinal dystrophy", "chondrosarcoma": what nobody has of his own, as he has a fever or a
    test, and the words before it that are no ordinary English, up to a name that is known or a title. Of what
    people have ("anal cancer", "myeloid leukemia") the words before it that are medicine's own.
    """
    for at, token in enumerate(tokens):
        by_stem = (
            len(token.word) >= _SHORTEST_CONDITION
            and token.word.endswith(_condition_stems())
            and token.word not in _names()
        )
        if not by_stem and token.word not in _strong_heads():
            if token.word in words("eponym_heads"):
                first = _qualified(text, tokens, at)
                if first < at and _before(text, tokens, first) not in _of_people():
                    yield first, at + 1
            continue
        first = at
        while first and at - first < _MOST_BEFORE_A_HEAD:
            before = tokens[first - 1].word
            if text[tokens[first - 1].end : tokens[first].start] not in (" ", "-") or before in _called():
                break
            ordinary = is_common(before) and before not in words("eponym_between") and not is_medical(before)
            if ordinary or before in _SHORT_ENDINGS:
                break
            first -= 1
        if _before(text, tokens, first) in _of_people():
            first = at
        if by_stem or first < at:
            yield first, at + 1


def _qualified(text: str, tokens: list[_Token], at: int) -> int:
    """Return the first of the words before a condition that say which: medicine's own, and those between."""
    first = place = at
    while place and at - place < _MOST_BEFORE_A_HEAD:
        before = tokens[place - 1].word
        medical = is_medical(before)
        if not medical and before not in words("eponym_between"):
            break
        if text[tokens[place - 1].end : tokens[place].start] not in (" ", "-"):
            break
        place -= 1
        if medical:
            first = place
    return first


def _phrase(text: str, tokens: list[_Token], at: int) -> int:
    """Return the index after the longest entry of the lists that begins at `at`; 0 where there is none."""
    for rest, guarded in _phrases()[tokens[at].word]:
        after = at + 1 + len(rest)
        if tuple(one.word for one in tokens[at + 1 : after]) != rest:
            continue
        if not all(_adjoin(text, tokens[one], tokens[one + 1]) for one in range(at, after - 1)):
            continue
        if guarded and (_before(text, tokens, at) in _PLAIN_TITLES or _introduced(text, tokens[at].start)):
            continue
        return after
    return 0


def _published(text: str, tokens: list[_Token]) -> Iterator[tuple[int, int]]:
    """Yield first token and index after the last of each condition that bears a name as published.

    Those of `words/condition_phrases.txt`, a syndrome of several names with hyphens, and ", Meyer type". None
    after a title, a role or a given name: it may be a person's.
    """
    at = 0
    while at < len(tokens):
        after = 0
        if not at or text[tokens[at - 1].end : tokens[at].start] != "-":
            after = _listed_phrase(text, tokens, at) or _hyphenated(text, tokens, at)
            after = after or _of_a_type(text, tokens, at)
        if after and (_before(text, tokens, at) in _of_people() or _introduced(text, tokens[at].start)):
            after = 0
        if after:
            yield at, after
        at = after or at + 1


def _listed_phrase(text: str, tokens: list[_Token], at: int) -> int:
    """Return the index after the longest phrase that begins at `at`; 0 where there is none."""
    for rest in _published_phrases().get(tokens[at].word, ()):
        end = at + 1 + len(rest)
        if tuple(one.word for one in tokens[at + 1 : end]) != rest:
            continue
        if not all(_adjoin(text, tokens[one], tokens[one + 1]) for one in range(at, end - 1)):
            continue
        if _TYPE not in rest[-2:] or _says_which(text, tokens, at, end):
            return end
    return 0


def _hyphenated(text: str, tokens: list[_Token], at: int) -> int:
    """Return the index after "Kikuchi-Fujimoto syndrome" or "Bryant-Li-Bhoj neurodevelopmental syndrome"."""
    end = at + 1
    while end < len(tokens) and text[tokens[end - 1].end : tokens[end].start] == "-":
        end += 1
    if end - at < 2 or any(is_common(one.word) or one.word.isdigit() for one in tokens[at:end]):
        return 0
    known = end - at > 2 or all(one.word in words("eponyms") for one in tokens[at:end])
    known = known or (end < len(tokens) and tokens[end].word == "neurodevelopmental")
    for place in range(end, min(end + (2 if known else 1), len(tokens))):
        if text[tokens[place - 1].end : tokens[place].start] != " ":
            return 0
        if tokens[place].word == _SYNDROME:
            return place + 1
        if not is_medical(tokens[place].word):
            return 0
    return 0


def _of_a_type(text: str, tokens: list[_Token], at: int) -> int:
    """Return the index after "Meyer type" where a condition and a comma stand before it."""
    if not at or text[tokens[at - 1].end : tokens[at].start] != ", ":
        return 0
    for place in range(at, min(at + _MOST_BEFORE_TYPE + 1, len(tokens))):
        if place > at and text[tokens[place - 1].end : tokens[place].start] not in (" ", "-"):
            return 0
        if tokens[place].word == _TYPE:
            return place + 1 if place > at and _says_which(text, tokens, at, place + 1) else 0
        if is_common(tokens[place].word):
            return 0
    return 0


def _says_which(text: str, tokens: list[_Token], at: int, end: int) -> bool:
    """Tell "dysplasia, Meyer type" from "lupus, Meyer type 2 diabetes", "Meyer type and screen"."""
    if not at or (end < len(tokens) and (tokens[end].word.isdigit() or tokens[end].word in _OF_OTHERS)):
        return False
    if end + 1 < len(tokens) and tokens[end].word == "and" and tokens[end + 1].word in _OF_BLOOD:
        return False
    before = tokens[at - 1].word
    gap = text[tokens[at - 1].end : tokens[at].start]
    known = is_medical(before) or before in words("eponym_heads") or before in _IMPAIRED
    return known and gap in (", ", " (", "-", " ")


def _introduced(text: str, at: int) -> bool:
    """Say whether the words before tell that somebody's name follows: "my name is Candida"."""
    return bool(_CUE.search(text, max(0, at - _LONGEST_CUE), at))


def _eponym(text: str, tokens: list[_Token], at: int) -> int:
    """Return the index after an eponym and what it is the name of; 0 where it may be a person."""
    before = _before(text, tokens, at)
    if before in _TITLES or before in _given():
        return 0
    names, after, possessive = _run(text, tokens, at)
    if not names:
        return 0
    personal = possessive or (len(names) == 1 and names[0] in _names())
    several = len(names) > 1 and not possessive
    found = 0
    for place in range(after, min(after + _MOST_BETWEEN + 1, len(tokens))):
        word = tokens[place].word
        if text[tokens[place - 1].end : tokens[place].start].strip("'") not in (" ", "-"):
            break
        if word in words("eponym_heads") and not (personal and word in words("owned_heads")):
            found = place + 1
        if word not in words("eponym_between") and not (several and is_medical(word)):
            break
    if found or not possessive or len(names) > 1:
        return found
    follower = tokens[after] if after < len(tokens) else None
    follows = text[tokens[after - 1].end : follower.start].strip("'") if follower is not None else ""
    if names[0] in words("eponyms_alone"):
        owner = follower is not None and follows == " " and follower.word in words("eponym_belongings")
        return 0 if owner or before in words("eponym_roles") else after
    if names[0] in _HAD and before in _HAVING:
        return after if follower is None or follows != " " or follower.word in _GOING_ON else 0
    return 0


def _run(text: str, tokens: list[_Token], at: int) -> tuple[list[str], int, bool]:
    """Return eponyms in a row, the index after them, and whether they end as a possessive.

    None where a given name begins them: "Allen Parkinson's disease" is a person's.
    """
    names: list[str] = []
    place = at
    while place < len(tokens) and len(names) < _MOST_EPONYMS:
        word = tokens[place].word
        if word not in _eponyms() or (
            place > at and text[tokens[place - 1].end : tokens[place].start] not in (" ", "-")
        ):
            break
        if len(names) == 1 and names[0] in _given() and text[tokens[place - 1].end] == " ":
            return [], at, False
        plain = word if word in words("eponyms") else word[:-1]
        names.append(plain)
        place += 1
        apostrophe = text.startswith("'", tokens[place - 1].end)
        adjoins = place < len(tokens) and tokens[place].start == tokens[place - 1].end + 1
        if apostrophe and adjoins and tokens[place].word == "s":
            return names, place + 1, True
        if apostrophe or plain != word:
            return names, place, True
    return names, place, False


def _before(text: str, tokens: list[_Token], at: int) -> str:
    """Return the word directly before the token, "" where something else stands between."""
    if not at or text[tokens[at - 1].end : tokens[at].start] not in (" ", ". ", "."):
        return ""
    return tokens[at - 1].word


def _numbers_it(text: str, tokens: list[_Token], at: int) -> bool:
    """Say whether a token tells which of several it is: "mucolipidosis III gamma", "type 2"."""
    return tokens[at].word in _WHICH and text[tokens[at - 1].end : tokens[at].start] in (" ", "-")


def _adjoin(text: str, one: _Token, other: _Token) -> bool:
    gap = text[one.end : other.start]
    return len(gap) <= _LONGEST_GAP and not any(sign in gap for sign in "\n,;:!?()\x1a")


@cache
def _phrases() -> dict[str, tuple[tuple[tuple[str, ...], bool], ...]]:
    """Return by first word what may follow it, longest first, and whether a title before it counts."""
    found: dict[str, dict[tuple[str, ...], bool]] = {}
    for name in _LISTS:
        for entry in words(name):
            first, *rest = (folded(match.group()) for match in _TOKEN.finditer(entry))
            found.setdefault(first, {})[tuple(rest)] = name == "conditions"
    return {
        first: tuple(sorted(entries.items(), key=lambda one: (-len(one[0]), one[0])))
        for first, entries in found.items()
    }


@cache
def _published_phrases() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return by first word what may follow it in names of conditions that bear a person's, longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for entry in words("condition_phrases"):
        first, *rest = entry.split(" ")
        found.setdefault(first, []).append(tuple(rest))
    return {first: tuple(sorted(rests, key=lambda one: (-len(one), one))) for first, rests in found.items()}


@cache
def _eponyms() -> frozenset[str]:
    """Return the eponyms, also as people write their possessives: "addisons disease"."""
    return words("eponyms") | {f"{one}s" for one in words("eponyms")}


@cache
def _stems() -> tuple[str, ...]:
    """Return stems of the WHO's list of international non-proprietary names that end few other words.

    https://www.who.int/teams/health-product-policy-and-standards/inn
    """
    return tuple(words("medicine_stems"))


@cache
def _condition_stems() -> tuple[str, ...]:
    """Return endings that medicine has from Greek and Latin, and few other words."""
    return tuple(words("condition_stems"))


@cache
def _adjective_stems() -> tuple[str, ...]:
    """Return endings of adjectives that medicine has from Greek and Latin, and no name of a person."""
    return tuple(words("adjective_stems"))


@cache
def _listed() -> frozenset[str]:
    """Return every word of the lists of terms, eponyms and what stands between an eponym and its head."""
    inside = (match.group() for name in _LISTS for entry in words(name) for match in _TOKEN.finditer(entry))
    lists = ("eponym_between", "eponym_heads", "owned_heads")
    return _eponyms().union(map(folded, inside), *(words(name) for name in lists), *_owners().values())


@cache
def _owners() -> dict[str, frozenset[str]]:
    """Return by condition the people whose names it bears, where these are few."""
    lines = (line.partition(": ") for line in words("eponym_owned"))
    return {head: frozenset(names.split()) for head, _, names in lines}


@cache
def _strong_heads() -> frozenset[str]:
    """Return what conditions are called by and no person has as his own."""
    return words("eponym_heads") - words("owned_heads")


@cache
def _of_people() -> frozenset[str]:
    """Return what stands before a person's name: a title, a role, a given name."""
    return _TITLES | _given() | words("eponym_roles")


@cache
def _names() -> frozenset[str]:
    return frozenset[str]().union(*(words(name) for name in _NAMES))


@cache
def _called() -> frozenset[str]:
    """Return given names, and surnames that no illness is named after."""
    return _given() | (_plain_names() - _eponyms())


@cache
def _plain_names() -> frozenset[str]:
    """Return given names and surnames that are no words as well."""
    return _given() | (words("surnames") - words("ambiguous_names") - words("common_words"))


@cache
def _given() -> frozenset[str]:
    """Return given names that are not words as well, as "will" and "may" are."""
    return words("given_names") - words("ambiguous_names") - words("common_words")
