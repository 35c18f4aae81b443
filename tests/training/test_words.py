"""training/words: which words and phrases are taken from vocabularies, and that no name of anybody is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from typer.testing import CliRunner

from safety.recognizers.lexicon import words
from training.words.__main__ import app
from training.words.medical import choose
from training.words.vocabularies import hpo_names, icd_names, names_of_people, orphanet_names

ICD = """<?xml version="1.0"?><ICD10CM.tabular><introduction><note>Nothing of this</note></introduction><chapter>
<desc>Certain zubrastic diseases (A00-B99)</desc><diag><desc>Chronic zubrastic blorbum</desc><inclusionTerm>
<note>Fracture of blorbum &amp; Zubrastic Pelvikova syndrome</note></inclusionTerm><excludes1><note>left out</note>
</excludes1></diag></chapter></ICD10CM.tabular>"""
OBO = """format-version: 1.2

[Term]
id: HP:1
name: Blorbum of zubrastic marla
synonym: "Marla \\"blorbum\\"" EXACT []

[Term]
id: HP:2
name: Gone blorbum
is_obsolete: true
"""
HPOA = """#version
database_id\tdisease_name\tqualifier
ORPHA:1\tPerrilla syndrome\t
ORPHA:1\tPerrilla syndrome\t
OMIM:1\tSecretum quoddam\t
ORPHA:2\tZubrastic dysplasia, Perrilla-Marla type\t
"""
CENSUS = "PERRILLA 0.1 0.2 3\nMARLA 0.1 0.2 4\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "icd.xml").write_text(ICD, encoding="utf-8")
    (tmp_path / "hp.obo").write_text(OBO, encoding="utf-8")
    (tmp_path / "phenotype.hpoa").write_text(HPOA, encoding="utf-8")
    (tmp_path / "dist.all.last").write_text(CENSUS, encoding="utf-8")
    return tmp_path


def test_titles_and_terms_of_the_tabular_list_are_read_and_no_instructions(folder: Path) -> None:
    assert icd_names(folder / "icd.xml") == [
        "Certain zubrastic diseases",
        "Chronic zubrastic blorbum",
        "Fracture of blorbum & Zubrastic Pelvikova syndrome",
    ]


def test_names_and_synonyms_that_are_not_obsolete_are_read(folder: Path) -> None:
    assert hpo_names(folder) == ["Blorbum of zubrastic marla", 'Marla "blorbum"']


def test_of_the_annotations_only_orphanets_names_are_read(folder: Path) -> None:
    assert orphanet_names(folder) == ["Perrilla syndrome", "Zubrastic dysplasia, Perrilla-Marla type"]


def test_names_of_people_are_those_of_our_lists_of_faker_and_of_the_census(folder: Path) -> None:
    found = names_of_people(folder)
    assert {"perrilla", "marla", "okonkwo", "smith", "nakamura"} <= found


def test_a_word_is_medicines_where_no_list_of_names_has_it_and_a_name_goes_with_its_condition(
    folder: Path,
) -> None:
    chosen = choose(
        [*icd_names(folder / "icd.xml"), *hpo_names(folder)],
        rare=orphanet_names(folder),
        people=frozenset({"perrilla", "marla"}),
        english={"fracture": 9_000_000, "chronic": 20_000_000, "type": 90_000_000},
    )
    assert chosen.words == ["blorbum", "zubrastic"]
    assert {"perrilla syndrome", "perrilla marla type"} <= {*chosen.phrases}
    assert not any(phrase.startswith(("secretum", "gone")) for phrase in chosen.phrases)


def test_an_english_word_is_medicines_where_medicine_uses_it_most() -> None:
    names = ["Chronic femur", "Broken femur", "A broken table"]
    english = {"femur": 50_000, "table": 90_000_000, "broken": 90_000_000, "chronic": 90_000_000}
    assert choose(names, rare=[], people=frozenset(), english=english).words == ["femur"]


def test_the_same_files_give_the_same_lists(folder: Path, tmp_path: Path) -> None:
    told = []
    for out in (tmp_path / "one", tmp_path / "two"):
        out.mkdir()
        arguments = ["--icd", str(folder / "icd.xml"), "--hpo", str(folder), "--census", str(folder)]
        result = CliRunner().invoke(app, [*arguments, "--out", str(out)])
        assert result.exit_code == 0, result.output
        told.append({file.name: file.read_text(encoding="utf-8") for file in sorted(out.iterdir())})
    assert told[0] == told[1]
    assert sorted(told[0]) == ["condition_phrases.txt", "medical_words.txt"]


def test_shipped_lists_are_sorted_plain_words_of_no_more_than_300_kilobytes() -> None:
    for name in ("medical_words", "condition_phrases"):
        entries = [*words(name)]
        assert all(entry == entry.strip().lower() for entry in entries)
        assert sum(len(entry.encode()) + 1 for entry in entries) < 150_000


def test_nothing_that_serves_imports_them() -> None:
    root = Path(__file__).parents[2]
    for package in ("app", "safety", "retrieval", "weights"):
        for file in (root / package).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            modules = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
            assert not any(module and module.startswith("training.words") for module in modules)
