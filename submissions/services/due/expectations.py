"""From whom reports are expected: decided by a person, for one customer or for many, and suggested from what was delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Case, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value, When

from accounts.models import CustomerQuerySet
from portal.core import counting
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
_MARK = "expectations-decided:{}"
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
        decided_anew(environment)
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
    return _delivered(service, today=today).filter(customer=OuterRef("pk")).order_by("-period_start")


def _delivered(*services: Service, today: date) -> QuerySet[Submission]:
    """What was delivered for the periods that suggestions are learnt from."""
    about = Q(pk__in=[])
    for one in services:
        oldest = newest_ended(one.period, today)
        for _step in range(LOOKED_BACK[one.period] - 1):
            oldest = oldest.before if oldest else None
        since = oldest.start if oldest else date.max
        about |= Q(service__in=ways_to_deliver(one), period_kind=one.period, period_start__gte=since)
    return Submission.objects.filter(about, status__in=DELIVERED, answers__isnull=True)


def suggested(customers: CustomerQuerySet, service: Service, *, today: date) -> CustomerQuerySet:
    """Those who have delivered, and of whom nobody has decided; each with `newest`, the first day of the last period."""
    rows = delivered(service, today=today)
    found = customers.filter(undecided(service), Exists(rows))
    return found.annotate(newest=Subquery(rows.values("period_start")[:1]))


def suggestions(
    customers: CustomerQuerySet, offered: list[Service], *, today: date, mark: str, is_large: bool
) -> list[Suggestion]:
    """How many of `customers` are suggested, for each service and newest period. One query, which reads what was delivered once.

    Kept for a minute when a number is large, or when it `is_large`, as long as the `mark` is the same: see `mark_of`.
    """
    service = Case(*[When(service__in=ways_to_deliver(one), then=Value(one.id)) for one in offered], default=Value(""))
    rows = _delivered(*offered, today=today).filter(customer__in=customers).annotate(item=service)
    decided = Expectation.objects.filter(customer=OuterRef("customer"), service=OuterRef("item"))
    newest = rows.filter(~Exists(decided)).order_by().values("customer", "item").annotate(newest=Max("period_start"))
    try:
        sql, params = newest.query.sql_with_params()
    except EmptyResultSet:  # nothing is offered, or no customer is visible
        return []
    sql = f"SELECT item, newest, count(*) FROM ({sql}) AS found GROUP BY item, newest"  # noqa: S608 - compiled by the ORM

    def count() -> list[tuple[str, date, int]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows: list[tuple[str, date, int]] = cursor.fetchall()
            return rows

    counted = counting.kept(
        [sql, params, mark], count,
        is_large=lambda found: is_large or any(n > counting.LARGE for _item, _newest, n in found),
    )  # fmt: skip
    entries = {one.id: one for one in offered}
    return [Suggestion(entries[item], Period(entries[item].period, newest), n) for item, newest, n in sorted(counted)]


def mark_of(environment: str) -> str:
    """Another one after each decision: numbers that are kept under it show nothing that was decided since."""
    mark: str = cache.get(_MARK.format(environment), "")
    return mark


def decided_anew(environment: str) -> None:
    """Once the transaction is over. The mark outlives the numbers that were kept, or were being counted, without it."""
    set_mark = partial(cache.set, _MARK.format(environment), uuid4().hex, 2 * counting.KEPT_SECONDS)
    transaction.on_commit(set_mark)
