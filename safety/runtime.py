"""onnxruntime, which reads the tagger's weights: imported here alone, once it is told to report nothing."""

from __future__ import annotations

from weights.telemetry import turn_off_telemetry

turn_off_telemetry()

import onnxruntime  # noqa: E402 - it reads its switch when it is loaded

__all__ = ["onnxruntime"]
