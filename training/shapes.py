"""From a source's row to the job's examples: the five shapes in which corpora come.

    fields            columns named as the job's fields, or mapped by the recipe's `fields`
    instruction       prompt/completion, prompt/response, instruction(/input)/output
    context_response  Context/Response
    chat              messages: [{role, content}]; prompt and completion may be such lists
    conversation      conversations: [{from, value}], or one text: "Patient: ... Doctor: ..."

Must not: clean, scrub or log a text. A row that fits no shape is set aside with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from training.authors import removals, without
from training.reading import RawRow, source_name
from training.recipe import Corpus
from training.rows import Example, SetAside
from training.tasks.base import Task
from training.turns import exchanges, text_turns, turns

__all__ = ["removals", "to_examples", "without"]

STAGE = "shape"
Shape = Literal["fields", "instruction", "context_response", "chat", "conversation"]
_ROLES = ("id", "topic", "group")  # entries of a recipe's `fields` that are no field of the job
_INSTRUCTION = (
    (("prompt",), ("completion", "response", "output", "answer")),
    (("instruction", "input"), ("output", "response", "completion", "answer")),
)
_CHAT = ("messages", "conversation", "conversations", "dialogue", "dialog", "chat", "turns")
_DIALOGUE = ("conversation", "conversations", "dialogue", "dialog", "text", "chat")


class _Unfit(Exception):
    """A row that gives no example; the message is the reason's word."""


def to_examples(row: RawRow, corpus: Corpus, task: Task) -> list[Example] | SetAside:
    """Return the examples of a row; several from a conversation of several turns (ids `row.1`, `row.2`).

    One exchange is one example: what the person wrote since the last answer, and the answer. Jobs read
    one message, so earlier turns are not carried; a later message stands only when it can stand alone
    (`turns.exchanges`). System messages go: the job has its own prompt. The columns of `corpus.remove`
    are taken off first. Reasons: unknown_shape, missing_field:F, empty:F, faulty:F, bad_turns, no_exchange.
    """
    values = _Columns({name: value for name, value in row.values.items() if name not in corpus.remove})
    try:
        found = _SHAPES[_shape(values, corpus, task)](values, corpus, task)
        several = len(found) > 1
        return [
            _example(f"{row.id}.{place}" if several else row.id, one, values, corpus, task)
            for place, one in enumerate(found, start=1)
        ]
    except _Unfit as unfit:
        return SetAside(id=row.id, stage=STAGE, reason=str(unfit))


def shape_of(row: RawRow, corpus: Corpus, task: Task) -> Shape | None:
    """Return the shape that a row is read in; None when it has none of them."""
    try:
        return _shape(_Columns(row.values), corpus, task)
    except _Unfit:
        return None


class _Columns:
    """A row's values by column, whatever the case of its name; `a + b` joins two columns."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.all = values
        self._names = {name.strip().casefold(): name for name in values if isinstance(name, str)}

    def has(self, column: str) -> bool:
        """Say whether the column, or every column of a join, is there."""
        return all(part in self._names for part in self._parts(column))

    def get(self, column: str) -> object:
        """Return the value; of a join the texts in their order, none that another one contains."""
        found = [self.all[self._names[part]] for part in self._parts(column) if part in self._names]
        if len(found) < 2:
            return found[0] if found else None
        texts = [one.strip() for one in found if isinstance(one, str) and one.strip()]
        whole = [
            one
            for place, one in enumerate(texts)
            if not any(
                one in other and (one != other or there < place)
                for there, other in enumerate(texts)
                if there != place
            )
        ]
        return "\n\n".join(whole)

    def first(self, columns: tuple[str, ...]) -> str:
        """Return the first of these columns that is there, or ''."""
        return next((column for column in columns if self.has(column)), "")

    def _parts(self, column: str) -> list[str]:
        name = column.strip().casefold()
        return [name] if name in self._names else [part.strip() for part in name.split("+")]


def _shape(values: _Columns, corpus: Corpus, task: Task) -> Shape:
    if corpus.shape != "auto":
        return corpus.shape
    mapped = any(name not in _ROLES for name in corpus.fields)
    columns = [corpus.fields.get(name, name) for name in (*task.fields, task.target) if name]
    if mapped or all(values.has(column) for column in columns):
        return "fields"
    if _chat_column(values):
        return "chat"
    if any(values.has(questions[0]) and values.first(answers) for questions, answers in _INSTRUCTION):
        return "instruction"
    if values.has("context") and values.has("response"):
        return "context_response"
    if any(text_turns(values.get(column)) for column in _DIALOGUE):
        return "conversation"
    near = [column for column in columns if values.has(column)]
    if near:  # a row of the job that lacks a column: the reason should name it
        return "fields"
    raise _Unfit("unknown_shape")


def _fields(values: _Columns, corpus: Corpus, task: Task) -> list[dict[str, object]]:
    found = {
        name: value
        for name, value in values.all.items()
        if isinstance(name, str) and name.strip().casefold() not in (*task.fields, task.target)
    }
    for name in dict.fromkeys((*task.fields, task.target, *corpus.fields)):
        column = corpus.fields.get(name, name)
        if name and name not in _ROLES and values.has(column):
            found[name] = values.get(column)
    return [found]


def _instruction(values: _Columns, _corpus: Corpus, task: Task) -> list[dict[str, object]]:
    for questions, answers in _INSTRUCTION:
        answer = values.first(answers)
        if values.has(questions[0]) and answer:
            question = values.get(" + ".join(one for one in questions if values.has(one)))
            return [_pair(question, values.get(answer), task)]
    raise _Unfit("unknown_shape")


def _context_response(values: _Columns, _corpus: Corpus, task: Task) -> list[dict[str, object]]:
    if not (values.has("context") or values.has("response")):
        raise _Unfit("unknown_shape")
    if not values.has("context"):
        raise _Unfit(f"missing_field:{task.fields[0]}")
    if not values.has("response"):
        raise _Unfit(f"missing_field:{task.target}")
    return [_pair(values.get("context"), values.get("response"), task)]


def _chat(values: _Columns, _corpus: Corpus, task: Task) -> list[dict[str, object]]:
    column = _chat_column(values)
    found = turns(values.get(column)) if column else "unknown_shape"
    if isinstance(found, str):
        raise _Unfit(found)
    if column == "prompt":
        answer = values.get(values.first(("completion", "response", "chosen")) or "completion")
        more = turns(answer) if not isinstance(answer, str) else [("assistant", answer)]
        if isinstance(more, str):
            raise _Unfit(more)
        found = [*found, *more]
    return _exchanged(found, task)


def _chat_column(values: _Columns) -> str:
    """Return the column that holds a list of messages, faulty or not; '' when there is none."""
    return next((one for one in (*_CHAT, "prompt") if turns(values.get(one)) != "unknown_shape"), "")


def _conversation(values: _Columns, corpus: Corpus, task: Task) -> list[dict[str, object]]:
    for column in _DIALOGUE:
        if found := text_turns(values.get(column)):
            return _exchanged(found, task)
    return _chat(values, corpus, task)


def _exchanged(found: list[tuple[str, str]], task: Task) -> list[dict[str, object]]:
    pairs = exchanges(found)
    if not pairs:
        raise _Unfit("no_exchange")
    return [_pair(question, answer, task) for question, answer in pairs]


def _pair(question: object, answer: object, task: Task) -> dict[str, object]:
    slots = [*task.fields, *([task.target] if task.target and task.target not in task.fields else [])]
    return {slots[0]: question, (task.target or slots[-1]): answer}


_SHAPES: dict[Shape, Callable[[_Columns, Corpus, Task], list[dict[str, object]]]] = {
    "fields": _fields,
    "instruction": _instruction,
    "context_response": _context_response,
    "chat": _chat,
    "conversation": _conversation,
}


def _example(
    row_id: str, found: Mapping[str, object], values: _Columns, corpus: Corpus, task: Task
) -> Example:
    lacking = _lacking(found, (task.target,))
    if lacking:
        raise _Unfit(lacking)
    try:
        example = task.example(row_id, found)
    except ValueError as error:
        # Its message may quote the row, so only the field that it names is passed on.
        names = [name for name in (*task.fields, task.target) if name and name in str(error)]
        raise _Unfit(_lacking(found, task.fields) or f"faulty:{names[0] if names else 'row'}") from None
    given = {"topic": corpus.fields.get("topic", "topic"), "group": corpus.fields.get("group", "")}
    changed = {
        name: text for name, column in given.items() if column and (text := _short(values.get(column)))
    }
    return example.model_copy(
        update={**changed, "source": source_name(corpus), "split": corpus.split or example.split}
    )


def _lacking(found: Mapping[str, object], names: tuple[str, ...]) -> str:
    """Return the reason's word for the first of these fields that has no value, or ''."""
    for name in names:
        value = found.get(name)
        if name and value is None:
            return f"missing_field:{name}"
        if name and isinstance(value, str) and not value.strip():
            return f"empty:{name}"
    return ""


def _short(value: object) -> str:
    return str(value).strip()[:80] if isinstance(value, str | int) else ""
