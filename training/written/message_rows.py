"""What the reader of messages learns from: danger and what only sounds like it, feelings, harm, orders.

The crisis classifier's messages with the category of the gate's verdict, the screen's with that of a refusal,
and what people say who want to be heard (`safety.reader.FEELING`). Of what is asked of the written FAQs,
which is all ordinary, a part: there is more of it than of the rest. Of a template two messages: an encoder
learns no more from six. English alone: the encoder knows no other.

Few people write a page by hand, so that long messages are few. Besides them several messages of one author
are put together to one: with one of danger anywhere among them it tells of that danger, else of none.

What was written since the active reader was trained is left to the next training (`SINCE`): two epochs over
all of it were less than three over the rest (of authors left out AUROC .939 and .945 on the same rows).

Must not: hold anything of its own.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from safety.reader import FEELING
from training.written import crisis_rows, screen_rows, support_rows

CLINIC_SHARE: Final = 0.25
"""How much of what is asked of the written FAQs is read."""
COPIES: Final = 2
TOGETHER_EACH: Final = 120
"""How many messages are put together of each author of the crisis corpus."""
CHARACTERS: Final = (250, 900)
"""How long they are at least, drawn evenly between these."""
_DANGEROUS: Final = 0.5
SINCE: Final = {"train-en-17": 1_267, "train-en-22": 1, "train-en-23": 1, "train-en-24": 1}
"""From which number on an author's rows of the crisis corpus are left to the next training."""
SCREEN_SINCE: Final = frozenset("jklmno")
"""The same of the screen: authors."""
_HEAVY: Final = ("low_mood", "low_mood", "low_mood", "health", "negated", "past_recovered", "idiom", "admin")
"""The levels that the ordinary parts are drawn from: mostly what a sad letter is made of."""
_JOINTS: Final = (" ", " ", "\n", ". ")


def training_rows(seed: int) -> Iterator[dict[str, object]]:
    """Yield the columns id, text, label, author and group of every message."""
    chance = random.Random(seed)
    whole = defaultdict[str, list[crisis_rows.CrisisRow]](list)
    for row in crisis_rows.crisis_rows():
        left = row.level == "clinic" and chance.random() >= CLINIC_SHARE
        if left or row.language != "en" or _since(row):
            continue
        if not row.template and row.level != "clinic":
            whole[row.author].append(row)
        for columns in crisis_rows.written_out(row, seed=seed, copies=COPIES):
            yield {**columns, "label": label_of(row)}
    for author, rows in sorted(whole.items()):
        yield from together(author, rows, seed=seed)
    for one in screen_rows.screen_rows():
        if one.author in SCREEN_SINCE:
            continue
        yield {
            "id": f"screen-{one.id}",
            "text": one.text,
            "label": one.category,
            "author": f"screen-{one.author}",
            "group": f"screen-{one.id}",
        }
    for said in support_rows.support_rows():
        if said.kind == "support":
            yield {
                "id": said.id,
                "text": said.question,
                "label": FEELING,
                "author": said.author,
                "group": said.id,
            }


def _since(row: crisis_rows.CrisisRow) -> bool:
    return row.author in SINCE and int(row.id.rpartition("-")[2]) >= SINCE[row.author]


def label_of(row: crisis_rows.CrisisRow) -> str:
    """Return what the reader learns of a row: the category of the verdict, or that it tells of a feeling."""
    return FEELING if row.level == "low_mood" else crisis_rows.CATEGORY_OF_LEVEL[row.level]


def together(author: str, rows: Sequence[crisis_rows.CrisisRow], *, seed: int) -> Iterator[dict[str, object]]:
    """Yield messages that are several short ones of one author, half of them with one of danger in it."""
    chance = random.Random(f"{seed} {author}")
    ordinary = defaultdict[str, list[str]](list)
    dangers = [row for row in rows if row.action in ("crisis", "emergency") and len(row.text) < CHARACTERS[0]]
    for row in rows:
        if row.action == "allow" and len(row.text) < CHARACTERS[0]:
            ordinary[row.level].append(row.text)
    levels = [level for level in _HEAVY if ordinary[level]]
    if not levels or not dangers:
        return
    for number in range(TOGETHER_EACH):
        length, parts, of = chance.randint(*CHARACTERS), list[str](), list[str]()
        while sum(map(len, parts)) < length:
            of.append(chance.choice(levels))
            parts.append(chance.choice(ordinary[of[-1]]))
        label = FEELING if of.count("low_mood") * 3 > len(of) else "none"
        if chance.random() < _DANGEROUS:
            danger = chance.choice(dangers)
            parts.insert(chance.randint(0, len(parts)), danger.text)
            label = label_of(danger)
        name = f"together-{author}-{number}"
        yield {
            "id": name, "text": chance.choice(_JOINTS).join(parts), "label": label, "author": author,
            "group": name,
        }  # fmt: skip
