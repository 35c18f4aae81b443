"""The import rules of docs/design.md, read from the source, so that the tree stays the diagram."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "weights": set(),
    "retrieval": {"weights"},
    "safety": {"weights"},
    "app": {"weights", "retrieval", "safety"},
    "training": {"weights", "retrieval", "safety", "app"},
}
# A command line that nothing but its own `__main__` imports may put packages together.
COMMAND_LINES = {"retrieval/faq_cli.py": {"app"}}
HOMES = {
    "markitdown": ("retrieval/intake/documents.py",),
    "pdfplumber": ("retrieval/intake/pdf.py",),
    "pdfminer": ("retrieval/intake/pdf.py",),
    "openpyxl": ("retrieval/intake/documents.py",),
    "bs4": ("retrieval/intake/hidden.py",),
    "sklearn": ("retrieval/doctor.py", "training/"),
    "faiss": ("retrieval/indexes/",),
    "sentence_transformers": ("retrieval/embedder.py", "training/trainers/"),
    "presidio_analyzer": ("safety/presidio.py",),
    "spacy": ("safety/analyzer.py", "safety/recognizers/"),
    "torch": (
        "app/models/transformers_local",
        "weights/gguf.py",
        "retrieval/embedder.py",
        "training/trainers/",
    ),
    "transformers": (
        "app/models/transformers_local",
        "weights/gguf.py",
        "retrieval/embedder.py",
        "training/trainers/",
    ),
    "onnx": ("weights/bert_onnx.py",),
    "onnxruntime": ("weights/runtime.py",),
    "peft": ("app/models/transformers_local", "training/trainers/"),
    "bitsandbytes": ("app/models/transformers_local", "training/trainers/"),
    "trl": ("training/trainers/",),
    "gradio": ("app/pages/",),
    "fastapi": ("app/server.py", "app/pages/mounting.py"),
    "uvicorn": ("app/server.py",),
    "prometheus_client": ("app/metrics.py",),
    "limits": ("app/rate.py",),
    "openai": ("app/models/openai_remote.py", "training/judge.py"),
    "matplotlib": ("training/plots.py",),
    "datasets": ("training/reading.py", "training/reading_formats.py"),
    "tensorboard": ("training/trainers/",),
    "sqlalchemy": ("app/store", "app/migrations/"),
    "huggingface_hub": ("weights/",),
}
HEAVY = (
    "torch",
    "transformers",
    "faiss",
    "sentence_transformers",
    "onnx",
    "onnxruntime",
    "presidio_analyzer",
    "spacy",
    "sqlalchemy",
    "openai",
    "gradio",
    "fastapi",
    "uvicorn",
    "markitdown",
    "pdfplumber",
    "pdfminer",
    "openpyxl",
    "sklearn",
)
FILES = sorted(file for package in MAY_IMPORT for file in (ROOT / package).rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield ".".join(file.relative_to(ROOT).parts[: -node.level])
            yield node.module or ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_file_imports_only_what_the_design_allows(file: Path) -> None:
    place = file.relative_to(ROOT).as_posix()
    package = place.split("/")[0]
    for name in imported(file):
        top = name.split(".")[0]
        if top in MAY_IMPORT:
            allowed = MAY_IMPORT[package] | COMMAND_LINES.get(place, set())
            assert top == package or top in allowed, f"{place} imports {name}"
        if package == "training":
            assert not name.startswith(("app.pages", "app.server")), f"{place} imports {name}"
        if top in HOMES:
            assert place.startswith(HOMES[top]), f"{place} imports {name}, whose homes are {HOMES[top]}"
        assert top not in ("pickle", "dill", "joblib"), f"{place} imports {name}"


def test_command_line_that_puts_packages_together_is_imported_by_its_own_main_alone() -> None:
    for line in COMMAND_LINES:
        package, name = line.removesuffix(".py").split("/")
        users = [file for file in FILES if name in file.read_text() and file != ROOT / line]
        assert users == [ROOT / package / "__main__.py"]


def test_only_settings_reads_the_environment_in_app() -> None:
    readers = [file for file in FILES if "os.environ" in file.read_text() or "getenv" in file.read_text()]
    assert {file.relative_to(ROOT).as_posix() for file in readers} <= {
        "app/settings.py",
        "weights/telemetry.py",
    }


@pytest.mark.parametrize("package", ["app", "retrieval", "safety", "training"])
def test_help_imports_no_heavy_library(package: str) -> None:
    code = (
        f"import runpy, sys; sys.argv = ['{package}', '--help']\n"
        f"try: runpy.run_module('{package}', run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code\n"
        f"print('HEAVY', sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stdout
