"""Machines of an operator: a portal with servers, settings and a data folder of its own, and the services outside that go on without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.local import embedded
from tests.faults.conftest import Loader
from tests.local.test_run import Run, wait_for


@dataclass
class Machine:
    """Its PostgreSQL and Valkey are in its data folder, and run while its portal or one of its commands does."""

    environment: dict[str, str]
    run: Run | None = None
    loader: Loader | None = None

    @property
    def data(self) -> Path:
        return Path(self.environment["DATA_DIR"])

    def manage(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """A command of `manage.py`, to its end."""
        command = [sys.executable, "manage.py", *map(str, words)]
        return subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True, check=False
        )

    def start(self, *words: str) -> None:
        self.run = Run(self.environment, *words)

    def load(self, act: str) -> Any:
        """Call a function of tests.faults.load beside the running portal. Gives what it printed as JSON; None for nothing."""
        self.loader = self.loader or Loader(self.environment, 0)
        answer = self.loader.call(act)
        assert "error" not in answer, answer["error"]
        return json.loads(answer["printed"] or "null")

    def end(self) -> None:
        """It loses its power."""
        if self.run and not self.run.has_ended:
            self.run.end()
        if self.loader:
            self.loader.end()
        self.loader = self.run = None


def machine(folder: Path, **variables: str) -> Machine:
    """A new one: nothing is stored on it."""
    folder.mkdir(mode=0o711)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "ENV_FILE": os.devnull, "PORTAL_MODE": "local", "HEARTBEAT_LIMIT": "10",
        "DATA_DIR": f"{folder}/data", "STATIC_ROOT": f"{folder}/static", **variables,
    }  # fmt: skip
    return Machine(environment)


def secrets_of(made: Machine) -> dict[str, str]:
    """What an operator keeps in another place than the backups."""
    kept = made.data / "secrets"
    return {name: (kept / name.lower()).read_text().strip() for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "AUDIT_KEYS")}


@contextmanager
def outside(state: Path, *, port: int) -> Iterator[None]:
    """The sandbox as a run had it, without that run."""
    command = [sys.executable, "-m", "portal.sandbox", "--port", str(port), "--state", str(state)]
    command += ["--know-everybody", "--loopback-http", "--feedback-delay", "10"]
    tied = embedded.tied_to_us(command, stop="SIGTERM", patience=10)
    with subprocess.Popen(tied, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "answers" in process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()


def until_built(made: Machine, *, seconds: float) -> None:
    """The demonstration is there."""
    note = made.data / "lived-in.json"
    wait_for(lambda: json.loads(note.read_text())["phase"] != "BUILDING", seconds=seconds)
    assert json.loads(note.read_text())["phase"] == "DONE"


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class Clock:
    """Seconds of each step, by its name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 1)
