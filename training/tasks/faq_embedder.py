"""Laying a question near the entries of a FAQ that answer it: what the index is built with."""

from __future__ import annotations

from training.tasks.pairing import PairingTask

FAQ_EMBEDDER = PairingTask("faq_embedder")
