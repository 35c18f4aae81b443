"""The written messages of the crisis classifier: every row can be read, and no alternative breaks one."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from safety.replies import Replies
from safety.reply_kinds import REPLY_KINDS
from safety.verdict import Verdict
from training.errors import CorpusError
from training.reading import read_corpus
from training.recipe import Corpus, load_recipe
from training.shapes import to_examples
from training.tasks import TASKS
from training.written.crisis_rows import (
    CATEGORY_OF_KIND,
    CATEGORY_OF_LEVEL,
    COPIES,
    crisis_rows,
    expansions,
    training_rows,
)

ROWS = list(crisis_rows())
GOOD = {
    "id": "a-1", "author": "a", "language": "en", "text": "I {can't|cannot} {come|be there} today", "template": True,
    "action": "allow", "level": "admin",
}  # fmt: skip


def test_ids_are_unique_and_every_level_has_one_action() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    actions: dict[str, set[str]] = {}
    for row in ROWS:
        actions.setdefault(row.level, set()).add(row.action)
    assert set(actions) == set(CATEGORY_OF_LEVEL)
    assert all(len(found) == 1 for found in actions.values())
    assert {level for level, found in actions.items() if found == {"allow"}} == {
        level for level, category in CATEGORY_OF_LEVEL.items() if category == "none"
    }


def test_both_languages_have_several_authors_with_ordinary_messages_and_danger() -> None:
    authors = Counter((row.language, row.author, row.action == "allow") for row in ROWS)
    for language in ("en", "es"):
        names = {author for of, author, _ in authors if of == language}
        of_both = [
            name for name in names if all(authors[language, name, calm] >= 100 for calm in (True, False))
        ]
        assert len(of_both) >= 2
        assert all(authors[language, name, True] >= 90 for name in names)


def test_each_language_has_ordinary_messages_of_few_words() -> None:
    """Without them, two words of a harmless message look like danger."""
    for language in ("en", "es"):
        few = [
            row for row in ROWS
            if row.language == language and row.action == "allow" and len(row.text.split()) <= 6
        ]  # fmt: skip
        assert len(few) >= 100


def test_no_text_is_there_twice() -> None:
    texts = Counter(" ".join(row.text.lower().split()) for row in ROWS)
    assert [text for text, count in texts.items() if count > 1] == []


def test_no_row_holds_a_way_to_be_reached() -> None:
    reachable = re.compile(r"https?:|www\.|\S@\S|\d{3}[- .]\d{4}")
    assert [row.id for row in ROWS if reachable.search(row.text)] == []


def test_every_danger_has_a_reply_of_its_own() -> None:
    replies = Replies.load()
    dangers = set(CATEGORY_OF_LEVEL.values()) - {"none", "grief", "medical_emergency"}
    texts = {replies.text(Verdict("crisis", danger, "high"), country="US") for danger in dangers}
    assert len(texts) == len(dangers)  # one that is not known gets the words of another
    line = replies.text(Verdict("support", "medical_emergency", "concern"), country="US")
    assert line != replies.text("resources", country="US")


def test_templates_are_written_out_whole_and_the_same_for_a_seed(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(GOOD), encoding="utf-8")
    (row,) = crisis_rows(tmp_path)
    texts = expansions(row, seed=1)
    assert 1 < len(texts) == len(set(texts)) <= COPIES
    assert set(texts) <= {
        f"I {can} {come} today" for can in ("can't", "cannot") for come in ("come", "be there")
    }
    assert texts == expansions(row, seed=1)
    assert [text for one in ROWS for text in expansions(one, seed=1) if re.search(r"[{}|]", text)] == []


@pytest.mark.parametrize(
    ("change", "where"),
    [({"action": "maybe"}, "action"), ({"level": "odd"}, "odd"), ({"secret": 1}, "secret")],
)
def test_a_faulty_row_is_named_by_line_and_field(
    change: dict[str, object], where: str, tmp_path: Path
) -> None:
    lines = [json.dumps(GOOD), json.dumps(GOOD | {"text": "hushword"} | change)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(CorpusError, match=rf"a\.jsonl:2.*{where}") as raised:
        list(crisis_rows(tmp_path))
    assert "hushword" not in str(raised.value)


@pytest.mark.slow
def test_the_recipe_reads_the_corpus_with_authors_and_groups() -> None:
    recipe = load_recipe("crisis_classifier")
    (corpus,) = recipe.corpora
    task = TASKS[recipe.task]
    raw = list(read_corpus(corpus, datasets=None, cache_dir=None, offline=True))
    examples = [one for row in raw for one in to_examples(row, corpus, task)]  # type: ignore[arg-type, union-attr]
    assert len(examples) == len(list(training_rows(1))) > len(ROWS)
    assert {one.topic for one in examples} == {row.author for row in ROWS}
    assert {one.group for one in examples} == {row.id for row in ROWS}
    assert {one.target for one in examples} == {*CATEGORY_OF_KIND} <= {*REPLY_KINDS, "none"}
    assert {*CATEGORY_OF_KIND.values()} == {*CATEGORY_OF_LEVEL.values()}


@pytest.mark.parametrize("source", ["written:nothing@1", "written:crisis", "written:crisis@x"])
def test_a_corpus_that_is_not_there_is_named_with_those_that_are(source: str) -> None:
    with pytest.raises(CorpusError, match=r"written:NAME@SEED; there is crisis"):
        read_corpus(Corpus(source=source, licence="none stated"), datasets=None, cache_dir=None, offline=True)
