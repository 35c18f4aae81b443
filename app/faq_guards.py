"""What the import of a FAQ must know of a text: personal data, the clinic's contacts, orders to a model.

Put together here because it takes safety and the clinic's profile, which `retrieval` may not import; its
command line hands these functions on (docs/design.md, "The tree").
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from app.clinic import Clinic, load_clinic
from app.errors import PartUnavailable
from app.settings import load_settings
from app.wiring import load_scrubber
from retrieval.intake.judge import Guards
from safety.contacts import contacts
from safety.entry_check import EntryCheck
from safety.errors import SafetyError, ScrubError
from safety.placeholders import Placeholders
from safety.replies import Replies
from safety.screen import Screener
from safety.scrubber import Scrubber


def load_guards(
    clinic: Path | None = None,
    *,
    models_dir: Path | None = None,
    cache_dir: Path | None = None,
    offline: bool = False,
) -> Guards:
    """Load the scrubber (seconds) and the rules for this clinic; what is not given is as in the settings.

    The scrubber is the chat's: what it would find in a message is found in an entry. The reader of messages
    is not asked: what tells a patient what to do is an order to it, in 24 of the sample's 273 answers.
    Raises ConfigError for a profile that cannot be used, ReleaseError, WeightsError or PartUnavailable when
    the scrubber cannot be loaded: nothing is let in by less.
    """
    settings = load_settings()
    given = {"models_dir": models_dir or settings.models_dir, "cache_dir": cache_dir or settings.cache_dir}
    settings = settings.model_copy(update={**given, "offline": offline or settings.offline})
    profile = load_clinic(clinic or settings.clinic)
    try:
        scrubber = load_scrubber(settings, profile)
    except SafetyError as error:
        raise PartUnavailable(f"an import is not judged without the scrubber: {error}") from error
    screener, check = Screener(), EntryCheck()
    known = _known(profile)
    return Guards(
        personal=partial(_personal, scrubber),
        scrub=partial(_scrubbed, scrubber),
        unknown_contacts=partial(_unknown_contacts, known),
        instructs=screener.instructs,
        unsafe=check.found,
    )


def _personal(scrubber: Scrubber, text: str) -> tuple[str, ...]:
    """Return the types of personal data; a text that cannot be searched in full is not taken for clean."""
    try:
        return tuple(entity.type for entity in scrubber.find(text))
    except ScrubError:
        return ("NOT_SEARCHED",)


def _scrubbed(scrubber: Scrubber, text: str) -> str:
    try:
        return scrubber.scrub(text, Placeholders()).text
    except ScrubError:
        return ""  # what is not scrubbed is not shown


def _known(clinic: Clinic) -> frozenset[str]:
    """Return the contacts of the profile, and the hotlines of every country."""
    said = Replies.load().hotlines.every_word()
    # One by one: numbers on lines below each other read as one long number.
    return frozenset().union(*(contacts(text) for text in (*clinic.contacts, *said)))


def _unknown_contacts(known: frozenset[str], text: str) -> int:
    sites = {link.split("/")[0] for link in known if "." in link and "@" not in link}
    return sum(
        one not in known and not ("@" not in one and "." in one and one.split("/")[0] in sites)
        for one in contacts(text)
    )
