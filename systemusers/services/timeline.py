"""History for display, newest first, from the audit trail: who did what, and what Altinn answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer, User
from portal.core.audit import AuditEvent
from portal.core.colours import colour
from portal.explain import explain
from systemusers.models import Access

MOST = 100
WORDS: dict[str, Any] = {
    "added": gettext_lazy("Lagt til"),
    "edited": gettext_lazy("Endret"),
    "looked-up": gettext_lazy("Slått opp i Enhetsregisteret"),
    "requested": gettext_lazy("Bedt om tilgang"),
    "withdraw": gettext_lazy("Ville trekke forespørselen"),
    "send-again": gettext_lazy("Sendt på nytt"),
    "link-revoked": gettext_lazy("Lenken ble stengt"),
    "link-renewed": gettext_lazy("Lenken fikk ny adresse"),
    "led-to-altinn": gettext_lazy("Gikk videre til Altinn"),
    "missing:token": gettext_lazy("Maskinporten fant ikke systembrukeren"),
    "missing:list": gettext_lazy("Altinn hadde ikke systembrukeren i listen"),
    "signs-disagree": gettext_lazy("Altinn og Maskinporten sa ikke det samme"),
    "register": gettext_lazy("Prøver å registrere i systemregisteret"),
    "register:refused": gettext_lazy("Altinn sa nei til registreringen"),
    "register:unanswered": gettext_lazy("Altinn svarte ikke på registreringen"),
    "update": gettext_lazy("Prøver å oppdatere systemregisteret"),
    "update:done": gettext_lazy("Oppdatert i systemregisteret"),
    "update:refused": gettext_lazy("Altinn sa nei til oppdateringen"),
    "update:unanswered": gettext_lazy("Altinn svarte ikke på oppdateringen"),
    "compare": gettext_lazy("Sammenlignet med Altinn"),
    "delete": gettext_lazy("Bedt om sletting i Altinn"),
    "delete:refused": gettext_lazy("Altinn sa nei til slettingen"),
    "delete:unanswered": gettext_lazy("Altinn svarte ikke på slettingen"),
    "reconcile": gettext_lazy("Tilgangene er gått gjennom"),
}
SILENT = {"send", "reconcile", "register:done", "delete:done"}
"""Machine steps left out of the page; a change of state shows the same. They stay in the audit trail."""
TINTS = {"refused": "danger", "unanswered": "warning", "done": "success"}


@dataclass(frozen=True)
class Event:
    """One line. `colour` is Designsystemet's name of it."""

    title: str
    text: str
    at: datetime
    colour: str


def of_access(access: Access) -> list[Event]:
    return _events_of(AuditEvent.objects.filter(target=f"{access._meta.label}:{access.pk}"))


def of_customer(customer: Customer, *, names: Mapping[str, str]) -> list[Event]:
    """Everything about the customer: its own row, accesses, submissions. `names` are those of targets that have one."""
    return _events_of(AuditEvent.objects.filter(customer_id_ref=customer.pk), things=names)


def of_row(row: Any) -> list[Event]:
    return _events_of(AuditEvent.objects.filter(target=f"{row._meta.label}:{row.pk}"))


def _events_of(events: Any, *, things: Mapping[str, str] | None = None) -> list[Event]:
    rows = list(events.exclude(what__in=SILENT).order_by("-id")[:MOST])
    names = _names(row.by for row in rows)
    lines = [_event(row, names, things) for row in rows]
    return [event for event in lines if event is not None]


def _event(row: AuditEvent, names: dict[str, str], things: Mapping[str, str] | None) -> Event | None:
    model = _model(row.target)
    title, tint = _title(row, model)
    if not title:
        return None
    thing = ""
    if things is not None and model and model is not Customer:
        thing = things.get(row.target) or str(model._meta.verbose_name).capitalize()
    return Event(title, " · ".join(filter(None, [thing, *_reasons(row), actor(row.by, names)])), row.at, tint)


def _reasons(row: AuditEvent) -> list[str]:
    """Why it was refused, in the reader's language."""
    return [f"{explain(code).title} ({code})" for code in row.detail.get("codes", [])]


def _model(target: str) -> Any:
    try:
        return apps.get_model(target.partition(":")[0])
    except (LookupError, ValueError):
        return None


def _title(row: AuditEvent, model: Any) -> tuple[str, str]:
    """Title and colour. A change of state is shown by the label of the new state."""
    _before, arrow, after = row.what.partition("->")
    if arrow and model is not None:
        labels = dict(model._meta.get_field("status").choices)
        return str(labels.get(after, after)), colour(after)
    return str(WORDS.get(row.what, "")), TINTS.get(row.what.partition(":")[2], "neutral")


def name_of(by: str) -> str:
    """The actor's name, if known."""
    return actor(by, _names([by]))


def _names(actors: Iterable[str]) -> dict[str, str]:
    emails = {by.removeprefix("user:") for by in actors if by.startswith("user:")}
    return dict(User.objects.filter(email__in=emails).values_list("email", "name"))


def actor(by: str, names: dict[str, str]) -> str:
    """The actor's name for display; "" for our own tasks."""
    if by == "customer:link":
        return _("Kunden, fra lenken")
    if by.startswith("remote:"):
        return by.removeprefix("remote:").capitalize()
    email = by.removeprefix("user:")
    return names.get(email) or email if by.startswith("user:") else ""
