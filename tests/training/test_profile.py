"""A profile counts what is in a corpus, names what is odd, and holds no row's words."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from training import profile as module
from training.profile import Profile, profile
from training.profile_copies import Copies
from training.profile_signs import SIGNS, odd_answer, odd_question, verdict
from training.rows import Example

SUBJECTS = {
    "sleep": "sleep night awake tired bed dream pillow insomnia morning alarm",
    "work": "boss office job salary meeting colleague deadline shift promotion career",
    "food": "eating dinner hungry meal weight breakfast sugar kitchen recipe snack",
}


def corpus(count: int = 240, *, seed: int = 1) -> Iterator[Example]:
    """Yield questions about three subjects, each with an answer of its own length."""
    draw = random.Random(seed)
    for number in range(count):
        subject = list(SUBJECTS.values())[number % 3].split()
        question = f"Why is my {' and my '.join(draw.sample(subject, 5))} like that number {number}?"
        answer = " ".join(draw.choices(subject, k=draw.randrange(8, 90))).capitalize() + f" {number}."
        yield Example(id=f"r{number}", inputs={"question": question}, target=answer, source="ours")


def one(question: str, answer: str, name: str = "r") -> Example:
    return Example(id=name, inputs={"question": question}, target=answer)


def odd_ids(found: Profile, reason: str) -> tuple[str, ...]:
    return next((odd.ids for odd in found.odd if odd.reason == reason), ())


@pytest.fixture(scope="module")
def plain_corpus() -> Profile:
    return profile(corpus())


@pytest.mark.slow
def test_lengths_are_counted_by_field(plain_corpus: Profile) -> None:
    found = profile([one("a b c", "one two", "1"), one("a b c d e", "one two three four", "2")])
    question, target = found.lengths
    assert (question.field, target.field) == ("question", "target")
    assert (question.words.least, question.words.mean, question.words.most) == (3, 4, 5)
    assert target.characters.most == len("one two three four")
    assert sum(plain_corpus.lengths[0].histogram.values()) == plain_corpus.rows == 240


def test_an_empty_corpus_has_a_profile() -> None:
    assert profile([]) == Profile(rows=0)


def test_languages_are_shares_and_short_texts_are_unknown() -> None:
    rows = [
        one("Why do I sleep so badly these days?", "There may be many reasons for that.", f"e{n}")
        for n in range(3)
    ]
    rows += [
        one("¿Por qué duermo tan mal estos días?", "Puede haber muchas razones para eso.", "s"),
        one("ok", "x", "u"),
    ]
    found = profile(rows)
    assert found.languages == {"en": 0.6, "es": 0.2, "unknown": 0.2}
    assert odd_ids(found, "other_language") == ("s",)


def test_the_sources_own_topics_are_counted() -> None:
    rows = [
        row.model_copy(update={"topic": "a" if number < 20 else "b"}) for number, row in enumerate(corpus(30))
    ]
    found = profile(rows)
    assert found.topics == {"a": 20, "b": 10}
    assert not found.grouped


def test_without_topics_questions_are_grouped_by_their_words(plain_corpus: Profile) -> None:
    assert plain_corpus.grouped
    assert sum(plain_corpus.topics.values()) == 240
    for name in plain_corpus.topics:
        subjects = {
            subject
            for subject, listed in SUBJECTS.items()
            for term in name.split(", ")
            if term in listed.split()
        }
        assert len(subjects) <= 1, name
    assert profile(corpus()) == plain_corpus


def test_no_name_and_no_word_of_a_few_questions_names_a_group() -> None:
    rows = []
    for place, row in enumerate(corpus()):
        added = " zebulonia" * 9 if place < 3 else " Roxanne" * 9 if place % 3 == 0 else ""
        rows.append(row.model_copy(update={"inputs": {"question": row.inputs["question"] + added}}))
    # One question that is asked often is one question all the same.
    rows += [one("zebulonia zebulonia insomnia", "An answer that is here.", f"x{n}") for n in range(40)]
    named = " ".join(profile(rows).topics)
    assert "zebulonia" not in named
    assert "roxanne" not in named


def test_answers_per_question_are_counted() -> None:
    rows = [one("Why me?", f"Answer number {n} to that.", f"a{n}") for n in range(4)]
    rows += [one("why  ME", "Another answer to it.", "b"), one("And now what?", "This is one.", "c")]
    found = profile(rows).answers
    assert (found.questions, found.most, found.mean) == (2, 5, 3.0)
    assert found.histogram == {"1": 1, "2": 0, "3": 0, "4-5": 1}


def test_labels_are_counted_and_not_judged_as_prose() -> None:
    rows = [
        one(f"Report number {n} of this ward, all well.", ("surgery", "eye care")[n % 2], f"l{n}")
        for n in range(60)
    ]
    found = profile(rows)
    assert found.labels == {"surgery": 30, "eye care": 30}
    assert found.writers.verdict == ""
    assert not odd_ids(found, "short_answer")
    assert [one.field for one in found.lengths] == ["question"]


def test_equal_rows_near_copies_and_repeated_answers_are_counted() -> None:
    rows = list(corpus(60))
    text = rows[5].target
    near = rows[5].model_copy(update={"id": "near", "target": text.replace(text.split()[3], "gently", 1)})
    rows[5] = rows[5].model_copy(update={"target": text + " " + " ".join(f"word{n}" for n in range(60))})
    near = near.model_copy(update={"target": near.target + " " + " ".join(f"word{n}" for n in range(60))})
    equal = rows[1].model_copy(update={"id": "equal", "target": rows[1].target.upper()})
    answer = one("A question of another kind?", rows[2].target, "answer")
    found = profile([*rows, near, equal, answer]).copies
    assert (found.exact, found.near, found.answers) == (1, 1, 2)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Rest <b>well</b>.", "html tags"), ("Rest&nbsp;well.", "html entities"),
        ("See https://example.org now.", "links"), ("**Rest** well.", "markdown"),
    ],
)  # fmt: skip
def test_markup_is_counted_by_kind(text: str, kind: str) -> None:
    markup = profile([one("Why am I so tired?", text)]).markup
    assert {name for name, rows in markup.items() if rows} == {kind}


@pytest.mark.parametrize("text", ["I feel < 5 and > 3 of it.", "AT&T; fine.", "2 * 3 * 4 is that.", "a < b."])
def test_signs_of_arithmetic_are_no_markup(text: str) -> None:
    markup = profile([one("Why am I so tired?", text.replace("AT&T;", "AT&T"))]).markup
    assert not any(markup.values())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Take a rest and sleep well.", []),
        ("He said “take a rest now.”", []),
        ("Yes.", ["short_answer"]),
        ("Why am I so tired today", ["answer_is_question", "no_end_mark"]),
        ("12 34 56 78 90 11 12 x.", ["answer_not_letters"]),
        ("TAKE A REST AND SLEEP WELL.", ["answer_in_capitals"]),
        ("You should talk to your", ["cut_off"]),
        ("You should talk to them,", ["cut_off"]),
        ("You should talk to them", ["no_end_mark"]),
    ],
)
def test_odd_answers_have_reasons(answer: str, expected: list[str]) -> None:
    assert odd_answer(answer, "Why am I so tired today?") == expected


def test_odd_questions_have_reasons() -> None:
    assert odd_question("Help me") == ["short_question"]
    assert odd_question("WHY AM I SO TIRED TODAY") == ["question_in_capitals"]
    assert odd_question("?!?! 11 22 33 a") == ["question_not_letters"]
    assert odd_question("Why am I so tired?") == []


def test_odd_rows_are_listed_by_id_with_their_count() -> None:
    rows = [*corpus(200), *(one(f"Why is it so {n} today?", "No.", f"s{n}") for n in range(60))]
    rows.append(one("Why is it long?", "word " * 3_000 + "end.", "long"))
    found = profile(rows)
    [short] = [odd for odd in found.odd if odd.reason == "short_answer"]
    assert short.rows == 60
    assert len(short.ids) == module.SHOWN_IDS
    assert odd_ids(found, "long_answer") == ("long",)


def test_answers_cut_at_one_length_are_found() -> None:
    rows = list(corpus(200))
    cut = [row.model_copy(update={"target": (row.target * 40)[:900]}) for row in rows[:12]]
    assert odd_ids(profile([*rows[12:], *cut]), "at_a_length_limit") == tuple(row.id for row in cut)
    assert not odd_ids(profile(rows), "at_a_length_limit")


def test_a_models_answers_and_a_persons_are_told_apart() -> None:
    draw = random.Random(3)
    words = " ".join(SUBJECTS.values()).split()
    typed = [
        " ".join(draw.choices(words, k=draw.randrange(4, 120)))
        + draw.choice([" i think so.It helps.", " dont worry!!", "."])
        for _ in range(80)
    ]
    made = [
        f"I'm sorry to hear that you're feeling this way. Here are some steps:\n\n1. **Rest** {' '.join(draw.choices(words, k=20))}.\n"
        f"2. **Talk** {' '.join(draw.choices(words, k=20))}.\n\nRemember, it's okay — and you're not alone."
        for _ in range(80)
    ]
    for answers, expected in (
        (typed, "probably people"),
        (made, "probably a model"),
        (made[:20], "too few answers to tell"),
    ):
        rows = [one(f"Why is it so {n} today?", answer, f"w{n}") for n, answer in enumerate(answers)]
        assert profile(rows).writers.verdict == expected


def test_a_single_sign_decides_nothing() -> None:
    shares = dict.fromkeys(SIGNS, 0.0)
    assert verdict(500, {**shares, "em dashes": 0.9}, variation=0.6, openings=0.0) == "cannot tell"
    assert verdict(
        500, {**shares, "slips of the hand": 0.9, "phrases of assistants": 0.9}, variation=0.3, openings=0.9
    ) == ("perhaps people and a model")


def test_signs_take_no_time_on_a_long_text() -> None:
    for text in (
        "- a " * 20_000,
        "1. " * 20_000,
        "**" * 20_000,
        "<b" * 20_000,
        "\n" * 40_000,
        "- a\n" * 20_000,
    ):
        profile([one("Why is it so?", text)])


def test_a_profile_holds_no_rows_words() -> None:
    secret = "Zebulon Quirke of Farthing Lane"
    rows = [row.model_copy(update={"target": f"{row.target} {secret}"}) for row in corpus()]
    written = profile(rows).model_dump_json()
    for word in secret.split()[:2]:
        assert word.casefold() not in written.casefold()


def test_large_corpora_are_sampled_the_same_way_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE", 120)
    first, second = profile(corpus(400)), profile(corpus(400))
    assert first == second
    assert first.rows == 400
    assert first.language_rows == sum(first.topics.values()) == 120


def test_near_copies_are_found_among_many_rows() -> None:
    draw = random.Random(5)
    copies = Copies()
    words = [f"w{n}" for n in range(3_000)]
    texts = [draw.choices(words, k=40) for _ in range(600)]
    for text in texts:
        copies.add(" ".join(text))
    for text in texts[:50]:
        copies.add(" ".join([*text, "more"]))
    assert copies.exact() == 0
    assert copies.near(0.8) == 50
