"""The page that patients see: its layout and which event calls which handler; no rule is made here.

Public to programs is the one event `ask`; every other has no name there, and is checked all the same,
since a hidden event can be called too (app/pages/handlers.py).
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import Dependency

from app.pages.handlers import CHIPS, Handlers
from app.pages.markup import escape_inline

HERE = Path(__file__).resolve().parent
SYSTEM_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
# What no program sees, and what must never stand in a queue: the gate first of all.
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# The box is emptied where it stands, once the message was taken, and only if nothing was typed since.
REMEMBER = "(text) => { window.carefoldSent = text; return text; }"
EMPTY_BOX = "(text, taken) => (taken === 'yes' && text === window.carefoldSent ? '' : text)"


@dataclass(frozen=True)
class Window:
    """The components that handlers write to."""

    chat: gr.Chatbot
    box: gr.Textbox
    status: gr.HTML
    live: gr.HTML
    chips_title: gr.HTML
    chips: tuple[gr.Button, ...]
    stop: gr.Button
    edit: gr.Button
    retry: gr.Button
    feedback: gr.Accordion

    def said(self) -> list[Any]:
        """Return what is drawn anew as an answer is written, in the order of `Handlers.follow`."""
        return [self.chat, self.status, self.live]

    def drawn(self) -> list[Any]:
        """Return what is drawn anew at every step, in the order of `Handlers.draw`."""
        return [*self.said(), self.chips_title, *self.chips, self.stop, self.edit, self.retry, self.feedback]


def build(handlers: Handlers, *, idle_minutes: float) -> gr.Blocks:
    """Build the page over its handlers."""
    words = handlers.view.words
    with gr.Blocks(
        title=words.title.format(clinic=handlers.view.clinic.name), analytics_enabled=False, fill_width=True
    ) as page:
        gr.HTML(_head(handlers, idle_minutes), elem_id="head")
        banners = gr.HTML(elem_id="banners")
        window = _window(handlers)
        _feedback(handlers, window)
        _person(handlers)
        gr.HTML(_foot(handlers, idle_minutes), elem_id="foot")

        tick = gr.Timer(2.0)
        page.load(handlers.arrive, None, [banners, *window.drawn()], **QUIET)
        tick.tick(handlers.refresh, None, [banners, tick, window.chips_title, *window.chips], **QUIET)
        page.unload(handlers.leave)
        asked = gr.Textbox(visible=False, max_length=handlers.longest)
        answered = gr.JSON(visible=False)
        asked.submit(
            handlers.ask, asked, answered, api_name="ask", concurrency_limit=None, show_progress="hidden"
        )
    return page


def _window(handlers: Handlers) -> Window:
    words = handlers.view.words
    chat = gr.Chatbot(
        label=words.chat.label, elem_id="chat", height=None, min_height="9rem", max_height="75vh",
        buttons=["copy"], watermark=handlers.standing, feedback_options=None, allow_tags=False,
        sanitize_html=True, latex_delimiters=[], layout="bubble", group_consecutive_messages=False,
        allow_file_downloads=False, placeholder=escape_inline(words.chat.empty),
    )  # fmt: skip
    status = gr.HTML(elem_id="status")
    live = gr.HTML(elem_id="live")
    chips_title = gr.HTML(elem_id="chips-title")
    with gr.Row(elem_id="chips"):
        chips = tuple(gr.Button("", visible=False, size="sm", elem_classes="chip") for _ in range(CHIPS))
    with gr.Row(elem_id="compose"):
        box = gr.Textbox(
            label=words.ask.label, placeholder=words.ask.placeholder, lines=1, max_lines=8,
            elem_id="box", scale=5, autofocus=True, submit_btn=False,
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", autocorrect="off", spellcheck=False),
        )  # fmt: skip
        with gr.Column(scale=1, min_width=120):
            send = gr.Button(words.ask.send, variant="primary", elem_id="send")
            stop = gr.Button(words.ask.stop, variant="stop", visible=False, elem_id="stop")
    with gr.Row(elem_classes="small-actions"):
        edit = gr.Button(words.ask.edit, size="sm", visible=False, elem_id="edit")
        retry = gr.Button(words.ask.retry, size="sm", visible=False, elem_id="retry")
        clear = gr.Button(words.ask.clear, size="sm", elem_id="clear")
    feedback = gr.Accordion(
        words.feedback.heading, open=False, visible=False, elem_id="feedback", render=False
    )
    taken = gr.Textbox(visible=False, elem_id="taken")
    window = Window(chat, box, status, live, chips_title, chips, stop, edit, retry, feedback)

    at_once = QUIET | {"trigger_mode": "multiple"}
    in_turn = at_once | {"queue": True, "concurrency_limit": None}  # an answer that takes time may wait
    drawn = window.drawn()

    def follow(begun: Dependency) -> None:
        begun.then(handlers.follow, None, window.said(), **in_turn).then(
            handlers.settle, None, drawn, **at_once
        )

    for begin in (send.click, box.submit):
        sent = begin(handlers.send, box, [taken, *drawn], js=REMEMBER, **at_once)
        sent.then(None, [box, taken], box, js=EMPTY_BOX, **at_once)
        follow(sent)
    for chip in chips:
        follow(chip.click(handlers.send, chip, [taken, *drawn], **at_once))
    follow(retry.click(handlers.retry, None, drawn, **at_once))
    stop.click(handlers.stop, None, drawn, **at_once)
    edit.click(handlers.edit, None, [box, *drawn], **at_once)
    chat.clear(handlers.clear, None, [box, *drawn], **at_once)  # Gradio's own button empties the browser only
    clear.click(handlers.clear, None, [box, *drawn], **at_once)
    return window


def _feedback(handlers: Handlers, window: Window) -> None:
    words = handlers.view.words.feedback
    window.feedback.render()
    with window.feedback:
        rating = gr.Radio([(words.up, "up"), (words.down, "down")], label=words.rating, elem_id="rating")
        reasons = gr.CheckboxGroup(
            [(str(text), code) for code, text in words.reason.model_dump().items()], label=words.reasons
        )
        comment = gr.Textbox(
            label=words.comment, lines=2, elem_id="comment",
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
        )  # fmt: skip
        consent = gr.Checkbox(False, label=words.consent, elem_id="consent")
        gr.HTML(f"<h2>{escape_inline(words.preview)}</h2>")
        preview = gr.HTML(elem_classes="preview", elem_id="preview")
        with gr.Row(elem_classes="small-actions"):
            give = gr.Button(words.send, variant="primary", size="sm", elem_id="give")
            withdraw = gr.Button(words.withdraw, size="sm", elem_id="withdraw")
        thanks = gr.HTML(elem_id="thanks")
    given = [rating, reasons, comment, consent]
    for changed in (rating.input, reasons.input, comment.blur, consent.input, window.feedback.expand):
        changed(handlers.preview_feedback, given, preview, **QUIET)
    give.click(handlers.give_feedback, given, [thanks, rating, reasons, comment, consent, preview], **QUIET)
    withdraw.click(handlers.withdraw, None, thanks, **QUIET)


def _person(handlers: Handlers) -> None:
    words = handlers.view.words.person
    with gr.Accordion(words.heading, open=False, elem_id="person") as person:
        hours = gr.HTML(elem_id="hours")
        person.expand(handlers.hours, None, hours, **QUIET)
        if not handlers.handover.possible:
            return
        with gr.Accordion(words.hand_over, open=False, elem_id="hand-over") as over:
            gr.HTML(f"<p>{escape_inline(words.explain)}</p><h2>{escape_inline(words.preview)}</h2>")
            preview = gr.HTML(elem_classes="preview", elem_id="transcript")
            consent = gr.Checkbox(False, label=words.consent, elem_id="hand-over-consent")
            send = gr.Button(words.send, variant="primary", size="sm", elem_id="hand-over-send")
            said = gr.HTML(elem_id="hand-over-said")
        over.expand(handlers.preview_transcript, None, preview, **QUIET)
        consent.input(handlers.preview_transcript, None, preview, **QUIET)
        send.click(handlers.hand_over, consent, [said, consent, preview], **QUIET)


def _head(handlers: Handlers, idle_minutes: float) -> str:
    words, clinic = handlers.view.words, handlers.view.clinic
    warning = html.escape(words.timeout.warning, quote=True)
    stay = html.escape(words.timeout.stay, quote=True)
    expired = html.escape(words.timeout.expired, quote=True)
    understood = html.escape(words.timeout.understood, quote=True)
    return (
        f"<h1>{escape_inline(words.heading.format(clinic=clinic.name))}</h1>"
        f'<p class="subtitle">{escape_inline(words.subtitle)}</p>'
        f"{handlers.view.standing(handlers.standing)}"
        f'<div id="idle" hidden data-minutes="{idle_minutes}" '
        f'data-warning="{warning}" data-stay="{stay}" '
        f'data-expired="{expired}" data-understood="{understood}"></div>'
    )


def _foot(handlers: Handlers, idle_minutes: float) -> str:
    words = handlers.view.words.footer
    lines = (words.program, words.privacy.format(minutes=f"{idle_minutes:g}"), words.crisis_protocol)
    return "".join(f"<p>{escape_inline(line)}</p>" for line in lines)


def theme() -> gr.themes.Base:
    """Return the colours: system fonts only, so that a page asks nobody else for anything."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.cyan, neutral_hue=gr.themes.colors.slate,
        font=SYSTEM_FONTS, font_mono=("ui-monospace", "monospace"), text_size=gr.themes.sizes.text_lg,
        radius_size=gr.themes.sizes.radius_md,
    ).set(
        button_primary_background_fill="#0b5563", button_primary_background_fill_dark="#0b5563",
        button_primary_background_fill_hover="#0a4753", button_primary_background_fill_hover_dark="#0e6878",
        button_primary_text_color="#ffffff", button_primary_text_color_dark="#ffffff",
        button_cancel_background_fill="#8f1d1d", button_cancel_background_fill_dark="#8f1d1d",
        button_cancel_text_color="#ffffff", button_cancel_text_color_dark="#ffffff",
        block_label_text_color="#12343b", block_label_text_color_dark="#d9eef1",
        block_title_text_color="#12343b", block_title_text_color_dark="#d9eef1",
        input_placeholder_color="#52606b", input_placeholder_color_dark="#b3bfc9",
        body_text_color_subdued="#44525d", body_text_color_subdued_dark="#b9c5ce",
    )  # fmt: skip
