"""Personal data in bytes: right places, escapes read, runs across chunks."""

from __future__ import annotations

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from safety.audit_text import binary_hits, readable, search, text_hits
from safety.bulk_markup import FILLER
from safety.entities import Entity

_CODE = re.compile(r"ID\d{6}x")


def find(text: str) -> tuple[Entity, ...]:
    """Find one kind of code, in the place of a scrubber: these tests are about places."""
    return tuple(Entity(*match.span(), "ID_NUMBER", 1.0) for match in _CODE.finditer(text))


def places(data: bytes, size: int, *, binary: bool = False) -> list[int]:
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    hits = binary_hits(chunks, find) if binary else text_hits(chunks, find, encoding="utf-8")
    return sorted(hit.offset for hit in hits)


@given(
    words=st.lists(st.sampled_from(["ID123456x", "zoë", "plain", "\xad", "\n"]), max_size=60),
    size=st.integers(1, 50),
)
@settings(max_examples=60, deadline=None)
def test_places_in_text_are_bytes_however_it_is_cut(words: list[str], size: int) -> None:
    data = " ".join(words).encode()
    assert places(data, size) == [match.start() for match in re.finditer(rb"ID123456x", data)]


def test_long_text_is_found_in_once_across_windows() -> None:
    data = ("plain wörds " * 3 + "ID123456x ").encode() * 800
    assert places(data, 4_096) == [match.start() for match in re.finditer(b"ID123456x", data)]


def test_text_without_a_space_is_searched_across_windows_too() -> None:
    data = (b"z" * 90 + b"ID123456x") * 400
    assert places(data, 10_000) == [match.start() for match in re.finditer(b"ID123456x", data)]


def test_bytes_that_do_not_decode_are_read_around() -> None:
    assert places(b"caf\xe9 \xff ID123456x", 5) == [7]


def test_runs_in_binary_data_are_found_in_utf_8_and_utf_16_and_across_chunks() -> None:
    noise = random.Random(1).randbytes(300).replace(b"I", b"\0")
    data = (
        noise
        + b"\0my code is ID123456x z\xc3\xb6\0"
        + noise
        + b"\0"
        + "is ID123456x wide".encode("utf-16-le")
        + b"\0\0"
        + noise
    )
    expected = [data.index(b"ID123456x"), data.index("ID123456x".encode("utf-16-le"))]
    for size in (7, 64, 10_000):
        assert places(data, size, binary=True) == expected


def test_short_values_in_binary_data_are_runs_and_chance_is_none() -> None:
    read: list[str] = []

    def note(text: str) -> tuple[Entity, ...]:
        read.append(text)
        return ()

    list(binary_hits([b"\0\xff219-09-9998\xff\0jo@example.org\x01Jorah Tindle\x02Xy7_Zq@Rt\0"], note))
    assert read == ["219-09-9998\n\njo@example.org\n\nJorah Tindle"]
    read.clear()
    list(binary_hits([random.Random(5).randbytes(500_000)], note))
    assert sum(map(len, read)) < 100


def test_a_very_long_run_is_cut_with_an_overlap() -> None:
    data = b"\0" + (b"some plain words " * 20 + b"ID123456x ") * 1_200 + b"\0"
    expected = [match.start() for match in re.finditer(b"ID123456x", data)]
    assert places(data, 100_000, binary=True) == expected


def test_escapes_read_as_what_they_stand_for_at_the_same_length() -> None:
    for text, read in (
        (r"Zo\u00eb\nT", "Zoë\nT"), (r"a\"b\\c", 'a"b\\c'), ("a%40b%C3%AB", "a@bë"), ("&#74;o<b>e</b>", "Joe"),
    ):  # fmt: skip
        assert len(readable(text)) == len(text)
        assert readable(text).replace(FILLER, "") == read


def test_a_lone_surrogate_is_no_trouble() -> None:
    assert readable("a\ud800b") == "a\ufffdb" and readable("\\ud83d") == "\\ud83d"


def test_search_tells_characters() -> None:
    text = "ë ID123456x " * 2_000
    assert [at for at, _ in search(text, find)] == [match.start() for match in _CODE.finditer(text)]
