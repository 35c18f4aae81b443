"""Markup: whatever is written shows as it was written, and only numbers and given addresses are links."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.pages.markup import escape_inline, paragraphs, with_links

MARKDOWN = MarkdownIt("commonmark", {"html": True, "linkify": False})
GITHUB = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
SIGNS = "\\`*_{}[]()#+-.!|~<>&\"':/=^$@;%?, \t\n\r\x0b\x0c\u2028\xa0abh19"
PIECES = (
    "![](http://x.example/y.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "[a](b)",
    "<http://x.example>", "# h", "- item", "1. item", "1) item", "> q", "```", "~~~", "    code", "---", "===",
    "&lt;img&gt;", "&#60;", "<!-- x", "<?x", "<![CDATA[", "| a | b |\n|---|---|", "[a]: http://x.example",
    "javascript:alert(1)", "www.x.example", "a@x.example", "\\", "$$x$$", "~~x~~", "  \n", "</p>", "<a\nhref=x>",
    "\t* a", "+ a", "[^1]", "https://x.example", "\ttab",
)  # fmt: skip
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet=SIGNS, max_size=60),
    st.lists(st.sampled_from([*PIECES, " ", "\n", "\n\n", "word"]), max_size=8).map("".join),
)
QUICK = settings(max_examples=100, deadline=None, database=None)


class Shown(HTMLParser):
    """What a browser makes of rendered markup: its tags, and its text."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", {}))

    def handle_decl(self, decl: str) -> None:
        self.tags.append(("declaration", {}))

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.tags}

    @property
    def links(self) -> list[str | None]:
        return [attributes["href"] for name, attributes in self.tags if name == "a"]


def lines(text: str) -> list[str]:
    """Return the lines of a text that show anything, with their blanks as a browser shows them."""
    return [" ".join(line.split()) for line in text.replace("\x00", "\ufffd").splitlines() if line.strip()]


def tokens(markup: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(markup):
        yield token
        yield from token.children or ()


@QUICK
@given(TEXTS)
@example("1. a\n2. b")
@example("a\n===\nb\n---")
@example("    four blanks are no code")
@example("a\x0b\x0bb")
@example("a\n\n\x0bñ")
def test_any_text_shows_as_it_was_written_and_is_only_paragraphs(text: str) -> None:
    shown = Shown(MARKDOWN.render(paragraphs(text)))
    assert lines(shown.text) == lines(text)
    assert shown.names <= {"p", "br", "a", "span"}
    assert all(link and link.startswith("tel:") for link in shown.links)


@QUICK
@given(TEXTS)
@example("a\n\n\x0b¿b?")
def test_any_text_makes_no_other_token(text: str) -> None:
    allowed = {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak"}
    ours = ("<a ", "</a", '<span lang="', "</span>")
    kinds = {token.type for token in tokens(paragraphs(text)) if not token.content.startswith(ours)}
    assert kinds <= allowed | {"hardbreak"}


@QUICK
@given(TEXTS)
def test_any_text_is_only_text_with_tables_and_strikethrough_too(text: str) -> None:
    assert Shown(GITHUB.render(paragraphs(text))).names <= {"p", "br", "a", "span"}


@QUICK
@given(st.text())
def test_an_inline_piece_shows_every_sign_as_html_too(text: str) -> None:
    piece = text.replace("\r", " ").replace("\x00", " ")
    shown = Shown(f"<b>{escape_inline(piece)}</b>")
    assert shown.text == piece
    assert shown.names == {"b"}
    assert Shown(f'<b title="{escape_inline(piece)}"></b>').tags == [("b", {"title": piece})]


@QUICK
@given(TEXTS, st.lists(st.one_of(st.text(max_size=20), st.sampled_from(PIECES)), max_size=3))
def test_no_given_address_makes_anything_but_a_safe_link(text: str, given: list[str]) -> None:
    shown = Shown(MARKDOWN.render(paragraphs(f"{text} {' '.join(given)}", given)))
    assert shown.names <= {"p", "br", "a", "span"}
    assert all(link and link.startswith(("tel:", "mailto:", "http://", "https://")) for link in shown.links)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("call or text 988, or 911.", ["tel:988", "tel:911"]),
        ("(988)", ["tel:988"]),
        ("at (802) 555-0110.", ["tel:8025550110"]),
        ("Poison Control at 1-800-222-1222", ["tel:18002221222"]),
        ("988\n911", ["tel:988", "tel:911"]),
        ("call 911 now; 988 later", ["tel:911", "tel:988"]),
        ("911 is open 24 hours", ["tel:911"]),
    ],
)
def test_numbers_that_can_be_dialled_are_links(text: str, links: list[str]) -> None:
    assert Shown(MARKDOWN.render(paragraphs(text, ["988", "911"]))).links == links


@pytest.mark.parametrize(
    "text",
    [
        "19881", "9882", "988-1234", "1-988", "x911", "911x", "1,911 people", "911,500", "9.911", "911.5", "$1.988",
        "911_", "802 911 4567", "(802) 555-01101", "1-800-222-12223", "2-1-800-222-1222", "802-555-0110",
        "１911", "911²",
    ],
)  # fmt: skip
def test_parts_of_longer_numbers_are_no_links(text: str) -> None:
    assert Shown(MARKDOWN.render(paragraphs(text, ["988", "911"]))).links == []


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("hello@lindenmoor.example.org", "mailto:hello@lindenmoor.example.org"),
        ("https://portal.lindenmoor.example.org", "https://portal.lindenmoor.example.org"),
        ('https://x.example/?a=1&b="2"\'_*', 'https://x.example/?a=1&b="2"\'_*'),
        ("(802) 555-0110", "tel:8025550110"),
        ("802-555-0110", "tel:8025550110"),
        ("802.555.0110", "tel:8025550110"),
        ("+44 20 7946 0000", "tel:+442079460000"),
    ],
)
def test_given_addresses_are_links(contact: str, link: str) -> None:
    shown = Shown(MARKDOWN.render(paragraphs(f"See {contact}, please.", [contact])))
    assert shown.links == [link]
    assert shown.text.strip() == f"See {contact}, please."
    assert Shown(with_links(f"See {contact}", [contact])).links == [link]


@pytest.mark.parametrize(
    "contact",
    [
        "javascript:alert(1)", "JavaScript://x.example/%0aalert(1)", "data:text/html,<script>", "//x.example",
        "www.x.example", "vbscript:x", "file:///etc/passwd", "", " ", "front desk", "javascript:alert@x.example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_never_a_link(contact: str) -> None:
    shown = Shown(MARKDOWN.render(paragraphs(f"See {contact} please.", [contact])))
    assert shown.links == []
    assert lines(shown.text) == lines(f"See {contact} please.")


def test_addresses_that_were_not_given_are_no_links() -> None:
    text = "mail a@x.example or see https://x.example and www.x.example"
    assert Shown(MARKDOWN.render(paragraphs(text, ["hello@lindenmoor.example.org"]))).links == []


def test_a_given_number_inside_a_longer_one_is_no_link() -> None:
    assert Shown(paragraphs("call 802-555-01109 or 1802-555-0110", ["802-555-0110"])).links == []


def test_the_longer_of_two_addresses_is_linked_whole() -> None:
    given = ["https://x.example", "https://x.example/portal"]
    assert Shown(paragraphs("at https://x.example/portal", given)).links == ["https://x.example/portal"]


def test_paragraphs_stay_apart_and_lines_stay_together() -> None:
    shown = Shown(MARKDOWN.render(paragraphs("one\ntwo\n\n \n\nthree\n")))
    assert [name for name, _ in shown.tags] == ["p", "p"]
    assert shown.text == "one\ntwo\nthree\n"
    assert paragraphs(" \n ") == ""


def test_a_paragraph_in_another_language_than_the_page_says_so() -> None:
    text = "Llame al 988 ahora, por favor.\nNo está sola con esto.\n\nHágalo diez veces.\n\nThe nurse is here for you."
    shown = Shown(MARKDOWN.render(paragraphs(text, ["988"])))
    assert shown.tags == [
        ("p", {}), ("span", {"lang": "es"}), ("a", {"href": "tel:988"}),
        ("p", {}), ("span", {"lang": "es"}),
        ("p", {}),
    ]  # fmt: skip
    assert lines(shown.text) == lines(text)
    assert "lang" not in paragraphs("The nurse is here for you.\n\nCall 988.", ["988"])
