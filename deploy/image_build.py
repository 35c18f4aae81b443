"""Build the Dockerfile as it stands, without a Docker engine and without an image registry.

debootstrap makes a stand-in for the base image, buildah carries out the Dockerfile with chroot
isolation, everything inside one work folder. This machine's pip settings (mirror, certificates)
are lent to the build from outside and do not enter the image. Needs root on Linux.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = {"buildah": "buildah", "debootstrap": "debootstrap", "bwrap": "bubblewrap", "nsenter": "util-linux"}
BASE = "localhost/carefold-base"
IMAGE = "localhost/carefold"


class ImageTestFailed(Exception):
    """A step did not do what it should; the message says which and how it ended."""


@dataclass(frozen=True)
class ImageConfig:
    """What the image says about how it is started."""

    user: str
    folder: str
    environment: dict[str, str]
    entrypoint: list[str]
    command: list[str]
    health: list[str]
    volumes: list[str]


def require_tools() -> None:
    """Raise ImageTestFailed with the way out when a tool or the right to use it is missing."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        raise ImageTestFailed("this needs root on Linux: bind mounts and another user. Run it as root")
    missing = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    if missing:
        raise ImageTestFailed(f"tools are missing. Run: apt-get install {' '.join(missing)}")


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    sys.stdout.write(f"{name} ... ")
    sys.stdout.flush()
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        sys.stdout.write(f"failed after {time.monotonic() - begun:.1f} s\n")
        raise
    sys.stdout.write(f"{time.monotonic() - begun:.1f} s\n")
    sys.stdout.flush()


def pip_mounts(work: Path) -> dict[Path, Path]:
    """Return what a container needs to reach the package index that pip is set up for here.

    Keys are paths on this machine, values the places inside: one pip.conf with all settings, and
    the folders and certificates that it names.
    """
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    settings: dict[str, str] = {}
    # Files come after the environment in this list, but the environment is what counts.
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        settings[name.split(".", 1)[1]] = value.strip("'\"")
    conf = work / "pip.conf"
    conf.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    conf.chmod(0o644)
    mounts = {conf: Path("/etc/pip.conf")}
    for word in " ".join(settings.values()).split():
        # An index in a folder links to its files beside it.
        place = Path(word.removeprefix("file://")).parent if word.startswith("file://") else Path(word)
        if place.is_absolute() and place.exists():
            mounts[place] = place
    return mounts


class Builder:
    """buildah with a storage of its own in the work folder."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._log = work / "build.log"
        self._buildah = ["buildah", "--root", str(work / "storage"), "--runroot", str(work / "run")]

    def base(self, mirror: str) -> None:
        """Make an image of Debian bookworm with its Python 3.11: the stand-in for python:3.11-slim."""
        if BASE in self._output("images", "--format", "{{.Name}}").split():
            return
        folder = self._work / "base"
        self._run("debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates",
                  "bookworm", str(folder), mirror)  # fmt: skip
        container = self._output("from", "scratch").strip()
        self._run(*self._buildah, "add", "--quiet", container, str(folder), "/")
        self._run(*self._buildah, "commit", "--quiet", "--rm", container, BASE)
        shutil.rmtree(folder)

    def build(self, tag: str, mounts: dict[Path, Path], **arguments: str) -> None:
        """Carry out the Dockerfile; steps that an earlier build did are taken from there."""
        lent = [f"--volume={outside}:{inside}:ro" for outside, inside in mounts.items()]
        given = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        # The docker format, because the OCI one has no health check.
        self._run(*self._buildah, "build", "--isolation=chroot", "--format=docker", "--layers",
                  "--pull=never", f"--build-arg=BASE={BASE}", *given, *lent, f"--tag={IMAGE}:{tag}",
                  str(ROOT))  # fmt: skip

    def size(self, tag: str) -> str:
        """Return the image's size as buildah prints it."""
        return self._output("images", "--format", "{{.Size}}", f"{IMAGE}:{tag}").strip()

    def config(self, tag: str) -> ImageConfig:
        """Read how the image wants to be started."""
        said = json.loads(self._output("inspect", "--type=image", f"{IMAGE}:{tag}"))["Docker"]["config"]
        return ImageConfig(
            user=said["User"],
            folder=said["WorkingDir"],
            environment=dict(pair.split("=", 1) for pair in said["Env"]),
            entrypoint=said["Entrypoint"],
            command=said["Cmd"],
            health=said["Healthcheck"]["Test"][1:],
            volumes=sorted(said["Volumes"]),
        )

    def mount(self, tag: str) -> Path:
        """Return a folder with the image's files."""
        container = self._output("from", "--pull=never", f"{IMAGE}:{tag}").strip()
        return Path(self._output("mount", container).strip())

    def close(self) -> None:
        """Unmount and forget every container and image."""
        subprocess.run([*self._buildah, "umount", "--all"], capture_output=True, check=False)
        subprocess.run([*self._buildah, "rm", "--all"], capture_output=True, check=False)

    def _output(self, *arguments: str) -> str:
        done = subprocess.run([*self._buildah, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ImageTestFailed(f"buildah {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def _run(self, *command: str) -> None:
        with self._log.open("ab") as log:
            done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            last = self._log.read_text("utf-8", "replace").splitlines()[-15:]
            raise ImageTestFailed(
                f"{Path(command[0]).name} ended with {done.returncode}:\n" + "\n".join(last)
            )
