"""Putting: one row for each key, encrypted, in the transaction of the caller; and what Django itself sends."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.core.mail import EmailMessage, mail_admins, send_mail
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal.core.audit import AuditEvent
from portal.core.masking import masked
from portal.core.outbox import delivery
from portal.core.outbox.message import OutboxMessage, hash_of
from portal.core.outbox.put import AttachmentsNotSupported, put_mail, task_of
from portal.tasks import send_outbox, sweep_outbox
from tests.core.outbox.rig import ADDRESS, LATER, MAIL, again, in_threads, put_one
from tests.core.outbox.smtp import MailServer
from tests.core.purging import purged
from tests.fixtures import AT


@pytest.mark.django_db
def test_a_mail_is_sent_and_its_content_removed(smtp: MailServer) -> None:
    message = put_one()

    assert delivery.send_due(at=AT) == 1

    message = again(message)
    assert (message.status, message.problem_code, message.attempts) == ("SENT", "", 1)
    assert message.sent_at is not None
    assert (message.sealed_payload, message.sealed_address) == (None, None)
    assert message.address_hash == hash_of(ADDRESS)
    assert smtp.receivers == [ADDRESS]
    for part in (
        "Subject: Lag nytt passord",
        "Reply-To: hjelp@vendor.example",
        "Content-Language: nb",
        "<p>Hei</p>",
        "secret-link",
    ):
        assert part in smtp.mails[0]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("kari@nordlys.example", "k…@nordlys.example"),
        ("https://hook.example/secret/path", "https://hook.example"),
        ("https://user:secret@hook.example/x", "hook.example"),
        ("kari nordmann", "k…"),
    ],
)
def test_an_operator_sees_which_receiver_it_is_and_no_more(address: str, shown: str) -> None:
    assert masked(address) == shown


@pytest.mark.django_db
def test_the_second_message_with_a_key_changes_nothing(smtp: MailServer) -> None:
    put_one()
    put_one(address="other@nordlys.example", payload={**MAIL, "subject": "Noe annet"})
    delivery.send_due(at=AT)
    put_one()
    delivery.send_due(at=LATER)

    assert OutboxMessage.objects.count() == 1
    assert smtp.receivers == [ADDRESS]


@pytest.mark.django_db(transaction=True)
def test_two_who_put_the_same_key_at_once_make_one_row() -> None:
    in_threads(lambda: put_one("same"), 4)

    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_transaction_that_failed_does_not_exist(smtp: MailServer) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        put_one()
        raise RuntimeError

    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_a_worker_is_woken_when_the_transaction_commits(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        put_one()

    assert len(callbacks) == 1


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_message_waits_for_the_sweep(smtp: MailServer, monkeypatch: Any, caplog: Any) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("nobody listens")

    monkeypatch.setattr(type(current_app._get_current_object()), "send_task", away)
    put_one(at=timezone.now())
    sweep_outbox()

    assert "waits for the sweep" in caplog.text
    assert len(smtp.mails) == 1


@pytest.mark.django_db
def test_address_and_content_are_encrypted_and_never_in_the_log(smtp: MailServer, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    smtp.answers["RCPT"] = "550 no such user"
    message = put_one()

    delivery.send_due(at=AT)

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM portal_outboxmessage")
        row = b" ".join(bytes(v) if isinstance(v, memoryview | bytes) else str(v).encode() for v in cursor.fetchone())
    events = " ".join(f"{e.by} {e.target} {e.what} {e.detail}" for e in AuditEvent.objects.all())
    for secret in (ADDRESS, "secret-link", "kari"):
        assert secret.encode() not in row
        assert secret not in caplog.text + str(message) + events
    assert message.receiver == "k…@nordlys.example"


@pytest.mark.django_db
def test_sent_messages_are_deleted_after_a_year_and_others_never(smtp: MailServer) -> None:
    put_one("sent")
    delivery.send_due(at=AT)
    smtp.answers["RCPT"] = "550 no"
    put_one("dead")
    delivery.send_due(at=AT)

    purged("mails", at=AT + timedelta(days=364))
    assert OutboxMessage.objects.count() == 2
    purged("mails", at=AT + timedelta(days=366))

    assert list(OutboxMessage.objects.values_list("key", flat=True)) == ["dead"]


@pytest.mark.django_db
def test_mails_of_django_itself_go_through_the_outbox(settings: Any, smtp: MailServer) -> None:
    from django.conf import Settings

    settings.EMAIL_BACKEND = Settings("portal.settings").EMAIL_BACKEND  # the test runner has put another in its place
    settings.ADMINS = [("Ops", "ops@vendor.example")]
    send_mail("Emne", "Tekst", None, ["a@nordlys.example", "b@nordlys.example"])
    mail_admins("Feil", "Noe gikk galt", html_message="<b>Noe gikk galt</b>")
    assert smtp.connections == 0

    send_outbox()

    assert sorted(smtp.receivers) == ["a@nordlys.example", "b@nordlys.example", "ops@vendor.example"]


@pytest.mark.django_db
def test_a_mail_with_an_attachment_is_refused_aloud() -> None:
    letter = EmailMessage("Emne", "Tekst", None, [ADDRESS])
    letter.attach("a.txt", "x", "text/plain")

    with pytest.raises(AttachmentsNotSupported):
        put_mail(letter, at=AT)


def test_the_sweep_is_on_the_schedule_and_expires() -> None:
    from portal import settings

    entry = settings.CELERY_BEAT_SCHEDULE["sweep-outbox"]

    assert entry["task"] == sweep_outbox.name
    assert send_outbox.name == task_of("MAIL")
    assert entry["options"] == {"expires": entry["schedule"]}
