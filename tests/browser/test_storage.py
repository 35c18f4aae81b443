"""What somebody wrote stands nowhere in what the browser keeps: its storages, and its profile byte by byte."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

from safety.audit_command import audit
from tests.browser.conftest import ARGUMENTS, CHROMIUM, WAIT_MS
from tests.browser.steps import ask, send
from tests.served import Served
from tests.test_canaries import QUESTIONS, people

AUDIT = typer.Typer()
AUDIT.command()(audit)
CONTROL = "a-value-that-a-page-did-keep"
STORES = """async () => JSON.stringify({
    local: {...localStorage}, session: {...sessionStorage}, cookies: document.cookie, window: window.name,
    databases: (await indexedDB.databases()).map((one) => one.name), caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length, state: history.state,
    address: location.href,
})"""


def test_no_planted_value_is_in_a_storage_or_the_profile_of_the_browser(
    echo: Served, browser: Browser, tmp_path: Path
) -> None:
    profile, planted = tmp_path / "profile", tmp_path / "canaries.txt"
    answered, cut_off = people(2)
    values = [
        value
        for one in (answered, cut_off)
        for value in (*one.name.split(), one.email, one.phone, one.record, one.ssn)
    ]
    planted.write_text("\n".join([CONTROL, *values]) + "\n", encoding="utf-8")
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=ARGUMENTS, headless=True
    )
    try:
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.goto(echo.url)
        page.wait_for_selector("#chips button:visible")
        ask(page, answered.says(QUESTIONS[1]))
        expect(page.locator("#chat .user-row").last).to_contain_text("[a Social Security number]")
        # The fault of this stage: the line is cut while an answer is on its way, with more in the box.
        send(page, cut_off.says(QUESTIONS[1]))
        page.locator("#box textarea").fill(cut_off.says("And this was not sent."))
        context.set_offline(True)
        page.wait_for_timeout(500)
        stores = page.evaluate(STORES)
        assert [value for value in values if value in stores] == []
        assert json.loads(stores)["databases"] == json.loads(stores)["caches"] == context.cookies() == []
        page.evaluate("value => localStorage.setItem('control', value)", CONTROL)
    finally:
        context.close()
    result = CliRunner().invoke(AUDIT, [str(profile), "--canaries", str(planted), "--canaries-only"])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    # The search sees what a page keeps: the control, which is the first line, and nothing else.
    assert {line for row in rows for line in row["canaries"]} == {1}
