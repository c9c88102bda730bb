"""From whom reports are expected, as the pages show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Customer, CustomerImport, CustomerQuerySet, User
from portal.core import counting
from portal.core.environments import Environment
from submissions.models import Expectation
from submissions.period import Period
from submissions.services.catalogue import Local, Service, services
from submissions.services.due import expectations
from submissions.services.due.calendar import with_periods
from submissions.services.due.counting import customers_of
from submissions.services.due.expectations import Decision, Suggestion
from submissions.services.pages.due_board import short
from systemusers.models import Campaign, CampaignRow

WHO = [
    ("suggested", gettext_lazy("De foreslåtte: de har levert før, og ingen har bestemt noe om dem")),
    ("reachable", gettext_lazy("De som har tilgang til tjenesten")),
    ("everybody", gettext_lazy("Alle kundene")),
    ("expected", gettext_lazy("De rapporten forventes fra nå")),
]
"""By which customers are chosen: code and label."""
NAMED = "named"
"""Those of the import or the campaign that the address names."""


@dataclass(frozen=True)
class Named:
    """Customers that belong together. `parameter` and `pk` name them in an address, `customers` has their keys."""

    parameter: str
    pk: int
    choice: str
    link: str
    customers: QuerySet[Any, Any]


def of_import(row: CustomerImport) -> Named:
    choice = _("Kundene i importen «%(file)s»") % {"file": row.filename}
    keys = row.stored().order_by().values("customer")
    return Named("import", row.pk, choice, _("Velg kundene i importen"), keys)


def of_campaign(row: Campaign) -> Named:
    choice = _("Kundene i kampanjen «%(name)s»") % {"name": row.name}
    asked = CampaignRow.objects.taken(row).filter(customer__isnull=False)
    return Named("campaign", row.pk, choice, _("Velg kundene i kampanjen"), asked.order_by().values("customer"))


@dataclass(frozen=True)
class ServiceRow:
    """`reasons` are one sentence for each period that suggested customers delivered for last."""

    service: Service
    expected: int
    suggested: int
    reasons: list[str]


@dataclass(frozen=True)
class CustomerRow:
    """What is decided of one service. `text` says it, also when nothing is."""

    service: Service
    text: str
    is_expected: bool
    is_decided: bool


def overview(*, user: User, environment: Environment, settings: Local, today: date) -> list[ServiceRow]:
    """Those with numbers first. Three queries; large numbers are kept for a minute, until somebody decides."""
    offered, customers = with_periods(settings), customers_of(user=user, environment=environment)
    mark = expectations.mark_of(environment)
    decided = _expected(user, environment, mark)
    is_large = max(decided.values(), default=0) > counting.LARGE
    found: dict[str, list[Suggestion]] = defaultdict(list)
    for one in expectations.suggestions(customers, offered, today=today, mark=mark, is_large=is_large):
        found[one.service.id].append(one)
    rows = [_row(service, decided.get(service.id, 0), found[service.id]) for service in offered]
    return sorted(rows, key=lambda row: not (row.expected or row.suggested))


def _expected(user: User, environment: Environment, mark: str) -> dict[str, int]:
    rows = Expectation.objects.visible_to(user).current().wanted().filter(environment=environment).order_by()
    return dict(counting.whole(rows.values_list("service").annotate(n=Count("pk")), of=1, mark=mark))


def _row(service: Service, number: int, found: list[Suggestion]) -> ServiceRow:
    newest_first = sorted(found, key=lambda one: one.newest.start, reverse=True)
    return ServiceRow(service, number, sum(one.customers for one in found), [_reason(one) for one in newest_first])


def _reason(one: Suggestion) -> str:
    text = ngettext(
        "%(n)s foreslått fordi kunden leverte for %(period)s",
        "%(n)s foreslått fordi de leverte for %(period)s",
        one.customers,
    )
    return text % {"n": one.customers, "period": short(one.newest)}


def chosen(
    customers: CustomerQuerySet, service: Service, who: str, *, today: date, named: Named | None = None
) -> CustomerQuerySet:
    """The customers of one way in WHO, or those that are named. Raises KeyError for others."""
    if who == NAMED and named:
        return customers.filter(pk__in=named.customers)
    if who == "suggested":
        return expectations.suggested(customers, service, today=today)
    conditions = {"reachable": expectations.reachable(service), "expected": expectations.expected_from(service)}
    return customers if who == "everybody" else customers.filter(conditions[who])


def asked(decision: Decision, number: int) -> str:
    """The question of the confirmation page, with the number."""
    if decision.is_expected:
        text = ngettext(
            "Skal %(service)s forventes fra %(n)s kunde?", "Skal %(service)s forventes fra %(n)s kunder?", number
        )
    else:
        text = ngettext(
            "Skal %(service)s ikke forventes fra %(n)s kunde?",
            "Skal %(service)s ikke forventes fra %(n)s kunder?",
            number,
        )
    return text % {"service": decision.service.name, "n": number}


def consequences(decision: Decision) -> list[str]:
    if not decision.is_expected:
        return [_("De forsvinner fra fristene for tjenesten, også for perioder som er gått, og foreslås ikke på nytt.")]
    return [
        _spoken(decision.first, decision.last),
        _("De kommer med i fristene. Ingenting blir sendt, og kundene får ikke beskjed."),
        _("Det som er bestemt for dem før om denne tjenesten, erstattes."),
    ]


def done(decision: Decision, number: int) -> str:
    if not number:
        return _("Ingenting ble endret: det var slik fra før.")
    if decision.is_expected:
        text = ngettext("Rapporten forventes nå fra %(n)s kunde.", "Rapporten forventes nå fra %(n)s kunder.", number)
    else:
        text = ngettext(
            "Rapporten forventes ikke lenger fra %(n)s kunde.",
            "Rapporten forventes ikke lenger fra %(n)s kunder.",
            number,
        )
    return text % {"n": number}


def of_customer(customer: Customer, offered: Iterable[Service]) -> list[CustomerRow]:
    """Every service, the decided ones first. One query."""
    known = {row.service: row for row in customer.expectations.all()}
    rows = [_of_customer(service, known.get(service.id)) for service in offered]
    return sorted(rows, key=lambda row: (not row.is_expected, not row.is_decided))


def with_expected(customers: CustomerQuerySet) -> CustomerQuerySet:
    """Annotates what `expected_of` reads, so that the page of a customer takes no query more."""
    rows = Expectation.objects.wanted().filter(customer=OuterRef("pk"))
    columns = JSONObject(service="service", first="first_period", last="last_period")
    return customers.annotate(wanted=ArraySubquery(rows.values(json=columns)))


def expected_of(customer: Customer) -> list[CustomerRow]:
    """What is expected from a customer that `with_expected` has loaded. No queries."""
    found: list[dict[str, str]] = customer.wanted  # type: ignore[attr-defined] # annotated
    rows = {one["service"]: _stored(one) for one in found}
    return [_of_customer(one, rows[one.id]) for one in services() if one.id in rows]


def _stored(one: dict[str, str]) -> Expectation:
    last = date.fromisoformat(one["last"]) if one["last"] else None
    return Expectation(service=one["service"], first_period=date.fromisoformat(one["first"]), last_period=last)


def _of_customer(service: Service, row: Expectation | None) -> CustomerRow:
    if row is None:
        return CustomerRow(service, _("Ikke bestemt"), is_expected=False, is_decided=False)
    if not row.is_expected:
        return CustomerRow(service, _("Forventes ikke"), is_expected=False, is_decided=True)
    last = Period(service.period, row.last_period) if row.last_period else None
    text = _spoken(Period(service.period, row.first_period), last)
    return CustomerRow(service, text, is_expected=True, is_decided=True)


def _spoken(first: Period, last: Period | None) -> str:
    if last is None:
        return _("Fra og med %(first)s") % {"first": first.spoken}
    return _("Fra og med %(first)s til og med %(last)s") % {"first": first.spoken, "last": last.spoken}
