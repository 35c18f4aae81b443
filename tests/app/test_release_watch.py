"""A running application follows the folder of releases: with the echo model, everything but weights."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest

import app.chat
from app.answer import ChatAnswer, Sentence
from app.conversation import Conversation
from app.decision import Decision
from app.errors import GenerationError, ReleaseError
from app.lineup import Lineup, falls_to_candidate
from app.logs import configure_logging, reset_logging
from app.models.echo import EchoModel
from app.models.none import NoModel
from app.prompting import prompt_hash
from app.release_watch import Fits, ReleaseWatch, expected
from app.releases import drop_candidate, folder_of, promote, read_active, rollback
from app.store import Store
from tests.app.conftest import MakeService
from tests.app.sealed import BASE_SHA256, sealed
from weights.defaults import BASE_MODEL

TASK = "counseling"
KIND = "That sounds heavy to carry alone. What would help you a little today?"
SAD = "i feel so lonely since my friend moved away"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def released(tmp_path: Path) -> Callable[..., tuple[str, Path]]:
    """Return a function that seals a release and says its name and folder."""

    def make(weights: str, **facts: object) -> tuple[str, Path]:
        folder = tmp_path / f"run-{weights}"
        return sealed(folder, weights=weights.encode(), **facts).name, folder  # type: ignore[arg-type]

    return make


Released = Callable[..., tuple[str, Path]]


def watching(models: Path, lineup: Lineup, **fits: str) -> ReleaseWatch:
    base = fits.get("base", BASE_MODEL), fits.get("sha", BASE_SHA256), fits.get("prompt", prompt_hash())
    return ReleaseWatch(models, lineup, fits=Fits(base[0], lambda: base[1], base[2]), look_seconds=0.02)


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch) -> mock.Mock:
    chosen = mock.Mock(return_value=Decision("support", "test"))
    monkeypatch.setattr(app.chat, "decide", chosen)
    return chosen


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("INFO", stream)
    yield stream
    reset_logging()


def test_promotion_and_rollback_are_followed_and_what_is_not_needed_is_unloaded(
    models: Path, released: Released
) -> None:
    model, lineup = EchoModel(), Lineup(expected=())
    watch = watching(models, lineup)
    watch.look(model)
    assert lineup.wait_settled(0) and lineup.line(TASK).active == ""
    (a, first), (b, second) = released("a"), released("b")
    promote(models, first)
    watch.look(model)
    assert (lineup.line(TASK).active, model.adapters) == (a, (a,))
    promote(models, second)
    watch.look(model)
    assert (lineup.line(TASK).active, model.adapters) == (b, (b,))
    rollback(models, TASK)
    watch.look(model)
    assert (lineup.line(TASK).active, model.adapters) == (a, (a,))
    rollback(models, TASK)
    watch.look(model)
    assert (lineup.line(TASK).active, model.adapters) == ("", ())


@pytest.mark.parametrize(
    ("fits", "what"),
    [
        ({"base": "hub:org/other@main"}, "base"),
        ({"sha": "a" * 64}, "base_sha256"),
        ({"prompt": "c" * 64}, "prompt_hash"),
    ],
)
def test_release_for_something_else_is_refused_with_both_values_in_the_log(
    models: Path, released: Released, log: io.StringIO, fits: dict[str, str], what: str
) -> None:
    name, folder = released("a")
    promote(models, folder)
    model, lineup = EchoModel(), Lineup(expected={TASK})
    watching(models, lineup, **fits).look(model)
    line = lineup.line(TASK)
    assert (line.names, model.adapters) == ((), ())
    assert [(one.release, [fault.what for fault in one.faults]) for one in line.refused] == [(name, [what])]
    told = [json.loads(one) for one in log.getvalue().splitlines() if '"release_refused"' in one]
    fault = line.refused[0].faults[0]
    assert [(one["release"], one["what"], one["expected"], one["found"]) for one in told] == [
        (name, what, fault.expected, fault.found)
    ]
    assert "" not in (fault.expected, fault.found)


def test_when_the_newest_does_not_fit_the_last_good_one_is_served(models: Path, released: Released) -> None:
    (a, first), (b, second), (c, third) = (
        released("a"), released("b"), released("c", prompt_hash="f" * 64)
    )  # fmt: skip
    for folder in (first, second):
        promote(models, folder)
    rollback(models, TASK)  # b was no good
    promote(models, third)
    lineup = Lineup(expected={TASK})
    watching(models, lineup).look(EchoModel())
    line = lineup.line(TASK)
    assert (line.active, [one.release for one in line.refused]) == (a, [c])
    assert b not in line.manifests


def test_refused_candidate_leaves_what_is_served(models: Path, released: Released) -> None:
    (a, first), (b, second) = released("a"), released("b", prompt_hash="f" * 64)
    model, lineup = EchoModel(), Lineup(expected=())
    watch = watching(models, lineup)
    promote(models, second, share=0.5)
    watch.look(model)
    line = lineup.line(TASK)
    assert (line.names, line.withheld, [one.release for one in line.refused]) == ((), False, [b])
    promote(models, first)
    promote(models, second, share=0.5)
    watch.look(model)
    assert (lineup.line(TASK).active, lineup.line(TASK).candidate) == (a, "")


def test_altered_adapter_in_place_is_refused_at_the_start(models: Path, released: Released) -> None:
    name, folder = released("a")
    promote(models, folder)
    (folder_of(models, TASK, name) / "adapter_model.safetensors").write_bytes(b"other")
    lineup = Lineup(expected={TASK})
    watching(models, lineup).look(EchoModel())
    assert lineup.line(TASK).refused[0].faults[0].what == "adapter_sha256"


def test_release_under_the_name_of_another_task_is_refused(models: Path, released: Released) -> None:
    name, folder = released("a", task="faq_support")
    promote(models, folder)
    (models / TASK).mkdir()
    (models / "faq_support" / name).rename(models / TASK / name)
    (models / "faq_support" / "active.json").rename(models / TASK / "active.json")
    lineup = Lineup(expected={TASK})
    watching(models, lineup).look(EchoModel())
    assert lineup.line(TASK).active == ""
    assert lineup.line(TASK).refused[0].faults[0].found == f"lora:faq_support/{name}"


def test_adapter_that_the_model_cannot_load_is_refused_and_not_tried_again_and_again(
    models: Path, released: Released
) -> None:
    name, folder = released("a")
    promote(models, folder)
    model, lineup = EchoModel(), Lineup(expected={TASK})
    tried = mock.Mock(side_effect=GenerationError("wrong size"))
    watch = watching(models, lineup)
    with mock.patch.object(model, "adopt", tried):
        watch.look(model)
        watch.look(model)
    assert tried.call_count == 1
    assert lineup.line(TASK).refused[0].release == name
    watch.again()
    watch.look(model)
    assert lineup.line(TASK).active == name


def test_model_that_is_never_there_settles_without_releases(models: Path, released: Released) -> None:
    promote(models, released("a")[1])
    lineup = Lineup(expected={TASK})
    watching(models, lineup).look(NoModel())
    assert lineup.wait_settled(0)
    assert not lineup.expects(TASK)
    assert lineup.line(TASK).refused == ()


def test_unreadable_record_leaves_what_is_served(models: Path, released: Released) -> None:
    name, folder = released("a")
    promote(models, folder)
    model, lineup = EchoModel(), Lineup(expected={TASK})
    watch = watching(models, lineup)
    watch.look(model)
    (models / TASK / "active.json").write_text("{")
    watch.look(model)
    assert lineup.line(TASK).active == name


def test_adapter_that_a_restart_lost_is_loaded_again(models: Path, released: Released) -> None:
    name, folder = released("a")
    promote(models, folder)
    model, lineup = EchoModel(), Lineup(expected={TASK})
    watch = watching(models, lineup)
    watch.look(model)
    model.adapters = ()
    watch.look(model)
    assert model.adapters == (name,)


def test_releases_in_place_are_known_without_loading_any(models: Path, released: Released) -> None:
    assert expected(models) == frozenset()
    promote(models, released("a")[1])
    promote(models, released("f", task="faq_support")[1], share=0.1)
    promote(models, released("s", task="surgical_note")[1])
    assert expected(models) == {TASK, "faq_support"}


def test_thread_follows_by_itself_and_ends(models: Path, released: Released) -> None:
    name, folder = released("a")
    lineup = Lineup(expected=())
    watch = watching(models, lineup)
    watch.start(EchoModel())
    assert lineup.wait_settled(5)
    promote(models, folder)
    until = time.monotonic() + 5
    while lineup.line(TASK).active != name and time.monotonic() < until:
        time.sleep(0.01)
    assert lineup.line(TASK).active == name
    watch.stop()
    assert not any(thread.name == "releases" for thread in threading.enumerate())


# --- with the message path --------------------------------------------------------------


def test_feelings_are_answered_by_the_release_while_there_is_one(
    models: Path, released: Released, make_service: MakeService, routed: mock.Mock, store: Store
) -> None:
    model, lineup = EchoModel(reply=KIND), Lineup(expected=())
    watch = watching(models, lineup)
    service = make_service(model=model, lineup=lineup, support="release")
    assert service.writers.support == "brief"
    assert service.answer(SAD, Conversation()).model.base == ""
    name, folder = released("a")
    promote(models, folder)
    watch.look(model)
    assert service.writers.support == "model"
    answer = service.answer(SAD, Conversation())
    assert answer.kind == "support" and "That sounds heavy" in answer.text
    assert answer.model.adapter == name
    trace = store.trace(answer.turn_id)
    assert (trace.adapter, trace.versions.release) == (name, name)
    rollback(models, TASK)
    watch.look(model)
    assert service.answer(SAD, Conversation()).model.base == ""


def test_refused_release_leaves_fixed_words_also_where_the_model_was_chosen(
    models: Path, released: Released, make_service: MakeService, routed: mock.Mock
) -> None:
    promote(models, released("a", prompt_hash="f" * 64)[1])
    model, lineup = EchoModel(reply=KIND), Lineup(expected={TASK})
    watching(models, lineup).look(model)
    service = make_service(model=model, lineup=lineup, support="model")
    assert service.writers.support == "brief"
    answer = service.answer(SAD, Conversation())
    assert answer.model.base == "" and "release_refused" in answer.reasons
    assert "That sounds heavy" not in answer.text


def test_refused_grounded_release_leaves_the_approved_answer(
    models: Path, released: Released, make_service: MakeService, routed: mock.Mock
) -> None:
    routed.return_value = Decision("grounded", "test")
    promote(models, released("a", task="faq_support", prompt_hash="f" * 64)[1])
    model, lineup = EchoModel(), Lineup(expected={"faq_support"})
    watching(models, lineup).look(model)
    answer = make_service(model=model, lineup=lineup).answer("How do I ask for a refill?", Conversation())
    assert answer.kind in ("faq", "clarify") and answer.model.base == ""


@pytest.mark.slow
def test_someone_in_danger_is_never_answered_by_a_release(
    models: Path, released: Released, make_service: MakeService, routed: mock.Mock
) -> None:
    promote(models, released("a")[1])
    model, lineup = EchoModel(reply=KIND), Lineup(expected={TASK})
    watching(models, lineup).look(model)
    service, conversation = make_service(model=model, lineup=lineup, support="release"), Conversation()
    service.answer("i want to kill myself", conversation)
    assert service.answer(SAD, conversation).model.base == ""


def test_answer_under_way_ends_with_the_release_it_began_with(
    models: Path, released: Released, make_service: MakeService, routed: mock.Mock
) -> None:
    model, lineup = EchoModel(reply=KIND, tokens_per_second=60), Lineup(expected=())
    watch = watching(models, lineup)
    (a, first), (b, second) = released("a"), released("b")
    promote(models, first)
    watch.look(model)
    service, conversation = make_service(model=model, lineup=lineup, support="release"), Conversation()
    events = service.stream(SAD, conversation)
    while not (isinstance(event := next(events), Sentence) and event.text.startswith("That sounds")):
        pass
    promote(models, second)
    watch.look(model)
    assert set(model.adapters) == {a, b}
    *_, answer = events
    assert isinstance(answer, ChatAnswer) and answer.model.adapter == a
    watch.look(model)
    assert model.adapters == (b,)
    assert service.answer(SAD, conversation).model.adapter == b


@pytest.mark.slow
def test_share_of_conversations_is_answered_by_the_candidate(
    models: Path, released: Released, make_service: MakeService, routed: mock.Mock
) -> None:
    (a, first), (b, second) = released("a"), released("b")
    promote(models, first)
    promote(models, second, share=0.5)
    model, lineup = EchoModel(reply=KIND), Lineup(expected={TASK})
    watching(models, lineup).look(model)
    service = make_service(model=model, lineup=lineup, support="release")
    for conversation in (Conversation() for _ in range(8)):
        wanted = b if falls_to_candidate(conversation.id, b, 0.5) else a
        assert {service.answer(SAD, conversation).model.adapter for _ in range(2)} == {wanted}


class Worse(EchoModel):
    """Writes well with every adapter but one, whose sentences the check drops."""

    bad = ""

    def stream(self, request, stop):  # type: ignore[no-untyped-def]
        self._reply = "Take 40 mg of sertraline twice a day." if request.adapter == self.bad else KIND
        return super().stream(request, stop)


def asked_until_taken_back(service: app.chat.ChatService, watch: ReleaseWatch, model: EchoModel) -> int:
    """Ask in new conversations until the candidate is gone; return how often."""
    for number in range(1, 400):
        answer = service.answer(SAD, Conversation())
        assert answer.kind == "support"
        watch.look(model)
        if watch.taken_back:
            return number
    raise AssertionError("the candidate is still there")


@pytest.mark.slow
def test_candidate_that_leaves_its_band_is_rolled_back_by_itself(
    models: Path, released: Released, make_service: MakeService, routed: mock.Mock, log: io.StringIO
) -> None:
    (a, first), (b, second) = released("a"), released("b")
    promote(models, first)
    promote(models, second, share=0.5)
    model, lineup = Worse(), Lineup(expected={TASK})
    model.bad = b
    watch = watching(models, lineup)
    watch.look(model)
    service = make_service(model=model, lineup=lineup, support="release")
    assert asked_until_taken_back(service, watch, model) >= 100
    now = read_active(models, TASK)
    assert (now.active, now.candidate) == (a, "")
    assert (now.history[-1].release, now.history[-1].why) == (b, "candidate_failed")
    [told] = watch.taken_back
    assert {breach.guard for breach in told.breaches} == {"dropped", "fell_back"}
    assert lineup.line(TASK).candidate == ""
    watch.look(model)
    assert model.adapters == (a,)
    assert '"release_taken_back"' in log.getvalue()
    # Promoted again by a person, it is tried again, and counted anew.
    promote(models, second, share=0.5)
    watch.look(model)
    assert lineup.line(TASK).candidate == b
    assert lineup.guards.look(TASK) == ()


@pytest.mark.slow
def test_candidate_is_held_off_where_the_folder_cannot_be_written_to(
    models: Path, released: Released, make_service: MakeService, routed: mock.Mock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (a, first), (b, second) = released("a"), released("b")
    promote(models, first)
    promote(models, second, share=0.5)
    model, lineup = Worse(), Lineup(expected={TASK})
    model.bad = b
    watch = watching(models, lineup)
    watch.look(model)
    monkeypatch.setattr(
        "app.release_watch.drop_candidate", mock.Mock(side_effect=ReleaseError("read-only file system"))
    )
    asked_until_taken_back(make_service(model=model, lineup=lineup, support="release"), watch, model)
    assert read_active(models, TASK).candidate == b
    model.adapters = ()  # as after a restart of the model: everything is loaded anew
    watch.look(model)
    assert (lineup.line(TASK).candidate, model.adapters) == ("", (a,))
    drop_candidate(models, TASK, b)
