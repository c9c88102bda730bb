"""What a person does with a message that was given up, or may have been sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.core.audit import AuditEvent
from portal.core.outbox import delivery, settle
from portal.core.outbox.message import OutboxMessage
from portal.core.states import LostRace
from portal.tasks import send_outbox
from tests.core.outbox.rig import ADDRESS, LATER, again, put_one
from tests.core.outbox.smtp import MailServer
from tests.fixtures import make_operator


@pytest.fixture
def dead(smtp: MailServer, db: None) -> OutboxMessage:
    smtp.answers["RCPT"] = "550 no such user"
    message = put_one(at=timezone.now())
    delivery.send_due(at=timezone.now())
    smtp.answers.clear()
    return again(message)


def test_a_person_sends_again_what_was_given_up(dead: OutboxMessage, smtp: MailServer) -> None:
    settle.send_again(dead, by="user:ida@vendor.example", at=LATER)
    delivery.send_due(at=LATER)

    assert (again(dead).status, len(smtp.mails)) == ("SENT", 1)
    assert AuditEvent.objects.filter(what="DEAD->WAITING", by="user:ida@vendor.example").exists()


def test_a_person_closes_what_need_not_be_sent(dead: OutboxMessage) -> None:
    settle.close(dead, by="user:ida@vendor.example", at=LATER)

    delivery.sweep(at=LATER)
    assert (again(dead).status, again(dead).sealed_payload) == ("CLOSED", None)
    assert not OutboxMessage.objects.needing_a_person().exists()
    with pytest.raises(LostRace):
        settle.send_again(dead, by="user:ida@vendor.example", at=LATER)


def test_what_was_sent_cannot_be_sent_again(dead: OutboxMessage) -> None:
    settle.send_again(dead, by="user:ida", at=LATER)
    delivery.send_due(at=LATER)

    with pytest.raises(LostRace):
        settle.send_again(again(dead), by="user:ida", at=LATER)


def test_the_overview_counts_it_and_django_admin_sends_again(
    dead: OutboxMessage, client: Client, administrator: Any, smtp: MailServer
) -> None:
    make_operator(administrator)
    client.force_login(administrator)
    url = "/admin/portal/outboxmessage/"

    assert f'href="{url}?needs=person"' in client.get("/sandbox/").text
    page = client.get(f"{url}?needs=person").text
    assert "k…@nordlys.example" in page
    assert ADDRESS not in page
    assert "secret-link" not in client.get(f"{url}{dead.pk}/change/").text
    assert "k…@" in client.get(f"{url}?q={ADDRESS}").text
    assert "k…@" not in client.get(f"{url}?q=other@nordlys.example").text
    client.post(url, {"action": "send_again", "_selected_action": dead.pk})
    send_outbox()

    assert again(dead).status == "SENT"
    assert "outboxmessage" not in client.get("/sandbox/").text


def test_someone_without_the_right_may_look_and_not_send(dead: OutboxMessage, client: Client, reader: Any) -> None:
    make_operator(reader)
    client.force_login(reader)

    client.post("/admin/portal/outboxmessage/", {"action": "send_again", "_selected_action": dead.pk})

    assert again(dead).status == "DEAD"
