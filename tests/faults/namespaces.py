"""Machines of a portal on several ones: each with a file system, a network and processes of its own, and a power switch.

They are namespaces of Linux: what one machine writes to its disk no other can read, and all its processes end at once. Where these are
not allowed (no root), a machine is a group of processes with a folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.conf import settings

from portal.local import embedded
from tests.local.test_run import everything_below, free_port

NETWORK = f"198.18.{os.getpid() % 60 * 4}"
"""The first three numbers of the addresses; the third is a little higher for each machine. The range is for tests of networks."""
PATIENCE = 120
UNSHARE = ["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount", "--mount-proc", "--uts", "--net"]
BOOT = """
set -e
hostname "$NAME"
mount -t tmpfs -o size=2g none "$DISK"
mkdir "$DISK/data" "$DISK/tmp"
ip link set lo up
until ip -4 addr show scope global | grep -q inet; do sleep 0.05; done
while read -r line; do eval "$line" & done
wait
"""
"""The first process of a machine. It starts what comes on its standard input, a command a line."""


@cache
def are_possible() -> bool:
    command = [*UNSHARE, "ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def network() -> Iterator[str]:
    """The address of the place where the servers are that all machines share."""
    if not are_possible():
        yield "127.0.0.1"
        return
    address = f"{NETWORK}.1"
    run("ip", "addr", "replace", f"{address}/32", "dev", "lo")
    try:
        yield address
    finally:
        run("ip", "addr", "del", f"{address}/32", "dev", "lo")


@dataclass
class Machine:
    """`environment`: of its processes, without what differs between machines. `folder`: for its disk and its logs, which we read."""

    name: str
    number: int
    environment: dict[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        first, second, third = NETWORK.split(".")
        return f"{first}.{second}.{int(third) + self.number}.2" if are_possible() else "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def boot(self) -> None:
        disk = self.folder / self.name
        disk.mkdir()
        environment = {
            **self.environment, "NAME": self.name, "DISK": str(disk), "DATA_DIR": f"{disk}/data", "TMPDIR": f"{disk}/tmp",
            "PORT": str(self.port),
        }  # fmt: skip
        command = [*UNSHARE, "sh", "-c", BOOT]
        if not are_possible():
            (disk / "data").mkdir()
            (disk / "tmp").mkdir()
            command = ["sh", "-c", BOOT[BOOT.index("while") :]]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                embedded.tied_to_us(command, stop="SIGKILL", patience=5), cwd=settings.BASE_DIR, env=environment,
                stdin=subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip
        if are_possible():
            self._connect()

    def _connect(self) -> None:
        here, there, prefix = (
            f"pt{os.getpid() % 100000}h{self.number}",
            f"pt{os.getpid() % 100000}m{self.number}",
            self.address[:-2],
        )
        run("ip", "link", "add", here, "type", "veth", "peer", "name", there)
        run("ip", "addr", "add", f"{prefix}.1/30", "dev", here)
        run("ip", "link", "set", here, "up")
        inside = ["nsenter", "--target", str(self._first()), "--net", "ip"]
        run("ip", "link", "set", there, "netns", str(self._first()))
        run(*inside, "link", "set", there, "up")
        run(*inside, "addr", "add", f"{self.address}/30", "dev", there)
        run(*inside, "route", "add", "default", "via", f"{prefix}.1")

    def _first(self) -> int:
        """The first process of the machine, by its number here, once it is in namespaces of its own."""
        assert self.process
        ours, until = os.stat("/proc/self/ns/net").st_ino, time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for pid in sorted(everything_below(self.process.pid)):
                with suppress(FileNotFoundError):
                    if (
                        os.stat(f"/proc/{pid}/ns/net").st_ino != ours
                        and "unshare" not in Path(f"/proc/{pid}/comm").read_text()
                    ):
                        return int(pid)
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def start(self, *words: str) -> None:
        """A process of Python on this machine."""
        assert self.process
        assert self.process.stdin
        line = " ".join(f"'{word}'" for word in (sys.executable, *words))
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def start_web(self) -> None:
        host = "0.0.0.0" if are_possible() else "127.0.0.1"
        words = (
            "--interface",
            "asginl",
            "--http",
            "1",
            "--host",
            host,
            "--port",
            str(self.port),
            "--no-ws",
            "--workers",
            "1",
        )
        self.start("-m", "granian", *words, "portal.asgi:application")

    def start_worker(self, *, processes: int = 2) -> None:
        words = ("--concurrency", str(processes), "--loglevel", "INFO", "--hostname", f"worker@{self.name}")
        self.start("-m", "celery", "--app", "portal", "--quiet", "worker", *words)

    def start_beat(self) -> None:
        self.start("-m", "celery", "--app", "portal", "--quiet", "beat", "--pidfile", "", "--loglevel", "WARNING")

    def power_off(self) -> None:
        """Every process at once, without notice; the disk is gone too."""
        if self.process is None:
            return
        self.process.terminate()  # the keeper kills all of it
        self.process.communicate()
        self.process = None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"


def run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stderr)
