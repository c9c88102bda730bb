"""Gives the audit trail on to a SIEM: sealed rows in their order, each at least once, from where the last batch ended.

Only sealed rows go: below the newest seal no row can come any more, so nothing is passed over. The place is stored after the receiver has
taken a batch; a process that stops in between sends that batch again. One worker at a time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.core.audit import AuditEvent, AuditSeal
from portal.core.problems import code_of
from portal.core.trail.proof import plain_row
from portal.gateways.errors import GatewayError

LOCK = 0x5349454D
"""The key of PostgreSQL's advisory lock of the one who delivers. Nothing else may use it."""
BATCH = 500
AT_MOST = 45.0
"""Seconds that one run goes on; the next one continues."""
LONGEST_WAIT = timedelta(minutes=15)
FIRST_WAIT = timedelta(minutes=1)
MOST_COUNTED = 100_000
logger = logging.getLogger(__name__)


class TrailDelivery(models.Model):
    """How far the receiver has got the trail: one row. `failures` in a row, with the code of the newest."""

    last_event = models.BigIntegerField(_("siste hendelse"), default=0)
    delivered_at = models.DateTimeField(_("sist levert"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("feil på rad"), default=0)
    problem_code = models.CharField(_("problem"), max_length=100, blank=True)
    next_attempt_at = models.DateTimeField(_("neste forsøk"), null=True, blank=True)

    class Meta:
        verbose_name = _("levering av revisjonsloggen")
        verbose_name_plural = _("leveringer av revisjonsloggen")

    def __str__(self) -> str:
        return str(self.last_event)


@dataclass(frozen=True)
class Standing:
    """`waiting`: sealed rows that were not delivered, counted up to MOST_COUNTED; `since`: the time of the oldest of them."""

    row: TrailDelivery
    waiting: int
    since: datetime | None


def deliver(*, at: datetime) -> int:
    """Batch after batch, until nothing is left, the receiver fails, or AT_MOST is over. Returns how many rows were delivered."""
    receiver = settings.TRAIL_RECEIVER
    if receiver is None:
        return 0
    with _alone() as ours:
        row = _place() if ours else None
        if row is None or (row.next_attempt_at and row.next_attempt_at > at):
            return 0
        until, number, begun = _sealed_until(), 0, time.monotonic()
        while batch := list(AuditEvent.objects.filter(pk__gt=row.last_event, pk__lte=until).order_by("pk")[:BATCH]):
            try:
                receiver.send([plain_row(event) for event in batch])
            except GatewayError as error:
                _failed(row, error, at)
                break
            _delivered(row, batch[-1].pk, timezone.now())
            number += len(batch)
            if time.monotonic() - begun > AT_MOST:
                break
        return number


def _place() -> TrailDelivery:
    return TrailDelivery.objects.get_or_create(pk=1)[0]


def _sealed_until() -> int:
    return AuditSeal.objects.order_by("pk").values_list("last_event", flat=True).last() or 0


def _delivered(row: TrailDelivery, last_event: int, at: datetime) -> None:
    row.last_event, row.delivered_at, row.failures, row.problem_code, row.next_attempt_at = last_event, at, 0, "", None
    row.save()


def _failed(row: TrailDelivery, error: GatewayError, at: datetime) -> None:
    """Nothing is passed over: the same rows are sent again, after a while that grows."""
    logger.warning("the audit trail was not delivered: %s", error)
    row.failures, row.problem_code = row.failures + 1, code_of(error)[:100]
    row.next_attempt_at = at + min(FIRST_WAIT * 2 ** min(row.failures - 1, 10), LONGEST_WAIT)
    row.save()


def standing() -> Standing | None:
    """For the operator's page; None where nothing is delivered. Two queries."""
    if settings.TRAIL_RECEIVER is None:
        return None
    row = TrailDelivery.objects.filter(pk=1).first() or TrailDelivery(pk=1)
    left = AuditEvent.objects.filter(pk__gt=row.last_event, pk__lte=_sealed_until())
    waiting = left.order_by()[: MOST_COUNTED + 1].count()
    since = left.order_by("pk").values_list("at", flat=True).first() if waiting else None
    return Standing(row, waiting, since)


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        ours = bool(cursor.fetchone()[0])
        try:
            yield ours
        finally:
            if ours:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
