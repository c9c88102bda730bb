"""Sends change requests to Altinn, asks what became of them, and takes them back. By workers, under a lease.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/changerequest/
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import LONGEST_WAIT, Hold
from portal.core.problems import code_of
from portal.core.states import LostRace
from portal.gateways.altinn import RemoteChangeRequest
from portal.gateways.altinn.requests import NO_CHANGE
from portal.gateways.errors import BrokenReply, Refused
from systemusers.models import Access, ChangeRequest
from systemusers.services.access import answers
from systemusers.services.access.answers import ALTINN, CALM, READ, WRITE, UnexpectedStatus
from systemusers.services.access.poll import LATER, OFTEN, WATCHED
from systemusers.services.access.rounds import is_ours, waits_for_us, work
from systemusers.services.access.send import redirect_url
from systemusers.services.changes.plan import difference, status_in_use
from systemusers.services.remote import system_user_requests

BY = "task:change_requests"
PATH = "access__profile__system__"
Status = ChangeRequest.Status


class AlreadyAnswered(Exception):
    """The customer answered first; the row now says what."""


def send_due(*, at: datetime) -> int:
    """Send a batch of those that are due. Returns how many were taken."""
    return work(
        ChangeRequest.objects.to_send(), send, at=at, path=PATH, system_of=lambda row: row.access.profile.system
    )


def poll_due(*, at: datetime) -> int:
    """Ask about a batch of those that wait for the customer. Returns how many were taken."""
    return work(
        ChangeRequest.objects.to_poll(), poll, at=at, path=PATH, system_of=lambda row: row.access.profile.system
    )


def send(hold: Hold[ChangeRequest]) -> None:
    """Altinn stores a correlation id once, so a lost answer is found by the same call. One that Altinn refuses stops.

    Raises LostRace, Unavailable.
    """
    if not _is_wanted(hold):
        return
    if not hold.row.failures:
        record(by=BY, at=hold.now(), target=hold.row, what=AuditType.SEND, attempt=hold.attempt)
    with waits_for_us(hold):
        try:
            _settle(hold, _create(hold))
        except BrokenReply as error:
            lease.log_problem(hold, error)
            hold.put_off(code=code_of(error), wait=LONGEST_WAIT)
        except Refused as error:
            if is_ours(error):
                raise
            hold.stop(code=code_of(error))


def _is_wanted(hold: Hold[ChangeRequest]) -> bool:
    """An access that is not in use any more has nothing to change."""
    if hold.row.access.status in {*Access.USABLE, Access.Status.UNKNOWN}:
        return True
    hold.move_to(Status.WITHDRAWN, by=BY, **CALM)
    return False


def _create(hold: Hold[ChangeRequest]) -> RemoteChangeRequest:
    row = hold.row
    token = answers.token_for(row.access, WRITE, at=hold.now())
    return system_user_requests(row.environment).create_change(
        token=token,
        correlation_id=str(row.correlation_id),
        system_user_id=str(row.access.system_user.altinn_id),
        required_rights=tuple(row.required_rights),
        unwanted_rights=tuple(row.unwanted_rights),
        required_packages=tuple(row.required_packages),
        unwanted_packages=tuple(row.unwanted_packages),
        redirect_url=redirect_url(row.access),
    )


def poll(hold: Hold[ChangeRequest]) -> None:
    """Write what Altinn says. Raises LostRace, Unavailable."""
    if not _is_wanted(hold):
        return
    with waits_for_us(hold):
        try:
            _settle(hold, _read(hold))
        except (Refused, BrokenReply) as error:
            if isinstance(error, Refused) and is_ours(error):
                raise
            lease.log_problem(hold, error)
            hold.put_off(code=code_of(error), wait=LATER)


def _read(hold: Hold[ChangeRequest]) -> RemoteChangeRequest | None:
    """None when Altinn no longer has it."""
    row = hold.row
    token = answers.token_for(row.access, READ, at=hold.now())
    try:
        return system_user_requests(row.environment).get_change(str(row.correlation_id), token=token)
    except Refused as error:
        if error.status == 404:
            return None
        raise


def _settle(hold: Hold[ChangeRequest], remote: RemoteChangeRequest | None) -> None:
    """Store the answer. Raises UnexpectedStatus, and BrokenReply for an approval page that is not Altinn's."""
    row, at = hold.row, hold.now()
    if remote is None:
        hold.move_to(Status.EXPIRED, by=ALTINN, polled_at=at, **CALM)
    elif remote.status == NO_CHANGE:
        _grant(hold, Status.NOT_NEEDED)
    elif remote.status == "Accepted":
        _grant(hold, Status.APPROVED)
    elif remote.status in ("Rejected", "Denied"):
        hold.move_to(Status.REJECTED, by=ALTINN, polled_at=at, **CALM)
    elif remote.timed_out or remote.status.lower() == "timedout":
        hold.move_to(Status.EXPIRED, by=ALTINN, polled_at=at, **CALM)
    elif remote.status != "New":
        raise UnexpectedStatus(f"altinn change request {remote.id}: the status {remote.status[:20]!r} is unknown")
    else:
        _wait(hold, remote, answers.next_look(sent_at=row.sent_at, at=at))


def _wait(hold: Hold[ChangeRequest], remote: RemoteChangeRequest, look: datetime) -> None:
    answers.check_page(remote.confirm_url, environment=hold.row.environment)
    fields: dict[str, Any] = {"polled_at": hold.now(), "confirm_url": remote.confirm_url or hold.row.confirm_url}
    if hold.row.status == Status.SENT:
        hold.finish(next_attempt_at=look, **fields)
    else:
        hold.move_to(Status.SENT, by=BY, next_attempt_at=look, sent_at=hold.now(), **fields, **CALM)


def _grant(hold: Hold[ChangeRequest], status: str) -> None:
    """The access has what was asked for: its rights are written with the answer, in one transaction."""
    row, at = hold.row, hold.now()
    with transaction.atomic():
        hold.move_to(status, by=ALTINN, polled_at=at, **CALM)
        access = Access.objects.select_for_update(of=("self",)).select_related("profile__system").get(pk=row.access_id)
        row.access = access
        access.rights, access.packages, access.rights_known_at = row.rights_after, row.packages_after, at
        access.save(update_fields=["rights", "packages", "rights_known_at"])
        if access.status == Access.Status.NEEDS_UPDATE and not difference(access).is_lacking:
            access.move_to(status_in_use(access), by=ALTINN, at=at)


def watch(*, access: Access, at: datetime, by_customer: bool = False) -> bool:
    """Somebody looks at the page: the open change request is asked about in the next round. Tells whether it is due now."""
    often = OFTEN if by_customer else WATCHED
    rows = ChangeRequest.objects.filter(access=access, status=Status.SENT, next_attempt_at__gt=at, problem_code="")
    return bool(lease.make_due(rows.exclude(polled_at__gt=at - often), at=at))


def send_again(*, change: ChangeRequest, by: str, at: datetime) -> None:
    """A person says that the cause of a refusal is mended. Raises LostRace."""
    with transaction.atomic():
        rows = ChangeRequest.objects.filter(pk=change.pk, status=Status.DRAFT)
        if not rows.update(next_attempt_at=at, problem_code="", failures=0):
            raise LostRace(f"change request {change.pk} is no longer a draft")
        record(by=by, at=at, target=change, what=AuditType.SEND_AGAIN, customer_id=change.access.customer_id)


def withdraw(*, change: ChangeRequest, by: str, at: datetime) -> None:
    """-> WITHDRAWN, at Altinn too. Raises AlreadyAnswered, LostRace, NoKey and the gateways' errors; it may be repeated."""
    hold = lease.take(ChangeRequest.objects.loaded().filter(pk=change.pk, status__in=ChangeRequest.OPEN), at=at)
    record(by=by, at=at, target=hold.row, what=AuditType.WITHDRAW, attempt=hold.attempt)
    with lease.given_back_on_error(hold):
        withdraw_held(hold, by=by)


def withdraw_held(hold: Hold[ChangeRequest], *, by: str) -> None:
    """The same of a row that the caller has claimed and recorded. Raises AlreadyAnswered, LostRace, and the errors of the calls."""
    remote = _read(hold)
    if remote is not None and remote.status != "New":
        _settle(hold, remote)
        raise AlreadyAnswered
    if remote is not None:
        token = answers.token_for(hold.row.access, WRITE, at=hold.now())
        system_user_requests(hold.row.environment).delete_change(remote.id, token=token)
    hold.move_to(Status.WITHDRAWN, by=by, confirm_url="", **CALM)
