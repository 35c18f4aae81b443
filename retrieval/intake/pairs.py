"""Recognise questions and answers in the text of a document, whichever way it was laid out.

Four layouts: labels ("Q: ... A: ..."), a table with such columns, headings, and lines that ask (bold,
numbered or plain). The one that gives most pairs is taken. Text that no pair has is returned as well, as
a pair without a question: nothing of a document is lost silently.
Pure: text in, pairs out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from retrieval.faq_files import RawRow, field_names, headed_row
from retrieval.faq_markdown import read_sections
from retrieval.intake.hidden import MARK

_LABEL = re.compile(
    r"(?:[-*>#]+\s+|\s)*([*_]{0,2})(q(?:uestion)?|a(?:nswer)?)\s*\d{0,3}\s*(?:\1)?\s*[:.)]\s*(?:\1)?\s*(.*)",
    re.IGNORECASE,
)
_BULLET = re.compile(r"\s*(?:#{1,6}\s+|\d{1,3}[.)]\s+|[-*+•]\s+)?[*_]{0,3}(.*?)[*_]{0,3}\s*$")
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_ROW = re.compile(r"\s*\|(.*)\|\s*$")
_LONGEST = 240  # letters of a question that stands on a line of its own


@dataclass(frozen=True)
class Pair:
    """A question and its answer at a line of the text; either may be empty."""

    line: int
    question: str
    answer: str
    values: dict[str, object] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    named: bool = True
    """Whether it is known what its parts are: see `RawRow.named`."""


def read_pairs(text: str) -> tuple[Pair, ...]:
    """Return the pairs of a Markdown or plain text, in order, and what belongs to none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    layouts = [_labelled(lines), _tables(lines), _headed(text), _asking(lines)]
    best = max(layouts, key=_asked)  # of equal ones the first: labels say more than a mark at a line's end
    if any(pair.question for pair in best):
        return tuple(best)
    start = next((number for number, line in enumerate(lines, 1) if line.strip()), 0)
    return (Pair(start, "", text.strip()),) if start else ()


def _asked(pairs: list[Pair]) -> int:
    """Return how many questions a layout finds; none when it finds no answer to any of them."""
    return sum(bool(pair.question) for pair in pairs) if any(p.question and p.answer for p in pairs) else 0


def _labelled(lines: list[str]) -> list[Pair]:
    pairs: list[Pair] = []
    start, part, texts = 0, "", {"q": "", "a": ""}

    def close() -> None:
        if texts["q"].strip() or texts["a"].strip() or texts.get("", "").strip():
            loose = texts.pop("", "").strip()
            pairs.append(Pair(start, texts["q"].strip(), texts["a"].strip() or loose))

    for number, line in enumerate(lines, start=1):
        label = _LABEL.match(line)
        if label:
            kind = label[2][0].lower()
            if kind == "q" or part == "":
                close()
                start, texts = number, {"q": "", "a": ""}
            part = kind
            texts[part] = f"{texts[part]}\n{label[3]}"
        elif line.strip() or part:
            start = start or number
            texts[part] = f"{texts.get(part, '')}\n{line}"
    if not part:
        return []
    close()
    return [Pair(pair.line, _one_line(pair.question), _plain(pair.answer)) for pair in pairs]


def _tables(lines: list[str]) -> list[Pair]:
    pairs: list[Pair] = []
    header: tuple[str, ...] = ()
    loose: list[tuple[int, str]] = []

    def close() -> None:
        if loose:
            pairs.append(Pair(loose[0][0], "", _plain("\n".join(line for _, line in loose))))
            loose.clear()

    for number, line in enumerate(lines, start=1):
        bars = _ROW.match(line)
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", bars[1])] if bars else []
        if bars and header:
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells if cell):
                close()
                pairs += [_of_cells(row) for row in headed_row(number, cells, header)]
            continue
        names = field_names([cell.strip("*_ ") for cell in cells])
        header = names if {"question", "answer"} <= set(names) else ()
        ruled = bars and not any(map(str.isalnum, line))
        loose += [(number, line)] * bool(not header and not ruled and (line.strip() or loose))
    close()
    return pairs


def _of_cells(row: RawRow) -> Pair:
    values = dict(row.fields)
    question, answer = (str(values.pop(name, "")) for name in ("question", "answer"))
    remarks = (*row.remarks, *left_over(row.left))
    return Pair(row.number, _one_line(question), _plain(answer), values, remarks, row.named)


def left_over(places: tuple[int, ...]) -> tuple[str, ...]:
    """Return a remark on the cells of a row that no field of an entry takes."""
    return (f"column {', '.join(map(str, places))}: no field of an entry, not taken in",) if places else ()


def _headed(text: str) -> list[Pair]:
    return [
        Pair(one.line, one.heading, one.text, dict(one.values), one.remarks) for one in read_sections(text)
    ]


def _asking(lines: list[str]) -> list[Pair]:
    pairs: list[Pair] = []
    start, question, answer, topic = 0, "", [""], ""

    def close() -> None:
        if question or "".join(answer).strip():
            values: dict[str, object] = {"topic": topic} if question and topic else {}
            pairs.append(Pair(start, question, _plain("\n".join(answer)), values))

    for number, line in enumerate(lines, start=1):
        marked = _BULLET.sub(r"\1", line).strip()
        bare = marked.replace(MARK, "").strip("*_ ")
        heading = _HEADING.fullmatch(line)
        if bare.endswith("?") and len(bare) <= _LONGEST and "|" not in bare:
            if question or not topic or answer != [topic]:
                close()
            start, question, answer = number, _one_line(marked), []
        elif heading:
            close()
            topic = _one_line(heading[1])
            start, question, answer = number, "", [topic]
        else:
            start = start or (number if line.strip() else 0)
            answer += [line] * bool(line.strip() or answer != [topic])
    close()
    return pairs


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"[*_]{2,}|<br\s*/?>", " ", text).split()).strip("*_ ")


def _plain(text: str) -> str:
    """Return an answer without Markdown's marks; its lines stay."""
    text = re.sub(r"<br\s*/?>", "\n", text, flags=re.IGNORECASE)
    text = re.sub(r"\[([^\]]+)\]\((?:mailto:|tel:)?([^)\s]+)[^)]*\)", _link, text)
    text = re.sub(r"(\*\*|__)(.+?)\1", r"\2", text)
    text = re.sub(r"^\s*#{1,6}\s+", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _link(match: re.Match[str]) -> str:
    return match[1] if match[1] == match[2] else f"{match[1]} ({match[2]})"
