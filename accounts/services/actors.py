"""Who did something, for display: names of staff for the actors in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.visits import VISITOR

STAFF = "user:"
"""How the actors begin that are staff; their e-mail address follows."""
Names = dict[str, str]
"""By e-mail address."""


def names_of(actors: Iterable[str]) -> Names:
    return {email: name for email, (_pk, name) in _staff(actors).items()}


def ids_of(actors: Iterable[str]) -> set[int]:
    """The keys of the members of staff behind these names, whichever address each had when it acted."""
    return {pk for pk, _name in _staff(actors).values()}


def _staff(actors: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Key and name by each address that was asked for, present or former. One query."""
    asked = {by.removeprefix(STAFF) for by in actors if by.startswith(STAFF)}
    if not asked:
        return {}
    rows = User.objects.filter(Q(email__in=asked) | Q(former_emails__overlap=list(asked)))
    found = rows.values_list("pk", "name", "email", "former_emails")
    return {email: (pk, name) for pk, name, now, former in found for email in {now, *former} & asked}


def with_names(events: QuerySet[Any]) -> QuerySet[Any]:
    """Audit events with the names of the staff among their actors, for `names_in`: no further query."""
    address = Substr(OuterRef("by"), len(STAFF) + 1)
    staff = User.objects.filter(Q(email=address) | Q(former_emails__contains=[address]))
    named: QuerySet[Any] = events.annotate(
        by_name=Case(When(by__startswith=STAFF, then=Subquery(staff.values("name")[:1])))
    )
    return named


def names_in(events: Iterable[Any]) -> Names:
    """`events` come from `with_names`."""
    return {event.by.removeprefix(STAFF): event.by_name for event in events if event.by_name}


def actor(by: str, names: Names) -> str:
    """The actor's name for display; "" for our own tasks."""
    if by == "customer:link":
        return _("Noen med kundens lenke")
    if by == VISITOR:
        return _("Ikke innlogget")
    if by.startswith("remote:"):
        return by.removeprefix("remote:").capitalize()
    return person(by, names) if by.startswith(STAFF) else ""


def person(by: str, names: Names) -> str:
    """The name of a member of staff; "" for a task or a remote."""
    if by.startswith(("task:", "remote:")):
        return ""
    email = by.removeprefix(STAFF)
    return names.get(email) or email
