"""Put the page on the server, with every default of Gradio's that leaks or opens something set.

Each argument here has a test that fails when it is left out (tests/browser/test_leaks.py).
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from fastapi import FastAPI

from app.catalogue import Catalogue
from app.feedback import FeedbackKeeper
from app.handover import Handover
from app.metrics import Metrics
from app.pages.banners import banners
from app.pages.handlers import Handlers, Limits
from app.pages.patient import build, theme
from app.pages.view import View
from app.rate import RateLimit
from app.sessions import Sessions
from app.turns import TurnDesk
from app.wiring import Application

STATES_KEPT = 200
HERE = Path(__file__).resolve().parent


def mount(
    app: FastAPI,
    application: Application,
    *,
    desk: TurnDesk,
    sessions: Sessions,
    metrics: Metrics,
    words: Catalogue,
    keeper: FeedbackKeeper,
    handover: Handover,
) -> Handlers:
    """Mount the patients' page at "/"; return what its events do, to be closed with the server."""
    settings, service = application.settings, application.service
    view = View(
        words=words,
        clinic=application.clinic,
        reach=service.words.reach,
        crisis_line=lambda: service.words.fixed("crisis_line"),
        sources=service.sources,
        sample=application.clinic.sample,
        short_numbers=service.words.short_numbers(),
    )
    handlers = Handlers(
        service=service,
        desk=desk,
        sessions=sessions,
        keeper=keeper,
        handover=handover,
        limits=Limits(RateLimit(settings.session_rate), RateLimit(settings.address_rate)),
        metrics=metrics,
        view=view,
        banners=lambda: banners(application, words),
    )
    page = build(handlers, idle_minutes=settings.session_minutes)
    # Gradio keeps what it knows of a window's components, 0.1 MB, also of one that was left; nothing of it
    # is needed, as each drawing says everything.
    page.state_session_capacity = STATES_KEPT
    most = settings.answers_at_once + settings.answers_waiting
    page.queue(max_size=2 * most, default_concurrency_limit=most, api_open=False)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        allowed_paths=[],
        blocked_paths=[str(settings.data_dir.resolve()), str(settings.cache_dir.resolve())],
        max_file_size=1,
        theme=theme(),
        css=(HERE / "style.css").read_text(encoding="utf-8"),
        js=(HERE / "page.js").read_text(encoding="utf-8"),
    )
    return handlers
