"""Which texts name a language, and in which spelling."""

from __future__ import annotations

import pytest

from retrieval.errors import UnknownLanguage
from retrieval.languages import language_tag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("en", "en"),
        (" ES ", "es"),
        ("pt_br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("hmn", "hmn"),
        ("und", "und"),
        ("ca-valencia", "ca-valencia"),
    ],
)
def test_code_is_given_back_as_bcp_47_spells_it(text: str, tag: str) -> None:
    assert language_tag(text) == tag


@pytest.mark.parametrize("text", ["", "english", "Español", "sp", "jp", "e", "en-", "en us", "en-u", "12"])
def test_what_is_no_code_is_refused_with_the_value_and_what_to_do(text: str) -> None:
    with pytest.raises(UnknownLanguage, match="such as en, es, hmn or pt-BR") as refused:
        language_tag(text)
    assert repr(text) in str(refused.value)
