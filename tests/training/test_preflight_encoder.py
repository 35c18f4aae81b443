"""What an encoder will read of its rows, counted and drawn before it is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.tiny_encoder import POSITIONS, QUICK, tiny_base, tiny_job
from training.errors import PreflightFailed
from training.preflight_encoder import Encoded, Part, Reader, encoder_page, encoder_preflight
from training.rows import Example, Span
from training.tasks import TASKS
from training.trainers import TRAINERS
from training.trainers.base import Job

# The tiny tokenizer spells words letter by letter, so a text has as many tokens as letters.
SHORT, LONG = "abc def", "abcdefgh " * 6


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("encoder"))


def look(base: Path, task: str, *rows: Example, draw: bool = False) -> list[Encoded]:
    job = tiny_job(base, base.parent, TASKS[task], list(rows))
    return list(reader(job).look(job, rows, draw=draw))


def reader(job: Job) -> Reader:
    trainer = TRAINERS[job.task.trainer]()
    assert isinstance(trainer, Reader)
    assert trainer.limit(job) == POSITIONS
    return trainer


def words(row: Encoded, kind: str) -> list[str]:
    return [part.text for part in row.parts if part.kind == kind]


def test_a_tagger_reads_all_in_windows_and_draws_what_its_tokens_are_taught(base: Path) -> None:
    span = Span(start=4, end=7, label="NAME")
    short, long = look(
        base, "pii_tagger",
        Example(id="s", inputs={"text": "ask bob now"}, spans=(span,)),
        Example(id="l", inputs={"text": LONG}), draw=True,
    )  # fmt: skip
    assert (short.tokens, short.windows, short.unread, short.long) == (11, 1, 0, False)
    assert words(short, "taught") == ["bob"]
    assert [part.label for part in short.parts if part.kind == "taught"] == ["NAME"]
    assert "".join(part.text for part in short.parts) == "ask bob now\n"
    assert long.windows == 2 and not long.unread and not long.long


def test_a_classifier_is_not_taught_by_a_text_that_it_cannot_read_at_once(base: Path) -> None:
    short, long = look(
        base, "message_reader",
        Example(id="s", inputs={"text": SHORT}, target="allow"),
        Example(id="l", inputs={"text": LONG}, target="allow"), draw=True,
    )  # fmt: skip
    assert not short.long and long.long
    assert words(short, "taught") == ["allow"]


def test_a_ranker_says_how_much_of_its_candidates_it_leaves_out(base: Path) -> None:
    short, long, none = look(
        base, "faq_ranker",
        Example(id="s", inputs={"query": "abc"}, passages=(SHORT, "xyz"), target="1"),
        Example(id="l", inputs={"query": "abc"}, passages=(LONG, "xyz"), target="0"),
        Example(id="n", inputs={"query": "abc"}, passages=("xyz",), target="none"), draw=True,
    )  # fmt: skip
    assert short.unread == 0 and words(short, "taught") == ["xyz"]
    # 48 letters beside a query of 3 and three special tokens, where 32 are read.
    assert long.unread == 48 + 3 + 3 - POSITIONS
    (lost,) = words(long, "unread")
    assert len(lost.replace(" ", "")) == long.unread and LONG.endswith(lost)
    assert words(none, "taught") == ["none of them"]


def test_an_embedder_sets_a_row_with_a_long_text_aside(base: Path) -> None:
    short, long = look(
        base, "faq_embedder",
        Example(id="s", inputs={"anchor": "abc", "positive": SHORT}),
        Example(id="l", inputs={"anchor": "abc", "positive": LONG}), draw=True,
    )  # fmt: skip
    assert not short.long and words(short, "taught") == [SHORT]
    assert long.long and long.unread == 48 + 2 - POSITIONS


def test_the_counts_add_up_and_rows_set_aside_count_nowhere_else() -> None:
    rows = [
        Encoded(id="a", tokens=10), Encoded(id="b", tokens=30, windows=2), Encoded(id="c", tokens=20, unread=7),
        Encoded(id="d", tokens=99, unread=9, long=True),
    ]  # fmt: skip
    found = encoder_preflight(rows, max_tokens=32, measured=[rows[2], rows[0]])
    assert (found.rows, found.tokens, found.longest) == (3, 60, 30)
    assert (found.cut, found.unread, found.windowed, found.measured_cut) == (1, 7, 1, 1)
    assert found.over_long == ("d",)
    with pytest.raises(PreflightFailed, match="1 are longer than 32 tokens"):
        encoder_preflight(rows[3:], max_tokens=32)


def test_the_page_draws_what_is_taught_and_what_is_not_read() -> None:
    parts = (
        Part(kind="read", text="<b>hello</b>"),
        Part(kind="taught", text="Bob", label="NAME"),
        Part(kind="unread", text="the end"),
    )
    row = Encoded(id="r7", tokens=5, unread=2, parts=parts)
    page = encoder_page(encoder_preflight([row], max_tokens=QUICK.max_tokens), [row], name="toy")
    assert "<b>hello" not in page and "&lt;b&gt;hello" in page
    assert "Bob</mark><small>[NAME]" in page
    assert "the end</del>" in page
    assert "Row r7" in page and "2 unread" in page and "1, by 2 tokens" in page
