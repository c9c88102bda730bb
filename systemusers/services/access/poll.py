"""Polls Altinn by id: no state is inferred from a redirect or from one refusal."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from portal.gateways.errors import BrokenReply, Refused, Unavailable
from systemusers.models import Access, Kind
from systemusers.services.access import answers
from systemusers.services.access.lease import Lease, take
from systemusers.services.access.send import code_of, waiting_time
from systemusers.services.remote import system_user_requests
from systemusers.services.tokens import NoKey, vendor_token

logger = logging.getLogger(__name__)
BY = "task:poll_access"
WATCHED = timedelta(seconds=15)
LATER = timedelta(hours=1)
Status = Access.Status


def poll_access(*, access_id: int, at: datetime, by: str = BY) -> None:
    """Ask about one open access and write what Altinn says.

    Raises LostRace; Unavailable and BrokenReply after planning the next attempt.
    """
    lease = take(access_id=access_id, among=Access.OPEN, by=by, at=at)
    try:
        _poll(lease)
    except NoKey:
        lease.release(next_attempt_at=at + LATER)
        logger.error("access %s cannot be polled: no key in use", access_id)
    except Refused as error:
        lease.release(next_attempt_at=at + LATER)
        logger.error("access %s was not polled: %s %s", access_id, error, code_of(error))
    except Unavailable as error:
        wait = max(waiting_time(5, error.retry_after), WATCHED)
        lease.release(next_attempt_at=at + wait)
        raise
    except BrokenReply:
        lease.release(next_attempt_at=at + LATER)
        raise


def _poll(lease: Lease) -> None:
    row = lease.access
    token = vendor_token(client=row.profile.system.client, scopes=(answers.READ,), at=lease.at)
    try:
        remote = system_user_requests(row.environment).get(
            row.altinn_id, token=token, is_agent=row.profile.kind == Kind.AGENT
        )
    except Refused as error:
        if error.status != 404:
            raise
        _gone(lease)
        return
    answers.settle(lease, remote)


def _gone(lease: Lease) -> None:
    """Approved and removed since, or deleted by another client with our scope: UNKNOWN until it is checked."""
    answers.approve(lease, answers.find_system_user(lease.access, at=lease.at), {})


def watch(*, access: Access, at: datetime) -> None:
    """A user views the page: poll in the next round, at most every 15 seconds."""
    rows = Access.objects.filter(pk=access.pk, status__in=Access.OPEN, next_attempt_at__gt=at)
    rows.exclude(polled_at__gt=at - WATCHED).update(next_attempt_at=at)
