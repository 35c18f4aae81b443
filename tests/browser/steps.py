"""What a person does on the page, for the tests to share."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def send(page: Page, text: str) -> None:
    """Type a message and send it, without waiting for anything."""
    page.locator("#box textarea").fill(text)
    page.locator("#send").click()


def ask(page: Page, text: str) -> None:
    """Type a question, send it, and wait until its answer is whole."""
    # "Stop" is hidden before a turn as well as after it, so first the answer must have begun.
    before = page.locator("#chat .bot-row").count()
    send(page, text)
    expect(page.locator("#box textarea")).to_have_value("")
    page.wait_for_function("n => document.querySelectorAll('#chat .bot-row').length > n", arg=before)
    expect(page.locator("#stop")).to_be_hidden(timeout=60_000)
