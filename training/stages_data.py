"""The stages from a raw corpus to the rows that are trained on; see `pipeline.py` for their order.

Each reads what the one before wrote and returns its counts. Raw text exists in `load` alone, in memory.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field

from training.augment import augmented
from training.cleaning import clean
from training.duplicates import contradictions, find_copies, without_duplicates
from training.errors import CorpusError
from training.estimate import ModelShape, Tokens, estimate
from training.feedback_dataset import withdrawn
from training.guards import Guards
from training.memorisation import plant
from training.page_parts import lines_of
from training.poison import scan
from training.preflight import preflight as checked
from training.preflight import shown as chosen_rows
from training.preflight_encoder import Reader, encoder_page, encoder_preflight
from training.preflight_page import preflight_page
from training.profile import profile
from training.profile_page import profile_page
from training.raw_examples import RawExamples, counted
from training.reading import INVENTED, source_file, written_sha256
from training.report_run_sections import estimates_table
from training.rows import (
    SPLITS,
    Example,
    Frozen,
    SetAside,
    StageCounts,
    read_rows,
    read_value,
    write_rows,
    write_value,
)
from training.run import Run, shown
from training.scrubbing import ScrubCounts, scrub_examples
from training.spelling import repair_spelling
from training.splitting import check_leaks, divide, subsample
from weights.cache import hash_file

UNSCRUBBED = "invented, not scrubbed"
"""How rows of a generator are counted: the only ones that no scrubber reads."""
SUSPECT = "suspect:"
"""How the reason begins for which a row that looks poisoned is set aside."""


class Loaded(Frozen):
    """What the load stage knows: hashes, and what the scrubber replaced (counts by type)."""

    policy_hash: str
    dataset_sha256: str
    rows: dict[str, int]
    entities: dict[str, int]
    written: dict[str, str] = Field(default_factory=dict, description="SHA-256 of each written corpus")
    feedback: dict[str, str] = Field(default_factory=dict, description="SHA-256 of each dataset of feedback")


def changed_since_load(run: Run, *, to_train: bool) -> list[str]:
    """Return the corpora whose text is not what the run was loaded from: this project's, and feedback's.

    Feedback counts where it is still to be trained on: what people withdrew since leaves its dataset first.
    A dataset that is not here any more says nothing.
    """
    loaded = read_value(run.folder.measured("load"), Loaded)
    changed = [source for source, sha256 in loaded.written.items() if written_sha256(source) != sha256]
    if to_train and loaded.feedback:
        list(_withdrawals(run))
        now = _feedback_hashes(run)
        changed += [name for name, sha256 in loaded.feedback.items() if now.get(name, sha256) != sha256]
    return changed


def load(run: Run) -> list[StageCounts]:
    """Read, profile and scrub; the first file that is written holds scrubbed rows."""
    withdrawals = list(_withdrawals(run))
    # Surrogates depend on the whole raw text: nobody can tell who stood there without having it.
    digest = hashlib.sha256(f"surrogates {run.recipe.seed}".encode())
    measured = profile(counted(run, digest))
    write_value(run.folder.measured("profile"), measured)
    run.folder.path.joinpath("profile.html").write_text(
        profile_page(measured, name=run.recipe.name), encoding="utf-8"
    )

    scrubber = run.scrubber(run.recipe.scrub.policy)
    raw = RawExamples(run)
    counts = ScrubCounts()
    scrubbed: list[Example] = []
    unscrubbed: list[SetAside] = []
    rows = scrub_examples(
        raw.real(),
        scrubber,
        salt=digest.digest(),
        names=raw.author_names,
        labels=run.labels,
        counts=counts,
    )
    real = sum(number for source, number in measured.sources.items() if not source.startswith(INVENTED))
    for row in shown(rows, "scrub", total=real):
        (scrubbed if isinstance(row, Example) else unscrubbed).append(row)  # type: ignore[arg-type]
    # Surrogates for invented values would only take their variety, and what is found wrongly their labels.
    invented = list(raw.invented())
    scrubbed += invented
    unread = raw.unread
    changed = dict(sorted(counts.entities.items()))
    if invented:
        changed[UNSCRUBBED] = len(invented)
    if not scrubbed:
        raise CorpusError(
            f"no row is left of {len(unread) + len(unscrubbed)}: see {run.folder.aside('load').name}"
        )
    write_rows(run.folder.rows("load"), scrubbed)
    write_rows(run.folder.aside("load"), (*unread, *unscrubbed))
    by_source: dict[str, int] = {}
    for row in scrubbed:
        by_source[row.source] = by_source.get(row.source, 0) + 1
    write_value(
        run.folder.measured("load"),
        Loaded(
            policy_hash=scrubber.policy_hash,
            dataset_sha256=hashlib.sha256(run.folder.rows("load").read_bytes()).hexdigest(),
            rows=by_source,
            entities=dict(counts.entities),
            written={
                corpus.source: written_sha256(corpus.source)
                for corpus in run.recipe.corpora
                if corpus.source.startswith("written:")
            },
            feedback=_feedback_hashes(run),
        ),
    )
    return [
        *withdrawals,
        StageCounts.of("read", len(scrubbed) + len(unscrubbed), unread),
        StageCounts.of("scrub", len(scrubbed), unscrubbed, changed=changed),
    ]


def clean_rows(run: Run) -> list[StageCounts]:
    """Strip markup and boilerplate, repair spelling; every repair is listed."""
    rows = list(read_rows(run.folder.rows("load"), Example))
    settings = run.recipe.clean
    cleaned = clean(rows, settings, labels=run.labels, answers=run.task.chat)
    kept: Sequence[Example] = cleaned.kept
    changed = dict(cleaned.changed)
    if settings.spelling:
        spelled = repair_spelling(kept, labels=run.labels)
        kept = spelled.rows
        write_rows(run.folder.measured("spelling"), spelled.changes)
        changed["spelling repaired"] = spelled.changed_rows
    write_rows(run.folder.rows("clean"), kept)
    write_rows(run.folder.aside("clean"), cleaned.aside)
    return [StageCounts.of("clean", len(kept), cleaned.aside, changed=changed)]


def deduplicate(run: Run) -> list[StageCounts]:
    """Take out copies; flag contradictions and what looks planted by someone else."""
    rows = list(read_rows(run.folder.rows("clean"), Example))
    kept, aside = without_duplicates(rows, near_copy=run.recipe.clean.near_copy, labels=run.labels)
    write_rows(run.folder.rows("deduplicate"), kept)
    write_rows(run.folder.aside("deduplicate"), aside)
    found = find_copies(rows, near_copy=run.recipe.clean.near_copy, labels=run.labels)
    write_rows(run.folder.measured("copies"), found)
    conflicts = contradictions(kept, labels=run.labels)
    write_rows(run.folder.measured("contradictions"), conflicts)
    return [
        StageCounts.of("deduplicate", len(kept), aside, changed={"contradictions flagged": len(conflicts)})
    ]


def _unfit(run: Run, rows: Sequence[Example]) -> dict[str, str]:
    """Return the training rows that should teach nothing, with the reason; note the suspects that stay."""
    clean = run.recipe.clean
    # A generator hides characters on purpose; nobody else's rows pass for its rows.
    read = [row for row in rows if not row.source.startswith(INVENTED)]
    suspects = [one for one in scan(read, writes=run.writes) if one.id not in clean.cleared]
    unfit = {one.id: f"{SUSPECT}{one.reason}" for one in suspects} if clean.suspects == "set_aside" else {}
    write_rows(run.folder.measured("suspects"), [one for one in suspects if one.id not in unfit])
    if clean.guarded and run.task.chat:
        guards = Guards(chat=True, find_personal_data=lambda _text: False)
        for row in rows:
            stopped = guards.check(row.target, prompt="", system="", ended=True)
            if stopped:
                unfit.setdefault(row.id, f"guard:{min(stopped)}")
    return unfit


def split(run: Run) -> list[StageCounts]:
    """Divide by question group, stop on a leak, take the subsample; add copies and canaries to train."""
    recipe = run.recipe
    rows = list(read_rows(run.folder.rows("deduplicate"), Example))
    divided = divide(
        rows, recipe.divide, seed=recipe.seed, near_copy=recipe.clean.near_copy, labels=run.labels
    )
    parts = {name: list(divided.splits[name]) for name in SPLITS}
    aside = list(divided.aside)
    if recipe.divide.tokens:
        drawn = subsample(parts["train"], recipe.divide.tokens, seed=recipe.seed)
        kept = {row.id for row in drawn}
        aside += [
            SetAside(id=row.id, stage="split", reason="beyond_budget")
            for row in parts["train"]
            if row.id not in kept
        ]
        parts["train"] = list(drawn)
    unfit = _unfit(run, parts["train"])
    aside += [SetAside(id=name, stage="split", reason=reason) for name, reason in unfit.items()]
    parts["train"] = [row for row in parts["train"] if row.id not in unfit]
    check_leaks(parts, near_copy=recipe.clean.near_copy, labels=run.labels)
    counted = sum(map(len, parts.values()))
    if not parts["train"]:
        raise CorpusError("no row is left to train on: lower divide.validation and divide.test, or add rows")
    added = {}
    copies = list(augmented(parts["train"], recipe.train.augment, seed=recipe.seed))
    if copies:
        added["augmented copies"] = len(copies)
        parts["train"] += copies
    if recipe.evaluate.canaries and run.writes:
        parts["train"], canaries = plant(parts["train"], recipe.evaluate.canaries, seed=recipe.seed)
        write_value(run.folder.measured("canaries"), canaries)
        added["canaries"] = recipe.evaluate.canaries
    write_rows(
        run.folder.rows("split"),
        (row.model_copy(update={"split": name}) for name in SPLITS for row in parts[name]),
    )
    write_rows(run.folder.aside("split"), aside)
    return [StageCounts.of("split", counted, aside, changed=added)]


class Planned(Frozen):
    """What training will take, before it starts."""

    tokens: Tokens
    hardware: str


def preflight(run: Run) -> list[StageCounts]:
    """Count tokens, set over-long rows aside, look at eight rows, estimate; then the splits are final."""
    rows = list(read_rows(run.folder.rows("split"), Example))
    changed: dict[str, int] = {}
    if run.writes:
        rows, aside = _formatted(run, rows)
    else:
        rows, aside, changed = _encoded(run, rows)
    # Answers to other rows are of no use any more.
    shutil.rmtree(run.folder.predictions("any").parent, ignore_errors=True)
    for name in SPLITS:
        write_rows(run.folder.split(name), (row for row in rows if row.split == name))
    write_rows(run.folder.aside("preflight"), aside)
    return [StageCounts.of("preflight", len(rows), aside, changed=changed)]


def _encoded(run: Run, rows: list[Example]) -> tuple[list[Example], list[SetAside], dict[str, int]]:
    """Look at how an encoder will read the rows: what is set aside, and how many it reads in parts."""
    trainer = run.trainer()
    if not isinstance(trainer, Reader):
        return rows, [], {}
    job = run.job()
    read = dict(zip((row.id for row in rows), trainer.look(job, rows), strict=True))
    train = [row for row in rows if row.split == "train"]
    long = {row.id for row in rows if read[row.id].long and row.split != "test"}
    found = encoder_preflight(
        [read[row.id] for row in train],
        max_tokens=trainer.limit(job),
        measured=[read[row.id] for row in rows if row.split != "train" and row.id not in long],
    )
    write_value(run.folder.measured("preflight"), found)
    wanted = set(chosen_rows([row.id for row in train if row.id not in long], seed=run.recipe.seed))
    pictured = list(trainer.look(job, [row for row in train if row.id in wanted], draw=True))
    page = encoder_page(found, pictured, name=run.recipe.name)
    run.folder.path.joinpath("preflight.html").write_text(page, encoding="utf-8")
    parts = {"cut where the encoder stops reading": found.cut, "read in several windows": found.windowed}
    aside = [SetAside(id=row.id, stage="preflight", reason="over_long") for row in rows if row.id in long]
    return (
        [row for row in rows if row.id not in long],
        aside,
        {name: count for name, count in parts.items() if count},
    )


def _formatted(run: Run, rows: list[Example]) -> tuple[list[Example], list[SetAside]]:
    from training.trainers.causal_lm_model import base_folder, load_tokenizer
    from training.trainers.causal_lm_rows import format_rows

    job, limit = run.job(), run.recipe.train.max_tokens
    tokenizer = load_tokenizer(job)
    ends = {int(tokenizer.eos_token_id)}
    train = [row for row in rows if row.split == "train"]
    others = [row for row in rows if row.split != "train"]
    format_training = functools.partial(
        format_rows,
        tokenizer,
        run.task,
        clinic=run.recipe.clinic,
        mask_identifiers=run.recipe.train.mask_identifiers,
    )
    formatted = format_training(train)
    found = checked(formatted, end_tokens=ends, max_tokens=limit)
    write_value(run.folder.measured("preflight"), found)
    wanted = set(
        chosen_rows([row.id for row in train if row.id not in set(found.over_long)], seed=run.recipe.seed)
    )
    pictured = [row for row in train if row.id in wanted]
    measured = format_rows(tokenizer, run.task, others, clinic=run.recipe.clinic)
    long = {*found.over_long, *(row.id for row in measured if len(row.tokens) > limit)}
    tokens = Tokens(
        rows=found.rows,
        total=found.tokens,
        trained=found.trained,
        longest=found.longest,
        validation=sum(
            len(row.tokens)
            for row, example in zip(measured, others, strict=True)
            if example.split == "validation"
        ),
    )
    shape = ModelShape.from_config(base_folder(job) / "config.json")
    estimates = estimate(shape, tokens, run.recipe.train, wanted=run.around.hardware)
    write_rows(run.folder.measured("estimates"), estimates)
    write_value(run.folder.measured("planned"), Planned(tokens=tokens, hardware=run.around.hardware))
    expected = estimates_table(estimates)
    for line in lines_of(expected):
        sys.stderr.write(f"        {line}\n")
    page = preflight_page(
        found,
        format_training(pictured, rendered=len(pictured)),
        end_tokens=ends,
        estimates=expected,
        name=run.recipe.name,
    )
    run.folder.path.joinpath("preflight.html").write_text(page, encoding="utf-8")
    aside = [SetAside(id=row.id, stage="preflight", reason="over_long") for row in rows if row.id in long]
    return [row for row in rows if row.id not in long], aside


def _withdrawals(run: Run) -> Iterator[StageCounts]:
    """Take what people withdrew out of every dataset of feedback, before a row of it is read."""
    for file in _of_feedback(run):
        from app.store import Store

        store = Store.open(run.around.database)
        try:
            yield withdrawn(file, store)
        finally:
            store.close()


def _of_feedback(run: Run) -> Iterator[Path]:
    """Yield the files of the recipe that are datasets of feedback: a manifest stands beside each."""
    for corpus in run.recipe.corpora:
        if corpus.source.startswith((*INVENTED, "hub:")):
            continue
        try:
            file = source_file(corpus.source, run.around.datasets)
        except CorpusError:
            continue  # a run that was loaded goes on without its sources; loading says what is missing
        if file.with_suffix(".manifest.json").is_file():
            yield file


def _feedback_hashes(run: Run) -> dict[str, str]:
    return {file.name: hash_file(file) for file in _of_feedback(run)}
