"""The fifth arm: a remote model answers the test rows, and what it took is counted."""

from __future__ import annotations

import pytest

from tests.loopback_server import loopback_server
from training.arms import remote_answers
from training.errors import RemoteError
from training.recipe import Evaluate, Remote
from training.rows import Example
from training.tasks import TASKS

ROWS = [Example(id=f"r{number}", inputs={"question": f"Why {number}?"}) for number in range(3)]


def test_each_row_is_answered_under_the_jobs_own_prompt_and_counted() -> None:
    with loopback_server() as server:
        remote = Remote(base_url=server.url, model="m")
        given = remote_answers(
            TASKS["counseling"],
            ROWS,
            Evaluate(max_new_tokens=40),
            remote,
            clinic="Larkspur",
            api_key="k",
            tokens=len,
        )
        answers = list(given)
        asked = server.asked
    assert [one.id for one in answers] == ["r0", "r1", "r2"]
    assert {one.arm for one in answers} == {"remote"}
    assert all("eight" in one.text and one.new_tokens == len(one.text) for one in answers)
    for row, one, sent in zip(ROWS, answers, asked, strict=True):
        messages = sent["messages"]
        assert isinstance(messages, list)
        assert messages[-1]["content"] == row.inputs["question"] and "Larkspur" in messages[0]["content"]
        assert one.prompt_tokens == sum(len(message["content"]) for message in messages)


def test_a_server_that_does_not_answer_is_named_and_nothing_said() -> None:
    with loopback_server() as server:
        server.statuses = [500] * 9
        remote = Remote(base_url=server.url, model="m")
        given = remote_answers(
            TASKS["counseling"], ROWS, Evaluate(), remote, clinic="c", api_key="k", tokens=len
        )
        with pytest.raises(RemoteError, match="m at http") as failed:
            list(given)
    assert "Why" not in str(failed.value)
