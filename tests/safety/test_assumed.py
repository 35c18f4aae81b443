"""What an answer may say of a person's life: only what the person said first."""

from __future__ import annotations

import pytest

from safety.assumed import AssumedFacts
from safety.output_check import OutputCheck

FACTS = AssumedFacts()


@pytest.mark.parametrize(
    ("sentence", "heard"),
    [
        ("I am so sorry to hear about your loss.", "my landlord raised the rent and I cannot sleep"),
        ("It sounds as if your son means a lot to you.", "i stay up all night and dont know why"),
        ("Talk with your husband about it.", "nobody at work talks to me"),
        ("Your own late mother would understand.", "I am so lonely since I moved"),
        ("YOUR DIVORCE must be hard.", "my sister and I had a fight"),
        ("I am sorry about your diagnosis.", "exams make me so nervous"),
    ],
)
def test_what_was_never_said_is_found(sentence: str, heard: str) -> None:
    assert FACTS.found(sentence, [heard])


@pytest.mark.parametrize(
    ("sentence", "heard"),
    [
        ("I am so sorry for your loss.", "my grandmother died in spring"),
        ("It sounds as if your son means a lot to you.", "I worry about my boy every day"),
        ("Your partner may not know how you feel.", "My husband never listens"),
        ("Your mother's words hurt.", "i always fight with my mom"),
        ("You could talk to your family or to your doctor.", "i feel so empty"),
        ("A son can be a comfort.", "i feel so empty"),
        ("You have lost a lot of sleep over this.", "i stay up all night"),
    ],
)
def test_what_was_said_or_is_no_claim_passes(sentence: str, heard: str) -> None:
    assert not FACTS.found(sentence, [heard])


def test_what_an_earlier_message_said_still_counts() -> None:
    assert not FACTS.found("Your wife may feel it too.", ["my wife is ill", "and i cant sleep"])


def test_support_answers_are_held_to_it_and_grounded_ones_to_their_passages() -> None:
    check = OutputCheck(allowed_contacts=(), find_personal_data=lambda _: False)
    sentence = "Your son can come with you to the visit."
    support = check.check(
        sentence, passages=(), said=(), system_prompt="", mode="support", heard=["i feel low"]
    )
    grounded = check.check(sentence, passages=(sentence,), said=(), system_prompt="", mode="grounded")
    assert (support.reason, grounded.reason) == ("assumed", "")
