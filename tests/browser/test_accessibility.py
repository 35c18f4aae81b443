"""axe-core in Chromium finds nothing in any state, light and dark, wide and 320 px; the keyboard is enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import ask, send
from tests.served import Served, served

FEELING = "my husband left me and i feel so sad and lonely"


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(str(rule["id"]), str(rule["nodes"][0]["html"])[:160]) for rule in found]


@pytest.mark.parametrize(
    ("width", "scheme", "motion"),
    [
        (1000, "light", "no-preference"),
        (320, "dark", "reduce"),
        (320, "light", "no-preference"),
        (1000, "dark", "reduce"),
    ],
)
def test_no_violation_in_any_state(
    echo: Served, browser: Browser, width: int, scheme: str, motion: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 740},
        color_scheme=scheme,
        reduced_motion=motion,  # type: ignore[arg-type]
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(f"{echo.url}/?__theme={scheme}")
    page.wait_for_selector("#chips button:visible")
    found = {"empty": violations(page)}

    def look(text: str, state: str) -> None:
        ask(page, text)
        found[state] = violations(page)

    send(page, FEELING)
    expect(page.locator("#stop")).to_be_visible()
    found["writing"] = violations(page)
    expect(page.locator("#stop")).to_be_hidden(timeout=20_000)
    look("My name is Wilhelmina Abernethy. How do I ask for a refill of my medicine?", "scrubbed")
    page.locator("#chat details.sources summary").last.click()
    found["sources"] = violations(page)
    look("what is the capital of france and who won the cup", "no answer")
    look("I want to kill myself tonight", "crisis")
    page.locator("#feedback button.label-wrap").click()
    page.get_by_label("No", exact=True).check()
    page.locator("#give").click()
    expect(page.locator("#thanks")).to_contain_text("Thank you")
    found["feedback"] = violations(page)
    page.locator("#person button.label-wrap").first.click()
    expect(page.locator("#hours")).to_contain_text("front desk")
    found["person"] = violations(page)
    assert {state: faults for state, faults in found.items() if faults} == {}
    overflow = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0, f"{overflow} px too wide at {width} px"
    context.close()


def test_a_spanish_reply_is_marked_where_it_is_read_and_where_it_is_heard(
    echo: Served, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto(echo.url)
    page.wait_for_selector("#chips button:visible")
    ask(page, "ya no quiero vivir")
    expect(page.locator('#chat .bot-row [lang="es"]').first).to_contain_text("988")
    expect(page.locator('#announcer p[lang="es"]').first).to_contain_text("988")
    assert page.locator("#announcer p:not([lang])").count() == 0
    page.close()


def test_large_text_stays_inside_the_page(echo: Served, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 640, "height": 800})
    page = context.new_page()
    page.goto(echo.url)
    page.wait_for_selector("#chips button:visible")
    page.add_style_tag(content="html { font-size: 200% !important; }")
    send(page, "Where can I park when I come to the clinic?")
    expect(page.locator("#chat details.sources")).to_be_visible()
    assert (
        page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        <= 0
    )
    assert violations(page) == []
    context.close()


def test_reduced_motion_moves_nothing(echo: Served, browser: Browser) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(echo.url)
    page.wait_for_selector("#chips button:visible")
    longest = page.evaluate(
        "() => Math.max(...[...document.querySelectorAll('*')].flatMap((e) => { const s = getComputedStyle(e); "
        "return [s.transitionDuration, s.animationDuration].flatMap((d) => d.split(',').map(parseFloat)); }))"
    )
    assert longest <= 0.001
    context.close()


def test_keyboard_alone_goes_from_load_to_feedback(echo: Served, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(echo.url)
    page.wait_for_selector("#chips button:visible")
    expect(page.locator("#box textarea")).to_be_focused()
    page.keyboard.type("Where can I park when I come to the clinic?")
    page.keyboard.press("Enter")
    expect(page.locator("#chat details.sources")).to_be_visible()

    def tab_to(selector: str, *, back: bool = False) -> None:
        for _ in range(60):
            if page.evaluate("(s) => !!document.activeElement?.closest(s)", selector):
                return
            page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"{selector} cannot be reached with the keyboard")

    tab_to("#chat details.sources summary", back=True)
    page.keyboard.press("Enter")
    assert page.locator("#chat details.sources").get_attribute("open") is not None
    tab_to("#feedback button.label-wrap")
    page.keyboard.press("Enter")
    expect(page.locator("#comment textarea")).to_be_visible()
    tab_to("#rating input")
    page.keyboard.press("Space")
    tab_to("#comment textarea")
    page.keyboard.type("clear and short")
    tab_to("#consent input")
    page.keyboard.press("Space")
    expect(page.locator("#consent input")).to_be_checked()
    tab_to("#give")
    page.keyboard.press("Enter")
    expect(page.locator("#thanks")).to_contain_text("two years")
    tab_to("#withdraw")
    page.keyboard.press("Enter")
    expect(page.locator("#thanks")).to_contain_text("Taken back")
    context.close()


def test_degraded_and_full_states_have_no_violation(
    tmp_path: Path, sample_index: Path, browser: Browser
) -> None:
    with served(tmp_path, sample_index=sample_index, model="none", session_rate="1/hour") as poor:
        page = browser.new_page()
        page.goto(poor.url)
        page.wait_for_selector("#chips button:visible")
        expect(page.locator("#banners")).to_contain_text("still get the approved answers")
        ask(page, "Where can I park when I come to the clinic?")
        send(page, "What are the clinic's opening hours?")
        expect(page.locator("#status")).to_contain_text("many messages")
        expect(page.locator("#status")).to_contain_text("988")
        assert violations(page) == []
        page.close()
