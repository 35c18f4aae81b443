"""A recipe lists all its faults at once, and every recipe of the repository loads."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from training.errors import CorpusError, RecipeError
from training.reading import read_corpus
from training.recipe import RECIPES, Train, load_recipe

SHIPPED = sorted(file.stem for file in RECIPES.glob("*.yaml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_recipe_loads_and_states_licences_and_where_it_may_not_be_used(name: str) -> None:
    recipe = load_recipe(name)
    assert all(len(corpus.licence) > 5 for corpus in recipe.corpora)
    assert recipe.notes


@pytest.mark.parametrize("name", ["counseling_amod", "counseling_llama_study"])
def test_a_corpus_whose_commit_is_not_filled_in_is_refused_before_a_row_is_read(name: str) -> None:
    (corpus,) = load_recipe(name).corpora
    with pytest.raises(CorpusError, match="pin the commit, 40 hex digits, in place of 'FILL-IN-THE-COMMIT'"):
        read_corpus(corpus, datasets=None, cache_dir=None, offline=True)


def test_all_faults_are_listed_together(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "name: Bad Name\ntask: poetry\ncorpora: []\ntrain: {rank: 0, speed: 3}\n", encoding="utf-8"
    )
    with pytest.raises(RecipeError) as error:
        load_recipe(file)
    for part in ("name", "no task 'poetry'", "corpora", "train.rank", "train.speed"):
        assert part in str(error.value)


def test_an_unknown_name_names_those_there_are() -> None:
    with pytest.raises(RecipeError, match="counseling"):
        load_recipe("nothing")


def test_one_value_can_be_changed_and_changes_the_hash() -> None:
    plain, changed = load_recipe("toy"), load_recipe("toy", ["train.rank=8", "corpora.0.limit=5"])
    assert (changed.train.rank, changed.corpora[0].limit) == (8, 5)
    assert plain.sha256() != changed.sha256()
    assert load_recipe("toy", ["train.rank=8", "corpora.0.limit=5"]).sha256() == changed.sha256()


@pytest.mark.parametrize("change", ["train.rank", "=3", "name.part=3"])
def test_a_change_that_cannot_be_read_says_how_to_write_it(change: str) -> None:
    with pytest.raises(RecipeError, match="--set"):
        load_recipe("toy", [change])


def test_a_licence_line_is_required(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("name: one\ntask: counseling\ncorpora: [{source: rows.jsonl}]\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="licence"):
        load_recipe(file)


def test_files_are_found_beside_the_recipe(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(
        "name: one\ntask: counseling\ncorpora: [{source: rows.jsonl, licence: CC0}]\n", encoding="utf-8"
    )
    assert load_recipe(file).corpora[0].source == str(tmp_path / "rows.jsonl")


def test_part_of_what_was_learned_is_kept_of_lora_alone() -> None:
    assert Train(keep=0.5).keep == 0.5
    with pytest.raises(ValidationError, match="Use method: lora"):
        Train(keep=0.5, method="full")
    with pytest.raises(ValidationError, match="Use dora: false"):
        Train(keep=0.5, dora=True)
    for wrong in (0, -1, 1.1):
        with pytest.raises(ValidationError, match="keep"):
            Train(keep=wrong)
