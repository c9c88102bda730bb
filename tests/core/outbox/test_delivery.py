"""What the mail server says decides; what failed is tried again, and given up."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from portal.core import lease
from portal.core.audit import AuditEvent
from portal.core.env import new_key
from portal.core.outbox import delivery, settle
from portal.core.outbox.message import OutboxMessage
from portal.explain import CODES
from tests.core.outbox.rig import LATER, MAIL, Killed, again, put_one
from tests.core.outbox.smtp import MailServer
from tests.fixtures import AT

REPLIES = [
    ("RCPT", "550 no such user", "DEAD", "MAIL_REFUSED"),
    ("DATA", "554 no", "DEAD", "MAIL_REFUSED"),
    ("END", "552 too large", "DEAD", "MAIL_REFUSED"),
    ("RCPT", "450 greylisted", "WAITING", "MAIL_DEFERRED"),
    ("END", "451 try later", "WAITING", "MAIL_DEFERRED"),
    ("RCPT", "421 closing", "WAITING", "MAIL_DEFERRED"),
    ("MAIL", "550 not you", "WAITING", "MAIL_SENDER_REFUSED"),
    ("EHLO", "", "WAITING", "MAIL_UNREACHABLE"),
    ("MAIL", "", "WAITING", "MAIL_UNREACHABLE"),
    ("RCPT", "", "WAITING", "MAIL_UNREACHABLE"),
    ("END", "", "UNCERTAIN", "OUTBOX_UNCERTAIN"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verb", "answer", "status", "code"), REPLIES, ids=[f"{r[0]}-{r[1][:3] or 'gone'}" for r in REPLIES]
)
def test_the_mail_servers_reply_decides(smtp: MailServer, verb: str, answer: str, status: str, code: str) -> None:
    smtp.answers[verb] = answer
    message = put_one()

    delivery.send_due(at=AT)

    message = again(message)
    assert (message.status, message.problem_code) == (status, code)
    assert (message.next_attempt_at is None) == (status != "WAITING")
    assert code in CODES
    assert message.payload == MAIL


@pytest.mark.django_db
@pytest.mark.parametrize(("may_repeat", "status"), [(True, "WAITING"), (False, "UNCERTAIN")])
def test_the_time_limit_of_the_task_ends_the_batch_after_the_state_is_stored(
    monkeypatch: pytest.MonkeyPatch, may_repeat: bool, status: str
) -> None:
    def out_of_time(_address: str, _payload: Any, _key: str) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setitem(delivery.SENDERS, "HOOK", delivery.Sender(out_of_time, may_repeat=may_repeat))
    first, second = put_one("a", kind="HOOK"), put_one("b", kind="HOOK")

    with pytest.raises(SoftTimeLimitExceeded):
        delivery.send_due(at=AT, kind="HOOK")

    assert (again(first).status, again(first).lease_until) == (status, None)
    assert (again(second).status, again(second).failures) == ("WAITING", 0)
    assert again(second).lease_until is None


@pytest.mark.django_db
def test_a_mail_that_is_no_mail_is_dead_before_a_server_is_called(smtp: MailServer) -> None:
    message = put_one(payload={**MAIL, "subject": "two\nlines"})

    delivery.send_due(at=AT)

    assert (again(message).status, again(message).problem_code, smtp.connections) == ("DEAD", "MAIL_MALFORMED", 0)


@pytest.mark.django_db
def test_a_refused_log_in_waits_for_a_person_to_mend_it(smtp: MailServer, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portal", "wrong"
    smtp.answers |= {"EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "535 no"}
    message = put_one()

    delivery.send_due(at=AT)

    assert (again(message).status, again(message).problem_code) == ("WAITING", "MAIL_LOGIN_REFUSED")


@pytest.mark.django_db
def test_the_same_mail_has_the_same_message_id_when_it_is_sent_again(smtp: MailServer) -> None:
    smtp.answers["END"] = ""
    message = put_one()
    delivery.send_due(at=AT)
    smtp.answers.clear()
    settle.send_again(again(message), by="user:ida", at=LATER)

    delivery.send_due(at=LATER)

    ids = [next(line for line in text.splitlines() if line.startswith("Message-ID")) for text in smtp.mails]
    assert len(ids) == 2
    assert ids[0] == ids[1]


@pytest.mark.django_db
def test_a_mail_is_tried_again_ever_more_seldom_until_it_is_given_up(smtp: MailServer) -> None:
    smtp.answers["EHLO"] = smtp.answers["HELO"] = "421 not now"
    message, tried = put_one(give_up_at=AT + timedelta(hours=4)), [AT]
    while again(message).status == "WAITING":
        tried.append(again(message).next_attempt_at or AT)
        delivery.sweep(at=tried[-1])
        delivery.send_due(at=tried[-1])

    message = again(message)
    waits = [b - a for a, b in pairwise(tried[1:])]
    assert (message.status, message.problem_code) == ("DEAD", "MAIL_UNREACHABLE")
    assert timedelta(seconds=2) <= waits[0] < timedelta(seconds=4)
    assert max(waits) < timedelta(minutes=16)
    assert timedelta(hours=4) <= tried[-1] - AT < timedelta(hours=4, minutes=16)
    assert AuditEvent.objects.filter(what="WAITING->DEAD").count() == AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_a_message_is_given_up_three_days_after_it_first_failed_when_nobody_says_otherwise(smtp: MailServer) -> None:
    smtp.answers["EHLO"] = smtp.answers["HELO"] = "421 not now"
    message, failed_at = put_one(), AT + timedelta(days=9)
    delivery.send_due(at=failed_at)
    delivery.sweep(at=failed_at)

    delivery.sweep(at=failed_at + timedelta(days=3, seconds=-1))
    assert again(message).status == "WAITING"
    delivery.sweep(at=failed_at + timedelta(days=3))

    assert again(message).status == "DEAD"


@pytest.mark.django_db
def test_a_message_that_nobody_tried_is_tried_before_it_is_given_up(smtp: MailServer) -> None:
    message = put_one(give_up_at=AT + timedelta(hours=1))

    delivery.sweep(at=AT + timedelta(days=9))
    delivery.send_due(at=AT + timedelta(days=9))

    assert again(message).status == "SENT"


@pytest.mark.django_db
def test_when_the_mail_server_is_back_what_waited_for_it_is_due(smtp: MailServer) -> None:
    smtp.answers["EHLO"] = smtp.answers["HELO"] = "421 not now"
    waiting = put_one("old")
    for minutes in range(4):
        delivery.send_due(at=AT + timedelta(minutes=minutes * 20))
    assert again(waiting).next_attempt_at > AT + timedelta(minutes=60)
    smtp.answers.clear()
    at = AT + timedelta(minutes=60, seconds=5)
    put_one("new", at=at)

    delivery.send_due(at=at)

    assert again(waiting).next_attempt_at == at


@pytest.mark.django_db
def test_an_outage_costs_one_call_a_batch(smtp: MailServer) -> None:
    smtp.answers["EHLO"] = smtp.answers["HELO"] = "421 not now"
    messages = [put_one(f"mail:{number}") for number in range(5)]

    delivery.send_due(at=AT)

    assert smtp.connections == 1
    assert {(again(m).status, again(m).problem_code, again(m).failures) for m in messages} == {
        ("WAITING", "MAIL_UNREACHABLE", 1)
    }


@pytest.mark.django_db
def test_one_mail_that_is_put_off_stops_no_other(smtp: MailServer) -> None:
    smtp.answers["RCPT"] = "450 greylisted"
    for number in range(3):
        put_one(f"mail:{number}")

    delivery.send_due(at=AT)

    assert smtp.connections == 3


@pytest.mark.django_db
def test_a_batch_that_took_long_leaves_the_rest_to_the_next_worker(smtp: MailServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(lease, "ENOUGH", timedelta(seconds=-1))
    message = put_one()
    delivery.send_due(at=AT)
    assert (again(message).status, again(message).failures, smtp.connections) == ("WAITING", 0, 0)
    monkeypatch.undo()

    delivery.send_due(at=AT)

    assert again(message).status == "SENT"


@pytest.mark.django_db
def test_a_kind_that_nobody_can_send_waits_is_counted_and_ends_as_dead() -> None:
    message = put_one(kind="HOOK", address="https://hook.example/secret", payload={"event": "x"})
    for minutes in (0, 20, 40):
        delivery.send_due(at=AT + timedelta(minutes=minutes), kind="HOOK")
        delivery.sweep(at=AT + timedelta(minutes=minutes))

    waiting = again(message)
    assert (waiting.status, waiting.problem_code, waiting.failures) == ("WAITING", "OUTBOX_NO_SENDER", 3)
    assert list(OutboxMessage.objects.needing_a_person()) == [message]
    assert waiting.receiver == "https://hook.example"

    delivery.sweep(at=AT + timedelta(days=3))

    assert again(message).status == "DEAD"
    assert list(OutboxMessage.objects.needing_a_person()) == [message]


@pytest.mark.django_db
def test_a_kind_whose_receivers_know_the_key_is_sent_again_after_a_crash(monkeypatch: Any) -> None:
    sent: list[str] = []

    def hook(address: str, payload: Any, key: str) -> None:
        sent.append(key)
        if len(sent) == 1:
            raise Killed
        if len(sent) == 2:
            raise OSError("no answer")

    monkeypatch.setitem(delivery.SENDERS, "WEBHOOK", delivery.Sender(hook, may_repeat=True))
    message = put_one(kind="WEBHOOK", payload={"event": "x"})
    with pytest.raises(Killed):
        delivery.send_due(at=AT, kind="WEBHOOK")

    for minutes in (20, 40, 60):
        delivery.sweep(at=AT + timedelta(minutes=minutes))
        delivery.send_due(at=AT + timedelta(minutes=minutes), kind="WEBHOOK")

    assert (again(message).status, sent) == ("SENT", ["reset:1"] * 3)


@pytest.mark.django_db
def test_a_key_ring_that_lacks_the_key_stops_the_message_before_anything_is_sent(
    smtp: MailServer, settings: Any
) -> None:
    message, ring = put_one(), settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [new_key()]
    delivery.send_due(at=AT)
    waiting = OutboxMessage.objects.get(pk=message.pk)
    assert (waiting.status, waiting.failures, smtp.connections) == ("WAITING", 1, 0)

    settings.ENCRYPTION_KEYS = ring
    delivery.send_due(at=LATER)

    assert again(message).status == "SENT"
