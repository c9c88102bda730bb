"""The vendor's staff: accounts, roles, portfolios and passwords. Every change is recorded with old and new values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import Portfolio, User
from accounts.services.notifications import account_closed, role_changed, send_again
from portal.core.audit import record
from portal.core.audit_changes import changes, stored_values, values_of
from portal.core.audit_events import AuditType

FIELDS = ("email", "name", "language", "role", "is_active", "is_staff", "is_superuser")


class AddressOfAnother(ValueError):
    """Somebody else had the address: the trail would say that the new one did what the former one has done."""


def is_of_another(email: str, *, user: User) -> bool:
    """Whether another member of staff has had this address."""
    return User.objects.exclude(pk=user.pk).filter(former_emails__contains=[email]).exists()


def save_user(*, user: User, by: str, at: datetime) -> None:
    """Store a new account or the changed fields of one. Nothing is recorded when nothing changed. Raises AddressOfAnother."""
    what = AuditType.ADDED if user.pk is None else AuditType.EDITED
    with transaction.atomic():
        old = stored_values(user, FIELDS)
        edits = changes(old=old, new=values_of(user, FIELDS))
        if "email" in edits and is_of_another(user.email, user=user):
            raise AddressOfAnother(user.email)
        if what == AuditType.ADDED:
            user.save()
        elif edits:
            user.save(update_fields=list(edits))
        if "email" in edits and old.get("email"):
            user.former_emails = sorted({*user.former_emails, str(old["email"])} - {user.email})
            user.save(update_fields=["former_emails"])
        if edits:
            record(by=by, at=at, target=user, what=what, changes=edits)
        if "is_active" in edits and not user.is_active:
            account_closed(user=user, at=at)
        if "role" in edits:
            role_changed(user=user, at=at)
        if "email" in edits:
            send_again(user=user, by=by, at=at)


def assign_portfolios(*, user: User, portfolios: Iterable[Portfolio], by: str, at: datetime) -> None:
    """The portfolios of a member of staff from now on. Nothing is recorded when they are the same."""
    wanted = list(portfolios)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        old, new = sorted(p.name for p in user.portfolios.all()), sorted(p.name for p in wanted)
        if old != new:
            user.portfolios.set(wanted)
            record(by=by, at=at, target=user, what=AuditType.EDITED, changes={"portfolios": [old, new]})


def note_password_set(*, user: User, by: str, at: datetime) -> None:
    """An administrator or a command stored a password for somebody, or took it away. Call it in the same transaction."""
    record(by=by, at=at, target=user, what=AuditType.PASSWORD_SET, usable=user.has_usable_password())
