"""Find questions and answers in Markdown.

The mapping:

- A heading is a question, the text below it the answer. The level that has text most often is
  the level of the questions; a heading above it names the topic of those below, a heading
  beneath it belongs to the answer. A heading with an id of its own is a question at any level.
- Fields other than question and answer stand first below the heading, in any of three ways:
  lines `audience: staff`, a list `- audience: staff`, or a comment `<!-- audience: staff -->`.
  `alternates` are separated by | or ; , or are a list indented below `alternates:`.
- Without an id the heading's anchor is the id ("How do I pay?" -> how-do-i-pay).
- A front matter between --- lines gives fields for every entry of the file.
- Text that no question has (before the first heading, below a topic) comes out as a loose section, and a
  heading that no entry takes as a remark: whoever imports a document is to see what of it was left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

_KEYS = "id|question|alternates|audience|topic|owner|source|reviewed|review_by|language"
_VALUE_LINE = re.compile(rf"\s*(?:[-*+]\s+)?[*_`]*({_KEYS})[*_`]*\s*:[*_`]*\s*(.*?)\s*", re.IGNORECASE)
_LIST_LINE = re.compile(r"\s+[-*+]\s+(.*?)\s*")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
_COMMENT = re.compile(r"\A\s*<!--(.*?)-->", re.DOTALL)
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|</?[A-Za-z][^>]*>", re.DOTALL)
_HEADING_ID = re.compile(r"\s*\{#([\w.:-]+)\}\s*$")


@dataclass(frozen=True)
class Section:
    """A question heading with what stands below it; a loose one is text that no question has."""

    line: int
    heading: str
    text: str
    values: dict[str, str] = field(default_factory=dict)
    loose: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """Return the heading in the form of a link's anchor."""
        return re.sub(r"[^\w]+", "-", self.heading.lower()).strip("-")


@dataclass(frozen=True)
class _Part:
    """A heading, its level, and the lines up to the next heading: all, and those that are no fields."""

    line: int
    level: int
    heading: str
    whole: str
    text: str
    values: dict[str, str]


def read_sections(text: str) -> Iterator[Section]:
    """Yield the questions of a Markdown text in order, and between them what belongs to none."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    shared: dict[str, str] = {}
    unread: list[int] = []
    front = _FRONT_MATTER.match(text)
    if front:
        lines = front[1].split("\n")
        shared, _ = _take_values([line for line in lines if _VALUE_LINE.fullmatch(line)])
        unread = [at for at, line in enumerate(lines, 2) if line.strip() and not _VALUE_LINE.fullmatch(line)]
        # Blank lines in its place keep the line numbers right.
        text = "\n" * front[0].count("\n") + text[front.end() :]
    parts = _parts(text)
    if not parts[1:]:
        return
    sections, taken, idle = _sections(parts, shared)
    unread += [part.line for part in parts[1:] if part.heading and part.line not in taken]
    told = ((unread, "no entry takes it"), (idle, "the fields below it are of no entry"))
    remarks = tuple(f"line {', '.join(map(str, lines))}: {what}" for lines, what in told if lines)
    first = next(at for at, section in enumerate(sections) if not section.loose)
    sections[first] = replace(sections[first], remarks=remarks)
    yield from sections


def _sections(parts: Sequence[_Part], shared: dict[str, str]) -> tuple[list[Section], set[int], list[int]]:
    """Return the sections, the lines of the headings that stand in them, and of those whose fields do not."""
    levels = Counter(part.level for part in parts[1:] if part.text)
    question_level = max(levels, key=lambda level: (levels[level], level)) if levels else parts[-1].level
    topics: dict[int, _Part] = {}
    sections: list[Section] = []
    taken: set[int] = set()
    idle: list[int] = []
    for part in parts:
        if (part.level and part.values.get("id")) or part.level == question_level:
            above = max((level for level in topics if level < part.level), default=None)
            topic = None if above is None else topics[above]
            values = {"topic": topic.heading if topic else "", **shared, **part.values}
            if topic and values["topic"] == topic.heading:
                taken.add(topic.line)
            if "question" not in values:
                taken.add(part.line)
            sections.append(Section(part.line, values.pop("question", part.heading), part.text, values))
            continue
        idle += [part.line] * bool(part.values)
        if part.level > question_level and sections and not sections[-1].loose:
            longer = "\n\n".join(filter(None, (sections[-1].text, part.heading, part.whole)))
            sections[-1] = replace(sections[-1], text=longer)
            taken.add(part.line)
        else:
            topics = {level: one for level, one in topics.items() if level < part.level}
            topics |= {part.level: part} if part.level else {}
            sections.append(Section(part.line, "", part.whole, loose=True))
    return [section for section in sections if section.text or not section.loose], taken, idle


def _parts(text: str) -> list[_Part]:
    """Return what stands before the first heading, as a part without one, and the parts below headings."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text)
    lines = text.split("\n")
    marks = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    begin = (tokens[marks[0]].map or [0])[0] if marks else len(lines)
    start = next((at for at, line in enumerate(lines) if line.strip()), 0)
    before = _plain(parser.parse("\n".join(lines[:begin])))
    parts = [_Part(start + 1, 0, "", before, before, _leading_values(lines[:begin])[0])]
    for at, following in pairwise([*marks, len(tokens)]):
        first, after = tokens[at].map or [0, 0]
        end_map = tokens[following].map if following < len(tokens) else None
        end = end_map[0] if end_map else len(lines)
        values, body = _leading_values(lines[after:end])
        heading = _inline(tokens[at + 1])
        own_id = _HEADING_ID.search(heading)
        if own_id:
            values.setdefault("id", own_id[1])
            heading = heading[: own_id.start()]
        level = int(tokens[at].tag[1:])
        whole, own = (_plain(parser.parse(part)) for part in ("\n".join(lines[after:end]), body))
        parts.append(_Part(first + 1, level, heading.strip(), whole, own, values))
    return parts


def _leading_values(lines: Sequence[str]) -> tuple[dict[str, str], str]:
    """Return the fields that stand first below a heading, and the text after them."""
    skipped = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    text = "\n".join(lines[skipped:])
    comment = _COMMENT.match(text)
    if comment:
        values, _ = _take_values(comment[1].split("\n"))
        return values, text[comment.end() :] if values else text
    values, used = _take_values(lines[skipped:])
    return values, "\n".join(lines[skipped + used :])


def _take_values(lines: Sequence[str]) -> tuple[dict[str, str], int]:
    values: dict[str, str] = {}
    key = ""
    used = 0
    for at, line in enumerate(lines):
        value = _VALUE_LINE.fullmatch(line)
        item = _LIST_LINE.fullmatch(line)
        if value and value[1].lower() not in values:
            key = value[1].lower()
            values[key] = value[2].strip("\"'") if not value[2].startswith("[") else value[2]
        elif item and key == "alternates":
            values[key] = "|".join(filter(None, (values[key], item[1].strip("\"'"))))
        elif line.strip():
            break
        else:
            continue
        used = at + 1
    return values, used


def _plain(tokens: Sequence[Token]) -> str:
    """Return the text of block tokens: paragraphs apart, list items and table rows on lines."""
    blocks: list[str] = []
    bullets: list[str] = []
    cells: list[str] | None = None
    lead = ""
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            bullets.append("- " if token.type.startswith("bullet") else "#")
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            bullets.pop()
        elif token.type == "list_item_open":
            lead = f"{token.info}. " if bullets[-1] == "#" else "- "
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and cells is not None:
            blocks.append("\n" + " | ".join(cells))
            cells = None
        elif token.type == "inline" and cells is not None:
            cells.append(_inline(token))
        elif token.type == "inline":
            blocks.append(("\n" if bullets else "\n\n") + lead + _inline(token))
            lead = ""
        elif token.type == "html_block":
            blocks.append("\n\n" + _TAG.sub(" ", token.content).strip())
        elif token.type in ("fence", "code_block"):
            blocks.append("\n\n" + token.content.rstrip("\n"))
    return "".join(blocks).strip()


def _inline(token: Token) -> str:
    """Return the words of a line without its marks; a link's address follows it in brackets."""
    out: list[str] = []
    address = ""
    link_start = 0
    for child in token.children or []:
        if child.type in ("text", "code_inline") or child.type == "image":
            out.append(child.content)
        elif child.type == "softbreak":
            out.append(" ")
        elif child.type == "hardbreak":
            out.append("\n")
        elif child.type == "link_open":
            address = str(child.attrs.get("href", ""))
            link_start = len(out)
        elif child.type == "link_close" and "".join(out[link_start:]) not in (
            address,
            address.removeprefix("mailto:"),
        ):
            out.append(f" ({address})")
    return "".join(out)
