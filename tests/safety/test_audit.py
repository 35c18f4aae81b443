"""The audit over what programs keep: databases, archives, adapters, mails, indexes, names of files."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import sqlite3
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from safety import audit_unpack
from safety.audit import audit
from safety.audit_canaries import Matcher
from safety.audit_findings import CANARY, Finding, Search
from safety.bulk_scrubber import ScrubberChoice, build_scrubber

SECRET = "canary-Qx71-zebra"
INSERT = 'INSERT INTO "tindle ""x""" VALUES (?, ?, ?)'
TEXT = f"my name is jorah tindle, {SECRET}"


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(
        find=build_scrubber(ScrubberChoice("safe-harbor")).find, matcher=Matcher(["not planted", SECRET])
    )


def run(path: Path, search: Search) -> dict[tuple[int, str], Finding]:
    found = list(audit(path, search))
    shown = "".join(one.model_dump_json() for one in found).lower()
    assert not [word for word in ("jorah", "tindle", "qx71", "zebra") if word in shown]
    return {(one.file, one.part): one for one in found}


def test_a_text_tells_types_and_bytes_and_a_clean_one_is_listed(tmp_path: Path, search: Search) -> None:
    (tmp_path / "a.txt").write_text("nothing here\n")
    (tmp_path / "b.txt").write_text(f"é {TEXT}", encoding="utf-8")
    found = run(tmp_path, search)
    assert found[1, ""].clean and found[1, ""].bytes == 13
    hit = found[2, ""]
    assert hit.found["PERSON"] == 1 and hit.offsets["PERSON"] == (14,)
    assert hit.offsets[CANARY] == (28,) and hit.canaries == (2,)


def test_scrubbed_text_is_clean(tmp_path: Path, search: Search) -> None:
    (tmp_path / "a.txt").write_text("my name is [PERSON_1], ssn [US_SSN_1]")
    assert all(one.clean for one in run(tmp_path, search).values())


def test_a_name_of_a_file_is_searched_and_withheld(tmp_path: Path, search: Search) -> None:
    (tmp_path / f"{SECRET} ssn 219-09-9998.txt").write_text("plain")
    found = run(tmp_path, search)
    assert found[1, "name"].canaries == (2,) and found[1, "name"].found["US_SSN"] == 1
    assert "219" not in found[1, "name"].name


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE plain (a INTEGER PRIMARY KEY, b TEXT)")
    database.execute('CREATE TABLE "tindle ""x""" (note TEXT, ssn TEXT, data BLOB)')
    database.execute("INSERT INTO plain VALUES (7, 'we talked')")
    database.commit()
    return database


@pytest.mark.slow
def test_rows_of_a_database_are_searched_with_its_log(tmp_path: Path, search: Search) -> None:
    database = _database(tmp_path / "store.sqlite3")
    database.execute("PRAGMA journal_mode=WAL")
    # So long that it lies in several pages, the canary across the border of two.
    for lead in range(4_000, 4_200, 8):
        database.execute(INSERT, ("z" * lead + SECRET, None, None))
    database.execute(INSERT, (TEXT, "219-09-9998", b"\0" + TEXT.encode()))
    database.commit()
    assert (tmp_path / "store.sqlite3-wal").stat().st_size
    found = run(tmp_path / "store.sqlite3", search)
    rows = found[1, "rows of table 2"]
    assert rows.canaries == (2,) and rows.found[CANARY] == 25 + 2
    assert rows.found["US_SSN"] == 1 and rows.offsets["US_SSN"] == (26,) and rows.found["PERSON"] >= 2
    assert (1, "rows of table 1") not in found
    assert found[2, ""].canaries == (2,)  # the log, as bytes
    database.close()


def test_a_deleted_row_is_found_in_the_bytes(tmp_path: Path, search: Search) -> None:
    database = _database(tmp_path / "store.sqlite3")
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("INSERT INTO plain VALUES (8, ?)", (TEXT,))
    database.commit()
    database.execute("DELETE FROM plain WHERE a = 8")
    database.commit()
    database.close()
    before = sorted(path.name for path in tmp_path.iterdir())
    found = run(tmp_path, search)
    assert found[1, ""].canaries == (2,) and (1, "rows of table 1") not in found
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_broken_database_is_unread(tmp_path: Path, search: Search) -> None:
    (tmp_path / "store.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5_000)
    assert any(one.unread for one in run(tmp_path, search).values())


def test_members_of_archives_are_searched_however_deep(tmp_path: Path, search: Search) -> None:
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(TEXT)
        archive.addfile(entry, io.BytesIO(TEXT.encode()))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("plain.txt", "nothing")
        packed.writestr("inner.tar.gz", inner.getvalue())
        packed.writestr("ssn 219-09-9998.txt", "nothing")
    (tmp_path / "b.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "c.xz").write_bytes(lzma.compress(TEXT.encode()))
    (tmp_path / "d.bz2").write_bytes(bz2.compress(TEXT.encode()))
    found = run(tmp_path, search)
    assert found[1, "member 2/member 1/member 1"].canaries == (2,)
    assert found[1, "name of member 3"].found == {"US_SSN": 1}
    assert (1, "member 1") not in found
    assert all(found[number, "member 1"].found["PERSON"] == 1 for number in (2, 3, 4))


def test_what_cannot_be_unpacked_is_told_of(
    tmp_path: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(TEXT.encode() * 100)[:-30])
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7 ...")
    (tmp_path / "d.txt").symlink_to("/nonexistent")
    found = run(tmp_path, search)
    assert {number for (number, _), one in found.items() if one.unread} == {1, 2, 3, 4}
    monkeypatch.setattr(audit_unpack.Budget, "__init__", lambda self: setattr(self, "left", 10))
    (tmp_path / "e.gz").write_bytes(gzip.compress(b"0" * 1_000))
    assert run(tmp_path / "e.gz", search)[1, "member 1"].unread.startswith("unpacks to more than")


def test_an_adapter_is_searched_in_its_header_and_its_bytes(tmp_path: Path, search: Search) -> None:
    header = json.dumps({"__metadata__": {"note": "my name is jorah tindle"}}).encode()
    numbers = np.random.default_rng(0).standard_normal(50_000).astype("float32").tobytes()
    content = struct.pack("<Q", len(header)) + header + numbers + SECRET.encode() + numbers
    (tmp_path / "adapter_model.safetensors").write_bytes(content)
    found = run(tmp_path, search)[1, ""]
    assert found.found == {CANARY: 1, "PERSON": 1} and found.kind == "tensors"


def test_an_index_folder_of_numbers_and_entries_is_searched(tmp_path: Path, search: Search) -> None:
    numbers = np.random.default_rng(0).standard_normal((2_000, 32)).astype("float32").tobytes()
    (tmp_path / "index.faiss").write_bytes(b"IxFI\0\0\0\0" + numbers + b"\0")
    (tmp_path / "entries.jsonl").write_text(json.dumps({"id": 1, "text": f"{TEXT} ü"}))
    found = run(tmp_path, search)
    assert found[1, ""].canaries == (2,) and found[1, ""].found["PERSON"] == 1
    assert not found[2, ""].canaries


def test_a_mail_is_searched_in_its_head_and_its_packed_parts(tmp_path: Path, search: Search) -> None:
    body = base64.encodebytes(("plain words " * 6 + TEXT).encode()).decode()
    (tmp_path / "a.eml").write_text(
        "Subject: ssn 219-09-9998\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + body
    )
    found = run(tmp_path, search)
    assert found[1, "member 1"].found["US_SSN"] == 1
    assert found[1, "member 2"].canaries == (2,) and found[1, "member 2"].found["PERSON"] == 1


def test_a_page_and_a_log_are_read_as_people_read_them(tmp_path: Path, search: Search) -> None:
    (tmp_path / "a.html").write_text("<p>my name is <b>jo</b>rah tin&#100;le</p>")
    (tmp_path / "b.log").write_text("GET /?q=my%20name%20is%20jorah%20tindle&x=1")
    (tmp_path / "c.json").write_text('{"a": "hi\\nmy name is jorah\\u0020tindle"}')
    found = run(tmp_path, search)
    assert [number for number in (1, 2, 3) if not found[number, ""].found.get("PERSON")] == []


def test_canaries_alone_need_no_scrubber(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    found = run(tmp_path, Search(matcher=Matcher([SECRET])))
    assert found[1, ""].found == {CANARY: 1}


def test_nothing_there_is_an_error(tmp_path: Path, search: Search) -> None:
    with pytest.raises(FileNotFoundError):
        list(audit(tmp_path / "missing", search))
