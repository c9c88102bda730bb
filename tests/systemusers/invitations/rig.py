"""What the tests of mails to customers share."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

from portal.core.outbox import delivery
from systemusers.models import Access, Invitation
from systemusers.services import invitations
from tests.core.outbox.smtp import MailServer

ADDRESS = "post@nordlys.example"
WEDNESDAY = datetime.fromisoformat("2026-03-04T10:00:00+01:00")
"""A working day, far from Easter."""


def plan_of(row: Access) -> Invitation:
    return Invitation.objects.get(access=row)


def work(at: datetime) -> None:
    """Everything that runs in the background, once."""
    while invitations.work_due(at=at):
        pass
    at += timedelta(seconds=30)  # the round took its time
    delivery.sweep(at=at)
    while delivery.send_due(at=at):
        pass
    invitations.note_results(at=at)


def days(number: float) -> timedelta:
    return timedelta(days=number)


def parsed(server: MailServer) -> list[Message[Any, Any]]:
    return [message_from_bytes(text.encode()) for text in server.mails]


def body(mail: Message[Any, Any], kind: str = "text/plain") -> str:
    [part] = [part for part in mail.walk() if part.get_content_type() == kind]
    return bytes(part.get_payload(decode=True)).decode()


def kinds(row: Access) -> list[tuple[str, int]]:
    return list(row.mails.order_by("pk").values_list("kind", "number"))
