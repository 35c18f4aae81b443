"""Gradio's stub files are not made while the page is imported, and nothing else is changed."""

from __future__ import annotations

import inspect
from pathlib import Path

import gradio as gr
import pytest
from gradio import component_meta

from app.pages.quick_import import without_stubs


def test_sources_of_components_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def counting(code: str, name: str) -> tuple[str | None, int | None]:
        parsed.append(name)
        return real(code, name)

    real = component_meta.extract_class_source_code
    monkeypatch.setattr(component_meta, "extract_class_source_code", counting)
    with without_stubs():
        component_meta.create_or_modify_pyi(gr.Textbox, "Textbox", gr.Textbox.EVENTS)
    assert parsed == []
    component_meta.create_or_modify_pyi(gr.Textbox, "Textbox", gr.Textbox.EVENTS)
    assert parsed, "Gradio makes its stubs in another way now: without_stubs() does nothing"


def test_other_files_are_found_meanwhile_and_all_afterwards() -> None:
    before = inspect.getfile
    with pytest.raises(ZeroDivisionError), without_stubs():
        assert Path(inspect.getfile(Path)).name == "pathlib.py"
        raise ZeroDivisionError
    assert inspect.getfile is before
    assert Path(inspect.getfile(gr.Textbox)).name == "textbox.py"
