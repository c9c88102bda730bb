"""Takes in a key that was made elsewhere and may be in use already. It is tried at Maskinporten before it is used here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.gateways.maskinporten import as_jwk
from systemusers.models import MaskinportenClient, SigningKey
from systemusers.services.keys import lifecycle
from systemusers.services.keys.held import service_of
from systemusers.services.keys.parsing import ParsedKey


class KeyIsHere(Exception):
    """The same key is stored already. `kid` and `name`: its kid and client. `is_retired`: its private half was wiped."""

    def __init__(self, key: SigningKey) -> None:
        super().__init__("the key is stored already")
        self.kid, self.name = key.kid, key.client.name
        self.is_retired = key.status == SigningKey.Status.RETIRED


def import_key(
    *, client: MaskinportenClient, parsed: ParsedKey, kid: str, expires_at: datetime | None, by: str, at: datetime
) -> SigningKey:
    """Store the key as NEW. `expires_at`: what the user knows of its end at Digdir; None when unknown.

    Raises KeyIsHere, KidInUse, TooManyKeys; nothing is stored then.
    """
    jwk, pem = parsed.public_jwk(kid), parsed.private_pem
    return store(client=client, kid=kid, jwk=jwk, private_pem=pem, expires_at=expires_at, by=by, at=at)


def take_in(*, client: MaskinportenClient, kid: str, by: str, at: datetime) -> SigningKey:
    """Store a key that a key service holds as NEW, with the public half that the service gives.

    Raises NotNamed, GatewayError, and as `import_key`; nothing is stored then.
    """
    jwk = as_jwk(service_of(kid).public_key(), kid)
    return store(client=client, kid=kid, jwk=jwk, private_pem=None, expires_at=None, by=by, at=at)


def store(
    *,
    client: MaskinportenClient,
    kid: str,
    jwk: dict[str, Any],
    private_pem: bytes | None,
    expires_at: datetime | None,
    by: str,
    at: datetime,
) -> SigningKey:
    """`private_pem` None: a key service holds it. Raises as `import_key`."""
    with transaction.atomic():
        lifecycle.lock_clients(client)
        _check_is_new(client, jwk)
        lifecycle.check_kid_is_free(kid, client=client)
        lifecycle.check_can_have_key(client)
        key = SigningKey.objects.create(
            client=client, kid=kid, public_jwk=jwk, private_pem=private_pem, is_held=private_pem is None, is_imported=True,
            created_at=at, expires_at=expires_at,
        )  # fmt: skip
        record(by=by, at=at, target=key, what=AuditType.KEY_IMPORTED, environment=client.environment, kid=kid)
    return key


def _check_is_new(client: MaskinportenClient, jwk: dict[str, Any]) -> None:
    """The same key under another client of the environment is refused too: one leak would open both."""
    same = SigningKey.objects.filter(public_jwk__n=jwk["n"], client__environment=client.environment)
    for key in same.select_related("client").order_by("pk"):
        raise KeyIsHere(key)
