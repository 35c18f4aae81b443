"""A message that asks nothing of the FAQ is known as such, and a question, or a farewell, never is."""

from __future__ import annotations

import pytest

from app.small_talk import SmallTalk, small_talk

GREETINGS = (
    "hi", "Hello!", "hey there", "Hi :)", "good morning", "Good afternoon, how are you?", "helloooo",
    "Hi, this is [PERSON_1]", "hello \N{WAVING HAND SIGN}", "hi hello", "hey, how's it going", "Hi Doctor [PERSON_2]",
    "How are you today?", "hi there, hope you are well", "test", "testing 1 2 3",
)  # fmt: skip
THANKS = (
    "thanks", "Thank you so much!", "ok thank you", "thx", "Great, thanks for your help", "no thanks", "bye",
    "perfect, that's what I needed, thank you", "have a nice day", "Thank you, bye", "thanks a lot [PERSON_1]",
    "thank you for everything", "ok, got it, thanks", "I appreciate it", "Thanks again, have a great weekend!",
    "thank you. that helps a lot",
)  # fmt: skip
WHO = (
    "are you a real person?", "are you human", "are you a robot or a person", "Is this a bot?", "who are you?",
    "am I talking to a real person?", "who am i talking to", "what are you", "is anyone there", "are u AI",
    "can i talk to a real person", "I want to speak to a human", "hi are you a doctor", "Are you a nurse?",
    "is there a real person reading this", "I'd like to talk to a person instead",
    "i don't want the ai, i want a human", "I need a real person", "human please!", "talk to a human",
)  # fmt: skip
SPANISH = {
    "hola": "greeting", "Buenos d\u00edas": "greeting", "hola, soy [PERSON_1]": "greeting", "gracias": "thanks",
    "\u00a1Muchas gracias!": "thanks", "\u00bfEres una persona real?": "who_answers",
    "\u00bfhablo con una persona o con un robot?": "who_answers", "quiero hablar con una persona": "who_answers",
}  # fmt: skip
QUESTIONS = (
    "hi, where do I park", "hello i need help", "thanks, and where do i park?", "are you a good doctor",
    "is there a doctor for kids", "who is dr [PERSON_1]", "are you open", "good", "ok", "yes", "help",
    "is there a nurse i can call", "can i talk to a therapist about my mom", "are you a member of my plan",
    "what is this medicine", "what is this", "is this normal", "am i talking too much", "is there a doctor",
    "hello? is my refill ready", "take care of my dog for me", "is anyone there at night", "can i speak with a nurse",
    "i need to talk to someone", "is there a person i can call at night", "how do you do the blood test",
    "i want a human heart transplant", "blood test", "what tests do you do", "is there a test",
    "hi my name is [PERSON_1], dob [DATE_TIME_1], i need a refill", "", "?", "[PERSON_1]", "hi " * 100,
)  # fmt: skip
MORE_THAN_A_GOODBYE = (
    "hi i want to die", "bye forever", "goodbye everyone", "good night forever", "thanks for nothing",
    "who are you people to judge me", "I appreciate nothing anymore", "thank you for everything, goodbye",
    "thank you for everything and goodbye", "take care of my kids", "see you on the other side", "gracias por nada",
    "adi\u00f3s a todos", "no one is there", "thanks for everything you did, it is over", "goodbye world",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (text, subject)
        for subject, texts in (("greeting", GREETINGS), ("thanks", THANKS), ("who_answers", WHO))
        for text in texts
    ],
)
def test_what_asks_nothing_of_the_faq(text: str, subject: str) -> None:
    assert small_talk(text) == (subject, "en")
    assert small_talk(text.upper() if "[" not in text else text) == (subject, "en")


@pytest.mark.parametrize(("text", "subject"), SPANISH.items())
def test_it_is_known_in_spanish(text: str, subject: str) -> None:
    assert small_talk(text) == (subject, "es")


@pytest.mark.parametrize("text", [*QUESTIONS, *MORE_THAN_A_GOODBYE])
def test_a_question_or_a_farewell_for_good_is_none(text: str) -> None:
    assert small_talk(text) is None


def test_a_word_before_or_after_makes_it_another_message() -> None:
    for text in (*GREETINGS, *THANKS, *WHO):
        assert small_talk(f"{text} pain") is None
        assert small_talk(f"refill {text}") is None
    assert SmallTalk("thanks", "en") == small_talk("thank you")
