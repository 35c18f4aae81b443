"""The FAQ entry, and loading entries from JSON Lines, CSV and Markdown files.

A row is rejected only when it has no id, no question or no answer, or repeats an id. Everything
else that is odd is read leniently and reported as a warning. Rejects and warnings name the file
and the row, never its words.

An `audience` that is not known is taken for `staff`: a mistyped word must not publish an entry. A
`language` that is no code is taken for `und`, the code of a language that is not known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal, get_args

from retrieval.errors import FaqFileError, UnknownLanguage
from retrieval.faq_files import READERS, RawRow
from retrieval.languages import UNDETERMINED, language_tag

Audience = Literal["patient", "staff", "both"]

_AUDIENCES: dict[str, Audience] = {
    **{name: name for name in get_args(Audience)},
    "": "both",
    "patients": "patient",
    "all": "both",
    "any": "both",
    "everyone": "both",
}


@dataclass(frozen=True)
class FaqEntry:
    """One approved question and answer."""

    id: str
    question: str
    answer: str
    alternates: tuple[str, ...] = ()
    audience: Audience = "both"
    topic: str = ""
    owner: str = ""
    source: str = ""
    reviewed: date | None = None
    language: str = "en"
    review_by: date | None = None


@dataclass(frozen=True)
class Reject:
    """A row that was left out, or read with a warning: where it stands and why."""

    path: Path
    row: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: row {self.row}: {self.reason}"


@dataclass(frozen=True)
class FaqLoad:
    """What loading gave: entries in file order, the rows left out, and the rows read with a warning."""

    entries: tuple[FaqEntry, ...]
    rejects: tuple[Reject, ...]
    warnings: tuple[Reject, ...] = ()


def load_faq(paths: Sequence[Path]) -> FaqLoad:
    """Read all FAQ files of `paths`; a folder stands for the FAQ files in and below it.

    Raises FaqFileError for a path that is missing, unreadable or of an unknown kind.
    """
    entries: dict[str, FaqEntry] = {}
    rejects: list[Reject] = []
    warnings: list[Reject] = []
    for path in faq_files(paths):
        try:
            rows = list(READERS[path.suffix.lower()](path))
        except OSError as error:
            raise FaqFileError(f"cannot read the FAQ file {path}: {error.strerror}") from error
        for row in rows:
            entry, remarks = entry_of(row)
            fault = row.fault or _fault(entry, entries)
            if fault:
                rejects.append(Reject(path, row.number, fault))
                continue
            entries[entry.id] = entry
            warnings.extend(Reject(path, row.number, remark) for remark in (*row.remarks, *remarks))
    return FaqLoad(tuple(entries.values()), tuple(rejects), tuple(warnings))


def faq_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files behind `paths`, each once; those of a folder in the order of their names."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(
                file
                for file in path.rglob("*")
                if file.suffix.lower() in READERS and file.is_file() and file.stem.lower() != "readme"
            )
            if not inside:
                raise FaqFileError(f"no FAQ file in the folder {path}: put {_kinds()} there")
            found.update(dict.fromkeys(inside))
        elif not path.is_file():
            raise FaqFileError(f"no FAQ file at {path}")
        elif path.suffix.lower() not in READERS:
            raise FaqFileError(f"cannot read {path} as a FAQ: its name must end in {_kinds()}")
        else:
            found[path] = None
    return tuple(found)


def entry_to_json(entry: FaqEntry) -> str:
    """Return the entry as one JSON line, readable by `load_faq`."""
    fields = {**entry.__dict__, "alternates": list(entry.alternates)}
    fields["reviewed"] = entry.reviewed.isoformat() if entry.reviewed else None
    if entry.review_by is None:
        # Left out, so that an entry without it has the line, and the hash, that it always had.
        del fields["review_by"]
    else:
        fields["review_by"] = entry.review_by.isoformat()
    return json.dumps(fields, ensure_ascii=False)


def _fault(entry: FaqEntry, known: Mapping[str, FaqEntry]) -> str:
    missing = [name for name in ("id", "question", "answer") if not getattr(entry, name)]
    if missing:
        return f"no {' and no '.join(missing)}"
    return f"id {entry.id!r} was used before" if entry.id in known else ""


def entry_of(row: RawRow) -> tuple[FaqEntry, list[str]]:
    """Return the entry that a row describes, with empty strings for what is missing, and remarks."""
    remarks: list[str] = []
    values = row.fields
    audience = _AUDIENCES.get(_text(values.get("audience")).lower())
    if audience is None:
        remarks.append("audience is none of patient, staff, both: taken for staff")
        audience = "staff"
    dates: dict[str, date | None] = {}
    for name in ("reviewed", "review_by"):
        dates[name] = _date(_text(values.get(name)))
        if dates[name] is None and _text(values.get(name)):
            remarks.append(f"{name} is not a date (YYYY-MM-DD): left empty")
    try:
        language = language_tag(_text(values.get("language")) or "en")
    except UnknownLanguage:
        # The value may be a cell of another column: it is not shown.
        remarks.append("language is no code such as en, es or pt-BR: taken for und, not known")
        language = UNDETERMINED
    question = " ".join(_text(values.get("question")).split())
    seen = {question.casefold()}
    alternates: list[str] = []
    for alternate in _alternates(values.get("alternates")):
        text = " ".join(alternate.split())
        if text and text.casefold() not in seen:
            seen.add(text.casefold())
            alternates.append(text)
    entry = FaqEntry(
        id=_text(values.get("id")),
        question=question,
        answer=_text(values.get("answer")),
        alternates=tuple(alternates),
        audience=audience,
        topic=_text(values.get("topic")),
        owner=_text(values.get("owner")),
        source=_text(values.get("source")),
        reviewed=dates["reviewed"],
        language=language,
        review_by=dates["review_by"],
    )
    return entry, remarks


def _text(value: object) -> str:
    """Return a field as stripped text; numbers are written out, what has no text is empty."""
    if isinstance(value, str):
        # A lone surrogate cannot be written as UTF-8 later.
        return value.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def _alternates(value: object) -> Iterable[str]:
    """Accept a list, a JSON list in a string, or a string separated by | or ; ."""
    if isinstance(value, list):
        return [_text(item) for item in value]
    text = _text(value)
    if text.startswith("["):
        try:
            items = json.loads(text)
        except ValueError:
            items = None
        if isinstance(items, list):
            return [_text(item) for item in items]
    return re.split(r"\s*\|\s*" if "|" in text else r"\s*[;\n]\s*", text)


def _date(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _kinds() -> str:
    return ", ".join(READERS)
