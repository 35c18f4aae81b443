"""The result of `benchmarks.retrieval` as one page: goals, tables and pictures. It computes no figure.

What was not measured is said to be so. The page asks nothing of the network and holds numbers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.report import Figure
from benchmarks.retrieval.knowing import CLINICS, OURS, SOURCES
from benchmarks.retrieval.peers import WAYS
from training import plots
from training.metrics import Interval
from training.page_parts import Cell, Section, Table, duration, picture, render, table

NAMES: Final = {
    "ours": "ours",
    "fused": "ours without the ranker",
    "untuned": "ours without ranker and tuned embedder",
    "minilm": "MiniLM",
    "bm25_alone": "BM25",
    "reciprocal_rank": "reciprocal-rank fusion",
    OURS: "ours",
}
SETS: Final = {
    "sample_dev": "sample FAQ, development questions",
    "sample_test": "sample FAQ, others' questions",
    "sample_short": "sample FAQ, a few words",
    "question_pairs": "doctors' pairs",
    "medication_questions": "drug questions",
    "medlars": "MEDLARS",
    "medquad": "MedQuAD in patients' words",
    CLINICS: "held-out clinics, together",
}
RANKING: Final = ("sample", "pairs", "drugs", "medlars", "medquad", "clinics")
KINDS: Final = ("against absent questions", "against near misses", "first entry right")
Values = Mapping[str, Any]


def page(figures: Mapping[str, Figure]) -> str:
    """Write the page of what was measured."""
    of: Values = figures
    makers: tuple[Callable[[Values], Section], ...] = (
        _goals, _order, _knowing, _risk, _typos, _speed, _growth, _texts, _weights,
    )  # fmt: skip
    dates = sorted({str(one["date"]) for one in of.values()})
    quick = ", a quick run that shows only that it works" if any(one["quick"] for one in of.values()) else ""
    return render(
        "measured.html.jinja",
        title="Finding the right entry, and knowing when there is none",
        soft=f"Measured {' and '.join(dates) or 'never'}, 95 % intervals, peers in the same run{quick}",
        sections=[make(of) for make in makers],
    )


def goals(of: Values) -> Iterator[tuple[str, str, str, bool]]:
    """Yield what is measured of each goal: what, figure, goal, and whether it is met."""
    if "search" in of:
        p95 = of["search"]["with_ranker_ms"]["p95"]
        yield f"search at {of['search']['entries']:,} entries, p95", f"{p95:.1f} ms", "under 25 ms", p95 < 25
    if "indexing" in of:
        times = of["indexing"]["times_plain"]
        yield "embedding beside plain fp32 encoding", f"{times:.2f} times", "at least 3 times", times >= 3
    for part in ("dev", "short") if "typos" in of else ():
        lost = of["typos"][part]["points lost"]["value"]
        yield f"a typing mistake in each word, {part}", f"{lost:.1f} points", "at most 3 points", lost <= 3
    if CLINICS in of.get("knowing", {}):
        for kind, goal in zip(KINDS, (0.985, 0.90, None), strict=True):
            found = of["knowing"][CLINICS][kind]
            if goal and found:
                value = found[OURS][0]
                yield f"AUROC {kind}, {SETS[CLINICS]}", f"{value:.3f}", f"at least {goal:g}", value >= goal
        for kind, one in of["knowing"][CLINICS]["risk"].items():
            wrong = one["app"]["wrong"]
            limit = one["most_wrong"]
            yield (
                f"wrong from the app's limit for {kind} on, {SETS[CLINICS]}",
                f"{_share(wrong['rate'])} ({_share(wrong['low'])} to {_share(wrong['high'])})",
                f"upper bound at most {limit:g}",
                wrong["high"] <= limit,
            )
    for name, one in _sets(of):
        behind = [NAMES[way] for way in WAYS if one[way][f"{_metric(name)}, ours more"][1] <= 0]
        yield (
            f"ahead of every peer, {SETS.get(name, name)}, {_metric(name)}",
            f"not beyond the interval: {', '.join(behind)}" if behind else "each beyond its interval",
            "every peer",
            not behind,
        )


def _goals(of: Values) -> Section:
    rows = [
        (what, figure, goal, Cell("met", tone="good") if met else Cell("not met", tone="bad"))
        for what, figure, goal, met in goals(of)
    ]
    spent = table(
        "Sections of this page",
        ("section", "measured", "took"),
        [(name, one["date"], duration(one["seconds"])) for name, one in of.items()],
    )
    return Section("goals", "Goals", tables=(table("Goals", ("what", "measured", "goal", ""), rows), spent))


def _sets(of: Values) -> Iterator[tuple[str, Values]]:
    """Yield each set's figures; of the clinics those of all together."""
    for section in RANKING:
        for name, one in of.get(section, {}).get("sets", {}).items():
            if not name.startswith("written_"):
                yield name, one


def _metric(name: str) -> str:
    return "ndcg@10" if name == "medlars" else "recall@1"


def _order(of: Values) -> Section:
    measured = list(_sets(of))
    clinics = of.get("clinics", {}).get("sets", {})
    each = [(name, one) for name, one in clinics.items() if name.startswith("written_")]
    tables = []
    for metric in ("ndcg@10", "mrr@10", "recall@1"):
        tables.append(_order_table(metric, metric, measured))
    tables.append(_order_table("MAP", "map", [one for one in measured if one[0] == "medlars"]))
    tables.append(_order_table("recall@1, clinic by clinic", "recall@1", each))
    leads = [
        picture(
            plots.intervals(
                f"nDCG@10: what ours has more than {NAMES[way]}",
                {SETS.get(name, name): _interval(one[way]["ndcg@10, ours more"]) for name, one in measured},
                unit="nDCG@10, with 95 % interval",
                zero=True,
            )
        )
        for way in WAYS
        if measured
    ]
    return Section(
        "order",
        "The order, beside its peers",
        intro="Below each other way stands what ours has more, paired by question. The peers search with "
        "the embedder as it is published; BM25 is bm25s.",
        tables=tuple(one for one in tables if one.rows),
        plots=tuple(leads),
        missing=not measured,
    )


def _order_table(caption: str, metric: str, measured: Sequence[tuple[str, Values]]) -> Table:
    ways = ("ours", *WAYS, "fused", "untuned")
    rows = []
    for name, one in measured:
        cells = [Cell(SETS.get(name, name), f"{one['entries']:,} entries, {one['questions']:,} questions")]
        for way in ways:
            more = one[way].get(f"{metric}, ours more")
            cells.append(Cell(_share(one[way][metric]), _more(more) if more else ""))
        rows.append(cells)
    return table(caption, ("set", *(NAMES[way] for way in ways)), rows)


def _knowing(of: Values) -> Section:
    found = of.get("knowing", {}) | of.get("questions", {})
    there = [source for source in SOURCES if source in found]
    tables = []
    for kind in KINDS:
        rows = []
        for source in there:
            one = found[source][kind]
            if one is None:
                continue
            cells = [Cell(SETS[source], f"{one['positive']:,} and {one['negative']:,} questions")]
            for name in (OURS, *WAYS):
                if name in one:
                    more = one.get(f"{name}, ours more")
                    value, low, high = one[name]
                    cells.append(
                        Cell(_share(value), _more(more) if more else f"{_share(low)} to {_share(high)}")
                    )
            rows.append(cells)
        tables.append(table(f"AUROC, {kind}", ("set", *(NAMES[name] for name in (OURS, *WAYS))), rows))
    errors = [
        (SETS[source], f"{found[source]['questions']:,}", _share(found[source]["ece"])) for source in there
    ]
    tables.append(table("Expected calibration error, ten bins", ("set", "questions", "error"), errors))
    series = {
        SETS[source]: [(said, was) for _, said, was in found[source]["reliability"]] for source in there
    }
    return Section(
        "knowing",
        "Knowing when there is no answer",
        intro="Each confidence is of a curve that was fitted without that set. A peer's score is its best "
        "entry's. The doctors' pairs have no answers: a near miss there is another question in like words.",
        tables=tuple(tables) if there else (),
        plots=(
            picture(
                plots.lines(
                    "Reliability",
                    {"perfect": [(0.0, 0.0), (1.0, 1.0)], **series},
                    x="mean confidence of the bin",
                    y="share right",
                )
            ),
        )
        if there
        else (),
        missing=not there,
    )


def _risk(of: Values) -> Section:
    found = of.get("knowing", {}) | of.get("questions", {})
    there = [source for source in SOURCES if source in found]
    rows = []
    for source in there:
        for kind, one in found[source]["risk"].items():
            if source == CLINICS:
                rows.append(
                    [Cell(SETS[source], f"{kind}: at most {one['most_wrong']:.0%}"), *_at(one["allowed"])]
                )
            rows.append([Cell(SETS[source], f"{kind}: from the app's limit on"), *_at(one["app"])])
        for way, limits in found[source]["peers at risk"].items() if source == CLINICS else ():
            for limit, one in limits.items():
                rows.append([Cell(SETS[source], f"{NAMES[way]}: at most {limit}"), *_at(one, "by rank")])
    heads = ("set", "threshold", "right entry", "wrong entry", "unanswerable answered", "wrong of all given")
    pictures = [
        picture(
            plots.lines(
                f"Risk and coverage: {SETS[source]}",
                {NAMES[name]: points for name, points in found[source]["curves"].items()},
                x="share of answerable questions that get the right entry",
                y="share that get a wrong one",
            )
        )
        for source in there
    ]
    return Section(
        "risk",
        "What is answered at the stated risk",
        intro="The threshold is the lowest at which the upper bound of the share of answerable questions "
        "that get a wrong entry keeps the limit.",
        tables=(table("Coverage at risk", heads, rows),) if there else (),
        plots=tuple(pictures),
        missing=not there,
    )


def _at(one: Values | None, threshold: str = "") -> list[Cell]:
    if one is None:
        return [Cell("none keeps it", tone="muted"), *(Cell("–", tone="muted") for _ in range(4))]
    shares = (one[name] for name in ("coverage", "wrong", "unanswerable_answered", "wrong_of_given"))
    return [Cell(threshold or f"{one['threshold']:.3f}"), *(_rate(share) for share in shares)]


def _typos(of: Values) -> Section:
    found = of.get("typos", {})
    rows = [
        (
            Cell(part, f"{one['queries']} questions, {found['seeds']} times mistyped"),
            _share(one["recall@1 clean"]),
            _share(one["recall@1 mistyped"]),
            Cell(f"{lost['value']:.1f}", f"{lost['low']:.1f} to {lost['high']:.1f}"),
        )
        for part, one in found.items()
        if isinstance(one, Mapping)
        for lost in [one["points lost"]]
    ]
    return Section(
        "typos",
        "A typing mistake in each content word",
        tables=(table("recall@1 of the sample FAQ", ("questions", "clean", "mistyped", "points lost"), rows),)
        if found
        else (),
        missing=not found,
    )


def _speed(of: Values) -> Section:
    tables = []
    if "search" in of:
        one = of["search"]
        facts = [
            (name.removesuffix("_ms").replace("_", " "), _ms(one[name]["p50"]), _ms(one[name]["p95"]))
            for name in ("with_ranker_ms", "without_ranker_ms", "encoder_alone_ms")
        ]
        tables.append(
            table(
                f"One search in {one['entries']:,} entries ({one['vectors']:,} vectors), encoder included",
                ("search", "p50", "p95"),
                facts,
            )
        )
        built = [("built", duration(one["index_s"])), ("most memory", f"{one['index_peak_mb']:,} MB"),
                 ("opened and verified", duration(one["open_s"]))]  # fmt: skip
        tables.append(table("Its index, in a process of its own", ("what", "figure"), built))
    if "indexing" in of:
        one = of["indexing"]
        rate = one["texts_per_second"]
        tables.append(
            table(
                f"Embedding {one['texts']:,} passages, median of {one['rounds']} rounds by turns, "
                f"{one['threads']} threads",
                ("way", "texts a second", "times plain"),
                [
                    ("ours", _number(rate["ours"]), f"{one['times_plain']:.2f}"),
                    ("SentenceTransformer.encode, fp32", _number(rate["plain_encode_fp32"]), "1"),
                    (
                        "cosine between both",
                        f"mean {one['cosine_with_plain']['mean']:.4f}",
                        f"least {one['cosine_with_plain']['least']:.4f}",
                    ),
                ],
            )
        )
    if "lexical" in of:
        one = of["lexical"]
        rows = [
            (
                name,
                duration(one["index_s"][name]),
                _ms(one["score_ms"][name]["p50"]),
                _ms(one["score_ms"][name]["p95"]),
            )
            for name in ("bm25s", "rank_bm25")
        ]
        tables.append(
            table(
                f"BM25 of {one['entries']:,} entries, the same words; same first entry in "
                f"{one['same_first_entry']} of {one['questions']} questions",
                ("library", "index", "scores p50", "scores p95"),
                rows,
            )
        )
    return Section("speed", "Speed", tables=tuple(tables), missing=not tables)


def _growth(of: Values) -> Section:
    found = {int(name): one for name, one in of.get("growth", {}).items() if name.isdigit()}
    rows = [
        (
            f"{size:,}",
            f"{one['vectors']:,}",
            duration(one["build_without_encoder_s"]),
            *(
                _ms(one[name][part])
                for name in ("with_ranker_ms", "without_ranker_ms")
                for part in ("p50", "p95")
            ),
        )
        for size, one in found.items()
    ]
    heads = ("entries", "vectors", "built without encoder", "p50", "p95", "without ranker p50", "p95")
    series = {
        title: [(float(size), float(one[name][part])) for size, one in found.items()]
        for title, name, part in (
            ("with ranker, p95", "with_ranker_ms", "p95"),
            ("with ranker, p50", "with_ranker_ms", "p50"),
            ("without ranker, p95", "without_ranker_ms", "p95"),
        )
    }
    real = of.get("growth", {}).get("real_entries", 0)
    return Section(
        "growth",
        "As the FAQ grows",
        intro=f"The first {real:,} entries are MedQuAD's; those beyond are invented, words of the real ones "
        "drawn at random. The entries' vectors are random at every size: a search costs the same with them, "
        "and the time to embed them is measured above.",
        tables=(table("One search, encoder included, by entries", heads, rows),) if rows else (),
        plots=(picture(plots.lines("One search", series, x="entries", y="ms", log_x=True)),) if rows else (),
        missing=not rows,
    )


def _texts(of: Values) -> Section:
    found = of.get("texts", {}).get("sets", {})
    ways = [
        name for one in list(found.values())[:1] for name, value in one.items() if isinstance(value, Mapping)
    ]
    rows: list[list[Cell | str]] = [
        [
            Cell(name, f"{one['questions']} questions"),
            _share(one["recall@1"]),
            *(
                Cell(
                    _share(one[way]["recall@1"]),
                    f"{one[way]['changed']} differ; {_more(one[way]['served more'])}",
                )
                for way in ways
            ),
        ]
        for name, one in found.items()
    ]
    return Section(
        "texts",
        "Tried: other texts than the cleaned and repaired question",
        intro="What is served cleans and repairs. Below each other text: how many of the questions it "
        "changes, and what the served one has more. Where the interval has zero in it, the step did not "
        "pay there.",
        tables=(table("recall@1, ranker and all", ("set", "served", *ways), rows),) if rows else (),
        missing=not rows,
    )


def _weights(of: Values) -> Section:
    found = of.get("weights", {}).get("sets", {})
    ways = ("one set of weights, fitted", "apart for short and long, fitted")
    rows: list[list[Cell | str]] = [
        [
            Cell(SETS.get(name, name), f"{one['questions']} questions, {one['short']} short"),
            _share(one["mrr"]),
            *(
                Cell(_share(one[way]["mrr"]), f"{_settings(one[way])}; {_more(one[way]['served more'])}")
                for way in ways
            ),
        ]
        for name, one in found.items()
    ]
    return Section(
        "weights",
        "Tried: weights of the fused order fitted on other sets",
        intro="Questions, passages and words, fitted on all sets but the one they are judged on, without the "
        "ranker. Where what the served weights have more has zero in its interval, fitting did not pay.",
        tables=(table("MRR", ("set", "served weights", *ways), rows),) if rows else (),
        missing=not rows,
    )


def _settings(one: Values) -> str:
    return " and ".join("/".join(f"{weight:g}" for weight in weights) for weights in one["weights"])


def _interval(value: Sequence[float]) -> Interval:
    return Interval(value=value[0], low=value[1], high=value[2])


def _more(value: Sequence[float]) -> str:
    return f"{value[0]:+.3f} ({value[1]:+.3f} to {value[2]:+.3f})"


def _rate(one: Values) -> Cell:
    if "rate" not in one:
        return Cell("–", tone="muted")
    return Cell(_share(one["rate"]), f"{_share(one['low'])} to {_share(one['high'])}")


def _share(value: float) -> str:
    return f"{value + 0.0:.3f}"  # no -0.000


def _ms(value: float) -> str:
    return f"{value:.1f} ms"


def _number(value: float) -> str:
    return f"{value:,.0f}"
