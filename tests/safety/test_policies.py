"""What each policy takes and leaves, and what its version depends on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from safety import policies
from safety.errors import PolicyError
from safety.placeholders import Placeholders
from safety.policies import POLICIES, TAGGED, ScrubPolicy, scrub_policy
from safety.recognizers import RECOGNIZERS
from safety.scrubber import Scrubber

PACKAGE = Path(policies.__file__).parent
HOTLINES = PACKAGE / "hotlines.yaml"


@pytest.fixture(scope="module")
def narrow() -> Scrubber:
    """The scrubber of live text, with rules alone."""
    return Scrubber(policy="safe-harbor", name_model=None)


LEFT = {
    "hotlines": ["call or text 988", "text HOME to 741741", "call 911 now"],
    "hours": ["open 24/7", "are you there 24/7/365", "at 10:30 am on weekdays"],
    "drugs": ["i take sertraline 50 mg and lamotrigine", "does zoloft interact with ibuprofen", "Ozempic or metformin 500mg?"],
    "diagnoses": ["i have bipolar disorder and asthma", "ICD-10 code F41.1 for generalized anxiety", "type 2 diabetes"],
    "eponyms": ["crohn's disease and tourette syndrome", "my doctor said hodgkin lymphoma", "signs of Parkinson's disease"],
    "scales": ["my PHQ-9 was 14 and GAD-7 was 12", "pain is 5/10 today", "blood pressure 120/80"],
    "durations": ["for 3 weeks", "it lasted 90 days", "sober for 15 months", "a 45 minute session"],
    "frequencies": ["twice a day", "every 6 hours", "3 times per week", "once every 4 months"],
    "years": ["since 2015", "it began in 1998", "i was born in 1985", "class of 2004"],
    "ages up to 89": ["i am 34 years old", "my mom is 89", "a 5-year-old", "she turned 16", "45F with asthma", "my 88 year old father"],
    "organisations": ["i work at Quillfeather and hate it", "she attends brindlewood middle school"],
    "states": ["i live in vermont", "are you licensed in New York"],
    "countries": ["we moved from peru", "i was born in Portugal"],
    "nationalities": ["i am peruvian", "she is Portuguese"],
    "titles": ["i am a plumber", "is the professor in"],
    "other": ["an F-150", "room 204", "two plates of food", "$1,200 a month", "a 1099 form"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in LEFT.items() for text in texts])
def test_safe_harbor_leaves(narrow: Scrubber, kind: str, text: str) -> None:
    assert narrow.scrub(text).text == text, kind


@pytest.mark.parametrize(
    "number", sorted(set(re.findall(r"\d-\d{3}-\d{3}-\d{4}", HOTLINES.read_text("utf-8"))))
)
def test_safe_harbor_leaves_the_numbers_that_we_show(narrow: Scrubber, number: str) -> None:
    assert narrow.scrub(f"the line {number} is free").text == f"the line {number} is free"


TAKEN = {
    "A names": "my name is jorah tindle",
    "B street": "i live at 12 thistle lane",
    "B town": "we moved to quimbleton",
    "B county": "he is from Quimble County",
    "B facility": "i am at Brindlewood Nursing Home",
    "B zip": "zip is 05999",
    "B coordinates": "at 44.4759, -73.2121",
    "C dates": "seen on 3/14/2024",
    "C ages": "she is 94 years old",
    "C years that reveal ages": "grandpa was born in 1931",
    "D telephone": "call 413-555-0144",
    "E fax": "fax 413-555-0145",
    "F e-mail": "write to o.tindle@intranet",
    "G social security": "ssn 219-09-9998",
    "H record": "mrn 0048291",
    "I health plan": "member id QXH-8829",
    "J account": "account number 99812734",
    "K certificate": "birth certificate number 112-93-004518",
    "K licence": "license number H12234567",
    "L vehicle": "vin 1HGCM82633A004352",
    "L plate": "vermont plate HGR 472",
    "M device": "my pump serial number MM7-482913",
    "N link": "see https://tindle.example.net/oona",
    "N handle": "find me on bluesky as mossyoak",
    "O network": "from 192.0.2.7",
    "P biometric": "voiceprint id VP-99821-X",
    "Q image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==",
    "R other code": "the code is QXH882910",
    "R part of a number": "last four of my social is 9081",
}


@pytest.mark.parametrize("category", TAKEN)
def test_safe_harbor_takes_each_category_of_the_regulation(narrow: Scrubber, category: str) -> None:
    found = narrow.find(TAKEN[category])
    assert found
    assert {one.type for one in found} <= set(POLICIES["safe-harbor"])


def test_wide_takes_what_safe_harbor_takes_and_more() -> None:
    assert set(POLICIES["safe-harbor"]) < set(POLICIES["wide"])
    assert set(POLICIES["wide"]) - set(POLICIES["safe-harbor"]) > TAGGED


def test_wide_takes_organisations_states_and_countries_that_rules_find() -> None:
    wide = Scrubber(policy="wide", name_model=None)
    text = "i work at Quillfeather, she lives in vermont, he is from peru"
    assert [one.type for one in wide.find(text)] == ["ORGANIZATION", "STATE", "COUNTRY"]


def test_a_type_that_waits_for_the_tagger_may_be_missing() -> None:
    found = Scrubber(policy="wide", name_model=None)._analyzer.entities
    assert {"YEAR", "NATIONALITY"} <= TAGGED - set(found)
    assert set(POLICIES["wide"]) - set(found) <= TAGGED


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"thresholds": (("nobody", 0.5),)}, "nobody"),
        ({"thresholds": (("names", 1.5),)}, "1.5"),
        ({"entities": ("PERSON", "PERSON")}, "twice"),
        ({"recognizers": ()}, "recognizer"),
    ],
)
def test_a_policy_that_does_not_fit_together_is_refused(
    fields: dict[str, tuple[object, ...]], fault: str
) -> None:
    values: dict[str, object] = {"name": "wide", "entities": ("PERSON",), "recognizers": ("names",), **fields}
    with pytest.raises(PolicyError, match=fault):
        ScrubPolicy(**values)  # type: ignore[arg-type]


def test_an_unknown_policy_is_refused_by_name() -> None:
    with pytest.raises(PolicyError, match="narrow"):
        scrub_policy("narrow", RECOGNIZERS)


def test_a_threshold_counts_for_its_recognizer_alone() -> None:
    policy = scrub_policy("wide", RECOGNIZERS, thresholds={"names": 0.6})
    assert policy.least_score("names") == 0.6 and policy.least_score("dates") == 0.35


def test_a_finding_below_the_threshold_of_its_recognizer_does_not_count(narrow: Scrubber) -> None:
    text = "my name is jorah tindle, call 413-555-0144"
    strict = Scrubber(policy="safe-harbor", name_model=None, thresholds={"names": 1.0})
    assert [one.type for one in narrow.find(text)] == ["PERSON", "PHONE_NUMBER"]
    assert [one.type for one in strict.find(text)] == ["PHONE_NUMBER"]
    assert strict.policy_hash != narrow.policy_hash


def test_a_threshold_for_what_is_no_recognizer_stops_the_start() -> None:
    with pytest.raises(PolicyError, match="nobody"):
        Scrubber(name_model=None, thresholds={"nobody": 0.5})


def test_the_version_covers_every_file_that_decides_what_is_found() -> None:
    """Follow the imports from the scrubber; what only names, words or weighs a policy is apart."""
    covered = {file.relative_to(PACKAGE).as_posix() for file in policies._sources()}
    needed, waiting = set[str](), ["scrubber.py", "surrogates.py", "recognizers/tagger.py"]
    while waiting:
        name = waiting.pop()
        if name in needed or name in APART or name.startswith("surrogate_"):
            continue
        needed.add(name)
        waiting += _imported(PACKAGE / name)
    assert needed <= covered
    assert {file.relative_to(PACKAGE).as_posix() for file in PACKAGE.glob("recognizers/words/*")} <= covered


APART = ("errors.py", "entities.py", "policies.py")


def _imported(file: Path) -> list[str]:
    names = [
        node.module.removeprefix("safety.").replace(".", "/")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("safety.")
    ]
    return [f"{name}.py" if (PACKAGE / f"{name}.py").is_file() else f"{name}/__init__.py" for name in names]


def test_the_version_changes_with_policy_recognizers_thresholds_and_model(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights.bin").write_bytes(b"1")
    wide = scrub_policy("wide", RECOGNIZERS)
    versions = [
        wide.version({}),
        wide.version({"tagger": None}),
        wide.version({"tagger": model}),
        scrub_policy("safe-harbor", RECOGNIZERS).version({}),
        scrub_policy("wide", [*RECOGNIZERS][1:]).version({}),
        scrub_policy("wide", RECOGNIZERS, thresholds={"names": 0.6}).version({}),
    ]
    (model / "weights.bin").write_bytes(b"2")
    versions.append(wide.version({"tagger": model}))
    assert len(set(versions)) == len(versions) and all(len(one) == 64 for one in versions)
    assert wide.version({"tagger": model}) == scrub_policy("wide", RECOGNIZERS).version({"tagger": model})


class TestMentions:
    """Known names are found again where nothing gives them away."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("well abernethy it is", "well [PERSON_1] it is"),
            ("so wilhelmina abernethy", "so [PERSON_1]"),
            ("ABERNETHY, WILHELMINA", "[PERSON_1]"),
            ("abernethy's letter", "[PERSON_1]'s letter"),
        ],
    )
    def test_a_known_name_is_found_in_any_case(self, narrow: Scrubber, text: str, expected: str) -> None:
        conversation = Placeholders()
        narrow.scrub("My name is Wilhelmina Abernethy.", conversation)
        assert narrow.scrub(text, conversation).text == expected

    def test_a_common_word_in_a_known_name_stays(self, narrow: Scrubber) -> None:
        conversation = Placeholders()
        narrow.scrub("My name is Will Hope.", conversation)
        text = "will you be open? i hope so, with grace."
        assert narrow.scrub(text, conversation).text == text

    def test_a_placeholder_typed_by_hand_is_not_taken_for_a_person(self, narrow: Scrubber) -> None:
        conversation = Placeholders()
        written = narrow.scrub("[PERSON_1] told me, my name is Wilhelmina Abernethy.", conversation).text
        assert written == "[PERSON_1] told me, my name is [PERSON_2]."
