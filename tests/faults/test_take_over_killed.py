"""A mass take-over whose workers are killed: another one goes on where it was, and nothing is there twice."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from typing import Any

import pytest

from tests.faults.conftest import Portal, wait_until
from tests.faults.test_storm import workers

NUMBER = 1200
PATIENCE = 420
"""Seconds: the leases of dead workers run out after three minutes."""
pytestmark = pytest.mark.faults


def taken(portal: Portal) -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads(portal.load("count_taken()"))
    return numbers


def test_a_take_over_goes_on_after_its_workers_were_killed(portal: Portal) -> None:
    portal.load("prepare()")
    before = taken(portal)["all_customers"]
    portal.load(f"make_elsewhere({NUMBER})")
    portal.load("take_over_all()")

    halfway: list[int] = []
    for _ in range(2):
        last = halfway[-1] if halfway else 0
        wait_until(lambda: taken(portal)["taken"] > last, seconds=240)  # noqa: B023 - used at once
        for pid in workers(portal):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        halfway.append(taken(portal)["taken"])
    wait_until(lambda: taken(portal)["taken"] == NUMBER, seconds=PATIENCE)

    assert halfway[0] < NUMBER, halfway
    assert taken(portal) == {
        "left": 0, "taken": NUMBER, "accesses": NUMBER, "system_users": NUMBER, "customers": NUMBER,
        "all_customers": before + NUMBER, "recorded": NUMBER,
    }, halfway  # fmt: skip
