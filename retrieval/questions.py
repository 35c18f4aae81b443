"""Which questions a message asks: each with the sentences that lead up to it, at most three.

By form alone: question marks, asking clauses after "and" or "also", numbered lists. What only goes on with
the question before it ("is it free?", "or by phone?", "right?") stays with it, and so does what is said
before a question. In doubt a message is one question: a search for half of one finds the wrong entry.

Pure, English and Spanish. Must not look at entries: whether two questions have one answer is for a search.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 3

# Verbs that begin a question before its subject, and subjects that may follow them. "Have" and "do" stand
# in statements too ("I came in and had my blood drawn"): they ask only before a pronoun.
_PERSON = r"(?:i|you|u|ya|y'?all|we|they|he|she|anyone|anybody|someone|somebody|people|patients|there)"
_THING = rf"(?:{_PERSON}|it|this|that|these|those|the|a|an|any|my|your|ur|our|his|her|their|\[)"
_BEFORE_ALL = r"(?:can|could|will|would|should|may|is|isn'?t|are|aren'?t|does|doesn'?t)"
_BEFORE_PERSON = r"(?:do|don'?t|did|didn'?t|have|haven'?t|has|hasn'?t|am|was|were)"
_HELPING = rf"(?:{_BEFORE_ALL}|{_BEFORE_PERSON}|'?s|r|must|might|had)"
_WH = r"(?:what|where|when|why|who|whom|which|whose|how)"
_ENGLISH = (
    rf"{_BEFORE_ALL}\s+{_THING}(?!\w)|does(?:n'?t)?\s+\w|{_BEFORE_PERSON}\s+{_PERSON}\b"
    # "What time do", "how many days before do"; not "what you said is".
    rf"|{_WH}\s+(?:(?!{_PERSON}\b|(?:to|if|it|the|my|your)\b)[\w'’-]+\s+){{0,3}}?{_HELPING}\b"
    rf"|{_WH}(?:'?s|'re|s)\s|(?:what|how)\s+about\b|how\s+come\b"
    r"|(?:how\s+(?:much|many|long|far|often|soon|early|late)|what\s+(?:happens|counts|kinds?))\b"
    r"|who\s+(?:pays|sees|signs|gets|decides|knows|reads|writes|covers)\b"
)
_SPANISH = (
    r"¿|(?:(?:a|de|en|con|por|para|desde|hasta)\s+)?(?:qué|cómo|cuándo|dónde|cuál(?:es)?|quién(?:es)?|cuánt[oa]s?)\b"
    r"|(?:donde|cuant[oa]s?|cual(?:es)?)\s+(?:es|son|está|esta|puedo|cuesta|tarda|queda|hay|tengo|debo)\b"
    r"|(?:puedo|pueden|puede|podría|podria|tienen|hay|aceptan|hacen|debo|necesito|tengo\s+que)\b"
)
_ASKING = rf"(?:{_ENGLISH}|{_SPANISH})"
_VERB = (
    r"(?:ask|book|cancel|change|find|get|know|make|move|order|pay|pick|refill|renew|request|reschedule|schedule|"
    r"see|send|sign|talk|update)"
)
_REQUEST = (
    rf"(?:(?:i|we)(?:'?d|'?m)?\s+(?:(?:also|just|really|still)\s+)?(?:need|want|wanna|would\s+like|like|have)\s+to\s+"
    rf"|(?:i|we)(?:'?d|\s+would)?\s+(?:also\s+)?(?:need|want|like)\s+(?:an?|my|some)\b|(?:please|pls)\s+{_VERB}\b"
    rf"|(?:to\s+)?{_VERB}\s+\w|(?:quiero|quisiera|necesito)\s)"
)
_LATER = (
    r"(?:(?:(?:just\s+)?(?:another|one\s+(?:more|other|last)|a\s+(?:second|different|last)|(?:my\s+)?second|other|last)"
    r"\s+(?:question|thing|q)(?:\s+is|\s+i\s+(?:wanted|want|need)\s+to\s+(?:ask|know)(?:\s+is)?)?)"
    r"|otra\s+(?:cosa|pregunta)|separately|secondly|on\s+another\s+note|while\s+i(?:'?m|\s+am)\s+at\s+it)"
)
_ALSO = r"(?:also|as\s+well|plus|adem[aá]s|tambi[eé]n)"
_AND = r"(?:and|&|n|y|e|but|pero)"
_LEAD = (
    rf"(?:(?:{_AND}|{_ALSO}|{_LATER}|oh|ok|okay|so|then|well|hi|hello|hey|hola|please|pls|thanks|btw|"
    r"by\s+the\s+way)[\s,:;.!–—-]++)"
)

_BEGINS = re.compile(rf"^[\s\W]*{_LEAD}{{0,4}}{_ASKING}", re.IGNORECASE)
_AFTER_COMMA = re.compile(rf"[,;:–—]\s*{_LEAD}{{0,4}}{_ASKING}", re.IGNORECASE)
_INDIRECT = re.compile(
    r"\b(?:wonder(?:ing|ed)?|(?:like|want|wanted|need)\s+to\s+(?:know|ask|find\s+out)|(?:tell|let)\s+me(?:\s+know)?|"
    r"quiero\s+saber|quisiera\s+saber)\s+(?:about|if|whether|how|what|when|where|who|why|which|si|cómo|qué|cuándo|dónde)\b",
    re.IGNORECASE,
)
_ASKS_FOR = re.compile(rf"^[\s\W]*{_LEAD}{{0,4}}{_REQUEST}", re.IGNORECASE)
_MARK = re.compile(rf"^[\s\W]*(?:(?:{_AND}|oh|ok|okay|so)[\s,]+)*(?P<mark>{_ALSO}|{_LATER})\b", re.IGNORECASE)
_OTHER = re.compile(_LATER, re.IGNORECASE)
_ANOTHER = re.compile(rf"\b(?:{_ALSO}|{_LATER})\b", re.IGNORECASE)
_JOINT = re.compile(
    rf"(?:\s*[,;–—]\s*|\s+)(?:{_AND}\s+)?(?:{_ALSO}|{_LATER})[\s,:]+(?={_ASKING}|{_REQUEST}|whether\s)"
    rf"|(?:\s*[,;–—]\s*|\s+){_AND}\s+(?:then\s+|(?:for|in|at|on|with|to|by)\s+)?(?={_ASKING}|whether\s|{_WH}\s+to\s)"
    rf"|\s*[,;–—]\s*(?={_ASKING})",
    re.IGNORECASE,
)
_LEADING = re.compile(rf"^(?:[\s,;:.!–—-]|{_LEAD})+", re.IGNORECASE)
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|\?+|\n+|(?<=[^\s¿])\s*(?=¿)")
_NUMBER = re.compile(r"(?:(?<=\s)|^)\(?([1-9])[.)]\s+(?=\S)")
_BULLET = re.compile(rf"(?:^|\n)[ \t]*[-*•][ \t]+(?=\S)|\s[-•]\s+(?={_ASKING})", re.IGNORECASE)
_NO_END = re.compile(
    r"(?i:\b(?:dr|mr|mrs|ms|st|vs|approx|e\.g|i\.e)\.)|\b(?:[apAP]\.[mM]|[uU]\.[sS])\.(?=\s+[a-z])"
)
_QUOTED = re.compile(r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|«[^»\n]{1,300}»")
_ANNOUNCED = re.compile(r"\b(?:questions?|ask|know|things|preguntas|cosas)\b", re.IGNORECASE)

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_POINTING = re.compile(
    r"\b(?:it|its|it's|(?:that|this|those|these)(?!\s+(?:time|day|week|month|year|morning|night|spring|summer|fall|"
    r"winter)s?\b)|they|them|(?<!is )(?<!are )there|one|ones|he|she|him|her|"
    r"eso|esto|lo|la)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"^\W*(?:or|otherwise|if\s+(?:so|not|yes|no)\W+(?:why|how)\W*$|o)\b", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:where|when)\s+(?:are|r)\s+(?:you|u|y'?all)\b", re.IGNORECASE)
_FEW: Final = 2
_READABLE: Final = 60  # nobody's message has more sentences in 4,000 characters
# Words that say nothing of what a question is about, however it is put.
_EMPTY_WORDS: Final = """
    a about also am an and another any anybody anyone are around as ask asking at be been being but by can
    could did do does doing done for from get give go going good got had has have having he hello help her
    hey hi him his how i idea ideas if in into is it its just know let like long look many may maybe me
    might more most much must my need no not now of off often ok okay on one or other our please pls
    possible problem question questions r really right same say sense she should so some somebody someone
    soon suggest suggestions sure tell than thank thanks that the their them then there these they thing
    things think this those thx to too u ur us use very want was way we well were what whats when where
    which who why will with wondering would wrong yes you your advice allowed answer anything else explain
    normal matter mean means happen happens que qué como cómo cuando cuándo donde dónde cual cuál quien
    quién cuanto cuánto cuánta cuántos por para es son está esta puedo puede pueden el la los las un una
    de del al en y e o si sí no me mi mis su sus lo se hay también tambien además ademas otra cosa
    pregunta ayuda ayudar gracias hola favor tengo hacer
"""
_EMPTY: Final = frozenset(_EMPTY_WORDS.split())
_CONTRACTED = re.compile(r"(?:n['’]?t|['’](?:s|re|m|ve|ll|d))$")


@dataclass(frozen=True)
class Questions:
    """The questions of a message in order; the message itself when it is one. `more`: some were left out."""

    parts: tuple[str, ...] = field(repr=False)
    more: bool = False


@dataclass(frozen=True)
class _Piece:
    """A sentence or a clause of one, whether it asks, and whether a list numbers it."""

    text: str
    asks: bool
    listed: bool = False


def split_questions(text: str) -> Questions:
    """Return the questions that a message asks, at most three, each with what leads up to it.

    A part has the message's words in their order, without the "and also" in front of it.
    """
    found: list[str] = []
    waiting: list[_Piece] = []
    pieces = _pieces(text)
    for piece in pieces if len(pieces) <= _READABLE else ():
        place = _place(piece, waiting, begun=bool(found))
        if place == "wait":
            waiting.append(piece)
            continue
        leading = [one.text for one in waiting]
        waiting = [] if place != "after request" else waiting
        if place == "go on":
            found[-1] = " ".join((found[-1], *leading, piece.text))
        elif place == "after request":
            found += [" ".join(leading), piece.text]
            waiting = []
        else:
            found.append(" ".join((*leading, piece.text)))
    if len(found) < 2:
        return Questions((text,))
    found[-1] = " ".join((found[-1], *(one.text for one in waiting)))
    parts = tuple(_LEADING.sub("", part).strip() for part in found)
    return Questions(parts[:MOST], more=len(parts) > MOST)


def points_back(text: str) -> bool:
    """Say whether a question points to what was said before ("does it hurt", "is there one for them")."""
    return _POINTING.search(text) is not None


def _place(piece: _Piece, waiting: list[_Piece], *, begun: bool) -> str:
    """Say what to do with a piece: "wait" for a question, "go on" with the last, "begin" a new one.

    "after request" begins two: what waits asks for something without a question mark, and what comes says
    "also".
    """
    if not (piece.asks or piece.listed):
        return "wait"
    said = " ".join(one.text for one in waiting)
    own = _content(piece.text)
    other = _OTHER.search(said[-60:] + " " + piece.text[:60]) is not None
    if begun:
        # What was told since may be what is pointed to, unless that points back itself.
        told = len(_content(said)) >= _FEW and not points_back(said)
        leans = points_back(piece.text) and len(own) <= _FEW and not told
        if (leans and not other) or _GOES_ON.search(piece.text):
            return "go on"
    if not own:
        about = _content(said)
        if begun and (len(about) < _FEW or points_back(said)):
            return "go on"
        return "begin" if len(about) >= _FEW else "wait"
    marked = _MARK.search(piece.text) or (waiting and _MARK.search(waiting[-1].text) and _bare(waiting[-1]))
    if marked and not begun and any(_ASKS_FOR.search(one.text) for one in waiting):
        return "after request"
    return "begin"


def _bare(piece: _Piece) -> bool:
    return not _content(_LEADING.sub("", piece.text + " "))


def _content(text: str) -> set[str]:
    """Return the words that say what is asked; "where are you" asks for the place itself."""
    words = {word.replace("’", "'") for word in _WORD.findall(text.lower())}
    found = {word for word in words if word not in _EMPTY and _CONTRACTED.sub("", word) not in _EMPTY}
    found = {word for word in found if not word.isdigit()}
    return found or ({"where"} if _PLACE.search(text) else set())


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    hidden = _QUOTED.sub(_hide, _NO_END.sub(_hide, text))
    items = _items(hidden)
    announced = bool(items) and bool(_ANNOUNCED.search(hidden[: items[0][0]]))
    ends = [start for start, _ in items[1:]] + [len(text)]
    if items:
        pieces += _sentences(text[: items[0][0]], hidden[: items[0][0]])
        for (_, start), end in zip(items, ends, strict=True):
            inside = _sentences(text[start:end], hidden[start:end])
            asks = any(one.asks for one in inside)
            # The sentences of an item are one question, unless several of them ask.
            if sum(one.asks for one in inside) > 1:
                pieces += inside
            else:
                whole = " ".join(one.text for one in inside)
                pieces.append(_Piece(whole, asks, listed=announced or bool(_ASKS_FOR.search(whole))))
        return pieces
    return _sentences(text, hidden)


def _hide(match: re.Match[str]) -> str:
    return "x" * len(match.group())


def _items(hidden: str) -> list[tuple[int, int]]:
    """Return where each item of a list starts with its mark, and without; none when there is no list."""
    numbered = list(_NUMBER.finditer(hidden))
    if [int(mark[1]) for mark in numbered] != list(range(1, len(numbered) + 1)) or len(numbered) < 2:
        numbered = list(_BULLET.finditer(hidden))
    return [(mark.start(), mark.end()) for mark in numbered] if len(numbered) > 1 else []


def _sentences(text: str, hidden: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    start = 0
    for end in (*(match.end() for match in _END.finditer(hidden)), len(hidden)):
        whole = hidden[start:end]
        marked = "?" in whole
        cuts = _cuts(whole)
        begins, finishes = [0, *(begin for _, begin in cuts)], [*(finish for finish, _ in cuts), len(whole)]
        for begin, finish in zip(begins, finishes, strict=True):
            if clause := text[start + begin : start + finish].strip():
                pieces.append(_Piece(clause, marked or begin > 0 or _asks(whole[begin:finish])))
        start = end
    return pieces


def _cuts(sentence: str) -> list[tuple[int, int]]:
    """Return where a sentence's next question begins: the end of one and the start of the other."""
    joints = list(_JOINT.finditer(sentence))
    cuts: list[tuple[int, int]] = []
    begin = 0
    for at, joint in enumerate(joints):
        end = joints[at + 1].start() if at + 1 < len(joints) else len(sentence)
        before = sentence[begin : joint.start()]
        begun = _asks(before) or (_ANOTHER.search(joint.group()) and _ASKS_FOR.search(before))
        if begun and _content(sentence[joint.end() : end]):
            # "Also" stays with its question: it says that another one begins.
            cuts.append((joint.start(), joint.end() - len(joint.group().lstrip(" ,;–—"))))
            begin = joint.end()
    return cuts


def _asks(clause: str) -> bool:
    return bool(_BEGINS.search(clause) or _AFTER_COMMA.search(clause) or _INDIRECT.search(clause))
