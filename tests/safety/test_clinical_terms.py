"""safety/recognizers/clinical_terms.py: medicines, conditions, scales and eponyms, and never a person."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import safety.policies
from app.encoders import active_encoder
from safety.policies import POLICY_NAMES, scrub_policy
from safety.recognizers.clinical_terms import called_before_a_condition, clinical_spans, perhaps_people
from safety.recognizers.lexicon import WORDS, words
from safety.scrubber import Scrubber
from tests.safety.clinical_cases import NO_TERM, PEOPLE, TERMS, plain, terms
from weights.served import TAGGER

CASES: dict[str, Callable[[str], str]] = {"as written": str, "lower": str.lower, "capitals": str.upper}
MODELS = Path(__file__).parents[2] / "models"
NAMES = ("given_names", "nicknames", "surnames", "ambiguous_names", "surname_words", "cities", "states")


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in clinical_spans(text)]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("text", TERMS)
def test_a_term_is_found_from_its_first_to_its_last_letter(text: str, case: str) -> None:
    written = CASES[case](text)
    assert found(plain(written)) == terms(written)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("text", NO_TERM)
def test_a_name_or_a_place_is_no_term(text: str, case: str) -> None:
    assert found(CASES[case](text)) == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("addisons disease", ["addisons disease"]),
        ("Sjoegren syndrome", ["Sjoegren syndrome"]),
        ("Hodgkin's non-small cell lymphoma", ["Hodgkin's non-small cell lymphoma"]),
        ("Burkitt's B-cell lymphoma", ["Burkitt's B-cell lymphoma"]),
        ("she has Barrett's and reflux", ["Barrett's"]),
        ("she has Barrett's number", []),
        ("st johns wort", ["st johns wort"]),
        ("imatinib-induced", ["imatinib"]),
        ("Lennox-Gastaut", ["Lennox-Gastaut"]),
        ("Parkinson's", ["Parkinson's"]),
        ("", []),
        ("'s", []),
        ("Graves'", ["Graves"]),
        ("what is endometrial cancer", ["endometrial cancer"]),
        ("acute promyelocytic leukemia", ["acute promyelocytic leukemia"]),
        ("my cancer", []),
        ("Okafor cancer", []),
        ("Okafor Marfan syndrome", ["Marfan syndrome"]),
    ],
)
def test_forms_that_people_write(written: str, expected: list[str]) -> None:
    assert found(written) == expected


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "text",
    [
        "what is [Perry syndrome]",
        "[Marie Unna hereditary] one in my family",
        "a vein of [Galen malformation] was seen",
        "[Charlie M syndrome] is rare",
        "[Norrie disease], blind since birth",
        "lissencephaly, [Norman-Roberts type]",
        "distal myopathy, [Tateyama type] and worse now",
        "spinal dysplasia, [Ganderowe type]",
        "was it [Ganderowe-Pelvik syndrome]",
        "a [Ganderowe-Pelvik-Osk neurodevelopmental syndrome]",
        "[Shprintzen-Goldberg craniosynostosis syndrome]",
    ],
)
def test_a_condition_that_bears_a_name_is_a_term_of_which_no_word_is_perhaps_a_person(
    text: str, case: str
) -> None:
    written = CASES[case](text)
    (term,) = terms(written)
    assert term in found(plain(written))
    at = plain(written).index(term)
    assert not any(start >= at and end <= at + len(term) for start, end in perhaps_people(plain(written)))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "text",
    [
        "dr perry syndrome clinic",
        "my name is Perry Syndrome",
        "Katherine Perry syndrome",
        "Mr. Norrie disease clinic",
        "my neighbor Norrie disease",
        "lupus, Meyer type 2 diabetes",
        "anemia, Meyer type and screen",
        "she came, Meyer type",
        "mrs Femur syndrome questions",
    ],
)
def test_after_a_title_or_a_given_name_or_with_another_type_it_is_a_person(text: str, case: str) -> None:
    names = {"perry", "norrie", "meyer", "katherine", "femur"}
    told = {word for one in found(CASES[case](text)) for word in one.lower().split()}
    people = {CASES[case](text)[start:end].lower() for start, end in perhaps_people(CASES[case](text))}
    assert not (told - people) & names


def test_no_word_of_medicine_is_in_a_list_of_names_and_phrases_have_at_least_two_words() -> None:
    names = {part for kind in (*NAMES, "eponyms") for one in words(kind) for part in one.split()}
    assert not words("medical_words") & names
    assert len(words("medical_words")) > 5000
    assert all(" " in phrase for phrase in words("condition_phrases"))
    assert len(words("condition_phrases")) > 2000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my name is Candida", []),
        ("his first name is gerd", []),
        ("my doctor is Gerd", []),
        ("I think it is candida", ["candida"]),
        ("my trouble is gerd", ["gerd"]),
    ],
)
def test_what_is_introduced_as_somebodys_name_is_no_condition(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wojciechowska fibromyalgia meds", ["wojciechowska"]),
        ("zoltan WOJCIECHOWSKA fibromyalgia", ["zoltan", "WOJCIECHOWSKA"]),
        ("re Wilson lymphoma staging", ["Wilson"]),
        ("graves nephropathy", ["graves"]),
        ("wilson disease", []),
        ("Hodgkin lymphoma", []),
        ("ewing sarcoma", []),
        ("becker dystrophy", []),
        ("Guillain-Barré syndrome", []),
        ("doyne filigree retinal dystrophy", ["filigree"]),
        ("lisinopril anemia", []),
        ("", []),
    ],
)
def test_a_word_before_a_condition_that_is_no_part_of_its_name_may_be_a_person(
    text: str, expected: list[str]
) -> None:
    assert [text[start:end] for start, end in perhaps_people(text)] == expected


def test_a_stem_makes_a_medicine_of_a_long_word_that_is_no_name() -> None:
    assert found("fictuzumab and mab and invenopril") == ["fictuzumab", "invenopril"]


@pytest.mark.parametrize(
    "name", ["medicines", "conditions", "scales", "eponyms", "eponym_heads", "eponym_owned"]
)
def test_a_list_is_sorted_in_lower_case_without_repeats(name: str) -> None:
    lines = (WORDS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines))
    assert all(line and line == line.strip().lower() for line in lines)


@pytest.mark.parametrize("name", ["medicines", "conditions", "scales"])
def test_no_entry_is_a_common_name_or_place_by_itself(name: str) -> None:
    assert not words(name) & frozenset[str]().union(*(words(one) for one in NAMES))


def test_every_word_that_only_guides_an_eponym_belongs_to_one() -> None:
    assert words("eponyms_alone") <= words("eponyms")


def test_a_changed_list_changes_the_version_of_the_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = scrub_policy("wide", ["names"])
    before = policy.version({})
    sources = safety.policies._sources()
    assert WORDS / "medicines.txt" in sources
    assert Path(safety.policies.__file__).with_name("sparing.py") in sources
    changed = tmp_path / "medicines.txt"
    changed.write_bytes((WORDS / "medicines.txt").read_bytes() + b"zzz\n")
    others = [changed if one.name == "medicines.txt" else one for one in sources]
    monkeypatch.setattr(safety.policies, "_sources", lambda: others)
    assert policy.version({}) != before


@pytest.mark.slow
def test_a_long_text_takes_no_time_worth_counting() -> None:
    text = ("I take lisinopril, my mother has Parkinson's disease; and Dr. Beck's office? " * 60)[:4000]
    list(clinical_spans(text))
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        list(clinical_spans(text))
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.02


@pytest.fixture(scope="module", params=POLICY_NAMES)
def scrubber(request: pytest.FixtureRequest) -> Scrubber:
    tagger = active_encoder(MODELS, TAGGER, cache_dir=None, offline=False)
    return Scrubber(policy=request.param, name_model=None, tagger=tagger)


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_terms_stay_under_the_active_tagger(scrubber: Scrubber, case: str) -> None:
    lost = []
    for text in TERMS:
        written = CASES[case](text)
        after = scrubber.scrub(plain(written)).text
        lost += [term for term in terms(written) if term not in after]
    assert lost == []


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_people_of_such_names_are_found_under_the_active_tagger(scrubber: Scrubber, case: str) -> None:
    stayed = []
    for text, name in PEOPLE:
        first = CASES[case](text)
        at = first.index(CASES[case](name))
        covered = {one for entity in scrubber.find(first) for one in range(entity.start, entity.end)}
        letters = {one for one in range(at, at + len(name)) if first[one].isalpha()}
        if not letters <= covered:
            stayed.append(text)
    assert stayed == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jones fibromyalgia meds", ["jones"]),
        ("re Romero lymphoma staging", ["Romero"]),
        ("johnson nephropathy creatinine last month", ["johnson"]),
        ("maria diabetes type 2", ["maria"]),
        ("jones fracture healing", []),
        ("stevens johnson syndrome", []),
        ("history of st louis encephalitis", []),
        ("may cancer come back", []),
        ("parkinson dementia", []),
        ("my son james has asthma", []),
    ],
)
def test_a_common_name_before_a_condition_that_is_not_called_after_it_is_a_person(
    text: str, expected: list[str]
) -> None:
    assert [text[start:end] for start, end in called_before_a_condition(text)] == expected
