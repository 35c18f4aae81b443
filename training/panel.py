"""Blind sheets for experts out, their ratings in, and how far experts and the judge agree.

A sheet shows a message and two answers, A and B, never which model wrote which: that stands in `key.jsonl`,
which must not go to raters. Each rater has a CSV file to fill in and the same as a page to print. Sheets hold
scrubbed words and are readable by their owner alone. Ratings are only read: they train nothing.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from training.errors import RunError
from training.judge import JudgedRow, agreement_with_people
from training.metrics import Interval, Metric, Scored, interval, ratio
from training.panel_kappa import Agreement, agreement, fleiss_kappa
from training.panel_sheet import Item, page, table
from training.review_sheet import write_private
from training.rows import Example, Frozen, Prediction, read_rows, write_rows
from training.slices import asked

KEY = "key.jsonl"
OVERLAP = 20
Letter = Literal["a", "b"]
Verdict = Literal["ours", "theirs", "tie"]
_RATER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,30}")
_VALUES = ("a", "b", "tie")
_WORTH: Mapping[str, float] = {"ours": 1.0, "tie": 0.5, "theirs": 0.0}


class KeyRow(Frozen):
    """Which row an item shows, which letter ours has there, and which arm is the other."""

    item: str
    rater: str
    id: str
    group: str = ""
    ours: Letter
    against: str = ""


class Sheets(Frozen):
    """What was written: one CSV and one page a rater, and the key."""

    files: tuple[Path, ...]
    key: Path
    rows: int
    overlap: int


class Fault(Frozen):
    """One line of a returned sheet that cannot be used. No word of the line is kept."""

    file: str
    line: int
    reason: str


class PanelResult(Frozen):
    """What experts said. A win of ours counts 1, a tie one half; whole question groups are drawn.

    `missing` names the items that came back without a verdict or not at all. `rows` has the majority of
    raters for each row, which is what the judge is compared with.
    """

    raters: tuple[str, ...]
    against: str = ""
    ratings: int
    ours: int
    theirs: int
    ties: int
    win_rate: Interval
    agreements: tuple[Agreement, ...]
    fleiss: float = 0.0
    fleiss_rows: int = 0
    judge: tuple[Agreement, ...] = ()
    rows: dict[str, Verdict]
    missing: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def sheets(
    examples: Sequence[Example],
    ours: Sequence[Prediction],
    theirs: Sequence[Prediction],
    *,
    raters: Sequence[str],
    rows: int,
    seed: int,
    out: Path,
    overlap: int = OVERLAP,
) -> Sheets:
    """Write `rows` items for each of `raters` below `out/raters`, and the key beside that folder.

    The first `overlap` rows (at most `rows`) are the same for all raters, the others for each alone; each
    rater gets an order and positions of their own, A and B being ours equally often. Rows come from
    different question groups as long as there are any. Raises ValueError when there are too few rows or a
    rater's name cannot be a file name, RunError when sheets are there already.
    """
    _check(examples, ours, theirs, raters)
    shared = min(overlap, rows)
    needed = shared + len(raters) * (rows - shared)
    if rows < 1 or needed > len(examples):
        raise ValueError(
            f"{len(raters)} raters with {rows} rows each, {shared} of them shared, take {needed} rows; "
            f"there are {len(examples)}. Ask for fewer rows, or share more."
        )
    if (out / KEY).exists():
        raise RunError(f"there are sheets in {out.name!r} already, perhaps with ratings: name another folder")
    random = np.random.default_rng(seed)
    chosen = _choose(examples, needed, random)
    key: list[KeyRow] = []
    files: list[Path] = []
    for number, rater in enumerate(raters):
        own = chosen[shared + number * (rows - shared) : shared + (number + 1) * (rows - shared)]
        places = random.permutation([*chosen[:shared], *own])
        ours_first = random.permutation(np.arange(rows) % 2 == number % 2)
        items = []
        for place, (at, first) in enumerate(zip(places, ours_first, strict=True), start=1):
            example, name = examples[at], f"{rater}-{place:03d}"
            a, b = (ours[at].text, theirs[at].text) if first else (theirs[at].text, ours[at].text)
            items.append(Item(name, "\n\n".join([asked(example), *example.passages]), a, b))
            letter: Letter = "a" if first else "b"
            against = theirs[at].arm
            key.append(
                KeyRow(
                    item=name, rater=rater, id=example.id, group=example.group, ours=letter, against=against
                )
            )
        for ending, text in (("csv", table(items)), ("html", page(rater, items))):
            files.append(out / "raters" / f"{rater}.{ending}")
            write_private(files[-1], text)
    # Last, because it says that the sheets are whole.
    write_rows(out / KEY, key)
    return Sheets(files=tuple(files), key=out / KEY, rows=rows, overlap=shared)


def ratings(
    files: Sequence[Path],
    key: Path,
    *,
    judged: Sequence[JudgedRow] = (),
    judged_against: str = "",
    seed: int = 0,
) -> PanelResult:
    """Read returned sheets against their key; what cannot be used is listed and left out.

    A verdict is A, B or tie in the column `better`, in either case. Pass the judge's rows, and the arm that
    it compared with, to compare it with people who saw the same arm. Raises RunError when the key cannot be
    read or no rating can be used.
    """
    items = {one.item: one for one in read_rows(key, KeyRow)}
    against = next((one.against for one in items.values()), "")
    if not against:
        judged = ()  # a key from before the arm was noted: nobody knows what these people saw
    found: dict[str, Verdict] = {}
    faults: list[Fault] = []
    for file in files:
        for line, item, value in _read(file, faults):
            reason = _fault(item, value, items, found)
            if reason:
                faults.append(Fault(file=file.name, line=line, reason=reason))
            elif value:
                found[item] = "tie" if value == "tie" else "ours" if value == items[item].ours else "theirs"
    if not found:
        raise RunError(f"no rating can be used: {len(files)} file(s), {len(faults)} faulty line(s)")
    given = {name: items[name] for name in sorted(found)}
    by_rater: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for name, one in given.items():
        by_rater[one.rater][one.id] = found[name]
    groups = {one.id: one.group for one in items.values()}
    majority = _majorities(by_rater)
    all_rated = sorted(set.intersection(*(set(rated) for rated in by_rater.values())))
    several = len(by_rater) > 2 and bool(all_rated)
    tally = Counter(found.values())
    return PanelResult(
        raters=tuple(sorted(by_rater)),
        against=against,
        ratings=len(found),
        ours=tally["ours"],
        theirs=tally["theirs"],
        ties=tally["tie"],
        win_rate=interval(_scored(given, found), seed=seed),
        agreements=tuple(
            agreement(by_rater[one], by_rater[other], names=(one, other), groups=groups, seed=seed)
            for one, other in itertools.combinations(sorted(by_rater), 2)
        ),
        fleiss=fleiss_kappa([[rated[row] for rated in by_rater.values()] for row in all_rated])
        if several
        else 0.0,
        fleiss_rows=len(all_rated) if several else 0,
        judge=(agreement_with_people(judged, majority),) if judged and judged_against == against else (),
        rows=majority,
        missing=tuple(sorted(items.keys() - found.keys())),
        faults=tuple(faults),
    )


def _check(
    examples: Sequence[Example],
    ours: Sequence[Prediction],
    theirs: Sequence[Prediction],
    raters: Sequence[str],
) -> None:
    ids = [one.id for one in examples]
    if [one.id for one in ours] != ids or [one.id for one in theirs] != ids:
        raise ValueError(f"{len(ours)} and {len(theirs)} predictions are not those of {len(ids)} examples")
    odd = [number for number, name in enumerate(raters, start=1) if not _RATER.fullmatch(name)]
    if not raters or odd or len({name.lower() for name in raters}) < len(raters):
        raise ValueError(
            "raters need names of letters, digits and hyphens, each another one"
            + (f"; look at number {', '.join(map(str, odd))}" if odd else "")
        )


def _choose(examples: Sequence[Example], count: int, random: np.random.Generator) -> list[int]:
    """Return the places of `count` rows, those of new question groups first."""
    order = [int(at) for at in random.permutation(len(examples))]
    seen: Counter[str] = Counter()
    ranked = []
    for at in order:
        group = examples[at].group or f"row {examples[at].id}"
        ranked.append((seen[group], at))
        seen[group] += 1
    ranked.sort(key=lambda one: one[0])
    return [at for _, at in ranked[:count]]


def _read(file: Path, faults: list[Fault]) -> Iterator[tuple[int, str, str]]:
    """Yield line, item and verdict of each row; a spreadsheet may have saved ; or tabs for commas."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        faults.append(Fault(file=file.name, line=0, reason="not there, or not UTF-8 text: save as CSV UTF-8"))
        return
    head = text.partition("\n")[0]
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    names = [name.strip().lower() for name in next(cells, [])]
    if "item" not in names or "better" not in names:
        faults.append(Fault(file=file.name, line=1, reason="no columns 'item' and 'better'"))
        return
    item, better = names.index("item"), names.index("better")
    try:
        for row in cells:
            if any(cell.strip() for cell in row):
                padded = [*row, *[""] * len(names)]
                yield cells.line_num, padded[item].strip(), padded[better].strip().lower()
    except csv.Error:
        faults.append(Fault(file=file.name, line=cells.line_num, reason="not CSV from here on"))


def _fault(item: str, value: str, items: Mapping[str, KeyRow], found: Mapping[str, Verdict]) -> str:
    if item not in items:
        return "an item that the key does not have"
    if value and value not in _VALUES:
        return f"{item}: 'better' is not A, B or tie"
    if value and item in found:
        return f"{item}: rated already; the first verdict counts"
    return ""


def _majorities(by_rater: Mapping[str, Mapping[str, Verdict]]) -> dict[str, Verdict]:
    """Return for each row what more than half of its raters said, and a tie where nothing has that many."""
    said: dict[str, list[Verdict]] = defaultdict(list)
    for rated in by_rater.values():
        for row, verdict in rated.items():
            said[row].append(verdict)
    majority: dict[str, Verdict] = {}
    for row in sorted(said):
        verdict, times = Counter(said[row]).most_common(1)[0]
        majority[row] = verdict if times > len(said[row]) / 2 else "tie"
    return majority


def _scored(given: Mapping[str, KeyRow], found: Mapping[str, Verdict]) -> Scored:
    # Several ratings of one row are not independent, so a row without a group is a group of its ratings.
    return Scored(
        Metric("win_rate", ratio),
        np.asarray([[_WORTH[found[name]], 1.0] for name in given], dtype=np.float64),
        tuple(given),
        tuple(one.group or f"row {one.id}" for one in given.values()),
    )
