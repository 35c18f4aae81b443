"""Write the scrubber's lists of medicine's words from published vocabularies.

    python -m training.words --icd FILE --hpo FOLDER --census FOLDER [--out FOLDER]

`vocabularies.py` says where the three come from. The same files give the same lists.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from safety.recognizers.lexicon import WORDS
from training.command_line import guarded
from training.words.medical import choose
from training.words.vocabularies import hpo_names, icd_names, names_of_people, orphanet_names

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_File = Annotated[Path, typer.Option(exists=True, dir_okay=False)]
_Folder = Annotated[Path, typer.Option(exists=True, file_okay=False)]


@app.command()
def write(icd: _File, hpo: _Folder, census: _Folder, out: _Folder = WORDS) -> None:
    """Write medical_words and condition_phrases."""

    def work() -> None:
        chosen = choose(
            [*icd_names(icd), *hpo_names(hpo)],
            rare=orphanet_names(hpo),
            people=names_of_people(census),
            english=english_counts(),
        )
        lists = {
            "medical_words": chosen.words,
            "condition_phrases": chosen.phrases,
        }
        for name, entries in lists.items():
            (out / f"{name}.txt").write_text("".join(f"{one}\n" for one in entries), encoding="utf-8")
            typer.echo(f"{name}: {len(entries)}")

    guarded(work, OSError)


def english_counts() -> dict[str, int]:
    """Return how often general English has each of 82,765 words, as symspellpy counts them."""
    file = files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    lines = (line.split() for line in file.read_text(encoding="utf-8-sig").splitlines())
    return {word: int(count) for word, count in lines}


if __name__ == "__main__":
    app()
