"""Put a message into the outbox, inside the caller's transaction: it is sent if, and only if, that transaction commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from django.utils.translation import get_language

from portal.core import enqueue
from portal.core.masking import masked
from portal.core.outbox.message import MailPayload, OutboxMessage, hash_of, seal
from portal.core.outbox.quiet_hours import QuietHours

GIVE_UP_AFTER = timedelta(days=3)
Kind, Status = OutboxMessage.Kind, OutboxMessage.Status


def task_of(kind: str) -> str:
    """Who sends messages of this kind: a slow receiver of webhooks keeps no mail back."""
    return "portal.tasks.send_webhooks" if kind == Kind.WEBHOOK else "portal.tasks.send_outbox"


class AttachmentsNotSupported(ValueError):
    """A mail with attachments: the outbox stores texts only."""


def put(
    *,
    kind: str,
    key: str,
    address: str,
    payload: MailPayload | Mapping[str, object],
    at: datetime,
    quiet_hours: QuietHours | None = None,
    give_up_at: datetime | None = None,
    send: bool = True,
) -> None:
    """Store one message and wake a worker on commit. Does nothing when a message with this key exists.

    `key` at most 200 characters, without personal data or secrets. `payload` is JSON. After `give_up_at` (three days after its first
    failure when not given) a message that keeps failing is DEAD. With `send=False` the same work is done, but nothing is sent: for
    callers that must not show whether there is a receiver.
    """
    message = _message(kind, key, address=address, payload=payload, at=at, quiet_hours=quiet_hours)
    message.status = Status.WAITING if send else Status.CLOSED
    message.give_up_at = give_up_at
    OutboxMessage.objects.bulk_create([message], ignore_conflicts=True)  # one INSERT … ON CONFLICT DO NOTHING
    enqueue.enqueue_by_name(task_of(kind))


@dataclass(frozen=True)
class ToPut:
    """One message for `put_many`: see `put`."""

    kind: str
    key: str
    address: str
    payload: MailPayload | Mapping[str, object]
    quiet_hours: QuietHours | None = None
    lane: str = ""


def put_many(messages: Iterable[ToPut], *, at: datetime) -> None:
    """As `put`, for many in one statement; one worker of each kind is woken."""
    rows = [_message(at=at, **vars(one)) for one in messages]
    if rows:
        OutboxMessage.objects.bulk_create(rows, ignore_conflicts=True)
        for kind in sorted({row.kind for row in rows}):
            enqueue.enqueue_by_name(task_of(kind))


def _message(
    kind: str,
    key: str,
    *,
    address: str,
    payload: MailPayload | Mapping[str, object],
    at: datetime,
    quiet_hours: QuietHours | None,
    lane: str = "",
) -> OutboxMessage:
    return OutboxMessage(
        kind=kind,
        key=key,
        lane=lane,
        status=Status.WAITING,
        status_at=at,
        sealed_address=address.encode(),
        address_hash=hash_of(address),
        receiver=masked(address)[:300],
        sealed_payload=seal(payload),
        next_attempt_at=quiet_hours.earliest(at) if quiet_hours else at,
        quiet_from=quiet_hours.start if quiet_hours else None,
        quiet_to=quiet_hours.end if quiet_hours else None,
        created_at=at,
    )


def put_mail(
    mail: EmailMessage, *, at: datetime, key: str = "", give_up_at: datetime | None = None, send: bool = True
) -> None:
    """Put a mail made by Django, one message for each receiver. Without `key` every call is a message of its own.

    Raises AttachmentsNotSupported.
    """
    key = key or f"mail:{uuid4()}"
    receivers = mail.recipients()
    for number, address in enumerate(receivers):
        one = f"{key}:{number}" if len(receivers) > 1 else key
        put(
            kind=Kind.MAIL, key=one, address=address, payload=_payload(mail), at=at, give_up_at=give_up_at, send=send
        )  # fmt: skip


def _payload(mail: EmailMessage) -> MailPayload:
    if mail.attachments:
        raise AttachmentsNotSupported("the outbox takes no attachments")
    html = next((str(a.content) for a in getattr(mail, "alternatives", []) if a.mimetype == "text/html"), "")
    is_html = mail.content_subtype == "html"
    return MailPayload(
        subject=str(mail.subject),
        text="" if is_html else str(mail.body),
        html=str(mail.body) if is_html else html,
        reply_to=", ".join(mail.reply_to),
        language=get_language() or "",
    )


class OutboxBackend(BaseEmailBackend):
    """Django's EMAIL_BACKEND: what is sent by Django's own functions goes into the outbox as well."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were put. Raises AttachmentsNotSupported."""
        for mail in email_messages:
            put_mail(mail, at=timezone.now())
        return len(email_messages)
