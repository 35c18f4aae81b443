"""Which entity types each policy scrubs. Data only, so that naming a policy loads nothing."""

from __future__ import annotations

from typing import Literal, get_args

Policy = Literal["safe-harbor", "wide"]
POLICY_NAMES: tuple[str, ...] = get_args(Policy)

_SAFE_HARBOR = (
    "PERSON",
    "LOCATION",
    "STREET_ADDRESS",
    "ZIP_CODE",
    "DATE_TIME",
    "AGE",
    "PHONE_NUMBER",
    "FAX_NUMBER",
    "EMAIL_ADDRESS",
    "URL",
    "IP_ADDRESS",
    "US_SSN",
    "US_ITIN",
    "US_PASSPORT",
    "US_DRIVER_LICENSE",
    "US_BANK_NUMBER",
    "US_MBI",
    "US_NPI",
    "MEDICAL_LICENSE",
    "MEDICAL_RECORD_NUMBER",
    "MEMBER_ID",
    "ACCOUNT_NUMBER",
    "CREDIT_CARD",
    "IBAN_CODE",
    "CRYPTO",
    "LICENSE_PLATE",
    "VIN",
    "DEVICE_ID",
    "EMPLOYEE_ID",
    "ID_NUMBER",
)

POLICIES: dict[str, tuple[str, ...]] = {
    "safe-harbor": _SAFE_HARBOR,
    "wide": (*_SAFE_HARBOR, "USERNAME", "ORGANIZATION", "PARTIAL_NUMBER"),
}
