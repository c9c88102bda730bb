"""A webhook that leads to a receiver, with a clock that is moved by hand."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.utils import timezone

from portal.core.feed import publish
from portal.core.feed.event import FeedEvent, Type
from portal.core.feed.tell import tell
from portal.core.outbox import delivery
from portal.core.outbox.message import OutboxMessage
from portal.core.webhooks import filling, keeping, sending
from portal.core.webhooks.row import Webhook
from tests.core.webhooks.receiver import Receiver

BY = "user:ida@fjordtall.example"


class Line:
    """`receiver` is told of the sandbox."""

    def __init__(self, receiver: Receiver, types: list[str] | None = None) -> None:
        self.receiver, self.at = receiver, timezone.now()
        self.hook, self.secret = keeping.make(
            environment="SANDBOX", url=receiver.url, types=types or [], by=BY, at=self.at
        )

    def happens(self, *subjects: str, type: Type = Type.SUBMISSION_ACCEPTED, environment: str = "SANDBOX") -> None:
        tell([
            FeedEvent(environment=environment, type=type, subject=each, customer_id_ref=7, data={"status": "X"}, at=self.at)
            for each in subjects
        ])  # fmt: skip
        publish.publish()
        filling.fill(at=self.at)

    def send(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            delivery.send_due(at=self.at, kind="WEBHOOK")

    def later(self, **time: float) -> None:
        self.at += timedelta(**time)

    def row(self) -> Webhook:
        return Webhook.objects.get(pk=self.hook.pk)

    def subjects(self) -> list[str]:
        return [body["subject"] for body in self.receiver.bodies(self.secret)]

    def states(self) -> Counter[str]:
        return Counter(OutboxMessage.objects.values_list("status", flat=True))

    def sweep(self) -> None:
        sending.sweep(at=self.at)
        delivery.sweep(at=self.at)
