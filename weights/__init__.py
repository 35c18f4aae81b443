"""Resolve, fetch, verify and cache weights. Imports nothing of ours; every package may import it."""

from weights.sources import Fetched, default_cache_dir, fetch
from weights.telemetry import turn_off_telemetry

turn_off_telemetry()

__all__ = ["Fetched", "default_cache_dir", "fetch"]
