"""Access tokens: the vendor's own, and those of a customer's system user. Kept in `token_cache`, signed with the key in use.

Two layers: `prepare_grant` reads the database on the main thread, `fetch_token` makes the call and may run in any thread.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.states import LostRace
from portal.gateways.errors import Refused
from portal.gateways.maskinporten import Grant, Token
from systemusers.models import Access, MaskinportenClient, SystemUser
from systemusers.services import token_cache
from systemusers.services.keys import KeyRetired, NoKey, active_key, grant_for, note_use
from systemusers.services.remote import exchange, maskinporten

logger = logging.getLogger(__name__)
BY = "task:token"
NO_SYSTEM_USER = "MP-303"
PATIENCE = timedelta(hours=1)
"""The shortest time between the first sign that an access is gone and the verdict: outages look like a removed access."""
Status = Access.Status


class AccessMissing(Refused):
    """Maskinporten finds no system user (MP-303): not approved yet, or removed. An expected state, not a fault.

    https://docs.digdir.no/docs/Maskinporten/maskinporten_feilsoking
    """


class TokenRefused(Refused):
    """Maskinporten refused a token: the client, its key or a scope must be mended, not the access."""


ABOUT_TOKEN = (AccessMissing, TokenRefused)
"""Refusals by Maskinporten: they say nothing about what was to be done with the token, whatever their status."""


@dataclass(frozen=True)
class PreparedGrant:
    """All that is needed to get one token, without the database."""

    environment: str
    grant: Grant
    is_exchanged: bool = False

    @property
    def cache_key(self) -> str:
        """By environment, client, owner, external reference and scopes; never shared between customers."""
        grant = self.grant
        parts = [
            self.environment, grant.client_id, grant.owner_orgnr, grant.external_ref, sorted(grant.scopes), self.is_exchanged,
        ]  # fmt: skip
        return f"portal:token:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"


def prepare_grant(*, access: Access, scopes: tuple[str, ...]) -> PreparedGrant:
    """For a token of the customer's system user. Reads the database. Raises NoKey.

    The owner is the customer itself, for agent system users the accountant: always `access.customer`.
    """
    return _of_customer(prepare_vendor_grant(client=access.profile.system.client, scopes=scopes), access)


def prepare_grants(*, accesses: Iterable[Access], scopes: tuple[str, ...]) -> dict[int, PreparedGrant | NoKey]:
    """The same for many, by access id. Each client's key is read once; NoKey stands where there is none."""
    own: dict[int, PreparedGrant | NoKey] = {}
    result: dict[int, PreparedGrant | NoKey] = {}
    for access in accesses:
        client = access.profile.system.client
        if client.pk not in own:
            own[client.pk] = _prepared_or_none(client, scopes)
        prepared = own[client.pk]
        result[access.pk] = prepared if isinstance(prepared, NoKey) else _of_customer(prepared, access)
    return result


def _prepared_or_none(client: MaskinportenClient, scopes: tuple[str, ...]) -> PreparedGrant | NoKey:
    try:
        return prepare_vendor_grant(client=client, scopes=scopes)
    except NoKey as error:
        return error


def _of_customer(own: PreparedGrant, access: Access) -> PreparedGrant:
    grant = replace(own.grant, owner_orgnr=access.customer.orgnr, external_ref=access.external_ref)
    return PreparedGrant(access.environment, grant)


def prepare_vendor_grant(*, client: MaskinportenClient, scopes: tuple[str, ...]) -> PreparedGrant:
    """For a token of our own. Reads the database. Raises NoKey."""
    try:
        grant = grant_for(active_key(client), scopes=scopes)
    except KeyRetired:  # another key was taken into use between the two reads
        grant = grant_for(active_key(client), scopes=scopes)
    return PreparedGrant(client.environment, grant)


class TokenSource:
    """The tokens of one access for worker threads: no database. What it must learn, `note_all` writes afterwards."""

    def __init__(self, access: Access, own: PreparedGrant | NoKey) -> None:
        self.access, self.is_missing = access, False
        self.used: dict[str, str] = {}
        self._own = own

    def token(self, scopes: tuple[str, ...], *, at: datetime, fresh: bool = False, exchanged: bool = False) -> str:
        """Raises as `system_user_token`. `exchanged`: for an Altinn token."""
        if isinstance(self._own, NoKey):
            raise self._own
        own = PreparedGrant(self._own.environment, replace(self._own.grant, scopes=tuple(sorted(scopes))))
        try:
            prepared = replace(_of_customer(own, self.access), is_exchanged=exchanged)
            token, is_new = _obtain(prepared, at=at, fresh=fresh)
        except AccessMissing:
            self.is_missing = True
            raise
        if is_new:
            self.used[own.grant.client_id] = own.grant.kid
        return token.value


def token_sources(accesses: Iterable[Access]) -> dict[int, TokenSource]:
    """By access id. Each client's key is read once."""
    by_id = {access.pk: access for access in accesses}
    own: dict[int, PreparedGrant | NoKey] = {}
    for access in by_id.values():
        client = access.profile.system.client
        if client.pk not in own:
            own[client.pk] = _prepared_or_none(client, ())
    return {pk: TokenSource(access, own[access.profile.system.client.pk]) for pk, access in by_id.items()}


def note_all(sources: Collection[TokenSource], *, at: datetime) -> None:
    """Store what the tokens show that were asked for since the last time: of the key, and of each access."""
    for source in sources:
        if source.is_missing:
            note_missing(access=source.access, at=at, sign="token")
    given = [source for source in sources if source.used]
    for client_id, kid in {pair for source in given for pair in source.used.items()}:
        note_use(client_id=client_id, kid=kid, at=at)
    _note_tokens([source.access for source in given], at=at)
    for source in sources:
        source.is_missing = False
        source.used.clear()


def fetch_token(prepared: PreparedGrant, *, at: datetime, fresh: bool = False) -> str:
    """A token with at least 20 seconds left. No database: safe in worker threads.

    Raises AccessMissing, TokenRefused, Refused by Altinn's exchange, Unavailable, BrokenReply.
    """
    return _obtain(prepared, at=at, fresh=fresh)[0].value


def vendor_token(*, client: MaskinportenClient, scopes: tuple[str, ...], at: datetime) -> str:
    """A token of our own. Raises NoKey, TokenRefused, Unavailable, BrokenReply."""
    prepared = prepare_vendor_grant(client=client, scopes=scopes)
    try:
        token, is_new = _obtain(prepared, at=at)
    except Refused as error:
        raise _as(TokenRefused, error) from error
    if is_new:
        note_use(client_id=prepared.grant.client_id, kid=prepared.grant.kid, at=at)
    return token.value


def system_user_token(*, access: Access, scopes: tuple[str, ...], at: datetime, fresh: bool = False) -> str:
    """A token of the customer's system user. The first one puts the access IN_USE.

    Raises AccessMissing (and remembers the first sign that the access is gone), NoKey and the gateways' errors.
    """
    return _for_customer(prepare_grant(access=access, scopes=scopes), access, at=at, fresh=fresh)


def exchanged_token(*, access: Access, scopes: tuple[str, ...], at: datetime, fresh: bool = False) -> str:
    """The same, exchanged for an Altinn token, as Events and Access Management want it."""
    prepared = prepare_grant(access=access, scopes=scopes)
    return _for_customer(PreparedGrant(prepared.environment, prepared.grant, True), access, at=at, fresh=fresh)


def _for_customer(prepared: PreparedGrant, access: Access, *, at: datetime, fresh: bool) -> str:
    try:
        token, is_new = _obtain(prepared, at=at, fresh=fresh)
    except AccessMissing:
        note_missing(access=access, at=at, sign="token")
        raise
    if is_new:
        note_use(client_id=prepared.grant.client_id, kid=prepared.grant.kid, at=at)
        note_token(access=access, at=at)
    return token.value


def note_token(*, access: Access, at: datetime) -> None:
    """A token was issued for the access: it exists and is in use. Idempotent. One that is UNKNOWN is checked again now."""
    _note_tokens([access], at=at)


def _note_tokens(accesses: Collection[Access], *, at: datetime) -> None:
    if accesses:
        SystemUser.objects.filter(access__in=[row.pk for row in accesses], first_token_at__isnull=True).update(
            first_token_at=at
        )
    for access in accesses:
        _note_in_use(access, at)


def _note_in_use(access: Access, at: datetime) -> None:
    if access.missing_since is not None:
        row = Access.objects.filter(pk=access.pk)
        row.filter(status__in=Access.USABLE).update(missing_since=None, next_attempt_at=None)
        lease.make_due(row.filter(status=Status.UNKNOWN), at=at)
        access.refresh_from_db(fields=["missing_since", "next_attempt_at"])
    if access.status == Status.APPROVED:
        try:
            access.move_to(Status.IN_USE, by=BY, at=at)
        except LostRace:
            logger.info("access %s was put in use by another worker", access.pk)


def note_missing(*, access: Access, at: datetime, sign: str) -> None:
    """The first sign ("token" or "list") that the customer removed the access. It decides nothing alone: the access is
    checked after PATIENCE. A refused token is no sign while Altinn does not have the signing client on the system.

    https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/troubleshooting/
    """
    if sign == "token" and not access.profile.system.is_tied:
        return
    usable = Access.objects.filter(pk=access.pk, status__in=Access.USABLE, missing_since__isnull=True)
    with transaction.atomic():
        if usable.update(missing_since=at, next_attempt_at=at + PATIENCE):
            access.missing_since, access.next_attempt_at = at, at + PATIENCE
            record(by=BY, at=at, target=access, what=AuditType(f"missing:{sign}"))


def _obtain(prepared: PreparedGrant, *, at: datetime, fresh: bool = False) -> tuple[Token, bool]:
    def ask(now: datetime) -> Token:
        return _exchange(prepared, now, fresh) if prepared.is_exchanged else _ask(prepared, now)

    return token_cache.get_or_ask(prepared.cache_key, ask=ask, at=at, fresh=fresh)


def _exchange(prepared: PreparedGrant, at: datetime, fresh: bool) -> Token:
    raw, _is_new = _obtain(PreparedGrant(prepared.environment, prepared.grant), at=at, fresh=fresh)
    return exchange(prepared.environment).exchange(raw, at=at)


def _ask(prepared: PreparedGrant, at: datetime) -> Token:
    try:
        return maskinporten(prepared.environment).token(prepared.grant, at=at)
    except Refused as error:
        kind = AccessMissing if error.code == NO_SYSTEM_USER else TokenRefused
        raise _as(kind, error) from error


def _as(kind: type[Refused], error: Refused) -> Refused:
    return kind(
        str(error), status=error.status, code=error.code, correlation_id=error.correlation_id, text=error.text,
        answered_at=error.answered_at,
    )  # fmt: skip


__all__ = [
    "ABOUT_TOKEN", "PATIENCE", "AccessMissing", "NoKey", "PreparedGrant", "TokenRefused", "TokenSource", "exchanged_token",
    "fetch_token", "note_all", "note_missing", "note_token", "prepare_grant", "prepare_grants", "prepare_vendor_grant",
    "system_user_token", "token_sources", "vendor_token",
]  # fmt: skip
