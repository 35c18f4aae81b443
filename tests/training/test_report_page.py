import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.training.report_samples import bare_report, full_report, span
from training.compare import compare, comparison_page
from training.gate import Verdict
from training.page_parts import between, duration, figure, money, share, spread
from training.report import ReportData, WorstRow
from training.report_page import report_page

CHROMIUM = Path("/usr/bin/chromium")
VOID = {"meta", "br", "link", "path", "use", "rect", "hr", "img"}


class Outline(HTMLParser):
    """Headings, table headers, ids and unclosed tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.bare_headers = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.bare_headers += tag == "th" and "scope" not in given
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def without_curves(**changes: object) -> ReportData:
    """Return a full report but for two pictures, which take most of a page's time."""
    return full_report().model_copy(update={"fit": None, "curve": ()} | changes)


@pytest.fixture(scope="module")
def page() -> str:
    return report_page(full_report())


def test_the_verdict_stands_first_and_in_plain_words(page: str) -> None:
    body = page[page.index("<body>") :]
    verdict, scores = body.index("passed every check of the gate"), body.index("The comparison")
    assert verdict < scores < body.index("Details")
    assert "the tuned model&#39;s perplexity (lower is better) is 18.4, 95 % interval 17.3 to 19.5" in body
    assert "Against prompt: better, difference -8.80 (-9.90 to -7.70)." in body


def test_a_no_shows_the_failed_checks_before_anything_else() -> None:
    said = full_report().verdict
    assert said
    failed = said.checks[0].model_copy(update={"passed": False, "text": "dose given in 4 of 60"})
    no = full_report().model_copy(
        update={
            "verdict": Verdict(
                yes=False, kind="no", reasons=("Safety got worse.",), checks=(failed, *said.checks[1:])
            )
        }
    )
    page = report_page(no)
    assert page.index("No release") < page.index("dose given in 4 of 60") < page.index("The comparison")
    assert "2 of 3 checks passed" in page


def test_dont_tune_is_a_verdict_of_its_own() -> None:
    said = Verdict(yes=False, kind="dont_tune", reasons=(), checks=())
    assert "Don&#39;t tune" in report_page(without_curves(verdict=said))


def test_the_page_asks_nothing_of_the_network_and_runs_no_script(page: str) -> None:
    assert "<script" not in page
    assert "default-src 'none'" in page
    addresses = set(re.findall(r"(?:src|href|action|content)\s*=\s*[\"']?(https?:[^\"' >]*)", page))
    assert {one for one in addresses if "www.w3.org" not in one} == set()
    assert not re.search(r"url\((?!#)|@import", page)


def test_every_texts_markup_is_escaped() -> None:
    nasty = '<script>alert(1)</script><img src=x onerror=y> & "quoted"'
    row = WorstRow(id=nasty, metric="bleu", value=0, question=nasty, reference=nasty, answers={nasty: nasty})
    page = report_page(without_curves(worst=(row,), name=nasty))
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5


def test_what_was_not_measured_is_said_by_name() -> None:
    page = report_page(bare_report())
    assert "This run has no figures for: the gate&#39;s verdict, scores by arm, differences" in page
    assert page.count("Not measured in this run.") >= 15
    assert "No verdict" in page
    assert "18.4" not in page


def test_an_arm_without_a_metric_is_a_named_gap_and_no_zero(page: str) -> None:
    row = page[page.index(">perplexity<small>") :].split("</tr>")[0]
    assert "not measured" in row
    assert "28.9" in row


def test_every_arm_of_the_worst_rows_stands_side_by_side(page: str) -> None:
    worst = page[page.index('id="worst"') :]
    assert worst.count("<details") == 20
    for arm in ("Base", "Prompt", "Retrieval", "Tuned"):
        assert worst.count(f"<h3>{arm}</h3>") == 20
    assert "(empty)" in worst


def test_counts_of_the_stages_are_shown_with_their_reasons(page: str) -> None:
    assert "near_copy 352" in page
    assert "3,500" in page


def test_a_loss_that_other_jobs_paid_is_called_worse(page: str) -> None:
    other = page[page.index('id="other"') :].split("</section>")[0]
    assert re.search(r'class="bad">worse<small>-0.030', other)


def test_the_outline_is_sound(page: str) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert outline.headings[0] == 1
    assert all(
        after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False)
    )
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.bare_headers == 0
    assert '<html lang="en">' in page
    assert "prefers-color-scheme: dark" in page


def test_links_of_the_contents_lead_somewhere(page: str) -> None:
    assert set(re.findall(r'<a[^>]*href="#([^"]*)"', page)) <= set(Outline(page).ids)


def test_pictures_are_named_and_take_the_colours_of_the_page(page: str) -> None:
    pictures = re.findall(r"<svg [^>]*>", page)
    assert len(pictures) == 3
    assert all('role="img" aria-label="' in one for one in pictures)
    assert "var(--plot-0, #0072b2)" in page
    assert "#000000" not in page


def test_the_same_data_gives_the_same_page(page: str) -> None:
    assert report_page(full_report()) == page


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (12345.0, "12,345"),
        (1234.5, "1,234"),
        (508.46, "508.5"),
        (0.03104, "0.031"),
        (6e-7, "0.0000006"),
    ],
)
def test_figures_are_written_as_one_reads_them(value: float, written: str) -> None:
    assert figure(value) == written


def test_an_interval_is_written_with_the_decimals_of_its_value() -> None:
    assert (spread(span(28.9, 1.1)).text, between(span(28.9, 1.1))) == ("28.9", "27.8 to 30.0")
    assert between(span(14, 9)) == "5 to 23"


@pytest.mark.parametrize(
    ("seconds", "written"), [(0.02, "0.02 s"), (42.4, "42 s"), (1180, "20 min"), (9000, "2.5 h")]
)
def test_durations_are_written_as_people_say_them(seconds: float, written: str) -> None:
    assert duration(seconds) == written


def test_a_share_of_nothing_is_a_dash_and_money_keeps_its_digits() -> None:
    assert (share(1, 0), share(1, 3), share(1, 1)) == ("–", "33.3 %", "100 %")
    assert (money(0.0328, "USD"), money(12, "EUR")) == ("USD 0.0328", "EUR 12.00")


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_pages_at_320_pixels_without_a_request(tmp_path: Path, scheme: str) -> None:
    from playwright.sync_api import sync_playwright

    (tmp_path / "report.html").write_text(report_page(full_report()))
    (tmp_path / "compare.html").write_text(comparison_page(compare([full_report(), bare_report()])))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        shown = browser.new_context(
            viewport={"width": 320, "height": 640}, color_scheme=scheme, java_script_enabled=True
        ).new_page()
        asked: list[str] = []
        faults: list[str] = []
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: faults.append(message.text))
        for name in ("report", "compare"):
            asked.clear()
            shown.goto((tmp_path / f"{name}.html").as_uri())
            assert shown.evaluate("document.documentElement.scrollWidth") == 320
            assert len(asked) == 1
        ground = shown.evaluate("getComputedStyle(document.body).backgroundColor")
        browser.close()
    assert faults == []
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
