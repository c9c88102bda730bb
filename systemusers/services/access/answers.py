"""What Altinn says of its request, in our states. `New` may be escalated (lists tell) or timed out (a flag tells).

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/systemuserrequest/
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from portal.core.environments import Environment
from portal.core.lease import Hold
from portal.gateways.altinn import RemoteRequest, RemoteSystemUser
from portal.gateways.errors import BrokenReply
from systemusers.models import Access, AccessProfile, Kind, SystemUser
from systemusers.services.authorised_parties import ask_soon
from systemusers.services.remote import system_user_requests
from systemusers.services.tokens import PATIENCE, vendor_token

READ = "altinn:authentication/systemuser.request.read"
WRITE = "altinn:authentication/systemuser.request.write"
ALTINN = "remote:altinn"
"""The actor of answers in the audit trail: Altinn does not name the person."""
Status = Access.Status
CALM: dict[str, Any] = {"failures": 0, "problem_code": ""}
"""Columns of a row after a round that succeeded."""
UNKNOWN_RIGHTS: dict[str, Any] = {"rights": [], "packages": [], "rights_known_at": None}
"""Columns of an access whose system user was made otherwise than by our request."""
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


class UnexpectedStatus(BrokenReply):
    """Altinn gave an unknown status: a person must look."""


def state_of(remote: RemoteRequest) -> str:
    """Our state for Altinn's answer; SENT for one that waits. Raises UnexpectedStatus."""
    if remote.status in ("Rejected", "Denied"):
        return Status.REJECTED
    if remote.status == "Accepted":
        return Status.APPROVED
    if remote.timed_out or remote.status.lower() == "timedout":
        return Status.EXPIRED
    if remote.status == "New":
        return Status.SENT
    raise UnexpectedStatus(f"altinn request {remote.id}: the status {remote.status[:20]!r} is unknown")


def facts(remote: RemoteRequest, *, environment: str) -> dict[str, Any]:
    """Fields to store of an answer. Raises BrokenReply for an approval page that is not Altinn's."""
    check_page(remote.confirm_url, environment=environment)
    fields = {"altinn_id": remote.id, "remote_status": remote.status[:20]}
    return {**fields, "confirm_url": remote.confirm_url} if remote.confirm_url else fields


def check_page(url: str, *, environment: str) -> None:
    """Raises BrokenReply for an approval page that is not Altinn's."""
    if url and not _is_altinn(url, environment):
        raise BrokenReply("altinn request: the approval page is on a host that is not Altinn's")


def _is_altinn(url: str, environment: str) -> bool:
    address = urlsplit(url)
    if environment == Environment.SANDBOX:
        return address.scheme in ("http", "https")
    return address.scheme == "https" and (address.hostname or "").endswith(".altinn.no")


def next_look(*, sent_at: datetime | None, at: datetime) -> datetime:
    """Every five minutes in the first hour, hourly in the first week, then daily until Altinn says it has expired."""
    age = at - (sent_at or at)
    if age < HOUR:
        return at + timedelta(minutes=5)
    return at + (timedelta(hours=1) if age < WEEK else timedelta(days=1))


def token_for(row: Access, scope: str, *, at: datetime) -> str:
    """Our own token for a call about `row`, which was `loaded`. Raises NoKey, TokenRefused, Unavailable, BrokenReply."""
    return vendor_token(client=row.profile.system.own_client, scopes=(scope,), at=at)


def settle(hold: Hold[Access], remote: RemoteRequest, *, by: str) -> None:
    """Store Altinn's answer and end the lease. Raises LostRace, and the gateways' errors for an approval."""
    row, at = hold.row, hold.now()
    status, answer = state_of(remote), facts(remote, environment=row.environment)
    if status == Status.APPROVED:
        approve(hold, find_system_user(row, at=at), {**answer, "rights_known_at": at})
        return
    sent: dict[str, Any] = {"sent_at": row.sent_at or at, "polled_at": at}
    if status == Status.SENT:
        look = next_look(sent_at=row.sent_at, at=at)
        if row.status in Access.OPEN:
            hold.finish(next_attempt_at=look, **answer, **sent)
        else:
            hold.move_to(Status.SENT, by=by, next_attempt_at=look, **answer, **sent, **CALM)
        return
    hold.move_to(status, by=ALTINN, answered_at=at, **answer, **sent, **CALM)


def find_system_user(row: Access, *, at: datetime) -> RemoteSystemUser | None:
    """The live system user of the access, as Altinn has it. Raises NoKey and the gateways' errors."""
    return system_user_requests(row.environment).system_user(
        token=token_for(row, WRITE, at=at),
        system_id=row.profile.system.system_id,
        orgnr=row.customer.orgnr,
        external_ref=row.external_ref,
    )


def approve(hold: Hold[Access], remote: RemoteSystemUser | None, answer: dict[str, Any]) -> None:
    """APPROVED with its system user; UNKNOWN when Altinn says Accepted but has no system user.

    Altinn gives a system user the id of the request that it was approved by. One with another id may have other rights than we
    asked for: unless `answer` says that they are known, Altinn is asked.
    """
    at = hold.now()
    kept = {"polled_at": at, "answered_at": at, "sent_at": hold.row.sent_at or at, **CALM, **answer}
    if remote is None:
        hold.move_to(Status.UNKNOWN, by=ALTINN, missing_since=at, next_attempt_at=at + PATIENCE, **kept)
        return
    known = {"rights_known_at": at} if remote.id == hold.row.altinn_id else UNKNOWN_RIGHTS
    with transaction.atomic():
        store_system_user(hold.row, remote, at=at)
        status = {"remote_status": "Accepted", "altinn_id": remote.id, **known, **kept}
        hold.move_to(Status.APPROVED, by=ALTINN, missing_since=None, **status)
        if hold.row.rights_known_at is None:
            ask_soon(access=hold.row, at=at)
        profile = AccessProfile.objects.filter(pk=hold.row.profile_id, to_mark_at=None)
        profile.update(to_mark_at=at)  # it may be wider by now


def note_system_user(row: Access, remote: RemoteSystemUser, *, at: datetime) -> None:
    """What Altinn lists for the access. One that the customer made in place of another has rights that nobody has told."""
    is_other = SystemUser.objects.filter(access=row).exclude(altinn_id=remote.id).exists()
    with transaction.atomic():
        store_system_user(row, remote, at=at)
        if is_other:
            forget_rights(row, altinn_id=remote.id)
            ask_soon(access=row, at=at)


def forget_rights(row: Access, *, altinn_id: str) -> None:
    """The access stands for another system user from now on, and Altinn is still to be asked what that one may do."""
    fields = {"altinn_id": altinn_id, **UNKNOWN_RIGHTS}
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))


def store_system_user(row: Access, remote: RemoteSystemUser, *, at: datetime) -> None:
    """Store the system user as Altinn has it now."""
    kind = Kind(remote.kind.upper())
    write_system_user(row, altinn_id=remote.id, kind=kind, created_at=remote.created_at, at=at)


def write_system_user(row: Access, *, altinn_id: str, kind: str, created_at: datetime | None, at: datetime) -> None:
    """One that replaces a removed one is unused."""
    now = {"altinn_id": altinn_id, "kind": kind, "created_at": created_at, "seen_at": at, "removed_at": None}
    replaced = SystemUser.objects.filter(access=row).exclude(altinn_id=altinn_id)
    replaced.update(first_token_at=None)
    SystemUser.objects.update_or_create(access=row, defaults=now)
