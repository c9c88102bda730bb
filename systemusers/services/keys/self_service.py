"""Digdir's self-service API with a client of ours that has its scopes: the vendor's clients there, and the keys of each.

A set of keys is shared with whoever else uses the client. So it is read before each change, and the change takes away nothing
but what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.gateways import digdir
from portal.gateways.digdir import RemoteClient, RemoteKey
from systemusers.models import MaskinportenClient, ScopeGrant, SigningKey
from systemusers.services import tokens
from systemusers.services.clients import save_client
from systemusers.services.keys import lifecycle
from systemusers.services.remote import self_service

PROPAGATION = timedelta(minutes=2)
"""So long after a change Maskinporten may still have the old set."""
READ, MODIFY, WRITE = digdir.SCOPES
V = ScopeGrant.Verdict
Changed = list[dict[str, Any]]


class NoAdminClient(Exception):
    """No client of ours in this environment has the scope of the self-service API and a key in use."""


class SetIsFull(Exception):
    """The client has the most keys that Digdir takes. `kids`: which."""

    def __init__(self, kids: list[str]) -> None:
        super().__init__("the client has five keys at Digdir")
        self.kids = kids


class OtherKeyWithKid(Exception):
    """Digdir has another key under this kid; posting ours would replace it."""


class KeyNotRegistered(Exception):
    """The key that is to stay is not in the set at Digdir, so nothing is taken away."""


class ClientIsHere(Exception):
    """We have the client already."""


@dataclass(frozen=True)
class ListedClient:
    """A client at Digdir. `own`: the id of our row for it; None when we do not have it."""

    remote: RemoteClient
    own: int | None


@dataclass(frozen=True)
class ListedKey:
    """A key in the set at Digdir. `own`: our row of it, None for one that others have made."""

    remote: RemoteKey
    own: SigningKey | None


def admin_client(environment: str, *, scope: str = READ) -> MaskinportenClient:
    """The client to call the API with: it wants `scope`, Maskinporten has not said no, and it has a key in use.

    Raises NoAdminClient.
    """
    refused = ScopeGrant.objects.filter(scope=scope, verdict__in=[V.NOT_ON_CLIENT, V.NOT_GRANTED])
    usable = MaskinportenClient.objects.filter(environment=environment, keys__status=SigningKey.Status.ACTIVE)
    for client in usable.exclude(pk__in=refused.values("client")).order_by("pk"):
        if scope in client.scopes:
            return client
    raise NoAdminClient(f"no client in {environment} has {scope}")


def can_use(environment: str, *, scope: str = READ) -> bool:
    try:
        admin_client(environment, scope=scope)
    except NoAdminClient:
        return False
    return True


def _token(environment: str, scope: str, at: datetime) -> str:
    return tokens.vendor_token(client=admin_client(environment, scope=scope), scopes=(scope,), at=at)


def list_clients(*, environment: str, by: str, at: datetime) -> list[ListedClient]:
    """The vendor's active Maskinporten clients at Digdir, by name.

    Raises NoAdminClient, and Refused, Unavailable or BrokenReply as the gateway; so do the functions below.
    """
    admin = admin_client(environment)
    record(by=by, at=at, target=admin, what=AuditType.CLIENTS_LISTED)
    listed = self_service(environment).clients(token=_token(environment, READ, at))
    own = dict(MaskinportenClient.objects.filter(environment=environment).values_list("client_id", "pk"))
    mine = [one for one in listed if one.is_active and one.integration_type in ("", digdir.MASKINPORTEN)]
    return [ListedClient(one, own.get(one.client_id)) for one in sorted(mine, key=lambda one: one.name.lower())]


def add_listed(*, environment: str, client_id: str, by: str, at: datetime) -> MaskinportenClient:
    """Store a client that Digdir has, with its name, owner and scopes. Raises ClientIsHere, and KeyError when it is not listed."""
    listed = {row.remote.client_id: row for row in list_clients(environment=environment, by=by, at=at)}
    return _store(listed[client_id].remote, environment, by, at)


def create_client(
    *, environment: str, name: str, description: str, scopes: list[str], by: str, at: datetime
) -> MaskinportenClient:
    """Make a client at Digdir and store it. After a lost answer it is found by `list_clients`; it is never made twice by itself."""
    admin = admin_client(environment, scope=WRITE)
    token = _token(environment, WRITE, at)
    record(by=by, at=at, target=admin, what=AuditType.CLIENT_ORDERED, scopes=scopes)
    remote = self_service(environment).create_client(token=token, name=name, description=description, scopes=scopes)
    return _store(remote, environment, by, at)


def _store(remote: RemoteClient, environment: str, by: str, at: datetime) -> MaskinportenClient:
    if MaskinportenClient.objects.filter(environment=environment, client_id=remote.client_id).exists():
        raise ClientIsHere
    client = MaskinportenClient(
        environment=environment,
        client_id=remote.client_id,
        name=(remote.name or remote.client_id)[:100],
        orgnr=remote.orgnr or admin_client(environment).orgnr,
        scopes=list(remote.scopes),
    )
    save_client(client=client, by=by, at=at)
    return client


def list_keys(*, client: MaskinportenClient, by: str, at: datetime) -> list[ListedKey]:
    """The whole set of the client at Digdir, each with our row of it."""
    record(by=by, at=at, target=client, what=AuditType.KEYS_READ)
    remote = self_service(client.environment).keys(
        token=_token(client.environment, READ, at), client_id=client.client_id
    )
    rows = list(client.keys.all())
    return [ListedKey(one, next((row for row in rows if _is(one, row)), None)) for one in remote]


def post_key(*, key: SigningKey, by: str, at: datetime) -> None:
    """Add the public half to the set at Digdir; every other key stays. Done again, it changes nothing but the dates.

    Raises SetIsFull, OtherKeyWithKid; nothing is changed then.
    """

    def added(now: list[RemoteKey]) -> Changed:
        if any(one.kid == key.kid and not one.has_modulus_of(key.public_jwk) for one in now):
            raise OtherKeyWithKid(key.kid)
        if any(_is(one, key) for one in now):
            return [one.jwk for one in now]
        if len(now) >= lifecycle.MOST_KEYS:
            raise SetIsFull([one.kid for one in now])
        return [*(one.jwk for one in now), key.public_jwk]

    _change(key, AuditType.KEY_POSTED, added, by=by, at=at)


def remove_key(*, key: SigningKey, keeping: SigningKey, by: str, at: datetime) -> None:
    """Take this one key out of the set at Digdir. Raises KeyNotRegistered when `keeping` is not there."""

    def without(now: list[RemoteKey]) -> Changed:
        if not any(_is(one, keeping) for one in now):
            raise KeyNotRegistered(keeping.kid)
        return [one.jwk for one in now if not _is(one, key)]

    _change(key, AuditType.KEY_REMOVED, without, by=by, at=at)


def _change(
    key: SigningKey, what: AuditType, change: Callable[[list[RemoteKey]], Changed], *, by: str, at: datetime
) -> None:
    """Read the set, record the intent, replace the set, and note the new dates of our keys in it."""
    client, remote = key.client, self_service(key.environment)
    token = _token(key.environment, MODIFY, at)
    wanted = change(remote.keys(token=token, client_id=client.client_id))
    record(by=by, at=at, target=key, what=what, environment=key.environment, kid=key.kid)
    stored = remote.replace_keys(token=token, client_id=client.client_id, keys=wanted)
    _note_dates(client, stored, at)


def _note_dates(client: MaskinportenClient, stored: list[RemoteKey], at: datetime) -> None:
    """Each key that is posted lives for a year from then, also one that was there before."""
    with transaction.atomic():
        for key in client.keys.exclude(status=SigningKey.Status.RETIRED):
            if any(_is(one, key) for one in stored):
                rows = SigningKey.objects.filter(pk=key.pk)
                rows.update(registered_at=at, expires_at=at + lifecycle.LIFETIME)


def _is(remote: RemoteKey, key: SigningKey) -> bool:
    return remote.kid == key.kid and remote.has_modulus_of(key.public_jwk)
