"""Devices: serial numbers and unique device identifiers, 45 CFR 164.514(b)(2)(i)(M).

A unique device identifier (21 CFR 801.40) is known by its form: GS1 with application identifiers,
HIBCC with a plus sign, ICCBBA with an equals sign. A serial number needs words before it, a SIM card's
number its 89. Must not: take a model's name (G7, Model 3) for a serial number.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

from safety.recognizers.numbers import LINK, VALUE, cued
from safety.recognizers.rules import Rule, RuleRecognizer

_THING = (
    r"(?:insulin\s+|infusion\s+|feeding\s+|breast\s+)?(?:pumps?|pacemaker|defibrillator|icd|cpap|bipap|ventilator|implant|monitor|"
    r"sensor|transmitter|glucometer|meter|cgm|dexcom|omnipod|libre|wheelchair|scooter|prosthe(?:sis|tic)|stent|valve|lead|"
    r"hearing\s+aids?|nebuli[sz]er|oxygen\s+(?:tank|concentrator)|stimulator|shunt|lens|phone|tablet|laptop|watch|fitbit)"
)
_DEVICES = (
    Rule("udi-gs1", "DEVICE_ID", r"\(01\)\s?\d(?:\s?\d){13}(?:\s?\((?:10|11|17|21|240)\)\s?[A-Z0-9./-]{1,20}+(?:\s{1,3}[A-Z0-9./-]{1,20}+(?=\())?){0,5}+"
         # broken over a line in its last part; what goes on in small letters is the sentence
         r"(?:(?:[ \t]{0,2}\r?\n[ \t]{0,2}|[ \t]{2})(?-i:(?=[A-Z]{0,7}\d|[A-Z]{2}|[B-HJ-Z]\b)[A-Z0-9]{1,8})\b(?!'))?", 0.95),
    Rule("udi-gs1-plain", "DEVICE_ID", r"\b(?:udi|di)\b[\s:#-]{0,4}(?P<v>01\d{14}(?:(?:11|17)\d{6}|(?:10|21)[A-Z0-9]{1,20}){0,3})\b", 0.93),
    Rule("udi-hibcc", "DEVICE_ID", r"(?<![\w+])\+[A-Z]\d{3}[A-Z0-9]{3,18}+(?:/[A-Z0-9$+.-]{3,30}+)?", 0.9),
    Rule("udi-iccbba", "DEVICE_ID", r"(?<![\w=])=/?[A-Z0-9]{5}\d{2}[A-Z0-9]{6,12}+(?:=[,;>}A-Z0-9-]{5,20}+){0,3}+", 0.85),
    cued("thing-serial", "DEVICE_ID", rf"\b{_THING}(?:'s)?\s+(?:serial|s\.?n\.?|id|number|#)(?![a-z])", 0.92),
    Rule("serial-short", "DEVICE_ID", rf"\b(?:s/n|sn|serial\s+no|ser\.?\s+no|model\s*/\s*serial)\s*[:#=]{LINK}{VALUE}", 0.91),
    Rule("sim-card", "DEVICE_ID", r"(?<![\d-])89\d{2}(?:[ -]?\d){14,16}(?![\d-])", 0.84),
    Rule("imei-grouped", "DEVICE_ID", r"(?<![\d-])\d{2}-\d{6}-\d{6}-\d{1,2}(?![\d-])", 0.9),
)  # fmt: skip


def devices() -> RuleRecognizer:
    """Return the recognizer of device identifiers and serial numbers."""
    return RuleRecognizer("devices", rules=_DEVICES, trigger=r"\d{2}")
