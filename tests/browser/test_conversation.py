"""A conversation in the browser with the default model: what a person sees, and what nobody gets to see."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import ask
from tests.served import Served

pytestmark = pytest.mark.weights

NAME, PHONE, RECORD = "Wilhelmina Abernethy", "802-555-0187", "4471902"
REFILL = "How do I ask for a refill of my medicine?"
CRISIS = "I want to kill myself tonight"
VAGUE = "can someone at your place write to my landlord about my illness"


def last_answer(page: Page) -> str:
    return page.locator("#chat .bot-row").last.inner_text()


def test_what_identifies_someone_is_nowhere(
    real: Served, context: BrowserContext, open_page: OpenPage
) -> None:
    responses: list[tuple[str, bytes]] = []

    def note(response: Response) -> None:
        if response.url.startswith(real.url) and "/assets/" not in response.url:
            try:
                responses.append((response.url, response.body()))
            except Exception:  # a stream that is still open has no body yet
                return

    context.on("response", note)
    page = open_page(real)
    ask(page, f"My name is {NAME}, call me at {PHONE}, MRN {RECORD}. {REFILL}")
    row = page.locator("#chat .user-row").last.inner_text()
    assert "[a name]" in row and "[a phone number]" in row
    assert "a name" in row and "an identifying number" in row.split("Removed")[1]
    page.locator("#feedback button.label-wrap").click()
    page.locator("#comment textarea").fill(f"{NAME} says thanks, {PHONE}")
    page.get_by_label("Yes", exact=True).check()
    page.locator("#consent input").check()
    expect(page.locator("#preview")).to_contain_text("Question:")
    page.locator("#give").click()
    expect(page.locator("#thanks")).to_contain_text("two years")
    expect(page.locator("#thanks")).to_be_visible()
    page.wait_for_timeout(1500)

    secrets = [NAME, NAME.split()[1], PHONE, PHONE.replace("-", ""), RECORD]
    storage = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    databases = page.evaluate("() => indexedDB.databases().then((all) => JSON.stringify(all))")
    places = {"page": page.content(), "storage": storage, "databases": databases}
    places |= {
        f"response {number} {url}": body.decode("utf-8", "replace")
        for number, (url, body) in enumerate(responses)
    }
    assert any("queue/data" in place for place in places) or any("run/predict" in place for place in places)
    for file in real.folder.rglob("*"):
        if file.is_file():
            places[str(file.relative_to(real.folder))] = file.read_bytes().decode("utf-8", "replace")
    assert any(name.endswith("-wal") for name in places), "the database's WAL was not searched"
    assert any(name == "server.log" for name in places)
    found = [(place, secret) for place, text in places.items() for secret in secrets if secret in text]
    assert found == []
    # The same words, planted, would have been found: the search itself works.
    assert "[PERSON_1]" in "".join(text for place, text in places.items() if "sqlite" in place)


def test_answer_has_its_source_folded_with_date_and_sample_mark(real: Served, open_page: OpenPage) -> None:
    page = open_page(real)
    ask(page, REFILL)
    details = page.locator("#chat details.sources")
    assert details.get_attribute("open") is None
    details.locator("summary").click()
    expect(details).to_contain_text("How do I ask for a refill of my medicine?")
    expect(details).to_contain_text("Reviewed 20")
    expect(details).to_contain_text("sample")


def test_follow_up_needs_the_first_question(real: Served, open_page: OpenPage) -> None:
    page = open_page(real)
    ask(page, "What is the sliding scale for people without insurance?")
    ask(page, "how do i apply for it?")
    expect(page.locator("#chat details.sources").last).to_contain_text("sliding scale")
    alone = open_page(real)
    ask(alone, "how do i apply for it?")
    assert "sliding scale" not in last_answer(alone).lower()


def test_crisis_is_answered_at_once_and_stays_after_a_change_of_topic(
    real: Served, open_page: OpenPage
) -> None:
    page = open_page(real)
    page.locator("#box textarea").fill(CRISIS)
    began = time.monotonic()
    page.locator("#send").click()
    expect(page.locator("#chat .bot-row").last).to_contain_text("988")
    took = time.monotonic() - began
    assert took < 3.0, f"{took:.1f} s"
    expect(page.locator("#stop")).to_be_hidden()
    ask(page, "Where can I park when I come to the clinic?")
    assert "988" in last_answer(page) and "Quarry Road" in last_answer(page)
    page.locator("#edit").click()
    expect(page.locator("#box textarea")).to_have_value("Where can I park when I come to the clinic?")
    ask(page, "What are the clinic's opening hours?")
    assert "988" in last_answer(page), "editing cleared the risk"


def test_titles_to_choose_when_there_is_no_answer(real: Served, open_page: OpenPage) -> None:
    page = open_page(real)
    ask(page, "something about my pills and the thing")
    chips = page.locator("#chips button:visible")
    expect(chips.first).to_be_visible()
    title = chips.first.inner_text()
    chips.first.click()
    expect(page.locator("#chat .user-row").last).to_contain_text(title)
    expect(page.locator("#box textarea")).to_have_value("")
    expect(page.locator("#chat details.sources").last).to_contain_text(title)


def test_reload_second_tab_and_second_person_see_only_their_own(
    real: Served, context: BrowserContext, open_page: OpenPage, browser: object
) -> None:
    first = open_page(real)
    ask(first, "Where can I park when I come to the clinic?")
    second = open_page(real)
    ask(second, "What are the clinic's opening hours?")
    assert "Quarry Road clinic has a free car park" not in second.locator("#chat").inner_text()
    assert first.locator("#chat .user-row").count() == 1
    other = context.browser.new_context()  # type: ignore[union-attr]
    stranger = other.new_page()
    stranger.goto(real.url)
    stranger.wait_for_selector("#box textarea")
    assert stranger.locator("#chat .user-row").count() == 0
    other.close()
    first.reload()
    first.wait_for_selector("#box textarea")
    assert first.locator("#chat .user-row").count() == 0
    ask(first, "how much is it there?")
    assert "free car park" not in last_answer(first)


def test_clear_and_leaving_delete_the_session(real: Served, open_page: OpenPage) -> None:
    page = open_page(real)
    ask(page, "Where can I park when I come to the clinic?")
    before = int(str(real.health()["sessions"]))
    page.locator("#clear").click()
    expect(page.locator("#chat .user-row")).to_have_count(0)
    expect(page.locator("#chips button:visible").first).to_be_visible()
    assert "Quarry" not in page.locator("#chat").inner_text()
    page.close()
    until = time.monotonic() + 20
    while int(str(real.health()["sessions"])) >= before and time.monotonic() < until:
        time.sleep(0.2)
    assert int(str(real.health()["sessions"])) < before


def test_python_client_answers(real: Served) -> None:
    from gradio_client import Client

    client = Client(real.url, verbose=False)
    answer = client.predict(f"I am {NAME}. {REFILL}", api_name="/ask")
    assert answer["kind"] in ("faq", "clarify", "grounded")
    assert NAME not in json.dumps(answer)
    assert client.predict(CRISIS, api_name="/ask")["kind"] == "crisis"
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert list(named) == ["/ask"]


def test_no_word_is_in_the_logs(real: Served) -> None:
    log = Path(real.log).read_text("utf-8")
    for words in ("kill myself", "landlord", "free car park", NAME):
        assert words not in log
