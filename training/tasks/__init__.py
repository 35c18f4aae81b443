"""Jobs behind one protocol (`base.py`). A new one is a file and a line in `TASKS`."""

from __future__ import annotations

from training.tasks.base import Task
from training.tasks.counseling import Counseling

__all__ = ["TASKS", "Task"]

TASKS: dict[str, Task] = {"counseling": Counseling()}
