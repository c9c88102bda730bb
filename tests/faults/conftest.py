"""A whole portal as `make run` starts it, with a Valkey and a PostgreSQL beside it that a test can take away and give back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import redis
from django.conf import settings

from portal.local import embedded
from tests import prepared
from tests.local.test_run import all_ended, everything_below, free_port, start, wait_for


@dataclass
class Server:
    """`valkey` or `postgresql`. Keeps its data on disk from one start to the next."""

    name: str
    data: Path
    stack: ExitStack = field(default_factory=ExitStack)
    starts: int = 0

    def start(self) -> None:
        self.stack.enter_context(embedded.servers(self.data, needed=(self.name,)))
        self.starts += 1

    def stop(self) -> None:
        self.stack.close()


@dataclass
class Loader:
    """A process with the portal's settings that calls functions of tests.faults.load. Its start takes two seconds."""

    environment: dict[str, str]
    starts: int
    """Of both servers, when it began: it has connections to these."""

    def __post_init__(self) -> None:
        code = "from tests.faults import load; load.serve()"
        command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", code]
        self.errors = Path(self.environment["HOME"]) / f"loader {time.monotonic_ns()}"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip

    def call(self, act: str) -> dict[str, str]:
        """What it printed, as `printed`, or its `error`."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(act + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()
        return json.loads(line)

    def end(self) -> None:
        self.process.communicate()


@dataclass
class Portal:
    """The running portal, seen from outside."""

    environment: dict[str, str]
    valkey: Server
    postgresql: Server
    process: subprocess.Popen[bytes]
    output: Path
    loader: Loader | None = None

    def load(self, act: str) -> str:
        """Call a function of tests.faults.load against this portal's database. Gives what it printed."""
        starts = self.valkey.starts + self.postgresql.starts
        if self.loader and self.loader.starts != starts:
            self.end_loader()
        self.loader = self.loader or Loader(self.environment, starts)
        answer = self.loader.call(act)
        assert "error" not in answer, answer["error"] + self.output.read_text()[-4000:]
        return answer["printed"]

    def end_loader(self) -> None:
        if self.loader:
            self.loader.end()
        self.loader = None

    def counts(self) -> dict[str, Any]:
        return json.loads(self.load("count()"))

    def health(self) -> dict[str, str]:
        return httpx.get(f"http://127.0.0.1:{self.environment['PORT']}/readyz", timeout=20).json()

    def empty_valkey(self) -> None:
        with redis.Redis.from_url(self.environment["REDIS_URL"]) as valkey:
            valkey.flushall()

    def sandbox(self, method: str, path: str, **body: Any) -> Any:
        url = f"http://127.0.0.1:{self.environment['SANDBOX_PORT']}/control/{path}"
        answer = httpx.request(method, url, json=body or None, timeout=20).raise_for_status()
        return answer.json() if answer.content else None


def wait_until(is_so: Callable[[], bool], *, seconds: float) -> bool:
    """Whether it became so in that time. For looks that cost a process each."""
    until = time.monotonic() + seconds
    while not (result := is_so()) and time.monotonic() < until:
        time.sleep(2)
    return result


@pytest.fixture
def portal(prepared_server: Path | None) -> Iterator[Portal]:
    """For a test that takes something away."""
    with running_portal(prepared_server) as made:
        yield made


@contextmanager
def running_portal(prepared_server: Path | None) -> Iterator[Portal]:
    with TemporaryDirectory(prefix="portal-faults-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o711)
        servers = [
            Server(name, embedded.data_folder(settings.BASE_DIR, given=f"{folder}/{name}"))
            for name in ("valkey", "postgresql")
        ]
        if prepared_server:
            prepared.place(prepared_server, servers[1].data)
        for server in servers:
            server.start()
            stack.callback(server.stop)
        valkey, postgresql = servers
        environment = {
            "PATH": os.environ["PATH"], "HOME": folder, "ENV_FILE": os.devnull, "PORTAL_MODE": "local",
            "DATA_DIR": f"{folder}/data", "STATIC_ROOT": f"{folder}/static", "HEARTBEAT_LIMIT": "10",
            "REDIS_URL": embedded.redis_url(valkey.data), "DATABASE_URL": embedded.database_url(postgresql.data),
            "DATABASE_OWNER_URL": embedded.database_url(postgresql.data, user=embedded.OWNER),
            "PORT": str(free_port()), "SANDBOX_PORT": str(free_port()),
        }  # fmt: skip
        output = Path(folder) / "output"
        with output.open("wb") as file:
            process = start(environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            wait_for(lambda: "Ctrl-C ends all of it" in output.read_text() or process.poll() is not None, seconds=180)
            assert process.poll() is None, output.read_text()
            made = Portal(environment, valkey, postgresql, process, output)
            stack.callback(made.end_loader)
            yield made
        finally:
            have_ended = all_ended(everything_below(process.pid))
            process.terminate()
            process.wait(60)
            wait_for(have_ended, seconds=90)
