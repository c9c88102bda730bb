"""Faults that a tester orders in advance: a wrong status, a timeout, a reset, a slow or truncated answer.

A fault applies to calls to one service (and a path prefix): it skips `after` of them and then affects `times` of them, or
the `share` of them that chance hits.
"""

from __future__ import annotations

import random
import threading
from typing import Any

import msgspec

KINDS = frozenset({"status", "timeout", "reset", "slow", "truncated", "lost"})
"""status: answer with this status, work not done. timeout, reset: no answer, work not done. lost: work done, answer lost.
slow: work done, answered late. truncated: work done, half of the body sent."""
ANY = "any"
"""A kind in place of those: another one for each call that is hit."""
REFUSALS = (401, 403, 408, 425, 500, 502, 503, 504)
"""Statuses of ANY beside 429. Not 404 and 410: they say that something is not there, and so would be wrong answers."""
WAYS: tuple[dict[str, Any], ...] = (
    {"kind": "lost"}, {"kind": "timeout"}, {"kind": "reset"}, {"kind": "truncated"}, {"kind": "slow"},
    {"kind": "status", "status": 429, "retry_after": "2"},
    *({"kind": "status", "status": status} for status in REFUSALS),
)  # fmt: skip
OWN = frozenset({"control", "root"})


class Fault(msgspec.Struct, kw_only=True):
    service: str
    path: str = ""
    kind: str = "status"
    status: int = 503
    body: str = ""
    retry_after: str | None = None
    seconds: float = 2.0
    times: int = 1
    after: int = 0
    share: float = 1.0


class Faults:
    """The ordered list of pending faults. `seed` decides which calls are hit by those with a share."""

    def __init__(self, *, seed: int = 0) -> None:
        self.pending: list[Fault] = []
        self._chance = random.Random(f"faults:{seed}")  # noqa: S311 - no secret
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        with self._lock:
            self.pending.append(fault)

    def clear(self) -> None:
        with self._lock:
            self.pending.clear()

    def take(self, *, service: str, path: str) -> Fault | None:
        """The fault that applies to this call, counted as used; None when there is none. Safe for concurrent calls."""
        with self._lock:
            return self._take(service, path)

    def _take(self, service: str, path: str) -> Fault | None:
        for fault in self.pending:
            if not (_is_for(fault, service) and path.startswith(fault.path)):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.share < 1 and self._chance.random() >= fault.share:
                continue
            fault.times -= 1
            if fault.times <= 0:
                self.pending.remove(fault)
            return self._one_way(fault) if fault.kind == ANY else fault
        return None

    def _one_way(self, fault: Fault) -> Fault:
        return msgspec.structs.replace(fault, **self._chance.choice(WAYS))


def _is_for(fault: Fault, service: str) -> bool:
    """`*` means every imitated service. Calls to `/control` and the front page are affected only by their own names."""
    return fault.service == service or (fault.service == "*" and service not in OWN)
