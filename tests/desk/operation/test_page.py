"""Drift: who sees it, what it says when all is well and when something is wrong, and the button that releases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from portal.core import lease, valkey
from portal.core.audit import AuditEvent
from portal.core.budgets import shown
from portal.core.heartbeat import Heartbeat, record_beat
from portal.core.operation import counter, work
from portal.core.queues import Purpose
from submissions.models import Order
from submissions.services.inbox import pace
from tests.core.leased_rows import make_due_rows
from tests.core.operation.rig import forget_all, make_cursors
from tests.core.outbox.rig import put_one
from tests.submissions.world import World

pytestmark = pytest.mark.django_db
URL = "/sandbox/operation/"
MOST_QUERIES = 20


@pytest.fixture
def page(client: Client, vendor: Any, administrator: User) -> Client:
    client.force_login(administrator)
    return client


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    forget_all()


@pytest.mark.parametrize("who", ["case_worker", "reader"])
def test_it_is_for_administrators(client: Client, vendor: Any, request: Any, who: str) -> None:
    client.force_login(request.getfixturevalue(who))

    assert client.get(URL).status_code == 403
    assert client.post(f"{URL}release/order/1/").status_code == 403
    assert URL not in client.get("/sandbox/").text


def test_the_menu_leads_there(page: Client) -> None:
    assert f'href="{URL}"' in page.get("/sandbox/").text


def test_an_installation_in_order_says_so(page: Client) -> None:
    text = page.get(URL).text

    assert "Alt går som det skal." in text
    assert "Ingenting venter på en arbeider." in text
    assert "Portalen vet ikke om kopier som tas utenfor den." in text


def test_htmx_gets_the_same_without_the_frame(page: Client) -> None:
    reply = page.get(URL, headers={"HX-Request": "true", "HX-Target": "operation"})

    assert reply.text.strip().startswith('<div id="operation"')
    assert "<html" not in reply.text


def test_a_queue_that_nobody_serves_is_named(page: Client) -> None:
    Heartbeat.objects.filter(queue="mail").update(beat_at=timezone.now() - timedelta(hours=1))

    text = page.get(URL).text

    assert "Ingen arbeider betjener disse køene: E-post." in text
    assert "En del av arbeidet har stått stille siden" in text


def test_no_work_at_all_is_told_first(page: Client) -> None:
    record_beat(beat_at=timezone.now() - timedelta(hours=1), at=timezone.now())

    assert "Ingen arbeider har gitt livstegn siden" in page.get(URL).text


def test_workers_queues_and_rates_are_shown(page: Client) -> None:
    work.Reporter(name="celery@a", queues=["mail", "heartbeat.mail"], processes=3).tell()
    for _ in range(5):
        work.note_task(queue="mail", seconds=0.1, failed=False)
    valkey.valkey().lpush("portal:mail", b'{"headers": {"sent_at": "2020-01-01T00:00:00+00:00"}}')

    text = page.get(URL).text

    assert [row.processes for row in page.get(URL).context["picture"].queues if row.purpose == "mail"] == [3]
    assert "arbeidere: 1, prosesser: 3" in text
    assert "Disse køene ligger etter: E-post." in text


def test_without_valkey_the_rest_of_the_page_is_there(
    page: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    for module in (work, counter, shown):
        monkeypatch.setattr(module, "valkey", lambda: away)
    make_cursors(world, 1, at=timezone.now())

    text = page.get(URL).text

    assert "Valkey svarer ikke." in text
    assert "Kunder å spørre for" in text
    assert "Ikke kjent: tallene er i Valkey, som ikke svarer." in text


def test_what_is_due_is_listed_with_its_age(page: Client, world: World) -> None:
    make_cursors(world, 2, at=timezone.now() - timedelta(minutes=30))

    text = page.get(URL).text

    assert "Kunder å spørre for" in text
    assert "30 min" in text
    assert "Disse køene ligger etter: Følging." in text


def test_how_often_customers_are_followed_is_shown_as_a_worker_measured_it(page: Client, world: World) -> None:
    assert "Ikke målt ennå." in page.get(URL).text
    make_cursors(world, 2, at=timezone.now() - timedelta(minutes=30))

    pace.measure(environment=pace.Environment.SANDBOX, at=timezone.now())

    text = page.get(URL).text
    assert "2 kunder følges senere enn planlagt." in text
    assert "Ikke målt ennå." not in text


def test_a_service_that_fails_is_named_with_its_errors(page: Client) -> None:
    from tests.core.operation.test_calls import call

    for status in (200, 503, 503, 503):
        call(status)
    call(503, service="skatteetaten", path="/skatteetaten/innrapporteringbsu/v1/2025")

    text = page.get(URL).text

    assert "Dialogporten feiler." in text
    assert "Skatteetaten, innrapporteringbsu" in text
    assert "innrapporteringbsu feiler." not in text, "one error is no failure"
    assert 'class="plot__bar"' in text


def test_the_outbox_is_counted(page: Client) -> None:
    put_one(at=timezone.now())

    assert "1 venter, 0 gikk ikke ut" in page.get(URL).text


def test_a_task_that_hangs_is_released_by_the_button(page: Client, administrator: User) -> None:
    at = timezone.now() - timedelta(minutes=2)
    [order] = make_due_rows(Order, at=at)
    lease.claim(Order.objects.all(), at=at)
    assert "1 oppgave henger." in page.get(URL).text

    reply = page.post(f"{URL}release/order/{order.pk}/", {"attempt": "1"}, follow=True)

    assert "Oppgaven er frigitt, og tas på nytt nå." in reply.text
    assert AuditEvent.objects.get(what="lease-released").by == administrator.actor
    order.refresh_from_db()
    assert order.lease_until is None


@pytest.mark.parametrize("attempt", ["0", "", "2"])
def test_a_task_that_another_has_taken_is_left_alone(page: Client, attempt: str) -> None:
    at = timezone.now() - timedelta(minutes=2)
    [order] = make_due_rows(Order, at=at)
    lease.claim(Order.objects.all(), at=at)

    reply = page.post(f"{URL}release/order/{order.pk}/", {"attempt": attempt}, follow=True)

    assert "Oppgaven hang ikke lenger" in reply.text
    assert not AuditEvent.objects.filter(what="lease-released").exists()


@pytest.mark.parametrize("path", ["order/1", "nothing/1"])
def test_what_does_not_hang_cannot_be_released(page: Client, path: str) -> None:
    reply = page.post(f"{URL}release/{path}/", {"attempt": "1"}, follow=True)

    assert "Oppgaven hang ikke lenger" in reply.text


@pytest.mark.parametrize("language", ["nn", "en"])
def test_it_is_there_in_every_language(page: Client, language: str) -> None:
    text = page.get(URL, headers={"Accept-Language": language}).text

    assert {"nn": "Køar, arbeidarar og utboks gjeld alle miljø.", "en": "Everything works as it should."}[
        language
    ] in text


def test_it_costs_a_few_queries_whatever_is_stored(page: Client, world: World) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as some:
            page.get(URL)
        return len(some)

    page.get(URL)
    before = queries()
    make_cursors(world, 5, at=timezone.now())

    assert queries() == before <= MOST_QUERIES


def test_every_queue_has_a_row(page: Client) -> None:
    shown = page.get(URL).context["picture"].queues

    assert [row.purpose for row in shown] == list(Purpose)
