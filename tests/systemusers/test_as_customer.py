"""Staff see the customer's page without the customer's link, say why, and can do nothing there."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from portal.core.audit import AuditEvent
from systemusers.models import Access
from systemusers.services.access import revoke_link
from tests.fixtures import make_user
from tests.systemusers.staff import page
from tests.systemusers.test_confirm import in_production, production
from tests.systemusers.world import fresh

__all__ = ["production"]
S = Access.Status
WHY = "Kunden ringer om en knapp"


def address(row: Access) -> str:
    return f"/sandbox/access/{row.pk}/as-customer/"


def looked(client: Client, row: Access, reason: str = WHY) -> Any:
    return client.post(address(row), {"reason": reason})


@pytest.fixture
def reader(vendor: Any, sent: Access, now: None) -> Client:
    client = Client()
    client.force_login(make_user(Role.READER))
    return client


def test_a_reader_sees_the_page_and_not_the_link(reader: Client, sent: Access) -> None:
    text = looked(reader, sent).content.decode()

    assert "Slik ser kunden siden." in text
    assert "Her står knappen som fører kunden til Altinn." in text
    assert sent.link_token not in text
    assert sent.confirm_url not in text
    assert "<form" not in text


def test_the_reason_is_in_the_trail_with_the_address_of_who_looked(reader: Client, sent: Access) -> None:
    looked(reader, sent)

    event = AuditEvent.objects.get(what="seen-as-customer")
    assert (event.by, event.customer_id_ref, event.detail["grounds"]) == (
        "user:reader@vendor.example",
        sent.customer_id,
        WHY,
    )
    assert event.detail["ip"]


@pytest.mark.parametrize("reason", ["", "   ", "Hun med 13097248022 ringer"])
def test_without_a_reason_nothing_is_shown_or_recorded(reader: Client, sent: Access, reason: str) -> None:
    reply = looked(reader, sent, reason)

    assert reply.status_code == 422
    assert "Slik ser kunden siden." not in reply.content.decode()
    assert not AuditEvent.objects.filter(what="seen-as-customer").exists()


def test_nothing_of_it_counts_as_the_customers_doing(staff: Client, sent: Access) -> None:
    looked(staff, sent)

    assert (fresh(sent).status, fresh(sent).opened_at) == (S.SENT, None)


def test_a_closed_link_is_shown_as_closed(staff: Client, sent: Access) -> None:
    revoke_link(access=sent, by="user:x", at=timezone.now())

    text = looked(staff, sent).content.decode()

    assert "Den er stengt." in text
    assert "Tilbake til tilgangen" in text


@pytest.mark.usefixtures("production")
def test_in_production_the_page_of_the_access_leads_here(staff: Client, sent: Access) -> None:
    row = in_production(sent)

    text = staff.get(f"/production/access/{row.pk}/").content.decode()

    assert f"/production/access/{row.pk}/as-customer/" in text
    assert "?preview=1" not in text


def test_who_may_send_no_link_is_led_here_everywhere(staff: Client, reader: Client, sent: Access) -> None:
    assert address(sent) in page(reader, f"access/{sent.pk}/")
    assert address(sent) not in page(staff, f"access/{sent.pk}/")
