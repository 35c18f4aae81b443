"""Resolve, fetch, verify and cache weights. Imports nothing of ours; every package may import it."""

from weights.sources import Fetched, default_cache_dir, fetch

__all__ = ["Fetched", "default_cache_dir", "fetch"]
