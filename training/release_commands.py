"""The commands for what a run has released: serve it, take it back, list, share and export it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from training.command_line import SOME_FAILED, guarded

releases = typer.Typer()

CacheDir = Annotated[
    Path | None, typer.Option(envvar="CAREFOLD_CACHE_DIR", help="Folder of fetched weights.")
]
Offline = Annotated[bool, typer.Option(envvar="CAREFOLD_OFFLINE", help="Never fetch anything.")]
Models = Annotated[Path, typer.Option(envvar="CAREFOLD_MODELS_DIR", help="Folder of releases.")]
Release = Annotated[Path, typer.Argument(help="A release folder.")]
Token = Annotated[str, typer.Option(envvar="HF_TOKEN", help="Token of the hub.", show_default=False)]


@releases.command()
def promote(
    release: Release,
    share: Annotated[float, typer.Option(min=0.01, max=1, help="Share of conversations that get it.")] = 1.0,
    models: Models = Path("models"),
) -> None:
    """Let a release be served: to all, or to a share of conversations beside the one that is."""

    def work() -> int:
        from app.releases import promote as put

        now = put(models, release, share=share)
        sys.stdout.write(
            f"active: {now.active or 'none'}\ncandidate: {now.candidate or 'none'} ({now.share:g})\n"
        )
        return 0

    guarded(work)


@releases.command()
def rollback(
    task: Annotated[str, typer.Argument(help="The job whose release goes back.")],
    models: Models = Path("models"),
) -> None:
    """Drop the candidate, or else serve the release before this one."""

    def work() -> int:
        from app.releases import rollback as back

        now = back(models, task)
        sys.stdout.write(f"active: {now.active or 'none'}\n")
        return 0

    guarded(work)


@releases.command("list")
def list_releases(models: Models = Path("models")) -> None:
    """List the releases that are in place, and which of them are served."""

    def work() -> int:
        from app.releases import Broken
        from app.releases import releases as in_place

        failed = 0
        for one in in_place(models):
            if isinstance(one, Broken):
                sys.stderr.write(f"{one.folder.name}: {one.reason}\n")
                failed += 1
                continue
            share = f" {one.share:.0%}" if one.state == "candidate" else ""
            sys.stdout.write(
                f"{one.manifest.name}\t{one.state}{share}\t{one.manifest.created}\t{one.manifest.base}\n"
            )
        return SOME_FAILED if failed else 0

    guarded(work)


@releases.command()
def push(
    release: Release,
    to: Annotated[str, typer.Argument(help="path:DIR or hub:org/name.")],
    public: Annotated[bool, typer.Option("--public", help="Allow a public repository.")] = False,
    token: Token = "",
) -> None:
    """Copy a verified release to a folder or a private hub repository."""

    def work() -> int:
        from training.sharing import push as send

        sys.stdout.write(f"{send(release, to, token=token, public=public).source}\n")
        return 0

    guarded(work)


@releases.command()
def pull(
    source: Annotated[str, typer.Argument(help="path:DIR or hub:org/name@revision.")],
    out: Annotated[Path, typer.Option(help="New folder for the release.")],
    token: Token = "",
) -> None:
    """Bring a release from a folder or the hub, and verify it."""

    def work() -> int:
        from training.sharing import pull as bring

        sys.stdout.write(f"{bring(source, out, token=token).source}\n")
        return 0

    guarded(work)


@releases.command()
def export(
    release: Release,
    out: Annotated[Path, typer.Option(help="New folder.")],
    form: Annotated[Literal["merged", "gguf"], typer.Option(help="merged: bf16 safetensors.")] = "merged",
    numbers: Annotated[
        Literal["bf16", "f16", "q8_0"], typer.Option(help="How a GGUF holds its matrices.")
    ] = "bf16",
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Merge a release with its base, for a runtime that takes no adapters."""

    def work() -> int:
        from training.export import export as write

        done = write(release, out, form=form, numbers=numbers, cache_dir=cache_dir, offline=offline)
        sys.stdout.write(f"{done.folder}\t{done.size:,} bytes\t{done.sha256}\n")
        return 0

    guarded(work)
