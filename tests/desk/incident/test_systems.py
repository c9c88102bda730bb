"""The vendor's own systems when something has happened: their secrets and those of webhooks end at once, and what each touched is seen."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.core.webhooks import keeping
from portal.core.webhooks.row import Webhook
from systemusers.models import Access
from tests.api.conftest import access, erp, own_storage, world
from tests.api.erp import Erp, make_integration
from tests.desk.incident.test_incident import HOME

__all__ = ["access", "erp", "own_storage", "world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client, administrator: User, erp: Erp) -> Client:
    client.force_login(administrator)
    return client


def make_hook(administrator: User) -> tuple[Webhook, str]:
    return keeping.make(
        environment=Environment.SANDBOX, url="https://hooks.vendor.example/portal", types=["access.changed"],
        by=administrator.actor, at=timezone.now(),
    )  # fmt: skip


def test_they_are_listed_with_what_still_works(page: Client, administrator: User, erp: Erp) -> None:
    make_hook(administrator)

    text = " ".join(page.get(HOME).text.split())

    assert "1 hemmelighet eller nøkkel virker" in text
    assert "hooks.vendor.example" in text


def test_all_secrets_end_and_no_token_is_good_any_more(page: Client, erp: Erp, administrator: User) -> None:
    other = Erp(make_integration(administrator, "lonn", environment=Environment.TEST))
    before = erp.get("/customers").status_code

    asked = page.get(f"{HOME}integrations/end/").text
    reply = page.post(f"{HOME}integrations/end/", {"typed": ""}, follow=True)

    assert (before, erp.get("/customers").status_code, erp.ask_token().status_code) == (200, 401, 401)
    assert other.ask_token().status_code == 200  # of another environment
    assert "heller ikke med et token" in asked
    assert "1 er avsluttet." in reply.text
    assert AuditEvent.objects.filter(what="proof-ended", by=administrator.actor).count() == 1


def test_all_webhooks_stop_and_their_secrets_are_nobodys(page: Client, administrator: User) -> None:
    hook, secret = make_hook(administrator)

    page.post(f"{HOME}webhooks/end/", {"typed": ""}, follow=True)

    row = Webhook.objects.defer(None).get(pk=hook.pk)
    assert row.stopped_at is not None
    assert row.secret != secret.encode()
    assert row.old_secret_until is not None
    assert row.old_secret_until <= timezone.now()
    assert list(AuditEvent.objects.filter(target__endswith=f"Webhook:{hook.pk}").order_by("pk").values_list("what", flat=True))[1:] == [
        "webhook-stopped", "webhook-secret-made",
    ]  # fmt: skip


def test_what_one_touched_is_seen_with_whom_it_acted_for_and_what_it_was_refused(
    page: Client, erp: Erp, access: Access, case_worker: User
) -> None:
    erp.get(f"/accesses/{access.reference}/link", **{"On-Behalf-Of": case_worker.email})
    erp.ask_token(client_secret="wrong")

    trace = page.get(f"{HOME}integrations/{erp.integration.pk}/").context["trace"]
    own = page.get(f"{HOME}accounts/{case_worker.pk}/").context["trace"]

    assert [(each.customer, each.number, each.read) for each in trace.customers] == [(access.customer, 1, 1)]
    assert trace.employees == [case_worker.name]
    assert "Noen ba om token" in trace.life[0].title
    assert [(each.customer, each.read) for each in own.customers] == [(access.customer, 1)]


@pytest.mark.parametrize("what", ["integrations", "webhooks"])
def test_ending_is_for_those_who_keep_integrations(client: Client, reader: User, vendor: Any, what: str) -> None:
    client.force_login(reader)

    assert client.post(f"{HOME}{what}/end/", {"typed": ""}).status_code == 403
