"""Who did something, for display: names of staff for the actors in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import StrIndex, Substr
from django.utils.translation import gettext as _

from accounts.models import IntegrationProof, User
from accounts.services.visits import VISITOR

STAFF = "user:"
"""How the actors begin that are staff; their e-mail address follows."""
INTEGRATION = "integration:"
"""How the vendor's own systems begin: `integration:erp`, and for an employee `integration:erp user:kari@vendor.example`."""
Names = dict[str, str]
"""By e-mail address."""


def email_in(by: str) -> str:
    """The address of the member of staff who acts, also through an integration; "" for none."""
    named = by.partition(" ")[2] if by.startswith(INTEGRATION) else by
    return named.removeprefix(STAFF) if named.startswith(STAFF) else ""


def names_of(actors: Iterable[str]) -> Names:
    return {email: name for email, (_pk, name) in _staff(actors).items()}


def ids_of(actors: Iterable[str]) -> set[int]:
    """The keys of the members of staff behind these names, whichever address each had when it acted."""
    return {pk for pk, _name in _staff(actors).values()}


def keys_of(actors: Iterable[str]) -> dict[str, int]:
    """The key of the member of staff by each of these names. One query."""
    asked = list(actors)
    found = _staff(asked)
    return {by: found[email_in(by)][0] for by in asked if email_in(by) in found}


def behind_integrations(actors: Iterable[str]) -> list[str]:
    """Who has made a secret or added a key for any of the integrations among these. No query where there is none."""
    names = {by.split(" ")[0].removeprefix(INTEGRATION) for by in actors if by.startswith(INTEGRATION)}
    if not names:
        return []
    made = IntegrationProof.objects.filter(integration__name__in=names)
    return list(made.values_list("made_by", flat=True).distinct())


def _staff(actors: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Key and name by each address that was asked for, present or former. One query."""
    asked = {email for by in actors if (email := email_in(by))}
    if not asked:
        return {}
    rows = User.objects.filter(Q(email__in=asked) | Q(former_emails__overlap=list(asked)))
    found = rows.values_list("pk", "name", "email", "former_emails")
    return {email: (pk, name) for pk, name, now, former in found for email in {now, *former} & asked}


def with_names(events: QuerySet[Any]) -> QuerySet[Any]:
    """Audit events with the names of the staff among their actors, for `names_in`: no further query."""
    address = Substr(OuterRef("by"), StrIndex(OuterRef("by"), Value(STAFF)) + len(STAFF))
    staff = User.objects.filter(Q(email=address) | Q(former_emails__contains=[address]))
    named: QuerySet[Any] = events.annotate(
        by_name=Case(When(by__contains=STAFF, then=Subquery(staff.values("name")[:1])))
    )
    return named


def names_in(events: Iterable[Any]) -> Names:
    """`events` come from `with_names`."""
    return {email_in(event.by): event.by_name for event in events if event.by_name}


def actor(by: str, names: Names) -> str:
    """The actor's name for display; "" for our own tasks."""
    if by == "customer:link":
        return _("Noen med kundens lenke")
    if by == VISITOR:
        return _("Ikke innlogget")
    if by.startswith("remote:"):
        return by.removeprefix("remote:").capitalize()
    if by.startswith(INTEGRATION):
        return _through(by, names)
    return person(by, names) if by.startswith(STAFF) else ""


def _through(by: str, names: Names) -> str:
    name, email = by.partition(" ")[0].removeprefix(INTEGRATION), email_in(by)
    if not email:
        return _("Integrasjonen %(name)s") % {"name": name}
    return _("%(person)s, gjennom %(name)s") % {"person": names.get(email) or email, "name": name}


def person(by: str, names: Names) -> str:
    """The name of a member of staff; "" for a task or a remote."""
    if by.startswith(("task:", "remote:")):
        return ""
    if by.startswith(INTEGRATION):
        return _through(by, names)
    email = by.removeprefix(STAFF)
    return names.get(email) or email
