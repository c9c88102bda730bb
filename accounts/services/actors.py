"""Who did something, for display: names of staff for the actors in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.visits import VISITOR

Names = dict[str, str]
"""By e-mail address."""


def names_of(actors: Iterable[str]) -> Names:
    emails = {by.removeprefix("user:") for by in actors if by.startswith("user:")}
    return dict(User.objects.filter(email__in=emails).values_list("email", "name"))


def actor(by: str, names: Names) -> str:
    """The actor's name for display; "" for our own tasks."""
    if by == "customer:link":
        return _("Noen med kundens lenke")
    if by == VISITOR:
        return _("Ikke innlogget")
    if by.startswith("remote:"):
        return by.removeprefix("remote:").capitalize()
    return person(by, names) if by.startswith("user:") else ""


def person(by: str, names: Names) -> str:
    """The name of a member of staff; "" for a task or a remote."""
    if by.startswith(("task:", "remote:")):
        return ""
    email = by.removeprefix("user:")
    return names.get(email) or email
