"""safety/recognizers/tagger.py: spans of any text, the same for every thread, or a failure that is seen."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from safety.errors import PolicyError, RecognizerFailed
from safety.recognizers.rules import is_trace
from safety.recognizers.tagger import THRESHOLDS, TaggerRecognizer
from tests.safety.tiny_tagger import lookup_release, random_release, served

NAMES = {"oona": "PERSON", "tindle": "PERSON", "quimbleton": "LOCATION", "zo": "PERSON"}
HOSTILE = [
    "", " ", "\x00", "\u200b", "a" * 3_999, "a.a." * 1_000, "\ud800 oona \udfff", "🙂" * 2_000, "é" * 90 + " oona",
    "\u202eoona\u202c", "{" * 4_000, "oona" * 900, "[CLS][SEP][PAD] oona", "\x1a" * 50, "漢字" * 500, "\r\n\t" * 900,
]  # fmt: skip


def patient(folder: Path, *, threads: int = 0, **thresholds: float) -> TaggerRecognizer:
    """Load a tagger that has time enough on any machine."""
    return TaggerRecognizer(folder, thresholds=thresholds or THRESHOLDS, seconds=250, threads=threads)


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> TaggerRecognizer:
    """A tagger that knows four words."""
    folder = tmp_path_factory.mktemp("lookup")
    return patient(served(lookup_release(folder / "release", NAMES), folder / "served"))


@pytest.fixture(scope="module")
def anything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tagger with random weights, in int8."""
    folder = tmp_path_factory.mktemp("random")
    return served(random_release(folder / "release"), folder / "served", form="int8")


def found(tagger: TaggerRecognizer, text: str) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for kind, start, end, _ in tagger.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hi, oona is here", [("PERSON", "oona")]),
        ("OONA, from Quimbleton!", [("PERSON", "OONA"), ("LOCATION", "Quimbleton")]),
        ("🙂 é oona (tindle)", [("PERSON", "oona"), ("PERSON", "tindle")]),
        ("nobody is here", []),
        ("", []),
        ("Zö came", [("PERSON", "Zö")]),
    ],
)  # fmt: skip
def test_spans_are_code_points_of_the_text_as_given(
    lookup: TaggerRecognizer, text: str, expected: list[tuple[str, str]]
) -> None:
    assert found(lookup, text) == expected


def test_a_name_far_inside_a_long_text_is_found_at_its_place(lookup: TaggerRecognizer) -> None:
    text = "we talked. " * 200 + "oona" + " and so on" * 200 + " quimbleton"
    assert found(lookup, text) == [("PERSON", "oona"), ("LOCATION", "quimbleton")]


def test_a_run_that_the_tokenizer_could_not_read_is_broken_and_read(lookup: TaggerRecognizer) -> None:
    for run in ("x" * 150, "x" * 80, "x" * 81, "1" * 400, "x" * 79 + "é"):
        for text in (f"{run} oona", f"oona {run} tindle {run}", f"{run}/oona/{run}"):
            words = [value for _, value in found(lookup, text)]
            assert words == ["oona", "tindle"][: len(words)] and "oona" in words, len(run)


def test_only_wanted_types_are_returned_to_presidio(lookup: TaggerRecognizer) -> None:
    results = lookup.analyze("oona of quimbleton", ["LOCATION"])
    assert [(one.entity_type, one.start, one.end) for one in results] == [("LOCATION", 8, 18)]
    assert lookup.get_supported_entities() == ["LOCATION", "PERSON"]


def test_what_is_perhaps_a_wanted_type_is_found_although_it_is_rather_another(anything: Path) -> None:
    text = "dr. o'hara-luk met 14 people on 3/4/2020; then zoe, bo and cy went to rome again"
    tagger = patient(anything, default=0.999)
    both = {
        (one.start, one.end)
        for one in tagger.analyze(text, ["PERSON", "DATE_TIME"])
        if one.entity_type == "PERSON" and not is_trace(one)
    }
    alone = {
        at
        for one in tagger.analyze(text, ["PERSON"])
        if not is_trace(one)
        for at in range(one.start, one.end)
    }
    assert alone > {at for start, end in both for at in range(start, end)}


def test_a_trace_of_a_name_is_told_from_a_finding(anything: Path) -> None:
    text = "dr. o'hara-luk met 14 people on 3/4/2020; then zoe, bo and cy went to rome again"
    tagger = patient(anything, PERSON=0.0, default=0.0)
    assert [*tagger.find(text)] == []
    traces = tagger.analyze(text, ["PERSON"])
    assert traces and all(is_trace(one) and one.entity_type == "PERSON" for one in traces)
    assert tagger.analyze(text, ["DATE_TIME"]) == []


def test_a_higher_threshold_finds_all_that_a_lower_one_does_and_more(anything: Path) -> None:
    text = "dr. o'hara-luk met 14 people on 3/4/2020; then zoe, bo and cy went to rome again " * 3
    covered = []
    for outside in (0.0, 0.05, 1.1):
        tagger = patient(anything, default=outside)
        covered.append({at for _, start, end, _ in tagger.find(text) for at in range(start, end)})
    assert covered[0] < covered[1] < covered[2]


def test_thresholds_are_kept_by_type(tmp_path: Path) -> None:
    folder = served(lookup_release(tmp_path / "release", NAMES), tmp_path / "served")
    tagger = patient(folder, default=0.7, PERSON=0.0)
    assert found(tagger, "oona of quimbleton") == [("LOCATION", "quimbleton")]


@pytest.mark.slow
def test_sixteen_threads_get_what_one_gets(anything: Path) -> None:
    tagger = patient(anything)
    texts = [f"note {n}: dr. o'hara met bo on 3/{n % 28 + 1}/2020 " * (1 + n % 7) for n in range(64)]
    alone = [list(tagger.find(text)) for text in texts]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda text: list(tagger.find(text)), texts * 4))
    assert together == alone * 4
    assert any(alone)


def test_a_text_is_read_alike_whoever_stands_beside_it(anything: Path) -> None:
    one, other = patient(anything, threads=1), patient(anything, threads=4)
    text = "bo met cy in rome on 3/4/2020. " * 40
    assert list(one.find(text)) == list(other.find(text))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_gives_valid_spans(anything: Path, lookup: TaggerRecognizer, text: str) -> None:
    for tagger in (patient(anything), lookup):
        spans = list(tagger.find(text))
        assert all(0 <= start < end <= len(text) and 0 <= score <= 1 for _, start, end, score in spans)
        assert all(before[2] <= after[1] for before, after in pairwise(spans))
    if "oona" in text and "oonaoona" not in text:
        assert ("PERSON", "oona") in found(lookup, text)


def test_running_out_of_time_fails_without_the_text(anything: Path) -> None:
    tagger = TaggerRecognizer(anything, seconds=0.0)
    with pytest.raises(RecognizerFailed, match="longer than 0 s on a text of 12 characters") as caught:
        list(tagger.find("oona is here"))
    assert "oona" not in repr(caught.value) and caught.value.__cause__ is None


def test_a_text_that_takes_too_long_is_given_up_soon(anything: Path) -> None:
    tagger = TaggerRecognizer(anything, seconds=0.01, threads=1)
    begun = time.monotonic()
    with pytest.raises(RecognizerFailed, match="longer than"):
        list(tagger.find("a.b.c. " * 5_000))
    assert time.monotonic() - begun < 10
    # What it left in line was taken out: nothing holds up the next.
    assert tagger._pool.submit(int).result(timeout=10) == 0


def test_any_fault_of_the_model_fails_without_the_text(
    lookup: TaggerRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_session", None)
    with pytest.raises(RecognizerFailed, match="the tagger raised AttributeError") as caught:
        list(lookup.find("oona is here"))
    assert "oona" not in str(caught.value)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_damaged_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = served(random_release(tmp_path / "release"), tmp_path / "served")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(PolicyError, match="built again"):
        TaggerRecognizer(folder)


def test_a_folder_that_is_no_tagger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be used"):
        TaggerRecognizer(tmp_path)


def test_labels_that_no_policy_knows_are_refused(tmp_path: Path) -> None:
    release = random_release(tmp_path / "release", labels=("O", "B-PERSN", "I-PERSN"))
    with pytest.raises(PolicyError, match="PERSN"):
        TaggerRecognizer(served(release, tmp_path / "served"))


@pytest.mark.slow
def test_memory_stays_flat_over_texts_of_all_lengths(anything: Path) -> None:
    tagger = patient(anything)

    def read(count: int) -> int:
        for number in range(count):
            list(tagger.find(f"word{number} " * (number % 60)))
        return int(psutil.Process().memory_info().rss)

    before = read(600)
    assert read(2_000) - before < 8_000_000


def test_what_was_begun_ahead_is_read_once_and_found_alike(
    anything: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = patient(anything)
    text = "bo met cy in rome on 3/4/2020. " * 40
    alone = list(tagger.find(text))
    read = []
    begin = tagger._begin
    monkeypatch.setattr(tagger, "_begin", lambda text: read.append(text) or begin(text))
    with tagger.ahead(text):
        assert list(tagger.find(text)) == alone
        assert read == [text]
        assert list(tagger.find("oona")) != alone
        assert read == [text, "oona"]
    list(tagger.find(text))
    assert read == [text, "oona", text]


def test_ahead_another_tagger_reads_for_itself(anything: Path) -> None:
    one, other = patient(anything), patient(anything, default=0.0)
    text = "bo met cy in rome on 3/4/2020."
    with one.ahead(text):
        assert list(other.find(text)) == list(patient(anything, default=0.0).find(text))


def test_what_nobody_waits_for_any_more_leaves_the_line(anything: Path) -> None:
    tagger = TaggerRecognizer(anything, threads=1)
    with pytest.raises(ZeroDivisionError), tagger.ahead("a.b.c. " * 5_000):
        raise ZeroDivisionError
    begun = time.monotonic()
    assert tagger._pool.submit(int).result(timeout=10) == 0
    assert time.monotonic() - begun < 5


def test_a_fault_before_anything_is_searched_fails_without_the_text(
    lookup: TaggerRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_tokenizer", None)
    with (
        pytest.raises(RecognizerFailed, match="the tagger raised AttributeError") as caught,
        lookup.ahead("oona is here"),
    ):
        pass
    assert "oona" not in str(caught.value) and caught.value.__cause__ is None
