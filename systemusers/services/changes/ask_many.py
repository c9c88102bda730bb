"""Asks for changes of thousands of accesses: the rules of `ask`, with as many statements for all of them as for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from portal.core.audit import AuditEvent, event, record_all
from portal.core.audit_events import AuditType
from systemusers.models import Access, ChangeRequest
from systemusers.services.access.ask import NotPossible, check_current
from systemusers.services.access.ask_many import lock_current
from systemusers.services.alone import check_alone
from systemusers.services.changes.ask import check_possible
from systemusers.services.changes.plan import Difference, difference

CHUNK = 500


def ask_all(*, rows: QuerySet[Access], by: str, at: datetime, with_unwanted: bool = False) -> tuple[int, list[str]]:
    """Ask for each of `rows`, in chunks. Returns how many were asked, and why the others were not (each reason once).

    Raises NeedsSecondPerson.
    """
    ids, asked, reasons = list(rows.order_by("pk").values_list("pk", flat=True)), 0, dict[str, None]()
    if first := rows.first():
        check_alone(len(ids), environment=first.environment, by=by)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        made = ask_many(accesses=chunk, by=by, at=at, with_unwanted=with_unwanted)
        asked += len(made)
        left = Access.objects.filter(pk__in={*chunk} - {change.access_id for change in made})
        reasons |= dict.fromkeys(_reasons(left, with_unwanted=with_unwanted))
    return asked, list(reasons)


def _reasons(rows: QuerySet[Access], *, with_unwanted: bool) -> Iterator[str]:
    """Why these were not asked. One with an open question has none."""
    for access in rows.exclude(changes__status__in=ChangeRequest.OPEN).select_related("customer", "profile__system"):
        try:
            check_current(access.customer)
            check_possible(access, difference(access, with_unwanted=with_unwanted))
        except NotPossible as error:
            yield str(error)


def ask_many(*, accesses: Iterable[int], by: str, at: datetime, with_unwanted: bool = False) -> list[ChangeRequest]:
    """A DRAFT for each of these accesses (ids) that lacks something of its profile and has no open question."""
    with transaction.atomic():
        # the lock also waits for whoever is making a question for one of them
        ids = list(accesses)
        rows = Access.objects.select_for_update(of=("self",)).filter(pk__in=ids, customer__in=lock_current(ids))
        locked = list(rows.select_related("profile__system").order_by("pk"))
        waiting = set(ChangeRequest.objects.open().filter(access__in=locked).values_list("access", flat=True))
        wanted = {row: difference(row, with_unwanted=with_unwanted) for row in locked if row.pk not in waiting}
        made = [
            ChangeRequest(access=row, status_at=at, requested_by=by, next_attempt_at=at, **lacks.__dict__)
            for row, lacks in wanted.items()
            if is_possible(row, lacks)
        ]
        ChangeRequest.objects.bulk_create(made)
        record_all(_asked(change, by=by, at=at) for change in made)
    return made


def is_possible(access: Access, lacks: Difference) -> bool:
    try:
        check_possible(access, lacks)
    except NotPossible:
        return False
    return True


def _asked(change: ChangeRequest, *, by: str, at: datetime) -> AuditEvent:
    return event(
        by=by, at=at, target=change, what=AuditType.CHANGE_ASKED, customer_id=change.access.customer_id,
        rights=change.required_rights, packages=change.required_packages,
    )  # fmt: skip
