"""What holds for any text: what was found is nowhere in the output, and joining texts hides nothing.

A value is what was found, by type. Days, ages and partial numbers are left out: where they stand decides
what they mean ("4/10" is a birthday or a score).
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.pii.cases import unmark
from benchmarks.pii.identifiers import GENERATORS, carriers
from safety.placeholders import PLACEHOLDER, Placeholders
from safety.scrubber import Scrubber
from tests.safety.tiny_tagger import lookup_release, served

BY_PLACE = frozenset({"DATE_TIME", "AGE", "AGE_OVER_89", "YEAR", "PARTIAL_NUMBER", "ZIP_CODE"})
NUMBERS = (
    "ssn", "mbi", "us phone", "email", "credit card", "iban", "vin", "medical record number", "member number", "ipv4",
)  # fmt: skip
SENTENCES = (
    "how do i get a refill?", "it hurts 5/10 since monday.", "thanks!", "PHQ-9 was 12, take 40 mg twice a day",
    "please text 988 or 741741.", "i have crohn's and parkinson's", "see you at the clinic", "nobody called me back\n",
)  # fmt: skip
NAMES = ("Oona Tindle", "jorah brambleworth", "ZOLTAN QUILLON", "Ngozi Vandersloot", "Maeve O'Plimsby")
INTRODUCED = (
    "my name is {}.",
    "this is {}, calling about a bill.",
    "Dr. {} saw me.",
    "i am {} and i need help",
)
_ALL = [HealthCheck.too_slow, HealthCheck.data_too_large]


@st.composite
def identified(draw: st.DrawFn) -> str:
    """Return a sentence with an identifier from a published format."""
    name = draw(st.sampled_from(NUMBERS))
    return draw(st.sampled_from(carriers()[name])).replace(
        "{v}", unmark(GENERATORS[name](draw(st.randoms(use_true_random=False))))
    )


named = st.builds(str.format, st.sampled_from(INTRODUCED), st.sampled_from(NAMES))
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
texts = st.lists(st.one_of(identified(), named, st.sampled_from(SENTENCES), anything), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Scrubber:
    """The scrubber with a tagger that knows one word: what it finds is the same on every machine."""
    made = tmp_path_factory.mktemp("tagger")
    folder = served(lookup_release(made / "release", {"zerbat": "PERSON"}), made / "served")
    return Scrubber(name_model=None, tagger=folder, policy="safe-harbor")


def found(scrubber: Scrubber, text: str) -> set[str]:
    """Return the values that are found in a text, as they are written."""
    return {text[one.start : one.end] for one in scrubber.find(text) if one.type not in BY_PLACE}


def stands(value: str, text: str) -> bool:
    """Say whether a value stands in a text, in any case, not as a part of a longer word or number."""
    value, text = value.casefold(), PLACEHOLDER.sub("\x1a", text).casefold()
    at = text.find(value)
    while at >= 0:
        around = text[at - 1 : at] + text[at + len(value) : at + len(value) + 1]
        if not any(map(str.isalnum, around)):
            return True
        at = text.find(value, at + 1)
    return False


@pytest.mark.slow
@given(parts=texts, again=st.booleans(), between=st.sampled_from([" ", "\n", ". ", " - "]))
@settings(max_examples=150, deadline=None, suppress_health_check=_ALL)
def test_nothing_that_was_found_stands_anywhere_in_the_output(
    rules: Scrubber, parts: list[str], again: bool, between: str
) -> None:
    text = between.join(parts)
    values = found(rules, text)
    if again:  # the same value once more, where nothing gives it away
        text = between.join([text, "and then", *sorted(values)])
    written = rules.scrub(text).text
    assert [len(value) for value in values if stands(value, written)] == []


@pytest.mark.slow
@given(parts=texts, between=st.sampled_from(["\n", "\n\n", ". "]))
@settings(max_examples=150, deadline=None, suppress_health_check=_ALL)
def test_joined_texts_leak_nothing_that_they_did_not_leak_apart(
    rules: Scrubber, parts: list[str], between: str
) -> None:
    values = {value for part in parts for value in found(rules, part)}
    written = rules.scrub(between.join(parts)).text
    apart = [rules.scrub(part).text for part in parts]
    assert [
        len(value)
        for value in values
        if stands(value, written) and not any(stands(value, one) for one in apart)
    ] == []


@pytest.mark.slow
@given(parts=texts)
@settings(max_examples=100, deadline=None, suppress_health_check=_ALL)
def test_a_conversation_leaks_nothing_that_its_turns_did_not_leak_apart(
    rules: Scrubber, parts: list[str]
) -> None:
    conversation = Placeholders()
    for part in parts:
        written = rules.scrub(part, conversation).text
        alone = rules.scrub(part).text
        assert [
            len(value) for value in found(rules, part) if stands(value, written) and not stands(value, alone)
        ] == []


@pytest.mark.slow
@given(parts=texts)
@settings(max_examples=100, deadline=None, suppress_health_check=_ALL)
def test_scrubbed_text_scrubs_to_itself(rules: Scrubber, parts: list[str]) -> None:
    written = rules.scrub(" ".join(parts)).text
    assert rules.scrub(written).text == written


def test_what_stands_is_seen_in_any_case_and_not_within_a_word() -> None:
    assert stands("Oona Tindle", "so OONA TINDLE!") and stands("802-555", "(802-555)")
    assert not stands("Tin", "Tindle") and not stands("PERSON", "[PERSON_1]") and not stands("12", "312")
