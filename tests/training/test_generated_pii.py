"""Rows for the tagger: deterministic, labelled to the character, and no name in both halves."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from safety.policies import POLICIES
from training.duplicates import Shingles, jaccard, shingles
from training.errors import CorpusError
from training.generated import GENERATORS
from training.generated.fillers import FILLERS, Fillers
from training.generated.halves import HALVES, Half, half, only
from training.generated.labels import LABELS, SLOT_LABELS
from training.generated.names import ORIGINS, nickname, person
from training.generated.pii import filled, rows
from training.generated.places import city, employer, facility, insurer, org, school, street
from training.generated.templates import Slot, Template, parsed, read_templates, training_templates

HELD_OUT = Path(__file__).resolve().parents[2] / "benchmarks" / "pii" / "templates.jsonl"
TEMPLATES = training_templates()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_rows_and_another_one_others() -> None:
    first = list(islice(GENERATORS["pii"](3), 40))
    assert first == list(islice(GENERATORS["pii"](3), 40))
    assert first != list(islice(GENERATORS["pii"](4), 40))
    assert len({row["id"] for row in first}) == 40


def test_rows_have_their_templates_id_as_group_and_its_register_as_topic() -> None:
    known = {one.id: one.register + ("" if one.slots else ", nothing personal") for one in TEMPLATES}
    for row in islice(GENERATORS["pii"](1), 60):
        assert known[str(row["group"])] == row["topic"]


def test_spans_are_the_values_that_were_filled_in() -> None:
    template = parsed("t-1", "form", "Name: {{first}} ({{phone}}), again {{first}}, at {{time}}")
    for seed in range(30):
        marked = filled(template, _NeverCorrupts(seed), half="train")
        found = [(marked.text[one.start : one.end], one.label) for one in marked.spans]
        assert [label for _, label in found] == ["PERSON", "PHONE_NUMBER", "PERSON"]
        assert found[0][0] == found[2][0]
        assert marked.text.startswith(f"Name: {found[0][0]} ({found[1][0]}), again {found[2][0]}, at ")


class _NeverCorrupts(Random):
    """Draws like any other, but `sample` of the corruptions takes none."""

    def sample(self, population, k, **kwargs):  # type: ignore[no-untyped-def]
        return super().sample(population, 0 if "lower_case" in population else k, **kwargs)


def test_another_number_is_another_value_and_the_same_slot_the_same() -> None:
    fillers = Fillers(Random(5), "train")
    assert fillers.fill(Slot("ssn", 1)) == fillers.fill(Slot("ssn", 1))
    assert fillers.fill(Slot("ssn", 1)) != fillers.fill(Slot("ssn", 2))


def test_text_in_lower_case_gets_names_in_lower_case_now_and_then() -> None:
    template = parsed("t-1", "patient_chat", "my son {{first}} has a cough")
    texts = [filled(template, Random(seed), half="train").text for seed in range(60)]
    small = sum(text.islower() for text in texts)
    assert 15 < small < 55


@pytest.mark.parametrize("kind", sorted(SLOT_LABELS))
@pytest.mark.parametrize("wanted", HALVES)
def test_every_slot_can_be_filled_and_its_labels_are_known(kind: str, wanted: Half) -> None:
    for seed in range(8):
        parts = Fillers(Random(seed), wanted).fill(Slot(kind, 1))
        assert all(part.text and (not part.label or part.label in LABELS) for part in parts)
        personal = [part.text for part in parts if part.label]
        assert all(text == text.strip() for text in personal)
        assert personal or kind == "time"


def test_the_tables_of_slots_and_fillers_are_the_same() -> None:
    assert FILLERS.keys() == SLOT_LABELS.keys()


def test_labels_are_entity_types_of_the_widest_policy() -> None:
    assert set(LABELS) <= set(POLICIES["wide"])


def test_an_address_is_labelled_part_by_part_and_a_stretch_of_dates_without_its_word() -> None:
    labels = Counter[str]()
    for seed in range(40):
        labels.update(part.label for part in Fillers(Random(seed), "train").fill(Slot("address", 1)))
        whole = Fillers(Random(seed), "train").fill(Slot("date_range", 1))
        assert [part.label for part in whole] in (["DATE_TIME"], ["DATE_TIME", "", "DATE_TIME"])
    assert {"STREET_ADDRESS", "LOCATION", "STATE", "ZIP_CODE"} <= set(labels)


@pytest.mark.parametrize("draw", [city, street, facility, school, employer, insurer, org, nickname])
def test_no_value_of_one_half_is_drawn_for_the_other(draw) -> None:  # type: ignore[no-untyped-def]
    seen = {wanted: {draw(Random(seed), wanted) for seed in range(200)} for wanted in HALVES}
    shared = seen["train"] & seen["test"]
    assert not [value for value in shared if "box" not in value.lower()]  # a box has a number and no name


def test_no_given_or_family_name_is_in_both_halves_and_all_origins_occur() -> None:
    people = {wanted: [person(Random(seed), wanted) for seed in range(800)] for wanted in HALVES}
    for wanted in HALVES:
        assert {someone.origin for someone in people[wanted]} == set(ORIGINS)
        assert all(
            half(name) == wanted for one in people[wanted] for name in (one.given, one.family, one.middle)
        )
    names = {
        wanted: {name.lower() for one in people[wanted] for name in (one.given, one.family)}
        for wanted in HALVES
    }
    assert not names["train"] & names["test"]


def test_case_accents_and_small_words_do_not_change_a_half() -> None:
    for first, second in (
        ("CRUZ", "De la Cruz"),
        ("Núñez", "nunez"),
        ("O’Brien", "OBRIEN"),
        ("St. Agnes", "agnes"),
    ):
        assert half(first) == half(second)
    assert only(("Rose", "Rose"), half("rose")) == ("Rose",)


def test_both_halves_of_any_list_are_large() -> None:
    share = sum(half(f"name{n}") == "train" for n in range(2000)) / 2000
    assert 0.45 < share < 0.55


def test_a_benchmark_gets_the_other_half_from_templates_of_its_own() -> None:
    held = read_templates([HELD_OUT])
    assert not {one.id for one in held} & {one.id for one in TEMPLATES}
    assert len(list(islice(rows(held, seed=1, half="test"), 20))) == 20


def test_no_held_out_template_is_nearly_one_of_the_training_half() -> None:
    trained: dict[str, list[Shingles]] = {}
    for template in TEMPLATES:
        grams = shingles(template.masked)
        for gram in grams:
            trained.setdefault(gram, []).append(grams)
    near = [
        template.id
        for template in read_templates([HELD_OUT])
        for grams in [shingles(template.masked)]
        if any(jaccard(grams, other) >= 0.5 for gram in grams for other in trained.get(gram, ()))
    ]
    assert near == []


def test_a_good_part_of_the_templates_has_no_slot_and_they_come_less_often() -> None:
    without = {one.id for one in TEMPLATES if not one.slots}
    assert len(without) > len(TEMPLATES) / 5
    some = [*TEMPLATES[:6], *(one for one in TEMPLATES if not one.slots)][:9]
    counts = Counter(str(row["group"]) for row in islice(rows(some, seed=1), 300))
    plain = [counts[one.id] for one in some if not one.slots]
    full = [counts[one.id] for one in some if one.slots]
    assert plain and full and max(plain) < min(full)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"id": "a", "register": "form", "text": "{{shoe_size}}"}', "no slot 'shoe_size'"),
        ('{"id": "a", "register": "form", "text": "{{first}"}', "braces"),
        ('{"id": "a", "register": "form", "text": " "}', "empty"),
        ('{"id": "a", "text": "x"}', "has id, register, text"),
        ("not json", "not JSON"),
    ],
)
def test_a_faulty_template_is_named_by_file_and_line(tmp_path: Path, line: str, fault: str) -> None:
    file = tmp_path / "templates_x.jsonl"
    good = {"id": "g", "register": "form", "text": "{{first}}"}
    file.write_text(f"{json.dumps(good)}\n{line}\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"templates_x\.jsonl:2:") as error:
        read_templates([file])
    assert fault in str(error.value)


def test_no_template_holds_a_number_of_its_own_that_could_name_somebody() -> None:
    for template in (*TEMPLATES, *read_templates([HELD_OUT])):
        longest = max((len(run) for run in _digit_runs(template)), default=0)
        assert longest <= 5, template.id


def _digit_runs(template: Template) -> list[str]:
    signs = "".join(sign if sign.isdigit() else " " for sign in template.literal)
    return signs.split()
