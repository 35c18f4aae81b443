"""Script and markup, in messages, entries and the clinic's name: nothing runs, nothing is fetched, all is text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from playwright.sync_api import BrowserContext, Page, expect

from app.settings import SAMPLES
from retrieval.build import build_index
from retrieval.embedder import faq_source, load_embedder
from retrieval.faq import FaqEntry
from tests.browser.conftest import OpenPage
from tests.browser.payloads import HOST, PAYLOADS, PROBE, grouped
from tests.browser.steps import ask
from tests.served import Served, served
from weights.defaults import EMBEDDER

TOGETHER = 8
NAMES = (
    "quarry ledger", "harbor voucher", "lantern badge", "orchard locker", "granite form", "meadow token",
    "copper shuttle", "willow waiver", "canyon receipt", "velvet permit", "summit folder", "cedar wristband",
)  # fmt: skip
# Whatever a bubble shows is made of these; no payload may add another.
PLAIN = {
    "a", "b", "br", "button", "details", "div", "em", "h2", "h3", "li", "ol", "p", "path", "span", "strong",
    "summary", "svg", "time", "ul", "section", "article", "small", "line", "circle", "polyline", "rect", "g",
    "polygon",
}  # fmt: skip


class Watched:
    """A page, what it asked of others, and what spoke up on it."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.asked_elsewhere: list[str] = []
        self.dialogs: list[str] = []
        self.home = urlsplit(home).netloc
        page.context.on("request", lambda request: self._note(request.url))
        page.on("dialog", self._spoke)

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.netloc != self.home and parts.scheme not in ("data", "blob", "about"):
            self.asked_elsewhere.append(url)

    def _spoke(self, dialog: object) -> None:
        self.dialogs.append("spoke")
        dialog.dismiss()  # type: ignore[attr-defined]

    def ran(self) -> int:
        return int(self.page.evaluate("() => window.__ran || 0"))

    def clean(self) -> None:
        """Nothing ran, nothing was fetched, and the bubbles are made of nothing but text and our own parts."""
        assert self.ran() == 0
        assert self.asked_elsewhere == []
        assert self.dialogs == []
        assert self.page.evaluate("() => localStorage.length + sessionStorage.length") == 0
        assert urlsplit(self.page.url).netloc == self.home
        tags, handlers, links = self.page.evaluate(
            """() => {
              const all = [...document.querySelectorAll('#chat .bot-row *, #chat .user-row *, #banner *, h1 *')];
              return [
                [...new Set(all.map((one) => one.tagName.toLowerCase()))],
                all.flatMap((one) => [...one.attributes].map((of) => of.name)).filter((name) => name.startsWith('on')),
                all.flatMap((one) => ['href', 'src', 'action', 'data', 'srcset', 'xlink:href']
                  .map((name) => one.getAttribute(name)).filter((value) => value)),
              ];
            }"""
        )
        assert set(tags) <= PLAIN, set(tags) - PLAIN
        assert handlers == []
        allowed = re.compile(rf"tel:|#|/|https?://{re.escape(self.home)}/")
        assert [link for link in links if not allowed.match(link) or link.startswith("//")] == []


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a FAQ whose every field is full of payloads, for a clinic with one in its name."""
    folder = tmp_path_factory.mktemp("hostile")
    groups = grouped(-(-len(PAYLOADS) // len(NAMES)))
    entries = [
        FaqEntry(
            id=f"entry-{number} {group[0]}",
            question=f"Where do I get the {name}? {group[1]}",
            answer=f"The {name} is at the desk.\n\n" + "\n\n".join(group),
            alternates=(f"Where do I get the {name}?", f"where is the {name}"),
            topic=group[2],
            owner=group[3],
            source=group[4],
        )
        for number, (name, group) in enumerate(zip(NAMES, groups, strict=True))
    ]
    build_index(entries, out=folder / "index", embedder=load_embedder(faq_source(EMBEDDER)))
    profile = yaml.safe_load((SAMPLES / "clinic.yaml").read_text("utf-8"))
    profile["name"] = f"Clinic {PAYLOADS[1]}"
    (folder / "clinic.yaml").write_text(yaml.safe_dump(profile), "utf-8")
    with served(
        folder, model="echo", index_dir=str(folder / "index"), clinic=str(folder / "clinic.yaml"),
        session_rate="6000/minute", address_rate="6000/minute", request_rate="60000/minute",
    ) as running:  # fmt: skip
        yield running


def test_there_are_more_than_three_hundred_and_a_page_that_takes_them_runs_them(
    context: BrowserContext, tmp_path: Path
) -> None:
    """The control: the same strings as markup do run and fetch, so that seeing nothing means something.

    A page that leaves takes with it what ran on it, and nobody may ask it while it goes: it is kept from leaving.
    """
    assert len(PAYLOADS) > 300
    ran, fetched = 0, 0
    for number, group in enumerate(grouped(TOGETHER)):
        file = tmp_path / f"{number}.html"
        file.write_text("<!doctype html><meta charset=utf-8>\n" + "\n<hr>\n".join(group), "utf-8")
        page = context.new_page()
        page.route(f"{PROBE}/**", lambda route: route.abort("aborted"))
        watched = Watched(page, f"file://{tmp_path}")
        page.goto(file.as_uri(), wait_until="commit")
        page.wait_for_timeout(120)
        assert page.url == file.as_uri()
        ran += watched.ran()
        fetched += sum(HOST in url for url in watched.asked_elsewhere)
        page.close()
    assert ran > 80
    assert fetched > 15


def test_no_message_runs_or_fetches_anything(hostile: Served, open_page: OpenPage) -> None:
    watched = Watched(open_page(hostile), hostile.url)
    for group in grouped(TOGETHER):
        ask(watched.page, "\n\n".join(group).replace("\x00", ""))
        watched.clean()
    assert watched.page.locator("#chat .user-row").count() == len(grouped(TOGETHER))
    watched.page.wait_for_timeout(500)
    watched.clean()


def test_no_entry_runs_or_fetches_anything(hostile: Served, open_page: OpenPage) -> None:
    watched = Watched(open_page(hostile), hostile.url)
    shown = ""
    for name in NAMES:
        ask(watched.page, f"Where do I get the {name}?")
        last = watched.page.locator("#chat .bot-row").last
        expect(last).to_contain_text(name)
        for fold in watched.page.locator("#chat details:not([open]) > summary").all():
            fold.click()
        watched.clean()
        shown += last.inner_text()
    # They stand there, as they were written.
    assert "<script>" in shown and f"[a]({PROBE}/link.png)" in shown


def test_the_clinics_name_is_text(hostile: Served, open_page: OpenPage) -> None:
    page = open_page(hostile)
    assert PAYLOADS[1] in page.locator("h1").first.inner_text() or PAYLOADS[1] in page.title()
    Watched(page, hostile.url).clean()
