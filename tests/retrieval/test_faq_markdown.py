"""The mapping from Markdown to entries."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.faq import FaqEntry, FaqLoad, load_faq


def load(folder: Path, text: str) -> FaqLoad:
    file = folder / "faq.md"
    file.write_bytes(text.encode())
    return load_faq([file])


@pytest.mark.parametrize(
    "block",
    [
        "id: pay\naudience: staff\nalternates: card? | cash?\n",
        "\n- id: pay\n- **audience**: staff\n- alternates:\n  - card?\n  - cash?\n",
        "<!-- id: pay\naudience: staff\nalternates: card?; cash? -->\n",
    ],
)
def test_fields_stand_below_the_heading_in_three_ways(tmp_path: Path, block: str) -> None:
    found = load(tmp_path, f"## How do I pay?\n{block}\nAt the desk.\n")
    expected = FaqEntry("pay", "How do I pay?", "At the desk.", ("card?", "cash?"), "staff")
    assert found.entries == (expected,)
    assert found.rejects == ()


def test_headings_above_are_topics_and_headings_beneath_belong_to_the_answer(tmp_path: Path) -> None:
    text = (
        "# Our FAQ\n\nAn introduction.\n\n# Money\n\n"
        "## How do I pay?\n\nBy card.\n\n### Online\n\nIn the portal.\n\n"
        "## Is it much?\n\nNo.\n\n# Getting here\n\n## Where are you?\n\nIn town.\n"
    )
    found = load(tmp_path, text)
    assert [(e.id, e.topic, e.answer) for e in found.entries] == [
        ("how-do-i-pay", "Money", "By card.\n\nOnline\n\nIn the portal."),
        ("is-it-much", "Money", "No."),
        ("where-are-you", "Getting here", "In town."),
    ]


def test_the_heading_is_the_question_and_its_anchor_the_id_with_a_warning(tmp_path: Path) -> None:
    found = load(tmp_path, "How do I *pay*?\n---------------\n\nBy card.\n")
    assert (found.entries[0].id, found.entries[0].question) == ("how-do-i-pay", "How do I pay?")
    assert [warning.row for warning in found.warnings] == [1]


def test_an_id_in_the_heading_counts(tmp_path: Path) -> None:
    assert load(tmp_path, "## Pay? {#pay-1}\n\nYes.\n").entries == (FaqEntry("pay-1", "Pay?", "Yes."),)


def test_front_matter_gives_fields_to_every_entry(tmp_path: Path) -> None:
    text = "---\naudience: staff\nowner: Desk\n---\n# One?\n\nYes.\n\n# Two?\naudience: both\n\nNo.\n"
    found = load(tmp_path, text)
    assert [(e.audience, e.owner) for e in found.entries] == [("staff", "Desk"), ("both", "Desk")]


def test_a_question_without_text_and_a_repeated_heading_are_rejected_by_line(tmp_path: Path) -> None:
    found = load(tmp_path, "## One?\n\nYes.\n\n## Empty?\n\n## One?\n\nAgain.\n")
    assert [entry.id for entry in found.entries] == ["one"]
    assert [(reject.row, reject.reason) for reject in found.rejects] == [
        (5, "no answer"),
        (7, "id 'one' was used before"),
    ]


def test_marks_go_and_words_lists_tables_and_addresses_stay(tmp_path: Path) -> None:
    text = (
        "## Q?\r\n\r\nCall **now** or\r\nwrite `us` [here](https://x.example.org).\r\n\r\n"
        "1. one\r\n2. two\r\n   - deep\r\n\r\n| a | b |\r\n|---|---|\r\n| 1 | 2 |\r\n"
    )
    assert load(tmp_path, text).entries[0].answer == (
        "Call now or write us here (https://x.example.org).\n1. one\n2. two\n- deep\na | b\n1 | 2"
    )


def test_a_hash_inside_a_code_block_is_no_heading(tmp_path: Path) -> None:
    assert load(tmp_path, "## Q?\n\n```\n# not one\n```\n").entries[0].answer == "# not one"


def test_text_without_headings_gives_no_entries(tmp_path: Path) -> None:
    assert load(tmp_path, "Only words.\n").entries == ()


def test_lines_and_fields_that_no_entry_takes_are_warned_of_and_stop_no_others(tmp_path: Path) -> None:
    text = (
        "---\ntitle: Our FAQ\naudience: staff\n---\n# Lindenmoor\n\n# Money\n<!-- owner: Desk -->\n\n"
        "## How do I pay?\nid: pay\n\nBy card.\n\n## Is it much?\nid: much\nowner: Desk\nowner: Quinn\n\nNo.\n"
    )
    found = load(tmp_path, text)
    assert [(e.audience, e.owner, e.answer) for e in found.entries] == [
        ("staff", "", "By card."),
        ("staff", "Desk", "owner: Quinn\n\nNo."),
    ]
    assert [warning.reason for warning in found.warnings] == [
        "line 2, 5: no entry takes it",
        "line 7: the fields below it are of no entry",
    ]


def test_words_in_html_and_after_a_comment_stay(tmp_path: Path) -> None:
    text = "## Q?\n<!-- id: q --> Yes,\n\n<div>on <b>Monday</b><!-- not Tuesday --></div>\n"
    assert " ".join(load(tmp_path, text).entries[0].answer.split()) == "Yes, on Monday"
