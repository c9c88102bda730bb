"""From whom reports are expected: decided by a person, for one customer or for many, and suggested from what was delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value

from accounts.models import Customer, CustomerQuerySet
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from submissions.models import Expectation, Submission
from submissions.period import Period, PeriodKind
from submissions.services.catalogue import Service
from submissions.services.due.calendar import ways_to_deliver
from submissions.services.due.states import has_access
from submissions.services.handing_over import newest_ended

BATCH = 2_000
"""Rows of one statement."""
COLUMNS = ("is_expected", "first_period", "last_period", "origin", "changed_by", "changed_at")
LOOKED_BACK = {PeriodKind.YEAR: 2, PeriodKind.TERM: 6, PeriodKind.MONTH: 12}
"""How many ended periods a suggestion is learnt from."""
DELIVERED = (Submission.Status.DELIVERED, Submission.Status.ACCEPTED)


@dataclass(frozen=True)
class Decision:
    """`first` and `last` are periods of the service, both included; without `last` it goes on. They count while it is expected."""

    service: Service
    is_expected: bool
    first: Period
    last: Period | None = None
    origin: Expectation.Origin = Expectation.Origin.PERSON

    def columns(self) -> dict[str, object]:
        last = self.last.start if self.last and self.is_expected else None
        return {"is_expected": self.is_expected, "first_period": self.first.start, "last_period": last}


@dataclass(frozen=True)
class Suggestion:
    """So many customers that nobody has decided about delivered last for `newest`."""

    service: Service
    newest: Period
    customers: int


def default_first(service: Service, *, today: date) -> Period | None:
    """The newest period that has ended: it is the next to be delivered. None for a service without periods."""
    return newest_ended(service.period, today)


def decide(*, customers: Iterable[int], decision: Decision, environment: str, by: str, at: datetime) -> int:
    """Store the decision for customers with these keys. Returns how many it is new for; the others keep their rows as they are.

    A few statements for thousands of customers; the history of each customer tells it.
    """
    keys = list(customers)
    with transaction.atomic():
        known = _unchanged(keys, decision)
        rows = [
            Expectation(
                environment=environment, customer_id=key, service=decision.service.id, origin=decision.origin,
                changed_by=by, changed_at=at, **decision.columns(),
            )
            for key in keys if key not in known
        ]  # fmt: skip
        stored = Expectation.objects.bulk_create(
            rows, batch_size=BATCH, update_conflicts=True, unique_fields=["customer", "service"], update_fields=COLUMNS
        )
        record_all(event(by=by, at=at, target=row, **_told(decision)) for row in stored)
    return len(stored)


def _told(decision: Decision) -> dict[str, Any]:
    """The type of the event and its details."""
    about = {"service": decision.service.id}
    if not decision.is_expected:
        return {"what": AuditType.NOT_EXPECTED, **about}
    return {"what": AuditType.EXPECTED, "period": f"{decision.first}–{decision.last or ''}", **about}


def _unchanged(keys: list[int], decision: Decision) -> set[int]:
    """Those that have the same decision already."""
    same = {"is_expected": False} if not decision.is_expected else decision.columns()
    rows = Expectation.objects.filter(service=decision.service.id, customer__in=keys, **same)
    return set(rows.values_list("customer", flat=True))


def undecided(service: Service) -> Q:
    """Customers of whom nobody has said whether the service is expected from them."""
    return ~Q(Exists(Expectation.objects.filter(customer=OuterRef("pk"), service=service.id)))


def expected_from(service: Service) -> Q:
    return Q(Exists(Expectation.objects.wanted().filter(customer=OuterRef("pk"), service=service.id)))


def reachable(service: Service) -> Q:
    """Customers with an access to the service."""
    return has_access(service)


def delivered(service: Service, *, today: date) -> QuerySet[Submission]:
    """What the customer of the outer query delivered for the periods that a suggestion is learnt from, the newest first."""
    oldest = newest_ended(service.period, today)
    for _step in range(LOOKED_BACK[service.period] - 1):
        oldest = oldest.before if oldest else None
    since = oldest.start if oldest else date.max
    rows = Submission.objects.filter(customer=OuterRef("pk"), service__in=ways_to_deliver(service))
    rows = rows.filter(status__in=DELIVERED, answers__isnull=True, period_kind=service.period)
    return rows.filter(period_start__gte=since).order_by("-period_start")


def suggested(customers: CustomerQuerySet, service: Service, *, today: date) -> CustomerQuerySet:
    """Those who have delivered, and of whom nobody has decided; each with `newest`, the first day of the last period."""
    newest = delivered(service, today=today).values("period_start")[:1]
    found = customers.filter(undecided(service)).annotate(newest=Subquery(newest))
    return found.filter(newest__isnull=False)


def suggestions(customers: CustomerQuerySet, offered: list[Service], *, today: date) -> list[Suggestion]:
    """How many of `customers` are suggested, for each service and newest period. One query."""
    if not offered:
        return []
    first, *others = [_count_one(number, customers, service, today) for number, service in enumerate(offered)]
    counted = first.union(*others, all=True)
    return [
        Suggestion(offered[number], Period(offered[number].period, newest), n) for number, newest, n in sorted(counted)
    ]


def _count_one(
    number: int, customers: CustomerQuerySet, service: Service, today: date
) -> QuerySet[Customer, tuple[int, date, int]]:
    rows = suggested(customers, service, today=today).order_by().annotate(item=Value(number)).values("item", "newest")
    return rows.annotate(n=Count("pk")).values_list("item", "newest", "n")
