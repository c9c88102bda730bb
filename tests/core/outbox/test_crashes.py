"""A process may die between any two lines: at most one accepted mail, and nothing that stops unseen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from portal.core import lease
from portal.core.outbox import delivery, mail
from portal.core.outbox.message import OutboxMessage
from portal.core.states import LostRace
from tests.core.outbox.rig import LATER, Killed, again, in_threads, put_one
from tests.core.outbox.smtp import MailServer
from tests.fixtures import AT


def die_at(monkeypatch: Any, target: Any, name: str, *, call: int = 1, after: bool = False) -> None:
    """The `call`th call of `target.name` is the last thing the process does; with `after` it is still done."""
    usual, calls = getattr(target, name), []

    def dying(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) != call:
            return usual(*args, **kwargs)
        if after:
            usual(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(target, name, dying)


STEPS = [
    # where it dies, what becomes of the message, how many mails were taken in the end
    ("claimed", (delivery, "_send"), {}, "SENT", 1),
    ("before the intent", (lease.Hold, "write"), {}, "SENT", 1),
    ("after the intent", (lease.Hold, "write"), {"after": True}, "UNCERTAIN", 0),
    ("before the connection", (mail.SmtpBackend, "open"), {}, "UNCERTAIN", 0),
    ("after the connection", (mail.SmtpBackend, "open"), {"after": True}, "UNCERTAIN", 0),
    ("before the text", (mail._Smtp, "data"), {}, "UNCERTAIN", 0),
    ("after the text was accepted", (mail._Smtp, "data"), {"after": True}, "UNCERTAIN", 1),
    ("before saying goodbye", (mail.SmtpBackend, "close"), {}, "UNCERTAIN", 1),
    ("before the result", (lease.Hold, "write"), {"call": 2}, "UNCERTAIN", 1),
    ("after the result", (lease.Hold, "write"), {"call": 2, "after": True}, "SENT", 1),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("where", "how", "status", "taken"), [s[1:] for s in STEPS], ids=[s[0] for s in STEPS])
def test_a_process_that_dies_never_leads_to_two_mails_or_to_silence(
    smtp: MailServer, where: Any, how: Any, status: str, taken: int
) -> None:
    message = put_one()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        die_at(patch, *where, **how)
        delivery.send_due(at=AT)

    for round_ in range(1, 4):  # others come by, first while the lease of the dead one runs
        at = AT + lease.LEASE * round_ - timedelta(seconds=1)
        delivery.sweep(at=at)
        delivery.send_due(at=at)

    assert (again(message).status, len(smtp.mails)) == (status, taken)
    assert OutboxMessage.objects.needing_a_person().exists() == (status == "UNCERTAIN")


@pytest.mark.django_db(transaction=True)
def test_a_result_that_cannot_be_stored_leaves_a_person_to_decide(smtp: MailServer, monkeypatch: Any) -> None:
    message = put_one()
    usual = lease.Hold.write

    def failing(self: Any, **fields: Any) -> None:
        if fields.get("status") == "SENT":
            raise IntegrityError("the database is away")
        usual(self, **fields)

    monkeypatch.setattr(lease.Hold, "write", failing)
    delivery.send_due(at=AT)
    delivery.send_due(at=LATER)
    delivery.sweep(at=LATER)
    delivery.send_due(at=LATER)

    assert (again(message).status, len(smtp.mails)) == ("UNCERTAIN", 1)


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_each_mail_once(smtp: MailServer) -> None:
    for number in range(12):
        put_one(f"mail:{number}", address=f"n{number}@nordlys.example")

    in_threads(lambda: [delivery.send_due(at=AT, limit=3) for _ in range(4)], 3)

    assert sorted(smtp.receivers) == sorted(f"n{number}@nordlys.example" for number in range(12))
    assert set(OutboxMessage.objects.values_list("status", flat=True)) == {"SENT"}


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_lease_ran_out_before_the_intent_sends_nothing(smtp: MailServer) -> None:
    message = put_one()
    [slow] = lease.claim(OutboxMessage.objects.waiting(), at=AT)
    delivery.send_due(at=LATER)

    with pytest.raises(LostRace):
        delivery._send(slow)

    assert (again(message).status, len(smtp.mails)) == ("SENT", 1)


@pytest.mark.django_db
def test_a_full_batch_wakes_one_more_worker(django_capture_on_commit_callbacks: Any) -> None:
    for number in range(3):
        put_one(f"mail:{number}")

    with django_capture_on_commit_callbacks() as callbacks:
        delivery.send_due(at=AT, limit=2)
        delivery.send_due(at=AT, limit=2)

    assert len(callbacks) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "status"), [(None, "SENT"), (delivery.NotAccepted("MAIL_DEFERRED"), "WAITING")])
def test_a_slow_worker_that_learns_the_result_after_all_stores_it(monkeypatch: Any, error: Any, status: str) -> None:
    seen = []

    def slow(*_: Any) -> None:
        delivery.sweep(at=LATER)
        seen.append(again(message).status)
        if error:
            raise error

    monkeypatch.setitem(delivery.SENDERS, "MAIL", delivery.Sender(slow))
    message = put_one()

    delivery.send_due(at=AT)

    assert (seen, again(message).status) == (["UNCERTAIN"], status)
