"""History for display, newest first, from the audit trail: who did what, and what Altinn answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Customer
from accounts.services.actors import Names, actor, names_in, names_of, with_names
from portal.core.audit import AuditEvent, target_of
from portal.explain.audit import HIDDEN_ON_PAGES, Line, model_of, present
from systemusers.models import Access, RegisterChange, System

MOST = 100


def of_access(access: Access) -> list[Line]:
    return of_row(access)


def of_customer(customer: Customer, *, names: Mapping[str, str]) -> list[Line]:
    """Everything about the customer: its own row, accesses, submissions. `names` are those of targets that have one."""
    return _lines_of(AuditEvent.objects.filter(customer_id_ref=customer.pk), things=names)


def of_row(row: Any) -> list[Line]:
    return _lines_of(AuditEvent.objects.filter(target=target_of(row)))


def of_system(system: System) -> list[Line]:
    """What we did and what Altinn's change log tells, in one."""
    log = [_logged(change) for change in system.register_changes.all()[:MOST]]
    return sorted([*of_row(system), *log], key=lambda line: line.at, reverse=True)


def _logged(change: RegisterChange) -> Line:
    titles = {
        "create": _("Registrert i Altinns register"),
        "update": _("Endret i Altinns register"),
        "rightsupdate": _("Rettighetene endret i Altinns register"),
        "accesspackageupdate": _("Tilgangspakkene endret i Altinns register"),
        "delete": _("Slettet i Altinns register"),
    }
    client = _("klient %(client_id)s") % {"client_id": change.client_id} if change.client_id else ""
    text = " · ".join(filter(None, [_("Altinns endringslogg"), client, change.by_orgnr]))
    return Line(titles.get(change.kind, change.kind), text, change.at, "info")


def _lines_of(events: Any, *, things: Mapping[str, str] | None = None) -> list[Line]:
    rows = list(with_names(events.exclude(what__in=HIDDEN_ON_PAGES)).order_by("-id")[:MOST])
    names = names_in(rows)
    lines = [_line(row, names, things) for row in rows]
    return [line for line in lines if line is not None]


def _line(row: AuditEvent, names: Names, things: Mapping[str, str] | None) -> Line | None:
    presented, thing = present(row), ""
    if not presented.on_pages:
        return None
    model = model_of(row.target)
    if things is not None and model and model is not Customer:
        thing = things.get(row.target) or str(model._meta.verbose_name).capitalize()
    text = " · ".join(filter(None, [thing, *presented.parts, actor(row.by, names)]))
    return Line(presented.title, text, row.at, presented.colour)


def name_of(by: str) -> str:
    """The actor's name, if known."""
    return actor(by, names_of([by]))
