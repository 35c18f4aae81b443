"""Asking from the command line: one question, a batch of rows, or a conversation.

Answers go to standard output; notes for the person at the keyboard to standard error.
"""

from __future__ import annotations

import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from app.answer import ChatAnswer, ScrubbedInput, Sentence
from app.conversation import Audience, Conversation
from app.errors import PartUnavailable
from app.rows import AnswerRow, AskRow, answer_row
from app.sentences import text_after
from app.wiring import Application, warm_in_background
from weights.jsonl import BadLine, Row, read_jsonl, report_bad_line, write_row


def once(application: Application, text: str, *, audience: Audience, as_json: bool) -> None:
    """Print the answer to one question."""
    conversation = Conversation(audience=audience)
    if as_json:
        write_row(answer_row("1", application.service.answer(text, conversation)))
    else:
        _turn(application, text, conversation)


def batch(application: Application, file: Path | None, *, audience: Audience, jobs: int) -> int:
    """Answer rows of JSON Lines in input order, `jobs` at once; return how many failed.

    Nobody waits for a reply, so that the gate waits for its reader: a busy machine changes no verdict.
    """

    def result(line: Row[AskRow] | BadLine) -> AnswerRow | BadLine:
        return line if isinstance(line, BadLine) else _answer(application, line, audience)

    def give(row: AnswerRow | BadLine) -> bool:
        if isinstance(row, BadLine):
            report_bad_line(row)
            return False
        write_row(row)
        return True

    for missing in application.warm():
        _note(f"{missing}: answering without it")
    application.service.wait_for_reader()
    failed = 0
    waiting: deque[Future[AnswerRow | BadLine]] = deque()
    with ThreadPoolExecutor(jobs, thread_name_prefix="ask") as pool:
        for line in tqdm(read_jsonl(file, AskRow), unit=" rows", disable=not sys.stderr.isatty()):
            waiting.append(pool.submit(result, line))
            if len(waiting) > 2 * jobs:
                failed += not give(waiting.popleft().result())
        while waiting:
            failed += not give(waiting.popleft().result())
    return failed


def _answer(application: Application, line: Row[AskRow], audience: Audience) -> AnswerRow:
    history = [(turn.role, turn.content) for turn in line.value.history]
    conversation = application.service.continue_from(history, audience=audience)
    return answer_row(line.id, application.service.answer(line.value.text, conversation))


def converse(application: Application, *, audience: Audience) -> None:
    """Talk in the terminal until end of input; Ctrl-C stops an answer and keeps the conversation."""
    conversation = Conversation(audience=audience)
    _note(application.service.standing_line())
    if application.clinic.sample:
        _note(f"{application.clinic.name} is an invented sample clinic. End with Ctrl-D.")
    warm_in_background(application)
    try:
        purging = application.purge_by_itself()
    except PartUnavailable as error:
        _note(f"{error}: nothing is kept")
        _talk(application, conversation)
        return
    try:
        _talk(application, conversation)
    finally:
        purging.stop()


def _talk(application: Application, conversation: Conversation) -> None:
    while True:
        try:
            message = input("\nYou: ").strip()
        except (EOFError, KeyboardInterrupt):
            _note("")
            return
        if message:
            _turn(application, message, conversation)


def _turn(application: Application, message: str, conversation: Conversation) -> None:
    shown = ""
    events = application.service.stream(message, conversation)
    try:
        for event in events:
            if isinstance(event, ScrubbedInput) and event.entities:
                _note(f"(read as: {event.text})")
            elif isinstance(event, Sentence):
                sys.stdout.write(event.text + " ")
                sys.stdout.flush()
                shown = f"{shown} {event.text}".strip()
            elif isinstance(event, ChatAnswer):
                _print(event, already=shown)
    except KeyboardInterrupt:
        _note("\n(stopped)")
    finally:
        events.close()


def _print(answer: ChatAnswer, *, already: str) -> None:
    """Print what of an answer is not on the screen yet, then titles to ask and sources."""
    rest = text_after(answer.text, already)
    lines = [rest.strip()] if rest is not None else ["", answer.text]
    if answer.suggestions:
        lines += ["", "You could ask:", *(f"  - {title}" for title in answer.suggestions)]
    if answer.citations:
        lines += [
            "",
            "Sources:",
            *(f"  - {citation.question} [{citation.id}]" for citation in answer.citations),
        ]
    sys.stdout.write("\n".join(lines).rstrip() + "\n")


def _note(text: str) -> None:
    sys.stderr.write(text + "\n")
