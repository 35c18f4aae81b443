"""Extra training rows: the same question with typing slips, from another person, or from one who says who.

Answers stay as they are, so a copy teaches that neither slips nor who asks changes the answer. Numbers,
drug names, addresses and placeholders keep their spelling. A question is not given to another person
when its answer speaks of what would change.

Must not: touch validation or test rows; the caller hands in training rows alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import regex

from retrieval.terms import is_drug
from training.recipe import Augment
from training.rows import Example
from training.spelling import WORDS, term_list

_QUESTIONS = ("question", "anchor", "text", "dialogue", "record", "report")
_WORDS_A_SLIP = 12  # one slip in about so many words, at least one


def augmented(examples: Sequence[Example], settings: Augment, *, seed: int) -> Iterator[Example]:
    """Yield the copies alone: shares of rows with typing slips, somebody else asking, who says who asks.

    A copy keeps group, split, topic and answer; its id ends in `-typos`, `-swapped` or `-introduced`. A row
    is drawn by its own id, so that adding rows changes nothing for the others. Rows with labelled spans get
    none.
    """
    for example in examples:
        if example.spans or not example.inputs:
            continue
        draw = random.Random(f"{seed} {example.id}")
        typos, swap = draw.random() < settings.typos, draw.random() < settings.demographics
        key = next((name for name in _QUESTIONS if name in example.inputs), next(iter(example.inputs)))
        text = example.inputs[key]
        if typos and (slipped := with_typos(text, draw)) != text:
            yield _copy(example, key, slipped, "typos")
        if swap and (swapped := with_another_person(text, example.target, draw)) != text:
            yield _copy(example, key, swapped, "swapped")
        introduces = draw.random() < settings.introductions
        if introduces and (said := introduced(text, example.target, draw)) != text:
            yield _copy(example, key, said, "introduced")


def _copy(example: Example, key: str, text: str, suffix: str) -> Example:
    update = {"id": f"{example.id}-{suffix}", "inputs": {**example.inputs, key: text}}
    return example.model_copy(update=update)


# --- typing slips

_WORD = regex.compile(r"(?<![\p{L}\p{M}\d@/\\._#\[-])\p{L}{4,}(?![\p{L}\p{M}\d@/\\_#\]-]|\.\p{L}|://)")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def with_typos(text: str, draw: random.Random) -> str:
    """Return `text` with about one slip in twelve words: adjacent key, dropped, doubled, swapped letter.

    Words of four letters and more slip, after their first letter. Drug names do not.
    """
    places = [match for match in _WORD.finditer(text) if not is_drug(match.group().casefold())]
    if not places:
        return text
    wanted = max(1, round(len(text.split()) / _WORDS_A_SLIP))
    for match in sorted(draw.sample(places, min(wanted, len(places))), key=lambda m: -m.start()):
        text = text[: match.start()] + _slip(match.group(), draw) + text[match.end() :]
    return text


def _slip(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(word))
    kind = draw.choice(("adjacent", "dropped", "doubled", "swapped"))
    if kind == "swapped" and at + 1 < len(word) and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "adjacent" and (near := _beside(word[at])):
        return word[:at] + draw.choice(near) + word[at + 1 :]
    if kind == "dropped":
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def _beside(letter: str) -> str:
    """Return the keys left and right of a letter on a US keyboard."""
    row = next((row for row in _ROWS if letter in row), "")
    at = row.find(letter)
    return row[max(0, at - 1) : at] + row[at + 1 : at + 2] if row else ""


# --- who asks

_PAIRS = [line.split() for line in (WORDS / "sexed_pairs.txt").read_text(encoding="utf-8").splitlines()]
_OTHER_SEX = {word: other for pair in _PAIRS for word, other in (pair, pair[::-1])}
_OTHER_SEX |= {"mrs": "mr", "him": "her", "hers": "his"}
_SEXED = regex.compile(rf"\b(?:{'|'.join([*_OTHER_SEX, 'his', 'her'])})\b", regex.IGNORECASE)
# A body, or a word of a body, does not change with a pronoun.
_BODILY = regex.compile(
    r"\b(?:pregnan\w*|menstru\w*|period|menopaus\w*|uter\w*|ovar\w*|vagin\w*|cervi\w*|prostat\w*|testic\w*|penis|"
    r"erect\w*|breast\w*|birth|abortion|miscarri\w*|postpartum|gay|lesbian|trans\w*|gender\w*|pap)\b",
    regex.IGNORECASE,
)
_AGE = regex.compile(
    r"(?<=\b(?:i am|i['’]?m|he is|she is|s?he['’]s|aged?|turned|turning) )\d{2}"
    r"(?=\b(?![.,]?\d|/|%| ?(?:mg|kg|lbs?|weeks|months|days|hours|minutes|times)\b))"
    r"|\b\d{2}(?=(?:[- ]years?[- ]old|[- ]?y/?o)\b)",
    regex.IGNORECASE,
)
_AGES = (22, 34, 46, 58, 69, 77)
_SPEAKS_OF_AGE = regex.compile(
    r"\b(?:your age|years? old|year-old|young\w*|old(?:er)?|elder\w*"
    r"|senior\w*|teen\w*|adult\w*|retire\w*|child\w*)\b",
    regex.IGNORECASE,
)

_PERSON = r"(?:man|woman|men|women|male|female|guy|girl|boy|person|people|lady|family|couple|kid|teen\w*)"
_PEOPLES = ("white", "Black", "Asian", "Hispanic", "Native American", "Arab American")
_NAMED = (
    r"(?:white|caucasian|black|african[- ]american|asian(?:[- ]american)?|hispanic|latin[aox]|native american"
    r"|arab(?:[- ]american)?)"
)
_ETHNICITY = regex.compile(
    rf"(?P<article>\b(?:an?)\s+)?\b(?P<people>{_NAMED})(?=\s+(?:\w+\s+)?{_PERSON}\b)"
    rf"|(?<=\b(?:i am|i'm|i’m|im) )(?P<alone>{_NAMED})\b(?! \w+(?:ed|ing)\b)",
    regex.IGNORECASE,
)
_SPEAKS_OF_ETHNICITY = regex.compile(
    rf"\b(?:{_NAMED}|rac(?:e|ial|ism|ist)|ethnic\w*|cultur\w*)\b", regex.IGNORECASE
)

_INSURERS = ("Medicaid", "Medicare", "private insurance")
_INSURANCE = regex.compile(
    r"\b(?:medicaid|medicare|(?:private|no) (?:health )?insurance|uninsured)\b", regex.IGNORECASE
)
_SPEAKS_OF_INSURANCE = regex.compile(
    r"\b(?:medic(?:aid|are)|insur\w+|coverage|covered|copay\w*|afford\w*)\b", regex.IGNORECASE
)


def with_another_person(text: str, answer: str, draw: random.Random) -> str:
    """Return `text` with one of sex, age, ethnicity and insurance changed; as it is where none can be.

    One that the answer mentions is not changed, nor sex where the question is of a body.
    """
    ways: tuple[tuple[bool, Callable[[], str]], ...] = (
        (
            bool(_SEXED.search(text)) and not _BODILY.search(text) and not _SEXED.search(answer),
            lambda: _sex(text),
        ),
        (bool(_AGE.search(text)) and not _speaks_of_age(text, answer), lambda: _age(text, draw)),
        (
            bool(_ETHNICITY.search(text)) and not _SPEAKS_OF_ETHNICITY.search(answer),
            lambda: _ethnicity(text, draw),
        ),
        (
            bool(_INSURANCE.search(text)) and not _SPEAKS_OF_INSURANCE.search(answer),
            lambda: _insurance(text, draw),
        ),
    )
    possible = [change for able, change in ways if able]
    return draw.choice(possible)() if possible else text


_ABOUT_ONESELF = {
    "sex": (
        "Just so you know, I'm a guy.", "I'm female, by the way.", "As a woman, I feel odd writing this.",
        "Speaking as a man here.",
    ),
    "age": ("I turned {age} this spring.", "I'm {age}, if that matters.", "At {age} one thinks one knows."),
    "ethnicity": (
        "I come from a {people} family.", "My family is {people}.", "We are a {people} household.",
        "I'm {people}, if it matters.",
    ),
    "insurance": (
        "I only have Medicaid.", "I'm covered by Medicare.", "My job gives me private insurance.",
        "I'm uninsured at the moment.", "I have no health coverage.",
    ),
}  # fmt: skip
_OTHER_AGES = regex.compile(
    r"\b(?:\d+(?:st|nd|rd|th)? grade\w*|(?:high|middle|grade|primary) school\w*|freshman|sophomore|college|"
    r"pension\w*|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)?|\w+teen)\b",
    regex.IGNORECASE,
)
_ORIGINS = regex.compile(
    r"\b(?:mexican|indian|chinese|korean|japanese|vietnamese|filipin\w+|african|nigerian|"
    r"jamaican|cuban|puerto rican|arab\w*|jewish|muslim|immigra\w+|refugee\w*|native|indigenous)\b",
    regex.IGNORECASE,
)
_INSURED = regex.compile(
    r"\b(?:blue cross|aetna|cigna|kaiser|humana|deductible\w*|hmo|ppo)\b", regex.IGNORECASE
)
_SPEAKS_OF = {
    "sex": (_SEXED, _BODILY),
    "age": (_SPEAKS_OF_AGE, _AGE, _OTHER_AGES),
    "ethnicity": (_SPEAKS_OF_ETHNICITY, _ORIGINS),
    "insurance": (_SPEAKS_OF_INSURANCE, _INSURED),
}


def introduced(text: str, answer: str, draw: random.Random) -> str:
    """Return `text` with a sentence about the person before or behind it, one that changes no answer.

    Few people say who they are: a model that has only seen those who do not takes it for the subject. What
    question or answer plainly speak of is not said; where they speak of all of it, `text` stays as it is.
    """
    both = f"{text} {answer}"
    free = [name for name, signs in _SPEAKS_OF.items() if not any(sign.search(both) for sign in signs)]
    if not free:
        return text
    said = draw.choice(_ABOUT_ONESELF[draw.choice(free)])
    said = said.format(age=draw.choice(_AGES), people=draw.choice(_PEOPLES)).replace(" a A", " an A")
    return f"{said} {text}" if draw.random() < 0.5 else f"{text} {said}"


def _sex(text: str) -> str:
    def other(match: regex.Match[str]) -> str:
        word = match.group().lower()
        if word == "his":
            return _as_written(match.group(), "her" if regex.match(r"\s+\w", text[match.end() :]) else "hers")
        if word == "her":
            # "I told her that" is an object; before anything else it owns: "her phone".
            behind = regex.match(r"\s+(\w+)", text[match.end() :])
            owns = behind is not None and behind.group(1).lower() not in term_list("after_object")
            return _as_written(match.group(), "his" if owns else "him")
        return _as_written(match.group(), _OTHER_SEX[word])

    return _SEXED.sub(other, text)


def _speaks_of_age(text: str, answer: str) -> bool:
    ages = {match.group() for match in _AGE.finditer(text)}
    return bool(_SPEAKS_OF_AGE.search(answer)) or any(regex.search(rf"\b{age}\b", answer) for age in ages)


def _age(text: str, draw: random.Random) -> str:
    """Change the first age of a grown person; a child's life is another one."""
    match = _AGE.search(text)
    if match is None or not 18 <= int(match.group()) <= 89:
        return text
    age = draw.choice([age for age in _AGES if abs(age - int(match.group())) > 5])
    return text[: match.start()] + str(age) + text[match.end() :]


def _ethnicity(text: str, draw: random.Random) -> str:
    """Change the first mention, and the article with it ("an Asian man", "a white man")."""
    match = _ETHNICITY.search(text)
    if match is None:
        return text
    said = match["people"] or match["alone"]
    new = draw.choice([one for one in _PEOPLES if one.casefold()[:4] != said.casefold()[:4]])
    article = match["article"] or ""
    if article:
        article = _as_written(article.strip(), "an" if new[0] in "A" else "a") + " "
    return text[: match.start()] + article + new + text[match.end() :]


def _insurance(text: str, draw: random.Random) -> str:
    match = _INSURANCE.search(text)
    if match is None:
        return text
    said = match.group().casefold()
    new = draw.choice([one for one in _INSURERS if one.casefold() != said.replace("health ", "")])
    return text[: match.start()] + ("on " if said == "uninsured" else "") + new + text[match.end() :]


def _as_written(model: str, word: str) -> str:
    """Return `word` with the capitals of `model`."""
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word.capitalize() if model[0].isupper() else word
