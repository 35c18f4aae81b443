"""Names of people by rules: words that announce a name, titles, sign-offs, common given names.

Works where a language model for names fails: chat in lower case, in capitals, misspelt. How much a
cue is worth decides what may follow it: `STRONG` ("my name is") takes any word that is not
common English, `MEDIUM` ("my husband") wants a known name, a capital, or an unknown word that no
ending marks as English, `WEAK` ("i'm") wants a known name or a capital.

Must not: take an eponym (Crohn, Tourette) or a medicine for a person.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

import regex

from safety.deadline import seconds_left
from safety.recognizers.clinical_terms import called_before_a_condition, is_medical
from safety.recognizers.lexicon import Word, is_common, is_ordinary, is_shouting, split_words, words
from safety.recognizers.rules import SpanRecognizer
from safety.recognizers.syllables import in_syllables


class Strength(IntEnum):
    """How sure a cue makes us that a name follows."""

    WEAK = 1
    LABEL = 2
    MEDIUM = 3
    STRONG = 4
    TITLE = 5


_KIN = (
    r"husb[aeo]?nd|hubby|wife|spouse|partner|boyfriend|girlfriend|bf|gf|fianc[eé]e?|ex(?:[- ](?:husband|wife|boyfriend|girlfriend|partner))?|"
    r"son|daught?er|kid|child|baby|toddler|boy|girl|mom|mum|mother|mama|dad|father|papa|brother|sister|bro|sis|sibling|twin|"
    r"grand(?:ma|pa|mother|father|son|daughter)|uncle|aunt|auntie|cousin|nephew|niece|step\s?(?:son|daughter|mom|dad|mother|father)|"
    r"(?:mother|father|sister|brother)[- ]in[- ]law|friend|buddy|bestie|room+ate|neighbou?r|boss|manager|supervisor|coworker|"
    r"co-worker|colleague|landlord|teacher|professor|coach|pastor|lawyer|attorney|guardian|caregiver|client|patient"
)
_CARER = (
    r"therapist|counsell?or|psychiatrist|psychologist|provider|doctor|case\s?(?:worker|manager)|social\s+worker|nurse|"
    r"prescriber|clinician|pcp|sponsor|advocate|interpreter|receptionist|surgeon|pediatrician|dentist|specialist|intern"
)

_CUES: tuple[tuple[Strength, str], ...] = (
    (Strength.STRONG,
     r"\b(?:(?:full|first|second|last|given|family|legal|maiden|middle|pre?fer+ed|real)\s?)?name\s?\d?(?:'?s|\s+(?:is|was)|[\"'*\])]{0,4}\s*[:=])[\s\"'*\[(]*(?:actually\s+|also\s+)?"),
    (Strength.STRONG, r"\b(?:named|goes\s+by|go\s+by|known\s+as|nickname(?:d|\s+is)|(?:they|people|everyone|friends)\s+calls?\s+me|(?:you\s+can|just|please)\s+call\s+me)\s+"),
    (Strength.LABEL, r"\b(?:patient|pt|client|member|subscriber|policy\s?holder|guarantor|spouse|mother|father|guardian|contact|"
                      r"attn|attention|signed|signature|cc|to|from|re|referring|provider|parent|resident|employee|caller|participant|applicant|student|surname|dear)(?:\s?\d{1,2})?[\"'*\])]{0,4}\s*:[\s\"'*\[(]*"),
    (Strength.STRONG, r"\b(?:first|last|full|maiden|given|family)\s?name\s+|\b(?:pt|patient|client)(?:'?s)?\s+name(?:\s+is|\s*:)?\s+|\bsigned,?\s+|\bsubscriber(?:\s+is|\s+name(?:\s+is)?)?\s+|\bemergency\s+contact(?:\s+is)?\s+"),
    (Strength.TITLE, r"\b(?:dr|mr|mrs|ms|mx|prof|rev|sgt|lt|capt)\b\.?\s*"),
    (Strength.MEDIUM, r"\b(?:doctor|doc|miss|nurse|professor|pastor|father|sister|judge|officer|coach|aunt|auntie|uncle|tia|tio|reverend|"
                      r"rabbi|imam|detective|counselor|attorney)\s+"),
    (Strength.MEDIUM, rf"\b(?:my|his|her|our|their|the|your|a)\s+(?:\p{{L}}+\s+)?(?:{_KIN}|{_CARER})(?:,\s*|\s*\(\s*|\s+(?:is\s+)?(?:called\s+|named\s+)?|'s\s+name\s+is\s+)"),
    (Strength.MEDIUM, rf"\b(?:{_KIN}|{_CARER})'?s?\s+(?:is\s+)?(?:called|named)\s+"),
    (Strength.MEDIUM, rf"\b(?:{_KIN}|{_CARER}|staff|pt)\s+(?=\p{{Lu}})"),
    (Strength.MEDIUM, r"\b(?:mom|mother|dad|father|parent|wife|husband)\s+(?:of|to)\s+"),
    (Strength.MEDIUM, r"\b(?:ask(?:ed|ing)?\s+(?:for|to\s+speak\s+(?:to|with))|speak(?:ing)?\s+(?:to|with)|spoke\s+(?:to|with)|talk(?:ed|ing)?\s+(?:to|with)|"
                      r"tell|told|attn|c/o|care\s+of|see(?:ing)?|saw|met(?:\s+with)?|appointment\s+with|appt\s+with|session\s+with|message\s+(?:for|to|from)|"
                      r"this\s+is|it'?s\s+me,?|me\s+and|dear|hi|hello|hey|bye|with|for|from|by|does|did|is|was|has)\s+(?=\p{Lu}\p{Ll})"),
    (Strength.MEDIUM, r"\b(?:ask\s+for|this\s+is|spoke\s+(?:to|with)|attn|attention|dear)\s+"),
    (Strength.WEAK, r"\b(?:i'?m|i\s+am|it'?s|its|hi|hello|hey|he'?s|she'?s)\s+"),
)  # fmt: skip
_CUE = tuple(
    (strength, regex.compile(pattern, regex.IGNORECASE if "Lu" not in pattern else 0))
    for strength, pattern in _CUES
)

_SIGN_OFF = regex.compile(
    r"(?:\b(?:thanks?(?:\s+(?:you|again|so\s+much|a\s+lot|in\s+advance))*|thx|ty|sincerely|(?:best|kind|warm)?\s*regards|best|cheers|"
    r"respectfully|yours(?:\s+(?:truly|sincerely))?|love|signed|xoxo|warmly|gratefully)\b[\s,.!-]*|(?:^|\s)(?:--?|~)\s*)"
    r"(?P<v>\p{L}[\p{L}'.-]*+(?:[ ]\p{L}[\p{L}'.-]*+){0,3}+)[\s.!]*(?:$|\n|(?=[ ,]*[\d(]))",
    regex.IGNORECASE,
)
_OPENS = regex.compile(
    r"^\W*(?P<v>\p{L}[\p{L}'.-]*+(?:[ ]\p{L}[\p{L}'.-]*+){0,3}?)[ ,]+(?:here|again|speaking|calling|writing)\b(?=\s*[,.!:-]|\s+(?:from|about|with|and|just|i|for)\b)",
    regex.IGNORECASE,
)
_LAST_FIRST = regex.compile(r"\b(?P<v>\p{Lu}[\p{L}'-]{1,30}+,[ ]?\p{Lu}[\p{L}'-]{0,30}+(?:[ ]\p{Lu}\b\.?)?)")
_LAST_FIRST_CUE = regex.compile(
    r"\b(?:patient|pt|client|name|member|subscriber|resident|re|pcp|provider|physician|attending|doctor|guarantor|spouse)\b[\s:#-]*$",
    regex.IGNORECASE,
)

_ENGLISH_ENDING = regex.compile(
    r".*(?:ing|ed|ly|tion|sion|ment|ness|ous|ive|ful|less|able|ible|ism|ist|ize|ise|ity|ical|ally|'ll|'ve|'re|'d|n't|ic|ish|ual|"
    r"ology|ologist|ician|iatric|ized)$"
)
_MEDICINE_ENDING = regex.compile(
    r".{2,}(?:pam|lam|olol|pril|sartan|statin|oxetine|triptan|prazole|cillin|mycin|cycline|idone|azine|apine|azole|mab|tinib|"
    r"afil|dronate|gliptin|glutide|formin|barbital|zepam|codone|phine|morphone|fentanil|oxacin|vir|setron|caine|parin|thyroxine|lone|sone)$"
)
EPONYM_AFTER = regex.compile(
    r"(?:'s?)?\s+(?:disease|syndrome|disorder|lymphoma|palsy|thyroiditis|phenomenon|scale|inventory|test|criteria|method|therapy|"
    r"technique|hospital|clinic|center|centre|school|university|college|street|st|road|avenue|ave|rd)\b",
    regex.IGNORECASE,
)
AFTER_NAME = regex.compile(
    r"\s*(?:[.,;!?)/&]|$|\n|(?:and|is|was|has|had|who|wants?|will|would|can|could|said|says|keeps?|got|lost|needs?|goes|went|comes|came|found|"
    r"does|did|didn'?t|doesn'?t|won'?t|calling|speaking|here|again|from|at|in|on|about|to|told|took|gave|died|or|n|n'|my|your|when|because|if|about|wont|dont|about)\b)",
    regex.IGNORECASE,
)
# After "Patient:" a name ends the line or goes on with a capital; "Patient: Really? Yes" is talk.
LABEL_ENDS = regex.compile(
    r"[\"'*\])]*\s*(?:$|\n|[,<(]|\p{Lu}[\p{L}.'-]*+\s*(?:$|\n|[,<(]|\p{L}+:|\d)|(?:dob|mrn|age)\b|\d)"
)
_PARTICLES = frozenset(
    [
        "de",
        "la",
        "las",
        "los",
        "del",
        "da",
        "dos",
        "di",
        "du",
        "van",
        "von",
        "der",
        "den",
        "al",
        "el",
        "bin",
        "ibn",
        "abu",
        "st",
        "mc",
        "mac",
        "o",
        "le",
        "ter",
    ]
)
VERB_ENDING = regex.compile(r".*[^suiaoy]s$")  # "my husband snores"
_ADJECTIVE_ENDING = regex.compile(r".*(?:al|ant|ent|oid|ese|ard|some|ior|ate|ure|y)$")
_AFTER_WEAK = regex.compile(
    r"\s*(?:,|(?:here|calling|speaking|writing)\b|\(|(?:and|from)\s+(?:i|my)\b)", regex.IGNORECASE
)
_MAX_WORDS = 4


def looks_english(lower: str) -> bool:
    """Tell whether a word ends like an English word or a medicine, not like a name."""
    return bool(_ENGLISH_ENDING.match(lower) or _MEDICINE_ENDING.match(lower))


def _is_double(word: Word) -> bool:
    """Tell whether a word is two capitalised ones with a hyphen, none of them common: "Okonjo-Reyes"."""
    parts = word.text.split("-")
    return len(parts) == 2 and all(
        len(one) > 2 and one.istitle() and not is_common(one.lower()) for one in parts
    )


class NameRecognizer(SpanRecognizer):
    """People's names, found by cues and by a list of common given names and surnames."""

    def __init__(self) -> None:
        self._given = words("given_names")
        self._surnames = words("surnames")
        self._surname_words = words("surname_words")
        self._ambiguous = words("ambiguous_names")
        self._places = words("states") | words("cities")
        self._plain_surnames = self._surnames - self._surname_words - words("common_words")
        super().__init__("names", entities=["PERSON"])

    def find(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        """Yield names, each with the score of what gave it away."""
        found = split_words(text)
        if not found:
            return
        shouting = is_shouting(text)
        for start, end, score in (
            *self._known(text, found, shouting=shouting),
            *self._announced(text, found, shouting=shouting),
        ):
            yield "PERSON", start, end, score
        for start, end in self._framed(text, found):
            yield "PERSON", start, end, 0.7
        for start, end in in_syllables(text, found):
            yield "PERSON", start, end, 0.6
        for start, end in called_before_a_condition(text):
            yield "PERSON", start, end, 0.75

    def _known(self, text: str, found: list[Word], *, shouting: bool) -> Iterator[tuple[int, int, float]]:
        """Yield names from the lists, wherever they stand."""
        covered = 0
        for at, word in enumerate(found):
            if word.start < covered:
                continue
            following = found[at + 1] if at + 1 < len(found) else None
            adjoins = following is not None and text[word.end : following.start] in (" ", ". ")
            hyphenated = word.lower.partition("-")[0]
            known = word.lower in self._given or (hyphenated != word.lower and hyphenated in self._given)
            if known and len(word.text) <= 3 and word.text.isupper() and not shouting:
                known = False  # ADA, IAN: more often an abbreviation than a name
            if not known and word.lower in self._ambiguous and word.capital:
                known = (adjoins and following is not None and following.capital and self._continues(following, word, Strength.MEDIUM)
                         and not is_common(following.lower))  # fmt: skip
            if not known and word.lower in self._plain_surnames:
                known = word.capital or len(word.lower) > 4
            if not known and word.capital and not word.opens and adjoins and following is not None:
                known = following.capital and following.lower in self._surnames and not is_common(word.lower)
            if not known and adjoins and following is not None and not shouting:
                known = self._strange_pair(text, word, following)
            if known and not self._is_eponym(text, word):
                end = self._end(text, found, at, Strength.MEDIUM)
                covered = end
                yield word.start, end, 0.6

    def _strange_pair(self, text: str, word: Word, following: Word) -> bool:
        """Tell two strange words that go on like a name from a term; a double surname needs less to be one."""
        double = _is_double(following)
        if not (self._strange(word, before_double=double) and self._strange(following)):
            return False
        if AFTER_NAME.match(text, following.end):
            return True
        return double and not (EPONYM_AFTER.match(text, following.end) or _ADJECTIVE_ENDING.match(word.lower))

    def _strange(self, word: Word, *, before_double: bool = False) -> bool:
        """Tell whether a capitalised word is neither English, a place, an abbreviation nor a medicine.

        Before a double surname it may end like a medicine: Delphine is no morphine there.
        """
        lower = word.lower
        return (
            word.capital
            and len(lower) > 2
            and not word.text.isupper()
            and not is_common(lower)
            and lower not in self._places
            and not is_medical(lower)
            and not is_ordinary(lower)
            and lower not in words("eponym_heads")
            and not (_ENGLISH_ENDING.match(lower) if before_double else looks_english(lower))
        )

    def _announced(self, text: str, found: list[Word], *, shouting: bool) -> Iterator[tuple[int, int, float]]:
        """Yield names that follow a cue."""
        index = {word.start: at for at, word in enumerate(found)}
        for strength, cue in _CUE:
            for match in cue.finditer(text, timeout=seconds_left(1.0)):
                at = index.get(match.end())
                if at is None or not self._begins(text, found[at], strength, shouting=shouting):
                    continue
                yield found[at].start, self._end(text, found, at, strength), 0.5 + 0.05 * strength

    def _framed(self, text: str, found: list[Word]) -> Iterator[tuple[int, int]]:
        """Yield names by their place in a message: signed at its end, given at its start, "Last, First"."""
        by_start = {word.start: word for word in found}
        for pattern in (_SIGN_OFF, _OPENS):
            for match in pattern.finditer(text, timeout=seconds_left(1.0)):
                inside = [
                    word for start, word in by_start.items() if match.start("v") <= start < match.end("v")
                ]
                if inside and all(self._could_sign(word) for word in inside):
                    yield inside[0].start, match.end("v")
        for match in _LAST_FIRST.finditer(text, timeout=seconds_left(1.0)):
            if _LAST_FIRST_CUE.search(text, max(0, match.start() - 24), match.start()):
                inside = [word for word in found if match.start() <= word.start < match.end()]
                if not any(is_common(word.lower) and word.lower not in self._ambiguous for word in inside):
                    yield match.span()

    def _could_sign(self, word: Word) -> bool:
        if word.lower in self._given or (
            word.capital and (word.lower in self._ambiguous or word.lower in self._surnames)
        ):
            return True
        return not is_common(word.lower) and (word.capital or not looks_english(word.lower))

    def _begins(self, text: str, word: Word, strength: Strength, *, shouting: bool) -> bool:
        """Tell whether a name begins at `word`, given a cue of that strength before it."""
        lower = word.lower
        if lower in self._given or lower in self._plain_surnames:
            return not self._is_eponym(text, word)
        ambiguous = lower in self._ambiguous or lower in self._surname_words
        if strength == Strength.TITLE:
            eponym = lower in words("eponyms_alone")  # common English, but "dr parkinson" is somebody
            return (word.capital and not shouting) or ambiguous or eponym or not is_common(lower)
        if strength == Strength.LABEL and not (LABEL_ENDS.match(text, word.end) and not looks_english(lower)):
            return False
        if ambiguous:
            return word.capital or strength == Strength.STRONG
        if is_common(lower) or len(lower) < 2 or lower in self._places or self._is_eponym(text, word):
            return False
        if strength <= Strength.MEDIUM and (is_medical(lower) or is_ordinary(lower)):
            return False
        if strength == Strength.LABEL:
            return word.capital
        if len(lower) <= 3 and word.text.isupper() and not shouting:
            return False
        if strength == Strength.STRONG:
            return word.capital or not looks_english(lower)
        if looks_english(lower) or (word.text.isupper() and not shouting):
            return False
        if word.capital:
            return strength == Strength.MEDIUM or bool(AFTER_NAME.match(text, word.end))
        if VERB_ENDING.match(lower) or len(lower) < 4:
            return False
        if strength == Strength.WEAK:
            return not _ADJECTIVE_ENDING.match(lower) and bool(_AFTER_WEAK.match(text, word.end))
        return bool(AFTER_NAME.match(text, word.end))

    def _end(self, text: str, found: list[Word], at: int, strength: Strength) -> int:
        """Return where the name that begins with word `at` ends."""
        first, end = found[at], found[at].end
        for step in range(1, _MAX_WORDS):
            if at + step >= len(found):
                break
            word = found[at + step]
            gap = text[end : word.start]
            if gap not in (" ", "-", ". ", "  "):
                break
            if gap == ". " and len(found[at + step - 1].text) > 2:
                break
            if word.lower in _PARTICLES and at + step + 1 < len(found):
                after = found[at + step + 1]
                if (
                    text[word.end : after.start] == " "
                    and not is_common(after.lower)
                    and self._continues(after, first, strength)
                ):
                    end = word.end
                    continue
            if not self._continues(word, first, strength):
                break
            end = word.end
        return end

    def _continues(self, word: Word, first: Word, strength: Strength) -> bool:
        """Tell whether `word` goes on with a name that began with `first`."""
        lower = word.lower
        if first.capital and not word.capital:
            return False
        if lower in self._given or lower in self._plain_surnames:
            return True
        if first.capital:
            return (
                not is_common(lower)
                or lower in self._ambiguous
                or lower in self._surname_words
                or len(lower) == 1
            )
        if is_common(lower):
            return (
                lower in self._surname_words and strength >= Strength.STRONG and lower not in self._ambiguous
            )
        if lower in self._surname_words or lower in self._ambiguous:
            return not is_common(lower)
        return strength >= Strength.STRONG and len(lower) > 2 and not looks_english(lower)

    def _is_eponym(self, text: str, word: Word) -> bool:
        return bool(EPONYM_AFTER.match(text, word.end)) and word.lower not in self._given


def names() -> NameRecognizer:
    """Return the recognizer of names by rules."""
    return NameRecognizer()
