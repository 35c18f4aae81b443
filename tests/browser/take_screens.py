"""Take the pictures of docs/screens: the page in each state, by the real application and the default model.

Run: make screens
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.settings import Settings
from app.wiring import build
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.steps import ask, send
from tests.served import Served, served

FEELING = "my husband left me and i feel so sad and lonely"
PARKING = "Where can I park when I come to the clinic?"


def take(page: Page, file: Path) -> None:
    """Take the whole page as a PNG of at most 128 colours."""
    page.wait_for_timeout(400)
    page.screenshot(path=file, full_page=True, animations="disabled")
    with Image.open(file) as picture:
        picture.convert("RGB").quantize(128).save(file, optimize=True)


def fresh(
    browser: Browser, server: Served, *, width: int = 900, height: int = 760, dark: bool = False
) -> Page:
    """Open the page in a window of its own."""
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    page.goto(f"{server.url}/?__theme={'dark' if dark else 'light'}")
    page.wait_for_selector("#chips button:visible")
    return page


def answered(page: Page, out: Path) -> None:
    ask(page, PARKING)
    page.locator("#chat details.sources summary").last.click()
    take(page, out / "answer.png")


def scrubbed(page: Page, out: Path) -> None:
    ask(page, "I'm Wilhelmina Abernethy, 802-555-0187, MRN 4471902. What should I bring to my first visit?")
    take(page, out / "scrubbed.png")


def no_answer(page: Page, out: Path) -> None:
    ask(page, "something about my pills and the thing")
    take(page, out / "no-answer.png")


def crisis(page: Page, out: Path) -> None:
    ask(page, "I can't do this any more, nobody would miss me if I was gone")
    take(page, out / "crisis.png")


def feedback(page: Page, out: Path) -> None:
    ask(page, PARKING)
    page.locator("#feedback button.label-wrap").click()
    page.get_by_label("Yes", exact=True).check()
    page.locator("#consent input").check()
    expect(page.locator("#preview")).to_contain_text("Question:")
    take(page, out / "feedback.png")


def person(page: Page, out: Path) -> None:
    page.locator("#person button.label-wrap").first.click()
    expect(page.locator("#hours")).to_contain_text("front desk")
    take(page, out / "person.png")


STATES: tuple[Callable[[Page, Path], None], ...] = (answered, scrubbed, no_answer, crisis, feedback, person)


def with_default_model(browser: Browser, server: Served, out: Path) -> None:
    """Take the states that a server in good order shows."""
    server.wait("model", "ready")
    page = fresh(browser, server)
    take(page, out / "empty.png")
    page.close()
    for state in STATES:
        page = fresh(browser, server)
        state(page, out)
        page.close()
    page = fresh(browser, server, width=360, height=740)
    ask(page, "how do i cancel my visit")
    take(page, out / "phone.png")
    page.close()
    page = fresh(browser, server, dark=True)
    ask(page, PARKING)
    take(page, out / "dark.png")
    page.close()


def degraded(browser: Browser, server: Served, out: Path) -> None:
    """Take the page without a model."""
    page = fresh(browser, server)
    expect(page.locator("#banners")).to_contain_text("still get the approved answers")
    ask(page, PARKING)
    take(page, out / "degraded.png")


def full(browser: Browser, server: Served, out: Path) -> None:
    """Take someone in line, and someone who was not taken."""
    pages = [fresh(browser, server) for _ in range(3)]
    for page in pages[:2]:
        send(page, FEELING)
        expect(page.locator("#stop")).to_be_visible()
    expect(pages[1].locator("#status")).to_contain_text("in line")
    take(pages[1], out / "in-line.png")
    send(pages[2], PARKING)
    expect(pages[2].locator("#status")).to_contain_text("not taken")
    take(pages[2], out / "queue-full.png")


def main(out: Annotated[Path, typer.Option()] = Path("docs/screens")) -> None:
    """Take every picture."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        here = Path(scratch)
        application = build(Settings(data_dir=here / "sample", model="none"))
        application.service.parts.retriever.get()
        application.close()
        index = here / "sample" / "indexes" / "sample"
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", CHROMIUM), args=ARGUMENTS
        )
        with served(here / "real", sample_index=index) as server:
            with_default_model(browser, server, out)
        with served(here / "none", sample_index=index, model="none") as server:
            degraded(browser, server, out)
        with served(
            here / "full", sample_index=index, model="echo", echo_rate="1", support="model", answers_at_once="1",
            answers_waiting="1",
        ) as server:  # fmt: skip
            full(browser, server, out)
        browser.close()
    for file in sorted(out.glob("*.png")):
        typer.echo(f"{file.name}: {file.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    typer.run(main)
