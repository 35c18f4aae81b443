"""Import Gradio without its stub files: the page is there a second or two sooner."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without_stubs() -> Iterator[None]:
    """Keep Gradio from parsing its own sources, to write .pyi files beside them for editors.

    It does so for each component whenever it is imported (`create_or_modify_pyi` in
    gradio/component_meta.py), for one to two seconds on two cores, and leaves out a component whose file
    is not to be had. There is no setting for it, so while it is imported no file is to be had.
    """
    real = inspect.getfile

    def getfile(object: Any) -> str:
        if isinstance(object, type) and object.__module__.startswith("gradio."):
            raise OSError("no stub files here")
        return real(object)

    inspect.getfile = getfile
    try:
        yield
    finally:
        inspect.getfile = real
