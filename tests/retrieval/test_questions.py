"""Which questions a message asks: those that are two, and those that only look like two."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.questions import MOST, split_questions

SEVERAL = [
    ("Where can I park? And do you take Cigna?", ("Where can I park?", "do you take Cigna?")),
    ("how do i get a refill and where do i park", ("how do i get a refill", "where do i park")),
    (
        "I am new here. Where can I park? My plan is MVP. Do you take it as insurance?",
        ("I am new here. Where can I park?", "My plan is MVP. Do you take it as insurance?"),
    ),
    (
        "What is psychological testing, how long is the wait, and what does the report cost?",
        ("What is psychological testing", "how long is the wait", "what does the report cost?"),
    ),
    (
        "I need to cancel my appointment thursday. Also, do you take Cigna?",
        ("I need to cancel my appointment thursday.", "do you take Cigna?"),
    ),
    (
        "I have two questions: 1. parking at mill street 2. a copy of my records",
        ("I have two questions: parking at mill street", "a copy of my records"),
    ),
    (
        "1) can i bring my dog 2) is there a fee for missing an appointment",
        ("can i bring my dog", "is there a fee for missing an appointment"),
    ),
    (
        "Please tell me:\n- how do I reset my portal password\n- when are you open on friday",
        ("tell me: how do I reset my portal password", "when are you open on friday"),
    ),
    (
        "I missed my dose this morning. What should I do? And where can I park?",
        ("I missed my dose this morning. What should I do?", "where can I park?"),
    ),
    (
        "can i get a sick note for work? another question, who can see my notes?",
        ("can i get a sick note for work?", "who can see my notes?"),
    ),
    (
        "When do I pay my copay? One more thing: is there a waiting list?",
        ("When do I pay my copay?", "is there a waiting list?"),
    ),
    (
        "do you see veterans, and how do i change my pharmacy",
        ("do you see veterans", "how do i change my pharmacy"),
    ),
    (
        "Can my husband sit in on my visit and also do I need a referral?",
        ("Can my husband sit in on my visit", "do I need a referral?"),
    ),
    (
        "i want to know how to get my records. also what do you charge for copies",
        ("i want to know how to get my records.", "what do you charge for copies"),
    ),
    (
        "I was wondering if you do EMDR. Also, is there an elevator?",
        ("I was wondering if you do EMDR.", "is there an elevator?"),
    ),
    (
        "can i have wine with my meds and what happens if i skip a day?",
        ("can i have wine with my meds", "what happens if i skip a day?"),
    ),
    (
        "What time do you open?\nHow many days before do I cancel a visit?",
        ("What time do you open?", "How many days before do I cancel a visit?"),
    ),
    (
        "i need a refill of my pills and also cancel my appointment on monday",
        ("i need a refill of my pills", "cancel my appointment on monday"),
    ),
    (
        "Is the Quarry Road office wheelchair friendly? Where are you?",
        ("Is the Quarry Road office wheelchair friendly?", "Where are you?"),
    ),
    (
        "hi! do you have group therapy for grief?? and btw can my teen do video visits?",
        ("do you have group therapy for grief??", "can my teen do video visits?"),
    ),
    (
        "What should I bring to my first visit & how early should I arrive?",
        ("What should I bring to my first visit", "how early should I arrive?"),
    ),
    (
        "who do i call after hours and is the nurse line free?",
        ("who do i call after hours", "is the nurse line free?"),
    ),
    (
        "Do you know what to bring and where to park?",
        ("Do you know what to bring", "where to park?"),
    ),
    (
        "Can I drive on this medicine? Separately, how do I dispute a charge?",
        ("Can I drive on this medicine?", "how do I dispute a charge?"),
    ),
    (
        "My copay went up. Why is that? Also where do I send a complaint?",
        ("My copay went up. Why is that?", "where do I send a complaint?"),
    ),
    ("¿Dónde puedo estacionar? ¿Aceptan Medicaid?", ("¿Dónde puedo estacionar?", "¿Aceptan Medicaid?")),
    (
        "¿Dónde puedo estacionar y cuánto cuesta una visita?",
        ("¿Dónde puedo estacionar", "cuánto cuesta una visita?"),
    ),
    (
        "Soy paciente nueva. ¿Qué debo traer? Otra pregunta: ¿tienen intérpretes?",
        ("Soy paciente nueva. ¿Qué debo traer?", "¿tienen intérpretes?"),
    ),
    (
        "Hola, ¿cómo cancelo mi cita?¿Y cómo cambio mi contraseña?",
        ("¿cómo cancelo mi cita?", "¿Y cómo cambio mi contraseña?"),
    ),
    (
        "do i have to be in vermont for video, does insurance pay for telehealth",
        ("do i have to be in vermont for video", "does insurance pay for telehealth"),
    ),
    (
        'My therapist said "are you sleeping?" again. Can I switch therapists? Do you treat insomnia?',
        ('My therapist said "are you sleeping?" again. Can I switch therapists?', "Do you treat insomnia?"),
    ),
]

ONE = [
    "Where can I park?",
    "I lost my job last month and my insurance ends on Friday. Can I still come?",
    "Is there parking at the clinic? Is it free?",
    "Can I pay by card or do I need to bring cash?",
    "Do I have to come in for a refill? Or can I do it by phone?",
    "Do you treat panic attacks and social anxiety?",
    "I came in and had my blood drawn, when will I see the results?",
    "When I come in on Monday, where do I park?",
    "If I am late for my visit, what should I do?",
    "Can you tell me when and where to go for my visit?",
    "I missed my dose this morning. What should I do?",
    "Hello? Can you help me? I need to cancel my visit tomorrow.",
    "how long and how much is a visit",
    "i take lithium and i had a beer last night is that ok",
    'The nurse asked "do you smoke? do you drink?" and wrote it down. Who can read that?',
    "I want a refill of my pills and I am out of town, how does that work?",
    "my daughter was told she could see her notes online and she can't find the page",
    "My husband drinks every day and hides the bottles. He says he can stop. How can I help him?",
    "Is it normal to feel worse after a session? I cried all night and did not want to come back.",
    "how do i get my records, i asked twice at the desk and nobody called",
    "Can I bring my mom? She drives me and she wants to know how I am doing.",
    "Do you take Cigna? I have it through my wife's job. Is that ok?",
    "You close at six, right?",
    "I moved to New York in May and would like to keep my therapist. Can I do video visits from there?",
    "what kinds of medicine are used for ADHD and anxiety in teenagers",
    "The bill you sent has a charge for a visit that I never had. Why?",
    "I need my records for a lawyer and for the school.",
    "",
    "¿Dónde puedo estacionar mi carro cuando llego a la clínica?",
    "Perdí mi seguro y no sé qué hacer. ¿Puedo seguir viniendo?",
    "¿Aceptan tarjeta o necesito efectivo?",
    "My dr. at the hospital e.g. Dr. Lind said to ask you, can a visit be moved to 3 p.m. on Friday?",
]


@pytest.mark.parametrize(("message", "parts"), SEVERAL)
def test_several_questions_are_told_apart(message: str, parts: tuple[str, ...]) -> None:
    assert split_questions(message).parts == parts


@pytest.mark.parametrize("message", ONE)
def test_one_question_stays_whole(message: str) -> None:
    assert split_questions(message).parts == (message,)


def test_more_than_three_questions_are_cut_and_that_is_said() -> None:
    four = "Where do I park? Do you take Cigna? Who reads my notes? When does the lab open?"
    found = split_questions(four)
    assert len(found.parts) == MOST == 3
    assert found.more
    assert not split_questions("Where do I park? Do you take Cigna? Who reads my notes?").more


def test_no_repr_holds_what_was_asked() -> None:
    assert "park" not in repr(split_questions("Where do I park? Do you take Cigna?"))


@given(
    st.lists(
        st.sampled_from(
            ["Where do I park?", "and also", "1.", "2)", "¿Qué", "is it", "?", ".", "\n- ", "do you"]
        )
        | st.text(max_size=12),
        max_size=12,
    )
)
@settings(max_examples=100, deadline=None)
def test_any_text_gives_one_to_three_parts_made_of_its_own_words(pieces: list[str]) -> None:
    text = " ".join(pieces)
    parts = split_questions(text).parts
    assert 1 <= len(parts) <= MOST
    letters = iter("".join(text.split()))
    assert all(letter in letters for letter in "".join("".join(parts).split()))


@pytest.mark.parametrize(
    "unit", ["and also ", "where do i park, ", "¿", "1. ", "hi, ", "also, ", "is it? ", "n "]
)
def test_no_message_takes_long(unit: str) -> None:
    since = time.process_time()
    split_questions(unit * (4_000 // len(unit)))
    assert time.process_time() - since < 1
