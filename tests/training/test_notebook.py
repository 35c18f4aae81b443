"""The notebook that walks the loop, and the toy corpus that it walks on."""

from __future__ import annotations

import ast
from collections import Counter
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest

from training.errors import RecipeError
from training.reading import read_corpus
from training.recipe import load_recipe
from training.rows import Example, SetAside
from training.shapes import to_examples
from training.tasks import TASKS


@pytest.fixture(scope="module")
def notebook(repository: Path) -> nbformat.NotebookNode:
    return nbformat.read(repository / "docs" / "loop.ipynb", as_version=4)


def test_the_notebook_is_valid_and_kept_without_outputs(notebook: nbformat.NotebookNode) -> None:
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.cell_type == "markdown" or (not cell.outputs and cell.execution_count is None)


def test_every_name_that_the_notebook_imports_from_here_exists(
    notebook: nbformat.NotebookNode, repository: Path
) -> None:
    found = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and (repository / node.module.split(".")[0]).is_dir():
                there = defined(repository.joinpath(*node.module.split(".")))
                assert not {one.name for one in node.names} - there, node.module
                found += 1
    assert found > 12


def defined(module: Path) -> set[str]:
    """Return the names at the top of a module, read from its source: importing all takes many seconds."""
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names |= {one.asname or one.name for one in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {one.id for one in targets if isinstance(one, ast.Name)}
    return names


def toy() -> tuple[list[Example], list[SetAside]]:
    recipe = load_recipe("toy")
    examples: list[Example] = []
    aside: list[SetAside] = []
    for corpus in recipe.corpora:
        for row in read_corpus(corpus, datasets=None, cache_dir=None, offline=True):
            found = row if isinstance(row, SetAside) else to_examples(row, corpus, TASKS[recipe.task])
            if isinstance(found, SetAside):
                aside.append(found)
            else:
                examples += found
    return examples, aside


def test_the_toy_corpus_has_topics_several_answers_and_one_row_without() -> None:
    examples, aside = toy()
    assert len(examples) + len(aside) == 55
    assert [one.reason for one in aside] == ["empty:answer"]
    asked = Counter(one.inputs["question"] for one in examples)
    assert sum(count >= 3 for count in asked.values()) >= 12


def test_the_toy_corpus_holds_the_flaws_that_it_promises() -> None:
    examples, _ = toy()
    texts = [f"{one.inputs['question']} {one.target}" for one in examples]
    assert len(texts) - len(set(texts)) == 1
    assert sum("<b>" in text for text in texts) == 1
    assert sum("anxeity" in text for text in texts) == 1
    assert sum("802-555-0143" in text for text in texts) == 1
    assert sum(len(text.split()) > 0.9 * load_recipe("toy").train.max_tokens for text in texts) == 1


def test_the_toy_recipe_is_small_and_says_that_it_is_not_for_use() -> None:
    recipe = load_recipe("toy")
    assert (recipe.train.max_steps, recipe.train.rank, recipe.evaluate.rows) == (12, 4, 6)
    assert "Never promote" in recipe.notes
    with pytest.raises(RecipeError):
        load_recipe("toy", ["train.rank=0"])


@pytest.mark.weights
@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(
    notebook: nbformat.NotebookNode, repository: Path, tiny_base: Path
) -> None:
    from nbclient import NotebookClient

    # The walk is the same on a base of two layers; on the default one it takes a quarter of an hour here.
    notebook = deepcopy(notebook)
    small = f"base=path:{tiny_base}"
    code = "\n".join(cell.source for cell in notebook.cells)
    assert code.count('load_recipe("toy")') == 1 and code.count("less = [\n") == 1
    for cell in notebook.cells:
        cell.source = cell.source.replace('load_recipe("toy")', f'load_recipe("toy", ["{small}"])')
        cell.source = cell.source.replace("less = [\n", f'less = [\n    "{small}",\n')
    client = NotebookClient(
        notebook,
        timeout=280,
        kernel_name="python3",
        resources={"metadata": {"path": str(repository / "docs")}},
    )
    client.execute()
    shown = "".join(
        output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    assert "Plimsby" not in shown and "802-555-0143" not in shown and "anxeity" not in shown
    assert "flaw-5-person" in shown and "flaw-4-spelling" in shown
    assert "'withdrawn': 1" in shown
    assert "none, as before" in shown
