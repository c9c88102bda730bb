"""A new password by mail: the request only writes a row, and does the same work for a known and an unknown address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import connection
from django.template.base import Template
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.core import crypto
from portal.core.audit import AuditEvent
from portal.core.outbox.message import OutboxMessage
from portal.tasks import send_outbox, sweep_outbox
from tests.core.outbox.smtp import MailServer, mail_server

URL = "/accounts/password/reset/"
KNOWN, UNKNOWN = "administrator@vendor.example", "stranger@vendor.example"


@pytest.fixture(autouse=True)
def smtp(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.OUTBOX_MAIL_BACKEND = "portal.core.outbox.mail.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        yield server


def ask(address: str) -> Any:
    reply = Client().post(URL, {"email": address})
    assert reply.status_code == 302, reply.content
    return reply


@pytest.mark.django_db(transaction=True)
def test_a_person_gets_a_link_and_makes_a_new_password(administrator: User, smtp: MailServer) -> None:
    ask(KNOWN.title())
    assert smtp.connections == 0
    send_outbox()

    [link] = re.findall(r"http://testserver(/accounts/password/reset/key/\S+)", smtp.mails[0].replace("=\n", ""))
    client = Client()
    page = client.get(link, follow=True)
    new = {"password1": "an even longer password", "password2": "an even longer password"}
    client.post(page.redirect_chain[-1][0], new)

    administrator.refresh_from_db()
    assert administrator.check_password("an even longer password")
    assert smtp.receivers == [KNOWN]
    assert list(AuditEvent.objects.order_by("pk").values_list("what", "by")) == [
        ("reset-asked", "visitor"), ("password-reset", administrator.actor),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_an_unknown_address_gets_nothing_and_leaves_nothing(administrator: User, smtp: MailServer) -> None:
    ask(UNKNOWN)
    assert OutboxMessage.objects.get().status == "CLOSED"

    send_outbox()
    sweep_outbox()

    assert not OutboxMessage.objects.exists()
    assert smtp.connections == 0


@pytest.mark.django_db(transaction=True)
def test_a_closed_account_is_as_unknown(administrator: User, smtp: MailServer) -> None:
    User.objects.update(is_active=False)

    ask(KNOWN)
    send_outbox()

    assert smtp.connections == 0


class Work:
    """Counts the dear parts of a request: statements, tokens, encryptions, renderings, messages to the broker."""

    PARTS = [
        (PasswordResetTokenGenerator, "make_token"),
        (crypto, "encrypt"),
        (Template, "render"),
        (Celery, "send_task"),
    ]

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        for owner, name in self.PARTS:
            monkeypatch.setattr(owner, name, self.counted(name, getattr(owner, name)))

    def counted(self, name: str, usual: Any) -> Any:
        def counting(*args: Any, **kwargs: Any) -> Any:
            self.done.append(name)
            return usual(*args, **kwargs)

        return counting

    def of(self, address: str) -> tuple[list[str], list[str], Any]:
        """The parts in their order, the statements without their values, the answer without its cookies' values."""
        self.done.clear()
        with CaptureQueriesContext(connection) as queries:
            reply = ask(address)
        kinds = [re.sub(r"'[^']*'|\b\d+\b|NULL", "?", query["sql"]) for query in queries]
        return list(self.done), kinds, (reply.status_code, reply["Location"], sorted(reply.cookies))


@pytest.mark.django_db(transaction=True)
def test_known_and_unknown_addresses_take_the_same_work(administrator: User, monkeypatch: Any) -> None:
    work = Work(monkeypatch)
    work.of("warm@vendor.example")

    known, unknown = work.of(KNOWN), work.of(UNKNOWN)

    assert known == unknown
    assert {"make_token", "encrypt", "send_task"} <= set(known[0])
    assert sum('INSERT INTO "portal_outboxmessage"' in sql for sql in known[1]) == 1
    assert sorted(OutboxMessage.objects.values_list("status", flat=True)) == ["CLOSED", "CLOSED", "WAITING"]


@pytest.mark.django_db(transaction=True)
def test_the_link_is_not_tried_longer_than_it_works_and_never_stored_in_plain(
    administrator: User, settings: Any, smtp: MailServer
) -> None:
    ask(KNOWN)

    message = OutboxMessage.objects.get()
    [key] = re.findall(r"/key/\w+-(\S+)/", message.payload["text"])
    assert message.give_up_at - message.created_at == timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    assert key not in message.key
    assert KNOWN not in message.key
