"""Secrets and public keys of integrations. A secret is shown once; only its SHA-256 is kept, as it has 256 bits of chance.

Several are valid at once: a new one is made, the other system is given it, and then the old one ends.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Integration, IntegrationProof
from accounts.services.integrations.public_keys import PublicKey
from portal.core.audit import record
from portal.core.audit_events import AuditType

PREFIX = "sbp_"
"""By which scanners of source code know a secret of ours."""
SHOWN = 8
"""Characters of a secret that are kept to know it by."""
MOST = 5
"""Valid secrets and keys of one integration."""
Kind = IntegrationProof.Kind


class TooMany(Exception):
    """There are MOST valid ones: one must end first."""


class KnownKey(Exception):
    """The integration has, or had, a key with this id."""


@dataclass(frozen=True)
class NewSecret:
    """`text` is shown once and stored nowhere."""

    proof: IntegrationProof
    text: str = field(repr=False)


def hash_of_secret(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_secret(*, integration: Integration, old_for: timedelta | None, by: str, at: datetime) -> NewSecret:
    """A new secret. `old_for`: how long the secrets before it go on; None: as before. Raises TooMany."""
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        _lock(integration)
        if old_for is not None:
            for old in integration.proofs.valid(at).filter(kind=Kind.SECRET):
                _end(old, by=by, at=at, ends_at=at + old_for)
        hint = text[: len(PREFIX) + SHOWN]
        proof = _add(integration, by, at, kind=Kind.SECRET, hint=hint, secret_hash=hash_of_secret(text))
    return NewSecret(proof, text)


def add_key(*, integration: Integration, key: PublicKey, by: str, at: datetime) -> IntegrationProof:
    """Raises TooMany, KnownKey."""
    with transaction.atomic():
        _lock(integration)
        if integration.proofs.filter(hint=key.kid).exists():
            raise KnownKey(key.kid)
        return _add(integration, by, at, kind=Kind.KEY, hint=key.kid, public_jwk=key.jwk)


def end_proof(*, proof: IntegrationProof, by: str, at: datetime) -> None:
    """It works no more, and neither do tokens that were given for it."""
    with transaction.atomic():
        _lock(proof.integration)
        _end(proof, by=by, at=at, ends_at=at)


def end_all(*, environment: str, by: str, at: datetime) -> int:
    """Of every integration there: no token that any of them has is good from now on. Returns how many secrets and keys ended."""
    valid = IntegrationProof.objects.valid(at).filter(integration__environment=environment)
    with transaction.atomic():
        rows = list(valid.select_related("integration").select_for_update(of=("self",)).order_by("pk"))
        for row in rows:
            _end(row, by=by, at=at, ends_at=at)
    return len(rows)


def _lock(integration: Integration) -> None:
    Integration.objects.select_for_update().get(pk=integration.pk)


def _add(integration: Integration, by: str, at: datetime, **columns: Any) -> IntegrationProof:
    if integration.proofs.valid(at).count() >= MOST:
        raise TooMany
    proof = IntegrationProof.objects.create(integration=integration, made_by=by, made_at=at, **columns)
    record(by=by, at=at, target=integration, what=AuditType.PROOF_MADE, kid=proof.hint)
    return proof


def _end(proof: IntegrationProof, *, by: str, at: datetime, ends_at: datetime) -> None:
    if proof.ends_at is not None and proof.ends_at <= ends_at:
        return
    IntegrationProof.objects.filter(pk=proof.pk).update(ends_at=ends_at)
    record(by=by, at=at, target=proof.integration, what=AuditType.PROOF_ENDED, kid=proof.hint)
