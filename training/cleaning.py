"""Clean texts: markup, white space, glued sentences, sign-offs, adverts and what every answer repeats.

Nothing is reworded and no answer is cut for its length. A sentence with a crisis or emergency number
stays wherever it stands. Rows with labelled spans stay as they are: labels count characters.

Must not: see raw text, except through `plain`, which the scrubbing stage runs in memory first.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from unicodedata import normalize

import regex

from training.recipe import Clean
from training.rows import Example, SetAside

STAGE = "clean"
LEAST_ROWS = 5  # a sentence in fewer answers is no boilerplate, however small the corpus


@dataclass(frozen=True)
class Cleaned:
    """What was kept and set aside, and how often each kind of change was made."""

    kept: tuple[Example, ...]
    aside: tuple[SetAside, ...]
    changed: dict[str, int]


def clean(
    examples: Sequence[Example], settings: Clean, *, labels: bool = False, answers: bool = True
) -> Cleaned:
    """Strip markup and boilerplate from every row. With `labels` targets are labels and stay.

    Without `answers` the targets are notes or titles: what they repeat ("Denies chest pain.") is no
    boilerplate, so sentences stay.

    `changed` counts texts (markup, joined, spacing) and removed sentences (boilerplate, signoff, advert,
    disclaimer). A row that loses its answer or inputs is set aside: `empty_answer`, `empty_question`.
    """
    changed: Counter[str] = Counter()
    tidied = [plain(row, changed, labels=labels) if settings.markup else row for row in examples]
    answers = answers and not labels
    repeated = _repeated([row.target for row in tidied], settings.boilerplate_share) if answers else set()
    kept: list[Example] = []
    aside: list[SetAside] = []
    for before, row in zip(examples, tidied, strict=True):
        target = _without_boilerplate(row.target, repeated, changed) if answers else row.target
        if before.target.strip() and not target.strip():
            aside.append(SetAside(id=row.id, stage=STAGE, reason="empty_answer"))
        elif not any(text.strip() for text in row.inputs.values()):
            aside.append(SetAside(id=row.id, stage=STAGE, reason="empty_question"))
        else:
            kept.append(row.model_copy(update={"target": target}) if target != row.target else row)
    return Cleaned(tuple(kept), tuple(aside), dict(sorted(changed.items())))


def plain(example: Example, changed: Counter[str] | None = None, *, labels: bool = False) -> Example:
    """Return the row as plain text: no tags or entities, NFC, one space, sentences apart."""
    if example.spans:
        return example
    count = Counter[str]() if changed is None else changed
    return mapped(example, lambda text: _plain(text, count), labels=labels)


def mapped(example: Example, change: Callable[[str], str], *, labels: bool = False) -> Example:
    """Return the row with `change` applied to every text; with `labels` the target is none."""
    update = {
        "inputs": {key: change(text) for key, text in example.inputs.items()},
        "passages": tuple(change(text) for text in example.passages),
        "target": example.target if labels else change(example.target),
    }
    return example.model_copy(update=update)


def _plain(text: str, changed: Counter[str]) -> str:
    for kind, step in (("markup", _strip_markup), ("spacing", _even_spacing), ("joined", _part_sentences)):
        fresh = step(text)
        changed[kind] += fresh != text
        text = fresh
    return text


# Only these count as markup: "BP <b 140" or "<unsure>" is somebody's text.
_BLOCKS = (
    "address|article|aside|blockquote|br|caption|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|"
    "main|nav|ol|option|p|pre|section|table|tr|ul"
)
_INLINE = (
    "a|abbr|b|big|body|button|center|cite|code|col|colgroup|del|em|font|head|html|i|iframe|img|input|ins|label|"
    "li|link|mark|meta|q|s|script|select|small|span|strike|strong|style|sub|sup|tbody|td|textarea|tfoot|th|"
    "thead|title|tt|u|video"
)
_NAMED = rf"/?(?:{_BLOCKS}|{_INLINE})(?:\s[^<>]*)?/?>"
_BLOCK = regex.compile(_BLOCKS)
_TAG = regex.compile(f"<{_NAMED}", regex.IGNORECASE)
_OTHER_LESS = regex.compile(f"<(?!{_NAMED})", regex.IGNORECASE)
_COMMENT = regex.compile(r"<!--.*?-->", regex.DOTALL)
_ENTITY = regex.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});", regex.IGNORECASE)
_OTHER_AND = regex.compile(r"&(?!(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});)", regex.IGNORECASE)


def _strip_markup(text: str) -> str:
    # Entities come escaped twice ("&amp;nbsp;"), with tags inside them.
    for _round in range(3):
        if not (_TAG.search(text) or _ENTITY.search(text) or _COMMENT.search(text)):
            break
        parser = _TextOnly()
        parser.feed(_OTHER_AND.sub("&amp;", _OTHER_LESS.sub("&lt;", _COMMENT.sub("", text))))
        parser.close()
        text = parser.text()
    return text


class _TextOnly(HTMLParser):
    """Keeps what a reader would see; blocks begin on a new line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag == "li":
            self._pieces.append("\n- ")
        elif _BLOCK.fullmatch(tag):
            self._pieces.append("\n")
        elif tag in ("td", "th"):
            self._pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden = max(0, self._hidden - 1)
        elif _BLOCK.fullmatch(tag):
            self._pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._pieces.append(data)

    def text(self) -> str:
        """Return what was kept."""
        return html.unescape("".join(self._pieces))


_INVISIBLE = regex.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\p{Cc}--[\n\t]]", regex.V1)


def _even_spacing(text: str) -> str:
    text = normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n"))
    text = regex.sub(r"[^\S\n]+", " ", _INVISIBLE.sub("", text))
    text = regex.sub(r"\n{3,}", "\n\n", regex.sub(r" ?\n ?", "\n", text))
    return text.strip()


# Sentences that a removed tag or a lost line break glued: "hang out with.Others", "worthlessThe".
_GLUED_STOP = regex.compile(
    r"(?<=\p{Ll}{2}|\p{Ll}[)\"”’'])([.!?…]+[)\"”]?)(?=[\"“(¿¡]?\p{Lu}(?:[\p{Ll}'’]| ))"
)
_GLUED_PAREN = regex.compile(r"(?<=[\p{Ll}.!?:;][)\]])(?=\p{Lu}\p{Ll})")
_GLUED_COMMA = regex.compile(r"(?<=\p{Ll}{2})([,;])(?=\p{L}{2})")
_OPENERS = (
    "The|This|That|These|Those|There|They|Then|It|If|In|You|Your|We|He|She|When|What|Why|How|Who|Where|Is|Are|"
    "Do|Does|Did|Can|Could|As|At|And|But|So|Because|For|First|My|Also|Some|Most|Many|Maybe|Please|Once|While"
)
_GLUED_WORD = regex.compile(rf"(?<![\p{{L}}\d./@_-])(\p{{Ll}}{{3,}})(?=(?:{_OPENERS})\b)")
_ADDRESS = regex.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|\b[\w-]+\.(?:com|org|net|edu|gov|info|co)\b(?:/\S*)?"
)


def _part_sentences(text: str) -> str:
    pieces: list[str] = []
    last = 0
    for match in _ADDRESS.finditer(text):
        pieces += (_part(text[last : match.start()]), match.group())
        last = match.end()
    return "".join(pieces) + _part(text[last:])


def _part(text: str) -> str:
    text = _GLUED_PAREN.sub(" ", _GLUED_STOP.sub(r"\1 ", text))
    return _GLUED_WORD.sub(r"\1 ", _GLUED_COMMA.sub(r"\1 ", text))


_END = regex.compile(r"[.!?…]+[)\"”’']*(?:\s+|$)|\n\s*")
_ABBREVIATION = regex.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|Jr|Sr|vs|etc|e\.g|i\.e|\p{Lu})\.\s*$")
_HELPLINE = regex.compile(
    r"\b(?:988|911|741741|112|999|116 ?123|hot ?line|life ?line|crisis|emergency|suicid\w*|self-?harm)\b",
    regex.IGNORECASE,
)


def _sentences(text: str) -> Iterator[str]:
    """Cut a text into sentences and lines, each with the white space behind it; nothing is lost."""
    start = 0
    for end in _END.finditer(text):
        if not _ABBREVIATION.search(text, start, end.end()):
            yield text[start : end.end()]
            start = end.end()
    if start < len(text):
        yield text[start:]


def _key(sentence: str) -> str:
    """Return what makes two sentences the same: words; any address or number is like any other."""
    return " ".join(
        regex.findall(r"\p{L}+|\d", regex.sub(r"\d+", "0", _ADDRESS.sub("0", sentence.casefold())))
    )


def _repeated(targets: Sequence[str], share: float) -> set[str]:
    """Return the keys of sentences (3 words or more) in more than `share` of the different answers."""
    distinct = set(targets) - {""}
    rows = Counter(key for text in distinct for key in {_key(one) for one in _sentences(text)})
    least = max(LEAST_ROWS, share * len(distinct) + 1e-9)
    return {key for key, count in rows.items() if count >= least and len(key.split()) >= 3}


_CREDENTIAL = (
    r"(?:(?:Ph|Psy|Ed|M)\.? ?D|D\.?B\.?H|M\.?S\.?W|M\.? ?[AS]|M\.?Ed|J\.?D|R\.?N|NCC|CADC|LL?[A-Z]{1,5}"
    r"|[LC](?:\.?[A-Z]){2,4})"
)
_NAME = r"(?:(?:Dr|Mr|Mrs|Ms)\.? )?\p{Lu}[\p{L}'’.-]*(?: \p{Lu}[\p{L}'’.-]*){0,3}"
_MORE = r"(?: [\w' ]{1,40})?"
_CLOSINGS = (
    r"(?:warm(?:ly|est)?|best|kind(?:ly|est)?|regards|yours)(?: (?:regards|wishes|truly|sincerely))?",
    r"sincerely|respectfully|cheers|blessings|namaste|with (?:care|gratitude|warmth|love)",
    r"take (?:good )?care(?: of yourself)?|be (?:well|safe)",
    rf"(?:all the best|(?:best|good|much)(?: of)? luck|(?:best|warm|kind)(?:est)? (?:wishes|regards)){_MORE}",
    rf"(?:i )?wish(?:ing)? you (?:well|all the best|(?:the )?(?:very )?best|(?:good |much )?luck){_MORE}",
    rf"(?:i )?hope (?:some of )?(?:this|that|these|it)(?: \w+)?(?: is| was| has been)? ?help\w*{_MORE}",
    r"(?:i )?hope (?:this|that|it)(?: is| was| has been)? (?:useful|of (?:some )?(?:help|use))",
    rf"sending (?:you )?[\w ]{{0,30}}(?:luck|love|light|hugs){_MORE}",
)
_SIGN_OFF = regex.compile(
    rf"^[\s~*–—-]*(?:(?i:{'|'.join(_CLOSINGS)})[\s,.!:;~)–—-]*(?:{_NAME})?(?:,? ?{_CREDENTIAL}\.?)*[\s,.!~)]*"
    rf"|{_NAME}(?:, ?{_CREDENTIAL}\.?)+[\s,.]*|(?:{_CREDENTIAL}[\s,.]*)+)$"
)
_BARE_NAME = regex.compile(rf"^[\s~*–—-]*{_NAME}[\s.,]*$")
_ORPHAN = regex.compile(r"^\w*\s*$")
_OURS = (
    r"\b(?:my|our) (?:own )?(?:web ?site|web ?page|site|blog|page|profile|book|channel|podcast|newsletter)"
)
_OFFER = r"\b(?:schedule|book|set up) (?:an?|your) (?:free )?(?:\d+ ?-?minute )?(?:consultation|session)"
_ADVERT = regex.compile(
    rf"\b(?:visit|check out|see|go to|look at|read|follow|subscribe to)\b.{{0,20}}{_OURS}\b"
    r"|\bfollow (?:me|us) on\b|^\W*(?:https?://\S+|www\.\S+)\W*$"
    r"|\b(?:call|contact|reach|e-?mail|text|message) (?:me|us|my office|our office)(?: directly)? (?:at|on)\b"
    rf"|{_OFFER} (?:with me|with us|on my|through my|at my|at https?:)",
    regex.IGNORECASE,
)
_DISCLAIMER = regex.compile(
    r"\b(?:this|the above|my|these|any) (?:answers?|responses?|information|repl(?:y|ies)|posts?|advice)\b"
    r".{0,60}\b(?:not .{0,30}(?:substitute|replace\w*|constitute)|(?:informational|educational) purposes)"
    r"|\b(?:not|n't) (?:constitute|establish|create|imply) .{0,40}relationship\b"
    r"|\bis not (?:intended )?(?:as |to be )?a (?:substitute|replacement) for (?:professional|medical|mental)"
    r"|\bfor (?:general )?(?:informational|educational) (?:and \w+ )?purposes only\b",
    regex.IGNORECASE,
)


def _without_boilerplate(text: str, repeated: set[str], changed: Counter[str]) -> str:
    """Drop adverts, disclaimers and repeated sentences anywhere, sign-offs at the end."""
    kept: list[str] = []
    for sentence in _sentences(text):
        kind = _kind(sentence, repeated)
        changed[kind] += bool(kind)
        if not kind:
            kept.append(sentence)
    whole = len(kept)
    while kept:
        signed = bool(_SIGN_OFF.match(kept[-1]))
        # A name alone is a signature only below a sign-off, a lone "I" only what is left of one.
        named = len(kept) > 1 and bool(_BARE_NAME.match(kept[-1]) and _SIGN_OFF.match(kept[-2]))
        orphan = len(kept) < whole and bool(_ORPHAN.match(kept[-1]))
        if _HELPLINE.search(kept[-1]) or not (signed or named or orphan):
            break
        changed["signoff"] += not orphan
        kept.pop()
    changed.pop("", None)
    return "".join(kept).strip()


def _kind(sentence: str, repeated: set[str]) -> str:
    if _HELPLINE.search(sentence):
        return ""
    if _ADVERT.search(sentence):
        return "advert"
    if _DISCLAIMER.search(sentence):
        return "disclaimer"
    return "boilerplate" if _key(sentence) in repeated else ""
