"""Names from many origins in the same sentences and cases: who is found less often, and by how much.

Every origin meets every sentence, and every sentence every case, equally often, so that what differs between
origins is the names. Must not take a name that generated training text uses.
"""

from __future__ import annotations

import random as _random
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from faker import Faker
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy import stats

from benchmarks.pii.cases import Case, put, rotate
from benchmarks.pii.corruptions import in_cases
from benchmarks.pii.estimates import Estimate, share
from benchmarks.pii.held_out import unseen

LISTS = Path(__file__).with_name("names.yaml")
CASES = ("title", "lower", "caps")
LEAST = 2_000  # names of one origin

# Origins that come from Faker's own lists: family names as the locale has them.
_LOCALES: dict[str, tuple[str, ...]] = {
    "us english": ("en_US",),
    "hispanic": ("es_MX", "es_CO", "es_ES"),
    "western european": ("fr_FR", "de_DE", "it_IT", "nl_NL", "sv_SE", "pt_BR"),
    "slavic": ("pl_PL", "cs_CZ", "hr_HR"),
}
CARRIERS = (
    "my name is {v} and i need a refill before the weekend",
    "this is {v} calling about my test results",
    "{v} was seen today for a cough that would not clear.",
    "I am writing for my mother {v}, who does not use the computer",
    "Patient: {v}",
    "please tell {v} that the ride is at the side door",
    "my husband {v} takes the same pills, is that alright",
    "thank you so much, {v}",
    "Spoke with {v} by phone, instructions repeated.",
    "the nurse, {v}, said i should ask you about the swelling",
    "can you send {v} a copy of the letter too",
    "Emergency contact is {v}, neighbor.",
)


class Group(BaseModel):
    """Given names and the family names that go with them, separated by blanks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    given: str
    family: str


def name_cases(number: int, *, seed: int = 0) -> Iterator[Case]:
    """Yield `number` names of each origin, each in a sentence in title case, lower case or capitals.

    `slice` is the origin and `form` the case. The cases take turns, and from one round of the sentences to
    the next they move by one, so that each sentence comes in each case.
    """
    for origin, names in origins(number, seed=seed).items():
        for at, name in enumerate(names):
            case = put(rotate(CARRIERS, at), name, type="PERSON", group=f"{origin} {at}", slice=origin)
            yield in_cases(case, CASES)[(at + at // len(CARRIERS)) % len(CASES)]


@cache
def origins(number: int = LEAST, *, seed: int = 0) -> Mapping[str, tuple[str, ...]]:
    """Return `number` different full names of each origin. Raises ValueError when one has too few."""
    read = yaml.safe_load(LISTS.read_text(encoding="utf-8"))
    found: dict[str, tuple[str, ...]] = {}
    for origin in sorted({*read, *_LOCALES}):
        random = _random.Random(f"{origin} {seed}")
        groups = [Group.model_validate(one) for one in read.get(origin, ())]
        lists = [(_names(one.given), _names(one.family)) for one in groups]
        lists += [_from_faker(locale) for locale in _LOCALES.get(origin, ())]
        held = [(unseen(given), unseen(family)) for given, family in lists]
        # By the root of its size, so that short lists are neither drawn dry nor lost.
        sizes = [len(given) * len(family) for given, family in held]
        names: set[str] = set()
        for _ in range(50 * number if sum(sizes) >= number else 0):
            given, family = random.choices(held, weights=[size**0.5 for size in sizes])[0]
            names.add(f"{random.choice(given)} {random.choice(family)}")
            if len(names) == number:
                break
        else:
            raise ValueError(f"{origin!r} has {sum(sizes)} different names at most; {number} are asked for")
        found[origin] = tuple(random.sample(sorted(names), len(names)))
    return found


def gap(hits: Mapping[str, NDArray[np.float64]], *, resamples: int = 2_000) -> Estimate:
    """Return the best group's recall minus the worst one's, with its percentile bootstrap interval.

    `hits` is 0 or 1 for each name of each group. Since noise alone makes a best and a worst, the interval
    lies high.
    """
    groups = [np.asarray(values, dtype=np.float64) for values in hits.values()]
    value = float(np.ptp([group.mean() for group in groups]))
    if all(np.ptp(group) == 0 for group in groups):
        # Drawing from ones alone gives ones: what is not known is how rare a miss of the worst group is.
        worst = min(groups, key=lambda group: float(group.mean()))
        return Estimate(
            value, 0.0, max(value, 1 - share(int(worst.sum()), len(worst)).low), sum(map(len, groups))
        )

    def spread(*drawn: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
        means = np.stack([one.mean(axis=axis) for one in drawn])
        return np.asarray(means.max(axis=0) - means.min(axis=0))

    result = stats.bootstrap(
        groups, spread, n_resamples=resamples, batch=50, method="percentile",
        vectorized=True, rng=np.random.default_rng(0),
    )  # fmt: skip
    low, high = result.confidence_interval
    return Estimate(value, float(low), float(high), sum(map(len, groups)))


def _names(words: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in words.split())


@cache
def _from_faker(locale: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the given and the family names of a locale, as many as 2,000 draws of each show."""
    faker = Faker(locale)
    faker.seed_instance(0)
    given = dict.fromkeys(faker.first_name() for _ in range(2_000))
    family = dict.fromkeys(faker.last_name() for _ in range(2_000))
    return tuple(given), tuple(family)
