"""The scrubber: what it finds and leaves, offsets, looking again, and failing closed."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import weights
from safety.errors import PolicyError, RecognizerFailed, ScrubError, TextTooLong
from safety.placeholders import PLACEHOLDER, Placeholders
from safety.policies import POLICIES
from safety.presidio import RecognizerResult
from safety.recognizers import RECOGNIZERS
from safety.recognizers.rules import Rule, RuleRecognizer, SpanRecognizer
from safety.scrubber import WINDOW, Scrubber
from safety.surrogates import Surrogates
from weights.defaults import NAME_MODEL

_SPEC = importlib.util.spec_from_file_location("scrub_cases", Path(__file__).with_name("scrub_cases.py"))
assert _SPEC is not None and _SPEC.loader is not None
cases = importlib.util.module_from_spec(_SPEC)
sys.modules["scrub_cases"] = cases
_SPEC.loader.exec_module(cases)

CASES = cases.load_cases()
CLEAN = [case for case in CASES if not case.spans]
MESSY = st.lists(
    st.sampled_from(
        [case.text for case in CASES]
        + ["\u200b", "[PERSON_1]", "\x1a", " ", "\n", "\ufffc", "219\u2011", "é"]
    ),
    max_size=3,
).map(" ".join)


@pytest.fixture(scope="module")
def rules() -> Scrubber:
    """A scrubber without the name model."""
    return Scrubber(name_model=None)


@pytest.fixture(scope="module")
def full() -> Scrubber:
    """A scrubber with the default name model."""
    return Scrubber(name_model=weights.fetch(NAME_MODEL).folder)


def _accuracy(scrubber: Scrubber, split: str) -> tuple[float, float]:
    hit = missed = extra = 0
    for case in CASES:
        if case.split == split:
            wanted = cases.characters(case.text, [(start, end) for start, end, _ in case.spans])
            found = cases.characters(case.text, [(one.start, one.end) for one in scrubber.find(case.text)])
            hit += len(wanted & found)
            missed += len(wanted - found)
            extra += len(found - wanted)
    return hit / (hit + missed), hit / (hit + extra)


@pytest.mark.slow
@pytest.mark.parametrize("split", ["dev", "holdout"])
def test_rules_alone_find_most_characters_and_take_few_others(rules: Scrubber, split: str) -> None:
    recall, precision = _accuracy(rules, split)
    assert recall >= 0.95
    assert precision >= 0.90


@pytest.mark.weights
@pytest.mark.parametrize("split", ["dev", "holdout"])
def test_with_the_name_model_most_characters_are_found(full: Scrubber, split: str) -> None:
    recall, precision = _accuracy(full, split)
    assert recall >= 0.95
    assert precision >= 0.90


@pytest.mark.weights
def test_the_name_model_finds_names_that_no_rule_can(full: Scrubber, rules: Scrubber) -> None:
    text = "Yesterday Thorbjorn explained all of it to everyone."
    assert not rules.find(text)
    assert [text[one.start : one.end] for one in full.find(text)] == ["Thorbjorn"]


@pytest.mark.parametrize("case", CLEAN, ids=[case.id for case in CLEAN])
def test_a_clean_question_stays_as_it_is(rules: Scrubber, case: Any) -> None:
    assert rules.scrub(case.text).text == case.text


@pytest.mark.weights
def test_clean_questions_stay_as_they_are_with_the_name_model(full: Scrubber) -> None:
    assert [case.id for case in CLEAN if full.find(case.text)] == []


def test_offsets_are_code_points_of_the_original(rules: Scrubber) -> None:
    text = "🙂🙂 e\u0301 ssn 219\u201109\u200b\u20119999 🙂 thanks"
    (found,) = rules.find(text)
    assert text[found.start : found.end] == "219\u201109\u200b\u20119999"
    assert rules.scrub(text).text == "🙂🙂 e\u0301 ssn [US_SSN_1] 🙂 thanks"


def test_half_a_character_stops_nothing_and_is_not_passed_on(rules: Scrubber) -> None:
    scrubbed = rules.scrub("hello \ud83d my ssn is 219-\udc0009-9999")
    assert scrubbed.text == "hello \ufffd my ssn is [US_SSN_1]"
    assert [(one.start, one.end) for one in scrubbed.entities] == [(18, 30)]


@pytest.mark.parametrize(
    "run",
    [
        "1-1-" * 30 + "1",
        "12-34-" * 20 + "7",
        "9" * 40,
        "-".join(["802-555-0199"] * 4),
        "4-" * 40 + "219-09-9999",
    ],
)
def test_of_a_long_run_of_digits_and_hyphens_nothing_is_left(rules: Scrubber, run: str) -> None:
    assert PLACEHOLDER.sub("", rules.scrub(f"it says {run}- I think").text) == "it says - I think"


def test_no_tail_of_an_address_is_left(rules: Scrubber) -> None:
    assert rules.scrub("mail j.doe@intranet please").text == "mail [EMAIL_ADDRESS_1] please"
    assert rules.scrub("mail x_y.z+q@mail.example.museum, please").text == "mail [EMAIL_ADDRESS_1], please"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("the reader says D4:0A:A3:9D:\nFB:92 and stops", "D4:0A:A3:9D:\nFB:92"),
        ("the reader says d4-0a-a3-  9d-fb-92 and stops", "d4-0a-a3-  9d-fb-92"),
        ("the modem shows 44FE.D712.\nF1BE on its back", "44FE.D712.\nF1BE"),
        ("i logged in from 112.\r\n243.39.159 today", "112.\r\n243.39.159"),
        ("it says 25cc:c6ab:\n97e7:2bf0:0:0:0:5e78 here", "25cc:c6ab:\n97e7:2bf0:0:0:0:5e78"),
        (
            "the udi is (01)1199293\n5852013(17)290908(21)FCVDEM, they say",
            "(01)1199293\n5852013(17)290908(21)FCVDEM",
        ),
        ("claim no. 2007-OZ-035379 was coded wrong", "2007-OZ-035379"),
        ("Fax: 240/531-0598 please", "240/531-0598"),
        ("at age 112 she was started on it", "112"),
        (
            "the picture is data:image/\npng;base64,/\n9jAb4" + "aB3/" * 20 + " as you see",
            "data:image/\npng;base64,/\n9jAb4" + "aB3/" * 20,
        ),
    ],
)
def test_an_identifier_is_found_whole_where_it_is_broken_or_holds_what_is_kept(
    rules: Scrubber, text: str, value: str
) -> None:
    before, after = text.split(value)
    found = rules.scrub(text).text
    assert found.startswith(before) and found.endswith(after)
    assert not any(part in found[len(before) : len(found) - len(after)] for part in value.split())
    assert found[len(before) : len(found) - len(after)].startswith("[")


@pytest.mark.parametrize("text", ["call 112 or 911", "blood pressure 140/90", "section 1. 2.3.4 of the form"])
def test_what_is_kept_is_kept_beside_the_wider_rules(rules: Scrubber, text: str) -> None:
    assert rules.scrub(text).text == text


def test_the_same_person_keeps_a_placeholder_through_a_conversation(rules: Scrubber) -> None:
    placeholders = Placeholders()
    first = rules.scrub("my name is jorah tindle", placeholders).text
    second = rules.scrub("jorah tindle again, my wife jennifer asked", placeholders).text
    assert first == "my name is [PERSON_1]"
    assert "[PERSON_1]" in second
    assert "[PERSON_2]" in second


@pytest.mark.slow
@given(MESSY)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scrubbing_scrubbed_text_finds_nothing_new(rules: Scrubber, text: str) -> None:
    once = rules.scrub(text)
    again = rules.scrub(once.text)
    assert again.entities == ()
    assert again.text == once.text


@given(MESSY)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_entities_are_in_order_apart_and_everything_else_is_unchanged(rules: Scrubber, text: str) -> None:
    scrubbed = rules.scrub(text)
    last, kept = 0, []
    for one in scrubbed.entities:
        assert last <= one.start < one.end <= len(text)
        assert 0 < one.score <= 1
        assert one.type in POLICIES["wide"]
        kept.append(text[last : one.start])
        last = one.end
    kept.append(text[last:])
    rest = scrubbed.text
    for piece in kept:
        assert piece in rest
        rest = rest[rest.index(piece) + len(piece) :]


def test_placeholders_in_the_text_are_left_alone(rules: Scrubber) -> None:
    text = "my name is [PERSON_1] and my ssn [US_SSN_2]"
    assert rules.scrub(text).text == text


def test_a_placeholder_look_alike_does_not_hide_data(rules: Scrubber) -> None:
    assert "8025550100" not in rules.scrub("call [PHONE_8025550100] now").text


def test_surrogates_are_written_in_place(rules: Scrubber) -> None:
    text = "my name is jorah tindle, call 413-555-0144"
    written = rules.scrub(text, Surrogates(4)).text
    assert "jorah" not in written and "413" not in written and "[" not in written
    assert written == rules.scrub(text, Surrogates(4)).text


def test_safe_harbor_takes_less_than_wide(rules: Scrubber) -> None:
    narrow = Scrubber(policy="safe-harbor", name_model=None)
    text = "i work at Quillfeather, my username is mossy_oak, call 802-555-0100"
    assert [one.type for one in narrow.find(text)] == ["USERNAME", "PHONE_NUMBER"]
    assert [one.type for one in rules.find(text)] == ["ORGANIZATION", "USERNAME", "PHONE_NUMBER"]


KEEP = (
    "Dr. Imani Okafor", "Theo Abernathy", "(802) 555-0110", "hello@lindenmoor.example.org", "https://portal.lindenmoor.example.org",
    "210 Mill Street, Suite 4, Fernhollow, VT 05499", "Mill Street clinic", "Lindenmoor Behavioral Health",
)  # fmt: skip


@pytest.fixture(scope="module")
def clinic() -> Scrubber:
    return Scrubber(name_model=None, keep=KEEP)


@pytest.mark.parametrize(
    "text",
    [
        "is Dr. Okafor taking patients?",
        "is dr imani okafor in today",
        "does Theo Abernathy prescribe",
        "is 802-555-0110 the right number, or (802) 555-0110",
        "i wrote to hello@lindenmoor.example.org",
        "is the clinic at 210 mill street suite 4 fernhollow vt 05499",
        "portal.lindenmoor.example.org does not load",
    ],
)
def test_the_clinics_own_names_and_numbers_stay(clinic: Scrubber, text: str) -> None:
    assert clinic.scrub(text).text == text


def test_a_patient_who_shares_a_clinicians_given_name_is_scrubbed(clinic: Scrubber) -> None:
    assert (
        clinic.scrub("my son Theo has a cold, call 802-555-0111").text
        == "my son [PERSON_1] has a cold, call [PHONE_NUMBER_1]"
    )


def test_long_text_is_searched_to_its_end(rules: Scrubber) -> None:
    filler = "we talked about sleep and food and work. " * 120
    text = filler + "my ssn is 219-09-9998 " + filler + "call 802-555-0144"
    assert [text[one.start : one.end] for one in rules.find(text)] == ["219-09-9998", "802-555-0144"]
    assert len(text) > 2 * WINDOW


@pytest.mark.slow
def test_data_across_the_edge_of_a_window_is_found_whole(rules: Scrubber) -> None:
    for shift in range(-30, 31, 6):
        text = ("word " * 1000)[: WINDOW - 150 + shift] + " my number is (802) 555-0144 ok " + "word " * 400
        assert [text[one.start : one.end] for one in rules.find(text)] == ["(802) 555-0144"]


def test_a_text_beyond_the_limit_is_an_error_without_its_words(rules: Scrubber) -> None:
    with pytest.raises(TextTooLong) as caught:
        rules.scrub("secret " * 200_000)
    assert "secret" not in str(caught.value)


# The first row took seconds each: signs that spaCy takes off one at a time, and findings in one long run.
HOSTILE = ("((", "'\"", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "a@", "a@a.")
HOSTILE_TOO = (
    "a.",
    "1-",
    "my name is ",
    "\u200b1",
    "x at y dot ",
    "A1 ",
    "Ann's ",
    "x@y.org ",
    "A ",
    "ab:",
    "((a",
    "1 ",
    "data:image/png,a ",
    "data:image/png,",
    "ab-",
    "ab- ",
    "1. ",
    "(01)1 ",
)


@pytest.mark.parametrize(
    "unit", [*HOSTILE, *(pytest.param(unit, marks=pytest.mark.slow) for unit in HOSTILE_TOO)], ids=repr
)
def test_hostile_text_is_read_in_bounded_time(rules: Scrubber, unit: str) -> None:
    began = time.process_time()
    rules.scrub((unit * 4_000)[:4_000])
    # The goal is a second; a busy machine needs twice as much computing for the same.
    assert time.process_time() - began < 1.5


class _Broken(SpanRecognizer):
    def __init__(self) -> None:
        super().__init__("broken", entities=["PERSON"])

    def find(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        raise RuntimeError(f"cannot read {text}")


class _Silent(SpanRecognizer):
    def __init__(self) -> None:
        super().__init__("silent", entities=["PERSON"])

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        raise TimeoutError


@pytest.mark.parametrize("broken", [_Broken, _Silent])
def test_a_recognizer_that_fails_fails_the_scrub_without_the_text(
    monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    monkeypatch.setitem(RECOGNIZERS, "names", broken)
    scrubber = Scrubber(name_model=None)
    with pytest.raises(ScrubError) as caught:
        scrubber.scrub("my name is jorah tindle")
    assert "jorah" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_pattern_that_runs_out_of_time_fails_the_scrub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety.recognizers.rules.REGEX_SECONDS", 0.05)
    slow = Rule("slow", "PERSON", r"(?:a|aa)+$", 0.5)
    monkeypatch.setitem(RECOGNIZERS, "names", lambda: RuleRecognizer("slow", rules=[slow]))
    with pytest.raises(RecognizerFailed, match="slow"):
        Scrubber(name_model=None).scrub("a" * 60 + "b")


def test_a_policy_with_a_type_that_nothing_finds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(POLICIES, "wide", (*POLICIES["wide"], "PERSN"))
    with pytest.raises(PolicyError, match="PERSN"):
        Scrubber(name_model=None)


def test_a_folder_that_is_no_name_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="name model"):
        Scrubber(name_model=tmp_path)


def test_the_policy_hash_is_stable_and_differs_by_policy(rules: Scrubber) -> None:
    assert rules.policy_hash == Scrubber(name_model=None, keep=["x"]).policy_hash
    assert rules.policy_hash != Scrubber(policy="safe-harbor", name_model=None).policy_hash
    assert len(rules.policy_hash) == 64


def test_values_are_not_shown_by_repr(rules: Scrubber) -> None:
    assert "jorah" not in repr(rules.scrub("my name is jorah tindle", Surrogates(1)))


def test_many_messages_do_not_grow_the_vocabulary(rules: Scrubber) -> None:
    strings = rules._analyzer._engine.language.vocab.strings
    before = len(strings)
    for number in range(200):
        rules.find(f"word{number}x other{number}y {number}")
    assert len(strings) - before < 20


def test_every_marked_value_reads_back_as_a_placeholder(rules: Scrubber) -> None:
    text = "ssn 219-09-9998 and mrn 0048291"
    assert len(PLACEHOLDER.findall(rules.scrub(text).text)) == 2


def test_name_of_the_conversation_is_found_again_where_nothing_gives_it_away() -> None:
    scrubber, conversation = Scrubber(name_model=None), Placeholders()
    scrubber.scrub("My name is Wilhelmina Abernethy.", conversation)
    for text, expected in (
        ("well wilhelmina abernethy it is", "well [PERSON_1] it is"),
        ("so Abernethy it was", "so [PERSON_1] it was"),
        ("WILHELMINA ABERNETHY", "[PERSON_1]"),
    ):
        assert scrubber.scrub(text, conversation).text == expected
    assert "Abernethy" in scrubber.scrub("so Abernethy it was", Placeholders()).text


def test_common_word_that_is_also_someones_name_is_left_alone() -> None:
    scrubber, conversation = Scrubber(name_model=None), Placeholders()
    scrubber.scrub("My name is Will Hope.", conversation)
    text = "Will you be open? I hope so, I will come in May."
    assert scrubber.scrub(text, conversation).text == text


def test_two_strange_capitals_before_a_verb_are_a_name() -> None:
    found = Scrubber(name_model=None).scrub("Wilhelmina Abernethy says thanks")
    assert found.text == "[PERSON_1] says thanks"
