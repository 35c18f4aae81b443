"""Presidio's analyzer, as the package uses it: imported here and nowhere else in it.

Where transformers is installed, two of Presidio's modules import its pipelines, and with them the compiler
of torch, for an engine and a recognizer that nobody here asks for: four of the ten seconds of computing until
a scrubber is there. Presidio has no setting for it and works without transformers, so while it is imported
it is told that there is none. Other modules, and other threads, import what they like.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without_transformers() -> Iterator[None]:
    """Let Presidio's own modules, and no others, find transformers missing while they are imported."""
    real = builtins.__import__

    def import_module(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        importer = str((globals or {}).get("__name__", ""))
        if name.partition(".")[0] == "transformers" and importer.startswith("presidio_analyzer."):
            raise ImportError("Presidio does without transformers here", name=name)
        return real(name, globals, locals, fromlist, level)

    builtins.__import__ = import_module
    try:
        yield
    finally:
        builtins.__import__ = real


with without_transformers():
    from presidio_analyzer import (
        AnalyzerEngine,
        EntityRecognizer,
        LocalRecognizer,
        PatternRecognizer,
        RecognizerRegistry,
        RecognizerResult,
    )
    from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        IpRecognizer,
        MedicalLicenseRecognizer,
        PhoneRecognizer,
        SpacyRecognizer,
        UsBankRecognizer,
        UsItinRecognizer,
        UsLicenseRecognizer,
        UsPassportRecognizer,
        UsSsnRecognizer,
    )

__all__ = [
    "AnalyzerEngine",
    "CreditCardRecognizer",
    "EmailRecognizer",
    "EntityRecognizer",
    "IpRecognizer",
    "LocalRecognizer",
    "MedicalLicenseRecognizer",
    "NerModelConfiguration",
    "NlpArtifacts",
    "PatternRecognizer",
    "PhoneRecognizer",
    "RecognizerRegistry",
    "RecognizerResult",
    "SpacyNlpEngine",
    "SpacyRecognizer",
    "UsBankRecognizer",
    "UsItinRecognizer",
    "UsLicenseRecognizer",
    "UsPassportRecognizer",
    "UsSsnRecognizer",
]
