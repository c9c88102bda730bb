"""Signing keys of a Maskinporten client: made or imported here, the public half registered at Digdir, then activated.

Digdir allows five keys per client, each valid for a year. https://docs.digdir.no/docs/idporten/oidc/oidc_func_clientreg
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import Proposal
from accounts.services import proposals
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_changes import changes
from portal.core.audit_events import AuditType
from portal.core.crypto import CannotDecrypt
from portal.core.stale import check_unchanged
from portal.core.states import IllegalTransition, LostRace
from portal.gateways.errors import Refused
from portal.gateways.maskinporten import Grant, generate_key
from systemusers.models import (
    Access,
    ChangeRequest,
    ClientRound,
    KeyRotation,
    MaskinportenClient,
    RightsCheck,
    SigningKey,
    SystemRound,
    signed_by,
)
from systemusers.services.keys.held import NotNamed, signer
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
    lambda client: ChangeRequest.objects.filter(signed_by(client, path="access__profile__system__")),
    lambda client: ClientRound.objects.filter(access__profile__system__client=client),
    lambda client: RightsCheck.objects.filter(access__profile__system__client=client),
]
"""Leased rows that need a key of the client. An app above this one adds its own."""
Status, Kind = SigningKey.Status, Proposal.Kind


class NoKey(Exception):
    """The client has no key in use that has not run out and can be decrypted; nothing can be signed for it."""

    code = "NO_KEY"


class KeyRetired(NoKey):
    """The key was retired while it was being read; another one may be in use now."""


class TooManyKeys(Exception):
    """Digdir allows five keys per client; retire one first."""


class KidInUse(Exception):
    """Another key in this environment has this kid. `name`: of its client; "" when it is the same client."""

    def __init__(self, name: str = "") -> None:
        super().__init__("the kid is in use")
        self.name = name


class KeyIsFixed(Exception):
    """The key has been in use, or a running rotation has posted it; its kid cannot be changed any more."""


class KeyNotAccepted(Exception):
    """Maskinporten does not take grants signed with this key: `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Maskinporten refused the key: {code}")
        self.code = code


def make_key(*, client: MaskinportenClient, by: str, at: datetime) -> SigningKey:
    """A new key pair; the private half is encrypted as it is stored. Raises TooManyKeys."""
    kid, private_pem, public_jwk = generate_key()
    with transaction.atomic():
        lock_clients(client)
        check_can_have_key(client)
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


def lock_clients(client: MaskinportenClient) -> None:
    """In a transaction: nobody else adds or names a key in the environment until it ends."""
    list(MaskinportenClient.objects.select_for_update().filter(environment=client.environment).order_by("pk"))


def check_can_have_key(client: MaskinportenClient) -> None:
    """Raises TooManyKeys."""
    if client.keys.exclude(status=Status.RETIRED).count() >= MOST_KEYS:
        raise TooManyKeys


def check_kid_is_free(kid: str, *, client: MaskinportenClient, own: int | None = None) -> None:
    """Call after `lock_clients`. `own`: the id of the key that is to have it. Raises KidInUse."""
    others = SigningKey.objects.filter(kid=kid, client__environment=client.environment).exclude(pk=own or 0)
    for key in others.select_related("client"):
        raise KidInUse("" if key.client_id == client.pk else key.client.name)


def rename_key(*, key: SigningKey, kid: str, by: str, at: datetime, seen: str | None = None) -> None:
    """Give a key that was never in use the kid that Digdir gave it.

    `seen`: the version that the form showed. Raises KidInUse, KeyIsFixed, EditedMeanwhile.
    """
    with transaction.atomic():
        lock_clients(key.client)
        stored = SigningKey.objects.select_for_update().get(pk=key.pk)
        if not can_rename(stored):
            raise KeyIsFixed
        wanted = SigningKey(pk=key.pk, kid=kid)
        check_unchanged(stored, wanted, ("kid",), seen=seen)
        check_kid_is_free(kid, client=key.client, own=key.pk)
        if stored.kid == kid:
            return
        edits = changes(old={"kid": stored.kid}, new={"kid": kid})
        record(by=by, at=at, target=key, what=AuditType.EDITED, environment=key.environment, changes=edits)
        SigningKey.objects.filter(pk=key.pk).update(kid=kid, public_jwk={**stored.public_jwk, "kid": kid})


def can_rename(key: SigningKey) -> bool:
    """Until its first use; not while a rotation has posted it through the API under the kid it has, and not where a setting knows it
    by its kid.
    """
    posted = KeyRotation.objects.filter(new_key=key, status=KeyRotation.Status.POSTED, is_manual=False)
    return key.status == Status.NEW and key.last_used_at is None and not key.is_held and not posted.exists()


def public_jwk_text(key: SigningKey, *, form: str = "list") -> str:
    """The public half as JSON: `jwk` alone, as `set` ({"keys": [...]}), or as a `list` of one."""
    jwk = key.public_jwk
    shapes: dict[str, Any] = {"jwk": jwk, "set": {"keys": [jwk]}, "list": [jwk]}
    return json.dumps(shapes[form], indent=2)


def activate_key(*, key: SigningKey, by: str, at: datetime, approved: Proposal | None = None) -> None:
    """Sign with this key from now on; the one before it is retired. Maskinporten must accept it first.

    Some of the rows that waited for a key are due afterwards; each that succeeds makes more of them due.

    Raises NeedsSecondPerson, KeyNotAccepted, Unavailable, BrokenReply, LostRace, IllegalTransition. Nothing changes when it raises.
    """
    if not key.can_move_to(Status.ACTIVE):
        raise IllegalTransition(f"key {key.pk} is {key.status}")
    proposals.check(Kind.KEY_USED, environment=key.environment, target=key, by=by, approved=approved)
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
        grant = grant_for(key, scopes=scopes)
    except KeyRetired as error:
        raise LostRace(str(error)) from error
    try:
        maskinporten(key.environment).token(grant, at=at)
    except Refused as error:
        if error.code not in KEY_IS_FINE:
            raise KeyNotAccepted(error.code) from error


def retire_key(*, key: SigningKey, by: str, at: datetime, approved: Proposal | None = None) -> None:
    """Never sign with it again: its private half is wiped. Raises NeedsSecondPerson, LostRace, IllegalTransition."""
    proposals.check(Kind.KEY_RETIRED, environment=key.environment, target=key, by=by, approved=approved)
    key.move_to(Status.RETIRED, by=by, at=at)


def active_key(client: MaskinportenClient) -> SigningKey:
    """The key to sign with, also after its date: whether it works, Maskinporten says. Raises NoKey."""
    key = client.keys.filter(status=Status.ACTIVE).first()
    if key is None:
        raise NoKey(f"client {client.client_id} has no key in use")
    return key


def warning(expires_at: datetime | None, *, at: datetime) -> int:
    """How many of the WARNINGS have been reached: 0 for none, LAST_WARNING when the key ends within days.

    0 when the date is unknown, too.
    """
    if expires_at is None:
        return 0
    return sum(expires_at - at <= period for period in WARNINGS)


def days_left(key: SigningKey, *, at: datetime) -> int | None:
    """Whole days until the key stops working at Maskinporten; 0 when it has, None when the date is unknown."""
    return None if key.expires_at is None else max(0, (key.expires_at - at).days)


def grant_for(key: SigningKey, *, scopes: tuple[str, ...]) -> Grant:
    """A vendor's own grant (no system user) signed with `key`.

    Raises NoKey when the private half cannot be decrypted, or was wiped as the key was retired meanwhile, and when a key service holds
    it that no setting names.
    """
    if key.is_held:
        return _grant_of_service(key, scopes)
    try:
        sealed = key.private_pem
    except CannotDecrypt as error:
        raise NoKey(f"the key of client {key.client.client_id}: {error}") from error
    if sealed is None:
        raise KeyRetired(f"the key of client {key.client.client_id} was retired meanwhile")
    private_pem = bytes(sealed)
    return Grant(client_id=key.client.client_id, kid=key.kid, private_pem=private_pem, scopes=tuple(sorted(scopes)))


def _grant_of_service(key: SigningKey, scopes: tuple[str, ...]) -> Grant:
    try:
        sign = signer(key)
    except NotNamed as error:
        raise NoKey(str(error)) from error
    return Grant(client_id=key.client.client_id, kid=key.kid, sign=sign, scopes=tuple(sorted(scopes)))


def note_use(*, client_id: str, kid: str, at: datetime) -> None:
    """Store the time of use, at most once an hour. `client_id`: as at Maskinporten."""
    recent = at - timedelta(hours=1)
    SigningKey.objects.filter(client__client_id=client_id, kid=kid).exclude(last_used_at__gt=recent).update(
        last_used_at=at
    )
