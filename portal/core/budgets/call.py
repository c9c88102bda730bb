"""Around one call outside: wait for the budget, and learn from the answer.

While Valkey does not answer, each process counts its own calls.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from portal.core.budgets import store
from portal.core.budgets.own import Own, own
from portal.core.budgets.policy import Policy, policy_for
from portal.core.budgets.store import Taken
from portal.core.valkey import ERRORS
from portal.gateways.errors import GatewayError, HeldBack, Unavailable

logger = logging.getLogger(__name__)
PATIENCE = 20.0
"""Seconds that a call waits before it is put off."""
PAUSE, LONGEST_PAUSE = 2.0, 3600.0
"""Seconds without new calls after the remote has said "too many": when it does not say for how long, and at most."""
TOO_MANY, MAINTENANCE = 429, 503
HALF, LESS = 0.5, 0.8
"""What a budget goes down to when the remote asks for less, and when it fails or is slow often."""
SLOW = 15.0
"""Seconds: an answer that takes longer is a bad sign too."""
AT_A_TIME, AHEAD = 20, 0.05
"""A process takes so many seconds' worth of calls together, at most AT_A_TIME."""
OF_A_PAGE = 1.0
"""Seconds of the rate that a page may spend ahead: people do not wait behind work in the background."""


@contextmanager
def slot(service: str, url: str, *, patience: float | None = None) -> Iterator[None]:
    """Around one call. `patience`: seconds that a page waits at most; None for a worker.

    Raises HeldBack, before the call, when there is no room within the time.
    """
    policy = policy_for(service, url)
    mine = own[policy.name]
    ident = _take(policy, mine, patience)
    began = time.monotonic()
    try:
        yield
    except Unavailable as error:
        _learn(policy, mine, error)
        raise
    except GatewayError:
        _note(policy, mine, failed=time.monotonic() - began > SLOW)
        raise
    else:
        _note(policy, mine, failed=time.monotonic() - began > SLOW)
    finally:
        _give_back(policy, mine, ident)


ALONE = "alone"


def _take(policy: Policy, mine: Own, patience: float | None) -> str:
    """What is given back afterwards: the slot, ALONE while Valkey does not answer, or "" for nothing."""
    until = time.monotonic() + (PATIENCE if patience is None else min(patience, PATIENCE))
    debt = 0.0 if patience is None else OF_A_PAGE
    while True:
        if not policy.at_once and mine.use():
            return ""
        ident, taken = _ask(policy, mine, debt)
        if taken.number:
            return ident
        left = until - time.monotonic()
        if taken.is_paused and taken.wait > left:
            why = "the remote has asked for fewer calls"
            raise HeldBack(f"{policy.name}: {why}", retry_after=taken.wait, by_remote=True)
        if left <= 0 or taken.wait > left:
            why = (
                f"{policy.at_once} calls are made already"
                if not taken.wait
                else "as many calls as we make are made already"
            )
            raise HeldBack(f"{policy.name}: {why}", retry_after=max(1.0, taken.wait))
        mine.wait(taken.wait)


def _ask(policy: Policy, mine: Own, debt: float) -> tuple[str, Taken]:
    """One thread of a process asks at a time; what it gets more than one of is for the others."""
    ident = uuid.uuid4().hex if policy.at_once else ""
    want = 1 if policy.at_once else max(1, min(AT_A_TIME, int(policy.rate * AHEAD)))
    try:
        if policy.at_once:
            return ident, store.take(policy, want=1, debt=debt, ident=ident)
        with mine.asking:
            if mine.use():
                return "", Taken(1)
            taken = store.take(policy, want=want, debt=debt, ident=ident)
            if taken.number > 1:
                mine.keep(taken.number - 1)
            return ident, taken
    except ERRORS:
        return ALONE, mine.take_alone(policy, debt=debt)


def _learn(policy: Policy, mine: Own, error: Unavailable) -> None:
    """The remote asks for less, or does not answer as it should."""
    asked = error.retry_after if error.status in (TOO_MANY, MAINTENANCE) else None
    pause = min(asked, LONGEST_PAUSE) if asked else PAUSE if error.status == TOO_MANY else 0.0
    if error.status == TOO_MANY or pause:
        mine.keep(0)
        _slow_down(policy, factor=HALF, pause=pause, why=str(error.status))
    else:
        _note(policy, mine, failed=True, why=str(error.status or ""))


def _note(policy: Policy, mine: Own, *, failed: bool, why: str = "") -> None:
    if mine.fails_often(failed=failed):
        _slow_down(policy, factor=LESS, pause=0.0, why=why)


def _slow_down(policy: Policy, *, factor: float, pause: float, why: str) -> None:
    logger.info("budget %s slows down", policy.name, extra={"why": why, "pause": pause})
    try:
        store.slow_down(policy, factor=factor, pause=pause, why=why)
    except ERRORS:
        logger.debug("other processes do not learn that %s wants fewer calls", policy.name)


def _give_back(policy: Policy, mine: Own, ident: str) -> None:
    if ident == ALONE:
        mine.give_back_alone()
    elif ident:
        try:
            store.give_back(policy, ident)
        except ERRORS:
            logger.debug("a slot of %s is free after its life only", policy.name)
    if policy.at_once:
        mine.wake_one()
