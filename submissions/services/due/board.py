"""The deadline board: for each service and period, how many reports are expected and how far they have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from accounts.models import CustomerQuerySet, User
from portal.core.environments import Environment
from submissions.models import Submission
from submissions.services import catalogue
from submissions.services.catalogue import Local
from submissions.services.due import calendar
from submissions.services.due.calendar import Item
from submissions.services.due.counting import count, expecting
from submissions.services.due.states import DONE, DueState

PACE = timedelta(days=5)
"""The deliveries of so many days tell how fast it goes."""


@dataclass(frozen=True)
class Span:
    """The days of the deadlines that are shown, and what else the board is narrowed to; "": everything."""

    first: date
    last: date
    service: str = ""
    portfolio: str = ""


@dataclass(frozen=True)
class Row:
    """One line. `numbers` has every state; they add up to `expected`."""

    item: Item
    numbers: Mapping[DueState, int]
    is_late: bool

    @property
    def expected(self) -> int:
        return sum(self.numbers.values())

    @property
    def done(self) -> int:
        return sum(self.numbers[state] for state in DONE)

    @property
    def missing(self) -> int:
        return self.expected - self.done

    @property
    def late(self) -> int:
        """Not delivered, and the last day is past."""
        return self.missing if self.is_late else 0

    @property
    def percent(self) -> int:
        return self.done * 100 // self.expected if self.expected else 0


def find_items(*, settings: Local, services: Iterable[str], span: Span, at: datetime) -> list[Item]:
    only = {span.service} & set(services) if span.service else set(services)
    today = timezone.localdate(at)
    return calendar.items(settings, first=span.first, last=span.last, today=today, only=only)


@dataclass(frozen=True)
class Board:
    """`counted_at` is when the numbers of a large vendor were counted, None when they are of now."""

    rows: list[Row]
    counted_at: datetime | None


def board(*, user: User, environment: Environment, span: Span, at: datetime) -> Board:
    """The rows in the order of their deadlines; none for what is expected of nobody. Six queries at most."""
    settings = catalogue.local(environment)
    services = expecting(user=user, environment=environment, settings=settings)
    found = find_items(settings=settings, services=services, span=span, at=at)
    counted = count(found, user=user, environment=environment, portfolio=span.portfolio, at=at)
    rows = rows_of(found, counted.numbers, today=timezone.localdate(at))
    return Board([row for row in rows if row.expected], counted.counted_at)


def rows_of(found: Sequence[Item], numbers: Sequence[Mapping[DueState, int]], *, today: date) -> list[Row]:
    return [Row(item, by_state, item.is_late(today)) for item, by_state in zip(found, numbers, strict=True)]


def forecast(row: Row, customers: CustomerQuerySet, *, environment: Environment, at: datetime) -> int | None:
    """How many reports will be delivered at the deadline when it goes on as in the days before; None when nobody can tell.

    One query.
    """
    day = row.item.day
    if day is None or row.is_late:
        return None
    everything = Submission.objects.filter(environment=environment)
    recent = everything.filter(customer__in=customers, service__in=row.item.services, answers__isnull=True)
    recent = recent.filter(**row.item.period.columns(), delivered_at__gt=at - PACE, delivered_at__lte=at)
    delivered: int = recent.aggregate(n=Count("customer", distinct=True))["n"]
    left = (day - timezone.localdate(at)).days
    return min(row.expected, row.done + delivered * left // PACE.days)
