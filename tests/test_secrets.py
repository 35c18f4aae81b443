"""Nothing in the tree looks like a password or a key, but for what a person has looked at.

`.secrets.baseline` has those: alphabets, examples in documents, and made-up secrets of tests. Lines that only
name where a secret comes from are looked at too: the filter for them took nine tenths of the time. `make
secrets` looks anew and asks about each that is new.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parent.parent
BASELINE = json.loads((ROOT / ".secrets.baseline").read_text("utf-8"))
SETTINGS = {"plugins_used": BASELINE["plugins_used"], "filters_used": BASELINE["filters_used"]}


def found_in(root: Path, *names: str) -> SecretsCollection:
    found = SecretsCollection(root=str(root))
    with transient_settings(SETTINGS):
        found.scan_files(*names)
    return found


def test_every_finding_in_the_baseline_was_looked_at_and_is_no_secret() -> None:
    judged = {one.get("is_secret") for findings in BASELINE["results"].values() for one in findings}
    assert judged == {False}


@pytest.mark.slow
def test_no_file_has_a_secret_that_nobody_has_looked_at() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if not listed.stdout:
        pytest.skip("not a checkout: no list of its files")
    names = [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    known = {
        (name, one["type"], one["hashed_secret"])
        for name, findings in BASELINE["results"].items()
        for one in findings
    }
    found = found_in(ROOT, *names)
    new = [(name, one) for name, one in found if (name, one.type, one.secret_hash) not in known]
    assert [f"{name}, line {one.line_number}: {one.type}" for name, one in new] == []


@pytest.mark.parametrize(
    "line",
    [
        "pass" + "word = 'hunter-{}-2'",
        "url = 'https://me:{}@example.org'",
        "key = 'AKIA{}'",
    ],
)
def test_a_secret_is_found_with_these_settings(line: str, tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text(line.format("Q7RZ4TWX9PLM2KVB") + "\n", "utf-8")
    assert len(found_in(tmp_path, "new.py").json()) == 1
