"""Planted values in bytes: every form, every border, nothing else."""

from __future__ import annotations

import base64
import html
import json
import random
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.audit_canaries import CanaryFault, Matcher, StreamMatcher, read_canaries

SECRET = 'Zürich "7f3Q" & co'
MATCHER = Matcher(["another one", SECRET])
FORMS = {
    "utf-8": SECRET.encode(),
    "utf-16-le": SECRET.encode("utf-16-le"),
    "utf-16-be": SECRET.encode("utf-16-be"),
    "json": json.dumps(SECRET)[1:-1].encode(),
    "json as utf-8": json.dumps(SECRET, ensure_ascii=False)[1:-1].encode(),
    "html": html.escape(SECRET).encode(),
    "percent": quote(SECRET, safe="").encode(),
    "percent, lower": quote(SECRET, safe="").replace("%C3%BC", "%c3%bc").replace("%22", "%22").encode(),
    "upper": SECRET.upper().encode(),
    "lower": SECRET.lower().encode("utf-16-le"),
    "base64 0": base64.b64encode(b"abc" + SECRET.encode() + b"tail"),
    "base64 1": base64.b64encode(b"a" + SECRET.encode() + b"tail"),
    "base64 2": base64.b64encode(b"ab" + SECRET.encode() + b"t"),
    "base64 for addresses": base64.urlsafe_b64encode(b"ab" + SECRET.encode() + b"t"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found_and_names_its_number(form: str) -> None:
    found = {hit.number for hit in MATCHER.find(b"before " + FORMS[form] + b" after")}
    assert found == {2}


@given(at=st.integers(0, 40), size=st.integers(1, 25))
@settings(max_examples=60, deadline=None)
def test_a_hit_across_any_border_is_found_once_at_its_place(at: int, size: int) -> None:
    data = b"." * at + SECRET.encode() + b"." * 20
    stream = StreamMatcher(MATCHER)
    hits = [hit for place in range(0, len(data), size) for hit in stream.feed(data[place : place + size])]
    assert [(hit.offset, hit.number) for hit in hits] == [(at, 2)]


def test_random_bytes_hold_no_canary() -> None:
    assert list(MATCHER.find(random.Random(0).randbytes(200_000))) == []


def test_two_thousand_canaries_that_begin_alike_are_told_apart() -> None:
    values = [f"CANARY-{number:05d}-x" for number in range(2_000)]
    hits = Matcher(values).find(f"{values[17]} {values[1999].lower()} CANARY-99999-x".encode())
    assert [hit.number for hit in hits] == [18, 2000]


def test_a_canary_that_chance_would_find_is_refused_without_it() -> None:
    with pytest.raises(CanaryFault, match="canary 2 is shorter"):
        Matcher(["long enough", "shrt"])


def test_a_list_is_read_by_lines(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("first one\n\n  second one \n")
    assert read_canaries(tmp_path / "list") == ("first one", "second one")
    (tmp_path / "list").write_text("\n")
    with pytest.raises(CanaryFault):
        read_canaries(tmp_path / "list")


def test_no_canaries_find_nothing() -> None:
    assert list(StreamMatcher(Matcher(())).feed(b"anything at all")) == []
