"""Name the language of an entry by its BCP 47 tag, in one spelling.

Two letters must be a code of ISO 639-1, whose list is short and closed: "sp" or "jp" is a slip. Of the
thousands of three-letter codes (ISO 639-3) the form alone is asked.
Must not guess a language from its name or from an entry's words.
"""

from __future__ import annotations

import re
from typing import Final

from retrieval.errors import UnknownLanguage

UNDETERMINED: Final = "und"
"""The tag that BCP 47 has for a language that is not known."""

_CODES: Final = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv
    dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie
    ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv
    mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm
    rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts
    tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_ISO_639_1: Final = frozenset(_CODES.split())
_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
)


def language_tag(text: str) -> str:
    """Return the tag as BCP 47 spells it: `EN` is `en`, `pt_br` is `pt-BR`. Raises UnknownLanguage."""
    match = _TAG.fullmatch(text.strip().lower().replace("_", "-"))
    if match is None or (len(match["language"]) == 2 and match["language"] not in _ISO_639_1):
        raise UnknownLanguage(
            f"{text!r} is no language code: give two letters of ISO 639-1, or three of ISO 639-3, with the "
            "region if it matters, such as en, es, hmn or pt-BR"
        )
    script, region = match["script"] or "", match["region"] or ""
    return "-".join(filter(None, (match["language"], script.title(), region.upper()))) + match["variants"]
