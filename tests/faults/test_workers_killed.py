"""Worker processes are killed at random moments while the remote fails in every way: each report is delivered once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.faults.conftest import Portal, counts_when_delivered
from tests.local.test_run import everything_below

EACH = 15
SERVICES = ("innrapportering-aksjonaerregisteroppgave", "innrapportering-boligsameie")
KILLS = int(os.environ.get("KILLS", "10"))
MAINS = (2, 6)
"""In these rounds the main process is killed. `make run` starts it again, and gives up after several times."""
FAULTS: list[dict[str, Any]] = [
    {"kind": "lost"}, {"kind": "lost"}, {"kind": "timeout", "seconds": 1.0}, {"kind": "reset"}, {"kind": "truncated"},
    {"status": 500}, {"status": 503}, {"status": 429, "retry_after": "2"},
]  # fmt: skip
pytestmark = pytest.mark.faults


def workers(*roots: int) -> list[int]:
    """The Celery worker processes below; of each root the main process first."""
    below = [pid for root in roots for pid in sorted(everything_below(root))]
    return [pid for pid in below if is_worker(command(pid))]


def is_worker(words: list[str]) -> bool:
    return {"celery", "worker"} <= set(words) and not any(word.endswith("keeper.py") for word in words)


def victim(portal: Portal, second: int, chance: random.Random, *, is_main: bool) -> int:
    """A main process, or one of those that it has forked and that do the work."""
    first, *others = workers(portal.process.pid) or [0]
    return first if is_main else chance.choice(others + [pid for pid in workers(second) if pid != second])


def command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:  # it has ended
        return []


@contextmanager
def second_worker(portal: Portal) -> Iterator[int]:
    words = ["-m", "celery", "--app", "portal", "--quiet", "worker", "--concurrency", "2", "--hostname", "second@%h"]
    with (Path(portal.environment["HOME"]) / "second").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=settings.BASE_DIR, env=portal.environment, stdout=output, stderr=output
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)


def test_killed_workers_lost_answers_and_repeated_messages_leave_one_delivery_each(portal: Portal) -> None:
    seed = int(os.environ.get("SEED", time.time_ns() % 10**6))
    chance = random.Random(seed)
    portal.load("prepare()")
    before = len(portal.sandbox("GET", "submissions"))
    for service in SERVICES:
        portal.load(f"queue_examples({EACH}, {service!r})")
    portal.sandbox("POST", "faults", service="skatteetaten", kind="slow", seconds=0.3, times=40, after=10)

    with second_worker(portal) as second:
        for number in range(KILLS):
            portal.sandbox("POST", "faults", service="skatteetaten", **chance.choice(FAULTS), after=chance.randrange(4))
            time.sleep(chance.uniform(0.3, 2.5))
            with suppress(ProcessLookupError, IndexError):  # it has ended, or none has been started yet
                if pid := victim(portal, second, chance, is_main=number in MAINS):
                    os.kill(pid, signal.SIGKILL)
            portal.load("wake(5)")
        portal.sandbox("DELETE", "faults")
        counts = counts_when_delivered(portal, 2 * EACH, seconds=600)  # leases run out, and the look is late

    received = portal.sandbox("GET", "submissions")
    assert counts["delivered"] == counts["transmissions"] == len(received) - before == 2 * EACH, (seed, counts)
    assert portal.load("same_as(" + repr([entry["id"] for entry in received]) + ")").strip() == "True", seed
