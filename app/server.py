"""The server: health, readiness, metrics, and the page. `python -m app serve` runs it.

    application = build(settings);  uvicorn.run(create_app(application))

What is heavy loads after the page is up. On a signal to end, answers under way are finished or ended
cleanly, then the model is stopped and the store is flushed.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from app.catalogue import load_catalogue
from app.errors import PartUnavailable
from app.feedback import FeedbackKeeper
from app.guard import Guard, Refusals
from app.handover import Handover
from app.logs import adopt_loggers, get_logger
from app.metrics import CONTENT_TYPE, Metrics
from app.rate import RateLimit
from app.release_status import TaskStatus, status_of
from app.sessions import Session, Sessions
from app.settings import prepare_gradio
from app.turns import TurnDesk
from app.wiring import Application, warm_in_background

log = get_logger(__name__)

SWEEP_SECONDS = 15.0
GRACE_SECONDS = 10.0
LOOPBACK = ("127.0.0.1", "::1", "testclient")


@dataclass(frozen=True)
class Running:
    """What a served application has beside its service."""

    application: Application
    sessions: Sessions
    desk: TurnDesk
    metrics: Metrics

    def ready(self) -> bool:
        """Say whether a question would be answered: the gate is always there, these two must be."""
        parts = self.application.service.parts
        return parts.scrubber.is_ready() and parts.retriever.is_ready()

    def health(self) -> dict[str, object]:
        """Say how every part stands, without a word of anyone."""
        service = self.application.service
        model = service.model_state()
        parts = [part for part in service.parts.each() if part is not service.parts.model]
        releases = self.releases()
        index = self.application.index.state
        whole = model.status == "ready" and not any(task.refused for task in releases.values())
        whole = whole and index.whole and not service.gate.missing
        # Without its reader the gate misses more: somebody should know.
        whole = whole and service.parts.reader.state().status != "unavailable"
        return {
            "status": "ok" if self.ready() and whole else "degraded",
            "ready": self.ready(),
            "model": model.status,
            "parts": {part.name: part.state().status for part in parts},
            "index": {
                "generation": index.generation,
                "self_test": {"asked": index.asked, "missed": list(index.missed)},
                "not_served": index.not_served,
                "rebuild_due": index.rebuild_due,
                "without_ranker": index.without_ranker,
            },
            "gate": {"detectors": list(service.gate.detectors), "missing": service.gate.missing},
            "support": service.writers.support,
            "releases": {task: status.model_dump(mode="json") for task, status in releases.items()},
            "sample": self.application.clinic.sample,
            "sessions": len(self.sessions),
            "turns": self.desk.under_way(),
        }

    def releases(self) -> dict[str, TaskStatus]:
        """Say how the releases of each task stand."""
        service, settings = self.application.service, self.application.settings
        return {
            task: status_of(
                task,
                line,
                self.application.releases.taken_back,
                parts=service.parts,
                precision=settings.precision if settings.model == "transformers" else "",
            )
            for task, line in service.lineup.lines().items()
        }


def create_app(application: Application) -> FastAPI:
    """Build the whole server over an application."""
    settings, service = application.settings, application.service
    prepare_gradio(settings.data_dir.resolve() / "gradio")
    words = load_catalogue(application.clinic.languages[0])
    sessions = Sessions(idle_seconds=settings.session_minutes * 60, left=lambda session: _end(desk, session))
    desk = TurnDesk(
        service,
        at_once=settings.answers_at_once,
        waiting=settings.answers_waiting,
        line_seconds=settings.line_seconds,
        finished=lambda turn: metrics.turn_ended(turn),
    )
    metrics = Metrics(sessions=lambda: len(sessions), under_way=desk.under_way, model=service.model_state)
    metrics.follow_releases(service.lineup)
    running = Running(application, sessions, desk, metrics)
    refusals = Refusals(
        words.error.model_dump(),
        heading=words.error.heading,
        back=words.error.back,
        crisis_line=lambda: service.words.fixed("crisis_line"),
    )
    closing: list[Callable[[], None]] = []
    app = FastAPI(
        title="Carefold",
        lifespan=lambda _: _lifespan(running, closing),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.running = running
    _routes(app, running, refusals, settings.metrics_token.get_secret_value())
    # Imported here: Gradio takes seconds, and reads its settings when it is imported.
    from app.pages import mount

    page = mount(
        app,
        running.application,
        desk=desk,
        sessions=sessions,
        metrics=metrics,
        words=words,
        keeper=FeedbackKeeper(
            service.parts,
            reasons=tuple(words.feedback.reason.model_dump()),
            rated=service.lineup.guards.rated,
        ),
        handover=Handover(
            application.clinic,
            smtp_url=settings.smtp_url.get_secret_value(),
            token=settings.handover_token.get_secret_value(),
        ),
    )
    closing.append(page.close)
    adopt_loggers()
    app.add_middleware(
        Guard,
        refusals=refusals,
        rate=RateLimit(settings.request_rate),
        refused=metrics.refused,
        frame_ancestors=settings.frame_ancestors,
    )
    return app


def serve(application: Application, *, host: str, port: int) -> None:
    """Serve until a signal; then end cleanly. SIGHUP tries again what failed, a dead model too."""
    app = create_app(application)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=application.settings.proxies,
        timeout_graceful_shutdown=2,
    )
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: _try_again(application))
    _Server(config, app.state.running).run()
    if any(thread.name in ("model", "warm") for thread in threading.enumerate()):
        # Still loading: a thread inside torch when the interpreter ends aborts the process. All is flushed.
        os._exit(0)


def _try_again(application: Application) -> None:
    log.info("trying_again", model_state=application.service.model_state().status)
    threading.Thread(target=application.try_again, name="try-again").start()


class _Server(uvicorn.Server):
    """Lets answers finish before the connections that carry them are closed."""

    def __init__(self, config: uvicorn.Config, running: Running) -> None:
        super().__init__(config)
        self._running = running
        self._ending = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End gently at the first signal, at once at the second."""
        if self._ending:
            super().handle_exit(sig, frame)
            return
        self._ending = True
        log.info("server_stopping", count=self._running.desk.under_way())

        def finish() -> None:
            self._running.desk.close(grace_seconds=GRACE_SECONDS)
            self.should_exit = True

        threading.Thread(target=finish, name="stopping").start()


@asynccontextmanager
async def _lifespan(running: Running, closing: list[Callable[[], None]]) -> AsyncIterator[None]:
    application = running.application
    warm = warm_in_background(application)
    sweeping = asyncio.create_task(_sweep(running.sessions))
    purging = asyncio.create_task(_purge(application, warm))
    log.info("server_started", support=application.service.writers.support)
    try:
        yield
    finally:
        sweeping.cancel()
        purging.cancel()
        running.desk.close(grace_seconds=0)
        for close in closing:
            close()
        await asyncio.to_thread(application.close)
        log.info("server_stopped")


async def _sweep(sessions: Sessions) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        sessions.sweep()


async def _purge(application: Application, warm: threading.Thread) -> None:
    """Start deleting what is too old, once the store is there; stop it with the server."""
    while warm.is_alive():
        await asyncio.sleep(0.5)
    try:
        timer = application.purge_by_itself()
    except PartUnavailable as error:
        log.error("purge_not_started", error=type(error).__name__)
        return
    try:
        await asyncio.Event().wait()
    finally:
        timer.stop()


def _end(desk: TurnDesk, session: Session) -> None:
    if session.last is not None:
        desk.stop(session.last)


def _routes(app: FastAPI, running: Running, refusals: Refusals, metrics_token: str) -> None:
    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        """Say that the process lives, and how its parts stand."""
        return JSONResponse(running.health())

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """Say whether questions would be answered: 200 or 503."""
        return JSONResponse({"ready": running.ready()}, 200 if running.ready() else 503)

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        """Return the figures, to this machine or to whoever has the token."""
        given = request.headers.get("authorization", "")
        if metrics_token:
            allowed = hmac.compare_digest(given.encode(), f"Bearer {metrics_token}".encode())
        else:
            allowed = request.client is not None and request.client.host in LOOPBACK
        if not allowed:
            return refusals.response(request.scope, 404, "not_found")
        return Response(running.metrics.text(), media_type=CONTENT_TYPE)
