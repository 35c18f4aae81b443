"""The pages in the browser: Gradio, and no rules. `mount()` puts them on the server."""

from app.pages.mounting import mount

__all__ = ["mount"]
