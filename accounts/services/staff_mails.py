"""Mails to members of staff about their own account, in their language."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from portal.core.audit_changes import Changes
from portal.core.outbox.put import put_mail


def put_to(user: User, *, key: str, subject: str, lines: list[str], at: datetime, **more: Any) -> None:
    """Call it with the person's language switched on, in the transaction of the change."""
    put_mail(EmailMessage(subject, "\n".join(lines) + "\n", to=[user.email]), at=at, key=f"staff-{key}", **more)


def label_of(name: str) -> str:
    return str(User.AUDIT_LABELS.get(name, name))


def value_of(value: Any) -> str:
    """One side of a change for people: "Saksbehandler", "Nord, Sør", or a dash."""
    values = value if isinstance(value, list) else [value]
    return ", ".join(str(User.AUDIT_VALUES.get(each, each)) for each in values if each) or "–"


def rights_changed(*, user: User, edits: Changes, at: datetime) -> None:
    with translation.override(user.language):
        told = [
            f"{label_of(name).capitalize()}: {value_of(old)} → {value_of(new)}" for name, (old, new) in edits.items()
        ]
        lines = [_("Dette er endret i det du kan gjøre i portalen:"), "", *told, "", _unexpected(), settings.PORTAL_URL]
        moment = hashlib.sha256(f"{at.isoformat()} {sorted(edits)}".encode()).hexdigest()[:16]
        put_to(user, key=f"rights:{user.pk}:{moment}", subject=_("Tilgangen din er endret"), lines=lines, at=at)


def password_changed(*, user: User, at: datetime) -> None:
    with translation.override(user.language):
        lines = [
            _("Passordet ditt i portalen er byttet."), "", _("Andre økter er avsluttet."), "", _unexpected(),
        ]  # fmt: skip
        key = f"password:{user.pk}:{at:%Y%m%d%H%M%S}"
        put_to(user, key=key, subject=_("Passordet ditt er byttet"), lines=lines, at=at)


def address_changed(*, user: User, old: str, at: datetime) -> None:
    """To the address that the account had: its owner may not know."""
    with translation.override(user.language):
        lines = [_("Du logger inn i portalen med %(address)s fra nå av.") % {"address": user.email}, "", _unexpected()]
        mail = EmailMessage(_("E-postadressen din er byttet"), "\n".join(lines) + "\n", to=[old])
        put_mail(mail, at=at, key=f"staff-address:{user.pk}:{at:%Y%m%d%H%M%S%f}")


def _unexpected() -> str:
    return _("Var det ikke ventet, sier du fra til den som styrer folk og roller hos dere.")
