"""Takes back many questions, of accesses and of changes. Here they are marked; the worker of `ending` takes them back in Altinn.

A marked row is neither sent nor polled any more, and stays due until it is withdrawn or turns out to be answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.enqueue import enqueue_by_name
from systemusers.models import Access, ChangeRequest, Withdrawal

TASK = "systemusers.tasks.withdraw_ended"
ASKING = {Access.Status.DRAFT, *Access.OPEN}
HAS_CHANGE = Q(Exists(ChangeRequest.objects.open().filter(access=OuterRef("pk"))))


class NothingOpen(Exception):
    """None of the rows has an open question by now."""


def withdrawable(rows: QuerySet[Access]) -> QuerySet[Access]:
    """Those with an open question: for the access, or for a change of it."""
    return rows.filter(Q(status__in=ASKING) | HAS_CHANGE)


def withdraw_many(*, rows: QuerySet[Access], user: User, environment: str, at: datetime) -> Withdrawal:
    """Ask a worker to take back what is open of `rows`. Raises NothingOpen."""
    with transaction.atomic():
        ids = list(withdrawable(rows).values_list("pk", flat=True))
        made = Withdrawal.objects.create(environment=environment, asked_by=user, asked_at=at, total=0)
        asked = Access.objects.filter(pk__in=ids, status__in=ASKING)
        changes = ChangeRequest.objects.open().filter(access__in=ids)
        made.total = asked.update(withdrawal=made) + changes.update(withdrawal=made)
        if not made.total:
            raise NothingOpen
        made.save(update_fields=["total"])
        lease.make_due(Access.objects.filter(withdrawal=made, status__in=ASKING), at=at)
        lease.make_due(ChangeRequest.objects.open().filter(withdrawal=made), at=at)
        record(by=user.actor, at=at, target=made, what=AuditType.WITHDRAW, attempt=made.total)
        enqueue_by_name(TASK)
    return made


@dataclass(frozen=True)
class Progress:
    """`left`: still open. `withdrawn`: taken back. `answered`: the customer was first, or the question had ended otherwise."""

    total: int
    left: int
    withdrawn: int
    stuck: list[Access]

    @property
    def done(self) -> int:
        return self.total - self.left

    @property
    def share(self) -> int:
        """In percent."""
        return 100 * self.done // self.total

    @property
    def answered(self) -> int:
        return self.done - self.withdrawn


SHOWN = 20


def progress(row: Withdrawal) -> Progress:
    accesses, changes = Access.objects.filter(withdrawal=row), ChangeRequest.objects.filter(withdrawal=row)
    left = accesses.filter(status__in=ASKING).count() + changes.open().count()
    withdrawn = (
        accesses.filter(status=Access.Status.WITHDRAWN).count()
        + changes.filter(status=ChangeRequest.Status.WITHDRAWN).count()
    )
    troubled = accesses.filter(status__in=ASKING).exclude(problem_code="")
    troubled |= Access.objects.filter(changes__in=changes.open().exclude(problem_code=""))
    stuck = list(troubled.distinct().select_related("customer", "profile").order_by("pk")[:SHOWN])
    return Progress(row.total, left, withdrawn, stuck)
