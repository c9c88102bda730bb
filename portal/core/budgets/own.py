"""What one process knows of a budget: calls that it has taken ahead, its threads that wait, and how its last calls went."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque

from portal.core.budgets.policy import Policy
from portal.core.budgets.store import Taken

LOOK_AGAIN = 0.1
"""Seconds after which one of the waiting threads asks again: another process may have given a slot back."""
LIFE = 1.0
"""Seconds in which calls that were taken ahead may be made."""
JUDGED, TOO_OFTEN = 20, 5
"""So many of the last calls are judged, and so many of them may not fail."""


class Own:
    def __init__(self) -> None:
        self.asking = threading.Lock()
        self._condition, self._waiting = threading.Condition(), 0
        self._ready, self._until = 0, 0.0
        self._last: deque[bool] = deque(maxlen=JUDGED)
        self._in_use, self._tokens, self._at = 0, 0.0, 0.0

    def use(self) -> bool:
        """Use one of the calls that were taken ahead."""
        with self._condition:
            if not self._ready or time.monotonic() > self._until:
                return False
            self._ready -= 1
            return True

    def keep(self, number: int) -> None:
        with self._condition:
            self._ready, self._until = number, time.monotonic() + LIFE

    def wait(self, seconds: float) -> None:
        """At most so long, or until a slot is given back here; or it is this thread's turn to look: however many wait, few look."""
        with self._condition:
            self._waiting += 1
            try:
                self._condition.wait(seconds or LOOK_AGAIN * self._waiting)
            finally:
                self._waiting -= 1

    def wake_one(self) -> None:
        with self._condition:
            self._condition.notify()

    def fails_often(self, *, failed: bool) -> bool:
        """Note one more call. Whether too many of the last ones failed; they are then forgotten, so that each counts once."""
        self._last.append(failed)
        if not failed or sum(self._last) < TOO_OFTEN:
            return False
        self._last.clear()
        return True

    def take_alone(self, policy: Policy, *, debt: float) -> Taken:
        """The same as `store.take`, for this process only."""
        with self._condition:
            now, most = time.monotonic(), max(1.0, policy.rate)
            self._tokens = min(most, self._tokens + (now - self._at) * policy.rate) if self._at else most
            self._at = now
            if policy.at_once and self._in_use >= policy.at_once:
                return Taken(0)
            if self._tokens + debt * policy.rate < 1:
                return Taken(0, (1 - self._tokens - debt * policy.rate) / policy.rate)
            self._tokens -= 1
            self._in_use += 1
            return Taken(1)

    def give_back_alone(self) -> None:
        with self._condition:
            self._in_use -= 1


own: defaultdict[str, Own] = defaultdict(Own)
"""By the name of the budget."""
