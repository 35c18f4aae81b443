"""Who writes: shares of conversations, and releases that stay while somebody holds them."""

from __future__ import annotations

import uuid

import pytest

from app.errors import Mismatch
from app.lineup import Line, Lineup, Refusal, falls_to_candidate

TASK = "counseling"
NEW, OLD = "counseling-0000000b", "counseling-0000000a"
IDS = [uuid.UUID(int=number).hex for number in range(4_000)]


def test_without_releases_the_base_writes() -> None:
    with Lineup().writer(TASK, IDS[0]) as writer:
        assert (writer.adapter, writer.role, writer.writes) == (None, "base", True)


def test_active_release_writes_and_its_name_is_the_adapter() -> None:
    with Lineup({TASK: Line(active=OLD)}).writer(TASK, IDS[0]) as writer:
        assert (writer.adapter, writer.role) == (OLD, "active")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_candidate_gets_its_share_of_conversations(share: float) -> None:
    chosen = sum(falls_to_candidate(one, NEW, share) for one in IDS) / len(IDS)
    assert abs(chosen - share) < 0.03


def test_conversation_keeps_its_writer_from_turn_to_turn_and_when_the_share_grows() -> None:
    lineup = Lineup({TASK: Line(active=OLD, candidate=NEW, share=0.1)})

    def writers() -> list[str | None]:
        got = []
        for one in IDS[:500]:
            with lineup.writer(TASK, one) as writer:
                got.append(writer.adapter)
        return got

    first = writers()
    assert set(first) == {OLD, NEW}
    assert writers() == first
    lineup.change(TASK, Line(active=OLD, candidate=NEW, share=0.5))
    assert all(later == NEW for earlier, later in zip(first, writers(), strict=True) if earlier == NEW)


def test_another_candidate_gets_other_conversations() -> None:
    ours = {one for one in IDS if falls_to_candidate(one, NEW, 0.1)}
    theirs = {one for one in IDS if falls_to_candidate(one, "counseling-0000000c", 0.1)}
    assert len(ours & theirs) < 0.3 * len(ours)


def test_nobody_writes_where_the_release_is_refused() -> None:
    refused = (Refusal(NEW, (Mismatch("base", "a", "b"),)),)
    with Lineup({TASK: Line(refused=refused, withheld=True)}).writer(TASK, IDS[0]) as writer:
        assert not writer.writes
    with Lineup({TASK: Line(refused=refused)}).writer(TASK, IDS[0]) as writer:
        assert writer.writes  # only a candidate was refused
    with Lineup({TASK: Line(active=OLD, refused=refused)}).writer(TASK, IDS[0]) as writer:
        assert writer.adapter == OLD


def test_release_is_needed_until_the_last_answer_that_holds_it_has_ended() -> None:
    lineup = Lineup({TASK: Line(active=OLD)})
    with lineup.writer(TASK, IDS[0]) as one:
        with lineup.writer(TASK, IDS[1]):
            lineup.change(TASK, Line(active=NEW))
            assert one.adapter == OLD
            assert lineup.needed() == {OLD, NEW}
        assert lineup.needed() == {OLD, NEW}
    assert lineup.needed() == {NEW}


def test_release_in_place_is_expected_until_it_was_looked_at() -> None:
    lineup = Lineup(expected={TASK})
    assert lineup.expects(TASK) and not lineup.expects("faq_support")
    assert not lineup.wait_settled(0)
    lineup.settle()
    assert lineup.wait_settled(0)
    assert not lineup.expects(TASK)
    lineup.change(TASK, Line(active=OLD))
    assert lineup.expects(TASK)
