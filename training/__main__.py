"""The training command: from a dataset to a gated release.

    python -m training run --recipe R [--set a.b=c] [--from STAGE]
    python -m training compare RUN...
    python -m training predict|evaluate --task T (--release DIR | --base) [F]
    python -m training promote RELEASE | rollback TASK | list
    python -m training generate CORPUS [--half train|test] [--rows N] [--seed S] [--out F]

Exit codes: 0 done; 1 some rows failed, the rest done; 2 wrong arguments or configuration, nothing done;
3 the gate said no. The commands import what is heavy when they run, so that --help is quick.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from training.command_line import GATE_SAID_NO, SOME_FAILED, guarded, stop
from training.generate_command import generate
from training.people_commands import database_url, feedback, panel
from training.release_commands import CacheDir, Models, Offline, releases
from weights.uncaught import run_quietly

DATASETS = Path("../shared/data")

app = typer.Typer(
    help="From a dataset to a gated release.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(releases)
app.add_typer(panel, name="panel")
app.add_typer(feedback, name="feedback")
app.command()(generate)

Datasets = Annotated[
    Path, typer.Option(envvar="CAREFOLD_DATASETS", help="Folder of `datasets:` sources in recipes.")
]
Runs = Annotated[Path, typer.Option(help="Folder of runs.")]
Recipe = Annotated[str, typer.Option(help="A YAML file, or the name of one in training/recipes.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="Change one value: train.rank=32; repeatable.")]
Key = Annotated[
    str, typer.Option(envvar="OPENAI_API_KEY", help="Key of a remote model or judge.", show_default=False)
]
Task = Annotated[str, typer.Option(help="The job.")]
Release = Annotated[Path | None, typer.Option(help="A release folder.")]
Base = Annotated[bool, typer.Option("--base", help="The base model as it comes.")]
BaseModel = Annotated[
    str, typer.Option(envvar="CAREFOLD_BASE_MODEL", help="Which base, where not the default.")
]
File = Annotated[Path | None, typer.Argument(metavar="[F]", help="JSON Lines; default: standard input.")]
MaxNew = Annotated[int, typer.Option(min=1, help="Longest answer in tokens.")]


@app.command()
def run(
    recipe: Recipe,
    changes: Set = None,
    start: Annotated[str, typer.Option("--from", help="Run this stage and all after it again.")] = "",
    until: Annotated[str, typer.Option(help="Stop after this stage.")] = "register",
    runs: Runs = Path("runs"),
    datasets: Datasets = DATASETS,
    models: Models = Path("models"),
    cache_dir: CacheDir = None,
    offline: Offline = False,
    hardware: Annotated[
        str, typer.Option(help="Line of training/hardware.yaml that must hold the job; '': none must.")
    ] = "",
    api_key: Key = "none",
    database: Annotated[
        str, typer.Option(envvar="CAREFOLD_DATABASE_URL", help="The application's store.", show_default=False)
    ] = "",
    rank: Annotated[int, typer.Option(envvar="RANK", hidden=True)] = 0,
    processes: Annotated[int, typer.Option(envvar="WORLD_SIZE", hidden=True)] = 0,
    meeting_place: Annotated[str, typer.Option(envvar="MASTER_ADDR", hidden=True)] = "",
) -> None:
    """Run a recipe to a gated release; a run that was killed goes on."""

    def work() -> int:
        from training.errors import RunError
        from training.pipeline import STAGES
        from training.pipeline import run as run_stages
        from training.recipe import load_recipe
        from training.run import Surroundings

        if meeting_place and not processes:
            raise RunError(
                "MASTER_ADDR is set, so several processes were asked for, and this one was started alone: "
                "`accelerate launch --cpu` does that. Use accelerate launch --multi_gpu --num_processes N "
                "-m training run ..., with CPUs too, or unset MASTER_ADDR"
            )
        outcome = run_stages(
            load_recipe(recipe, changes or ()),
            root=runs,
            around=Surroundings(
                datasets=datasets, cache_dir=cache_dir, models_dir=models, offline=offline,
                hardware=hardware, api_key=api_key, rank=rank, processes=max(1, processes),
                database=database or database_url(),
            ),
            start=start,
            until=until,
        )  # fmt: skip
        sys.stdout.write(f"{outcome.folder.path}\n{outcome.verdict}\n")
        names = list(STAGES)
        asked = names.index(until) >= names.index("gate")
        return GATE_SAID_NO if asked and outcome.refused else 0

    guarded(work)


@app.command()
def sweep(
    recipe: Recipe,
    grid: Annotated[Path, typer.Option(help="YAML: a list of points, each a list of a.b=c changes.")],
    minutes: Annotated[float, typer.Option(min=0.01, max=60, help="Longest that a point trains.")] = 60,
    runs: Runs = Path("runs"),
    datasets: Datasets = DATASETS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
    database: Annotated[str, typer.Option(envvar="CAREFOLD_DATABASE_URL", show_default=False)] = "",
) -> None:
    """Train every point of a grid and rank them on validation; the test rows stay closed."""

    def work() -> int:
        from training.recipe import load_recipe
        from training.run import Surroundings
        from training.sweep import read_grid, sweep_points

        around = Surroundings(
            datasets=datasets, cache_dir=cache_dir, offline=offline, database=database or database_url(),
            minutes=minutes,
        )  # fmt: skip
        load_recipe(recipe)
        sys.stdout.write(sweep_points(recipe, read_grid(grid), root=runs, around=around))
        return 0

    guarded(work)


@app.command()
def curve(
    recipe: Recipe,
    share: Annotated[list[float], typer.Option(help="Share of the training rows, 0 to 1; repeatable.")],
    changes: Set = None,
    runs: Runs = Path("runs"),
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Train a run again on shares of its rows: whether more data would help. The next report shows it."""

    def work() -> None:
        import math

        from training.learning_curve import learning_curve
        from training.recipe import load_recipe
        from training.run import Run, Surroundings
        from training.run_folder import RunFolder

        values = load_recipe(recipe, changes or ())
        run = Run(values, RunFolder.of(values, runs), Surroundings(cache_dir=cache_dir, offline=offline))
        with run.folder.alone():
            for one in learning_curve(run, share):
                sys.stdout.write(f"{one.share:.0%}\t{one.rows:,} rows\tperplexity {math.exp(one.loss):.2f}\n")

    guarded(work)


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    out: Annotated[
        Path | None, typer.Option(help="HTML page to write; default: compare.html beside the first run.")
    ] = None,
) -> None:
    """Put runs side by side: quality, time, tokens, cost, hardware, data, privacy."""

    def work() -> int:
        from training.compare import compare as side_by_side
        from training.compare import comparison_page, comparison_text
        from training.run_folder import RunFolder

        comparison = side_by_side([RunFolder.open(one) for one in runs])
        page = out or runs[0].parent / "compare.html"
        page.write_text(comparison_page(comparison), encoding="utf-8")
        sys.stdout.write(f"{comparison_text(comparison)}\n{page}\n")
        return 0

    guarded(work)


@app.command()
def predict(
    task: Task,
    file: File = None,
    release: Release = None,
    base: Base = False,
    base_model: BaseModel = "",
    max_new_tokens: MaxNew = 256,
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Write {"id", "output"} for each row of the task's input fields."""
    _one_of(release, base)
    _known(task, file)

    def work() -> int:
        from training.asking import predict as answer

        failed = answer(
            task, release=release, base=base_model, file=file, cache_dir=cache_dir, offline=offline,
            max_new_tokens=max_new_tokens,
        )  # fmt: skip
        return SOME_FAILED if failed else 0

    guarded(work)


@app.command()
def evaluate(
    task: Task,
    file: File = None,
    release: Release = None,
    base: Base = False,
    base_model: BaseModel = "",
    max_new_tokens: MaxNew = 256,
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Write one object with the task's metrics, each with its 95 % interval."""
    _one_of(release, base)
    _known(task, file)

    def work() -> int:
        from training.asking import evaluate as measure

        failed = measure(
            task, release=release, base=base_model, file=file, cache_dir=cache_dir, offline=offline,
            max_new_tokens=max_new_tokens,
        )  # fmt: skip
        return SOME_FAILED if failed else 0

    guarded(work)


def _one_of(release: Path | None, base: bool) -> None:
    if (release is None) == (not base):
        stop("give either --release DIR or --base")


def _known(task: str, file: Path | None) -> None:
    from training.tasks import TASKS

    if task not in TASKS:
        stop(f"no task {task!r}; there is {', '.join(TASKS)}")
    if file is not None and not file.is_file():
        stop(f"no file {str(file)!r}. Give a JSON Lines file, or none to read standard input")


if __name__ == "__main__":
    run_quietly(app, "python -m training")
