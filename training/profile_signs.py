"""What one text shows at a glance: markup, oddities, and small signs of who wrote it.

Every sign is a rule that one can read here; none is proof. Must not keep or return a text.
"""

from __future__ import annotations

import html
import re

from safety.recognizers.lexicon import is_shouting

MARKUP = {
    "html tags": re.compile(
        r"</?(?:p|br|div|span|a|b|i|u|em|strong|ul|ol|li|h[1-6]|table|tr|td|img)\b[^<>]{0,300}>",
        re.IGNORECASE,
    ),
    "html entities": re.compile(r"&(?:#\d{2,6}|#x[\da-f]{2,6}|[a-z]{2,8});", re.IGNORECASE),
    "links": re.compile(r"\bhttps?://\S|\bwww\.\w", re.IGNORECASE),
    "markdown": re.compile(
        r"\*\*[^*\n]{1,200}\*\*|^ {0,3}#{1,6} \S|^[ \t]*[-*+] \S|\[[^\]\n]{1,200}\]\(|^```", re.MULTILINE
    ),
}

SIGNS = {
    "lists or bold type": re.compile(
        r"\*\*[^*\n]{1,200}\*\*"
        r"|(?:^[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]+\S[^\n]*(?:\n+|\Z)){2}"
        r"|(?:^|\s)1[.)]\s[^\0]{1,600}?\s2[.)]\s[^\0]{1,600}?\s3[.)]\s",
        re.MULTILINE,
    ),
    "phrases of assistants": re.compile(
        r"\bas an ai\b|\b(?:ai|large) language model\b|\bi['’]?a?m (?:just )?an? (?:ai|assistant)\b"
        r"|\b(?:i['’]m|i am) (?:really |so |truly )?sorry (?:to hear )?that you['’]re (?:feeling|going)\b"
        r"|\bi (?:can['’]t|cannot) (?:provide|assist|help with|fulfil?l)\b|\bgreat question\b"
        r"|\bit(?:['’]s| is) (?:important|essential|crucial) to (?:note|remember|prioriti[sz]e)\b"
        r"|\bremember,? (?:it['’]s okay|you['’]re not alone|seeking help)\b"
        r"|\bfeel free to (?:ask|reach out|share)\b",
        re.IGNORECASE,
    ),
    "em dashes": re.compile(r"\w\s?—\s?\w"),
    "slips of the hand": re.compile(
        r"(?:^|[ ,(])i(?:'m|'ve|'ll)?(?= [a-z])|[a-z]{2}[.!?][A-Z][a-z]|[!?]{2}|\.{4}|[a-z] ,[a-z]"
        r"|\s[,!?](?:\s|$)"
        r"|\b(?:dont|cant|doesnt|didnt|wont|youre|thats|alot|im|ive|teh|recieve|seperate|definately)\b"
    ),
}

_LOOKED_AT = 500  # characters, for letters and capitals
_ENDS = (".", "!", "?", "…", "。", "؟", "।")
_CLOSERS = "\"'”’)]*_~» \t\n\xa0"
_HANGING = re.compile(
    r"(?:[,;:(\[-]|\b(?:and|or|but|the|a|an|of|to|in|on|at|for|with|from|by|that|which|is|are|was|your|my|their|as|if))$",
    re.I,
)
LEAST_QUESTION, LEAST_ANSWER = 3, 5  # words
QUESTION_REASONS = ("short_question", "question_not_letters", "question_in_capitals")


def words_in(text: str) -> int:
    """Count words: what whitespace parts."""
    return len(text.split())


def plain(text: str) -> str:
    """Return a text as two people would write it alike: case, space, entities and end marks put aside."""
    return " ".join(html.unescape(text).casefold().split()).rstrip(".!? ")


def odd_question(text: str) -> list[str]:
    """Return what is odd about an input: some of `QUESTION_REASONS`."""
    found = ["short_question"] if words_in(text) < LEAST_QUESTION else []
    return found + [f"question_{one}" for one in _odd_letters(text)]


def odd_answer(text: str, question: str) -> list[str]:
    """Return what is odd about an answer in prose.

    short_answer, answer_is_question, answer_not_letters, answer_in_capitals, cut_off (its last word or
    sign asks for more), no_end_mark (any other end without a mark of punctuation).
    """
    found = ["short_answer"] if words_in(text) < LEAST_ANSWER else []
    if len(text) < 2 * len(question) + 10 and plain(text) == plain(question):
        found.append("answer_is_question")
    found += [f"answer_{one}" for one in _odd_letters(text)]
    end = text.rstrip(_CLOSERS)
    if end and not end.endswith(_ENDS):
        found.append("cut_off" if _HANGING.search(end) else "no_end_mark")
    return found


def _odd_letters(text: str) -> list[str]:
    start = text[:_LOOKED_AT]
    letters = sum(map(str.isalpha, start))
    found = ["not_letters"] if letters < sum(map(len, start.split())) / 2 else []
    return found + (["in_capitals"] if is_shouting(start) else [])


def verdict(rows: int, shares: dict[str, float], *, variation: float, openings: float) -> str:
    """Say, with care, who wrote the answers: a count of signs, each of which has other causes too.

    `shares` are shares of answers that show a sign of `SIGNS`, `variation` is the lengths' standard
    deviation over their mean, `openings` the share that begins with one of the ten commonest three words.
    """
    if rows < 50:
        return "too few answers to tell"
    machine = 2 * (shares["phrases of assistants"] >= 0.05) + (shares["lists or bold type"] >= 0.25)
    machine += (shares["em dashes"] >= 0.2) + (variation < 0.45) + (openings >= 0.4)
    human = 2 * (shares["slips of the hand"] >= 0.15) + (variation >= 0.7)
    if machine >= 3 and human >= 2:
        return "perhaps people and a model"
    if machine >= 2 and human <= 1:
        return "probably a model"
    if human >= 2 and machine <= 1:
        return "probably people"
    return "cannot tell"
