"""Tokens for integrations that have proved who they are: OAuth 2 client credentials, with a secret or a signed assertion.

A token is signed with SECRET_KEY and good for a quarter of an hour. It names the proof that it was given for, which is read with
each call: when that ends, or the integration is stopped, the token is worth nothing at once.
https://www.rfc-editor.org/rfc/rfc6749#section-4.4 and https://www.rfc-editor.org/rfc/rfc7523#section-3
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.core import signing
from django.core.cache import cache

from accounts.models import Integration, IntegrationProof
from accounts.services.integrations.proofs import hash_of_secret
from accounts.services.integrations.public_keys import ALGORITHMS
from accounts.services.visits import VISITOR
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment

CLIENT_ID = re.compile(r"erp-[0-9a-f]{16}")
LIFETIME = timedelta(minutes=15)
LONGEST_ASSERTION = timedelta(minutes=5)
LEEWAY = timedelta(seconds=10)
SALT = "accounts.integrations.token"
USED_AGAIN = timedelta(minutes=1)
"""How exactly it is noted when something was last used."""


class NotProved(Exception):
    """Unknown, stopped, or what it showed is not valid. Nobody is told which."""


class NotGiven(Exception):
    """It asked for scopes that it was not given: `scopes`."""

    def __init__(self, scopes: Collection[str]) -> None:
        super().__init__(" ".join(sorted(scopes)))
        self.scopes = sorted(scopes)


@dataclass(frozen=True)
class Token:
    text: str = field(repr=False)
    scopes: list[str]


@dataclass(frozen=True)
class Claims:
    """What a token says."""

    integration: int
    proof: int
    scopes: frozenset[str]


def by_secret(*, client_id: str, secret: str, at: datetime) -> IntegrationProof:
    """Raises NotProved."""
    for proof in _proofs(client_id, IntegrationProof.Kind.SECRET, at):
        if secrets.compare_digest(proof.secret_hash, hash_of_secret(secret)):
            return proof
    raise NotProved


def by_assertion(*, assertion: str, audiences: Iterable[str], at: datetime) -> IntegrationProof:
    """The key that signed the assertion, which is taken once. Raises NotProved."""
    try:
        unproved = jwt.decode(assertion, options={"verify_signature": False})
        header = jwt.get_unverified_header(assertion)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise NotProved from None
    client_id = unproved.get("sub")
    if not isinstance(client_id, str):
        raise NotProved
    for proof in _proofs(client_id, IntegrationProof.Kind.KEY, at):
        claims = _verified(assertion, proof, header, list(audiences)) if proof.public_jwk else None
        if claims and _is_taken_once(claims, client_id, at):
            return proof
    raise NotProved


def _proofs(client_id: str, kind: str, at: datetime) -> list[IntegrationProof]:
    if not CLIENT_ID.fullmatch(client_id):
        return []
    places = [place.value for place in Environment if place.is_enabled]
    rows = IntegrationProof.objects.valid(at).select_related("integration").filter(kind=kind)
    return list(
        rows.filter(integration__client_id=client_id, integration__stopped_at=None, integration__environment__in=places)
    )


def _verified(
    assertion: str, proof: IntegrationProof, header: dict[str, Any], audiences: list[str]
) -> dict[str, Any] | None:
    if header.get("kid") not in (None, proof.hint):
        return None
    known = proof.public_jwk or {}
    algorithms = ALGORITHMS[known["kty"]]
    if header.get("alg") not in algorithms:
        return None
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion, jwt.PyJWK(known, algorithm=header["alg"]).key, algorithms=algorithms, audience=audiences,
            issuer=proof.integration.client_id, leeway=LEEWAY, options={"require": ["exp", "iss", "sub", "aud", "jti"]},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return claims


def _is_taken_once(claims: dict[str, Any], client_id: str, at: datetime) -> bool:
    """Whether the assertion is short-lived and new. Without Valkey a repeated one is taken, for as long as it lives."""
    left = claims["exp"] - at.timestamp()
    if left > (LONGEST_ASSERTION + LEEWAY).total_seconds():
        return False
    key = hash_of_secret(f"{client_id} {claims['jti']}")
    return bool(cache.add(f"assertion:{key}", 1, int(left + LEEWAY.total_seconds()) + 1))


def grant(*, proof: IntegrationProof, wanted: Collection[str], at: datetime) -> Token:
    """With the scopes that were asked for, or all that the integration has. Raises NotGiven."""
    integration = proof.integration
    if missing := set(wanted) - set(integration.scopes):
        raise NotGiven(missing)
    scopes = sorted(wanted or integration.scopes)
    IntegrationProof.objects.filter(pk=proof.pk).update(last_used_at=at)
    return Token(signing.dumps({"i": integration.pk, "p": proof.pk, "s": scopes}, salt=SALT), scopes)


def find_named(client_id: str) -> Integration | None:
    """The integration that somebody says to be."""
    return Integration.objects.filter(client_id=client_id).first() if CLIENT_ID.fullmatch(client_id) else None


def note_refused(*, integration: Integration, ip: str, at: datetime) -> None:
    """Somebody said to be it. The caller bounds how often, as strangers must not fill the trail."""
    record(by=VISITOR, at=at, target=integration, what=AuditType.TOKEN_REFUSED, ip=ip)


def client_of(assertion: str) -> str:
    """Who an assertion says that it is of, proved or not; "" when it says nothing."""
    try:
        return str(jwt.decode(assertion, options={"verify_signature": False}).get("sub", ""))
    except (jwt.PyJWTError, ValueError, RecursionError):
        return ""


def read_token(text: str) -> Claims:
    """Raises NotProved."""
    try:
        said = signing.loads(text, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        raise NotProved from None
    return Claims(said["i"], said["p"], frozenset(said["s"]))


def find_caller(claims: Claims, *, at: datetime) -> Integration:
    """The integration of a token that is still good, with its portfolios. Raises NotProved. Two queries at most."""
    proof = IntegrationProof.objects.valid(at).filter(pk=claims.proof, integration=claims.integration)
    proof = proof.filter(integration__stopped_at=None).select_related("integration")
    found = proof.first()
    if found is None or not Environment(found.integration.environment).is_enabled:
        raise NotProved
    return found.integration


def note_use(integration: Integration, *, at: datetime) -> None:
    """Once a minute."""
    if integration.last_used_at is None or at - integration.last_used_at > USED_AGAIN:
        Integration.objects.filter(pk=integration.pk).update(last_used_at=at)
