"""CoNLL files as rows: sentences with spans, whatever the style of the labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.reading import RawRow, read_corpus
from training.recipe import Corpus
from training.rows import SetAside


def read(
    tmp_path: Path, content: str, name: str = "rows.conll", **settings: object
) -> list[RawRow | SetAside]:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    corpus = Corpus.model_validate({"source": str(file), "licence": "ours", **settings})
    return list(read_corpus(corpus, datasets=None, cache_dir=None, offline=True))


def sentence(*tokens: str) -> str:
    return "".join(f"{token}\n" for token in tokens) + "\n"


def spans(row: RawRow | SetAside) -> list[tuple[str, str]]:
    assert isinstance(row, RawRow)
    text, found = row.values["text"], row.values["spans"]
    assert isinstance(text, str) and isinstance(found, list)
    return [(text[one["start"] : one["end"]], one["label"]) for one in found]


def test_both_styles_of_labels_give_the_same_spans(tmp_path: Path) -> None:
    content = sentence("Ann B-PER", "Lee I-PER", "Bo B-PER", "left O", ". O") + sentence(
        "Ann\tI-person",
        "Lee\tI-person",
        "joined\tO",
        "Orbit\tI-corporation",
        "Mills\tI-corporation",
        ",\tO",
        "fast\tO",
    )
    first, second = read(tmp_path, content)
    assert spans(first) == [("Ann Lee", "PERSON"), ("Bo", "PERSON")]
    assert spans(second) == [("Ann Lee", "PERSON"), ("Orbit Mills", "ORGANIZATION")]
    assert isinstance(first, RawRow) and first.values["text"] == "Ann Lee Bo left."
    assert isinstance(second, RawRow) and second.values["text"] == "Ann Lee joined Orbit Mills, fast"
    assert (first.line, second.line) == (1, 7)


def test_kinds_that_are_not_personal_are_none_and_countries_have_their_own_label(tmp_path: Path) -> None:
    (row,) = read(
        tmp_path,
        sentence("Songs B-creative-work", "from O", "Haiti B-LOC", "and O", "Ohio B-LOC", "and O", "Minsk B-LOC",
                 "by O", "Danish I-MISC", "hands O"),
    )  # fmt: skip
    assert spans(row) == [
        ("Haiti", "COUNTRY"),
        ("Ohio", "STATE"),
        ("Minsk", "LOCATION"),
        ("Danish", "NATIONALITY"),
    ]


def test_a_file_of_any_name_is_read_when_the_format_is_said_and_the_last_sentence_counts(
    tmp_path: Path,
) -> None:
    rows = read(tmp_path, "-DOCSTART- O\n\nAnn B-PER\n\n\nBo B-PER", "train.txt", format="conll")
    assert [spans(row) for row in rows] == [[("Ann", "PERSON")], [("Bo", "PERSON")]]


@pytest.mark.parametrize("word", ["1987", "@bo", "https://x.org", "March", "www.x.org"])
def test_a_sentence_with_other_personal_data_is_set_aside(tmp_path: Path, word: str) -> None:
    rows = read(tmp_path, sentence("Ann B-PER", f"{word} O") + sentence("Bo B-PER"))
    assert [row.reason for row in rows if isinstance(row, SetAside)] == ["unlabelled_kinds"]
    assert len(rows) == 2


def test_a_fault_costs_its_own_sentence_and_says_no_word_of_it(tmp_path: Path) -> None:
    file = tmp_path / "rows.conll"
    file.write_bytes(b"Zebulon\n\ncaf\xe9 O\n\nAnn B-PER\n")
    corpus = Corpus.model_validate({"source": str(file), "licence": "ours"})
    rows = list(read_corpus(corpus, datasets=None, cache_dir=None, offline=True))
    assert [row.reason for row in rows if isinstance(row, SetAside)] == ["wrong_columns", "bad_utf8"]
    assert "Zebulon" not in repr(rows)
    assert spans(rows[-1]) == [("Ann", "PERSON")]
