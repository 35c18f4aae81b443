"""`python -m safety audit PATH`: where personal data and planted canaries stand in what a program keeps.

One JSON line a file, and one for each part of it in which something stands or that could not be read:
counts by type and offsets, never a word. 0: nothing found and everything read; 1: something found or
unread; 2: wrong arguments.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from safety.command_line import MODELS, CacheDir, ModelsDir, NameModel, Offline, Tagger, stop
from safety.errors import SafetyError
from safety.policies import Policy
from weights.defaults import NAME_MODEL
from weights.errors import WeightsError
from weights.jsonl import write_row

FOUND = 1
_LOG_INTERVAL_S = 60


def audit(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file of any kind, or a folder.")],
    canaries: Annotated[
        Path | None, typer.Option(help="Planted values, one a line in UTF-8, of six bytes or more.")
    ] = None,
    policy: Annotated[Policy, typer.Option(help="What counts as personal data.")] = "safe-harbor",
    canaries_only: Annotated[
        bool, typer.Option("--canaries-only", help="Search for the canaries alone: fast, and needs no model.")
    ] = False,
    name_model: NameModel = NAME_MODEL,
    tagger: Tagger = "",
    models_dir: ModelsDir = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Search a file, folder, database, index or adapter for personal data and planted canaries."""
    if not path.exists():
        stop("there is nothing at PATH")
    if canaries_only and canaries is None:
        stop("--canaries-only needs --canaries FILE")
    from tqdm import tqdm

    from safety.audit import audit as run
    from safety.audit import files_of
    from safety.audit_canaries import Matcher, read_canaries
    from safety.audit_findings import Search
    from safety.bulk_scrubber import build_scrubber, choose_scrubber

    try:
        matcher = Matcher(() if canaries is None else read_canaries(canaries))
        find = None
        if not canaries_only:
            choice = choose_scrubber(
                policy, name_model, tagger=tagger, models_dir=models_dir, cache_dir=cache_dir, offline=offline
            )
            find = build_scrubber(choice).find
        files = files_of(path)
        total = sum(file.stat().st_size for file, reason, _failed in files if not reason)
        found: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        live = sys.stderr.isatty()
        with tqdm(
            desc="searching", unit="B", unit_scale=True, total=total, ncols=None if live else 80, leave=live,
            mininterval=0.1 if live else _LOG_INTERVAL_S, maxinterval=10 if live else _LOG_INTERVAL_S,
            delay=0 if live else _LOG_INTERVAL_S,
        ) as bar:  # fmt: skip
            search = Search(find=find, matcher=matcher, on_bytes=bar.update)
            for finding in run(path, search):
                write_row(finding)
                found.update(finding.found)
                counts["files"] += not finding.part and finding.kind != "name"
                counts["unread"] += bool(finding.unread)
    except (SafetyError, WeightsError) as error:
        stop(str(error))
    except OSError as error:
        # Its own message would name the file.
        sys.stderr.write(f"error: {type(error).__name__} {error.errno} while reading\n")
        raise typer.Exit(FOUND) from None
    kinds = ", ".join(f"{kind} {count}" for kind, count in found.most_common()) or "nothing"
    sys.stderr.write(f"{counts['files']} files; found: {kinds}; unread: {counts['unread']}\n")
    raise typer.Exit(FOUND if found or counts["unread"] else 0)
