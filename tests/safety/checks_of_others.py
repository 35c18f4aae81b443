"""Numbers with right check digits, made by the published rules and not by the code that is tested."""

from __future__ import annotations

import hashlib
import random
import string

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def iban(draw: random.Random) -> str:
    """Return an IBAN of one of four countries (ISO 13616)."""
    country, length = draw.choice((("FR", 27), ("DE", 22), ("MT", 31), ("NO", 15)))
    account = "".join(draw.choice(string.digits + string.ascii_uppercase) for _ in range(length - 4))
    rest = int("".join(str(int(one, 36)) for one in f"{account}{country}00")) % 97
    return f"{country}{98 - rest:02d}{account}"


def base58check(draw: random.Random) -> str:
    """Return a wallet's address in base58 with its check (version 5)."""
    raw = b"\x05" + draw.randbytes(20)
    number = int.from_bytes(raw + hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4], "big")
    signs = ""
    while number:
        number, rest = divmod(number, 58)
        signs = _BASE58[rest] + signs
    return signs


def bech32(draw: random.Random) -> str:
    """Return a wallet's address in bech32 (BIP 173), by the remainder of its polynomial."""
    values = [0, *(draw.randrange(32) for _ in range(32))]
    head = [*(ord(one) >> 5 for one in "bc"), 0, *(ord(one) & 31 for one in "bc")]
    rest = _remainder([*head, *values, *[0] * 6]) ^ 1
    check = [rest >> 5 * (5 - at) & 31 for at in range(6)]
    return "bc1" + "".join(_BECH32[one] for one in values + check)


def _remainder(values: list[int]) -> int:
    found = 1
    for value in values:
        top = found >> 25
        found = ((found & 0x1FFFFFF) << 5) ^ value
        for at, factor in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if (top >> at) & 1:
                found ^= factor
    return found
