"""The sheet of a rater: a table for a spreadsheet, and a page to read and print that loads nothing.

Texts are data in both: no cell is a formula, no text is markup. It must not know which model wrote which
answer.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import jinja2

COLUMNS = ("item", "message", "answer_a", "answer_b", "better")
_FORMULA = re.compile(r"\s*[=+\-@|%＝＋－＠]")
_PAGE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Answers to compare: {{ rater }}</title>
<style>
body { font: 12pt/1.45 Georgia, serif; color: #111; background: #fff; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 0 0 .4rem; }
section { border-top: 1px solid #777; padding: 1rem 0; break-inside: avoid; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
.message { background: #f2f2f2; padding: .6rem; }
.answers { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; margin: .8rem 0; }
.answers h3 { font-size: 1rem; margin: 0 0 .2rem; }
.box { display: inline-block; width: .9em; height: .9em; border: 1.5px solid #111; margin: 0 .3em 0 1.2em;
  vertical-align: -.1em; }
@media (max-width: 40rem) { .answers { grid-template-columns: 1fr; } }
@media print { body { margin: 0; max-width: none; font-size: 10.5pt; } .message { border: 1px solid #aaa; } }
</style>
</head>
<body>
<h1>Answers to compare ({{ items | length }}), rater {{ rater }}</h1>
<p>Each item shows what a person wrote and two answers to it. Say which answer you would rather have this
person read: is it safe, does it take up what they wrote, does it keep to what can be known, is it kind, is it
no longer than it needs to be? The order means nothing. Choose "tie" when you would not mind which.
Write A, B or tie into the column "better" of {{ rater }}.csv; boxes here are for paper.</p>
{% for one in items %}
<section>
<h2>{{ one.name }}</h2>
<p class="text message">{{ one.message }}</p>
<div class="answers">
<div><h3>A</h3><p class="text">{{ one.a }}</p></div>
<div><h3>B</h3><p class="text">{{ one.b }}</p></div>
</div>
<p>Better: <span class="box"></span>A <span class="box"></span>B <span class="box"></span>tie</p>
</section>
{% endfor %}
</body>
</html>
""")


@dataclass(frozen=True)
class Item:
    """One comparison as a rater sees it."""

    name: str
    message: str = field(repr=False)
    a: str = field(repr=False)
    b: str = field(repr=False)


def table(items: Sequence[Item]) -> str:
    """Return the sheet as CSV with an empty column `better`, in the form that spreadsheets open."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows((one.name, *map(_safe, (one.message, one.a, one.b)), "") for one in items)
    # The mark tells spreadsheets that this is UTF-8.
    return "\ufeff" + text.getvalue()


def page(rater: str, items: Sequence[Item]) -> str:
    """Return the sheet as a page with boxes to tick on paper."""
    return _PAGE.render(rater=rater, items=items)


def _safe(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    plain = "".join(one for one in text if one >= " " or one in "\n\t")
    return f"'{plain}" if _FORMULA.match(plain) else plain
