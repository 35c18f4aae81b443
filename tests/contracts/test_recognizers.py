"""Contract of the table RECOGNIZERS: what each finds, how fast, and that each is covered here."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from safety.analyzer import NameModelEngine
from safety.presidio import PatternRecognizer, RecognizerResult
from safety.recognizers import RECOGNIZERS
from safety.recognizers.rules import RuleRecognizer

Expected = tuple[str, list[tuple[str, str]]]

# For each recognizer: a text, and the (entity type, value) pairs that it alone finds in it.
TABLE: dict[str, list[Expected]] = {
    "names": [
        ("my name is jorah tindle and i am late", [("PERSON", "jorah tindle")]),
        ("thanks, Oona", [("PERSON", "Oona")]),
        ("i have crohn's disease", []),
    ],
    "model_names": [("plain words only", [])],
    "organisations": [
        ("i work at Quillfeather and hate it", [("ORGANIZATION", "Quillfeather")]),
        ("she attends brindlewood middle school", [("ORGANIZATION", "brindlewood middle school")]),
        ("she is in middle school", []),
    ],
    "streets": [
        ("i live at 12 thistle lane apt 4", [("STREET_ADDRESS", "12 thistle lane apt 4")]),
        ("PO Box 77 is mine", [("STREET_ADDRESS", "PO Box 77")]),
        ("i waited 20 minutes to drive", []),
    ],
    "torn": [
        ("pay GB82 WEST 1234\n5698 7654 32 please", [("IBAN_CODE", "GB82 WEST 1234\n5698 7654 32")]),
        ("pay GB82 WEST 1234 5698 7654 33 please", []),
        (
            "refund 1A1zP1eP5QGefi2DMPTfTL5SLmv\n7DivfNa today",
            [("CRYPTO", "1A1zP1eP5QGefi2DMPTfTL5SLmv\n7DivfNa")],
        ),
        ("refund 1A1zP1eP5QGefi2DMPTfTL5SLmv\n7DivfNb today", []),
    ],
    "postal_codes": [("my zip is 05999", [("ZIP_CODE", "05999")]), ("CPT 90837", [])],
    "towns": [
        ("we moved to quimbleton last year", [("LOCATION", "quimbleton")]),
        ("are you licensed in vermont", []),
        ("she lives in vermont, he is from peru", [("STATE", "vermont"), ("COUNTRY", "peru")]),
    ],
    "dates": [
        ("seen on 3/14/2024", [("DATE_TIME", "3/14/2024")]),
        ("born 4 may 1990", [("DATE_TIME", "4 may 1990")]),
        ("can i come in may, since 2015, pain 5/10", []),
        (
            "born christmas eve 1984, seen on the 14th",
            [("DATE_TIME", "christmas eve 1984"), ("DATE_TIME", "14th")],
        ),
        ("on the 14th floor, at christmas, by the 3rd day", []),
    ],
    "ages": [
        ("she is 94 years old", [("AGE_OVER_89", "94")]),
        ("grandma will be 95 in june", [("AGE_OVER_89", "95")]),
        ("i am 34 years old, 90 days sober", []),
        ("he'll be 95 minutes late, our bill will be 95", []),
    ],
    "emails": [
        ("write to o.tindle@intranet now", [("EMAIL_ADDRESS", "o.tindle@intranet")]),
        ("oona dot tindle at example dot org", [("EMAIL_ADDRESS", "oona dot tindle at example dot org")]),
        ("reach me at oona.tindle at gmail", [("EMAIL_ADDRESS", "oona.tindle at gmail")]),
        ("my email is oonatindle at yahoo", [("EMAIL_ADDRESS", "oonatindle at yahoo")]),
        ("people work at yahoo, i took 5 or 6. at live events", []),
    ],
    "links": [
        ("see www.example.org/me now", [("URL", "www.example.org/me")]),
        ("from 192.0.2.7", [("IP_ADDRESS", "192.0.2.7")]),
    ],
    "phones": [
        ("call (802) 555-0100", [("PHONE_NUMBER", "(802) 555-0100")]),
        ("fax 802 555 0101", [("FAX_NUMBER", "802 555 0101")]),
        (
            "call 802*555*0199 or 802 • 555 • 0198",
            [("PHONE_NUMBER", "802*555*0199"), ("PHONE_NUMBER", "802 • 555 • 0198")],
        ),
        ("3*10*12 of it", []),
        ("120/80 and 10 mg", []),
    ],
    "phones_by_region": [
        ("call (802) 223-4567", [("PHONE_NUMBER", "(802) 223-4567")]),
        ("only 3 digits 988", []),
    ],
    "usernames": [
        ("my username is mossy_oak", [("USERNAME", "mossy_oak")]),
        ("i am @mossyoak there", [("USERNAME", "@mossyoak")]),
        ("my login is not working", []),
    ],
    "identifiers": [
        ("mrn 0048291", [("MEDICAL_RECORD_NUMBER", "0048291")]),
        ("member id QXH-8829", [("MEMBER_ID", "QXH-8829")]),
        ("plate QKR 4471", [("LICENSE_PLATE", "QKR 4471")]),
        ("vin 1HGCM82633A004352", [("VIN", "1HGCM82633A004352")]),
    ],
    "partial_numbers": [
        ("last four of my social is 9081", [("PARTIAL_NUMBER", "9081")]),
        ("code QXH882910 here", [("ID_NUMBER", "QXH882910")]),
    ],
    "spelled_numbers": [
        ("at five five five oh one two three", [("PHONE_NUMBER", "five five five oh one two three")]),
        ("one or two of them", []),
    ],
    "us_ssn": [("ssn 219-09-9998", [("US_SSN", "219-09-9998")])],
    "us_bank": [("bank account 945456787654", [("US_BANK_NUMBER", "945456787654")])],
    "us_passport": [("passport A12803456", [("US_PASSPORT", "A12803456")])],
    "us_license": [("license H12234567", [("US_DRIVER_LICENSE", "H12234567")])],
    "us_itin": [("itin 911-70-1234", [("US_ITIN", "911-70-1234")])],
    "credit_card": [("4012888888881881", [("CREDIT_CARD", "4012888888881881")])],
    "medical_license": [("dea BB1388568", [("MEDICAL_LICENSE", "BB1388568")])],
    "ip_address": [("from 192.0.2.7", [("IP_ADDRESS", "192.0.2.7")])],
    "email_address": [("to oona@example.org", [("EMAIL_ADDRESS", "oona@example.org")])],
    "payloads": [
        (
            "<img src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=='>",
            [("BIOMETRIC", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==")],
        ),
        ("scan " + "aB3" * 40, [("BIOMETRIC", "aB3" * 40)]),
        ("voiceprint id VP-99821-X kept", [("BIOMETRIC", "VP-99821-X")]),
        ("key " + "0f" * 20, [("ID_NUMBER", "0f" * 20)]),
        ("a supercalifragilisticexpialidocious day.........................................", []),
    ],
    "certificates": [
        ("birth certificate number 112-93-004518", [("CERTIFICATE_NUMBER", "112-93-004518")]),
        ("her nursing license is RN 482913", [("CERTIFICATE_NUMBER", "RN 482913")]),
        ("A# 204-118-993", [("CERTIFICATE_NUMBER", "A# 204-118-993")]),
        ("a certificate in 2019, room 204", []),
    ],
    "devices": [
        ("udi (01)00884838000001(21)SN44A7 is mine", [("DEVICE_ID", "(01)00884838000001(21)SN44A7")]),
        ("my pump serial number MM7-482913", [("DEVICE_ID", "MM7-482913")]),
        ("sim 8901 2600 0000 0000 017", [("DEVICE_ID", "8901 2600 0000 0000 017")]),
        ("my dexcom g7 and model 3", []),
    ],
    "vehicles": [
        ("vin 1HGCM 82633 A004352 ok", [("VIN", "1HGCM 82633 A004352")]),
        ("vermont plate HGR 472", [("LICENSE_PLATE", "HGR 472")]),
        ("license plate MOSSYOK", [("LICENSE_PLATE", "MOSSYOK")]),
        ("i drive an F-150, two plates of food", []),
    ],
    "handles": [
        ("find me on bluesky as mossyoak", [("USERNAME", "mossyoak")]),
        ("i am mossy_oak on the playstation", [("USERNAME", "mossy_oak")]),
        ("we talked on facebook", []),
        ("it cost me a lot on paypal", []),
    ],
    "elders": [
        ("he was born in 1931", [("AGE_OVER_89", "1931")]),
        ("her 95th birthday", [("AGE_OVER_89", "95th")]),
        ("she was 20 in 1949", [("AGE_OVER_89", "1949")]),
        ("i was born in 1985, the law of 1931", []),
        ("class of 1999, turned 18 in 2015", []),
    ],
    "counties": [
        ("from Quimble County here", [("LOCATION", "Quimble County")]),
        ("i live in quimble county", [("LOCATION", "quimble county")]),
        ("every county has one, the county office", []),
    ],
    "coordinates": [
        ("at 44.4759, -73.2121 now", [("LOCATION", "44.4759, -73.2121")]),
        ("bp 120.5 and 98.6, ratio 1.25", []),
    ],
    "facilities": [
        ("i am at Brindlewood Nursing Home", [("LOCATION", "Brindlewood Nursing Home")]),
        ("i am at the hospital", []),
    ],
}

HOSTILE = (
    "a.",
    "a@",
    "a-",
    "1 ",
    "1-",
    "1",
    "a",
    "A",
    " ",
    "\n",
    "my name is ",
    "my ",
    "one ",
    "Aa ",
    "a at b dot ",
    "1 main ",
    "@a",
    "://",
    "(",
    "ssn ",
    "member id number is ",
    "last four of my ",
    "1/",
    "may ",
    "A1",
    "a:",
    "thanks ",
    "the school ",
    "x" * 63 + ".",
    "is is ",
)


def test_every_recognizer_has_a_row_of_examples() -> None:
    assert TABLE.keys() == RECOGNIZERS.keys()


@pytest.fixture(scope="module")
def engine() -> NameModelEngine:
    return NameModelEngine(None)


def _covers(other: RecognizerResult, one: RecognizerResult) -> bool:
    inside = other.start <= one.start and one.end <= other.end
    return inside and (other.end - other.start, other.score) > (one.end - one.start, one.score)


@pytest.mark.parametrize("name", RECOGNIZERS)
def test_a_recognizer_finds_what_its_examples_say(name: str, engine: NameModelEngine) -> None:
    recognizer = RECOGNIZERS[name]()
    for text, expected in TABLE[name]:
        results = recognizer.analyze(
            text, recognizer.get_supported_entities(), engine.process_text(text, "en")
        )
        longest = [one for one in results if not any(_covers(other, one) for other in results)]
        found = sorted({(one.entity_type, text[one.start : one.end]) for one in longest})
        assert found == sorted(set(expected)), text


@pytest.mark.parametrize("name", RECOGNIZERS)
def test_a_recognizer_reads_hostile_text_in_under_a_second(name: str, engine: NameModelEngine) -> None:
    recognizer = RECOGNIZERS[name]()
    artifacts = engine.process_text("short", "en")
    for unit in HOSTILE:
        text = (
            (unit * 10_000)[:4_000]
            if not isinstance(recognizer, RuleRecognizer)
            else (unit * 10_000)[:10_000]
        )
        began = time.process_time()
        recognizer.analyze(text, recognizer.get_supported_entities(), artifacts)
        assert time.process_time() - began < 1.0, repr(unit)


def test_presidio_patterns_are_bounded_and_never_skipped() -> None:
    from safety.errors import RecognizerFailed
    from safety.recognizers.presidio_rules import BoundedPattern

    for make in RECOGNIZERS.values():
        recognizer = make()
        if isinstance(recognizer, PatternRecognizer):
            assert all(isinstance(pattern.compiled_regex, BoundedPattern) for pattern in recognizer.patterns)
    slow = BoundedPattern("slow", pattern=r"(a|aa)+$", flags=0)
    with pytest.raises(RecognizerFailed, match="slow"):
        slow.finditer("a" * 60 + "b", timeout=0.05)


def test_word_lists_are_sorted_lower_case_and_without_repeats(repository: Path) -> None:
    for path in sorted((repository / "safety" / "recognizers" / "words").glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines == sorted(set(lines)), path.name
        assert all(line == line.lower().strip() and line for line in lines), path.name
