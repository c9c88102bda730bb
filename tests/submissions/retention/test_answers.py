"""Old answers are deleted with what was asked; the order, its history and younger answers stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Role
from portal.core.audit import AuditEvent
from portal.desk.kept.rules import RULES
from submissions.models import Document, Order
from submissions.services.documents import storage, storage_path
from submissions.services.orders import making
from submissions.services.retention import answers
from tests.core.purging import purged
from tests.fixtures import make_user
from tests.submissions.orders.rig import ALL, Rig, listed, person
from tests.submissions.world import BY


@pytest.fixture
def kept(settings: Any) -> timedelta:
    settings.KEPT = {**settings.KEPT, "order-answers": 400}
    return timedelta(days=400)


def fetched(rig: Rig) -> Order:
    return rig.finish(rig.work(rig.ask(kind=ALL, listed=listed(person("4")))))


def test_an_answer_is_kept_to_its_last_day_and_then_deleted_once(cards: Rig, kept: timedelta, client: Client) -> None:
    order = fetched(cards)
    path = storage_path(Document.objects.get(order=order).sha256)

    assert purged("order-answers", at=order.status_at + kept) == 0
    assert storage().exists(path)
    assert purged("order-answers", at=order.status_at + kept + timedelta(seconds=1)) == 1
    assert purged("order-answers", at=order.status_at + kept + timedelta(days=1)) == 0

    stored = Order.objects.defer(None).get(pk=order.pk)
    assert (stored.status, stored.question, stored.facts) == (Order.Status.FETCHED, None, None)
    assert not Document.objects.filter(order=order).exists()
    assert not storage().exists(path)
    assert AuditEvent.objects.filter(target=f"submissions.Order:{order.pk}", what="answer-deleted").count() == 1
    client.force_login(make_user(Role.ADMINISTRATOR))
    page = client.get(f"/sandbox/orders/{order.pk}/")
    assert "Svaret er slettet. Svar oppbevares i 400 dager." in page.text
    assert client.get(f"/sandbox/orders/{order.pk}/answer/").status_code == 404


def test_a_question_that_is_deleted_is_not_asked_again(cards: Rig, kept: timedelta) -> None:
    order = cards.ask(kind=ALL, listed=listed(person("4")))
    Order.objects.filter(pk=order.pk).update(status=Order.Status.FAILED, next_attempt_at=None)
    late = cards.world.at + kept + timedelta(days=1)
    assert purged("order-answers", at=late) == 1

    with pytest.raises(making.NotAllowed):
        making.order_again(order=Order.objects.defer(None).get(pk=order.pk), by=BY, at=late)


def test_an_order_under_way_keeps_its_question(cards: Rig, kept: timedelta) -> None:
    order = cards.work(cards.ask(kind=ALL, listed=listed(person("4"))))

    assert purged("order-answers", at=order.status_at + kept * 2) == 0
    assert Order.objects.defer(None).get(pk=order.pk).question


def test_all_old_answers_go_in_one_sweep(cards: Rig, kept: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "order-answers", replace(answers.ANSWERS, batch=2))
    for _ in range(3):
        cards.ask(kind=ALL, listed=listed(person("4")))
    Order.objects.update(status=Order.Status.CANCELLED, next_attempt_at=None)

    assert purged("order-answers", at=cards.world.at + kept + timedelta(days=1)) == 3
