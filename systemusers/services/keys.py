"""Signing keys of a Maskinporten client: generated here, the public half copied to Digdir, then activated.

Digdir allows five keys per client, each valid for a year. https://docs.digdir.no/docs/idporten/oidc/oidc_func_clientreg
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.crypto import CannotDecrypt
from portal.core.states import LostRace
from portal.gateways.errors import Refused
from portal.gateways.maskinporten import Grant, generate_key
from systemusers.models import Access, MaskinportenClient, SigningKey, SystemRound, signed_by
from systemusers.services.remote import maskinporten

LIFETIME = timedelta(days=365)
MOST_KEYS = 5
WARNINGS = (timedelta(days=60), timedelta(days=30), timedelta(days=7))
"""So long before a key ends staff are warned; in the last period it is urgent."""
LAST_WARNING = len(WARNINGS)
KEY_IS_FINE = {"MP-200", "MP-201", "MP-250", "MP-251"}
"""Refusals about the scope: the signature was accepted first."""
KEY_PROBLEMS = ("NO_KEY", "invalid_grant", "UNKNOWN_KID", "MISSING_KID", "MP-100", "MP-121", "MP-124")
"""Codes of rows that a new key in use may mend."""
WAITING: list[Callable[[MaskinportenClient], QuerySet[Any]]] = [
    lambda client: Access.objects.filter(signed_by(client, path="profile__system__")),
    lambda client: SystemRound.objects.filter(signed_by(client, path="system__")),
]
"""Leased rows that need a key of the client. An app above this one adds its own."""
Status = SigningKey.Status


class NoKey(Exception):
    """The client has no key in use that has not run out and can be decrypted; nothing can be signed for it."""

    code = "NO_KEY"


class TooManyKeys(Exception):
    """Digdir allows five keys per client; retire one first."""


class KeyNotAccepted(Exception):
    """Maskinporten does not take grants signed with this key: `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Maskinporten refused the key: {code}")
        self.code = code


def make_key(*, client: MaskinportenClient, by: str, at: datetime) -> SigningKey:
    """A new key pair; the private half is encrypted as it is stored. Raises TooManyKeys."""
    kid, private_pem, public_jwk = generate_key()
    with transaction.atomic():
        MaskinportenClient.objects.select_for_update().get(pk=client.pk)
        if client.keys.exclude(status=Status.RETIRED).count() >= MOST_KEYS:
            raise TooManyKeys
        key = SigningKey.objects.create(
            client=client,
            kid=kid,
            public_jwk=public_jwk,
            private_pem=private_pem,
            created_at=at,
            expires_at=at + LIFETIME,
        )
        record(by=by, at=at, target=key, what=AuditType.KEY_MADE, environment=client.environment, kid=kid)
    return key


def public_jwk_text(key: SigningKey) -> str:
    """The public half as Digdir's self-service takes it: a list of one JWK."""
    return json.dumps([key.public_jwk], indent=2)


def activate_key(*, key: SigningKey, by: str, at: datetime) -> None:
    """Sign with this key from now on; the one before it is retired. Maskinporten must accept it first.

    Some of the rows that waited for a key are due afterwards; each that succeeds makes more of them due.

    Raises KeyNotAccepted, Unavailable, BrokenReply, LostRace. Nothing changes when it raises.
    """
    record(by=by, at=at, target=key, what=AuditType.KEY_TRIED, environment=key.environment, kid=key.kid)
    _try(key, at)
    try:
        with transaction.atomic():
            for old in key.client.keys.filter(status=Status.ACTIVE):
                old.move_to(Status.RETIRED, by=by, at=at)
            key.move_to(Status.ACTIVE, by=by, at=at)
            wake_waiting(client=key.client, codes=KEY_PROBLEMS, at=at)
    except IntegrityError as error:
        raise LostRace(f"another key of client {key.client_id} was activated just now") from error


def wake_waiting(*, client: MaskinportenClient, codes: Iterable[str], at: datetime) -> None:
    """A cause was mended: make some of the rows due that wait for it. Each that succeeds makes more of them due."""
    for rows in WAITING:
        lease.wake(rows(client), codes=codes, at=at)


def _try(key: SigningKey, at: datetime) -> None:
    """Request a token. A refusal about the scope shows that the key was accepted."""
    scopes = tuple(key.client.scopes[:1]) or ("altinn:authentication/systemregister.write",)
    try:
        maskinporten(key.environment).token(grant_for(key, scopes=scopes), at=at)
    except Refused as error:
        if error.code not in KEY_IS_FINE:
            raise KeyNotAccepted(error.code) from error


def retire_key(*, key: SigningKey, by: str, at: datetime) -> None:
    """Never sign with it again. Raises LostRace, IllegalTransition."""
    key.move_to(Status.RETIRED, by=by, at=at)


def active_key(client: MaskinportenClient) -> SigningKey:
    """The key to sign with, also after its date: whether it works, Maskinporten says. Raises NoKey."""
    key = client.keys.filter(status=Status.ACTIVE).first()
    if key is None:
        raise NoKey(f"client {client.client_id} has no key in use")
    return key


def warning(expires_at: datetime, *, at: datetime) -> int:
    """How many of the WARNINGS have been reached: 0 for none, LAST_WARNING when the key ends within days."""
    return sum(expires_at - at <= period for period in WARNINGS)


def days_left(key: SigningKey, *, at: datetime) -> int:
    """Whole days until the key stops working at Maskinporten; 0 when it has."""
    return max(0, (key.expires_at - at).days)


def grant_for(key: SigningKey, *, scopes: tuple[str, ...]) -> Grant:
    """A vendor's own grant (no system user) signed with `key`. Raises NoKey when the private half cannot be decrypted."""
    try:
        private_pem = bytes(key.private_pem)
    except CannotDecrypt as error:
        raise NoKey(f"the key of client {key.client.client_id}: {error}") from error
    return Grant(client_id=key.client.client_id, kid=key.kid, private_pem=private_pem, scopes=tuple(sorted(scopes)))


def note_use(*, kid: str, at: datetime) -> None:
    """Store the time of use, at most once an hour."""
    recent = at - timedelta(hours=1)
    SigningKey.objects.filter(kid=kid).exclude(last_used_at__gt=recent).update(last_used_at=at)
