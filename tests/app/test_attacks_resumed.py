"""benchmarks/attacks/answered.py: what was answered before a stop is not asked again, what has changed is."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.conversation import Conversation
from benchmarks.attacks.answered import ask_each
from benchmarks.kept import Kept, OutOfTime
from tests.app.conftest import MakeService

TEXTS = ("Where can I park?", "How do I ask for a refill?", "Where can I park?", "When are you open?")


def test_each_text_is_asked_once_and_answered_wherever_it_stands(make_service: MakeService) -> None:
    service = make_service()
    replies = ask_each(service, TEXTS, what="asking")
    expected = [service.answer(text, Conversation()) for text in TEXTS]
    assert [(reply.kind, reply.text) for reply in replies] == [(one.kind, one.text) for one in expected]
    assert [reply.cited for reply in replies] == [tuple(c.id for c in one.citations) for one in expected]
    assert len(list(service.parts.store.get().traces())) == 3 + len(TEXTS)


def test_a_run_that_stopped_goes_on_and_asks_nothing_twice(make_service: MakeService, tmp_path: Path) -> None:
    service = make_service()
    with pytest.raises(OutOfTime, match="asking: 0 of 3"):
        ask_each(service, TEXTS, what="asking", kept=Kept(tmp_path / "kept", seconds=-1))
    first = ask_each(service, TEXTS, what="asking", kept=Kept(tmp_path / "kept"))
    (file,) = (tmp_path / "kept").iterdir()
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2]))
    assert ask_each(service, TEXTS, what="asking", kept=Kept(tmp_path / "kept")) == first
    assert len(list(service.parts.store.get().traces())) == 3 + 1


def test_another_base_is_asked_anew(make_service: MakeService, tmp_path: Path) -> None:
    for base in ("echo", "other"):
        ask_each(make_service(base=base), TEXTS, what="asking", kept=Kept(tmp_path / "kept"))
    assert len(list((tmp_path / "kept").iterdir())) == 2
