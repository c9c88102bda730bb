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


def factor_added(*, user: User, name: Any, at: datetime) -> None:
    with translation.override(user.language):
        lines = [_("Du logger nå inn i portalen også med dette: %(factor)s.") % {"factor": str(name).lower()}]
        _about_factors(user, _("Lagt til i totrinnsinnloggingen"), lines, at)


def factor_removed(*, user: User, name: Any, at: datetime) -> None:
    with translation.override(user.language):
        lines = [_("Dette er fjernet fra innloggingen din i portalen: %(factor)s.") % {"factor": str(name).lower()}]
        _about_factors(user, _("Fjernet fra totrinnsinnloggingen"), lines, at)


def factors_reset(*, user: User, at: datetime) -> None:
    with translation.override(user.language):
        lines = [
            _("En administrator har fjernet totrinnsinnloggingen din i portalen, og øktene dine er avsluttet."),
            _("Logg inn med passordet, og sett opp en ny."),
        ]
        _about_factors(user, _("Totrinnsinnloggingen din er fjernet"), lines, at)


def identity_removed(*, user: User, at: datetime) -> None:
    with translation.override(user.language):
        lines = [
            _("En administrator har koblet kontoen din i portalen fra %(name)s, og øktene dine er avsluttet.")
            % {"name": settings.OIDC_NAME},
            _("Neste gang du logger inn der med denne adressen, kobles den til igjen."),
        ]
        _about_factors(user, _("Kontoen din er koblet fra"), lines, at)


def recovery_codes_made(*, user: User, at: datetime) -> None:
    with translation.override(user.language):
        lines = [_("Du har fått nye gjenopprettingskoder i portalen. De gamle virker ikke lenger.")]
        _about_factors(user, _("Nye gjenopprettingskoder"), lines, at)


def recovery_code_used(*, user: User, left: int, at: datetime) -> None:
    with translation.override(user.language):
        text = _("Noen logget inn i portalen med en av gjenopprettingskodene dine. Koder igjen: %(n)s.")
        _about_factors(user, _("En gjenopprettingskode er brukt"), [text % {"n": left}], at)


def _about_factors(user: User, subject: str, lines: list[str], at: datetime) -> None:
    key = f"factor:{user.pk}:{hashlib.sha256(f'{at.isoformat()} {lines}'.encode()).hexdigest()[:16]}"
    put_to(user, key=key, subject=subject, lines=[*lines, "", _unexpected(), settings.PORTAL_URL], at=at)


def address_changed(*, user: User, old: str, at: datetime) -> None:
    """To the address that the account had: its owner may not know."""
    with translation.override(user.language):
        lines = [_("Du logger inn i portalen med %(address)s fra nå av.") % {"address": user.email}, "", _unexpected()]
        mail = EmailMessage(_("E-postadressen din er byttet"), "\n".join(lines) + "\n", to=[old])
        put_mail(mail, at=at, key=f"staff-address:{user.pk}:{at:%Y%m%d%H%M%S%f}")


def _unexpected() -> str:
    return _("Var det ikke ventet, sier du fra til den som styrer folk og roller hos dere.")
