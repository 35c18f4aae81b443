"""What a hotline, a dose, a score or the clinic's own name may be taken out of, and what stays found whole."""

from __future__ import annotations

import time

import pytest

from safety.entities import Entity
from safety.recognizers.protected import protected_spans
from safety.scrubber import _may_cut, _may_spare


def left(text: str, found: str, kind: str, score: float = 0.75) -> bool:
    """Say whether anything of what was found would be left standing."""
    start = text.index(found)
    one = Entity(start, start + len(found), kind, score)
    spans = [span for span in protected_spans(text) if span[0] < one.end and span[1] > one.start]
    return any(_may_spare(span, one, text) for span in spans)


@pytest.mark.parametrize(
    ("text", "found", "kind"),
    [
        ("ssn 219-09-1099", "219-09-1099", "US_SSN"),
        ("call (318) 555 5150 after five", "(318) 555 5150", "PHONE_NUMBER"),
        ("my cell is (504) 555-0199", "(504) 555-0199", "PHONE_NUMBER"),
        ("card 4012 8888 8888 1099", "4012 8888 8888 1099", "CREDIT_CARD"),
        ("the last four of my social are 1099", "1099", "US_SSN"),
        ("i live at 211 Main Street", "211 Main Street", "STREET_ADDRESS"),
        ("i live at 1200 G Street NW", "1200 G Street NW", "STREET_ADDRESS"),
        ("Scottsdale AZ 85258", "85258", "ZIP_CODE"),
        ("Age: 94 years", "94 years", "AGE_OVER_89"),
        ("she turned 94 yrs", "94 yrs", "AGE_OVER_89"),
        ("a lady in her 90s", "90s", "AGE_OVER_89"),
        ("my birthday is 4/10", "4/10", "DATE_TIME"),
        ("i had surgery 3/4", "3/4", "DATE_TIME"),
        ("my name is Edgar Kaiser", "Edgar Kaiser", "PERSON"),
        ("my plate is 2P15P16", "2P15P16", "LICENSE_PLATE"),
        ("plate 15Q13", "15Q13", "LICENSE_PLATE"),
        ("medicare 1EG4-TE5-MK73", "1EG4-TE5-MK73", "US_MBI"),
        ("mrn 4Q12.5-33", "4Q12.5-33", "MEDICAL_RECORD_NUMBER"),
        ("my ABC123-related ticket", "ABC123-related", "LICENSE_PLATE"),
        ("plate GM1 4455", "GM1 4455", "LICENSE_PLATE"),
        ("id type 22 4417", "22 4417", "ID_NUMBER"),
        ("my blood type 22B1-99", "22B1-99", "LICENSE_PLATE"),
        ("mother with dementia 92 yo", "92", "AGE_OVER_89"),
        ("diabetes, 94", "94", "AGE_OVER_89"),
        ("immunodeficiency 92 yo", "92", "AGE_OVER_89"),
        ("immunodeficiency, 92", "92", "AGE_OVER_89"),
        ("retinitis pigmentosa 94", "94", "AGE_OVER_89"),
        ("garcia-related disease", "garcia", "PERSON"),
    ],
)
def test_nothing_of_it_stands(text: str, found: str, kind: str) -> None:
    assert not left(text, found, kind)


@pytest.mark.parametrize(
    ("text", "found", "kind"),
    [
        ("call 988 now", "988", "PHONE_NUMBER"),
        ("my pain is 4/10 today", "4/10", "DATE_TIME"),
        ("open 24/7", "24/7", "DATE_TIME"),
        ("my pressure was 120/80", "120/80", "DATE_TIME"),
        ("he has a 504 plan at school", "504", "ID_NUMBER"),
        ("they put me on a 5150 hold", "5150", "ID_NUMBER"),
        ("where is my 1099 form", "1099", "ID_NUMBER"),
        ("for 94 weeks now", "94 weeks", "DATE_TIME"),
        ("is Kaiser in network", "Kaiser", "PERSON"),
        ("take 50 mg at night", "50 mg", "ID_NUMBER"),
        ("2p15p16.1 microdeletion syndrome", "2p15p16.1", "DATE_TIME"),
        ("10Q22.3Q23.3 MICRODELETION", "10Q22.3Q23", "DATE_TIME"),
        ("chromosome 20q11-q12 deletion", "20q11-q12", "ID_NUMBER"),
        ("Chromosome 15q13.3", "15q13", "ID_NUMBER"),
        ("an 8q22 deletion", "8q22", "DATE_TIME"),
        ("karyotype 46,XX", "46", "AGE_OVER_89"),
        ("karyotype 47,XXY", "47,XXY", "ID_NUMBER"),
        ("SLC39A8-CDG", "SLC39A8-CDG", "LICENSE_PLATE"),
        ("stt3b-cdg", "stt3b-cdg", "US_MBI"),
        ("slc39a13-related spondylodysplastic syndrome", "slc39a13-related", "ID_NUMBER"),
        ("osteogenesis imperfecta, type XVIII", "XVIII", "LICENSE_PLATE"),
        ("Charcot-Marie-Tooth disease type 2B1", "2B1", "LICENSE_PLATE"),
        ("GM1 gangliosidosis", "GM1", "ID_NUMBER"),
        ("Immunodeficiency 89 and autoimmunity", "89", "AGE_OVER_89"),
        ("ciliary dyskinesia, primary, 12", "12", "ID_NUMBER"),
    ],
)
def test_it_stands(text: str, found: str, kind: str) -> None:
    assert left(text, found, kind)


@pytest.mark.parametrize(
    ("text", "found", "kind", "cut"),
    [
        ("Dr. Imani Okafor called", "Imani Okafor", "PERSON", True),
        ("ask Dr. Imani Okafor and Jane Roe", "Dr. Imani Okafor and Jane Roe", "PERSON", True),
        ("I am Imani Okafor Reed", "Imani Okafor Reed", "PERSON", False),
        ("I am Mary Imani Okafor", "Mary Imani Okafor", "PERSON", False),
    ],
)
def test_the_clinics_people_are_kept_and_those_who_share_their_name_are_not(
    text: str, found: str, kind: str, cut: bool
) -> None:
    start = text.index(found)
    own = text.index("Imani Okafor")
    span = (own, own + len("Imani Okafor"))
    assert _may_cut(span, Entity(start, start + len(found), kind, 0.9), text) is cut


def test_no_part_of_a_longer_number_is_the_clinics() -> None:
    text = "call (415) 555 0110"
    assert not _may_cut((11, 19), Entity(5, 19, "PHONE_NUMBER", 0.75), text)
    assert _may_cut((5, 19), Entity(5, 19, "PHONE_NUMBER", 0.75), text)


@pytest.mark.parametrize(
    "part", ["2p1", "46,X", "type ", "SLC39A1-related ", "SLC39A1-related-abc ", "chromosome 1p1"]
)
def test_what_almost_is_a_chromosome_or_a_gene_takes_no_longer(part: str) -> None:
    started = time.perf_counter()
    assert len([*protected_spans((part * 4000)[:4000])]) <= 4000
    assert time.perf_counter() - started < 0.5
