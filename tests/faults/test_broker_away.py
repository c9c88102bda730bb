"""Valkey goes away under load and comes back: the work goes on by itself, and nothing is lost or sent twice."""

from __future__ import annotations

import os
import time

import pytest

from tests.faults.conftest import Portal, wait_until
from tests.local.test_run import wait_for

AWAY = float(os.environ.get("BROKER_AWAY_SECONDS", "15"))
BEFORE, DURING = 30, 10
pytestmark = pytest.mark.faults


def received(portal: Portal) -> int:
    """Reports the sandbox's Skatteetaten has."""
    return len(portal.sandbox("GET", "submissions"))


def test_work_goes_on_by_itself_after_valkey_was_away(portal: Portal) -> None:
    portal.load("prepare()")
    portal.sandbox("POST", "faults", service="skatteetaten", kind="slow", seconds=0.5, times=10_000)
    portal.load(f"queue_reports({BEFORE})")
    wait_for(lambda: received(portal) >= 2, seconds=180)
    assert portal.health()["work"] == "ok"

    gone = time.monotonic()
    portal.valkey.stop()
    assert received(portal) < BEFORE, "the load was too small: nothing was under way"
    portal.load(f"queue_reports({DURING})")
    wait_for(lambda: portal.health()["work"].startswith("no heartbeat since"), seconds=AWAY + 30)
    time.sleep(max(0.0, AWAY - (time.monotonic() - gone)))
    assert portal.health()["broker"] == "does not answer"
    portal.valkey.start()

    wait_for(lambda: portal.health()["status"] == "ready", seconds=180)
    portal.sandbox("DELETE", "faults")
    # A report in the hands of a worker that died waits for the end of its lease.
    wait_until(lambda: portal.counts()["delivered"] == BEFORE + DURING, seconds=240)

    counts = portal.counts()
    assert counts["delivered"] == counts["transmissions"] == received(portal) == BEFORE + DURING, counts
    assert portal.process.poll() is None
    assert portal.health()["status"] == "ready"
