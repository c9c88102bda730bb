"""The pages of webhooks: made by those who keep integrations, the secret once, the log with what became of each message."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Grant, Role, User
from portal.core import paging
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.core.feed import publish
from portal.core.feed.event import FeedEvent, Type
from portal.core.feed.tell import tell
from portal.core.outbox import delivery
from portal.core.outbox.message import OutboxMessage
from portal.core.webhooks import filling
from portal.core.webhooks.row import Webhook
from portal.desk.attention import attention
from tests.core.webhooks.receiver import Receiver, receiving
from tests.fixtures import administrator, case_worker, make_user, portfolio, vendor

__all__ = ["administrator", "case_worker", "portfolio", "vendor"]
LIST = "/sandbox/webhooks/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver() -> Any:
    with receiving() as made:
        yield made


@pytest.fixture
def staff(client: Client, administrator: User, vendor: Any) -> Client:
    client.force_login(administrator)
    return client


def make(staff: Client, receiver: Receiver, **more: Any) -> tuple[Webhook, str]:
    page = staff.post(f"{LIST}new/", {"url": receiver.url, **more}).content.decode()
    found = re.search(r'value="(whsec_[^"]+)"', page)
    assert found, page
    return Webhook.objects.get(), found[1]


def happens(subject: str) -> None:
    tell([FeedEvent(environment="SANDBOX", type=Type.DIALOG_RECEIVED, subject=subject, at=timezone.now())])
    publish.publish()
    filling.fill(at=timezone.now())


def test_one_is_made_tried_and_its_log_shows_what_came(staff: Client, receiver: Receiver, administrator: User) -> None:
    hook, secret = make(staff, receiver, types=["submission.accepted"])
    staff.post(f"{LIST}{hook.pk}/test/")
    event = FeedEvent(environment="SANDBOX", type=Type.SUBMISSION_ACCEPTED, subject="submissions/42", at=timezone.now())
    tell([event])
    publish.publish()
    filling.fill(at=timezone.now())
    delivery.send_due(at=timezone.now(), kind="WEBHOOK")
    page = staff.get(f"{LIST}{hook.pk}/").content.decode()

    assert [body["type"] for body in receiver.bodies(secret)] == ["portal.test", "submission.accepted"]
    assert all(text in page for text in ("Testmelding", "Innsending godkjent", "submissions/42", "Tar imot"))
    assert secret not in page
    assert list(AuditEvent.objects.filter(by=administrator.actor).values_list("what", flat=True).order_by("pk")) == [
        "webhook-made", "webhook-tested",
    ]  # fmt: skip


def test_what_came_can_be_sent_again_from_the_log(staff: Client, receiver: Receiver) -> None:
    hook, _secret = make(staff, receiver)
    happens("dialogs/1")
    delivery.send_due(at=timezone.now(), kind="WEBHOOK")
    message = OutboxMessage.objects.get()

    staff.post(f"{LIST}{hook.pk}/messages/{message.pk}/again/")
    delivery.send_due(at=timezone.now(), kind="WEBHOOK")

    assert len(receiver.got) == 2


def test_the_log_goes_on_page_by_page_and_is_filtered_by_state(staff: Client, receiver: Receiver) -> None:
    hook, _secret = make(staff, receiver)
    receiver.answers = [204, 400]
    for number in range(paging.SIZE + 10):
        happens(f"dialogs/{number}")
    delivery.send_due(at=timezone.now(), kind="WEBHOOK", limit=2)

    first = staff.get(f"{LIST}{hook.pk}/").content.decode()
    [after] = re.findall(r'rel="next" href="\?(after=[^"]+)"', first)
    second = staff.get(f"{LIST}{hook.pk}/?{after}").content.decode()
    sent = staff.get(f"{LIST}{hook.pk}/?state=sent").content.decode()

    shown = [re.findall(r"<code>(dialogs/\d+)</code>", page) for page in (first, second, sent)]
    assert shown[0] + shown[1] == [f"dialogs/{n}" for n in reversed(range(paging.SIZE + 10))]
    assert shown[2] == ["dialogs/0"]
    assert "Til starten" in second


def test_an_address_on_ones_own_network_is_refused_at_the_field(staff: Client, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = frozenset()

    reply = staff.post(f"{LIST}new/", {"url": "https://127.0.0.1/hooks", "types": ["dialog.received"]})

    assert (reply.status_code, Webhook.objects.count()) == (422, 0)
    assert "på et internt nett" in reply.content.decode()
    assert 'value="https://127.0.0.1/hooks"' in reply.content.decode()


def test_a_new_secret_is_shown_once_and_the_old_one_ends_later(staff: Client, receiver: Receiver) -> None:
    hook, old = make(staff, receiver)

    page = staff.post(f"{LIST}{hook.pk}/secret/", {"overlap": "1"}).content.decode()

    new = re.search(r'value="(whsec_[^"]+)"', page)
    assert new
    assert new[1] != old
    assert "Den gamle gjelder til" in staff.get(f"{LIST}{hook.pk}/").content.decode()


def test_it_is_changed_stopped_started_and_removed(staff: Client, receiver: Receiver) -> None:
    hook, _secret = make(staff, receiver)
    staff.post(f"{LIST}{hook.pk}/edit/", {"url": receiver.url, "types": ["access.lost"]})
    staff.post(f"{LIST}{hook.pk}/stop/")
    stopped = Webhook.objects.get()
    staff.post(f"{LIST}{hook.pk}/start/")
    started = Webhook.objects.get()
    asked = staff.get(f"{LIST}{hook.pk}/remove/").content.decode()
    kept = Webhook.objects.count()
    staff.post(f"{LIST}{hook.pk}/remove/")

    assert (stopped.types, stopped.stopped_at is not None, started.stopped_at) == (["access.lost"], True, None)
    assert "Det kan ikke angres" in asked
    assert (kept, Webhook.objects.count()) == (1, 0)


def test_the_overview_says_when_a_receiver_takes_nothing(
    staff: Client, receiver: Receiver, administrator: User, case_worker: User
) -> None:
    make(staff, receiver)
    at = timezone.now()

    def line(user: User) -> list[str]:
        found = attention(user=user, environment=Environment.SANDBOX, at=at)
        return [todo.title for todo in found if "webhooks" in todo.url]

    before = line(administrator)
    Webhook.objects.update(failing_since=at - timedelta(hours=2))

    assert before == []
    assert line(administrator) == ["Webhook der mottakeren ikke tar imot"]
    assert line(case_worker) == []


def test_whoever_sees_some_customers_does_not_say_where_all_is_told(
    client: Client, portfolio: Any, receiver: Receiver, vendor: Any
) -> None:
    some = make_user(Role.ADMINISTRATOR, "vest@vendor.example")
    Grant.objects.filter(user=some).update(sees_all_customers=False)
    some.portfolios.add(portfolio)
    client.force_login(some)

    assert client.get(LIST).status_code == 200
    assert client.post(f"{LIST}new/", {"url": receiver.url}).status_code == 403
    assert not Webhook.objects.exists()


def test_others_do_not_see_them(client: Client, case_worker: User, receiver: Receiver, vendor: Any) -> None:
    client.force_login(case_worker)

    assert client.get(LIST).status_code == 403
    assert client.post(f"{LIST}new/", {"url": receiver.url}).status_code == 403
