"""Counts of the deadline board: at once where there are few expectations, else those that a worker has stored.

A worker counts the deadlines around today again and again for a large vendor. Any other deadline is counted at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Min, Q, QuerySet, Sum, Value
from django.utils import timezone

from accounts.models import Customer, CustomerQuerySet, User
from accounts.services.portfolio_filter import NO_PORTFOLIO
from portal.core import counting, lease
from portal.core.environments import Environment
from portal.core.lease import Hold
from portal.core.search import row_id
from submissions.models import DueCount, DueRound, Expectation
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.due import calendar
from submissions.services.due.calendar import Item
from submissions.services.due.states import DueState, expected

LIVE_TO = 20_000
"""So many expectations of one user's customers are counted for each page."""
AROUND = timedelta(days=100)
"""Deadlines within this time of today are counted by the worker."""
AGAIN = timedelta(minutes=3)
"""Between the end of one count of a large vendor and the next."""
IDLE = timedelta(minutes=15)
"""Until a small vendor is looked at again."""
OLD = timedelta(hours=1)
"""Stored numbers that are older are not shown: no worker counts."""
Numbers = dict[DueState, int]


@dataclass(frozen=True)
class Counted:
    """`numbers` in the order of the items. `counted_at` is the time of the oldest of stored numbers; None: all are of now."""

    numbers: list[Numbers]
    counted_at: datetime | None = None


def customers_of(*, user: User, environment: Environment | str, portfolio: str = "") -> CustomerQuerySet:
    """Those whose reports the board of this user is about. `portfolio` is a value of the filter, see `portfolio_choices`."""
    rows = Customer.objects.visible_to(user).filter(environment=environment).current()
    if portfolio == NO_PORTFOLIO:
        return rows.filter(portfolio=None)
    number = row_id(portfolio)
    return rows if number is None else rows.filter(portfolio=number)


def count(
    found: Sequence[Item], *, user: User, environment: Environment | str, portfolio: str, at: datetime
) -> Counted:
    """How many of the user's customers are in each state, for each item. Three queries at most."""
    customers = customers_of(user=user, environment=environment, portfolio=portfolio)
    rows = Expectation.objects.visible_to(user).current().wanted().filter(environment=environment).order_by()
    if not found or not _are_many(rows):
        return Counted(count_now(found, customers))
    known, counted_at = _stored(found, user, environment, portfolio, at)
    rest = [item for item in found if _key(item) not in known]
    known |= dict(zip(map(_key, rest), count_now(rest, customers), strict=True))
    return Counted([known[_key(item)] for item in found], counted_at)


def _are_many(rows: QuerySet[Expectation]) -> bool:
    """More than LIVE_TO. That is known for a minute: the stored numbers are of the same reports, and to count so many takes longer
    than all the rest of a page.
    """
    few = rows.values_list(Value(1))[: LIVE_TO + 1]
    return counting.kept(counting.by_sql(few), few.count, is_large=lambda number: number > LIVE_TO) > LIVE_TO


def count_now(found: Sequence[Item], customers: CustomerQuerySet) -> list[Numbers]:
    """The same of `customers`. One query with a part for each item; large numbers are kept for a minute."""
    numbers = [dict.fromkeys(DueState, 0) for _item in found]
    if not found:
        return numbers
    first, *others = [_count_one(number, customers, item) for number, item in enumerate(found)]
    for number, state, n in counting.whole(first.union(*others, all=True), of=2):
        numbers[number][DueState(state)] = n
    return numbers


def _count_one(number: int, customers: CustomerQuerySet, item: Item) -> QuerySet[Customer, tuple[int, str, int]]:
    rows = expected(customers, item).order_by().annotate(item=Value(number)).values("item", "due_state")
    return rows.annotate(n=Count("pk")).values_list("item", "due_state", "n")


Key = tuple[str, Period]


def _key(item: Item) -> Key:
    return item.service.id, item.period


def _stored(
    found: Sequence[Item], user: User, environment: Environment | str, portfolio: str, at: datetime
) -> tuple[dict[Key, Numbers], datetime | None]:
    """The stored numbers by item, and when the oldest were counted. One query."""
    rows = DueCount.objects.filter(environment=environment, counted_at__gt=at - OLD).filter(_about(found))
    shown = Q() if user.within(environment).sees_all_customers else Q(portfolio__in=user.portfolio_ids)
    chosen = row_id(portfolio)
    if portfolio == NO_PORTFOLIO:
        shown &= Q(portfolio=None)
    elif chosen is not None:
        shown &= Q(portfolio=chosen)
    summed = rows.values("service", "period_kind", "period_start", "state").order_by()
    summed = summed.annotate(n=Sum("customers", filter=shown, default=0), oldest=Min("counted_at"))
    numbers: dict[Key, Numbers] = {}
    for row in summed:
        key = row["service"], Period(PeriodKind(row["period_kind"]), row["period_start"])
        numbers.setdefault(key, dict.fromkeys(DueState, 0))[DueState(row["state"])] = row["n"]
    return numbers, min((row["oldest"] for row in summed), default=None)


def _about(found: Sequence[Item]) -> Q:
    condition = Q()
    for item in found:
        condition |= Q(service=item.service.id, **item.period.columns())
    return condition


def expecting(*, user: User, environment: Environment | str, settings: catalogue.Local) -> set[str]:
    """The services from which the user's customers are expected to report. One query, which looks for one row of each."""
    rows = Expectation.objects.visible_to(user).current().wanted().filter(environment=environment).order_by()
    ones = [
        rows.filter(service=one.id).values_list("service", flat=True)[:1] for one in calendar.with_periods(settings)
    ]
    return set(ones[0].union(*ones[1:], all=True)) if ones else set()


# --- The worker -------------------------------------------------------------------------------------------------------


def count_due(*, at: datetime, environments: list[str]) -> int:
    """Count the boards that are due. Returns how many rounds were taken."""
    rows = [DueRound(environment=environment, next_attempt_at=at) for environment in environments]
    DueRound.objects.bulk_create(rows, ignore_conflicts=True)
    holds = lease.claim(DueRound.objects.filter(environment__in=environments), at=at)
    lease.work_through(holds, _round)
    return len(holds)


def _round(hold: Hold[DueRound]) -> None:
    environment = hold.row.environment
    rows = Expectation.objects.wanted().filter(environment=environment)
    if rows[: LIVE_TO + 1].count() <= LIVE_TO:
        DueCount.objects.filter(environment=environment).delete()
        hold.finish(next_attempt_at=hold.now() + IDLE)
        return
    for item in _around(environment, hold.now()):
        hold.renew()
        _store(item, environment, at=hold.now())
    DueCount.objects.filter(environment=environment, counted_at__lte=hold.now() - OLD).delete()
    hold.finish(next_attempt_at=hold.now() + AGAIN)


def _around(environment: str, at: datetime) -> list[Item]:
    settings, today = catalogue.local(environment), timezone.localdate(at)
    rows = Expectation.objects.wanted().filter(environment=environment).order_by()
    services = set(rows.values_list("service", flat=True).distinct())
    return calendar.items(settings, first=today - AROUND, last=today + AROUND, today=today, only=services)


def _store(item: Item, environment: str, *, at: datetime) -> None:
    """Count one service and period, and put the numbers in place of the former ones."""
    about = {"environment": environment, "service": item.service.id, **item.period.columns()}
    rows = (
        expected(Customer.objects.filter(environment=environment).current(), item)
        .order_by()
        .annotate(place=F("portfolio"))
    )
    counted = rows.values("place", "due_state").annotate(n=Count("pk"))
    new = [
        DueCount(portfolio_id=row["place"], state=row["due_state"], customers=row["n"], counted_at=at, **about)
        for row in counted
    ]
    new = new or [DueCount(state=DueState.NO_REPORT, customers=0, counted_at=at, **about)]
    with transaction.atomic():
        DueCount.objects.filter(**about).delete()
        DueCount.objects.bulk_create(new)
