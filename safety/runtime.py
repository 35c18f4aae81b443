"""onnxruntime, which reads the tagger's weights: imported here alone, once it is told to report nothing."""

from __future__ import annotations

import weights  # noqa: F401 - first: onnxruntime reads the switches that this sets when it is loaded

# isort: split
import onnxruntime

__all__ = ["onnxruntime"]
