"""`python -m safety restore -- COMMAND`: a tool reads scrubbed rows, and its own rows get the values back.

    python -m safety restore --file F -- python -m training predict --task patient_summary --release R

The tool reads JSON Lines in which every string is scrubbed, a number of five digits or more is a
placeholder, as is a list of numbers that reads as a date or a number of somebody's, and `id` is the number of
the line; it writes rows with that `id`. Names of fields stay, so a row with personal data in one is left out.
What stands behind a placeholder comes back in the row that it was taken from and in no other.

Must not: let an unscrubbed word reach the tool, or write a value anywhere but to standard output. The values
are held in memory while the command runs.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ConfigDict, JsonValue, RootModel

from safety.command_line import MODELS, SOME_FAILED, CacheDir, ModelsDir, NameModel, Offline, Tagger, stop
from safety.errors import ScrubError
from safety.policies import Policy
from safety.scrub_command import open_scrubber
from weights.defaults import NAME_MODEL
from weights.jsonl import BadLine, Row, read_jsonl, report_bad_line, write_row

if TYPE_CHECKING:
    from safety.restore import Restorer
    from safety.scrubber import Scrubber


_FEWEST_DIGITS = 5


class AnyRow(RootModel[dict[str, JsonValue]]):
    """A JSON object."""

    model_config = ConfigDict(hide_input_in_errors=True)


def restore(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The tool.")],
    file: Annotated[Path | None, typer.Option(help="JSON Lines; default: standard input.")] = None,
    policy: Annotated[Policy, typer.Option(help="What the tool must not see.")] = "safe-harbor",
    name_model: NameModel = NAME_MODEL,
    tagger: Tagger = "",
    models_dir: ModelsDir = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Give a tool scrubbed rows, and its output the values that were taken out."""
    if file is not None and not file.is_file():
        stop(f"no file {str(file)!r}")
    scrubber = open_scrubber(
        policy, name_model, tagger=tagger, models_dir=models_dir, cache_dir=cache_dir, offline=offline
    )
    scrubbed, taken, failed = _scrubbed(scrubber, file)
    try:
        done = subprocess.run(command, input=scrubbed, stdout=subprocess.PIPE, check=False)
    except OSError as error:
        stop(f"the command {command[0]!r} cannot be run: {type(error).__name__}")
    failed += _restored(done.stdout, taken)
    if done.returncode:
        sys.stderr.write(f"the command ended with {done.returncode}\n")
    raise typer.Exit(SOME_FAILED if failed or done.returncode else 0)


def _scrubbed(
    scrubber: Scrubber, file: Path | None
) -> tuple[bytes, dict[str, tuple[JsonValue, Restorer]], int]:
    """Return the rows for the tool, each row's id and values by the id that the tool sees, and failures."""
    from safety.restore import Restorer

    rows = io.BytesIO()
    taken: dict[str, tuple[JsonValue, Restorer]] = {}
    failed = 0
    for row in read_jsonl(file, AnyRow):
        fault = row if isinstance(row, BadLine) else None
        if isinstance(row, Row):
            number, restorer = str(row.number), Restorer()
            fields = {name: value for name, value in row.value.root.items() if name != "id"}
            try:
                clean = _hidden(scrubber, fields, restorer)
            except ScrubError as error:
                fault = BadLine(row.number, str(error))
            else:
                taken[number] = row.value.root.get("id", number), restorer
                write_row(AnyRow.model_validate({"id": number, **_fields(clean)}), rows)
        if fault is not None:
            report_bad_line(fault)
            failed += 1
    return rows.getvalue(), taken, failed


def _restored(written: bytes, taken: dict[str, tuple[JsonValue, Restorer]]) -> int:
    """Write the tool's rows with the values in place, and return how many rows were lost."""
    lost = 0
    for row in read_jsonl(io.BytesIO(written), AnyRow):
        if isinstance(row, BadLine):
            report_bad_line(BadLine(row.number, f"of the command's output: {row.reason}"))
            lost += 1
            continue
        own = taken.pop(str(row.value.root.get("id", "")), None)
        if own is None:
            report_bad_line(
                BadLine(row.number, "of the command's output: an id that no row has, or has again")
            )
            lost += 1
            continue
        name, restorer = own
        fields = {field: value for field, value in row.value.root.items() if field != "id"}
        write_row(AnyRow.model_validate({"id": name, **_fields(_each(fields, restorer.restore))}))
        restorer.forget()
    if taken:
        sys.stderr.write(f"{len(taken)} rows came back from the command without an answer\n")
    return lost + len(taken)


def _hidden(scrubber: Scrubber, fields: dict[str, JsonValue], restorer: Restorer) -> JsonValue:
    """Return the fields as the tool may see them. Raises ScrubError."""

    def reserved(text: str) -> str:
        restorer.reserve(text)
        return text

    def hidden(numbers: list[JsonValue]) -> JsonValue:
        if len(numbers) == 1:
            number = str(numbers[0])
            long = sum(map(str.isdigit, number)) >= _FEWEST_DIGITS
            return restorer.replacement("ID_NUMBER", number) if long else numbers[0]
        joined = "-".join(map(str, numbers))  # [1980, 3, 4]
        found = scrubber.find(joined)
        return restorer.replacement(found[0].type, joined) if found else [hidden([one]) for one in numbers]

    if any(_names_somebody(scrubber, name) for name in _names(fields)):
        raise ScrubError("the name of a field holds personal data: put it into the field")
    _each(fields, reserved)  # what somebody typed in any field is no placeholder of ours
    return _each(fields, lambda text: scrubber.scrub(text, restorer).text, hidden)


def _names(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names(one)


def _names_somebody(scrubber: Scrubber, name: str) -> bool:
    """Say whether the name of a field holds personal data; "plan" and "note" by themselves are nobody."""
    from safety.recognizers.lexicon import is_common

    words = name.replace("_", " ")
    return not all(map(is_common, words.lower().split())) and bool(scrubber.find(words))


def _each(
    value: JsonValue, change: Callable[[str], str], hide: Callable[[list[JsonValue]], JsonValue] | None = None
) -> JsonValue:
    """Return the value with every string in it changed and numbers as `hide` returns them, a list at once."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        if hide is not None and len(value) > 1 and all(map(_is_number, value)):
            return hide(value)
        return [_each(one, change, hide) for one in value]
    if isinstance(value, dict):
        return {name: _each(one, change, hide) for name, one in value.items()}
    return hide([value]) if hide is not None and _is_number(value) else value


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fields(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}
