"""Invitations by mail: the person follows the link, and chooses a password that nobody else has known.

The link is signed, not stored. It is good until `VALID` is over, a newer one is sent, the invitation is withdrawn, or it is used.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import staff_mails, visits
from accounts.services.actors import names_of, person
from accounts.services.staff import AddressOfAnother, Rights, change_rights, save_user
from accounts.services.visits import Visit
from portal.core.audit import record
from portal.core.audit_changes import changes, values_of
from portal.core.audit_events import AuditType
from portal.core.formats import spelled_date

VALID = timedelta(days=7)
SALT = "accounts.invitation"
FIELDS = ("invited_at", "is_active")


class AddressTaken(Exception):
    """Somebody has the address: the account, also one that was closed."""

    def __init__(self, user: User) -> None:
        super().__init__(user.email)
        self.user = user


class NotInvited(Exception):
    """The invitation was used or withdrawn meanwhile, or the link is old, or made up."""


def invite(*, email: str, name: str, language: str, rights: Rights, by: str, at: datetime) -> User:
    """A new account without a password, and the mail with the link. Raises AddressTaken."""
    email = email.strip().lower()
    user = User(email=email, name=name, language=language, invited_at=at)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            save_user(user=user, by=by, at=at)
            change_rights(user=user, rights=rights, by=by, at=at, tell=False)
            _mail(user, by, at)
    except (IntegrityError, AddressOfAnother) as error:
        raise AddressTaken(User.objects.get(Q(email=email) | Q(former_emails__contains=[email]))) from error
    return user


def invite_again(*, user: User, by: str, at: datetime) -> None:
    """A new link; those before it end. A withdrawn one is open again, with what it was given. Raises NotInvited."""
    with transaction.atomic():
        stored = _locked(user)
        old = values_of(stored, FIELDS)
        stored.invited_at, stored.is_active = at, True
        stored.save(update_fields=FIELDS)
        edits = changes(old=old, new=values_of(stored, FIELDS))
        record(by=by, at=at, target=stored, what=AuditType.EDITED, changes=edits)
        _mail(stored, by, at)


def withdraw(*, user: User, by: str, at: datetime) -> None:
    """The link ends, and the account is closed. What it was given stays with it, should the person be invited again."""
    with transaction.atomic():
        stored = _locked(user)
        stored.is_active = False
        save_user(user=stored, by=by, at=at)


def ends_at(user: User) -> datetime | None:
    return user.invited_at + VALID if user.invited_at else None


def link_of(user: User) -> str:
    assert user.invited_at is not None  # noqa: S101 - only invited people get one
    token = signing.dumps({"user": user.pk, "at": user.invited_at.isoformat()}, salt=SALT)
    return f"{settings.PORTAL_URL}{reverse('invitation', kwargs={'token': token})}"


def find_invited(token: str, *, at: datetime) -> User:
    """Whom the link was sent to. Raises NotInvited."""
    try:
        said: dict[str, Any] = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotInvited from error
    user = User.objects.filter(pk=said["user"], is_active=True, invited_at__isnull=False).first()
    if user is None or user.invited_at is None or user.invited_at.isoformat() != said["at"]:
        raise NotInvited
    if at >= user.invited_at + VALID:
        raise NotInvited
    return user


def accept(*, user: User, name: str, password: str, visit: Visit) -> None:
    """The person has chosen a password: the account is theirs. Raises NotInvited when it was used or withdrawn meanwhile."""
    with transaction.atomic():
        stored = _locked(user)
        if stored.invited_at != user.invited_at or not stored.is_active:
            raise NotInvited
        stored.name, stored.invited_at = name, None
        stored.set_password(password)
        stored.save(update_fields=["name", "invited_at", "password"])
        visits.note_password_reset(user=stored, visit=visit)


def _locked(user: User) -> User:
    stored = User.objects.select_for_update(no_key=True).filter(pk=user.pk, invited_at__isnull=False).first()
    if stored is None:
        raise NotInvited
    return stored


def _mail(user: User, by: str, at: datetime) -> None:
    inviter = person(by, names_of([by])) or settings.PORTAL_URL
    end = at + VALID
    with translation.override(user.language):
        lines = [
            _("%(inviter)s har laget en konto til deg i portalen.") % {"inviter": inviter},
            "",
            _("Åpne lenken og velg et passord:")
            if settings.LOCAL_PASSWORDS
            else _("Åpne lenken og logg inn med %(name)s:") % {"name": settings.OIDC_NAME},
            link_of(user),
            "",
            _("Lenken virker til og med %(date)s. Si fra til den som inviterte deg om du trenger en ny.")
            % {"date": spelled_date(end)},
        ]
        key = f"invitation:{user.pk}:{at:%Y%m%d%H%M%S%f}"
        staff_mails.put_to(user, key=key, subject=_("Invitasjon til portalen"), lines=lines, at=at, give_up_at=end)
