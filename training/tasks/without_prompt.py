"""What tagging, labelling and pairing share: they read their texts as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NoReturn

from training.rows import Example


class WithoutPrompt:
    """The part of a task that has no prompt; `reads` says what the job is and what it reads."""

    name: str
    reads: ClassVar[str]
    no_repeat_ngram_size = 0

    def messages(  # the protocol's signature, of which nothing is used
        self,
        example: Example,  # noqa: ARG002
        *,
        clinic: str,  # noqa: ARG002
        system: str = "",  # noqa: ARG002
        shots: Sequence[Example] = (),  # noqa: ARG002
    ) -> NoReturn:
        """Raise TypeError: there is no prompt."""
        raise TypeError(f"{self.name} is {self.reads} and has no prompt")
