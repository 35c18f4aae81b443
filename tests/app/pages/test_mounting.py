"""What Gradio keeps of windows that were left is bounded."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.pages.mounting import STATES_KEPT
from app.server import create_app
from app.settings import load_settings
from app.wiring import build
from benchmarks.people import event_of


@pytest.mark.slow
def test_windows_that_were_left_are_forgotten_by_gradio_too(tmp_path: Path) -> None:
    settings = {"CAREFOLD_DATA_DIR": str(tmp_path), "CAREFOLD_MODEL": "none"}
    app = create_app(build(load_settings(settings | {"CAREFOLD_REQUEST_RATE": "100000/minute"})))
    gradio = next(route.app for route in app.routes if hasattr(getattr(route, "app", None), "state_holder"))
    http = TestClient(app)  # not entered: nothing is warmed for this
    send = event_of(http.get("/config").json(), "send", "click")
    for number in range(STATES_KEPT + 20):
        body = {"fn_index": send, "data": [""], "session_hash": f"left{number}"}
        assert http.post("/gradio_api/run/predict", json=body).status_code == 200
    assert 0 < len(gradio.state_holder.session_data) <= STATES_KEPT
    assert len(gradio.state_holder.time_last_used) <= STATES_KEPT
