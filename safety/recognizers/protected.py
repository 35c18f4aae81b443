"""What is never scrubbed: hotlines, doses, scores, times, durations, codes, prices.

Spans that recognizers find are cut around these. Hotline numbers here are only *recognised*;
the numbers that we show to people are in `safety/hotlines.yaml`.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

from collections.abc import Iterator

import regex

from safety.deadline import seconds_left

_UNIT = (
    r"(?:mg|mcg|µg|ug|grams?|g|kg|kgs|lbs?|pounds?|oz|ml|l|cc|iu|units?|meq|mmol|mmhg|bpm|percent|%|tablets?|tabs?|pills?|capsules?|caps|doses?|"
    r"puffs?|drops?|patch(?:es)?|times|years?|yrs?|months?|weeks?|wks?|days?|hours?|hrs?|minutes?|mins?|seconds?|"
    r"sessions?|visits?|dollars|bucks|cents|feet|ft|inches|cm|miles|degrees|points?|calories|cals?|am|pm|a\.m\.|p\.m\.)"
)

_BAND = r"[pq](?:ter|\d{1,2}(?:\.\d{1,3})?)"
_CHROMOSOME = r"(?:[1-9]|1\d|2[0-2]|[XY])"
_OF_A_CHROMOSOME = r"(?:micro)?(?:deletion|duplication|triplication|amplification|rearrangement)|monosomy|trisomy|tetrasomy|inversion|translocation"
_BANDS = rf"{_BAND}(?:-?{_BAND})?"
_GENE = r"[A-Z]{2,7}\d{1,3}(?:[A-Z]{1,3}\d{1,2}){0,2}[A-Z]{0,2}"
_OF_A_GENE = (
    r"(?:syndrome|disease|disorder|deficiency|epilepsy|deafness|amyloidosis|\p{L}{2,20}(?:pathy|pathies|trophy|plasia|osis|itis|emia|oma|taxia|"
    r"tonia|lysis|danlos))"
)
_AGED = r"(?!\s?-?\s?(?:y/?o|y\.o|years?|yrs?|m\b|f\b|male|female|man|woman|lady|lives|living|who)|[\w/%]|[.,-]\d)"

PATTERNS = (
    # hotlines
    r"(?<![\w-])(?<!\d[ .])(?:988|911|211|311|112|999|111)(?![\w]|[-.]\d|[ ]\d)",
    r"(?<!\d)741[- ]?741(?!\d)|(?<!\d)(?:838255|678[- ]?678)(?!\d)|(?<=\b(?:to|text)\s)85258(?!\d)",
    r"(?<!\d)(?:1[-. ]?)?\(?8(?:00|33|44|55|66|77|88)\)?[-. ]?(?:273[-. ]?(?:8255|talk)|662[-. ]?(?:4357|help)|799[-. ]?(?:7233|safe)|656[-. ]?(?:4673|hope)|"
    r"222[-. ]?1222|488[-. ]?7386|950[-. ]?(?:6264|nami)|852[-. ]?6262|931[-. ]?2237|422[-. ]?4453|375[-. ]?7767)(?!\d)",
    r"\b(?:988lifeline|findahelpline|crisistextline|samhsa|thehotline)\.\w+",
    # scores, scales, codes of tests and bills
    r"(?<![\w:-])(?:phq|gad|ace|c-?ssrs|moca|mmse|audit|dast|pcl|epds|mdq|asrs|ybocs|y-bocs|dsm|icd|b|omega|vitamin\s+[a-k])[- ]?(?:\d{1,2}|iv|v)(?![\w:]|-\d)",
    r"\b(?:icd|cpt|hcpcs|dsm)(?:[- ]?\d{1,2})?(?:\s+codes?)?\s+[A-Z]?\d{2,5}(?:\.\d{1,2})?\b|\b[A-TV-Z]\d{2}\.\d{1,2}\b",
    r"(?<!\b(?:on|since|until|by|before|after|dob|born|his|her)\s)(?<![\d/-])\d{1,2}\s?/\s?10\b(?![/-])",
    r"\b24\s?/\s?7(?:/365)?\b|\b50\s?/\s?50\b|\b20\s?/\s?20\b|\b[1-3]/[2-4]\b(?![/-]\d)",
    r"\b(?:1\d\d|2[0-4]\d|[89]\d)\s?/\s?\d{2,3}\b(?!/)",
    r"\bst\.?\s+john'?s?\s+wort\b",
    # a stretch of the spine, a sunscreen's factor, chromosomes
    r"(?<![\w-])[CTLS]\d{1,2}\s?[-/]\s?[CTLS]\d{1,2}(?![\w-])|\bspf\s?\d{2,3}\b|\b\d{1,2}[pq]\d{0,2}(?:\.\d{1,2})?\s+(?:deletion|duplication)\b",
    # bands and sets of chromosomes ("7q11.23", "2p15p16.1", "chromosome 15q13", "46,XX"), types in Roman numerals
    rf"(?<![\w.-]){_CHROMOSOME}(?:[pq]\d{{1,2}}\.\d{{1,3}}(?:-?{_BAND})?|{_BAND}-?[pq]\d{{1,2}}\.\d{{1,3}})(?![\w]|[.-]\d)",
    rf"\bchromosomes?\s+{_CHROMOSOME}(?:{_BANDS})?(?![\w]|[.-]\d)|(?<![\w.-]){_CHROMOSOME}{_BANDS}(?=\s+(?:{_OF_A_CHROMOSOME}|syndrome)\b)",
    r"(?<![\w.,-])4[4-9],\s?(?:X{1,5}Y{0,4})(?![\w]|-\d)",
    r"\b(?:type|class|stage|grade)\s+(?:X{0,2}(?:IX|IV|V?I{1,3}|V)|XX|X)[A-C]?(?![\w-])|\btype\s+\d{1,2}(?:[A-Z]\d?)?(?![\w-]|[ .]\d)",
    # genes with what comes of them, stores of gangliosides, conditions that are counted: a number after others may be an age
    rf"(?<![\w-])(?:{_GENE}|(?-i:[A-Z]{{2,7}}))-CDG(?![\w-])|(?<![\w-]){_GENE}-related(?=(?:[ -][\p{{L}}-]{{1,24}}){{0,4}}?[ -]{_OF_A_GENE}(?!\w))",
    r"\bGM[1-3](?=[ -]gangliosid)",
    rf"\b(?:(?:immunodeficiency|epileptic\s+encephalopathy|autosomal\s+(?:dominant|recessive)|x-linked)\s\d{{1,3}}|(?:retinitis\s+pigmentosa|"
    rf"spastic\s+paraplegia|spinocerebellar\s+ataxia|ciliary\s+dyskinesia(?:,\s+primary)?,?)\s[1-8]?\d){_AGED}",
    # insurers and services
    r"\b(?:premera\s+|anthem\s+|highmark\s+)?blue\s+(?:cross|shield)(?:\s+(?:and\s+)?blue\s+shield)?\b|\bcrisis\s+text\s+line\b|\bunited\s*health\s*care\b|\bkaiser(?:\s+permanente)?\b",
    # amounts: money, doses, durations, clock times, decades
    r"[$€£]\s?\d[\d,]*+(?:\.\d\d?)?(?!\d)",
    rf"(?<![\w-])(?<!\d[ ./])\d{{1,4}}(?:[.,]\d{{1,3}})?(?:\s?(?:-|to)\s?\d{{1,3}})?[ -]?{_UNIT}(?![\w'])(?![ -](?:old|of\s+age))",
    r"(?<![\w:-])(?:1?\d|2[0-3]):[0-5]\d(?:\s?[ap]\.?m\.?)?(?!:|\w)",
    r"\b(?:19|20)?\d0'?s\b",
    r"\b(?:401\s?\(?k\)?|403b|504(?=\s+(?:plans?|accommodations?|meetings?|forms?|coordinator))|(?<=\bsection\s)504|(?<=\b(?:a|an|on|the|under)\s)5150|5150(?=\s+(?:hold|order|evaluation|application))|42\s+cfr(?:\s+part\s+2)?|(?<=\b(?:a|my|the|form)\s)1099(?=\s+(?:form|from|for|misc|nec|contractor|worker|employee|job)|[-.?!,]|$)|1099(?=[\s-](?:form|misc|nec|contractor|worker|employee))|w-?[249]|12[- ]step)\b(?![-\d])",
)

_COMPILED = regex.compile("|".join(f"(?:{pattern})" for pattern in PATTERNS), regex.IGNORECASE)


def protected_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of normalised `text` that no recognizer may touch."""
    for match in _COMPILED.finditer(text, timeout=seconds_left(1.0)):
        yield match.span()
