"""The page's words: English complete, faults named, no language without its crisis gate."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import app.catalogue
from app.catalogue import FOLDER, load_catalogue
from app.errors import ConfigError
from safety.crisis import GATE_LANGUAGES
from safety.policies import POLICIES
from safety.replies import Replies

ENGLISH = (FOLDER / "en.yaml").read_text(encoding="utf-8")
Refused = Callable[[str], str]


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Return a function that loads a changed English file and gives back what is said against it."""

    def load(content: str | bytes) -> str:
        file = tmp_path / "en.yaml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        with pytest.raises(ConfigError) as caught:
            load_catalogue("en", tmp_path)
        return str(caught.value)

    return load


def replaced(old: str, new: str) -> str:
    assert ENGLISH.count(old) == 1, f"{old!r} stands {ENGLISH.count(old)} times"
    return ENGLISH.replace(old, new)


@pytest.mark.parametrize("language", GATE_LANGUAGES)
def test_every_language_with_a_gate_is_complete(language: str) -> None:
    words = load_catalogue(language)
    assert set(words.kinds) == {kind for kinds in POLICIES.values() for kind in kinds}
    assert len(words.person.days) == 7


def test_a_missing_word_is_named_with_its_file_and_place(refused: Refused) -> None:
    said = refused(replaced("  edit: Edit last question\n", ""))
    assert "en.yaml: ask.edit: Field required" in said


def test_a_missing_part_is_named(refused: Refused) -> None:
    content = yaml.safe_load(ENGLISH)
    del content["person"]
    assert "en.yaml: person: Field required" in refused(yaml.safe_dump(content))


def test_an_unknown_word_is_named(refused: Refused) -> None:
    assert "ask.sned: Extra inputs" in refused(replaced("  send: Send\n", "  send: Send\n  sned: Send\n"))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("number {position} in line", "number {place} in line", "chat.waiting"),
        ("number {position} in line", "in line", "chat.waiting"),
        ("  send: Send feedback", "  send: Send {code}", "feedback.send"),
        ("under the code {code}.", "under the code {}.", "feedback.thanks"),
        ("Your code is {code}.", "Your code is {code.", "person.sent"),
        ("for {minutes} minutes", "for {minutes:d} minutes", "footer.privacy"),
        ("for {minutes} minutes", "for {minutes!r} minutes", "footer.privacy"),
        ("  send: Send feedback", '  send: " "', "feedback.send"),
        ("  send: Send feedback", "  send:", "feedback.send"),
        ("  send: Send feedback", "  send: yes", "feedback.send"),
        ("Saturday, Sunday]", "Saturday]", "person.days"),
    ],
)
def test_a_phrase_that_can_not_be_filled_in_is_named(
    refused: Refused, old: str, new: str, place: str
) -> None:
    said = refused(ENGLISH.replace(old, new, 1))
    assert "en.yaml" in said
    assert f"{place}" in said


@pytest.mark.parametrize(
    "content",
    ["chat: [unclosed", "", "- a\n- list\n", "title: \xe9".encode("latin-1")],
    ids=["broken", "empty", "no mapping", "not UTF-8"],
)
def test_a_file_that_is_no_catalogue_is_named(refused: Callable[[str | bytes], str], content: str) -> None:
    assert "en.yaml" in refused(content)


def test_a_kind_of_personal_data_without_a_name_is_named(refused: Refused) -> None:
    said = refused(replaced("  US_MBI: a Medicare number\n", ""))
    assert "en.yaml" in said and "US_MBI" in said


def test_a_name_for_a_kind_that_does_not_exist_is_named(refused: Refused) -> None:
    assert "US_MBJ" in refused(replaced("  US_MBI: a", "  US_MBJ: a Medicare number\n  US_MBI: a"))


def test_a_language_without_crisis_gate_is_refused_even_with_a_complete_file(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "en.yaml", tmp_path / "xx.yaml")
    assert "xx" not in GATE_LANGUAGES
    with pytest.raises(ConfigError, match="crisis gate") as caught:
        load_catalogue("xx", tmp_path)
    assert "'xx'" in str(caught.value)


def test_a_language_with_a_gate_but_no_file_says_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.catalogue, "GATE_LANGUAGES", ("en", "xx"))
    shutil.copy(FOLDER / "en.yaml", tmp_path / "en.yaml")
    with pytest.raises(ConfigError, match="has en"):
        load_catalogue("xx", tmp_path)


def test_the_folder_holds_no_language_without_crisis_gate() -> None:
    assert {file.stem for file in FOLDER.iterdir()} <= set(GATE_LANGUAGES)


def test_no_number_of_a_hotline_stands_in_a_catalogue() -> None:
    every = Replies.load().hotlines.every_word()
    numbers = set(re.findall(r"\b[\d-]{3,}\b", " ".join(every)))
    assert {"988", "911", "741741"} <= numbers
    for file in FOLDER.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        assert [number for number in numbers if number in text] == []
        assert re.findall(r"\d{3}", text) == []


def test_kinds_are_named_once_each_in_the_order_in_which_they_came() -> None:
    words = load_catalogue("en")
    assert words.kinds_of(["PHONE_NUMBER", "PERSON", "PHONE_NUMBER"]) == "a phone number, a name"
    # One name for both, because "over 89" is what must not be told.
    assert words.kinds_of(["AGE", "AGE_OVER_89"]) == "an age"
    assert words.kinds_of([]) == ""


def test_no_two_kinds_that_are_taken_out_of_a_message_share_a_name() -> None:
    words = load_catalogue("en")
    named = [words.kinds[kind] for kind in POLICIES["safe-harbor"]]
    assert sorted(name for name in set(named) if named.count(name) > 1) == []
