"""Documents that the tests of the import make for themselves, and a reader that misbehaves."""

from __future__ import annotations

import os
import signal
import sys
import time
import zlib
from pathlib import Path

from retrieval.intake.found import Found


def pdf(path: Path, *lines: str) -> Path:
    """Write a page; a line that begins with ~ is white."""
    shown = "".join(
        f"{'1 1 1' if line.startswith('~') else '0 0 0'} rg ({line.lstrip('~')}) Tj 0 -20 Td "
        for line in lines
    )
    return pdf_pages(path, f"BT /F1 12 Tf 50 750 Td {shown} ET")


def pdf_pages(path: Path, *contents: str, page: str = "", form: str = "", packed: bool = False) -> Path:
    """Write a page for each content stream. `page` are further keys of every page, `form` is drawn by `/X Do`.

    `/P Do` draws a picture of one black dot over the unit square, `/S cs` chooses a spot colour.
    """
    font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    spot = "[/Separation/Spot/DeviceGray<</FunctionType 2/Domain[0 1]/C0[1]/C1[0]/N 1>>]"
    resources = f"<</Font<</F1 3 0 R>>/XObject<</X 4 0 R/P 5 0 R>>/ColorSpace<</S {spot}>>>>"
    numbers = [6 + 2 * place for place in range(len(contents))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(contents)}>>".encode(),
        font.encode(),
        _stream(form.encode(), "/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>"),
        _stream(b"\0", "/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"),
    ]  # fmt: skip
    for number, content in zip(numbers, contents, strict=True):
        more = page if "MediaBox" in page else f"/MediaBox[0 0 612 792]{page}"
        described = f"<</Type/Page/Parent 2 0 R{more}/Contents {number + 1} 0 R/Resources{resources}>>"
        raw = content.encode()
        stream = _stream(zlib.compress(raw), "/Filter/FlateDecode") if packed else _stream(raw)
        objects += [described.encode(), stream]
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    size = len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    path.write_bytes(
        b"%sxref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (out, size, table, size, len(out))
    )
    return path


def _stream(content: bytes, keys: str = "") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), keys.encode(), content)


def read_by_name(path: Path) -> tuple[Found, ...]:
    """Read a file as its name says; stands for a converter that does so."""
    print("words of a file", file=sys.stderr)
    if path.stem == "sleeps":
        time.sleep(600)
    if path.stem == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if path.stem == "swells":
        bytearray(3_000_000_000)
    return (Found(path, 1, fields={"question": path.stem}),)
