"""A receiver that is away: each message has its three days, the webhook is paused as a whole, and goes on where it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.core.audit import AuditEvent
from portal.core.outbox import delivery
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.put import GIVE_UP_AFTER
from portal.core.webhooks import filling, keeping, sending
from portal.core.webhooks.row import Webhook
from tests.core.webhooks.line import BY, Line

pytestmark = pytest.mark.django_db
Status = OutboxMessage.Status


def be_refused(line: Line, **time: float) -> None:
    """The receiver, which takes others, is asked again after so long."""
    line.later(**time)
    delivery.sweep(at=line.at)
    line.send()
    delivery.sweep(at=line.at)
    Webhook.objects.update(failing_since=None)


def test_a_message_that_waited_for_another_has_its_three_days_too(line: Line) -> None:
    line.receiver.usual = 400
    line.happens("submissions/1", "submissions/1")
    be_refused(line)
    be_refused(line, days=3, minutes=1)
    first = line.states()
    be_refused(line, minutes=20)
    be_refused(line, days=2, hours=23)
    second = line.states()
    line.receiver.usual = 204
    be_refused(line, minutes=20)

    assert first == second == {Status.DEAD: 1, Status.WAITING: 1}
    assert line.states() == {Status.DEAD: 1, Status.SENT: 1}


def test_after_three_days_it_is_paused_and_goes_on_where_it_was(line: Line) -> None:
    line.receiver.usual = 500
    line.happens("submissions/1")
    line.send()
    Webhook.objects.update(failing_since=line.at)
    line.later(days=3, minutes=1)
    line.sweep()
    line.happens("submissions/1", "submissions/2")
    paused, waiting = line.row(), OutboxMessage.objects.count()
    tried = len(line.receiver.got)
    line.later(days=20)
    line.send()
    line.sweep()
    rested = line.states()

    line.receiver.usual = 204
    keeping.start(hook=paused, by=BY, at=line.at)
    filling.fill(at=line.at)
    line.send(4)

    assert (paused.paused_at is not None, waiting, rested) == (True, 1, {Status.WAITING: 1})
    assert line.subjects()[tried:] == ["submissions/1", "submissions/2", "submissions/1"]
    assert line.states() == {Status.SENT: 3}
    assert AuditEvent.objects.filter(what="webhook-paused").count() == 1


def test_one_that_has_recovered_and_failed_again_meanwhile_is_not_paused(line: Line) -> None:
    """Between the sweep's look and its writing, another worker delivered, and a later message failed."""
    line.happens("submissions/1")
    read = line.row()
    Webhook.objects.update(failing_since=line.at)

    sending._pause(read, "WEBHOOK_BUSY", line.at, since=line.at - GIVE_UP_AFTER)
    assert line.row().paused_at is None

    Webhook.objects.update(failing_since=line.at - GIVE_UP_AFTER)
    sending._pause(read, "WEBHOOK_BUSY", line.at, since=line.at - GIVE_UP_AFTER)
    assert line.row().paused_at == line.at


def test_one_that_accepts_other_messages_is_not_paused(line: Line) -> None:
    line.receiver.answers = [400]
    line.happens("submissions/1", "submissions/2")
    line.send()
    line.sweep()
    line.later(days=4)
    line.sweep()

    assert line.row().paused_at is None
    assert line.states() == {Status.DEAD: 1, Status.SENT: 1}


def test_what_a_worker_had_when_it_died_goes_again_before_the_next_of_its_subject(line: Line) -> None:
    line.happens("submissions/1", "submissions/1")
    first = OutboxMessage.objects.order_by("pk")[0]
    OutboxMessage.objects.filter(pk=first.pk).update(
        status=Status.SENDING, attempts=1, lease_until=timezone.now() - timedelta(seconds=1)
    )
    line.later(minutes=1)
    line.send()
    held_back = line.subjects()
    line.sweep()
    line.send(2)

    ids = [headers["webhook-id"] for headers, _content in line.receiver.got]
    assert held_back == []
    assert ids == [row.key.removeprefix(line.hook.prefix) for row in OutboxMessage.objects.order_by("pk")]
    assert line.states() == {Status.SENT: 2}
