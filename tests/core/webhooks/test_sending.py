"""From what happened to the receiver: signed, in order by subject, once, again when it may not have come; and what ends it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import WebhookVerificationError

from portal.core.feed import publish
from portal.core.feed.event import FeedEvent, Type
from portal.core.feed.tell import tell
from portal.core.outbox import delivery
from portal.core.outbox.message import OutboxMessage
from portal.core.webhooks import filling, keeping, sending
from portal.core.webhooks.row import Webhook
from tests.core.webhooks.line import BY, Line
from tests.core.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db
Status = OutboxMessage.Status


def test_what_happened_comes_as_a_signed_cloud_event_without_names(line: Line, settings: Settings) -> None:
    line.happens("submissions/42")
    line.send()

    [(headers, _content)] = line.receiver.got
    [body] = line.receiver.bodies(line.secret)
    event = FeedEvent.objects.get()
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["webhook-id"] == body["id"] == str(event.uid)
    assert body == {
        "specversion": "1.0", "id": str(event.uid), "type": "submission.accepted", "subject": "submissions/42",
        "source": f"{settings.PORTAL_URL}/api/v1/sandbox", "time": event.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json", "data": {"status": "X"}, "sequence": str(event.position),
    }  # fmt: skip
    assert (line.states(), line.row().failing_since) == ({"SENT": 1}, None)
    assert OutboxMessage.objects.defer(None).get().sealed_payload is None


def test_a_webhook_is_told_of_its_environment_and_its_types_from_now_on(receiver: Receiver) -> None:
    early = Line(receiver)
    early.happens("submissions/1")
    line = Line(receiver, types=["access.lost"])

    line.happens("submissions/2")
    line.happens("accesses/3", type=Type.ACCESS_LOST)
    line.happens("accesses/4", type=Type.ACCESS_LOST, environment="TEST")

    mine = OutboxMessage.objects.filter(key__startswith=line.hook.prefix)
    assert [row.lane for row in mine] == [f"{line.hook.pk}:accesses/3"]


def test_events_of_one_subject_come_in_their_order_and_others_do_not_wait(line: Line) -> None:
    line.happens("submissions/1", "submissions/2", "submissions/1")
    line.receiver.answers = [400]
    line.send(3)
    first = line.subjects()
    line.later(minutes=1)
    line.send(3)

    assert first == ["submissions/1", "submissions/2"]
    assert line.subjects() == ["submissions/1", "submissions/2", "submissions/1", "submissions/1"]
    ids = [headers["webhook-id"] for headers, _content in line.receiver.got]
    assert ids[0] == ids[2] != ids[3]
    assert line.states() == {"SENT": 3}


def test_a_message_is_put_once_however_often_the_worker_runs(line: Line) -> None:
    line.happens("submissions/1")
    for _ in range(3):
        filling.fill(at=line.at)
    Webhook.objects.update(position=0)  # as after a crash between the two, were they not one transaction
    filling.fill(at=line.at)

    assert line.states() == {"WAITING": 1}


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "WEBHOOK_BUSY"), (400, "WEBHOOK_REFUSED"), (302, "WEBHOOK_REFUSED"), (503, "WEBHOOK_BUSY"), (429, "WEBHOOK_BUSY")],
)  # fmt: skip
def test_everything_but_2xx_is_tried_again(line: Line, status: int, code: str) -> None:
    line.receiver.answers, line.receiver.headers = [status], {"Location": line.receiver.url}
    line.happens("submissions/1")
    line.send()
    row, hook = OutboxMessage.objects.get(), line.row()
    line.later(minutes=20)
    line.send()

    assert (row.status, row.problem_code) == ("WAITING", code)
    assert (hook.problem_code, hook.failing_since is not None, hook.paused_at) == (code, True, None)
    assert (len(line.receiver.got), line.states()) == (2, {"SENT": 1})
    assert (line.row().failing_since, line.row().problem_code) == (None, "")


def test_one_that_asks_us_to_wait_is_left_alone_for_so_long(line: Line) -> None:
    line.receiver.answers, line.receiver.headers = [429], {"Retry-After": "300"}
    line.happens("submissions/1", "submissions/2")
    line.send()
    OutboxMessage.objects.update(next_attempt_at=line.at)
    line.send()
    longest = max(row.next_attempt_at or line.at for row in OutboxMessage.objects.filter(failures=2))

    assert len(line.receiver.got) == 1
    assert longest > line.at + timedelta(minutes=4)
    assert set(OutboxMessage.objects.values_list("problem_code", flat=True)) == {"WEBHOOK_BUSY"}
    assert line.row().problem_code == "WEBHOOK_BUSY"


def test_a_receiver_that_is_down_costs_one_call_of_a_batch_and_keeps_no_other_back(
    line: Line, receiver: Receiver
) -> None:
    down = Line(Receiver(url="http://127.0.0.1:9/hooks"))
    tell([
        FeedEvent(environment="SANDBOX", type=Type.DIALOG_RECEIVED, subject=f"dialogs/{n}", at=line.at) for n in range(5)
    ])  # fmt: skip
    publish.publish()
    filling.fill(at=line.at)

    calls = []
    post = sending._post

    def counted(hook: Webhook, *rest: Any) -> None:
        calls.append(hook.pk)
        post(hook, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "_post", counted)
        line.send()

    assert Counter(calls) == {line.hook.pk: 5, down.hook.pk: 1}
    assert len(receiver.got) == 5
    assert set(OutboxMessage.objects.filter(status="WAITING").values_list("problem_code", flat=True)) == {
        "WEBHOOK_UNREACHABLE"
    }


def test_410_ends_it_at_once(line: Line) -> None:
    line.receiver.answers = [410]
    line.happens("submissions/1")
    line.send()

    assert line.row().paused_at is not None
    assert line.row().problem_code == "WEBHOOK_GONE"


def test_a_new_secret_and_the_old_one_both_verify_until_the_old_one_ends(line: Line) -> None:
    new = keeping.rotate(hook=line.hook, old_for=timedelta(days=1), by=BY, at=timezone.now())
    line.happens("submissions/1")
    line.send()
    both = [line.receiver.bodies(secret)[0]["subject"] for secret in (line.secret, new)]
    Webhook.objects.update(old_secret_until=timezone.now() - timedelta(seconds=1))
    line.receiver.got.clear()
    line.happens("submissions/2")
    line.send()

    assert both == ["submissions/1"] * 2
    assert line.receiver.bodies(new)[0]["subject"] == "submissions/2"
    with pytest.raises(WebhookVerificationError):
        line.receiver.bodies(line.secret)


def test_a_secret_that_is_made_twice_in_a_row_leaves_the_one_that_the_receiver_knows(line: Line) -> None:
    for _press in range(2):
        new = keeping.rotate(hook=line.hook, old_for=timedelta(days=1), by=BY, at=timezone.now())
    line.happens("submissions/1")
    line.send()

    assert [line.receiver.bodies(secret)[0]["subject"] for secret in (line.secret, new)] == ["submissions/1"] * 2


def test_none_of_the_secrets_before_outlives_the_last_choice(line: Line) -> None:
    first = keeping.rotate(hook=line.hook, old_for=timedelta(days=7), by=BY, at=timezone.now())
    new = keeping.rotate(hook=line.hook, old_for=timedelta(), by=BY, at=timezone.now())
    line.happens("submissions/1")
    line.send()

    assert line.receiver.bodies(new)[0]["subject"] == "submissions/1"
    for secret in (line.secret, first):
        with pytest.raises(WebhookVerificationError):
            line.receiver.bodies(secret)


def test_a_name_that_leads_inside_later_is_not_called(line: Line, settings: Settings) -> None:
    line.happens("submissions/1")
    settings.WEBHOOK_PRIVATE_HOSTS = frozenset()
    line.send()

    assert (line.receiver.got, line.row().problem_code) == ([], "WEBHOOK_NOT_HTTPS")


def test_what_was_sent_can_be_sent_again_with_its_id(line: Line) -> None:
    line.happens("submissions/1")
    line.send()
    keeping.send_again(hook=line.hook, message=OutboxMessage.objects.get(), by=BY, at=line.at)
    line.send()
    FeedEvent.objects.all().delete()

    ids = {headers["webhook-id"] for headers, _content in line.receiver.got}
    assert (len(line.receiver.got), len(ids)) == (2, 1)
    with pytest.raises(keeping.NotThere):
        keeping.send_again(hook=line.hook, message=OutboxMessage.objects.get(), by=BY, at=line.at)


def test_a_test_message_tells_of_nothing(line: Line) -> None:
    key = keeping.test(hook=line.hook, by=BY, at=line.at)
    line.send()

    [body] = line.receiver.bodies(line.secret)
    assert (body["type"], body["data"], OutboxMessage.objects.get(key=key).status) == ("portal.test", {}, "SENT")


def test_what_waits_while_it_is_stopped_is_nobodys_task_and_goes_when_it_starts(line: Line) -> None:
    line.happens("submissions/1")
    keeping.stop(hook=line.hook, by=BY, at=line.at)
    for _ in range(5):
        line.later(days=1)
        line.send()
        delivery.sweep(at=line.at)
    waiting = (line.states(), OutboxMessage.objects.needing_a_person().count(), len(line.receiver.got))
    keeping.start(hook=line.row(), by=BY, at=line.at)
    line.send()

    assert waiting == ({"WAITING": 1}, 0, 0)
    assert line.subjects() == ["submissions/1"]


def test_a_fault_of_ours_is_seen_on_the_webhook_too(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(sending, "_post", broken)
    line.happens("submissions/1")
    line.send()

    assert (line.row().problem_code, line.row().failing_since is not None) == ("INTERNAL_ERROR", True)
    assert line.states() == {"WAITING": 1}


def test_what_waits_for_one_that_was_removed_is_not_sent(line: Line) -> None:
    line.happens("submissions/1")
    keeping.remove(hook=line.hook, by=BY, at=line.at)
    line.send()

    assert (line.receiver.got, line.states()) == ([], {"CLOSED": 1})


def test_the_outbox_is_not_flooded_by_one_that_takes_nothing(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "MOST_WAITING", 3)
    line.happens(*(f"dialogs/{n}" for n in range(10)))
    waiting = line.states()
    for _ in range(4):
        line.send()
        filling.fill(at=line.at)

    assert waiting == {"WAITING": 3}
    assert line.subjects() == [f"dialogs/{n}" for n in range(10)]
