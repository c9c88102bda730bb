"""The second factor of staff: who must have one, what each has, and what is recorded and told when that changes.

Secrets are encrypted and bound to their owner by `seal`; allauth stores them in its own table, `mfa_authenticator`.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import LogIn, User
from accounts.services import log_ins, staff_mails
from portal.core import crypto
from portal.core.audit import record
from portal.core.audit_events import AuditType

Kind = Authenticator.Type
PLACE = "mfa_authenticator.data"
SECRETS = ("secret", "seed")
"""Keys of `Authenticator.data` whose values are sealed."""
STEP = "step"
"""Key of `Authenticator.data` with the newest step of the app's clock of which a code was taken."""
NAMES = {
    Kind.TOTP: _("Kodeapp"),
    Kind.WEBAUTHN: _("Passnøkkel"),
    Kind.RECOVERY_CODES: _("Gjenopprettingskoder"),
}


class HasOne(Exception):
    """The person has an authenticator app already."""


@dataclass(frozen=True)
class Factor:
    """What a person logs in with beside the password. `name` is their own word for a passkey."""

    pk: int
    kind: str
    name: str
    added_at: datetime
    used_at: datetime | None

    @property
    def text(self) -> str:
        return str(NAMES[Kind(self.kind)])


def name_of(kind: str) -> str:
    """A kind in words, for the audit trail."""
    return str(NAMES[Kind(kind)]) if kind in Kind.values else kind


def is_required(user: User, environment: str | None, *, of_charge: bool) -> bool:
    """Whether the person needs one where they are. A charge holds in every environment, so it is as strict as the strictest."""
    if of_charge:
        return bool(settings.SECOND_FACTOR_IN or settings.SECOND_FACTOR_ROLES)
    if environment is None:
        return False
    return environment in settings.SECOND_FACTOR_IN or user.given.roles.get(environment) in settings.SECOND_FACTOR_ROLES


def seal(text: str, *, owner: int) -> str:
    return base64.b64encode(crypto.encrypt(text.encode(), place=PLACE, row=str(owner))).decode()


def unseal(sealed: str, *, owner: int) -> str:
    """Raises CannotDecrypt, also for what was sealed for somebody else."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except binascii.Error as error:
        raise crypto.was_changed(PLACE) from error
    return crypto.decrypt(raw, place=PLACE, row=str(owner)).decode()


def rotated(data: dict[str, Any], *, owner: int) -> dict[str, Any]:
    """The data of an authenticator with its secrets encrypted with the first key. Raises CannotDecrypt."""
    fresh = {name: seal(unseal(data[name], owner=owner), owner=owner) for name in SECRETS if name in data}
    return {**data, **fresh}


def factors_of(user: User) -> list[Factor]:
    """Without the recovery codes, the oldest first."""
    rows = Authenticator.objects.filter(user_id=user.pk).exclude(type=Kind.RECOVERY_CODES).order_by("pk")
    return [Factor(row.pk, row.type, row.data.get("name", ""), row.created_at, row.last_used_at) for row in rows]


def codes_of(user: User) -> RecoveryCodes | None:
    row = Authenticator.objects.filter(user_id=user.pk, type=Kind.RECOVERY_CODES).first()
    return RecoveryCodes(row) if row else None


def codes_left(user: User) -> int | None:
    """None without recovery codes."""
    codes = codes_of(user)
    if codes is None:
        return None
    return int(settings.MFA_RECOVERY_CODE_COUNT) - int(codes.instance.data["used_mask"]).bit_count()


def add_code_app(*, user: User, secret: str, session_key: str | None, at: datetime) -> bool:
    """Returns whether recovery codes were made. Raises HasOne."""
    with transaction.atomic():
        _lock(user)
        if Authenticator.objects.filter(user_id=user.pk, type=Kind.TOTP).exists():
            raise HasOne
        TOTP.activate(user, secret)
        return _added(user, Kind.TOTP, session_key, at)


def add_passkey(*, user: User, name: str, credential: dict[str, Any], session_key: str | None, at: datetime) -> bool:
    """Returns whether recovery codes were made."""
    with transaction.atomic():
        _lock(user)
        WebAuthn.add(user, name, credential)
        return _added(user, Kind.WEBAUTHN, session_key, at)


def _lock(user: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _added(user: User, kind: str, session_key: str | None, at: datetime) -> bool:
    """With the first factor come recovery codes, and sessions that were begun without one end."""
    record(by=user.actor, at=at, target=user, what=AuditType.FACTOR_ADDED, factor=kind)
    staff_mails.factor_added(user=user, name=NAMES[Kind(kind)], at=at)
    user.__dict__.pop("given", None)
    if codes_of(user) is not None:
        return False
    RecoveryCodes.activate(user)
    log_ins.end(rows=LogIn.objects.filter(user=user).exclude(session_key=session_key or ""), by=user.actor, at=at)
    return True


def make_codes(*, user: User, at: datetime) -> None:
    """New recovery codes; those before them are of no use."""
    with transaction.atomic():
        _lock(user)
        Authenticator.objects.filter(user_id=user.pk, type=Kind.RECOVERY_CODES).delete()
        RecoveryCodes.activate(user)
        record(by=user.actor, at=at, target=user, what=AuditType.RECOVERY_CODES_MADE)
        staff_mails.recovery_codes_made(user=user, at=at)


def take_codes(*, user: User) -> list[str]:
    """The unused codes, the first time that they are asked for; afterwards nobody sees them again."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(user_id=user.pk, type=Kind.RECOVERY_CODES).first()
        codes = RecoveryCodes(row) if row else None
        if codes is None or codes.did_view:
            return []
        codes.mark_as_viewed()
        return list(codes.get_unused_codes())


def remove(*, user: User, pk: int, at: datetime) -> None:
    """By its owner. The recovery codes go with the last one. Does nothing when it is gone."""
    with transaction.atomic():
        _lock(user)
        row = Authenticator.objects.filter(user_id=user.pk, pk=pk).exclude(type=Kind.RECOVERY_CODES).first()
        if row is None:
            return
        row.delete()
        if not factors_of(user):
            Authenticator.objects.filter(user_id=user.pk).delete()
        record(by=user.actor, at=at, target=user, what=AuditType.FACTOR_REMOVED, factor=row.type)
        staff_mails.factor_removed(user=user, name=NAMES[Kind(row.type)], at=at)


def remove_all(*, user: User, by: str, at: datetime) -> bool:
    """By a colleague, or on leaving: the person lost theirs, and their sessions end. Returns whether there was one."""
    with transaction.atomic():
        _lock(user)
        kinds = sorted(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
        if not kinds:
            return False
        Authenticator.objects.filter(user_id=user.pk).delete()
        record(by=by, at=at, target=user, what=AuditType.FACTORS_RESET, number=len(kinds))
        if user.is_active:
            staff_mails.factors_reset(user=user, at=at)
        log_ins.end(rows=LogIn.objects.filter(user=user), by=by, at=at)
    return True


def take_step(*, authenticator: Authenticator, step: int) -> bool:
    """Whether a code of the app, of this step of its clock, is taken: each once, and none older than the last one. Kept in the database: a
    lost counter makes no code good again."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        if step <= row.data.get(STEP, 0):
            return False
        row.data[STEP] = authenticator.data[STEP] = step
        row.save(update_fields=["data"])
    return True


def note_used(*, user: User, kind: str, at: datetime) -> None:
    """Told by mail when it was a recovery code: somebody else may have found the paper."""
    if kind == Kind.RECOVERY_CODES:
        with transaction.atomic():
            record(by=user.actor, at=at, target=user, what=AuditType.RECOVERY_CODE_USED)
            staff_mails.recovery_code_used(user=user, left=codes_left(user) or 0, at=at)
