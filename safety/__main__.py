"""The safety command: scrub personal data, screen messages.

    python -m safety scrub [--policy safe-harbor|wide] [--surrogates] [F]
    python -m safety scrub-folder IN OUT [--policy wide] [--surrogates] [--field NAME] [--workers N]
    python -m safety restore [--file F] -- COMMAND...
    python -m safety audit PATH [--canaries FILE] [--policy safe-harbor]
    python -m safety screen [F]

JSON Lines in (a file, or standard input) and out. Exit codes: 0 done; 1 some rows failed, the rest
done; 2 wrong arguments or configuration, nothing done. The commands import what is heavy when they
run, so that --help is quick.
"""

from __future__ import annotations

import typer

from safety.audit_command import audit
from safety.bulk_command import scrub_folder
from safety.restore_command import restore
from safety.screen_command import screen
from safety.scrub_command import scrub
from weights.uncaught import run_quietly

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Scrub personal data; screen messages.")
app.command()(scrub)
app.command()(scrub_folder)
app.command()(restore)
app.command()(audit)
app.command()(screen)

if __name__ == "__main__":
    run_quietly(app, "python -m safety")
