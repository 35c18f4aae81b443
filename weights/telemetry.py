"""Libraries that report their use to their makers are told not to, before any of them is loaded.

onnxruntime (1.32 and later) sends trace events to Microsoft unless it is switched off; merely imported, it
writes a session file and a device id. The Hugging Face hub counts downloads by application. Nothing that
people do in a clinic's chat is anybody else's business. `weights` calls this when it is imported, so what
brings onnxruntime in (`weights/runtime.py`, `retrieval/intake/documents.py`) imports `weights` before it.
"""

from __future__ import annotations

import os

SWITCHES = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


def turn_off_telemetry() -> None:
    """Set the switches in this process and in those that it starts, whatever they were."""
    for name, value in SWITCHES.items():
        os.environ[name] = value
