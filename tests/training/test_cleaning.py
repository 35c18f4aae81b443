"""Cleaning: what goes, what stays, and that the counts say so."""

from __future__ import annotations

import pytest

from training.cleaning import clean, plain
from training.recipe import Clean
from training.rows import Example, Span, StageCounts


def _row(answer: str, number: int = 0, question: str = "How do I rest?") -> Example:
    return Example(id=f"r{number}", inputs={"question": question}, target=answer)


def _plain(text: str) -> str:
    return plain(_row(text)).target


def _cleaned(answer: str) -> str:
    return clean([_row(answer)], Clean()).kept[0].target


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<p>One <b>two</b>.</p><p>Three&nbsp;four &amp; five</p>", "One two.\n\nThree four & five"),
        ("a &amp;nbsp;b &lt;br&gt; c", "a b\nc"),
        ("<ul><li>rest</li><li>drink</li></ul>", "- rest\n- drink"),
        ("<script>evil()</script>ok<!-- note -->", "ok"),
        ("BP <b 140, 3 < 5 and 7 > 2, <unsure> &c", "BP <b 140, 3 < 5 and 7 > 2, <unsure> &c"),
        ("J<b>an</b>e", "Jane"),
        ("go with friends.Seriously, it helps", "go with friends. Seriously, it helps"),
        ("is it true?Ask (really)If not,then wait", "is it true? Ask (really) If not, then wait"),
        ("you feel worthlessThe first step", "you feel worthless The first step"),
        ("see www.Sleep.Org/Tips or a.Bee@x.org, Ph.D., 2.5mg, U.S. LinkedIn", "see www.Sleep.Org/Tips or a.Bee@x.org, Ph.D., 2.5mg, U.S. LinkedIn"),
        ("two\u00a0 \u200bspaces\r\n\r\n\r\n\r\nend \n", "two spaces\n\nend"),
        ("cafe\u0301 “quoted” ’tis", "café “quoted” ’tis"),
    ],
)  # fmt: skip
def test_plain_text_is_what_a_reader_would_see(raw: str, expected: str) -> None:
    assert _plain(raw) == expected
    assert _plain(expected) == expected


@pytest.mark.parametrize(
    "tail",
    [
        "Hope this helps! Warmly, Alex Coldwell, LCSW",
        "Best of luck to you!",
        "I wish you well.\nAlex R. Coldwell, DBH, LPC, NCC",
        "Warm regards,\nAlex",
        "Please visit my website for more tips.",
        "You can reach me at 802-555-0142.",
        "https://example.org/123",
        "This answer is for informational purposes only and is not a substitute for treatment.",
    ],
)
def test_signatures_adverts_and_disclaimers_leave_the_end(tail: str) -> None:
    assert _cleaned(f"Sleep at the same hour each day. {tail}") == "Sleep at the same hour each day."


@pytest.mark.parametrize(
    "answer",
    [
        "Call 988 if you think of suicide, or visit my page for the hotline.",
        "Take care of the wound each day.",
        "Dr. Coldwell is right. Rest.",
        "Your luck may turn. You can visit your own site of work.",
    ],
)
def test_crisis_lines_and_advice_stay(answer: str) -> None:
    assert _cleaned(answer) == answer


def test_a_sentence_that_many_answers_repeat_goes_and_a_rare_one_stays() -> None:
    rows = [_row(f"Answer {'abcdefghij'[n]} differs. We are a team of ten writers.", n) for n in range(10)]
    rows += [_row("Nobody else says this one thing.", 10)]
    cleaned = clean(rows, Clean(boilerplate_share=0.3))
    assert [row.target for row in cleaned.kept][::10] == [
        "Answer a differs.",
        "Nobody else says this one thing.",
    ]
    assert cleaned.changed["boilerplate"] == 10


def test_fewer_than_five_answers_make_no_boilerplate() -> None:
    rows = [_row(f"We are a team of ten. Part {'abcd'[n]}.", n) for n in range(4)]
    assert clean(rows, Clean(boilerplate_share=0.1)).kept[0].target.startswith("We are")


def test_what_notes_repeat_is_a_finding() -> None:
    rows = [_row(f"Denies chest pain today. Case {'abcdefgh'[n]}.", n) for n in range(8)]
    assert clean(rows, Clean(boilerplate_share=0.1), answers=False).kept == tuple(rows)


def test_a_row_without_an_answer_left_is_set_aside_and_counts_add_up() -> None:
    rows = [_row("Good luck!", 1), _row("Rest more.", 2), _row("Rest.", 3, question="<p></p>")]
    cleaned = clean(rows, Clean())
    counts = StageCounts.of("clean", len(cleaned.kept), cleaned.aside, changed=cleaned.changed)
    assert counts.taken == 3 and counts.set_aside == {"empty_answer": 1, "empty_question": 1}


def test_labels_and_labelled_text_stay_as_they_are() -> None:
    label = _row("Best, <b>A</b>")
    assert clean([label], Clean(), labels=True).kept[0].target == "Best, <b>A</b>"
    tagged = Example(id="t", inputs={"text": "a  <b>b"}, spans=(Span(start=0, end=1, label="X"),))
    assert clean([tagged], Clean()).kept == (tagged,)


def test_a_long_answer_is_not_cut() -> None:
    long = " ".join(
        f"Sentence number {n} tells of rest.".replace(str(n), "abcdefghij"[n % 10] * (n % 7 + 1))
        for n in range(3000)
    )
    assert _cleaned(long) == long
