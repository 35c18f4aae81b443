"""The pages in the browser: Gradio, and no rules. `mount()` puts them on the server."""

from app.pages.quick_import import without_stubs

with without_stubs():
    from app.pages.mounting import mount

__all__ = ["mount"]
