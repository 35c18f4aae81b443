"""What the crisis classifier says of authors whom it has not seen, and the limits that follow from that.

Each author is left out once, and scored by what the others teach. The scores are one table, a row a message,
ids and numbers and no words; of a template the first message stands for all. What is shipped was chosen on
`training/written/crisis_out_of_author.csv`, and a test holds the limits to the rule below.

The rule. Ordinary messages (label none) are grouped by the language that their words tell and by length.
Those of neither language count in both, but for what is asked of the written clinics, which is English. For
each action, language and length:

    act      the least share that at most the language's `act` of the group reach as that action,
             at least LEAST_ACT
    support  the same for `support` and LEAST_SUPPORT, at most act
    short    of a message of few content words, besides: at least the limit of longer ones, and
             LEAST_ACT_SHORT and LEAST_SUPPORT_SHORT

    doubts   where the task says so of a language, a share below which a rule is doubted: of the dangerous
             messages that a rule stops and n-grams may doubt at most so many stay below, and none of fewer
             than LEAST_DOUBTED. It is at most MOST_DOUBTED: what is likelier is not next to no danger.

The ceilings are the prior of the real traffic: that ordinary messages outnumber danger by far moves every
probability alike, so it is the share of ordinary messages stopped, and no share of danger, that decides.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeVar

from pydantic import Field, ValidationError

from safety.crisis_ngrams import KINDS, SHORT, Ceilings, Danger, Kind, Limit
from safety.function_words import Language
from safety.language import LANGUAGES
from training.errors import CorpusError, RunError
from training.rows import Frozen
from weights.durable import durable_text

OUT_OF_AUTHOR: Final = "out_of_author.csv"
SHIPPED_SCORES: Final = Path(__file__).parent / "written" / "crisis_out_of_author.csv"
LEAST_ACT: Final = 0.7
"""However few ordinary messages come near: a fixed reply needs danger to be clearly the likelier reading."""
LEAST_ACT_SHORT: Final = 0.95
"""Of a few words each may be read in many ways, and one that is new decides alone: twenty to one."""
LEAST_SUPPORT: Final = 0.4
LEAST_SUPPORT_SHORT: Final = 0.7
"""A greeting is a few words, too: before one the line is odd, and few ordinary messages are as short."""
LEAST_DOUBTED: Final = 100
MOST_DOUBTED: Final = 0.2
CLINIC: Final = "clinic-"
"""What the ids of questions to the written clinics begin with."""
DIGITS: Final = 4
"""Shares are rounded to so many places in a table."""
Row = TypeVar("Row", bound=Frozen)


class Score(Frozen):
    """One message as scored without its author; `share` is that of danger, `action` the likelier kind."""

    id: str
    label: str
    action: Kind
    language: Language
    words: int = Field(ge=0)
    share: float = Field(ge=0, le=1)


def limits_from(
    scores: Sequence[Score], ceilings: Mapping[Literal["en", "es"], Ceilings]
) -> tuple[Limit, ...]:
    """Return the limit of each action, language and length, by the rule above.

    A language in which no ordinary message was written gets those of all. Raises CorpusError without any.
    """
    ordinary = [one for one in scores if one.label == "none"]
    if not ordinary:
        raise CorpusError("no ordinary row (label none): limits cannot be chosen")
    found = []
    for action in KINDS:
        for language in LANGUAGES:
            read = [
                one
                for one in ordinary
                if one.language == language
                or (one.language == "" and (language == "en" or not one.id.startswith(CLINIC)))
            ]
            if all(one.language == "" for one in read):
                read = ordinary
            groups = [[one for one in read if (one.words < SHORT) == short] for short in (False, True)]
            act, support, most = 0.0, 0.0, ceilings[language]
            for short, group in enumerate(groups):
                act = max(act, LEAST_ACT_SHORT if short else LEAST_ACT, _reached(group, action, most.act))
                least = LEAST_SUPPORT_SHORT if short else LEAST_SUPPORT
                support = min(act, max(support, least, _reached(group, action, most.support)))
                found.append(
                    Limit(action=action, language=language, short=bool(short), act=act, support=support)
                )
    return tuple(found)


def doubts_below(shares: Iterable[float], doubted: float) -> float:
    """Return the share that at most the part `doubted` of these stay below; 0 of too few to tell."""
    rising = sorted(shares)
    if len(rising) < LEAST_DOUBTED:
        return 0.0
    return min(MOST_DOUBTED, max(0.0, round(rising[int(doubted * len(rising))] - 10**-DIGITS, DIGITS)))


def scored(row_id: str, label: str, danger: Danger) -> Score:
    """Return a row of the table; its share is rounded as it is written."""
    return Score(
        id=row_id, label=label, action=danger.action, language=danger.language, words=danger.words,
        share=round(danger.share, DIGITS),
    )  # fmt: skip


def write_scores(file: Path, scores: Iterable[Score]) -> str:
    """Write the table, whole or not at all; return its SHA-256."""
    return write_table(file, scores, Score)


def read_scores(file: Path) -> list[Score]:
    """Read what `write_scores` wrote. Raises RunError when it is not there or is no such table."""
    return read_table(file, Score, again="train the crisis classifier again to write it")


def write_table(file: Path, rows: Iterable[Row], of: type[Row]) -> str:
    """Write rows as CSV, a column a field, whole or not at all; return the file's SHA-256."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with durable_text(file) as stream:
        table = csv.DictWriter(stream, tuple(of.model_fields), lineterminator="\n")
        table.writeheader()
        table.writerows(one.model_dump() for one in rows)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_table(file: Path, of: type[Row], *, again: str) -> list[Row]:
    """Read what `write_table` wrote. Raises RunError, `again` as the way out, when it is no such table."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            return [of.model_validate(one) for one in csv.DictReader(stream)]
    except (OSError, ValidationError) as error:
        raise RunError(f"cannot read {file.name}: {again}") from error


def least_share(shares: Iterable[float], *, allowed: int) -> float:
    """Return the least share, at most 1, that at most `allowed` of these reach."""
    falling = sorted(shares, reverse=True)
    if allowed >= len(falling):
        return 0.0
    return min(1.0, round(falling[allowed] + 10**-DIGITS, DIGITS))


def _reached(group: Sequence[Score], action: Kind, ceiling: float) -> float:
    """Return the least share that at most `ceiling` of the group reach as `action`; at most 1."""
    shares = (one.share for one in group if one.action == action)
    return least_share(shares, allowed=int(ceiling * len(group)))
