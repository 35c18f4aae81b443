"""The card of a release: what it is, what it was trained on, how it did, where it may not be used.

Markdown with Hugging Face's front matter (huggingface.co/docs/hub/model-cards). It says only what the report
has measured, names what it has not, and holds no row's words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from training.metrics import Interval
from training.page_parts import between, change, figure, spread
from training.reading import INVENTED
from training.recipe import Recipe
from training.report import BeforeAfter, ReportData
from training.report_page import ARROWS, arms
from training.tasks import TASKS
from training.tasks.base import TrainerKind
from weights.defaults import BASE_MODEL, EMBEDDER

# The registry packages of the default bases hold these weights; the hub knows them under these names.
HUB_NAMES = {
    BASE_MODEL: "HuggingFaceTB/SmolLM2-135M-Instruct",
    EMBEDDER: "sentence-transformers/all-MiniLM-L6-v2",
}
PIPELINES: dict[TrainerKind, str] = {
    "causal_lm": "text-generation",
    "token_classifier": "token-classification",
    "text_classifier": "text-classification",
    "ngram_linear": "text-classification",
    "sentence_embedder": "sentence-similarity",
    "ranker": "text-ranking",
}
MAY_NOT = (
    "**Diagnosis and treatment.** It makes no diagnosis, names no dose and decides on no treatment. It was "
    "not evaluated for any of these.",
    "**Children, other languages, other uses.** It was not evaluated for them.",
)
MAY_NOT_WRITE = (
    "**A crisis.** It must not be what answers someone who may be in danger. The application answers crises "
    "with fixed words before any model is asked: in the US call or text 988, text HOME to 741741, or call "
    "911; elsewhere findahelpline.com.",
    "**Therapy.** It is no therapist, no licensed professional and no human, and must not be shown as one. "
    "Illinois (HB 1806) forbids therapeutic decisions by AI; New York (S.3008) and California (SB 243) ask "
    "that people are told that it is not a human and that a protocol for suicidal users is published. Ask a "
    "lawyer about other places.",
    "**Alone.** It may not speak to patients without the checks around it: crisis gate, scrubbing, "
    "retrieval, and the check of each sentence. Its scores alone say nothing about its safety.",
)
SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


def model_card(
    data: ReportData, recipe: Recipe, *, licence: str, language: str = "en", base_model: str = ""
) -> str:
    """Write the card of a release. `licence` is the adapter's, as the hub writes it (`apache-2.0`, `other`).

    `base_model` is the base's hub name; without it, it is taken from the recipe's source, or for a job that
    tunes an encoder from the one that it took.
    """
    base = base_model or hub_name(recipe.base if _writes(recipe) else data.identity.base)
    parts = (
        _front_matter(data, recipe, licence=licence, language=language, base=base),
        _what(data, recipe, base),
        _data(data),
        _results(data),
        _limits(data, recipe),
        _may_not(recipe),
        _identity(data),
    )
    return "\n\n".join(parts) + "\n"


def hub_name(source: str) -> str:
    """Return the hub's name of a base model's source, or the source itself where it has none."""
    if source in HUB_NAMES:
        return HUB_NAMES[source]
    kind, _, rest = source.partition(":")
    return rest.partition("@")[0] if kind == "hub" else source


def _writes(recipe: Recipe) -> bool:
    return TASKS[recipe.task].trainer == "causal_lm"


def _front_matter(data: ReportData, recipe: Recipe, *, licence: str, language: str, base: str) -> str:
    full = recipe.train.method == "full"
    values: dict[str, str | list[str]] = {
        "license": licence,
        "library_name": "transformers" if full else "peft",
    }
    if re.fullmatch(r"[\w.-]+/[\w.-]+", base):  # the hub refuses a card whose base is no name of its own
        values["base_model"] = base
        values["base_model_relation"] = "finetune" if full else "adapter"
    values["language"] = [language]
    values["pipeline_tag"] = PIPELINES[TASKS[recipe.task].trainer]
    values["tags"] = ["carefold", data.task, "health", *(() if full else ("lora",))]
    datasets = [hub_name(one.source) for one in data.sources if one.source.startswith("hub:")]
    if datasets:
        values["datasets"] = datasets
    values["metrics"] = list(dict.fromkeys(one.metric for one in data.scores))
    return f"---\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}---"


def _what(data: ReportData, recipe: Recipe, base: str) -> str:
    train = recipe.train
    how = {
        "lora": f"A LoRA adapter (rank {train.rank}, alpha {train.alpha:g}, all linear layers)",
        "qlora": f"A LoRA adapter (rank {train.rank}, alpha {train.alpha:g}, all linear layers, NF4 base)",
        "full": "All weights, tuned",
    }[train.method]
    served = (
        " It is meant to be served unmerged over the 4-bit (NF4) base, by the application, and was evaluated "
        "in that form."
    )
    lines = [
        f"# {data.identity.release or data.name}",
        f"{how} for `{base}`, for the job `{data.task}` of Carefold, a private chat for a clinic."
        + (served if train.method != "full" and _writes(recipe) else ""),
        "```\nCAREFOLD_BASE_MODEL=path:<this folder> python -m app serve\n```"
        if train.method == "full" and _writes(recipe)
        else "```\npython -m training promote <this folder>\n```",
    ]
    return "\n\n".join(lines)


def _data(data: ReportData) -> str:
    rows = [(one.source, one.licence, f"{one.rows:,}") for one in data.sources]
    said = [
        "## Trained on",
        _table(("source", "licence", "rows"), rows) if rows else "Sources: not measured.",
    ]
    if data.splits:
        splits = ", ".join(f"{rows:,} {name}" for name, rows in data.splits.items())
        said.append(
            f"Divided by question, near copies together: {splits}. The test rows were not trained on."
        )
    aside = [(one.stage, sum(one.set_aside.values())) for one in data.stages if one.set_aside]
    if aside:
        said.append("Set aside: " + ", ".join(f"{count:,} rows by {stage}" for stage, count in aside) + ".")
    said.append(
        "Personal data was replaced by invented values before anything else read the rows, under scrubber "
        f"policy `{data.identity.policy_hash}`. No scrubber finds everything: treat the weights as made from "
        "personal data."
    )
    if any(one.source.startswith(INVENTED) for one in data.sources):
        said.append("Rows of `generate` sources are invented from beginning to end, and were not scrubbed.")
    if any(one.licence == "none stated" for one in data.sources):
        said.append("At least one source states no licence: ask its owner before you pass these weights on.")
    return "\n\n".join(said)


def _results(data: ReportData) -> str:
    said = ["## How it did"]
    names = arms(data)
    if not names:
        return "\n\n".join([*said, "Scores: not measured."])
    rows = []
    for metric in dict.fromkeys((data.metric, *(one.metric for one in data.scores))):
        found = {arm: score for arm in names if (score := data.score(arm, metric))}
        if found:
            first = next(iter(found.values()))
            cells = [_value(found[arm].interval) if arm in found else "not measured" for arm in names]
            rows.append((f"{metric}, {ARROWS[first.better]}", *cells, f"{first.rows:,}"))
    said += [
        "On rows that were never trained on; in brackets the 95 % bootstrap interval over question groups.",
        _table(("metric", *names, "rows"), rows),
    ]
    for one in data.differences:
        if one.metric == data.metric:
            said.append(f"Tuned against {one.against}, {one.metric}: {one.plainly}, {change(one.interval)}.")
    for title, values in (
        ("Safety", data.safety),
        ("Fairness", data.fairness),
        ("Other jobs", data.other_jobs),
    ):
        if values:
            said += [f"### {title}, base and tuned", _pairs(values)]
    tuned = next((one for one in data.guards if one.arm == "tuned"), None)
    if tuned is not None:
        stopped = ", ".join(f"{name} {count:,}" for name, count in sorted(tuned.counts.items()) if count)
        said.append(
            f"Guards, of {tuned.answers:,} answers of the bare model: {stopped or 'none was stopped'}."
        )
    if kept := data.memorised:
        said.append(
            f"Memorisation: of {kept.canaries} planted canaries {kept.extracted} could be extracted; the "
            f"largest exposure was {figure(kept.exposure)} bits (allowed: {figure(kept.limit)})."
        )
    if data.verdict:
        said.append(f"Verdict of the gate: {data.verdict.kind.replace('_', ' ')}.")
    return "\n\n".join(said)


def _limits(data: ReportData, recipe: Recipe) -> str:
    if _writes(recipe):
        said = [
            "It repeats the manner and the mistakes of its sources. It may write what is untrue in a sure "
            "tone.",
            "Its scores compare texts; they do not measure whether an answer helps a person.",
        ]
        if not any(one.by == "panel" for one in data.judgements):
            said.append("No clinician's rating is part of these figures.")
    else:
        said = ["It repeats the mistakes of its sources, and does worse on text that is unlike them."]
    absent = data.not_measured()
    if absent:
        said.append(f"Not measured: {', '.join(absent)}.")
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in said)


def _may_not(recipe: Recipe) -> str:
    points = "\n".join(f"- {point}" for point in (*MAY_NOT, *(MAY_NOT_WRITE if _writes(recipe) else ())))
    notes = f"\n\n{recipe.notes.strip()}" if recipe.notes.strip() else ""
    return f"## Where it may not be used\n\n{points}{notes}"


def _identity(data: ReportData) -> str:
    one = data.identity
    rows = [
        (name.replace("_", " "), str(value))
        for name, value in one
        if name not in ("versions", "release") and value
    ]
    rows += [(f"version of {name}", version) for name, version in sorted(one.versions.items())]
    if data.fit:
        rows.append(("trained with", f"{data.fit.hardware}, {data.fit.precision}"))
    return f"## What exactly this is\n\n{_table(('value', ''), rows)}\n\nMade {data.created}."


def _pairs(values: Sequence[BeforeAfter]) -> str:
    rows = [
        (
            f"{one.group}: {one.name}" if one.group else one.name,
            _value(one.base),
            _value(one.tuned),
            f"{one.rows:,}",
        )
        for one in values
    ]
    return _table(("measure", "base", "tuned", "rows"), rows)


def _value(interval: Interval) -> str:
    return f"{spread(interval).text} ({between(interval)})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
