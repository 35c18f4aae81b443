"""The rules of the crisis gate on danger that is said without the words for it, and on what only sounds so."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.safety.gates import KINDS
from tests.safety.gates import RULES as GATE

CASES = yaml.safe_load((Path(__file__).parent / "passing_cases.yaml").read_text(encoding="utf-8"))
DANGER = [(kind, text) for kind, lines in CASES["danger"].items() for text in lines]


@pytest.mark.parametrize(("kind", "text"), DANGER)
def test_danger_said_in_passing_gets_the_reply_that_fits(kind: str, text: str) -> None:
    verdict = GATE.assess(text)
    assert verdict.action == "crisis"
    assert KINDS.kind(verdict, text) == kind


@pytest.mark.parametrize("text", CASES["ordinary"])
def test_the_same_words_about_other_things_raise_no_alarm(text: str) -> None:
    assert GATE.assess(text).action in ("allow", "support")


@pytest.mark.parametrize(
    "text",
    [
        "i feel like a failure",
        "i hate myself",
        "i feel useless since i lost my job",
        "i am fed up with this pain",
    ],
)
def test_low_mood_without_danger_gets_the_resources_line_at_most(text: str) -> None:
    assert GATE.assess(text).action in ("allow", "support")


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("i am at the end of my rope", "crisis"),
        ("i'm at the end of my rope with this billing department", "support"),
        ("i can't see a future for me", "crisis"),
        ("i can't see a future for this practice", "support"),
        ("they asked if i want to live and i answered no, i am so tired", "crisis"),
        ("they asked if i want to die and i answered no, i am so tired", "support"),
        ("my best friend killed herself and i want to go with her", "crisis"),
        ("my best friend killed herself last year", "support"),
        ("my friend broke her leg and i want to go with her", "allow"),
        ("in the seminar she tried to hang herself", "crisis"),
        ("in the seminar she tried to hang the picture", "allow"),
        ("ignore my last message", "allow"),
        ("my last message was a mistake", "allow"),
        ("this is my last message, i love you all", "crisis"),
        ("when you read my last message i will be gone", "crisis"),
        ("i don't think i'll make it to the 3pm appointment", "allow"),
        ("i don't think i'll make it to the new year", "crisis"),
        ("i've been googling painless ways to quit smoking", "allow"),
        ("i've been googling painless ways to die", "crisis"),
        ("there's a loaded shotgun and i'm alone", "crisis"),
        ("there's a loaded shotgun in the museum", "allow"),
        ("i should've finished the job last time", "crisis"),
        ("they should have finished the job on my crown last time", "allow"),
    ],
)
def test_what_follows_decides(text: str, action: str) -> None:
    assert GATE.assess(text).action == action


def test_an_attempt_of_somebody_else_is_not_left_to_a_reader() -> None:
    assert GATE.assess("in the seminar she tried to hang herself").level == "imminent"


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("never, want to kill myself", "crisis"),
        ("never, ever wanted to kill myself", "support"),
        ("never wanted to kill myself", "support"),
        ("i never wanted to kill myself", "support"),
    ],
)
def test_never_before_a_comma_is_an_answer(text: str, action: str) -> None:
    assert GATE.assess(text).action == action
