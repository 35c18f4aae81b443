"""What can go wrong between a dataset and a release. No message holds a row's words.

TrainingError
├── RecipeError        the recipe cannot be used; every fault is listed
├── CorpusError        a corpus cannot be read, or nothing of it is left
├── LeakFound          a training row stands in validation or test as well
├── PreflightFailed    a formatted row would teach nothing, or never teach the end
├── DoesNotFit         the job needs more memory than the hardware has
├── RunError           a run folder is missing a stage that was asked for, or is in use
├── OutOfTime          a training took longer than it was given; what it learned stays in its checkpoints
├── ReleaseError       a release folder is missing, altered, or made for another base
└── RemoteError        a model behind an address did not answer (a judge, a fifth arm, a hub)
"""

from __future__ import annotations


class TrainingError(Exception):
    """Something between a dataset and a release failed."""


class RecipeError(TrainingError):
    """The recipe cannot be used."""


class CorpusError(TrainingError):
    """A corpus cannot be read, or nothing of it is left."""


class LeakFound(TrainingError):
    """A training row stands in validation or test as well."""


class PreflightFailed(TrainingError):
    """A formatted row would teach nothing, or never teach the end."""


class DoesNotFit(TrainingError):
    """The job needs more memory than the hardware has."""


class RunError(TrainingError):
    """A run folder is missing what was asked for, or is in use."""


class OutOfTime(TrainingError):
    """A training took longer than it was given; what it learned stays in its checkpoints."""


class ReleaseError(TrainingError):
    """A release folder is missing, altered, or made for another base."""


class RemoteError(TrainingError):
    """A model behind an address did not answer."""
