"""Searching: order, audience, numbers of hits, follow-ups, and opening only what is sound."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.build import build_index
from retrieval.calibration import load_curve
from retrieval.embedder import HashEmbedder
from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing, SearchError
from retrieval.faq import FaqEntry
from retrieval.indexes import INDEXES
from retrieval.retriever import Retriever
from retrieval.subject import Vocabulary


def ids(retriever: Retriever, query: str, **options: object) -> list[str]:
    return [hit.id for hit in retriever.search(query, **options).hits]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("when are you open", "hours"),
        ("OPENING TIMES??", "hours"),
        ("is there a parking garage", "parking"),
        ("pharmacy refill before i run out", "refill"),
        ("[PERSON_1] asked [DATE_2] where to park the car", "parking"),
        ("the record system is down", "downtime"),
    ],
)
def test_the_entry_that_answers_comes_first(retriever: Retriever, query: str, best: str) -> None:
    assert ids(retriever, query)[0] == best


def test_an_entrys_own_question_gives_higher_confidence_than_a_foreign_one(retriever: Retriever) -> None:
    own = retriever.search("Where can I park my car?").confidence
    foreign = retriever.search("capital cities of southern europe").confidence
    assert own > foreign + 0.3


def test_a_hit_says_what_matched_and_brings_the_nearest_passage(retriever: Retriever) -> None:
    (hit, *_) = retriever.search("opening times").hits
    assert (hit.id, hit.matched, hit.entry) == ("hours", "alternate", retriever.entries["hours"])
    assert hit.passage == hit.entry.answer


def test_scores_fall_and_each_entry_comes_once(retriever: Retriever) -> None:
    hits = retriever.search("office", top_k=5).hits
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.id for hit in hits}) == 5


@pytest.mark.slow
@given(
    query=st.text(max_size=40) | st.sampled_from(["office", "fire drill at the office"]),
    top_k=st.integers(1, 9),
    reader=st.sampled_from(["patient", "staff", "any"]),
    context=st.text(max_size=20),
)
@settings(max_examples=150, deadline=None)
def test_any_text_gives_as_many_readable_entries_as_there_are_up_to_top_k(
    retriever: Retriever, query: str, top_k: int, reader: str, context: str
) -> None:
    found = retriever.search(query, top_k=top_k, audience=reader, context=context)  # type: ignore[arg-type]
    readable = {"patient": 3, "staff": 4, "any": 5}[reader]
    assert len({hit.id for hit in found.hits}) == len(found.hits) == min(top_k, readable)
    assert all(np.isfinite(hit.score) for hit in found.hits)
    assert 0.0 <= found.confidence <= 1.0


def test_no_staff_entry_reaches_a_patient_whatever_is_asked(retriever: Retriever) -> None:
    for entry in retriever.entries.values():
        hits = retriever.search(entry.question, top_k=99, audience="patient").hits
        assert "staff" not in {hit.entry.audience for hit in hits}
        assert "patient" not in {
            hit.entry.audience for hit in retriever.search(entry.question, top_k=99, audience="staff").hits
        }


def test_a_filtered_search_still_finds_the_readable_entries_in_a_staff_corpus(tmp_path: Path) -> None:
    staff = [FaqEntry(f"s{n}", f"Fire drill number {n}?", "Leave.", audience="staff") for n in range(400)]
    both = [FaqEntry(f"b{n}", f"Snack {n}?", "Eat.") for n in range(3)]
    build_index([*staff, *both], out=tmp_path / "index", embedder=HashEmbedder())
    found = ids(
        Retriever.open(tmp_path / "index", HashEmbedder()), "fire drill", audience="patient", top_k=10
    )
    assert sorted(found) == ["b0", "b1", "b2"]


@pytest.mark.parametrize("others", [50, 700])
@pytest.mark.parametrize("hidden", [{"audience": "staff"}, {"language": "es"}])
def test_what_the_reader_may_not_have_takes_no_place_among_the_best(
    tmp_path: Path, others: int, hidden: dict[str, str]
) -> None:
    # More entries that are nearer than the search looks at, and more for the reader than it returns.
    nearer = [FaqEntry(f"x{n}", f"Fire drill at the office {n}?", "Leave.", **hidden) for n in range(others)]
    wanted = FaqEntry("drill", "What does the siren at the office mean?", "It is a fire drill. Go out.")
    snacks = [FaqEntry(f"b{n}", f"Is snack {n} free?", "Yes, eat.") for n in range(100)]
    build_index([*nearer, *snacks, wanted], out=tmp_path / "index", embedder=HashEmbedder())
    retriever = Retriever.open(tmp_path / "index", HashEmbedder())
    found = retriever.search("fire drill at the office", top_k=3, audience="patient", language="en").hits
    assert found[0].id == "drill"
    assert len(found) == 3
    assert not [hit.id for hit in found if hit.id.startswith("x")]
    assert retriever.search("fire drill at the office", top_k=3).hits[0].id.startswith("x")


def test_language_is_a_wish_that_an_index_without_it_does_not_answer_with_nothing(
    tmp_path: Path, retriever: Retriever
) -> None:
    assert ids(retriever, "when are you open", language="es") == ids(retriever, "when are you open")
    texts = {"en": "Parking?", "es-MX": "Parking aqui?", "und": "Parking P?", "fr": "Parking ici?"}
    entries = [FaqEntry(name, text, "Here.", language=name) for name, text in texts.items()]
    build_index(entries, out=tmp_path / "index", embedder=HashEmbedder())
    several = Retriever.open(tmp_path / "index", HashEmbedder())
    assert set(ids(several, "parking", language="es")) == {"es-MX", "und"}
    assert set(ids(several, "parking", language="en-US")) == {"en", "und"}
    assert set(ids(several, "parking", not_in="es")) == set(texts) - {"es-MX"}
    build_index(entries[:1], out=tmp_path / "one", embedder=HashEmbedder())
    alone = Retriever.open(tmp_path / "one", HashEmbedder())
    assert ids(alone, "parking", not_in=entries[0].language) == [entries[0].id]
    assert set(ids(several, "parking")) == set(texts)


def test_coverage_is_the_share_of_the_words_that_the_entry_has(retriever: Retriever) -> None:
    assert retriever.coverage("is the garage free?", "parking") == pytest.approx(1)
    assert 0 < retriever.coverage("is the garage haunted?", "parking") < 1
    assert retriever.coverage("is it?", "parking") == 0


@pytest.mark.parametrize("query", ["", "   ", "?!", "[PERSON_1]"])
def test_a_query_without_words_has_hits_and_no_confidence(retriever: Retriever, query: str) -> None:
    found = retriever.search(query, top_k=2)
    assert len(found.hits) == 2
    assert found.confidence == 0.0


@pytest.mark.parametrize("top_k", [0, -3])
def test_top_k_below_one_is_refused_with_its_value(retriever: Retriever, top_k: int) -> None:
    with pytest.raises(SearchError, match=rf"greater than 0. Currently, top_k is {top_k}$"):
        retriever.search("x", top_k=top_k)


def test_an_unknown_audience_is_refused(retriever: Retriever) -> None:
    with pytest.raises(SearchError, match="patient, staff, any"):
        retriever.search("x", audience="nurse")  # type: ignore[arg-type]


def test_one_entry_alone_is_found(tmp_path: Path) -> None:
    build_index([FaqEntry("only", "Open?", "Yes.")], out=tmp_path / "index", embedder=HashEmbedder())
    retriever = Retriever.open(tmp_path / "index", HashEmbedder())
    assert ids(retriever, "anything at all", top_k=10) == ["only"]
    assert retriever.search("open", audience="patient").hits[0].id == "only"


def test_an_index_with_nothing_for_a_patient_gives_a_patient_nothing(tmp_path: Path) -> None:
    entry = FaqEntry("s", "Fire?", "Leave.", audience="staff")
    build_index([entry], out=tmp_path / "index", embedder=HashEmbedder())
    found = Retriever.open(tmp_path / "index", HashEmbedder()).search("fire", audience="patient")
    assert (found.hits, found.confidence) == ((), 0.0)


def test_a_follow_up_is_understood_with_the_message_before(retriever: Retriever) -> None:
    before = "Where can I park my car?"
    assert ids(retriever, "and is it free?", context=before)[0] == "parking"
    assert ids(retriever, "what time do you close", context=before)[0] == "hours"


def test_a_follow_up_that_names_nothing_is_never_answered_alone(tmp_path: Path) -> None:
    entries = [
        FaqEntry("wait", "How long does it take?", "Three weeks."),
        FaqEntry("refill", "How do I get a refill, and how long does it take?", "Five days."),
        FaqEntry("dog", "May I bring my dog?", "Yes."),
    ]
    build_index(entries, out=tmp_path / "index", embedder=HashEmbedder())
    retriever = Retriever.open(tmp_path / "index", HashEmbedder())
    assert ids(retriever, "how long does it take")[0] == "wait"
    assert ids(retriever, "how long does it take", context="How do I get a refill?")[0] == "refill"
    alone = retriever.search("May I bring my dog?")
    followed = retriever.search("and may I bring my dog?", context="May I bring my son?")
    assert followed.hits[0].id == "dog" and followed.confidence >= 0.9 * alone.confidence


def test_a_question_that_stands_alone_is_not_bent_by_the_message_before(retriever: Retriever) -> None:
    query = "How do I ask for a refill at the pharmacy before I run out?"
    alone = retriever.search(query)
    assert retriever.search(query, context="Where can I park my car?") == alone


class KnowsWords(HashEmbedder):
    """An embedder with a vocabulary: all long words of the questions below but the medicines."""

    vocabulary = Vocabulary.of({"refill": 0, "pills": 1})


@pytest.mark.parametrize(
    ("question", "covered"),
    [
        ("how do i ask for a refill", True),
        ("how do i ask for a refill of my zolquarib", False),
        ("how do i ask for a refill of my penzalafil", True),
        ("how do i ask for a refill of my penzallafil", True),
    ],
)
def test_an_entry_without_the_questions_subject_is_never_a_sure_answer(
    tmp_path: Path, question: str, covered: bool
) -> None:
    entries = [
        FaqEntry("refill", "How do I ask for a refill?", "Ask us. This holds for penzalafil too."),
        FaqEntry("parking", "Where can I park my car?", "Behind the building."),
    ]
    build_index(entries, out=tmp_path / "index", embedder=KnowsWords())
    found = Retriever.open(tmp_path / "index", KnowsWords()).search(question)
    assert found.hits[0].id == "refill"
    assert (found.confidence > load_curve().without_subject) is covered


def test_a_mistyped_question_is_searched_for_as_it_is_meant(
    tmp_path: Path, entries: tuple[FaqEntry, ...]
) -> None:
    build_index(entries, out=tmp_path / "index", embedder=KnowsWords())
    retriever = Retriever.open(tmp_path / "index", KnowsWords())
    meant = retriever.search("how do i ask for a refill", context="is there a garage")
    assert retriever.search("how do i ask for a refil", context="is there a gargae") == meant
    assert meant.hits[0].id == "refill"
    unrepaired = Retriever.open(tmp_path / "index", KnowsWords())
    unrepaired.understood = lambda query: query  # type: ignore[method-assign]
    assert unrepaired.search("how do i ask for a refil").confidence < meant.confidence


def test_many_threads_get_what_one_thread_gets(retriever: Retriever) -> None:
    queries = [entry.question for entry in retriever.entries.values()] * 8
    alone = [ids(retriever, query) for query in queries]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda query: ids(retriever, query), queries)) == alone


@pytest.mark.parametrize("index", sorted(INDEXES))
def test_each_kind_of_index_gives_the_same_hits(
    entries: tuple[FaqEntry, ...], retriever: Retriever, tmp_path: Path, index: str
) -> None:
    build_index(entries, out=tmp_path / "index", embedder=HashEmbedder(), index=index)
    other = Retriever.open(tmp_path / "index", HashEmbedder())
    for query in ("park", "refill pharmacy", "office closed"):
        assert ids(other, query) == ids(retriever, query)


def test_a_long_answer_is_found_by_a_passage_deep_inside_it(tmp_path: Path) -> None:
    filler = " ".join(f"This sentence number {number} speaks of general matters." for number in range(60))
    deep = "The walrus colony sleeps on the northern ice shelf."
    long_entry = FaqEntry("long", "General matters?", f"{filler} {deep}")
    other = FaqEntry("other", "Sentences?", "A sentence speaks of general matters.")
    build_index([long_entry, other], out=tmp_path / "index", embedder=HashEmbedder())
    (hit, *_) = Retriever.open(tmp_path / "index", HashEmbedder()).search("walrus colony ice").hits
    assert hit.id == "long"
    assert "walrus" in hit.passage
    assert len(hit.passage) < len(filler)


def test_another_embedder_is_refused_with_both_names(index_folder: Path) -> None:
    other = HashEmbedder(64)
    other.name = "tiny"
    with pytest.raises(IndexMismatch, match=r"built with 'hash' .*512.* ask for 'tiny' .*64.*Rebuild"):
        Retriever.open(index_folder, other)


def test_other_weights_of_the_same_name_are_refused(index_folder: Path) -> None:
    other = HashEmbedder()
    other.sha256 = "0" * 64
    with pytest.raises(IndexMismatch, match="000000000000"):
        Retriever.open(index_folder, other)


def test_no_index_is_an_error_with_the_folder(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="nowhere"):
        Retriever.open(tmp_path / "nowhere", HashEmbedder())


@pytest.mark.parametrize(
    "name",
    ["entries.jsonl", "passages.jsonl", "layout.npy", "vectors.faiss", "bm25/data.csc.index.npy"],
)
@pytest.mark.parametrize("harm", ["alter", "remove", "cut"])
def test_an_altered_missing_or_cut_file_is_refused_by_name(
    index_folder: Path, tmp_path: Path, name: str, harm: str
) -> None:
    folder = shutil.copytree(index_folder, tmp_path / "index")
    content = (folder / name).read_bytes()
    if harm == "remove":
        (folder / name).unlink()
    elif harm == "cut":
        (folder / name).write_bytes(content[:-1])
    else:
        middle = len(content) // 2
        changed = bytes([content[middle] ^ 1])
        (folder / name).write_bytes(content[:middle] + changed + content[middle + 1 :])
    with pytest.raises(IndexCorrupt, match=name.replace(".", r"\.")):
        Retriever.open(folder, HashEmbedder())


def test_an_added_file_is_refused(index_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(index_folder, tmp_path / "index")
    (folder / "bm25" / "extra.pkl").write_bytes(b"x")
    with pytest.raises(IndexCorrupt, match=r"extra\.pkl"):
        Retriever.open(folder, HashEmbedder())


@pytest.mark.parametrize(
    ("content", "error"),
    [("{}", IndexCorrupt), ("not json", IndexCorrupt), ('{"format": 99}', IndexMismatch)],
)
def test_a_manifest_that_cannot_be_used_is_refused(
    index_folder: Path, tmp_path: Path, content: str, error: type[Exception]
) -> None:
    folder = shutil.copytree(index_folder, tmp_path / "index")
    (folder / "manifest.json").write_text(content)
    with pytest.raises(error, match=r"Rebuild|reads format 2"):
        Retriever.open(folder, HashEmbedder())
