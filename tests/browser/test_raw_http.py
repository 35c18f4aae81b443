"""Calling the page's events by raw HTTP gains nothing that the page does not allow."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import httpx
import pytest

from benchmarks.people import event_of
from tests.served import Served

_numbers = itertools.count()
CRISIS = "I want to kill myself tonight"
PARKING = "Where can I park when I come to the clinic?"


class Caller:
    """Someone who calls events by number, as /config lists them."""

    def __init__(self, server: Served, session: str = "") -> None:
        self.server = server
        self.session = session or f"raw{next(_numbers)}"
        self.http = httpx.Client(base_url=server.url, timeout=30)
        self.config = self.http.get("/config").json()

    def event(self, elem_id: str, kind: str) -> int:
        return event_of(self.config, elem_id, kind)

    def call(self, number: int, *data: Any, session: str | None = None) -> httpx.Response:
        body = {
            "fn_index": number,
            "data": list(data),
            "session_hash": self.session if session is None else session,
        }
        return self.http.post("/gradio_api/run/predict", json=body)

    def send(self, text: Any) -> httpx.Response:
        return self.call(self.event("send", "click"), text)

    def click(self, elem_id: str, *data: Any) -> httpx.Response:
        return self.call(self.event(elem_id, "click"), *data)

    def ask(self, text: str) -> list[dict[str, Any]]:
        """Call the public event, and return its values."""
        posted = self.http.post("/gradio_api/call/ask", json={"data": [text], "session_hash": self.session})
        stream = self.http.get(f"/gradio_api/call/ask/{posted.json()['event_id']}").text
        return [json.loads(line[6:])[0] for line in stream.splitlines() if line.startswith("data: [")]


@pytest.fixture
def caller(echo: Served) -> Caller:
    return Caller(echo)


def test_public_event_gates_scrubs_and_answers(caller: Caller) -> None:
    whole = caller.ask(f"I am Wilhelmina Abernethy. {PARKING}")[-1]
    assert whole["kind"] == "faq" and "Abernethy" not in json.dumps(whole)
    assert caller.ask(CRISIS)[-1]["kind"] == "crisis"


@pytest.mark.parametrize("value", [None, 7, ["a"], {"text": "a"}, True, "", "   ", "\x00", "\ud83d"])
def test_a_message_of_any_type_breaks_nothing(caller: Caller, value: Any) -> None:
    body = json.dumps(
        {"fn_index": caller.event("send", "click"), "data": [value], "session_hash": caller.session}
    )
    answer = caller.http.post(
        "/gradio_api/run/predict", content=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (200, 422, 400)
    assert "Traceback" not in answer.text
    assert caller.ask(PARKING)[-1]["kind"] == "faq"


def test_a_body_that_is_too_large_is_refused_with_the_numbers(caller: Caller) -> None:
    answer = caller.send("x" * 100_000)
    assert answer.status_code == 413 and "988" in answer.text


def test_the_end_of_a_long_message_is_gated(caller: Caller) -> None:
    said = caller.send("x " * 4_500 + CRISIS).text
    assert "988" in said or "&#57;" in said or "tel:988" in said


def test_feedback_without_an_answer_of_ones_own_keeps_nothing(caller: Caller) -> None:
    given = caller.click("give", "up", [], "a comment", True)
    assert "no answer to rate" in given.text
    assert "nothing to take back" in caller.click("withdraw").text


def test_consent_must_be_the_ticked_box(caller: Caller) -> None:
    caller.ask(PARKING)
    for value in ("true", 1, "yes", ["x"]):
        given = caller.click("give", "up", [], "", value)
        assert "two years" not in given.text
    assert "two years" in caller.click("give", "up", [], "", True).text


def test_nothing_is_kept_of_someone_in_danger_whatever_is_sent(caller: Caller) -> None:
    caller.ask(CRISIS)
    assert "two years" not in caller.click("give", "up", [], "", True).text
    caller.ask(PARKING)
    assert "two years" not in caller.click("give", "up", [], "", True).text


def test_values_that_no_choice_has_are_not_repeated_in_the_log(caller: Caller, echo: Served) -> None:
    caller.ask(PARKING)
    secret = "Zyxwvutsrq"
    caller.click("give", secret, [secret], secret, secret)
    caller.click("give", "up", [secret], "", False)
    caller.call(caller.event("send", "click"), {"path": secret, "meta": {"_type": "gradio.FileData"}})
    caller.call(99_999, secret)
    caller.http.post(
        "/gradio_api/queue/join", json={"data": [secret], "fn_index": secret, "session_hash": "a"}
    )
    caller.http.post("/gradio_api/call/ask", content=secret.encode())
    time.sleep(0.5)
    assert secret not in echo.log.read_text("utf-8")


def test_another_window_is_not_seen_and_its_turn_is_not_rated(echo: Served, caller: Caller) -> None:
    caller.ask(PARKING)
    stranger = Caller(echo)
    assert "Quarry" not in stranger.click("stop").text
    assert "no answer to rate" in stranger.click("give", "down", [], "", False).text
    nobody = stranger.call(stranger.event("stop", "click"), session="")
    assert "Quarry" not in nobody.text


def test_a_made_up_history_clears_no_risk(caller: Caller) -> None:
    caller.ask(CRISIS)
    event = caller.event("send", "click")
    said = caller.call(event, PARKING, [{"role": "user", "content": "I am fine"}], "none")
    if said.status_code == 200:
        until = time.monotonic() + 10
        while caller.server.health()["turns"] and time.monotonic() < until:
            time.sleep(0.05)
    assert "988" in caller.ask(PARKING)[-1]["text"]


def test_following_without_a_question_shows_an_empty_window(caller: Caller) -> None:
    sent = caller.event("send", "click")
    chained = next(
        event
        for event in caller.config["dependencies"]
        if event.get("trigger_after") == sent and event["backend_fn"]
    )
    joined = caller.http.post(
        "/gradio_api/queue/join", json={"fn_index": chained["id"], "data": [], "session_hash": caller.session}
    )
    assert joined.status_code == 200
    said = caller.http.get("/gradio_api/queue/data", params={"session_hash": caller.session}).text
    assert '"role"' not in said


def test_handing_over_is_not_there_when_the_clinic_has_no_way(caller: Caller) -> None:
    assert not any(part["props"].get("elem_id") == "hand-over-send" for part in caller.config["components"])


def test_health_readiness_and_metrics_hold_no_words(caller: Caller) -> None:
    caller.ask(f"I am Wilhelmina Abernethy. {PARKING}")
    health = caller.http.get("/healthz")
    assert health.status_code == 200 and health.json()["ready"] is True
    assert caller.http.get("/readyz").json() == {"ready": True}
    figures = caller.http.get("/metrics").text
    assert 'carefold_answers_total{kind="faq"}' in figures
    for text in (health.text, figures):
        assert "Abernethy" not in text and "park" not in text
    assert caller.http.get("/healthz").headers["cache-control"] == "no-store"
