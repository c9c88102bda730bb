"""Everything fails at random for a while, then nothing does: the portal and the sandbox hold the same, and nothing twice.

`SEED=7 ACTS=200 CUSTOMERS=20` repeats a storm, makes it longer and larger. Each kind of act is done at least once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Portal, Server, wait_until
from tests.local.test_run import everything_below

SEED = int(os.environ.get("SEED", "1"))
ACTS = int(os.environ.get("ACTS", "14"))
CUSTOMERS = int(os.environ.get("CUSTOMERS", "4"))
SERVICES = ("innrapportering-aksjonaerregisteroppgave", "innrapportering-boligsameie")
PATIENCE = int(os.environ.get("PATIENCE", "540"))
"""Seconds until all is settled: leases of dead workers run out after three minutes."""
BEATS = 120
"""Seconds until a worker that was killed is started again and its queues have been heard of."""
REMOTES = ("skatteetaten", "skatteetaten", "dialogporten", "maskinporten", "authentication", "events", "brreg")
REFUSALS: tuple[dict[str, Any], ...] = tuple(
    {"kind": "status", "status": status} for status in (401, 403, 408, 410, 425, 500, 502, 503, 504)
)
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "lost"}, {"kind": "lost"}, {"kind": "timeout", "seconds": 1.0}, {"kind": "reset"}, {"kind": "truncated"},
    {"kind": "slow", "seconds": 1.0}, {"kind": "status", "status": 429, "retry_after": "2"}, *REFUSALS,
)  # fmt: skip
SETTLED = {"ACCEPTED", "REJECTED"}
TOLD = {"FAILED", "UNCERTAIN", "NEEDS_PERSON"}
pytestmark = pytest.mark.faults


class Storm:
    """One run: its chances, and what it did, for the message of a failure."""

    def __init__(self, portal: Portal, customers: list[str]) -> None:
        self.portal, self.customers, self.chance = portal, customers, random.Random(SEED)
        self.acts: list[str] = []

    def plan(self) -> list[Callable[[], object]]:
        """What is done, in its order: everything at least once, and some things more often."""
        often, seldom = (
            [self.fault] * 6 + [self.kill] * 3 + [self.letter] * 2,
            [self.empty, self.away, self.restart, self.disk],
        )
        every: list[Callable[[], object]] = [self.fault, self.kill, self.letter, *seldom]
        acts = every + self.chance.choices([*often, *seldom], k=max(ACTS - len(every), 0))
        return self.chance.sample(acts, k=len(acts))

    def act(self, doing: Callable[[], object]) -> None:
        self.acts.append(f"{doing.__name__} {doing() or ''}")  # type: ignore[attr-defined]
        assert self.portal.process.poll() is None, (SEED, self.acts, self.portal.output.read_text()[-3000:])
        time.sleep(self.chance.uniform(0.2, 1.5))

    def fault(self) -> str:
        remote, fault = self.chance.choice(REMOTES), self.chance.choice(FAULTS)
        self.portal.sandbox("POST", "faults", service=remote, **fault, after=self.chance.randrange(4))
        return f"{remote} {fault}"

    def kill(self) -> str:
        """One process of the worker dies at once: its main process or one of those that work."""
        victims = workers(self.portal)
        with suppress(ProcessLookupError):
            if victims:  # else it is about to be started again
                os.kill(self.chance.choice(victims), signal.SIGKILL)
        return f"one of {len(victims)}"

    def letter(self) -> None:
        self.portal.sandbox("POST", "letters", orgnr=self.chance.choice(self.customers))

    def empty(self) -> None:
        """All messages, tokens and sessions are gone, and many messages for the same work come."""
        self.portal.empty_valkey()
        with suppress(AssertionError):
            self.portal.load("wake(5)")

    def away(self) -> None:
        self.interrupt(self.portal.valkey)

    def restart(self) -> None:
        self.interrupt(self.portal.postgresql)

    def interrupt(self, server: Server) -> None:
        server.stop()
        time.sleep(self.chance.uniform(0, 3))
        server.start()

    def disk(self) -> None:
        """No document can be written for a while: a file lies where their folder was."""
        folder = Path(self.portal.environment["DATA_DIR"]) / "documents"
        aside = folder.with_name("aside")
        folder.rename(aside)
        folder.write_text("")
        time.sleep(2)
        folder.unlink()
        aside.rename(folder)


def workers(portal: Portal) -> list[int]:
    return [
        pid
        for pid in everything_below(portal.process.pid)
        if {"celery", "worker"} <= set(words_of(pid)) and "-S" not in words_of(pid)
    ]


def words_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:  # it has ended
        return []


def remote_books(portal: Portal) -> dict[str, Any]:
    """What the sandbox holds, in the shape of `load.books`."""
    dialogs = portal.sandbox("GET", "snapshot")["state"]["dialogs"].values()
    transmissions = [each for dialog in dialogs for each in dialog["transmissions"]]
    return {
        "dialogs": sorted(dialog["id"] for dialog in dialogs),
        "transmissions": sorted(each["id"] for each in transmissions),
        "attachments": sum(len(each["attachments"]) for each in transmissions),
    }


def test_after_a_storm_nothing_is_lost_or_sent_twice_and_nothing_is_stuck_without_a_word(portal: Portal) -> None:
    # Altinn may remember for an hour who subscribes, and repeats a lost event after minutes: not waited for here.
    portal.sandbox("PATCH", "settings", events_cache_seconds=0, events_time_scale=0.1)
    portal.load(f"prepare({CUSTOMERS})")
    portal.load("order_letters()")
    storm = Storm(portal, json.loads(portal.load("customers()")))
    portal.load(f"queue_examples{SERVICES}")
    storm.letter()
    for doing in storm.plan():
        storm.act(doing)
    portal.sandbox("DELETE", "faults")

    def books() -> dict[str, Any]:
        result: dict[str, Any] = json.loads(portal.load("books()"))
        return result

    def is_settled() -> bool:
        portal.load("hurry()")  # with many failures, and where a person must act, waits are of 15 minutes
        now = books()
        theirs = remote_books(portal)
        is_here = {status for _letter, status in now["letters"]} <= {"FETCHED", "GONE"}
        is_known = {each["status"] for each in now["reports"]} <= SETTLED | TOLD
        return is_here and is_known and all(now[k] == theirs[k] for k in theirs)

    wait_until(is_settled, seconds=PATIENCE)

    ours, theirs, what = books(), remote_books(portal), (SEED, storm.acts)
    received = [each["id"] for each in portal.sandbox("GET", "submissions")]
    assert {name: ours[name] for name in theirs} == theirs, what
    assert sorted(each["delivery"] for each in ours["reports"] if each["delivery"]) == sorted(received), what
    for each in ours["reports"]:
        verdict = {"REJECTED" if each["wrong"] else "ACCEPTED"}
        assert each["status"] in (verdict if each["delivery"] else TOLD), (each, *what)
    sent = [each["id"] for each in portal.sandbox("GET", "snapshot")["state"]["skatteetaten"]["letters"].values()]
    assert [letter for letter, _status in ours["letters"]] == sorted(sent), what
    fetched = [letter for letter, status in ours["letters"] if status != "GONE"]  # the sandbox said 410 of the others
    assert ours["letters_read"] == fetched, (ours["letters"], *what)
    waiting = sum(each["status"] in TOLD | {"REJECTED"} for each in ours["reports"]) + ours["refused"]
    assert ours["told"] >= waiting, (ours, *what)
    assert portal.process.poll() is None, what
    assert wait_until(lambda: portal.health()["status"] == "ready", seconds=BEATS), what
