"""Handing a chat over: real servers on loopback, what is tried again, what is not, what is logged."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

import app.handover
from app.clinic import Clinic
from app.errors import HandoverFailed
from app.handover import Handover, Said
from app.logs import configure_logging, reset_logging

pytestmark = pytest.mark.slow

TRANSCRIPT = (
    Said("person", "how do i get my péls [PERSON_1]"),
    Said("chat", "Ask your pharmacy.\n\nOr call."),
)
CODE = re.compile(r"[A-HJ-NP-Z2-9]{6}")


@dataclass
class Webhook:
    """What to answer first, and what came. A status of 0 drops the connection, -1 says nothing for long."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    state = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            status = state.statuses.pop(0) if state.statuses else 204
            if status == 0:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if status == -1:
                state.done.wait(10)
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status == 302:
                self.send_header("Location", state.url + "elsewhere")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/take"
    yield state
    state.done.set()
    server.shutdown()
    server.server_close()


class Mailbox:
    """Takes mail, after saying no as often as it is told."""

    def __init__(self) -> None:
        self.url = ""
        self.taken: list[Envelope] = []
        self.refusals: list[str] = []

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802
        if self.refusals:
            return self.refusals.pop(0)
        self.taken.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.url = f"smtp://127.0.0.1:{controller.port}"
    yield box
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("DEBUG", stream)
    try:
        yield stream
    finally:
        reset_logging()


def with_webhook(clinic: Clinic, url: str) -> Clinic:
    return clinic.model_copy(update={"handover": clinic.handover.model_copy(update={"webhook": url})})


def without_email(clinic: Clinic) -> Clinic:
    return clinic.model_copy(update={"handover": clinic.handover.model_copy(update={"email": ""})})


# --- webhook ----------------------------------------------------------------------------------


def test_webhook_gets_code_risk_and_transcript_and_nothing_else(clinic: Clinic, webhook: Webhook) -> None:
    code = Handover(with_webhook(clinic, webhook.url), token="the-token").send(TRANSCRIPT, risk="concern")
    (body,), (headers,) = webhook.bodies, webhook.headers
    assert json.loads(body) == {
        "code": code,
        "clinic": "Lindenmoor Behavioral Health",
        "risk": "concern",
        "transcript": [
            {"role": "person", "text": "how do i get my péls [PERSON_1]"},
            {"role": "chat", "text": "Ask your pharmacy.\n\nOr call."},
        ],
    }
    assert headers["authorization"] == "Bearer the-token"
    assert headers["content-type"] == "application/json"


def test_without_a_token_none_is_sent(clinic: Clinic, webhook: Webhook) -> None:
    Handover(with_webhook(clinic, webhook.url)).send(TRANSCRIPT, risk="none")
    assert "authorization" not in webhook.headers[0]


@pytest.mark.parametrize("statuses", [[503, 429], [0], [500, 0]])
def test_what_may_pass_is_tried_again_under_the_same_code(
    clinic: Clinic, webhook: Webhook, statuses: list[int]
) -> None:
    webhook.statuses = list(statuses)
    code = Handover(with_webhook(clinic, webhook.url)).send(TRANSCRIPT, risk="none")
    assert [json.loads(body)["code"] for body in webhook.bodies] == [code] * (len(statuses) + 1)


def test_it_gives_up_after_three_times(clinic: Clinic, webhook: Webhook) -> None:
    webhook.statuses = [503] * 10
    with pytest.raises(HandoverFailed, match="HTTPStatusError"):
        Handover(with_webhook(clinic, webhook.url)).send(TRANSCRIPT, risk="none")
    assert len(webhook.bodies) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_a_refusal_is_not_tried_again_and_no_redirect_is_followed(
    clinic: Clinic, webhook: Webhook, status: int
) -> None:
    webhook.statuses = [status]
    with pytest.raises(HandoverFailed):
        Handover(with_webhook(clinic, webhook.url), token="the-token").send(TRANSCRIPT, risk="none")
    assert len(webhook.bodies) == 1


def test_a_webhook_that_says_nothing_is_given_up(
    clinic: Clinic, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.handover, "SECONDS", 0.1)
    webhook.statuses = [-1] * 10
    began = time.monotonic()
    with pytest.raises(HandoverFailed, match="ReadTimeout"):
        Handover(with_webhook(clinic, webhook.url)).send(TRANSCRIPT, risk="none")
    assert time.monotonic() - began < 5
    assert len(webhook.bodies) == 3


def test_a_webhook_is_preferred_to_mail(clinic: Clinic, webhook: Webhook, mailbox: Mailbox) -> None:
    Handover(with_webhook(clinic, webhook.url), smtp_url=mailbox.url).send(TRANSCRIPT, risk="none")
    assert len(webhook.bodies) == 1
    assert mailbox.taken == []


# --- mail -------------------------------------------------------------------------------------


def test_mail_reaches_the_clinics_own_address_with_its_code(clinic: Clinic, mailbox: Mailbox) -> None:
    code = Handover(clinic, smtp_url=mailbox.url).send(TRANSCRIPT, risk="high")
    (envelope,) = mailbox.taken
    assert envelope.rcpt_tos == ["hello@lindenmoor.example.org"]
    message = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
    assert code in message["Subject"]
    body = message.get_content().replace("\r\n", "\n")
    assert body == (
        f"Code: {code}\n\nRisk seen: high\n\nperson: how do i get my péls [PERSON_1]\n\n"
        "chat: Ask your pharmacy.\n\nOr call.\n"
    )


def test_mail_server_that_is_down_is_given_up_quickly(clinic: Clinic) -> None:
    began = time.monotonic()
    with pytest.raises(HandoverFailed, match="ConnectionRefusedError"):
        Handover(clinic, smtp_url=f"smtp://127.0.0.1:{free_port()}").send(TRANSCRIPT, risk="none")
    assert time.monotonic() - began < 6


def test_mail_that_is_refused_is_an_error_and_not_tried_again(clinic: Clinic, mailbox: Mailbox) -> None:
    mailbox.refusals = ["554 no"] * 3
    with pytest.raises(HandoverFailed, match="SMTPDataError"):
        Handover(clinic, smtp_url=mailbox.url).send(TRANSCRIPT, risk="none")
    assert len(mailbox.refusals) == 2


def test_password_is_never_sent_to_a_server_that_offers_no_login(clinic: Clinic, mailbox: Mailbox) -> None:
    url = mailbox.url.replace("//", "//desk:p%40ss@")
    with pytest.raises(HandoverFailed):
        Handover(clinic, smtp_url=url).send(TRANSCRIPT, risk="none")
    assert mailbox.taken == []


def test_a_mail_server_that_says_nothing_is_given_up(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.handover, "SECONDS", 0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(HandoverFailed, match="Disconnected"),
    ):
        Handover(clinic, smtp_url=f"smtp://127.0.0.1:{silent.getsockname()[1]}").send(TRANSCRIPT, risk="none")


# --- neither ----------------------------------------------------------------------------------


def test_without_webhook_and_mail_server_it_is_not_possible(clinic: Clinic) -> None:
    for none in (Handover(clinic), Handover(without_email(clinic), smtp_url="smtp://127.0.0.1:25")):
        assert not none.possible
        with pytest.raises(HandoverFailed, match="CAREFOLD_SMTP_URL"):
            none.send(TRANSCRIPT, risk="none")
    assert Handover(clinic, smtp_url="smtp://127.0.0.1:25").possible
    assert Handover(with_webhook(clinic, "http://127.0.0.1/")).possible


@pytest.mark.parametrize("url", ["http://[", "http://127.0.0.1:notaport/", "http://\x7f/"])
def test_a_webhook_that_is_no_address_fails_like_any_other(clinic: Clinic, url: str) -> None:
    with pytest.raises(HandoverFailed):
        Handover(with_webhook(clinic, url)).send(TRANSCRIPT, risk="none")


def test_a_mail_server_that_is_no_address_fails_like_any_other(clinic: Clinic) -> None:
    with pytest.raises(HandoverFailed):
        Handover(clinic, smtp_url="smtp://127.0.0.1:notaport").send(TRANSCRIPT, risk="none")


# --- what is told -----------------------------------------------------------------------------


def test_logs_hold_no_words_token_or_address(clinic: Clinic, webhook: Webhook, mailbox: Mailbox) -> None:
    webhook.statuses = [503, 204, 400]
    taken = Handover(with_webhook(clinic, webhook.url), token="the-token")
    with logged() as stream:
        taken.send(TRANSCRIPT, risk="none")
        Handover(clinic, smtp_url=mailbox.url).send(TRANSCRIPT, risk="none")
        for failing in (taken, Handover(clinic, smtp_url=f"smtp://127.0.0.1:{free_port()}")):
            with pytest.raises(HandoverFailed) as caught:
                failing.send(TRANSCRIPT, risk="none")
            assert "pharmacy" not in str(caught.value)
            logging.getLogger("app.handover").error("failed", exc_info=caught.value)
    said = stream.getvalue()
    assert said.count("handover_sent") == 2
    assert said.count("handover_failed") == 2
    for word in ("pharmacy", "péls", "PERSON", "the-token", "lindenmoor", "/take"):
        assert word not in said


def test_codes_are_six_signs_that_can_not_be_mistaken(clinic: Clinic, webhook: Webhook) -> None:
    handover = Handover(with_webhook(clinic, webhook.url))
    codes = {handover.send((), risk="none") for _ in range(8)}
    assert len(codes) == 8
    assert all(CODE.fullmatch(code) for code in codes)
    assert not set("O0I1L") & set(app.handover._LETTERS)


def test_repr_shows_no_words() -> None:
    assert "pharmacy" not in repr(TRANSCRIPT)
