"""From consented exchanges to a dataset: what a review keeps, what never gets in, what leaves again."""

from __future__ import annotations

import csv
import stat
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.store import Exchange, Feedback, Store, TurnTrace
from safety.crisis import CrisisGate
from safety.scrubber import Scrubber
from training.__main__ import app
from training.errors import CorpusError
from training.feedback import export_sheet, feedback_rows, import_sheet
from training.feedback_dataset import FeedbackRow, read_manifest, seen_hash, withdrawn
from training.reading import RawRow, read_corpus
from training.recipe import Corpus
from training.review_sheet import ReviewRow, read_sheet
from training.rows import StageCounts, read_rows
from training.shapes import to_examples
from training.tasks import TASKS

NOW = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)
DAY = date(2031, 5, 9)
QUESTION = "The dark evenings in November make me sluggish and I stop calling friends."
ANSWER = "Shorter days take something out of many people. Which friend would be easiest to ring first?"


class Clinic:
    """A store with consented exchanges in it."""

    def __init__(self, store: Store, gate: CrisisGate) -> None:
        self.store = store
        self.gate = gate

    def keep(
        self, question: str = QUESTION, answer: str = ANSWER, *, kind: str = "support", turn: str = ""
    ) -> str:
        turn_id = turn or uuid.uuid4().hex
        if not turn:
            self.store.record_trace(
                TurnTrace.model_validate(
                    {"turn_id": turn_id, "conversation_id": uuid.uuid4().hex, "started_at": NOW}
                    | {"kind": kind, "action": "allow"}
                )
            )
        self.store.keep_exchange(
            Exchange(turn_id=turn_id, question=question, answer=answer, consent_version="2026-11")
        )
        return turn_id

    def status(self, turn_id: str) -> str:
        return next(one.status for one in self.store.exchanges() if one.turn_id == turn_id)


@pytest.fixture
def clinic(gate: CrisisGate) -> Iterator[Clinic]:
    with Store.open("sqlite://", clock=lambda: NOW) as store:
        yield Clinic(store, gate)


@pytest.fixture(scope="module")
def gate() -> CrisisGate:
    return CrisisGate()


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return Scrubber(name_model=None)


Judge = Callable[[ReviewRow], dict[str, str]]


def reviewed(clinic: Clinic, folder: Path, scrubber: Scrubber, judge: Judge, name: str = "s.csv") -> Path:
    """Export a sheet and fill it in the way a spreadsheet would."""
    sheet = folder / name
    export_sheet(clinic.store, sheet, scrubber=scrubber, gate=clinic.gate)
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    for line in lines:
        line.update(judge(ReviewRow.model_validate(line)))
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(ReviewRow.model_fields), delimiter=";")
        table.writeheader()
        table.writerows(lines)
    return sheet


def approve(_row: ReviewRow) -> dict[str, str]:
    return {"verdict": "Approve ", "reviewer": "nurse"}


def taken(
    clinic: Clinic, folder: Path, scrubber: Scrubber, judge: Judge
) -> tuple[list[FeedbackRow], StageCounts]:
    out = folder / "feedback.jsonl"
    sheet = reviewed(clinic, folder, scrubber, judge)
    manifest = import_sheet(
        clinic.store, sheet, out, task=TASKS["counseling"], scrubber=scrubber, gate=clinic.gate, today=DAY
    )
    return list(read_rows(out, FeedbackRow)), manifest.counts[0]


def test_an_approved_row_becomes_data_with_its_provenance(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    turn = clinic.keep()
    rows, counts = taken(clinic, tmp_path, scrubber, approve)
    assert rows == [
        FeedbackRow(
            id=turn, question=QUESTION, answer=ANSWER, verdict="approve", reviewer="nurse", reviewed=DAY,
            consent="2026-11", kept=NOW.date(), seen=rows[0].seen,
        )
    ]  # fmt: skip
    assert (counts.taken, counts.kept) == (1, 1)
    assert clinic.status(turn) == "approved"


def test_a_corrected_answer_replaces_the_models_words(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    turn = clinic.keep(kind="abstain", answer="I do not know that.")
    better = {"verdict": "correct", "reviewer": "counselor", "corrected_answer": "Try one short call a week."}
    rows, _ = taken(clinic, tmp_path, scrubber, lambda row: better)
    assert [(row.id, row.answer, row.verdict) for row in rows] == [
        (turn, "Try one short call a week.", "correct")
    ]


def test_what_a_sheet_says_of_question_and_answer_is_not_believed(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    clinic.keep()
    rows, _ = taken(
        clinic, tmp_path, scrubber, lambda row: {**approve(row), "question": "Made up", "answer": "Also"}
    )
    assert (rows[0].question, rows[0].answer) == (QUESTION, ANSWER)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": ""}, "not reviewed"),
        ({"verdict": "reject"}, "rejected"),
        ({"reviewer": ""}, "no reviewer"),
        ({"verdict": "correct"}, "verdict and corrected answer disagree"),
        ({"corrected_answer": "Both at once."}, "verdict and corrected answer disagree"),
        ({"seen": "0" * 16}, "changed since the sheet was written"),
        ({"turn_id": "0" * 32}, "withdrawn or unknown"),
    ],
)
def test_a_row_without_a_clear_verdict_is_set_aside_with_its_reason(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber, change: dict[str, str], reason: str
) -> None:
    clinic.keep()
    rows, counts = taken(clinic, tmp_path, scrubber, lambda row: {**approve(row), **change})
    assert not rows
    assert counts.set_aside == {reason: 1}


def test_a_rejected_exchange_is_noted_and_not_asked_about_again(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    turn = clinic.keep()
    taken(clinic, tmp_path, scrubber, lambda row: {"verdict": "reject", "reviewer": "nurse"})
    assert clinic.status(turn) == "rejected"
    assert export_sheet(clinic.store, tmp_path / "next.csv", scrubber=scrubber, gate=clinic.gate).taken == 0


def test_a_turn_judged_twice_is_judged_by_nobody(clinic: Clinic, tmp_path: Path, scrubber: Scrubber) -> None:
    clinic.keep()
    sheet = reviewed(clinic, tmp_path, scrubber, approve)
    rows = read_sheet(sheet) * 2
    found = feedback_rows(clinic.store, rows, task=TASKS["counseling"], scrubber=scrubber, gate=clinic.gate)
    assert not found.rows
    assert [one.reason for one in found.aside] == ["judged twice"] * 2


@pytest.mark.parametrize("kind", ["abstain", "clarify", "refuse", "faq"])
def test_fixed_words_do_not_become_an_example_by_approval(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber, kind: str
) -> None:
    clinic.keep(kind=kind)
    _, counts = taken(clinic, tmp_path, scrubber, approve)
    assert counts.set_aside == {"approved, but not written by a model": 1}


def test_someone_in_danger_is_neither_in_sheet_nor_dataset(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    # Kept when the rules did not know it yet; they are asked again each time.
    turn = clinic.keep("I want to kill myself tonight.")
    sheet = tmp_path / "s.jsonl"
    counts = export_sheet(clinic.store, sheet, scrubber=scrubber, gate=clinic.gate)
    assert (counts.kept, counts.set_aside) == (0, {"someone in danger": 1})
    assert sheet.read_text() == ""
    exchange = next(clinic.store.exchanges())
    forged = ReviewRow(
        turn_id=turn, seen=seen_hash(exchange), kind="support", question="", answer="", verdict="approve",
        reviewer="staff",
    )  # fmt: skip
    found = feedback_rows(
        clinic.store, [forged], task=TASKS["counseling"], scrubber=scrubber, gate=clinic.gate
    )
    assert [one.reason for one in found.aside] == ["someone in danger"]


def test_everything_is_scrubbed_again_and_numbers_go_on(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    clinic.keep("[PHONE_NUMBER_1] rings at night, and so does 802-555-0142.", ANSWER)
    corrected = "Block both, or write to someone@example.org and 802-555-0142."
    rows, counts = taken(
        clinic,
        tmp_path,
        scrubber,
        lambda row: {"verdict": "correct", "reviewer": "staff", "corrected_answer": corrected},
    )
    assert rows[0].question == "[PHONE_NUMBER_1] rings at night, and so does [PHONE_NUMBER_2]."
    assert rows[0].answer == "Block both, or write to [EMAIL_ADDRESS_1] and [PHONE_NUMBER_2]."
    assert counts.changed == {"scrubbed again": 1}


def test_a_sheet_shows_the_rating_and_never_replaces_one_with_verdicts(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    turn = clinic.keep()
    clinic.store.add_feedback(Feedback(turn_id=turn, rating="down", reasons=("wrong", "too_long")))
    sheet = tmp_path / "s.csv"
    export_sheet(clinic.store, sheet, scrubber=scrubber, gate=clinic.gate)
    [row] = read_sheet(sheet)
    assert (row.rating, row.reasons, row.kind, row.verdict) == ("down", "wrong too_long", "support", "")
    with pytest.raises(CorpusError, match="already"):
        export_sheet(clinic.store, sheet, scrubber=scrubber, gate=clinic.gate)


def test_a_cell_cannot_run_as_a_formula_and_comes_back_as_it_was(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    clinic.keep('=HYPERLINK("x") is what I typed', "- first\n- second; third")
    sheet = tmp_path / "s.csv"
    export_sheet(clinic.store, sheet, scrubber=scrubber, gate=clinic.gate)
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        raw = next(csv.DictReader(stream))
    assert raw["question"].startswith("'=") and raw["answer"].startswith("'-")
    [row] = read_sheet(sheet)
    assert (row.question, row.answer) == ('=HYPERLINK("x") is what I typed', "- first\n- second; third")


def test_faulty_lines_are_listed_together_without_their_words(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    clinic.keep()
    clinic.keep("Another evening alone.", ANSWER)
    sheet = reviewed(
        clinic, tmp_path, scrubber, lambda row: {"verdict": "fine by me", "reviewer": "Ada Zebra"}
    )
    with pytest.raises(CorpusError) as caught:
        read_sheet(sheet)
    message = str(caught.value)
    assert "line 2: verdict" in message and "line 3: verdict" in message and "reviewer: must be" in message
    assert "Zebra" not in message and "fine by me" not in message and "evening" not in message


def test_a_sheet_in_another_encoding_or_without_a_column_says_so(tmp_path: Path) -> None:
    sheet = tmp_path / "s.csv"
    sheet.write_bytes("turn_id;größe\n".encode("cp1252"))
    with pytest.raises(CorpusError, match="UTF-8"):
        read_sheet(sheet)
    sheet.write_text("turn_id,seen\n")
    with pytest.raises(CorpusError, match="lacks the columns"):
        read_sheet(sheet)


def test_withdrawn_rows_leave_the_dataset_and_its_file(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    stays = clinic.keep()
    goes = clinic.keep("My brother moved to the coast and the flat is silent.", ANSWER)
    again = clinic.keep("I paint over every canvas that I finish.", ANSWER)
    taken(clinic, tmp_path, scrubber, approve)
    dataset = tmp_path / "feedback.jsonl"
    clinic.store.withdraw(goes)
    clinic.keep("Something else by now.", ANSWER, turn=again)
    counts = withdrawn(dataset, clinic.store)
    assert (counts.taken, counts.kept) == (3, 1)
    assert counts.set_aside == {"no longer approved": 1, "withdrawn": 1}
    assert [row.id for row in read_rows(dataset, FeedbackRow)] == [stays]
    assert "coast" not in dataset.read_text() and "canvas" not in dataset.read_text()
    manifest = read_manifest(dataset)
    assert manifest.rows == 1 and manifest.counts[-1] == counts
    assert withdrawn(dataset, clinic.store).set_aside == {}


def test_a_withdrawal_between_sheet_and_import_holds(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    turn = clinic.keep()
    sheet = reviewed(clinic, tmp_path, scrubber, approve)
    clinic.store.withdraw(turn)
    out = tmp_path / "feedback.jsonl"
    manifest = import_sheet(
        clinic.store, sheet, out, task=TASKS["counseling"], scrubber=scrubber, gate=clinic.gate
    )
    assert manifest.counts[0].set_aside == {"withdrawn or unknown": 1}
    assert out.read_text() == ""


def test_an_altered_dataset_is_not_taken_for_the_reviewed_one(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    clinic.keep()
    taken(clinic, tmp_path, scrubber, approve)
    dataset = tmp_path / "feedback.jsonl"
    dataset.write_text(dataset.read_text().replace("Shorter", "Longer"))
    with pytest.raises(CorpusError, match="differs from the SHA-256"):
        withdrawn(dataset, clinic.store)


def test_files_with_words_are_the_owners_alone_and_others_hold_none(
    clinic: Clinic, tmp_path: Path, scrubber: Scrubber
) -> None:
    clinic.keep()
    clinic.keep("The neighbours argue until two.", ANSWER)
    taken(clinic, tmp_path, scrubber, lambda row: approve(row) if "November" in row.question else {})
    for name in ("feedback.jsonl", "feedback.manifest.json", "feedback.aside.jsonl"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        if name != "feedback.jsonl":
            text = (tmp_path / name).read_text()
            assert "November" not in text and "neighbours" not in text and "Shorter" not in text
    assert "November" not in repr(list(read_rows(tmp_path / "feedback.jsonl", FeedbackRow)))


def test_the_dataset_is_read_as_any_other_corpus(clinic: Clinic, tmp_path: Path, scrubber: Scrubber) -> None:
    turn = clinic.keep()
    taken(clinic, tmp_path, scrubber, approve)
    corpus = Corpus(source=str(tmp_path / "feedback.jsonl"), licence="consent 2026-11")
    [row] = read_corpus(corpus, datasets=None, cache_dir=None, offline=True)
    assert isinstance(row, RawRow)
    [example] = to_examples(row, corpus, TASKS["counseling"])
    assert (example.id, example.inputs, example.target) == (turn, {"question": QUESTION}, ANSWER)


def test_by_command_a_row_goes_out_comes_in_and_leaves_when_it_is_withdrawn(
    tmp_path: Path, gate: CrisisGate, scrubber: Scrubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.people_commands._scrubber", lambda: scrubber)
    database = f"sqlite:///{tmp_path / 'clinic.sqlite3'}"
    sheet, out = tmp_path / "sheet.csv", tmp_path / "feedback.jsonl"

    def command(*arguments: str) -> Result:
        done = CliRunner().invoke(app, ["feedback", *arguments, "--database", database])
        assert done.exit_code == 0, done.stderr
        return done

    with Store.open(database, clock=lambda: NOW) as store:
        turn = Clinic(store, gate).keep()
    assert command("export", str(sheet)).stdout.startswith("1 of 1 exchanges")
    text = sheet.read_text(encoding="utf-8-sig")
    names, row = text.splitlines()[0].split(","), text.splitlines()[1]
    filled = dict(zip(names, next(csv.reader([row])), strict=True)) | {
        "verdict": "approve",
        "reviewer": "nurse",
    }
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, names)
        table.writeheader()
        table.writerow(filled)
    done = command("import", str(sheet), "--out", str(out))
    assert done.stdout.startswith("1 of 1 rows")
    assert "Delete sheet.csv now" in done.stderr
    with Store.open(database, clock=lambda: NOW) as store:
        store.withdraw(turn)
    assert command("refresh", str(out)).stdout.startswith("0 of 1 rows stay")
    assert QUESTION not in out.read_text(encoding="utf-8")
