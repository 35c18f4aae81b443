"""When a word that is a name as well stands for someone whose name is known ("Grace", "Will", "Hope").

Somebody who said "my name is Grace" is meant by "he said grace called"; somebody called Will is not meant by
"will you". A word that is no common English is found again wherever it stands, and so are a few that hardly
say anything else. The rest count with a capital inside a sentence, or where only a person can stand.

Must not: decide that a word is a name. It is asked about names that were found before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from safety.recognizers.lexicon import Word, is_common

_SHORTEST: Final = 3
"""Letters of a part in lower case; shorter ones are more often slips than names."""
_SELDOM_ELSE: Final = frozenset(["eve", "faith", "grace", "joy", "mac"])
_ALSO_THINGS: Final = {
    "gene": frozenset(["therapy", "therapies", "test", "tests", "testing", "mutation", "mutations", "panel"]),
    "ginger": frozenset(["tea", "ale", "beer", "root", "capsules", "tablets", "candy", "snaps"]),
    "rose": frozenset(
        ["garden", "gardens", "hip", "hips", "water", "bush", "bushes", "oil", "petals", "to", "by"]
    ),
}
"""Of a message to a clinic: gene therapy, ginger tea, a rose garden. Beside these words they are nobody."""
_RISES: Final = frozenset((
    "pressure", "sugar", "sugars", "glucose", "fever", "temperature", "weight", "rate", "level", "levels",
    "count", "pulse", "dose", "price", "cost", "bill", "fee", "he", "she", "they",
))  # fmt: skip
_MODALS: Final = frozenset(["will", "may"])
_MONTHS: Final = frozenset(["april", "august", "jan", "june", "may"])
_SAID: Final = frozenset((
    "said", "says", "told", "tells", "called", "calls", "asked", "asks", "wants", "wanted", "thinks",
    "texted", "wrote", "writes", "knows", "knew", "promised", "cried", "died",
))  # fmt: skip
# No verb comes after a modal in these forms: "will is", "may had" are about a person.
_FINITE: Final = _SAID.union((
    "is", "was", "has", "had", "does", "did", "came", "comes", "went", "goes", "took", "takes", "gave",
    "gives", "got", "gets", "left", "needs", "needed", "and", "isn't", "wasn't", "hasn't", "doesn't",
    "didn't",
))  # fmt: skip
# After these a modal is none: "ask will about it". After the others it is none, but may be a month.
_ADDRESSED: Final = frozenset((
    "with", "ask", "asked", "tell", "told", "saw", "see", "met", "called", "hi", "hey", "hello", "dear",
    "dr", "mr", "mrs", "miss", "ms", "named",
))  # fmt: skip
_WANTED: Final = frozenset(("want", "wants", "wanted"))  # "she wants mark to come"
_OF_SOMEONE: Final = _ADDRESSED.union(("for", "from", "to", "about", "by"))
_PRONOUNS: Final = frozenset(("i", "you", "he", "she", "it", "we", "they", "who", "which"))
_ARTICLES: Final = frozenset(("a", "an", "the", "this", "that", "my", "some", "any"))
_WHOSE: Final = _PRONOUNS.union((
    "a", "an", "the", "my", "your", "his", "her", "our", "their", "this", "that", "no", "any", "some",
    "more", "in", "last", "next", "since", "until", "every",
))  # fmt: skip


def stands_for_someone(found: Sequence[Word], at: int) -> bool:
    """Say whether word `at` of a text's words may be the name of somebody known by that name."""
    word = found[at]
    if not is_common(word.lower) or word.lower in _SELDOM_ELSE:
        return word.capital or len(word.lower) >= _SHORTEST
    before = found[at - 1].lower if at and not word.opens else ""
    after = found[at + 1].lower if at + 1 < len(found) and not found[at + 1].opens else ""
    if word.lower in _ALSO_THINGS:
        rises = word.lower == "rose" and before in _RISES
        return after not in _ALSO_THINGS[word.lower] and not rises and before not in _ARTICLES
    someones = before in (_ADDRESSED if word.lower in _MONTHS else _OF_SOMEONE)
    if word.capital and not word.opens and before not in _PRONOUNS:
        return word.lower not in _MONTHS or someones or after in _SAID
    if before in _WHOSE:
        return False
    if word.lower in _MODALS:
        return someones or after in _FINITE
    return after in _SAID or (before in _WANTED and after == "to")
