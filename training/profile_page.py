"""The profile of a corpus as one HTML page: what is in it, who wrote it, and what looks odd.

Holds numbers, ids, topic words and no row's text. It asks nothing of the network.
"""

from __future__ import annotations

from training import plots
from training.page_parts import Cell, Section, figure, picture, render, share, table
from training.profile import SHOWN_IDS, Profile

_SHOWN_TOPICS = 20
REASONS = {
    "short_question": "question of fewer than 3 words",
    "question_not_letters": "question mostly without letters",
    "question_in_capitals": "question in capitals",
    "short_answer": "answer of fewer than 5 words",
    "answer_is_question": "answer repeats the question",
    "answer_not_letters": "answer mostly without letters",
    "answer_in_capitals": "answer in capitals",
    "cut_off": "answer ends in mid-sentence",
    "no_end_mark": "answer ends without a mark of punctuation",
    "at_a_length_limit": "answer as long as the longest, like several others",
    "long_answer": "answer far longer than most",
    "other_language": "another language than most (of the sample)",
}
_SIGNS = {
    "lists or bold type": "models like them; so do editors",
    "phrases of assistants": "rare in people's answers",
    "em dashes": "frequent in models' answers and in edited text",
    "slips of the hand": "typing slips: rare in models' answers and in edited text",
}


def profile_page(profile: Profile, *, name: str = "") -> str:
    """Draw a profile as one HTML page."""
    title = f"Corpus profile · {name}" if name else "Corpus profile"
    facts = [
        ("rows", figure(profile.rows)),
        ("questions", figure(profile.answers.questions)),
        ("who wrote the answers", profile.writers.verdict or "not asked: the target is a label"),
        ("equal rows", _of(profile.copies.exact, profile)),
        ("near copies", _of(profile.copies.near, profile)),
    ]
    sections = [
        _lengths(profile), *_words(profile), _languages(profile), _topics(profile), _answers(profile),
        _writers(profile), _copies(profile), _markup(profile), _odd(profile),
    ]  # fmt: skip
    return render("profile.html.jinja", title=title, facts=facts, sections=[one for one in sections if one])


def _of(rows: int, profile: Profile) -> str:
    return f"{figure(rows)} ({share(rows, profile.rows)})"


def _lengths(profile: Profile) -> Section:
    rows = [
        [
            one.field,
            unit,
            *(figure(round(n, 1)) for n in (q.least, q.q25, q.median, q.q75, q.q95, q.most, q.mean)),
        ]
        for one in profile.lengths
        for unit, q in (("words", one.words), ("characters", one.characters))
    ]
    heads = ("field", "unit", "least", "25 %", "median", "75 %", "95 %", "most", "mean")
    return Section("lengths", "Lengths", tables=(table("Lengths of fields", heads, rows),))


def _words(profile: Profile) -> list[Section]:
    """Draw one section a field: two pictures of one section would share a landmark's name."""
    return [
        Section(
            f"words-{place}",
            f"Words in {one.field}",
            plots=(
                picture(plots.bars(f"Rows by words in {one.field}", _floats(one.histogram), unit="rows")),
            ),
        )
        for place, one in enumerate(profile.lengths, start=1)
    ]


def _languages(profile: Profile) -> Section:
    found = [[name, share(part, 1)] for name, part in profile.languages.items()]
    intro = (
        f"Found in {figure(profile.language_rows)} rows. “unknown”: too short, or the finder was not sure. "
        "Small shares of a related language are often mistakes."
    )
    return Section(
        "languages", "Languages", intro, tables=(table("Shares of languages", ("language", "share"), found),)
    )


def _topics(profile: Profile) -> Section:
    shown = dict(list(profile.topics.items())[:_SHOWN_TOPICS])
    rest = sum(profile.topics.values()) - sum(shown.values())
    if rest:
        shown[f"{len(profile.topics) - len(shown)} others"] = rest
    if not shown:
        return Section("topics", "Topics", "The source names no topics, and there are too few rows to group.")
    intro = (
        "The source names no topics. A sample was grouped by its words (TF-IDF, k-means); a group is named "
        "by its three strongest words."
        if profile.grouped
        else "As the source names them."
    )
    counted = [[name, figure(rows)] for name, rows in shown.items()]
    drawn = picture(plots.bars("Rows by topic", _floats(shown), unit="rows"))
    return Section(
        "topics",
        "Topics",
        intro,
        tables=(table("Topics by rows", ("topic", "rows"), counted),),
        plots=(drawn,),
    )


def _answers(profile: Profile) -> Section:
    found = profile.answers
    if profile.labels:
        labels = [[name, _of(rows, profile)] for name, rows in profile.labels.items()]
        return Section("answers", "Labels", tables=(table("Labels by rows", ("label", "rows"), labels),))
    facts = (
        ("questions", figure(found.questions)),
        ("answers to one, on average", figure(round(found.mean, 2))),
        ("answers to one, at most", figure(found.most)),
    )
    intro = "Rows of one question must fall into one split; the split stage sees to that."
    drawn = [picture(plots.bars("Answers to one question", _floats(found.histogram), unit="questions"))]
    return Section(
        "answers", "Answers per question", intro, facts, plots=tuple(drawn if found.histogram else ())
    )


def _writers(profile: Profile) -> Section | None:
    found = profile.writers
    if not found.verdict:
        return None
    rows: list[list[Cell | str]] = [
        [Cell(name, _SIGNS.get(name, "")), share(part, 1)] for name, part in found.signs.items()
    ]
    rows += [
        [Cell("begins with one of ten openings", "models begin alike"), share(found.openings, 1)],
        [
            Cell("variation of lengths", "deviation over mean; below 0.45 is very even"),
            figure(found.variation),
        ],
    ]
    intro = (
        f"Verdict: {found.verdict}. Every sign has other causes too, so ask the source before relying on it."
    )
    signs = table("Signs of the writer", ("sign", "answers"), rows)
    return Section("writers", "Who wrote it", intro, tables=(signs,))


def _copies(profile: Profile) -> Section:
    counts = profile.copies
    rows: list[list[Cell | str]] = [
        [Cell("all words equal", "case and punctuation put aside"), _of(counts.exact, profile)],
        [Cell("near copies", "by MinHash of word 3-grams"), _of(counts.near, profile)],
        [Cell("same answer as an earlier row", "to whatever question"), _of(counts.answers, profile)],
    ]
    found = table("Rows that repeat an earlier one", ("kind", "rows"), rows)
    return Section("copies", "Duplicates", tables=(found,))


def _markup(profile: Profile) -> Section:
    rows = [[name, _of(count, profile)] for name, count in profile.markup.items()]
    return Section("markup", "Markup", tables=(table("Rows with markup", ("kind", "rows"), rows),))


def _odd(profile: Profile) -> Section:
    if not profile.odd:
        return Section("odd", "Odd rows", "None.")
    rows = [
        [
            REASONS.get(one.reason, one.reason.replace("_", " ")),
            _of(one.rows, profile),
            _ids(one.ids, one.rows),
        ]
        for one in profile.odd
    ]
    intro = (
        f"Odd is not wrong: look at some before you filter. At most {SHOWN_IDS} ids are kept for a reason."
    )
    return Section(
        "odd", "Odd rows", intro, tables=(table("Odd rows by reason", ("reason", "rows", "ids"), rows),)
    )


def _ids(ids: tuple[str, ...], rows: int) -> str:
    shown = ids[:8]
    more = f" and {figure(rows - len(shown))} more" if rows > len(shown) else ""
    return ", ".join(shown) + more


def _floats(counts: dict[str, int]) -> dict[str, float]:
    return {name: float(count) for name, count in counts.items()}
