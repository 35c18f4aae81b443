"""Which standing notices the page carries: what of it does not work now, and what the model is."""

from __future__ import annotations

from app.catalogue import Catalogue
from app.wiring import Application


def banners(application: Application, words: Catalogue) -> list[str]:
    """Return the notices that hold at this moment, in the order in which they are shown."""
    service, said = application.service, words.banner
    model, retriever = service.model_state(), service.parts.retriever.state()
    lines = [said.sample] if application.clinic.sample else []
    if retriever.status == "unavailable":
        lines.append(said.no_answers)
    elif retriever.status == "not built" or not service.parts.scrubber.is_ready():
        lines.append(said.loading)
    elif model.status == "unavailable":
        lines.append(said.degraded)
    if service.writers.support == "model":
        lines.append(said.converses)
    if not service.lineup.expects("faq_support") and model.status != "unavailable":
        # The base writes what is said of the clinic, whatever a release says to feelings.
        lines.append(said.quotes if service.lineup.expects("counseling") else said.untuned)
    return lines
