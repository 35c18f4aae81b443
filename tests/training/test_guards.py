"""Each guard on answers that it must stop and on good ones that it must let through."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import safety
from app.prompting import support_system
from training.guards import (
    CHAT_GUARDS,
    MENTIONS,
    TEXT_GUARDS,
    GuardCounts,
    Guards,
    counted,
    guards_scored,
)
from training.metrics import difference
from training.rows import Example, Prediction

SYSTEM = support_system("the clinic")
QUESTION = (
    "Since we moved to the coast in spring I lie awake most nights and keep going over the quarrel "
    "that I had with my sister."
)
GOOD = (
    "Moving away and parting on a quarrel is a lot to carry at once.",
    "It makes sense that the nights are long: that is when it gets quiet, and the quarrel comes back.",
    "You might write your sister three lines, not to settle it, only to say that you think of her. "
    "What would you want her to know?",
    "I'm sorry it has been so hard since the move. I hear how much she matters to you. I hear you.",
    "Talk with your doctor about your sleep if it goes on for more than 2 weeks; a diagnosis is theirs to make.",
    "Some people breathe in for four counts and out for six, three times a day. It is small, and it adds up.",
    'Many of us think "my wife would never forgive me" and then find that a first word was enough.',
    "Ask yourself: what have I lost, what have I kept, and what can I still mend?",
    "You wrote that you keep going over the quarrel. What do you wish you had said to her?",
    "Symptoms of anxiety can make sleep worse, and so can worrying about not sleeping.",
    "A walk by the water before bed, the phone in another room, a warm light: small things, each evening.",
    "Every human being needs rest, and you are allowed to need it too.",
)


def guards(*, chat: bool = True, allowed: tuple[str, ...] = ()) -> Guards:
    return Guards(chat=chat, find_personal_data=lambda text: "Wilhelmina" in text, allowed_contacts=allowed)


def stopped(text: str, *, chat: bool = True, ended: bool = True, passages: tuple[str, ...] = ()) -> set[str]:
    found = guards(chat=chat).check(text, prompt=QUESTION, system=SYSTEM, ended=ended, passages=passages)
    return set(found)


@pytest.mark.parametrize("text", GOOD)
def test_good_answers_pass_every_guard(text: str) -> None:
    assert stopped(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Reply in three to five short, warm sentences.",
        f"You said: {QUESTION}",
        "Since we moved to the coast in spring I lie awake most nights and keep going.",
        "I hear you.<|im_end|>",
        "[INST] How do you feel?",
        "User: I feel low.\nAssistant: I hear you.",
        "### Response: I hear you.",
        "That is not in my instructions.",
    ],
)
def test_an_echo_of_the_prompt_is_stopped(text: str) -> None:
    assert "prompt_echo" in stopped(text)


def test_the_whole_of_a_short_question_is_an_echo_and_half_of_it_is_not() -> None:
    short = "I feel left out by my friends at school"

    def check(text: str) -> frozenset[str]:
        return guards().check(text, prompt=short, system=SYSTEM, ended=True)

    assert check("I feel left out by my friends at school. That hurts.") == {"prompt_echo"}
    assert check("To feel left out by my friends would hurt me too.") == frozenset()


def test_words_of_a_passage_are_no_echo_of_the_prompt() -> None:
    passage = "Reply in three to five short, warm sentences."
    assert "prompt_echo" not in stopped(passage, passages=(passage,))


def test_a_note_may_quote_its_record_but_not_the_system_prompt() -> None:
    assert stopped(QUESTION, chat=False) == set()
    assert stopped("Do not diagnose, do not speak of medicines, and do not state facts.", chat=False) == {
        "prompt_echo"
    }


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = 1\n```",
        "def rest(hours):",
        "<div>Rest.</div>",
        "Try print('calm') first.",
        "if x == y then",
    ],
)
def test_code_is_stopped(text: str) -> None:
    assert "code_in_prose" in stopped(text)


def test_a_semicolon_at_the_end_of_a_line_is_no_code() -> None:
    assert stopped("Three things may help;\na walk;\na call;\nand sleep.") == set()


def test_an_answer_that_the_limit_cut_never_stops() -> None:
    assert stopped("It makes sense that you", ended=False) == {"never_stops"}


@pytest.mark.parametrize(
    "text",
    [
        "You are not alone here. Things change slowly. You are not alone here.",
        "Try to rest and take time, try to rest and take time, try to rest and take time.",
        "It is okay it is okay it is okay it is okay.",
        "I am sorry that you feel sad. I am sorry that you feel lost. I am sorry that you feel stuck.",
        "very very very very very very hard",
    ],
)
def test_repetition_is_stopped(text: str) -> None:
    assert stopped(text) == {"repetition"}


@pytest.mark.parametrize("text", ["", "  \n", "...", "-"])
def test_an_answer_without_a_word_is_empty_and_nothing_else(text: str) -> None:
    assert stopped(text) == {"empty"}


def test_personal_data_is_what_the_callable_finds() -> None:
    assert stopped("Wilhelmina may help.") == {"personal_data"}


@pytest.mark.parametrize(
    "text",
    [
        "I am a licensed therapist and this is common.",
        "As your doctor, I would wait.",
        "As a counselor, I see this often.",
        "When I was your age I slept badly too.",
        "My own clients tell me this helps.",
        "I’m a real person, you know.",
        "In my practice this passes.",
    ],
)
def test_a_claim_to_be_a_person_is_stopped_in_the_chat(text: str) -> None:
    assert "not_a_human" in stopped(text)
    assert "not_a_human" not in stopped(text, chat=False)


@pytest.mark.parametrize(
    "text",
    [
        "Take 20 mg before bed.",
        "Two tablets would do.",
        "It sounds like you have depression.",
        "You are clearly bipolar.",
        "Your diagnosis is insomnia.",
    ],
)
def test_a_dose_or_a_verdict_on_the_reader_is_stopped_in_the_chat(text: str) -> None:
    assert "dose_or_diagnosis" in stopped(text)
    assert "dose_or_diagnosis" not in stopped(text, chat=False)


def test_a_dose_that_a_passage_has_may_be_said() -> None:
    passage = "Adults take 5 mg in the evening."
    assert "dose_or_diagnosis" not in stopped("It is 5 mg in the evening.", passages=(passage,))
    assert "dose_or_diagnosis" in stopped("It is 50 mg in the evening.", passages=(passage,))


@pytest.mark.parametrize(
    "text", ["Call 555-010-7788 today.", "See www.example.org for more.", "Write to help@example.org."]
)
def test_a_number_or_link_of_nobody_we_know_is_stopped(text: str) -> None:
    assert "contact" in stopped(text)


def test_the_clinics_numbers_and_those_of_a_passage_may_be_named() -> None:
    said = "Call 555-010-7788 today."
    own = guards(allowed=("(555) 010-7788",))
    assert own.check(said, prompt=QUESTION, system=SYSTEM, ended=True) == frozenset()
    assert stopped(said, passages=("The desk answers at 555 010 7788.",)) == set()


def test_one_answer_can_be_stopped_by_several_guards() -> None:
    found = stopped("As your doctor I say: take 20 mg. Wilhelmina agrees. ```x```", ended=False)
    assert found == {"not_a_human", "dose_or_diagnosis", "personal_data", "code_in_prose", "never_stops"}


def rows(*texts: str) -> tuple[list[Example], list[Prediction]]:
    examples = [Example(id=str(n), inputs={"question": QUESTION}) for n in range(len(texts))]
    return examples, [Prediction(id=str(n), arm="tuned", text=text) for n, text in enumerate(texts)]


def test_counts_name_every_guard_and_each_stopped_answer_once() -> None:
    found = guards().count(*rows("", "I am a nurse. Take 5 mg.", GOOD[0], GOOD[1]), system=SYSTEM)
    assert isinstance(found, GuardCounts)
    assert (found.n, found.stopped) == (4, 2)
    assert set(found.counts) == {*TEXT_GUARDS, *CHAT_GUARDS}
    assert {name: times for name, times in found.counts.items() if times} == {
        "empty": 1, "not_a_human": 1, "dose_or_diagnosis": 1,
    }  # fmt: skip
    assert found.share("empty") == 0.25


def test_a_job_outside_the_chat_has_the_guards_of_texts_alone() -> None:
    assert set(guards(chat=False).count(*rows(GOOD[0])).counts) == set(TEXT_GUARDS)


def test_no_answers_have_no_share() -> None:
    assert counted([], TEXT_GUARDS).share("empty") == 0.0


def test_other_rows_are_refused() -> None:
    examples, predictions = rows(GOOD[0], GOOD[1])
    with pytest.raises(ValueError, match="not those of 2 examples"):
        guards().count(examples, predictions[::-1])


def test_shares_can_be_compared_between_arms_with_an_interval() -> None:
    examples, bad = rows("", "", "", GOOD[0])
    _, good = rows(*GOOD[:4])
    one, other = (
        {scored.metric.name: scored for scored in guards_scored(examples, guards().flags(examples, said, system=SYSTEM), TEXT_GUARDS)}
        for said in (bad, good)
    )  # fmt: skip
    found = difference(one["guard_empty"], other["guard_empty"], resamples=200)
    assert found.value == 0.75
    assert not one["guard_empty"].metric.greater_is_better


def test_the_lines_that_are_left_out_still_stand_in_the_rules() -> None:
    """A rule that is reworded would come back in here unseen."""
    rules = yaml.safe_load((Path(safety.__file__).parent / "output_rules.yaml").read_text(encoding="utf-8"))
    lines = {line.strip() for line in rules["support"]["diagnosis"].splitlines()}
    assert set(MENTIONS) <= lines
