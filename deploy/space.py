"""Write the folder that is pushed to a Hugging Face Space: `make space SDK=docker|gradio`.

    python deploy/space.py --sdk docker [--out dist/space-docker]
    python deploy/space.py --sdk gradio [--out dist/space-gradio] [--torch-index URL]

The folder holds what serves, the releases under models/ among it, and nothing else: no data, cache, database,
test or git history. A Docker
Space builds the Dockerfile; a Gradio Space, the only kind that can have ZeroGPU, runs space_app.py.
Both end in `python -m app serve`. Pushing is left to you, see docs/deploy.md.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "retrieval", "safety", "weights")
COMMON = ("LICENSE", "NOTICE")
RELEASES = "models"
LOCK = "requirements-cpu.lock"
DOCKER = ("Dockerfile", ".dockerignore", LOCK, "requirements-gpu.lock")
ENTRY = "space_app.py"
# A Space is shown in a frame of the hub and reached by its proxy alone. space_app.py has the same two.
BEHIND_THE_HUB = {"CAREFOLD_FRAME_ANCESTORS": "https://huggingface.co", "CAREFOLD_PROXIES": "*"}
# What may lie beside the code and must not leave this machine.
PRIVATE = ("__pycache__", "*.py[cod]", "*.sqlite3*", "*.db", "*.log", ".*")
# The hub installs gradio with its extra "mcp", which wants an older pydantic than our pin. With the oldest
# of these the whole application was run; pydantic alone says which pydantic-core it needs.
LEAST_PYDANTIC = "2.12.5"
# ZeroGPU offers a few versions of Python only; this one is new enough for the pins.
PYTHON = "3.12.12"

HEADER = """\
---
title: Carefold
emoji: 🩺
colorFrom: blue
colorTo: green
{sdk}
license: apache-2.0
pinned: false
short_description: A private chat for a clinic, on its own approved answers
---
"""
README = """\

# Carefold

A private chat for a clinic: the answer is the clinic's own approved text, or a few checked sentences
written from it. It is an information tool, and not a human.

**Do not write anything here that is private.** A public Space is no HIPAA environment.

If you or someone else is in danger, call 911; in the US call or text 988 at any hour.

To run a copy of your own, set under Settings, Variables: `CAREFOLD_ALLOW_SAMPLE` = `1` for the invented
clinic of the sample, or `CAREFOLD_INDEX_DIR` and `CAREFOLD_CLINIC` for your own. Without one of the two
it does not start. The disk of a Space is lost at each restart. All of it: docs/deploy.md of the project.

If the page inside huggingface.co does not keep a conversation, your browser blocks cookies in frames:
open the Space at its direct address, `https://OWNER-NAME.hf.space`.
"""


def main() -> int:
    """Write the folder and say where it is."""
    parser = argparse.ArgumentParser(description="Write the folder to push to a Hugging Face Space.")
    parser.add_argument("--sdk", required=True, choices=("docker", "gradio"))
    parser.add_argument("--out", type=Path, help="default: dist/space-docker or dist/space-gradio")
    parser.add_argument("--torch-index", default="", help="gradio only: where torch comes from")
    given = parser.parse_args()
    out = given.out or ROOT / "dist" / f"space-{given.sdk}"
    if out.exists() and any(out.iterdir()) and not (out / "README.md").is_file():
        sys.stderr.write(f"error: {out} is there and is no folder of a Space. Name another with --out\n")
        return 2
    write(given.sdk, out, torch_index=given.torch_index)
    files = [file for file in out.rglob("*") if file.is_file() and ".git" not in file.parts]
    size = sum(file.stat().st_size for file in files) / 1e6
    sys.stdout.write(f"{out}: {len(files)} files, {size:.1f} MB. To push it: docs/deploy.md\n")
    releases = sorted(file.parent.name for file in (out / RELEASES).glob("*/*/manifest.json"))
    sys.stdout.write(f"Releases in it, for whoever can read the Space: {', '.join(releases) or 'none'}\n")
    return 0


def write(sdk: str, out: Path, *, torch_index: str = "") -> None:
    """Fill `out`; a `.git` that is there stays, so that a clone of the Space can be filled again."""
    readme = header(sdk) + README
    out.mkdir(parents=True, exist_ok=True)
    for old in out.iterdir():
        if old.name != ".git":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    # First, because it is what this script knows its own folder by.
    (out / "README.md").write_text(readme, "utf-8")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, out / package, ignore=shutil.ignore_patterns(*PRIVATE))
    if (ROOT / RELEASES).is_dir():
        shutil.copytree(ROOT / RELEASES, out / RELEASES, ignore=shutil.ignore_patterns(*PRIVATE))
    for name in (*COMMON, *(DOCKER if sdk == "docker" else ())):
        shutil.copyfile(ROOT / name, out / name)
    if sdk == "docker":
        said = " ".join(f"{name}={value}" for name, value in BEHIND_THE_HUB.items())
        with (out / "Dockerfile").open("a", encoding="utf-8") as dockerfile:
            dockerfile.write(f"\n# A Space's own: the hub's frame and proxy.\nENV {said}\n")
    else:
        shutil.copyfile(ROOT / "deploy" / ENTRY, out / ENTRY)
        (out / "requirements.txt").write_text(_requirements(torch_index), "utf-8")


def header(sdk: str) -> str:
    """Return the front matter that tells the hub how to run the Space."""
    lines = ["sdk: docker", "app_port: 7860"]
    if sdk == "gradio":
        lines = ["sdk: gradio", f"sdk_version: {_pin('gradio')}", f"python_version: {PYTHON}",
                 f"app_file: {ENTRY}"]  # fmt: skip
    return HEADER.format(sdk="\n".join(lines))


def _requirements(torch_index: str) -> str:
    """Return the direct pins with those of what they pull in: a Gradio Space reads this one file only.

    Without hashes: the hub installs packages of its own choice beside them.
    """
    direct = _lines("requirements-serve.txt")
    named = {_name(line) for line in direct}
    pulled_in = [line for line in _lines(LOCK) if _name(line) not in named]
    pins = [line for line in (*direct, *pulled_in) if _name(line) != "pydantic-core"]
    fitting = [
        f"pydantic>={LEAST_PYDANTIC},<={line.split('==')[1]}" if _name(line) == "pydantic" else line
        for line in pins
    ]
    index = [f"--extra-index-url {torch_index}"] if torch_index else []
    return "\n".join([*index, *fitting]) + "\n"


def _lines(file: str) -> list[str]:
    lines = (line.strip(" \\") for line in (ROOT / file).read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split("[<>= ;]", requirement)[0]).lower()


def _pin(package: str) -> str:
    for line in _lines("requirements-serve.txt"):
        if _name(line) == package:
            return line.split("==")[1]
    raise SystemExit(f"error: {package} is not pinned in requirements-serve.txt")


if __name__ == "__main__":
    raise SystemExit(main())
