"""The view of markup: same length, tags bridged, references read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.bulk_markup import FILLER, inside_tag, markup_view, tags_of

PIECES = st.sampled_from(
    ["<b>", "</b>", "<p class='a'>", "<a href=x@y title=\"z\">", "&#74;", "&amp;", "&", "<", ">", "<!--", "-->",
     "<![CDATA[", "]]>", "jo", " ", "\n", "<br/>", "=", '"']
)  # fmt: skip


def plain(text: str) -> list[str]:
    return markup_view(text).replace(FILLER, "").split()


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_view_is_as_long_as_the_markup(text: str) -> None:
    assert len(markup_view(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("J<b>ane</b> Doe", ["Jane", "Doe"]),
        ("<p>one</p><p>two</p>", ["one", "two"]),
        ("&#74;ane &amp; co", ["Jane", "&", "co"]),
        ("<a href='mailto:jo@example.org'>jo</a>", ["mailto:jo@example.org", "jo"]),
        ("a<!-- jo -->b", ["a", "jo", "b"]),
        ("<x><![CDATA[jo]]></x>", ["jo"]),
        ("a < b > c", ["a", "<", "b", ">", "c"]),
    ],
)
def test_words_are_read_as_a_page_shows_them(text: str, words: list[str]) -> None:
    assert plain(text) == words


def test_a_place_inside_a_tag_a_comment_or_a_reference_is_no_place_to_cut() -> None:
    text = "a <b>x</b> <!-- y --> &#74; 1 < 2"
    whole = {0, 1, 2, 5, 6, 10, 11, 21, 22, 27, 28, 30, 31, 32}
    assert {at for at in range(len(text)) if not inside_tag(text, at)} >= whole
    assert all(inside_tag(text, at) for at in (3, 4, 13, 18, 24))


def test_tags_outlive_what_they_stand_in() -> None:
    assert tags_of("J<b>a<i>ne</b>") == "<b><i></b>"
