"""The image installs from locks with hashes, and the locks hold what the requirements demand."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements-cpu.lock", "requirements-gpu.lock")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})(?= |$)")
# What the image may be: see the Dockerfile's BASE and docs/deploy.md.
IMAGES = [
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": "",
     "platform_machine": machine, "python_version": python, "python_full_version": f"{python}.0",
     "implementation_name": "cpython", "platform_python_implementation": "CPython"}
    for machine in ("x86_64", "aarch64")
    for python in ("3.11", "3.12", "3.13", "3.14")
]  # fmt: skip


def entries(file: str) -> list[tuple[Requirement, list[str]]]:
    """Return each requirement of a file with its hashes."""
    text = re.sub(r"^#.*\n", "", (ROOT / file).read_text("utf-8"), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("-")]
    return [(Requirement(line.partition(" --hash")[0]), HASH.findall(line)) for line in lines]


def versions(file: str) -> dict[str, str]:
    """Return the versions that a file pins; torch without the label of its CPU build."""
    found: dict[str, str] = {}
    for requirement, _hashes in entries(file):
        (pin,) = requirement.specifier
        assert pin.operator == "==", requirement
        name = canonicalize_name(requirement.name)
        assert name not in found, f"{file} has {name} twice"
        found[name] = pin.version.removesuffix("+cpu")
    return found


@pytest.mark.parametrize("file", LOCKS)
def test_every_line_of_a_lock_has_a_hash(file: str) -> None:
    assert len(entries(file)) > 100
    assert [str(one) for one, hashes in entries(file) if not hashes] == []


@pytest.mark.parametrize("file", LOCKS)
def test_a_lock_has_every_requirement_at_the_version_demanded(file: str) -> None:
    locked = versions(file)
    demanded = versions("requirements-serve.txt")
    assert len(demanded) > 30
    assert {name: locked.get(name) for name in demanded} == demanded


@pytest.mark.parametrize("file", LOCKS)
def test_a_lock_has_the_versions_that_are_developed_and_tested_with(file: str) -> None:
    tested = versions("constraints.txt")
    assert {
        name: version for name, version in versions(file).items() if tested.get(name, version) != version
    } == {}


@pytest.mark.parametrize("file", LOCKS)
def test_a_lock_has_all_that_its_packages_pull_in(file: str) -> None:
    """As far as the packages are installed here: of torch that is one of its two builds."""
    locked = {canonicalize_name(one.name): one.marker for one, _hashes in entries(file)}
    missing = set()
    for name in locked:
        try:
            pulled_in = [Requirement(line) for line in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue  # another platform's, or the other build's
        for needed in pulled_in:
            for image in IMAGES:
                if name == "torch" and "cuda" in str(needed) + str(needed.marker):
                    continue
                if needed.marker is not None and not needed.marker.evaluate(image):
                    continue
                there = canonicalize_name(needed.name)
                if there not in locked or not _holds(locked[there], image):
                    missing.add(f"{there}, for {name}")
    assert {one for one in missing if not one.endswith("for torch")} == set()


def _holds(marker: Marker | None, image: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(image)


def test_the_cpu_lock_has_the_cpu_build_and_no_package_of_cuda() -> None:
    (torch,) = [one for one in entries(LOCKS[0]) if one[0].name == "torch"]
    assert str(torch[0]) == str(entries("requirements-torch-cpu.txt")[0][0])
    assert torch[1] == entries("requirements-torch-cpu.txt")[0][1]
    assert str(torch[0].specifier).endswith("+cpu")
    assert len(torch[1]) == len(IMAGES)
    assert [name for name in versions(LOCKS[0]) if re.match(r"nvidia|cuda|triton", name)] == []


def test_the_two_locks_differ_by_torch_and_what_its_cuda_build_needs_alone() -> None:
    cpu, gpu = ({str(one): hashes for one, hashes in entries(file)} for file in LOCKS)
    differing = {Requirement(one).name for one, hashes in gpu.items() if cpu.get(one) != hashes}
    assert {name for name in differing if not re.match(r"nvidia-|cuda-|triton$|torch$", name)} == set()
    assert {one for one in cpu if one not in gpu} == {"torch==" + versions(LOCKS[0])["torch"] + "+cpu"}


def installs() -> list[str]:
    """Return each call of pip in the Dockerfile that installs something."""
    return re.findall(r"pip3? install\b([^;&|\n]*)", DOCKERFILE)


def test_the_image_installs_the_lock_with_hashes_and_wheels_alone() -> None:
    locked, *more = installs()
    assert {"--require-hashes", "--only-binary=:all:"} <= set(locked.split())
    assert locked.split()[-2:] == ["-r", '"requirements-$ACCELERATOR.lock"']
    assert re.findall(r"^ARG ACCELERATOR=(\w+)$", DOCKERFILE, re.MULTILINE) == ["cpu"]
    assert set(re.findall(r"^COPY (requirements.*) \./$", DOCKERFILE, re.MULTILINE)[0].split()) == set(LOCKS)
    # The one other call is for what somebody asked for by name.
    assert [call.split()[-1] for call in more] == ["$EXTRAS"]
    assert 'if [ -n "$EXTRAS" ]' in DOCKERFILE


def test_nothing_else_is_fetched_into_the_image() -> None:
    runs = [line for line in DOCKERFILE.splitlines() if line.startswith("RUN ")]
    assert [
        line for line in runs if re.search(r"curl|wget|apt|git clone|conda|\buv\b|easy_install", line)
    ] == []
    assert not re.search(r"^ADD ", DOCKERFILE, re.MULTILINE)


def test_the_audit_reads_both_locks_and_does_not_take_silence_for_safety() -> None:
    calls = re.findall(r"pip-audit (.*)", MAKEFILE)
    assert [call.split()[-1] for call in calls] == list(LOCKS)
    assert all("--strict" in call.split() for call in calls)
