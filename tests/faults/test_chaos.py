"""Customers are followed while everything goes wrong at once; afterwards the portal holds exactly what the sandbox holds.

Dialogs appear, change and vanish at random and reports are sent, while 5 % of all calls outside fail in every way the sandbox
knows, workers are killed and started again, Valkey is emptied and PostgreSQL is started anew. `SEED=7 CUSTOMERS=20000 MINUTES=10`
repeats a run, makes it larger and longer. A run prints what it did and how long the portal took to settle.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Portal, wait_until
from tests.faults.test_storm import BEATS, Storm, workers

SEED = int(os.environ.get("SEED", "1"))
CUSTOMERS = int(os.environ.get("CUSTOMERS", "200"))
MINUTES = float(os.environ.get("MINUTES", "0.4"))
PATIENCE = int(os.environ.get("PATIENCE", "600"))
"""Seconds until all is settled, at most."""
READY = int(os.environ.get("READY", "600"))
"""Seconds until all customers are here, at most."""
SHARE = 0.05
PACE = 1.0
"""Seconds from one round of changes to the next."""
CHANGES = max(12, CUSTOMERS // 1000)
"""Of each round."""
DUE = max(10, CUSTOMERS // 400)
"""Customers whose time has come, in each round."""
REPORTS = int(os.environ.get("REPORTS", str(min(CUSTOMERS // 10, 500))))
KILLS = max(3, round(MINUTES * 3))
MAIN_KILLS = 4
"""Of the worker's main process at most: `make run` gives up one that ends six times in a row within a minute each."""
WHOLE = 4
"""Processes of a worker that has started: it is killed then only, however long a start takes on a slow machine."""
ENDED = 5.0
"""Seconds after the last change until all that ends by itself has ended."""
pytestmark = pytest.mark.faults


@dataclass
class Chaos:
    """One run, and what it did."""

    portal: Portal
    storm: Storm
    chance: random.Random = field(default_factory=lambda: random.Random(f"chaos:{SEED}"))
    done: Counter[str] = field(default_factory=Counter)

    def rounds(self) -> None:
        number = max(10, round(MINUTES * 60 / PACE))
        once = {
            self.chance.randrange(2, number // 2): "empty",
            self.chance.randrange(number // 2, number - 2): "restart",
        }
        kills = set(self.chance.sample(range(1, number), k=min(KILLS, number // 2)))
        waiting = 0
        for turn in range(number):
            began = time.monotonic()
            self.change(turn)
            if turn in once:
                self.act(once[turn])
            waiting += turn in kills
            waiting -= self.kill() if waiting else 0
            self.report(turn, number)
            assert self.portal.process.poll() is None, (self.done, self.portal.output.read_text()[-3000:])
            time.sleep(max(0.0, PACE - (time.monotonic() - began)))
        if waiting == len(kills):
            assert wait_until(self.kill, seconds=BEATS), "no worker has started"

    def change(self, turn: int) -> None:
        made = self.portal.sandbox("POST", "bulk/changes", changes=CHANGES, seed=SEED * 100_000 + turn)
        self.done.update({f"{name} (dialogs)": number for name, number in made.items()})
        self.portal.load(f"chaos.come_due({DUE}, {turn})")

    def report(self, turn: int, rounds: int) -> None:
        """All of them in the first three quarters, a part in each round."""
        each = -(-REPORTS // max(1, rounds * 3 // 4))
        left = REPORTS - self.done["reports"]
        if left > 0:
            self.portal.load(f"chaos.report({min(each, left)}, {SEED * 100_000 + turn})")
            self.done["reports"] += min(each, left)

    def kill(self) -> bool:
        """One process of the worker dies at once. False: it has not started yet."""
        victims = workers(self.portal)
        if len(victims) < WHOLE:
            return False
        chosen = self.chance.choice(victims)
        is_main = parent_of(chosen) not in victims
        if is_main and self.done["kill main"] >= MAIN_KILLS:
            return True
        with suppress(ProcessLookupError):
            os.kill(chosen, signal.SIGKILL)
        self.done["kill main" if is_main else "kill"] += 1
        return True

    def act(self, name: str) -> None:
        getattr(self.storm, name)()
        self.done[name] += 1


def parent_of(pid: int) -> int:
    """0 when it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def progress(portal: Portal) -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads(portal.load("chaos.progress()"))
    return numbers


def take_in(portal: Portal) -> None:
    """Customers whose system users stand in Altinn. Those who are not read yet when it begins are read during the chaos."""
    portal.sandbox("PATCH", "settings", events_cache_seconds=0, events_time_scale=0.1)
    portal.load("prepare()")
    portal.load("order_letters()")
    portal.load(f"make_elsewhere({CUSTOMERS})")
    portal.load("take_over_all()")
    assert wait_until(lambda: progress(portal)["usable"] > CUSTOMERS, seconds=READY), progress(portal)
    assert wait_until(lambda: progress(portal)["rights"] >= min(CUSTOMERS, 2 * REPORTS), seconds=READY), progress(
        portal
    )


def settle(portal: Portal, done: Counter[str]) -> dict[str, Any]:
    """Wait until nothing differs; people do their part. Gives what still differs."""
    left: dict[str, Any] = {}

    def is_settled() -> bool:
        nonlocal left
        done.update(json.loads(portal.load("chaos.people()")))
        left = json.loads(portal.load("chaos.compare()"))
        return not left

    wait_until(is_settled, seconds=PATIENCE)
    return left


def test_after_the_chaos_the_portal_holds_exactly_what_the_sandbox_holds(portal: Portal) -> None:
    began = time.monotonic()
    take_in(portal)
    ready = time.monotonic()
    since, chaos = datetime.now(UTC), Chaos(portal, Storm(portal, []))
    portal.sandbox("POST", "faults", service="*", kind="any", share=SHARE, seconds=1.0, times=10**9)

    chaos.rounds()
    calls = portal.sandbox("GET", "calls?limit=10000")
    portal.sandbox("DELETE", "faults")
    ended = time.monotonic()
    time.sleep(ENDED)
    portal.load("chaos.a_week_passes()")
    left = settle(portal, chaos.done)

    settled = time.monotonic()
    hit = [call for call in calls if call["service"] != "control" and datetime.fromisoformat(call["at"]) > since]
    failed = sum((call["status"] or 599) >= 400 for call in hit)
    seconds = {"ready": ready - began, "chaos": ended - ready, "settled": settled - ended}
    numbers: dict[str, Any] = {
        "seed": SEED,
        "customers": CUSTOMERS,
        **{name: round(value) for name, value in seconds.items()},
    }
    numbers |= {"refused or unanswered of the last calls": f"{failed} of {len(hit)}", **chaos.done, **progress(portal)}
    print("\n" + json.dumps(numbers, indent=1))  # noqa: T201
    assert left == {}, (SEED, chaos.done)
    assert portal.process.poll() is None
    assert wait_until(lambda: portal.health()["status"] == "ready", seconds=BEATS), (SEED, portal.health())
