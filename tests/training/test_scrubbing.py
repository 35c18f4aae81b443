"""Scrubbing a corpus: one person stays one, a second pass finds nothing, doubt sets a row aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
import regex

from safety.entities import Entity, Scrubbed
from safety.errors import RecognizerFailed
from safety.placeholders import Replacer
from safety.scrubber import Scrubber
from training.rows import Example, SetAside, Span, StageCounts
from training.scrubbing import ScrubCounts, scrub_examples


@pytest.fixture(scope="module")
def rules() -> Scrubber:
    """The real scrubber, without the name model."""
    return Scrubber(name_model=None)


def _row(question: str, answer: str = "", **values: object) -> Example:
    return Example.model_validate({"id": "r1", "inputs": {"question": question}, "target": answer, **values})


def _one(rows: Sequence[Example], scrubber: Scrubber, salt: str = "salt", **kwargs: object) -> list[Example]:
    kept = list(scrub_examples(rows, scrubber, salt=salt, **kwargs))  # type: ignore[arg-type]
    assert all(isinstance(row, Example) for row in kept), kept
    return kept  # type: ignore[return-value]


def test_every_text_of_a_row_is_scrubbed_and_counted(rules: Scrubber) -> None:
    counts = ScrubCounts()
    (row,) = _one(
        [_row("Mail me at ann.lee@corp.com please.", "Call 617-555-2368 today.", passages=("Fax 617-555-9911 now.",))],
        rules, counts=counts,
    )  # fmt: skip
    assert "ann.lee" not in row.inputs["question"] and "example.org" in row.inputs["question"]
    assert "617" not in row.target and "617" not in row.passages[0]
    assert counts.rows == 1 and counts.entities["EMAIL_ADDRESS"] == 1 and sum(counts.entities.values()) == 3


def test_one_person_is_one_through_a_row_and_another_under_another_salt(rules: Scrubber) -> None:
    rows = [_row("My name is Gertrude Vandersloot and I can't sleep.", "Dear Gertrude, that is hard.")]
    (row,) = _one(rows, rules)
    given = row.inputs["question"].split()[3]
    assert "Gertrude" not in str(row.model_dump())
    assert row.target.startswith(f"Dear {given},")
    others = {_one(rows, rules, salt=f"salt {n}")[0].inputs["question"] for n in range(4)}
    assert len(others) > 1


RICH = (
    "My name is Robert Vandersloot, born 4/12/1987, I live at 12 Privet Road, Burlington, VT 05401.",
    "call (617) 555-0111 or mail rob.vandersloot@corp.test; my ssn is 219-09-9998 and mrn 0048291",
    "MY HUSBAND BOB WAS SEEN ON MARCH 3RD, 2021. MEMBER ID QXH-8829.",
    "hi, this is Liz. see https://www.vandersloot.test/me/12 and my username is mossy_oak",
    "She is 94 years old, plate HGR 4721, card 4012 8888 8888 1881, fax 617-555-0112.",
    "Patient: Vandersloot, Gertrude M.\nDOB: 04/12/1987\nPCP: Dr. Orla Brambleworth",
    "i work at Quillfeather and my son goes to brindlewood middle school in quimbleton",
)


@pytest.mark.parametrize("salt", ["a", "b", "c"])
def test_no_made_up_value_is_found_as_something_new(rules: Scrubber, salt: str) -> None:
    rows = [_row(text, id=str(number)) for number, text in enumerate(RICH)]
    kept = _one(rows, rules, salt=salt)
    assert len(kept) == len(RICH)
    assert not regex.search(
        r"(?i)vandersloot|privet|05401|9911|0048291", str([row.model_dump() for row in kept])
    )


def test_dates_of_a_row_keep_their_distance_in_all_its_texts(rules: Scrubber) -> None:
    (row,) = _one([_row("I fell on 2024-03-14.", "You fell on 2024-03-14 and came on 2024-03-20.")], rules)
    fell, (again, came) = row.inputs["question"][10:20], regex.findall(r"\d{4}-\d\d-\d\d", row.target)
    assert fell == again != "2024-03-14"
    assert (date.fromisoformat(came) - date.fromisoformat(fell)).days == 6


def test_a_name_that_gives_itself_away_late_is_found_where_it_stood_before(rules: Scrubber) -> None:
    (row,) = _one(
        [_row("Brambleworth told me to ask.", "I am Dr. Orla Brambleworth, good to meet you.")], rules
    )
    assert "Brambleworth" not in str(row.model_dump())


def test_equal_questions_stay_equal_without_a_group(rules: Scrubber) -> None:
    text = "I live at 12 Privet Road, call 617-555-2368."
    first, second = _one([_row(text, id="a"), _row(text.upper().lower(), id="b")], rules)
    assert first.inputs["question"].casefold() == second.inputs["question"].casefold()


def test_authors_leave_the_text_however_they_are_mentioned(rules: Scrubber) -> None:
    row = _row("Who?", "Ask away. I, Vandersloot, answer. Gertrude Vandersloot, LCSW", topic="x")
    (clean,) = _one([row], rules, names=lambda _row: ("Gertrude VanderslootHelp is here, LCSW",))
    assert "andersloot" not in clean.target and "LCSW" in clean.target


def test_an_authors_name_leaves_the_text_in_small_letters_too(rules: Scrubber) -> None:
    row = _row("Who?", "Be kind to yourself, gertrude of vandersloot says")
    (clean,) = _one([row], rules, names=lambda _row: ("Gertrude Vandersloot",))
    assert "vandersloot" not in clean.target and "gertrude" not in clean.target


def test_a_row_in_which_an_authors_name_is_left_is_set_aside(rules: Scrubber) -> None:
    row = _row("Who?", "Take your time and be kind to yourself2Vandersloot")
    (aside,) = scrub_examples([row], rules, salt="s", names=lambda _row: ("Gertrude Vandersloot",))
    assert aside == SetAside(id="r1", stage="scrub", reason="author_left")


class _Faulty:
    """A scrubber that fails, or misses at first what it finds when it looks again."""

    def __init__(self, *, fails: bool) -> None:
        self._fails = fails

    def scrub(self, text: str, placeholders: Replacer | None = None) -> Scrubbed:
        if self._fails:
            raise RecognizerFailed("a recognizer was not run")
        return Scrubbed(text, ())

    def find(self, text: str) -> tuple[Entity, ...]:
        return (Entity(0, 3, "PERSON", 1.0),) if text.startswith("Bob") else ()


class _Late(_Faulty):
    """A scrubber that finds one letter of these at each look, the last first."""

    def __init__(self, letters: str) -> None:
        super().__init__(fails=False)
        self._letters = list(letters)

    def find(self, text: str) -> tuple[Entity, ...]:
        if not self._letters or self._letters[-1] not in text:
            return ()
        at = text.index(self._letters.pop())
        return (Entity(at, at + 1, "ID_NUMBER", 1.0),)


class _Forgetful:
    """The real rules, which see one name only at the second look."""

    def __init__(self, rules: Scrubber, name: str) -> None:
        self._rules, self._name = rules, name

    def scrub(self, text: str, placeholders: Replacer | None = None) -> Scrubbed:
        return self._rules.scrub(text, placeholders)

    def find(self, text: str) -> tuple[Entity, ...]:
        at = text.find(self._name)
        late = (Entity(at, at + len(self._name), "PERSON", 1.0),) if at >= 0 else ()
        return (*self._rules.find(text), *late)


def test_what_a_further_look_finds_is_replaced_in_every_text_of_the_row(rules: Scrubber) -> None:
    counts = ScrubCounts()
    row = _row("quillon asked at ann.lee@corp.com; quillon cried.", "tell quillon to rest.")
    assert "quillon" in _one([row], rules)[0].target
    (clean,) = scrub_examples([row], _Forgetful(rules, "quillon"), salt="s", counts=counts)
    assert isinstance(clean, Example)
    question, answer = clean.inputs["question"], clean.target
    assert "quillon" not in question + answer and "corp" not in question
    name = question.split()[0]
    assert question.endswith(f" {name} cried.") and answer == f"tell {name} to rest."
    assert counts.entities == {"PERSON": 3, "EMAIL_ADDRESS": 1} and counts.rows == 1


def test_labels_move_with_what_a_further_look_replaced() -> None:
    text = "\u0416 \u0414 has a migraine."
    at = text.index("migraine")
    row = Example(id="t", inputs={"text": text}, spans=(Span(start=at, end=at + 8, label="ILLNESS"),))
    (moved,) = scrub_examples([row], _Late("\u0416\u0414"), salt="s")
    assert isinstance(moved, Example)
    clean, (span,) = moved.inputs["text"], moved.spans
    assert not {"\u0416", "\u0414"} & set(clean)
    assert clean[span.start : span.end] == "migraine" and clean.endswith(" has a migraine.")


def test_a_row_in_which_every_look_finds_more_is_set_aside() -> None:
    rows = [_row("\u0416 \u0414 \u041b \u041f", id="a"), _row("Nobody asked.", id="b")]
    first, second = scrub_examples(rows, _Late("\u0416\u0414\u041b"), salt="s")
    assert first == SetAside(id="a", stage="scrub", reason="second_pass")
    assert isinstance(second, Example)


def test_a_scrubber_that_fails_keeps_no_row_and_counts_add_up() -> None:
    out = list(scrub_examples([_row("Bob", id="a"), _row("x", id="b")], _Faulty(fails=True), salt="s"))
    aside = [one for one in out if isinstance(one, SetAside)]
    assert StageCounts.of("scrub", 0, aside).set_aside == {"scrub_failed": 2}
    assert "Bob" not in repr(out)


def test_labels_move_with_their_text_and_a_cut_label_sets_the_row_aside(rules: Scrubber) -> None:
    text = "Write to ann.lee@corp.com about the migraine."
    at = text.index("migraine")
    spans = (Span(start=9, end=25, label="MAIL"), Span(start=at, end=at + 8, label="ILLNESS"))
    row = Example(id="t", inputs={"text": text}, spans=spans)
    (moved,) = _one([row], rules)
    mail, illness = (moved.inputs["text"][span.start : span.end] for span in moved.spans)
    assert mail.endswith("@example.org") and illness == "migraine"
    cut = row.model_copy(update={"spans": (Span(start=9, end=12, label="MAIL"),)})
    (aside,) = scrub_examples([cut], rules, salt="s")
    assert isinstance(aside, SetAside) and aside.reason == "span_cut"


def test_a_label_target_is_not_scrubbed(rules: Scrubber) -> None:
    (row,) = _one([_row("a report", "617-555-2368")], rules, labels=True)
    assert row.target == "617-555-2368"


def test_an_empty_salt_is_refused(rules: Scrubber) -> None:
    with pytest.raises(ValueError, match="salt"):
        list(scrub_examples([_row("x")], rules, salt=""))
