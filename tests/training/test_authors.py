"""Names of authors are found in by-lines and leave the texts, which still read."""

from __future__ import annotations

import time

import pytest

from training.authors import removals, without
from training.reading import RawRow
from training.recipe import Corpus

CORPUS = Corpus(source="x.jsonl", licence="ours", remove=("author",))


def names(byline: object) -> tuple[str, ...]:
    return removals(RawRow("r", "x.jsonl", 1, {"author": byline, "other": "Olga Tamsin"}), CORPUS)


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("Ondine Verrault, LCSW", {"Ondine Verrault", "Ondine", "Verrault"}),
        ("Ondine VerraultFamily Therapist, LCSW", {"Ondine Verrault", "Ondine", "Verrault"}),
        ("Dr. Ondine Verrault PhD", {"Ondine Verrault", "Ondine", "Verrault"}),
        ("Ondine VerraultLPCPsychotherapist", {"Ondine Verrault", "Ondine", "Verrault"}),
        ("ONDINE VERRAULT", {"ONDINE VERRAULT", "ONDINE", "VERRAULT"}),
        ("Ondine J. VerraultMA, LMFT", {"Ondine J. Verrault", "Ondine Verrault", "Ondine", "Verrault"}),
        ("Ondine McVerraultHope for you", {"Ondine McVerrault", "Ondine", "McVerrault"}),
        ("Ondine Verraultwww.example.org", {"Ondine Verrault", "Ondine", "Verrault"}),
        ("Ondine (Tamsin) Verrault", {"Ondine Tamsin Verrault", "Ondine Verrault", "Ondine", "Tamsin", "Verrault"}),
        ("Ondine van der Verrault", {"Ondine van der Verrault", "Ondine Verrault", "Ondine", "Verrault"}),
        ("Ondine Verraült", {"Ondine Verraült", "Ondine Verrault", "Ondine", "Verraült", "Verrault"}),
        ("Grace Verrault", {"Grace Verrault", "Verrault"}),
        ("New Hope Counseling Service", set()),
        ("2nd Chance Online", set()),
        ("LCSW, MA", set()),
        ("", set()),
        (None, set()),
        (["Ondine Verrault", "Tamsin Quillfeather"], {
            "Ondine Verrault", "Ondine", "Verrault", "Tamsin Quillfeather", "Tamsin", "Quillfeather",
        }),
    ],
)  # fmt: skip
def test_a_byline_gives_the_name_and_its_parts_that_are_no_words(byline: object, expected: set[str]) -> None:
    assert set(names(byline)) == expected


def test_names_come_longest_first_and_from_removed_columns_only() -> None:
    found = names("Ondine Verrault")
    assert found == ("Ondine Verrault", "Verrault", "Ondine")


WHO = ("Ondine J. Verrault", "Ondine Verrault", "Verrault", "Ondine")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I hope this helps. Ondine Verrault, LCSW", "I hope this helps."),
        ("I hope this helps.Ondine J. Verrault, DBH, LPCC, NCC", "I hope this helps."),
        ("Be well.\n\nOndine Verrault, Licensed Counselor", "Be well."),
        ("Best wishes, Ondine", "Best wishes."),
        ("Take care!\xa0 ~Ondine (www.example.org)", "Take care!"),
        ("All the best to youOndine Verrault MA", "All the best to you."),
        ("Hi Ondine, I feel low.", "Hi, I feel low."),
        ("Hi, I'm Ondine Verrault and I work with couples.", "Hi, I'm a counselor and I work with couples."),
        ("My name is Ondine. You are safe.", "I am a counselor. You are safe."),
        ("Verrault's book may help.", "The counselor's book may help."),
        ("Read the book of Dr. Verrault on grief.", "Read the book of the counselor on grief."),
        ("I agree with ONDINE VERRAULT here.", "I agree with the counselor here."),
        ("Call Ondine, she can help you on.", "Call the counselor, she can help you on."),
        ("Nobody is named here.", "Nobody is named here."),
        ("Condine and Verraultia stay.", "Condine and Verraultia stay."),
    ],
)
def test_a_name_leaves_the_text_and_the_text_still_reads(text: str, expected: str) -> None:
    assert without(text, WHO) == expected


def test_a_name_that_is_a_word_goes_as_a_signature_only() -> None:
    found = names("Grace Verrault")
    assert without("Grace is a gift. Be well, Grace", found) == "Grace is a gift. Be well."


def test_what_comes_after_a_name_in_a_sentence_is_kept() -> None:
    text = "If you like, Ondine can show you how to breathe"
    assert without(text, WHO) == "If you like, the counselor can show you how to breathe"
    asked = "Hello. Ondine, I have been so low for months"
    assert without(asked, WHO).endswith("I have been so low for months")


def test_links_are_left_to_the_scrubber() -> None:
    assert without("See www.OndineVerrault.org now.", WHO) == "See www.OndineVerrault.org now."


def test_no_names_and_no_text_change_nothing() -> None:
    assert without("Some text. ", ()) == "Some text. "
    assert without("", WHO) == ""


def test_a_long_text_takes_no_time() -> None:
    text = ("Ondine, A. B. C. D. and the others, " * 2_000) + "Best wishes, "
    start = time.monotonic()
    assert "Ondine" not in without(text, WHO)
    assert time.monotonic() - start < 3
