"""Spelling: what is repaired, what is left alone, and that every change is listed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from retrieval.terms import drug_names, is_drug, medical_terms
from training.rows import Example, Span
from training.slips import likelihood, same_ending
from training.spelling import Change, Speller, repair_spelling, term_list

_FREQUENT = (
    "because prescription anxiety my the and have for pain receive separate doctor journal explain over her "
    "form from hospital feeling really about their stop heart home"
)
_COUNTS = dict.fromkeys(_FREQUENT.split(), 50_000_000)


@pytest.fixture(scope="module")
def small() -> Speller:
    """A speller of a few words and the real lists of drugs and medical terms."""
    return Speller(_COUNTS, terms=drug_names() | medical_terms(), known=term_list("everyday"))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("acetominophen", "acetaminophen"), ("perscription", "prescription"), ("becuase", "because"),
        ("anxeity", "anxiety"), ("recieve", "receive"), ("seperate", "separate"), ("hosptial", "hospital"),
        ("ibuprofin", "ibuprofen"), ("thier", "their"), ("diarreah", "diarreah"),
    ],
)  # fmt: skip
def test_clear_slips_are_repaired_and_doubtful_ones_left(small: Speller, wrong: str, right: str) -> None:
    assert small.correct(wrong) == right


@pytest.mark.parametrize(
    "text",
    [
        "Becuase", "BECUASE", "becuase's", "self-becuase", "becuase2", "becuase@example.org", "www.becuase.org",
        "[PERSON_1]", "https://example.org/becuase", "user_becuase", "gonna wanna kinda idk", "don't wouldnt",
        "journaling overexplain homeand", "sertraline tirzepatide zolpidem", "fluzoparib", "teh", "500mg",
    ],
)  # fmt: skip
def test_names_numbers_slang_drugs_and_addresses_stay(small: Speller, text: str) -> None:
    assert small.repair(f"{text} for my pain") == f"{text} for my pain"


def test_another_language_stays(small: Speller) -> None:
    spanish = "Puedes hablar sobre dolor hospitel ahora mismo conmigo."
    assert small.repair(spanish) == spanish
    assert small.repair("my hospitel and doctor") == "my hospital and doctor"


def test_every_change_is_counted(small: Speller) -> None:
    made: Counter[tuple[str, str]] = Counter()
    small.repair("becuase my anxeity, becuase pain", made)
    assert made == {("becuase", "because"): 2, ("anxeity", "anxiety"): 1}


def test_what_several_rows_write_needs_many_more_that_write_the_other() -> None:
    often = Speller(_COUNTS, terms=(), rows={"the": 60, "becuase": 3, "because": 29})
    assert often.correct("becuase") == "becuase"
    assert (
        Speller(_COUNTS, terms=(), rows={"the": 60, "becuase": 3, "because": 30}).correct("becuase")
        == "because"
    )
    assert Speller(_COUNTS, terms=(), rows={"becuase": 3}).correct("becuase") == "because"
    assert Speller(_COUNTS, terms=(), rows={"becuase": 5, "because": 999}).correct("becuase") == "becuase"


def test_two_words_that_are_equally_likely_are_left() -> None:
    speller = Speller({"casting": 9_000_000, "coasting": 9_000_000}, terms=())
    assert speller.correct("cuasting") == "cuasting"


def test_endings_and_cheap_slips_tell_words_apart() -> None:
    assert not same_ending("abondons", "abandon") and same_ending("abondons", "abandons")
    assert likelihood("occured", "occurred", 10) > likelihood("occured", "occupied", 10)


def test_drugs_are_known_by_list_and_by_ending() -> None:
    assert is_drug("zoloft") and is_drug("newostatin") and not is_drug("because") and not is_drug("april")


@pytest.mark.slow
def test_the_real_words_repair_rows_and_leave_labels_and_labelled_text() -> None:
    rows = [
        Example(id="a", inputs={"question": "My perscription for acetominophen ran out becuase of him."}, target="Seperate"),
        Example(id="b", inputs={"text": "becuase"}, spans=(Span(start=0, end=7, label="X"),)),
        Example(id="c", inputs={"question": "my neighbor traveled to the counselor"}, target="becuase"),
    ]  # fmt: skip
    repaired = repair_spelling(rows, labels=True)
    assert repaired.rows[0].inputs["question"] == "My prescription for acetaminophen ran out because of him."
    assert repaired.rows[1:] == tuple(rows[1:]) and repaired.changed_rows == 1
    assert Change(before="acetominophen", after="acetaminophen", count=1) in repaired.changes


@pytest.mark.slow
def test_nearly_every_change_to_listed_misspellings_is_right(datasets_dir: Path) -> None:
    listed = json.loads((datasets_dir / "spelling" / "dictionary.json").read_text(encoding="utf-8"))
    speller = Speller.default()
    plain = [
        (wrong, right)
        for wrong, right in listed.items()
        if f"{wrong}{right}".isalpha() and f"{wrong}{right}".islower()
    ]
    changed = [(speller.correct(wrong), right) for wrong, right in plain if speller.correct(wrong) != wrong]
    assert sum(mine == right for mine, right in changed) >= 0.97 * len(changed)
    assert len(changed) >= 0.5 * len(plain)
