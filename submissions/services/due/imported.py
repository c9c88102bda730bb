"""From whom reports are expected, as a column of a file of customers: the names of services, which a person brings with the file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer
from accounts.services.imports.linked import LINKED, Linked, Named, Values
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from submissions.models import Expectation
from submissions.services import catalogue
from submissions.services.catalogue import local
from submissions.services.due.calendar import with_periods
from submissions.services.due.expectations import Decision, decide, decided_anew, default_first

NOT = "-"
"""Before the id of a service: a person has said that it is not expected."""


class Expecting(Linked):
    """The ids of services. See `Linked`."""

    field = "expected"
    label = gettext_lazy("Forventede rapporter")
    hint = gettext_lazy("Skriv navnene på tjenester som har frister, med komma mellom.")
    headings: tuple[str, ...] = (
        "forventederapporter", "forventetrapport", "forventarapportar", "forventet", "rapporter", "rapport", "rapportar", "leverer",
        "skallevere", "tjenester", "tjeneste", "tenester", "expectedreports", "expected", "reports", "services",
    )  # fmt: skip
    model: type[models.Model] | None = Expectation
    records_itself = True

    def reader(self, environment: Environment) -> Callable[[str], Values | None]:
        known = names_of_services(environment)
        return lambda cell: read_services(cell, known)

    def had(self, customers: Iterable[int]) -> dict[int, Values]:
        found: defaultdict[int, list[str]] = defaultdict(list)
        rows = Expectation.objects.filter(customer__in=list(customers)).order_by()
        for customer, service, is_expected in rows.values_list("customer", "service", "is_expected"):
            found[customer].append(service if is_expected else NOT + service)
        return {customer: sorted(codes) for customer, codes in found.items()}

    def together(self, known: Values, added: Values) -> Values:
        """The file says it of these: what was said of them before makes room."""
        return sorted({*known, *added} - {NOT + code for code in added})

    def write(self, named: list[Named], *, by: str, at: datetime) -> None:
        """A service that is said for the first time is expected from the newest period that has ended."""
        had = self.had(customer.pk for customer, _codes in named)
        decided: defaultdict[str, list[Customer]] = defaultdict(list)
        for customer, codes in named:
            for code in set(codes) - set(had.get(customer.pk, [])):
                decided[code].append(customer)
        for code, customers in sorted(decided.items()):
            _decide(code, customers, by, at)
        _forget([pair for customer, codes in named for pair in _left(customer, codes, had)], by, at)

    def not_imported(self, customers: Iterable[int]) -> set[int]:
        rows = Expectation.objects.filter(customer__in=list(customers)).exclude(origin=Expectation.Origin.IMPORTED)
        return set(rows.values_list("customer", flat=True))

    def forgotten(self, customers: Iterable[Customer]) -> Callable[[], None]:
        """Their rows go with them."""
        return lambda: None

    def spelled(self, values: Values) -> str:
        return ", ".join(_spelled(code) for code in values)


def names_of_services(environment: Environment) -> dict[str, str]:
    """The services from which reports can be expected, by each name that is theirs alone, in the form of `_plain`."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for service in with_periods(local(environment)):
        short = service.id.removeprefix("innrapportering-")
        for name in (*service.names.values(), service.form, short, service.id):
            found[_plain(name)].add(service.id)
    return {name: min(services) for name, services in found.items() if name and len(services) == 1}


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def read_services(cell: str, known: dict[str, str]) -> Values | None:
    """The ids, sorted; None when a part of the cell names no service. Some names have commas: the longest one counts."""
    found: set[str] = set()
    for part in re.split(r"[;|\n]", cell):
        words = [word for word in part.split(",") if word.strip()]
        while words:
            size = next((n for n in range(len(words), 0, -1) if _plain("".join(words[:n])) in known), 0)
            if not size:
                return None
            found.add(known[_plain("".join(words[:size]))])
            words = words[size:]
    return sorted(found)


def _spelled(code: str) -> str:
    name = catalogue.name_of(code.removeprefix(NOT))
    return _("ikke %(service)s") % {"service": name} if code.startswith(NOT) else name


def _decide(code: str, customers: list[Customer], by: str, at: datetime) -> None:
    service = catalogue.service(code.removeprefix(NOT))
    first = default_first(service, today=timezone.localdate(at))
    if first is None:
        return
    decision = Decision(service, not code.startswith(NOT), first, origin=Expectation.Origin.IMPORTED)
    keys, environment = [customer.pk for customer in customers], customers[0].environment
    decide(customers=keys, decision=decision, environment=environment, by=by, at=at)


def _left(customer: Customer, codes: Values, had: dict[int, Values]) -> Iterator[tuple[int, str]]:
    """The services of which nothing is said any more: an import is taken back."""
    said = {code.removeprefix(NOT) for code in codes}
    services = {code.removeprefix(NOT) for code in had.get(customer.pk, [])}
    return ((customer.pk, service) for service in services - said)


def _forget(pairs: list[tuple[int, str]], by: str, at: datetime) -> None:
    """As if nobody had decided."""
    if not pairs:
        return
    rows = Expectation.objects.filter(customer__in={pk for pk, _service in pairs})
    gone = [row for row in rows if (row.customer_id, row.service) in set(pairs)]
    record_all([event(by=by, at=at, target=row, what=AuditType.UNDECIDED, service=row.service) for row in gone])
    Expectation.objects.filter(pk__in=[row.pk for row in gone]).delete()
    for environment in {row.environment for row in gone}:
        decided_anew(environment)


def register() -> None:
    """Tell the imports below about the column."""
    LINKED.append(Expecting())
