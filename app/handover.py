"""Hand a chat over to the clinic: a scrubbed transcript, sent only when its owner asks for it.

To the webhook of the clinic's profile as JSON, else by mail to its address. Nobody's name or number is
asked for: the clinic gets a code, and the person gives that code on the phone. Tried three times, with
growing pauses, for what may pass (time-outs, 5xx, 429). Logs hold the code and how it went, no words.
"""

from __future__ import annotations

import secrets
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import httpx
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from app.clinic import Clinic
from app.errors import HandoverFailed
from app.logs import get_logger

log = get_logger(__name__)

SECONDS = 8.0
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class Said:
    """One side's words in a transcript, scrubbed."""

    who: str
    text: str = field(repr=False)


class Handover:
    """Sends transcripts the way that the clinic's profile and the settings allow."""

    def __init__(self, clinic: Clinic, *, smtp_url: str = "", token: str = "") -> None:
        self._clinic = clinic
        self._smtp_url = smtp_url
        self._token = token

    @property
    def possible(self) -> bool:
        """Say whether there is a way to send."""
        return bool(self._clinic.handover.webhook or (self._clinic.handover.email and self._smtp_url))

    def send(self, transcript: Sequence[Said], *, risk: str) -> str:
        """Send, and return the code under which the clinic has it. Raises HandoverFailed."""
        code = "".join(secrets.choice(_LETTERS) for _ in range(6))
        way = "webhook" if self._clinic.handover.webhook else "email"
        try:
            if way == "webhook":
                self._post(code, transcript, risk)
            elif self.possible:
                self._mail(code, transcript, risk)
            else:
                raise HandoverFailed("no webhook in the clinic's profile and no CAREFOLD_SMTP_URL")
        except (httpx.HTTPError, httpx.InvalidURL, smtplib.SMTPException, OSError, ValueError) as error:
            log.error("handover_failed", category=way, error=type(error).__name__)
            raise HandoverFailed(f"the {way} did not take it: {type(error).__name__}") from error
        log.info("handover_sent", category=way, count=len(transcript))
        return code

    def _post(self, code: str, transcript: Sequence[Said], risk: str) -> None:
        body = {
            "code": code,
            "clinic": self._clinic.name,
            "risk": risk,
            "transcript": [{"role": said.who, "text": said.text} for said in transcript],
        }
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}

        @_patiently
        def post() -> None:
            response = httpx.post(self._clinic.handover.webhook, json=body, headers=headers, timeout=SECONDS)
            response.raise_for_status()

        post()

    def _mail(self, code: str, transcript: Sequence[Said], risk: str) -> None:
        message = EmailMessage()
        message["Subject"] = f"Chat handed over: {code}"
        message["From"] = message["To"] = self._clinic.handover.email
        lines = [f"{said.who}: {said.text}" for said in transcript]
        message.set_content("\n\n".join([f"Code: {code}", f"Risk seen: {risk}", *lines]))
        server = urlsplit(self._smtp_url)

        @_patiently
        def mail() -> None:
            with _smtp(server.scheme, server.hostname or "localhost", server.port or 0) as smtp:
                if server.username:
                    smtp.login(unquote(server.username), unquote(server.password or ""))
                smtp.send_message(message)

        mail()


def _smtp(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=ssl.create_default_context())
    smtp = smtplib.SMTP(host, port or 587, timeout=SECONDS)
    smtp.ehlo()
    if smtp.has_extn("starttls"):
        smtp.starttls(context=ssl.create_default_context())
    return smtp


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500 or error.response.status_code == 429
    passing = (httpx.TransportError, smtplib.SMTPServerDisconnected, ConnectionError, TimeoutError)
    return isinstance(error, passing)


_patiently = retry(
    retry=retry_if_exception(_may_pass),
    stop=stop_after_attempt(3),
    wait=wait_random_exponential(multiplier=0.3, max=3),
    reraise=True,
)
