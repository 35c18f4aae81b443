"""Streams, stop, queue and time-outs in the browser, with a stand-in that writes slowly."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import send
from tests.served import Served, served

FEELING = "my husband left me and i feel so sad and lonely"
# Keeps each text that the last answer has had: a slow machine may look only when it is whole.
REMEMBER = """() => {
  window.shown = [];
  new MutationObserver(() => {
    const answer = [...document.querySelectorAll('#chat .bot-row')].at(-1);
    if (answer) window.shown.push(answer.innerText);
  }).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


def test_answer_streams_by_sentence_and_each_is_announced_once(echo: Served, open_page: OpenPage) -> None:
    page = open_page(echo)
    page.evaluate(REMEMBER)
    page.locator("#box textarea").fill(FEELING)
    page.keyboard.press("Enter")
    expect(page.locator("#chat .bot-row").last).to_be_visible()
    expect(page.locator("#stop")).to_be_visible()
    expect(page.locator("#stop")).to_be_hidden(timeout=20_000)
    lengths = [len(text) for text in page.evaluate("() => window.shown")]
    whole = len(page.locator("#chat .bot-row").last.inner_text())
    assert any(40 < length < whole for length in lengths)  # more than a sign that it is being written
    said = [line.strip() for line in page.locator("#announcer").inner_text().splitlines() if line.strip()]
    assert len(said) == len(set(said)) >= 2
    assert page.locator("#chat [role=log]").get_attribute("aria-live") == "off"


def test_stop_frees_the_model_and_the_next_answer_starts_at_once(echo: Served, open_page: OpenPage) -> None:
    page = open_page(echo)
    send(page, FEELING)
    expect(page.locator("#stop")).to_be_visible()
    page.locator("#stop").click()
    expect(page.locator("#stop")).to_be_hidden(timeout=2_000)
    echo.wait("turns", 0, seconds=2)
    send(page, "Where can I park when I come to the clinic?")
    expect(page.locator("#chat details.sources").last).to_be_visible(timeout=4_000)


def test_closing_the_tab_while_it_writes_frees_the_model(echo: Served, open_page: OpenPage) -> None:
    page = open_page(echo)
    send(page, FEELING)
    expect(page.locator("#stop")).to_be_visible()
    page.close()
    echo.wait("turns", 0, seconds=20)


def test_full_line_says_so_at_once_with_the_numbers_and_keeps_the_words(
    tmp_path: Path, sample_index: Path, open_page: OpenPage
) -> None:
    with served(
        tmp_path, sample_index=sample_index, model="echo", echo_rate="1", support="model", answers_at_once="1",
        answers_waiting="1",
    ) as slow:  # fmt: skip
        first, second, third = open_page(slow), open_page(slow), open_page(slow)
        for page in (first, second):
            send(page, FEELING)
            expect(page.locator("#stop")).to_be_visible()
        expect(second.locator("#status")).to_contain_text("number 1 in line")
        third.locator("#box textarea").fill("where do i park")
        with third.expect_response(lambda response: "run/predict" in response.url) as refused:
            third.locator("#send").click()
        assert refused.value.request.timing["responseEnd"] < 400
        expect(third.locator("#status")).to_contain_text("988")
        expect(third.locator("#status")).to_contain_text("was not taken")
        expect(third.locator("#box textarea")).to_have_value("where do i park")
        send(third, "I want to kill myself tonight")
        expect(third.locator("#chat .bot-row").last).to_contain_text("988")
        assert 'carefold_requests_refused_total{reason="busy"} 1.0' in httpx.get(f"{slow.url}/metrics").text
        first.locator("#stop").click()
        expect(second.locator("#status")).to_contain_text("Writing", timeout=10_000)


def test_waiting_too_long_ends_with_words_that_help(
    tmp_path: Path, sample_index: Path, open_page: OpenPage
) -> None:
    with served(
        tmp_path, sample_index=sample_index, model="echo", echo_rate="1", support="model", answers_at_once="1",
        answers_waiting="2", line_seconds="1", answer_seconds="6",
    ) as slow:  # fmt: skip
        first, second = open_page(slow), open_page(slow)
        for page in (first, second):
            send(page, FEELING)
            expect(page.locator("#stop")).to_be_visible()
        answer = second.locator("#chat .bot-row").last
        expect(answer).to_contain_text("taking longer", timeout=15_000)
        expect(answer).to_contain_text("(802) 555-01")
        expect(second.locator("#retry")).to_be_visible()


def test_server_that_ends_lets_the_answer_finish(
    tmp_path: Path, sample_index: Path, open_page: OpenPage
) -> None:
    with served(tmp_path, sample_index=sample_index, model="echo", echo_rate="12", support="model") as ending:
        page = open_page(ending)
        send(page, FEELING)
        expect(page.locator("#stop")).to_be_visible()
        began = time.monotonic()
        assert ending.stop() in (0, -15)
        assert time.monotonic() - began < 15
        expect(page.locator("#chat .bot-row").last).to_contain_text("counselor")
        log = ending.log.read_text("utf-8")
        assert "server_stopped" in log and "Traceback" not in log


def test_idle_chat_is_deleted_with_a_warning_before(
    tmp_path: Path, sample_index: Path, open_page: OpenPage
) -> None:
    with served(tmp_path, sample_index=sample_index, model="echo", session_minutes="0.1") as short:
        page = open_page(short)
        send(page, "where do i park")
        expect(page.locator("#chat .bot-row")).to_have_count(1)
        expect(page.locator("#idle-warning")).to_be_visible(timeout=8_000)
        page.locator("#idle-warning button").click()
        expect(page.locator("#idle-warning")).to_be_hidden()
        expect(page.locator("#chat .bot-row")).to_have_count(1)
        expect(page.locator("#chat .bot-row")).to_have_count(0, timeout=12_000)
        expect(page.locator("#idle-over")).to_contain_text("has been deleted")
        assert "#" not in page.url
        page.locator("#box textarea").press_sequentially("w")
        expect(page.locator("#idle-over")).to_be_hidden()


def test_what_is_typed_while_a_message_is_sent_stays(echo: Served, open_page: OpenPage) -> None:
    page = open_page(echo)
    page.route("**/run/predict", lambda route: (time.sleep(0.7), route.continue_()))
    send(page, "Where can I park when I come to the clinic?")
    page.locator("#box textarea").fill("and the opening")
    expect(page.locator("#chat .user-row")).to_have_count(1)
    page.wait_for_timeout(1500)
    expect(page.locator("#box textarea")).to_have_value("and the opening")


def test_server_that_is_ended_while_it_loads_ends_with_zero(tmp_path: Path) -> None:
    with served(tmp_path, ready=False) as loading:
        assert loading.stop() == 0
        log = loading.log.read_text("utf-8")
        assert "server_stopped" in log and "Traceback" not in log
