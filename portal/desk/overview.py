"""Data of the overview: figures, first steps, the funnel from invited to in use, and service status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Customer, User
from portal.core import upstream
from portal.core.changed import PARAMETER
from portal.core.counting import by_sql, has_large, kept, spaced
from portal.core.environments import Environment
from portal.core.next_step import list_of as _url
from portal.desk import changed
from portal.desk.connection import DONE, Step, nine_steps
from portal.desk.counting import Counted, count_whole
from submissions.models import Submission
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.catalogue import Service
from submissions.services.pages.changed import DELIVERED
from systemusers.models import Access
from systemusers.services.listing import USED

RECENT = timedelta(days=30)
IN_SIGHT = {PeriodKind.YEAR: timedelta(days=120), PeriodKind.MONTH: timedelta(days=7)}
"""How long before it a deadline is told."""
LATELY = timedelta(days=120)
"""A monthly service is used while there is a report for a month that began within this time."""


@dataclass(frozen=True)
class Figure:
    number: int
    label: str
    url: str
    is_bad: bool = False


def greeting(*, at: datetime) -> str:
    hour = timezone.localtime(at).hour
    if 5 <= hour < 10:
        return _("God morgen")
    return _("God kveld") if hour >= 18 else _("Hei")


Coming = Sequence[tuple[date, Service]]
"""(last day, service) of every deadline in sight."""


def coming(*, user: User, environment: Environment, at: datetime) -> Coming:
    """The deadlines within IN_SIGHT, whoever they are for. One query."""
    today, settings = timezone.localdate(at), catalogue.local(environment)
    return [
        (day, service)
        for service in catalogue.reports(settings)
        if service.period in IN_SIGHT
        for period in _present(service.period, today)
        if (day := settings.last_day(service, period)) and today <= day <= today + IN_SIGHT[service.period]
    ]


def facts(
    *, user: User, environment: Environment, at: datetime, ahead: Coming, counted: Mapping[str, Counted]
) -> list[str]:
    """Facts shown beside the date: number of customers, and the next deadline of each kind of period.

    `ahead` as returned by `coming`, `counted` by `counts`. A monthly service is told of only when it was used lately.
    """
    number = counted["customers"].n
    if user.within(environment).sees_all_customers:
        customers = ngettext("%(n)s kunde", "%(n)s kunder", number)
    else:
        customers = ngettext("%(n)s kunde i porteføljen din", "%(n)s kunder i porteføljen din", number)
    told = [(day, one) for day, one in ahead if one.period != PeriodKind.MONTH or counted[f"used-{one.id}"].n]
    return [customers % {"n": spaced(number)}, *_next_deadlines(told, timezone.localdate(at))]


def _next_deadlines(told: Coming, today: date) -> Iterator[str]:
    for kind in IN_SIGHT:
        days = [(day, service.name) for day, service in told if service.period == kind]
        if days:
            yield _said(*min(days), today)


def _present(kind: PeriodKind, today: date) -> tuple[Period, Period]:
    """The period that today is in, and the one before."""
    now = Period.year(today.year) if kind == PeriodKind.YEAR else Period.month(today.year, today.month)
    return now.before, now


def _said(day: date, name: str, today: date) -> str:
    days = (day - today).days
    text = ngettext("%(n)s dag til fristen for %(service)s", "%(n)s dager til fristen for %(service)s", days)
    return text % {"n": days, "service": name[:1].lower() + name[1:]}


def _accesses(user: User, environment: Environment) -> Any:
    return Access.objects.visible_to(user).current().filter(environment=environment)


def _submissions(user: User, environment: Environment) -> Any:
    return Submission.objects.visible_to(user).current().filter(environment=environment)


def accesses(*, user: User, environment: Environment) -> dict[str, int]:
    """How many accesses there are of each kind that the overview counts, in one query. Large numbers are kept for a minute."""
    kinds = {
        "invited": Q(sent_at__isnull=False),
        "waiting": Q(status__in=Access.OPEN),
        "opened": Q(opened_at__isnull=False) | Q(status__in=Access.USABLE),
        "approved": Q(status__in=Access.USABLE),
        "in_use": USED,
    }
    grouped = _accesses(user, environment).order_by().values("environment")
    counted = grouped.annotate(**{name: Count("pk", filter=kind) for name, kind in kinds.items()}).values_list(*kinds)
    numbers = kept(by_sql(counted), lambda: next(iter(counted), [0] * len(kinds)), is_large=has_large)
    return dict(zip(kinds, numbers, strict=True))


def counts(
    *, user: User, environment: Environment, at: datetime, since: datetime | None, ahead: Coming
) -> dict[str, Counted]:
    """What the facts, the figures and `since_last` count, in one query. `ahead` as returned by `coming`.

    Numbers of large vendors are up to a minute old, and those of the last days begin with an hour.
    """
    hour = _hour(at)
    rows = _submissions(user, environment)
    changes = changed.selections(user, environment, since) if since else {}
    lately = rows.filter(period_start__gte=timezone.localdate(at) - LATELY)
    monthly = {service.id for _day, service in ahead if service.period == PeriodKind.MONTH}
    return count_whole(
        {
            "customers": Customer.objects.visible_to(user).filter(environment=environment).current(),
            "delivered": DELIVERED.after(rows, hour - RECENT),
            "rejected": rows.needing_correction().filter(status=Submission.Status.REJECTED),
            **{f"used-{code}": lately.filter(service=code) for code in sorted(monthly)},
            **{f"changed-{code}": selected for code, selected in changes.items()},
        }
    )


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def figures(
    *, user: User, environment: Environment, at: datetime, counted: Mapping[str, Counted], access: Mapping[str, int]
) -> list[Figure]:
    """The four figures, each leads to its rows; `access` as returned by `accesses`, `counted` by `counts`."""
    delivered, rejected = counted["delivered"].n, counted["rejected"].n
    lately = f"{PARAMETER}={DELIVERED.value(_hour(at) - RECENT)}"
    return [
        Figure(access["in_use"], _("tilganger i bruk"), _url(environment, "accesses", "status=USED")),
        Figure(access["waiting"], _("venter på godkjenning"), _url(environment, "accesses", "status=OPEN")),
        Figure(delivered, _("levert siste 30 dager"), _url(environment, "submissions", lately)),
        Figure(rejected, _("avvist, må rettes"), _url(environment, "submissions", "state=rejected"), rejected > 0),
    ]


def since_last(
    *, user: User, environment: Environment, counted: Mapping[str, Counted], since: datetime | None
) -> list[changed.Line]:
    """What happened since the previous visit; each leads to exactly those rows. `counted` as returned by `counts`."""
    if since is None:
        return []
    numbers = {code: counted[f"changed-{code}"].n for code in changed.ON_OVERVIEW}
    return [changed.line(code, numbers[code], environment, since) for code in changed.ON_OVERVIEW if numbers[code]]


def funnel(access: Mapping[str, int]) -> list[tuple[str, int]]:
    """Invited, opened, approved, in use: how many reached each step; `access` as returned by `accesses`."""
    labels = {"invited": _("Invitert"), "opened": _("Åpnet lenken"), "approved": _("Godkjent"), "in_use": _("I bruk")}
    return [(label, access[key]) for key, label in labels.items()]


@dataclass(frozen=True)
class FirstSteps:
    """Progress of the nine steps: the number done, and the first one left."""

    done: int
    step: Step


def first_steps(
    *, user: User, environment: Environment, at: datetime, access: Mapping[str, int] | None = None
) -> FirstSteps | None:
    """Shown until the first access is usable, whoever's customer it is; None after that. `access`: as from `accesses`."""
    if access and access["approved"]:
        return None
    if Access.objects.filter(environment=environment, status__in=Access.USABLE).exists():
        return None
    steps = nine_steps(environment=environment, user=user, at=at)
    return FirstSteps(sum(step.state == DONE for step in steps), next(step for step in steps if step.state != DONE))


def lights(*, environment: Environment, at: datetime) -> list[upstream.Light]:
    return upstream.lights(environment=environment, at=at)
