"""A worker's hold on one access while it calls Altinn: a lease taken by a conditional UPDATE; its end time is the fencing token.

Two workers cannot hold the same row; a worker whose lease was taken over cannot write.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from portal.core.audit import record
from portal.core.states import LostRace
from systemusers.models import Access

LEASE = timedelta(minutes=3)
"""Longer than a token and three calls with their time-outs may take."""


class Lease:
    """Held until `release`, `move_to` or its end. The row is `access`."""

    def __init__(self, access: Access, *, by: str, at: datetime) -> None:
        self.access, self.by, self.at, self.until = access, by, at, access.lease_until

    def note(self, **fields: Any) -> None:
        """Write and keep the lease. Raises LostRace."""
        if not self._mine().update(**fields):
            raise self._lost()
        self._remember(fields)

    def release(self, **fields: Any) -> None:
        """Write and release the lease, keeping the state. Raises LostRace."""
        self.note(lease_until=None, **fields)

    def move_to(self, status: str, *, by: str = "", what: dict[str, Any] | None = None, **fields: Any) -> None:
        """Change state and release; `by` when the actor is not the holder. Raises LostRace, IllegalTransition."""
        with transaction.atomic():
            self.lock()
            self.access.move_to(status, by=by or self.by, at=self.at, what=what, lease_until=None, **fields)

    def lock(self) -> None:
        """Lock the row until the transaction ends. Raises LostRace."""
        if not list(self._mine().select_for_update().values_list("pk")):
            raise self._lost()

    def _mine(self) -> Any:
        return Access.objects.filter(pk=self.access.pk, status=self.access.status, lease_until=self.until)

    def _lost(self) -> LostRace:
        return LostRace(f"access {self.access.pk} is no longer ours")

    def _remember(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            setattr(self.access, name, value)


def take(*, access_id: int, among: Collection[str], by: str, at: datetime, intent: str = "") -> Lease:
    """Take the access if it is in one of these states and free; with `intent` an audit row is written in the same transaction.

    Raises LostRace.
    """
    with transaction.atomic():
        free = Q(lease_until__isnull=True) | Q(lease_until__lte=at)
        rows = Access.objects.filter(free, pk=access_id, status__in=among)
        if not rows.update(lease_until=at + LEASE, attempts=F("attempts") + 1):
            raise LostRace(f"access {access_id} is held by another worker, or no longer {', '.join(sorted(among))}")
        access = load(access_id)
        if intent:
            record(by=by, at=at, target=access, what=intent, attempt=access.attempts)
    return Lease(access, by=by, at=at)


def load(access_id: int) -> Access:
    """The row with all that a call needs."""
    return Access.objects.select_related("customer", "profile__system__client").get(pk=access_id)
