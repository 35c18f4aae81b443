"""Which questions are near misses, and which ask for what is absent."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.retrieval_sets import medication_questions, question_pairs, written_clinics


def _write(folder: Path, rows: list[dict[str, str]]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_a_hidden_section_is_near_where_another_of_its_drug_is_left(tmp_path: Path) -> None:
    def row(drug: str, section: str) -> dict[str, str]:
        return {"question": f"{drug} {section}?", "answer": f"{drug} {section}", "focus_(drug)": drug,
                "section_title": section}  # fmt: skip

    _write(
        tmp_path / "medicationqa" / "medicationqa.jsonl",
        [row("One", "dose"), row("one", "storage"), row("Two", "dose"), row("Three", "dose")],
    )
    asked = medication_questions(tmp_path).questions
    assert [(bool(one.right), one.near) for one in asked] == [
        (False, True),
        (True, False),
        (False, False),
        (True, False),
    ]
    assert all(one.right for one in medication_questions(tmp_path, hide_every=0).questions)


def test_a_doctors_other_question_is_near_and_a_hidden_one_is_not(tmp_path: Path) -> None:
    rows = [{"seed": f"s{n // 2}", "other": f"o{n}", "same": str(1 - n % 2)} for n in range(8)]
    _write(tmp_path / "medical_question_pairs" / "pairs.jsonl", rows)
    asked = question_pairs(tmp_path).questions
    assert [one.near for one in asked] == [False, True] * 4
    assert [bool(one.right) for one in asked] == [False, False, True, False, False, False, True, False]


def test_every_held_out_clinic_is_asked_what_it_has_what_is_near_and_what_is_absent() -> None:
    for clinic in written_clinics():
        kinds = {(bool(one.right), one.near) for one in clinic.questions}
        assert kinds == {(True, False), (False, True), (False, False)}
