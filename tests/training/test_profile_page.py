"""The page of a profile: whole, self-contained, escaped, and readable by a machine that reads aloud."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.training.test_profile import corpus, one
from training.profile import Profile, profile
from training.profile_page import REASONS, profile_page
from training.profile_signs import odd_answer, odd_question

pytestmark = pytest.mark.slow  # torch or a clustering starts up: seconds before the first test

SECTIONS = ["Lengths", "Words in question", "Words in target", "Languages", "Topics", "Answers per question"]
SECTIONS += ["Who wrote it", "Duplicates", "Markup", "Odd rows"]


class Page(HTMLParser):
    """Collects tags, headings and the ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("h1", "h2") and data.strip():
            self.headings.append(data.strip())
            self._open = ""


@pytest.fixture(scope="module")
def page() -> str:
    return profile_page(profile([*corpus(), one("Why is it so?", "No")]), name="ours")


def test_every_part_of_the_profile_has_a_section(page: str) -> None:
    headings = Page(page).headings
    assert headings[0] == "Corpus profile · ours"
    assert headings[2:] == SECTIONS


def test_the_page_asks_nothing_of_the_network(page: str) -> None:
    assert not re.search(r"(?:src|href)=\"(?!#)|url\((?!#)|@import|<script|<link", page)
    assert "default-src 'none'" in page


def test_tables_have_captions_and_scoped_heads_and_ids_are_unique(page: str) -> None:
    tags = Page(page).tags
    assert ("html", {"lang": "en"}) in tags
    assert (
        len([tag for tag, _ in tags if tag == "caption"])
        == len([tag for tag, _ in tags if tag == "table"])
        > 4
    )
    assert all(attributes.get("scope") in ("row", "col") for tag, attributes in tags if tag == "th")
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [attributes["aria-label"] for _, attributes in tags if attributes.get("role") == "region"]
    assert len(labels) == len(set(labels))
    pictures = [attributes for tag, attributes in tags if tag == "svg"]
    assert len(pictures) == 4
    assert all(one["aria-label"] for one in pictures)


def test_what_comes_from_a_source_is_escaped() -> None:
    rows = [
        row.model_copy(update={"id": f"<i>{row.id}", "topic": "<script>alert(1)</script>", "target": "No"})
        for row in corpus(30)
    ]
    page = profile_page(profile(rows), name="<b>x")
    assert "<script" not in page
    assert "<i>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


def test_an_empty_corpus_and_one_of_labels_have_pages() -> None:
    assert "<h1>Corpus profile</h1>" in profile_page(Profile(rows=0))
    labelled = profile(one(f"Report number {n} is here.", ("a", "b")[n % 2], f"l{n}") for n in range(60))
    headings = Page(profile_page(labelled)).headings
    assert "Labels" in headings
    assert "Who wrote it" not in headings


def test_every_reason_is_said_in_words() -> None:
    answers = (
        "a",
        "A B C D E F G H I J K L M N",
        "1 2 3 4 5 6",
        "and so you should go and",
        "and so you should go",
        "Is it?",
    )
    found = {reason for answer in answers for reason in odd_answer(answer, "Is it?")}
    found |= {reason for text in ("A", "1 2 3", "ABCDEFG HIJKLMN OPQ") for reason in odd_question(text)}
    assert found == REASONS.keys() - {"at_a_length_limit", "long_answer", "other_language"}
