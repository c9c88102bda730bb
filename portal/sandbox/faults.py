"""Faults that a tester orders in advance: a wrong status, a timeout, a reset, a slow or truncated answer.

A fault applies to calls to one service (and a path prefix): it skips `after` of them and then affects `times` of them.
"""

from __future__ import annotations

import threading

import msgspec

KINDS = frozenset({"status", "timeout", "reset", "slow", "truncated", "lost"})
"""status: answer with this status, work not done. timeout, reset: no answer, work not done. lost: work done, answer lost.
slow: work done, answered late. truncated: work done, half of the body sent."""
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


class Faults:
    """The ordered list of pending faults."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []
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
            fault.times -= 1
            if fault.times <= 0:
                self.pending.remove(fault)
            return fault
        return None


def _is_for(fault: Fault, service: str) -> bool:
    """`*` means every imitated service. Calls to `/control` and the front page are affected only by their own names."""
    return fault.service == service or (fault.service == "*" and service not in OWN)
