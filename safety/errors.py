"""Errors of the safety package.

SafetyError
├── ScrubError              personal data could not be searched for in full: the text must not be used
│   ├── RecognizerFailed    a recognizer raised, ran out of time or was not run
│   └── TextTooLong         the text is longer than the scrubber takes
├── PolicyError             a policy, recognizer table or name model does not fit together
├── CrisisWeightsError      the crisis classifier is missing, damaged or of another version
├── ReaderError             the reader of messages is missing, damaged or not the one its limits are for
├── SupportWeightsError     the coefficients of the check for support are missing or damaged
└── RepliesError            the files of replies or hotlines cannot be used (in safety/replies.py)

No message holds a word of the text that was being worked on.
"""

from __future__ import annotations


class SafetyError(Exception):
    """Base of all errors that this package raises on purpose."""


class ScrubError(SafetyError):
    """Personal data could not be searched for in full, so the text must not be used."""


class RecognizerFailed(ScrubError):
    """A recognizer raised, ran out of time or was not run."""


class TextTooLong(ScrubError):
    """The text is longer than the scrubber takes."""


class PolicyError(SafetyError):
    """A policy, the recognizer table or the name model does not fit together."""


class CrisisWeightsError(SafetyError):
    """The crisis classifier is missing, damaged or of another version; the rules work without it."""


class ReaderError(SafetyError):
    """The reader of messages is missing, damaged or not the one that its limits are for; others work on."""


class SupportWeightsError(SafetyError):
    """The coefficients of the check for support are missing or damaged; no sentence can be judged."""
