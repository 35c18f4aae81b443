"""The application's commands: `python -m app serve | ask | prepare | purge | backup | restore`.

Settings come from the environment (CAREFOLD_*, see app/settings.py). Exit codes: 0 done, 1 some
rows failed and the rest are done, 2 wrong arguments or configuration and nothing was done.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from app.errors import AppError
from app.settings import Settings, load_settings
from weights.errors import WeightsError

if TYPE_CHECKING:
    from app.wiring import Application

MODEL_WAIT_SECONDS = 120.0

app = typer.Typer(
    help="A private chat for a clinic: grounded in its own FAQs, scrubbed, checked.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(envvar="GRADIO_SERVER_NAME", help="address to listen on; 0.0.0.0 is every one")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="GRADIO_SERVER_PORT", min=1, max=65535, help="port to listen on")
    ] = 7860,
) -> None:
    """Serve the page until Ctrl-C. The page is there at once; the model loads behind it."""
    settings = _settings()
    _check_free(host, port)
    from app.logs import configure_logging, keep_streams_clean
    from app.wiring import build

    configure_logging(settings.log_level)
    keep_streams_clean()
    beyond = host not in ("127.0.0.1", "localhost", "::1")
    try:
        application = build(settings, beyond_loopback=beyond)
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
        who = "the model" if application.service.writers.support == "model" else "fixed words"
        sys.stderr.write(
            f"http://{shown}:{port}  Ctrl-C ends it. Feelings are answered by {who} (CAREFOLD_SUPPORT)\n"
        )
        from app.server import serve as run

        run(application, host=host, port=port)
    except (AppError, WeightsError) as error:
        _stop(str(error))


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="the question; with --batch a JSON Lines file")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the whole answer as one JSON line")] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help='answer JSON Lines {"id","text","history"?}')
    ] = False,
    audience: Annotated[
        str, typer.Option(help="patient or staff: whose FAQ entries may be shown")
    ] = "patient",
    jobs: Annotated[int, typer.Option(min=1, max=64, help="rows of a batch answered at once")] = 1,
) -> None:
    """Answer one question, a batch of them, or, without either, have a conversation."""
    if audience not in ("patient", "staff"):
        _stop(f"--audience is patient or staff. Currently, it is {audience!r}")
    if (text is not None and not text.strip()) or (as_json and text is None):
        _stop("there is no question. Give one, a file with --batch, or nothing for a conversation")
    reader: Literal["patient", "staff"] = "staff" if audience == "staff" else "patient"
    file = Path(text) if batch and text else None
    if file is not None and not file.is_file():
        _stop(f"there is no file {file}. Give a JSON Lines file, or none to read standard input")
    application = _application()
    from app import asking

    try:
        if batch:
            failed = asking.batch(application, file, audience=reader, jobs=jobs)
            raise typer.Exit(1 if failed else 0)
        if text:
            asking.once(application, text, audience=reader, as_json=as_json)
        else:
            asking.converse(application, audience=reader)
    finally:
        application.close()


@app.command()
def prepare() -> None:
    """Fetch the default weights and build the sample index, so that the first answer is quick."""
    settings = _settings()
    from app import preparing

    try:
        preparing.prepare(settings)
    except (AppError, WeightsError) as error:
        _stop(str(error))


@app.command()
def purge() -> None:
    """Delete what is older than its retention time from the database."""
    from app import store_commands
    from app.store import Retention

    raise typer.Exit(store_commands.run_purge(_settings().database, Retention()))


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="where the copy goes")]) -> None:
    """Copy the database, also while the application runs."""
    from app import store_commands

    raise typer.Exit(store_commands.run_backup(_settings().database, file))


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="a copy made by backup")]) -> None:
    """Put a copy in the place of the database. Stop the application first."""
    from app import store_commands

    raise typer.Exit(store_commands.run_restore(_settings().database, file))


def _check_free(host: str, port: int) -> None:
    """Say at once that a port is taken, not after everything has been loaded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            _stop(
                f"cannot listen on {host}:{port}: {error.strerror}. Choose another: --port {port % 65535 + 1}"
            )


def _settings() -> Settings:
    try:
        return load_settings()
    except AppError as error:
        _stop(str(error))


def _application() -> Application:
    settings = _settings()
    from app.logs import configure_logging
    from app.wiring import build

    # A command's standard error is for its user: only what went wrong.
    configure_logging("ERROR" if settings.log_level == "INFO" else settings.log_level)
    try:
        return build(settings, model_wait_seconds=MODEL_WAIT_SECONDS)
    except (AppError, WeightsError) as error:
        _stop(str(error))


def _stop(message: str) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
