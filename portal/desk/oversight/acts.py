"""The acts of a period from the audit trail: those that the reader may see, in one environment, and how many each employee did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import Customer, Integration, User
from accounts.services.actors import INTEGRATION, STAFF, Names, actor
from accounts.services.customers import customers_found
from portal.core.audit import AuditEvent
from portal.core.audit_events import FROM_WHERE
from portal.core.environments import Environment
from portal.desk.oversight.kinds import TITLES, condition
from portal.explain.audit import model_of, present

LONGEST = timedelta(days=366)
MOST_SUMMED = 1_000_000
"""Acts that the table by employee is made of: a few seconds. It asks for a shorter period where there are more."""
NOBODY, LINK = "portal", "link"
"""Values of the filter of employees: the portal itself, and whoever has a customer's link."""


@dataclass(frozen=True)
class Period:
    """Whole days in Norway, both included."""

    first: date
    last: date

    @property
    def condition(self) -> Q:
        zone = timezone.get_default_timezone()
        begins, ends = (datetime.combine(day, time(), zone) for day in (self.first, self.last + timedelta(days=1)))
        return Q(at__gte=begins, at__lt=ends)


@dataclass(frozen=True)
class Row:
    """One act as the report shows it."""

    event: AuditEvent
    who: str
    act: str
    details: str
    customer: Customer | None
    about: str


@dataclass(frozen=True)
class Employee:
    """What one did in the period. `counts` by kind, in the order of TITLES."""

    email: str
    name: str
    customers: int
    counts: list[tuple[str, int]]


def find_acts(
    *, user: User, environment: Environment, period: Period, who: str = "", text: str = ""
) -> QuerySet[AuditEvent]:
    """By the index of environment and time, and with one employee by that of the employee."""
    rows = AuditEvent.objects.filter(period.condition, environment=environment)
    if not user.within(environment).sees_all_customers:
        visible = Customer.objects.visible_to(user).values("pk")
        rows = rows.filter(Q(customer_id_ref=None) | Q(customer_id_ref__in=visible))
    if text:
        rows = rows.filter(customer_id_ref__in=customers_found(text, user=user, environment=environment).values("pk"))
    return rows.filter(_by(who)) if who else rows


def _by(who: str) -> Q:
    if who == NOBODY:
        return Q(by__startswith="task:") | Q(by__startswith="remote:")
    if who == LINK:
        return Q(by="customer:link")
    if who.startswith(INTEGRATION):
        return Q(by=who) | Q(by__startswith=f"{who} ")
    person = User.objects.filter(Q(email=who) | Q(former_emails__contains=[who])).first()
    actors = person.actors if person else [f"{STAFF}{who}"]
    integrations = [each.actor for each in Integration.objects.only("name")]
    return Q(by__in=[*actors, *(f"{each} {actor}" for each in integrations for actor in actors)])


def _person(staff: Iterable[User]) -> Case | F:
    """The actor of an act, by the address that the person has now: one person is one line, whichever address they had."""
    cases = [When(by__in=user.actors[1:], then=Value(user.actor)) for user in staff if user.former_emails]
    return Case(*cases, default=F("by")) if cases else F("by")


def employees(staff: Iterable[User]) -> list[tuple[str, str]]:
    """For the filter: everybody who has, or had, a log-in, and the vendor's own systems."""
    people = [(user.email, user.name or user.email) for user in staff]
    systems = [(each.actor, actor(each.actor, {})) for each in Integration.objects.only("name")]
    return [*people, *systems, (LINK, _("Noen med kundens lenke")), (NOBODY, _("Portalen selv"))]


def summary(rows: QuerySet[AuditEvent], *, staff: Sequence[User]) -> list[Employee]:
    """Employees and integrations with acts among `rows`, the busiest first. One query, which first counts by employee and customer.
    `staff`: everybody who has, or had, a log-in."""
    counted = {kind: Count("pk", filter=condition(kind)) for kind in TITLES}
    named = Q(by__startswith=STAFF) | Q(by__startswith=INTEGRATION)
    people = rows.filter(named).order_by().annotate(person=_person(staff))
    pairs = people.values_list("person", "customer_id_ref").annotate(**counted)
    try:
        sql, params = pairs.query.sql_with_params()
    except EmptyResultSet:
        return []
    kinds = ", ".join(f"coalesce(sum({kind}), 0)::bigint" for kind in TITLES)
    columns = f"by, customer, {', '.join(TITLES)}"
    statement = f"SELECT by, count(customer), {kinds} FROM ({sql}) AS pairs ({columns}) GROUP BY by"  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found = cursor.fetchall()
    names = {user.email: user.name for user in staff}
    made = [_employee(by, names, customers, numbers) for by, customers, *numbers in found]
    return sorted(made, key=lambda one: -sum(number for _kind, number in one.counts))


def _employee(by: str, names: Names, customers: int, numbers: list[int]) -> Employee:
    email = by.removeprefix(STAFF)
    return Employee(email, actor(by, names), customers, list(zip(TITLES, numbers, strict=True)))


def names_by_address(staff: Iterable[User]) -> Names:
    """By each address that somebody has, or had."""
    return {email: user.name for user in staff for email in (*user.former_emails, user.email)}


def shown(events: list[AuditEvent], *, staff: Iterable[User]) -> list[Row]:
    """One query, for the names of customers. `staff`: everybody who has, or had, a log-in."""
    names = names_by_address(staff)
    customers = Customer.objects.only("name", "orgnr", "environment").in_bulk(
        {event.customer_id_ref for event in events if event.customer_id_ref}
    )
    return [_row(event, names, customers) for event in events]


def _row(event: AuditEvent, names: Names, customers: Mapping[int, Customer]) -> Row:
    told = present(event)
    return Row(
        event=event,
        who=actor(event.by, names) or _("Portalen selv"),
        act=str(told.title),
        details=", ".join([*map(str, told.parts), *_where(event)]),
        customer=customers.get(event.customer_id_ref) if event.customer_id_ref else None,
        about=_about(event.target),
    )


def _where(event: AuditEvent) -> list[str]:
    """The address of who read or took out something."""
    return [str(event.detail["ip"])] if event.what in FROM_WHERE and event.detail.get("ip") else []


def _about(target: str) -> str:
    model, (_label, _colon, key) = model_of(target), target.partition(":")
    return f"{capfirst(str(model._meta.verbose_name))} {key}" if model else target


def totals(people: Iterable[Employee]) -> list[int]:
    """The sum of each kind."""
    return [sum(column) for column in zip(*([n for _kind, n in one.counts] for one in people), strict=True)]
