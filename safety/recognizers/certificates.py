"""Numbers of certificates and licences that are no driver's and no doctor's: 45 CFR 164.514(b)(2)(i)(K).

Birth, marriage and death certificates, professional and pilot's licences, permits, registrations of
aliens, bar numbers. A number counts after the words that say what it is, or by the shape of an alien's
registration number. Must not: take the number of a form, a course or a room for one.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

from safety.recognizers.numbers import LINK, cued
from safety.recognizers.rules import Rule, RuleRecognizer

_PAPER = (
    r"(?:birth|death|marriage|divorce|adoption|baptism(?:al)?|naturali[sz]ation|citizenship|immuni[sz]ation|vaccination|"
    r"teach(?:ing|er'?s?)|professional|board|training)"
)
_TRADE = (
    r"(?:nurs(?:e|ing)|rn|lpn|lvn|np|cna|lcsw|lmft|lpc|lmhc|social\s+work(?:er)?|psychologist'?s?|therapist'?s?|counsel(?:or|ing)|"
    r"pharmac(?:y|ist'?s?)|dental|medical|physician'?s?|real\s+estate|contractor'?s?|electrician'?s?|plumber'?s?|pilot'?s?|"
    r"airman|captain'?s?|commercial|hunting|fishing|liquor|business|concealed\s+carry|gun|firearms?|boating|notary|state|"
    r"professional|teach(?:ing|er'?s?))"
)
_CERTIFICATES = (
    cued("certificate-number", "CERTIFICATE_NUMBER", rf"\b{_PAPER}\s+(?:certificates?|certs?|certifications?|records?)\b", 0.92),
    cued("certificate-plain", "CERTIFICATE_NUMBER", r"\b(?:certificates?|certification|cert|diploma)\s*(?:num(?:ber)?|nr|no|id|#)", 0.91),
    cued("trade-licence", "CERTIFICATE_NUMBER", rf"\b{_TRADE}\s+(?:li[cs]en[cs]es?|permits?|registrations?|certificates?|lic)\b", 0.92),
    cued("permit-number", "CERTIFICATE_NUMBER", r"\b(?:permit|visa|green\s?card|work\s+authori[sz]ation|uscis|alien(?:\s+registration)?|bar)"
         r"\s*(?:card\s*)?(?:num(?:ber)?|no|id|#)", 0.92),
    Rule("alien-number", "CERTIFICATE_NUMBER", r"(?<![\w-])A(?:-|[ ]?#[ ]?)?\d{3}-?\d{3}-?\d{2,3}(?![\w-])", 0.76),
    Rule("receipt-uscis", "CERTIFICATE_NUMBER", r"\b(?:EAC|WAC|LIN|SRC|NBC|MSC|IOE|YSC)[ -]?\d{10}\b", 0.86),
    Rule("licence-lettered", "CERTIFICATE_NUMBER",
         rf"\b(?:RN|LPN|LCSW|LMFT|LPC|LMHC|APRN|PA-C)\s*(?:li[cs]en[cs]e|lic\.?|#|no\.?)\s*{LINK}(?P<v>[A-Z]{{0,3}}[-.]?\d{{4,9}})\b", 0.92),
)  # fmt: skip


def certificates() -> RuleRecognizer:
    """Return the recognizer of certificate and licence numbers."""
    return RuleRecognizer("certificates", rules=_CERTIFICATES, trigger=r"\d{3}")
