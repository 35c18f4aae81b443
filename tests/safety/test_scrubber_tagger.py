"""The scrubber with a tagger: it supports the rules, reads live text once, and fails the scrub when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from safety.errors import RecognizerFailed
from safety.placeholders import Placeholders
from safety.presidio import NlpArtifacts, RecognizerResult
from safety.recognizers.tagger import TaggerRecognizer
from safety.scrubber import WINDOW, Scrubber
from tests.safety.tiny_tagger import lookup_release, random_release, served

# No rule knows these words, and nothing gives them away.
WORDS = {"zerbat": "PERSON", "okkomun": "PERSON", "plinvale": "LOCATION", "brimco": "ORGANIZATION"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tagger")
    return served(lookup_release(made / "release", WORDS), made / "served")


@pytest.fixture(scope="module")
def live(folder: Path) -> Scrubber:
    return Scrubber(name_model=None, tagger=folder)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note every text that a tagger reads."""
    noted: list[str] = []
    analyze = TaggerRecognizer.analyze

    def noting(
        self: TaggerRecognizer, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        noted.append(text)
        return analyze(self, text, entities, nlp_artifacts)

    monkeypatch.setattr(TaggerRecognizer, "analyze", noting)
    yield noted


def test_the_tagger_adds_to_what_rules_find(live: Scrubber) -> None:
    text = "we saw zerbat near plinvale, ssn 219-09-9998"
    assert live.scrub(text).text == "we saw [PERSON_1] near [LOCATION_1], ssn [US_SSN_1]"
    assert "zerbat" in Scrubber(name_model=None).scrub(text).text


def test_it_reads_text_in_plain_form_and_offsets_are_of_the_original(live: Scrubber) -> None:
    text = "🙂 we saw ｚｅｒ\u200bｂａｔ there"
    (entity,) = live.find(text)
    assert text[entity.start : entity.end] == "ｚｅｒ\u200bｂａｔ"


def test_live_text_is_read_once_and_rules_look_again(live: Scrubber, reads: list[str]) -> None:
    live.find("we saw zerbat near plinvale, ssn 219-09-9998")
    assert len(reads) == 1


def test_corpora_are_read_until_nothing_is_found(folder: Path, reads: list[str]) -> None:
    Scrubber(name_model=None, tagger=folder, thorough=True).find("we saw zerbat near plinvale")
    assert len(reads) >= 2
    assert not any("zerbat" in text for text in reads[1:])


def test_a_search_that_takes_too_long_is_no_search(folder: Path) -> None:
    hurried = Scrubber(name_model=None, tagger=folder, seconds=1e-6)
    with pytest.raises(RecognizerFailed, match="longer than its time") as caught:
        hurried.scrub("we saw zerbat")
    assert "zerbat" not in str(caught.value)


def test_what_was_found_once_is_found_wherever_it_stands(live: Scrubber) -> None:
    found = live.scrub("mrn 0048291 is for zerbat. later 0048291 again")
    assert "0048291" not in found.text and "zerbat" not in found.text


def test_policy_decides_which_types_count(folder: Path) -> None:
    text = "she left brimco with okkomun"
    narrow = Scrubber(policy="safe-harbor", name_model=None, tagger=folder).scrub(text).text
    assert narrow == "she left brimco with [PERSON_1]"
    assert "brimco" not in Scrubber(policy="wide", name_model=None, tagger=folder).scrub(text).text


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("i work at brimco and it is loud", "i work at [ORGANIZATION_1] and it is loud"),
        ("she works for the brimco", "she works for the [ORGANIZATION_1]"),
        ("my employer brimco said no", "my employer [ORGANIZATION_1] said no"),
        ("my old employer is brimco", "my old employer is [ORGANIZATION_1]"),
        ("i got fired from brimco", "i got fired from [ORGANIZATION_1]"),
        ("does brimco cover this", "does brimco cover this"),
        ("i was seen at brimco", "i was seen at brimco"),
        ("i work at home, brimco called", "i work at home, brimco called"),
    ],
)
def test_safe_harbor_takes_an_organisation_that_somebody_works_for(
    folder: Path, text: str, after: str
) -> None:
    narrow = Scrubber(policy="safe-harbor", name_model=None, tagger=folder)
    assert narrow.scrub(text).text == after


def test_the_clinics_own_words_stay(folder: Path) -> None:
    scrubber = Scrubber(name_model=None, tagger=folder, keep=["Dr. Okkomun", "Plinvale"])
    text = "is dr okkomun in plinvale, and zerbat?"
    assert scrubber.scrub(text).text == "is dr okkomun in plinvale, and [PERSON_1]?"


def test_scrubbed_text_is_left_as_it_is(live: Scrubber) -> None:
    once = live.scrub("we saw zerbat near plinvale").text
    assert live.scrub(once, Placeholders()).text == once


@pytest.mark.slow
def test_words_in_a_long_text_are_found_on_both_sides_of_a_cut(live: Scrubber) -> None:
    text = "we talked a lot. " * (2 * WINDOW // 17) + "zerbat came " + "and then we left. " * 300 + "okkomun"
    assert [text[one.start : one.end] for one in live.find(text)] == ["zerbat", "okkomun"]


def test_a_run_that_holds_a_name_goes_whole(live: Scrubber) -> None:
    text = f"see {'x' * 160}zerbat now"
    assert [(one.start, one.end) for one in live.find(text)] == [(4, 4 + 166)]


def test_a_tagger_that_fails_fails_the_scrub_without_the_text(
    live: Scrubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: TaggerRecognizer, text: str, unwanted: object) -> list[tuple[str, int, int, float]]:
        raise ValueError(text)

    monkeypatch.setattr(TaggerRecognizer, "_find", fail)
    with pytest.raises(RecognizerFailed, match="the tagger raised ValueError") as caught:
        live.scrub("we saw zerbat")
    assert "zerbat" not in str(caught.value) and caught.value.__cause__ is None


@pytest.mark.slow
def test_the_policy_hash_tells_taggers_apart(folder: Path, live: Scrubber, tmp_path: Path) -> None:
    other = served(random_release(tmp_path / "release"), tmp_path / "served")
    hashes = [Scrubber(name_model=None, tagger=one).policy_hash for one in (None, folder, other)]
    assert len(set(hashes)) == 3
    assert (
        hashes[1] == live.policy_hash == Scrubber(name_model=None, tagger=folder, thorough=True).policy_hash
    )


def test_a_tagger_takes_the_place_of_the_name_model(folder: Path, tmp_path: Path) -> None:
    # A folder that is no name model would be refused if it were looked at.
    assert Scrubber(name_model=tmp_path, tagger=folder).find("we saw zerbat")


def test_many_messages_do_not_grow_the_vocabulary(live: Scrubber) -> None:
    strings = live._analyzer._engine.language.vocab.strings
    before = len(strings)
    for number in range(50):
        live.find(f"word{number}x zerbat{number}y {number}")
    assert len(strings) - before < 20


def test_a_name_of_which_the_tagger_is_wholly_sure_is_found_and_no_mere_trace(tmp_path: Path) -> None:
    sure = served(lookup_release(tmp_path / "made", {"zerbat": "PERSON"}), tmp_path / "served")
    found = Scrubber(name_model=None, tagger=sure).scrub("we saw zerbat there", Placeholders())
    assert found.text == "we saw [PERSON_1] there"
