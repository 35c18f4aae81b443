"""What can go wrong in the application.

AppError
├── ConfigError        a setting or the clinic's profile is wrong; nothing was started
├── PartUnavailable    a part (scrubber, index, ...) could not be built; it is tried again later
├── ModelUnavailable   the model is loading, failed to load, ran out of memory or died
├── GenerationError    one request failed; the model goes on
├── LineFull           more questions at once than are taken; nothing was kept of this one
├── ReleaseError       a release cannot be put in place, or there is none to go back to
│   └── ReleaseRefused    a release is not what it says, or does not fit this application
├── HandoverFailed     the clinic's mailbox or webhook did not take a transcript
└── StoreError         the database refused; `code` says why
    ├── UnknownTurn       no trace has this turn id
    └── NotKept           the rules do not allow to keep the text of this turn
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AppError(Exception):
    """Something in the application failed."""


class ConfigError(AppError):
    """A setting or the clinic's profile is wrong."""


class PartUnavailable(AppError):
    """A part of the message path could not be built."""


class ModelUnavailable(AppError):
    """No model can answer now: answers come from the FAQ alone."""


class GenerationError(AppError):
    """The model failed on this one request."""


class LineFull(AppError):
    """As many questions as are taken at once are being answered already."""


class ReleaseError(AppError):
    """A release cannot be put in place, or there is none to go back to."""


@dataclass(frozen=True)
class Mismatch:
    """One thing of a release that is not as it should be: ids and hashes, never a text."""

    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected or 'none'}, found {self.found or 'none'}"


class ReleaseRefused(ReleaseError):
    """A release is not what its manifest says, or was made for something else; every fault at once."""

    def __init__(self, release: str, faults: Sequence[Mismatch], *, advice: str = "") -> None:
        told = "; ".join(map(str, faults))
        super().__init__(f"release {release!r} is refused: {told}" + (f". {advice}" if advice else ""))
        self.release = release
        self.faults = tuple(faults)


class HandoverFailed(AppError):
    """A transcript did not reach the clinic."""


class StoreError(AppError):
    """The database could not do what was asked; `code` is one word for logs and health."""

    def __init__(self, message: str, *, code: str = "database") -> None:
        super().__init__(message)
        self.code = code


class UnknownTurn(StoreError):
    """No trace has this turn id."""


class NotKept(StoreError):
    """The rules do not allow to keep the text of this turn."""
