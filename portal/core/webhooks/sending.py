"""The sender of webhooks: one signed POST to an address that was checked.

A receiver knows a message by its `webhook-id`, so what may have arrived is sent again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.outbox.delivery import NotAccepted, Sender, register
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.put import GIVE_UP_AFTER
from portal.core.webhooks import addresses, bodies
from portal.core.webhooks.row import Webhook
from portal.gateways import webhook
from portal.gateways.errors import BrokenReply, HeldBack, Refused, Unavailable

UNREACHABLE, REFUSED, BUSY, GONE, ENDED = (
    "WEBHOOK_UNREACHABLE", "WEBHOOK_REFUSED", "WEBHOOK_BUSY", "WEBHOOK_GONE", "WEBHOOK_ENDED",
)  # fmt: skip
PAUSED, UNKNOWN_FAULT = "WEBHOOK_PAUSED", "INTERNAL_ERROR"
GONE_STATUS = 410
PARKED = datetime(9999, 1, 1, tzinfo=UTC)
"""When messages of a webhook that does not run are due."""
LONGEST_PAUSE = 3600.0
"""Seconds for which a receiver may ask us to wait."""
BY = "task:webhooks"
NOTED = timedelta(minutes=1)


def send(address: str, payload: dict[str, Any], key: str) -> None:
    """Raises NotAccepted, also when the answer does not come: the message is known by its id. `address` is the webhook's id.

    Raises HeldBack where we make enough calls to its host already: nothing has left, and nobody failed.
    """
    hook = Webhook.objects.defer(None).filter(pk=int(address)).first()
    if hook is None:
        raise NotAccepted(ENDED, is_final=True)
    at = timezone.now()
    if hook.paused_at or hook.stopped_at:
        raise NotAccepted(PAUSED, retry_after=LONGEST_PAUSE)
    try:
        _post(hook, payload, at)
    except HeldBack:
        raise
    except Exception as error:
        _note_failure(hook, error.code if isinstance(error, NotAccepted) else UNKNOWN_FAULT, at)
        raise
    _note_success(hook, at)


def _post(hook: Webhook, payload: dict[str, Any], at: datetime) -> None:
    """Raises NotAccepted, HeldBack."""
    content = bodies.to_bytes(payload)
    headers = bodies.headers_of(payload["id"], content, keys=hook.secrets_at(at), at=at)
    try:
        webhook.deliver(
            hook.url, ip=addresses.find(hook.url), content=content,
            headers={**headers, "Content-Type": bodies.MEDIA_TYPE, "Accept": "*/*"},
        )  # fmt: skip
    except addresses.NotAllowed as error:
        raise NotAccepted(error.code) from None
    except Unavailable as error:
        if isinstance(error, HeldBack) and not error.by_remote:
            raise
        answered = error.status is not None or isinstance(error, HeldBack)
        wait = None if error.retry_after is None else min(error.retry_after, LONGEST_PAUSE)
        raise NotAccepted(BUSY if answered else UNREACHABLE, retry_after=wait) from None
    except Refused as error:
        raise NotAccepted(GONE if error.status == GONE_STATUS else REFUSED) from None
    except BrokenReply:
        raise NotAccepted(REFUSED) from None


def _note_failure(hook: Webhook, code: str, at: datetime) -> None:
    """When the receiver says that it is gone, the webhook is paused at once."""
    rows = Webhook.objects.filter(pk=hook.pk)
    rows.filter(failing_since=None).update(failing_since=at)
    rows.exclude(problem_code=code).update(problem_code=code)
    if code == GONE:
        _pause(hook, code, at, since=at)


def sweep(*, at: datetime) -> None:
    """Pause those whose receiver has accepted nothing for GIVE_UP_AFTER, and park what waits for any that does not run.

    Call it before the sweep of the outbox: what waits for a receiver that is away is then not given up message by message.
    """
    for hook in Webhook.objects.running().filter(failing_since__lte=at - GIVE_UP_AFTER):
        _pause(hook, hook.problem_code, at, since=at - GIVE_UP_AFTER)
    for pk in Webhook.objects.resting().values_list("pk", flat=True):
        with transaction.atomic():
            if resting := Webhook.objects.resting().select_for_update().filter(pk=pk).first():
                park(resting)


def _pause(hook: Webhook, code: str, at: datetime, *, since: datetime) -> None:
    """Unless it has accepted something after `since`, or is paused or stopped."""
    with transaction.atomic():
        rows = Webhook.objects.running().filter(pk=hook.pk, failing_since__lte=since)
        if rows.update(paused_at=at):
            record(by=BY, at=at, target=hook, what=AuditType.WEBHOOK_PAUSED, host=hook.host, code=code)
            park(hook)


def park(hook: Webhook) -> None:
    """It does not run: what waits is not tried, not given up and nobody's task, until `keeping.start`."""
    waiting = OutboxMessage.objects.waiting().filter(key__startswith=hook.prefix, next_attempt_at__lt=PARKED)
    waiting.update(next_attempt_at=PARKED, give_up_at=None, failures=0, problem_code="")


def _note_success(hook: Webhook, at: datetime) -> None:
    rows = Webhook.objects.filter(pk=hook.pk)
    old = Q(accepted_at=None) | Q(accepted_at__lt=at - NOTED) | ~Q(failing_since=None)
    rows.filter(old).update(accepted_at=at, failing_since=None, problem_code="")


register(
    OutboxMessage.Kind.WEBHOOK,
    Sender(send, may_repeat=True, outage_codes=(UNREACHABLE, BUSY, PAUSED, addresses.UNKNOWN), by_receiver=True),
)
