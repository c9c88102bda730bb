"""Those who keep integrations get a mail when a webhook is paused, and one when it goes on: once for each pause."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User, Vendor
from portal.core.outbox.message import OutboxMessage
from portal.core.webhooks import keeping, sending
from portal.core.webhooks.row import Webhook
from portal.desk.webhooks import telling
from tests.core.webhooks.line import BY, Line
from tests.core.webhooks.receiver import Receiver, receiving
from tests.fixtures import administrator, case_worker, vendor

__all__ = ["administrator", "case_worker", "vendor"]
pytestmark = pytest.mark.django_db


def mails() -> list[tuple[str, str]]:
    """Address and subject of each, the oldest first."""
    rows = OutboxMessage.objects.defer(None).filter(kind="MAIL").order_by("pk")
    return [(row.address, row.payload["subject"]) for row in rows]


def tell(line: Line, times: int = 3) -> None:
    for _ in range(times):
        line.later(seconds=20)
        telling.tell(at=line.at)


def pause(line: Line) -> None:
    """The receiver is away for three days."""
    line.receiver.usual = 503
    line.happens("submissions/1")
    line.send()
    Webhook.objects.update(failing_since=line.at - timedelta(days=3, minutes=1))
    sending.sweep(at=line.at)


def test_a_pause_and_its_end_are_each_told_once(administrator: User, case_worker: User, vendor: Vendor) -> None:
    with receiving() as receiver:
        line = Line(receiver)
        tell(line)
        pause(line)
        tell(line)
        paused = mails()
        line.receiver.usual = 204
        keeping.start(hook=line.row(), by=BY, at=line.at)
        tell(line)
        started = mails()
        line.later(minutes=1)
        line.send()
        Webhook.objects.update(accepted_at=line.at)  # the receiver's clock is the machine's
        tell(line)

    host = line.hook.host
    assert paused == started == [(administrator.email, f"Webhooken til {host} er satt på pause")]
    assert mails()[1:] == [(administrator.email, f"Webhooken til {host} er i gang igjen")]


def test_the_next_pause_is_told_too(administrator: User, vendor: Vendor) -> None:
    line = Line(Receiver(url="http://127.0.0.1:9/hooks"))
    pause(line)
    tell(line)
    keeping.start(hook=line.row(), by=BY, at=line.at)
    line.later(minutes=1)
    pause(line)
    tell(line)

    assert len(mails()) == 2


def test_one_that_a_person_stopped_is_nobodys_news(administrator: User, vendor: Vendor) -> None:
    line = Line(Receiver(url="http://127.0.0.1:9/hooks"))
    keeping.stop(hook=line.hook, by=BY, at=timezone.now())
    tell(line)

    assert mails() == []


def test_the_mail_says_why_and_leads_to_the_page(administrator: User, vendor: Vendor) -> None:
    line = Line(Receiver(url="http://127.0.0.1:9/a-secret-path"))
    pause(line)
    tell(line)

    text = OutboxMessage.objects.defer(None).get(kind="MAIL").payload["text"]
    assert f"/sandbox/webhooks/{line.hook.pk}/" in text
    assert "Vi fikk ikke kontakt" in text or "127.0.0.1:9" in text
    assert "a-secret-path" not in text
