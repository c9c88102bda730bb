"""One of us before the customer's page: the same words, and nothing of it counts as the customer's doing."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core.audit import AuditEvent
from systemusers.models import Access
from tests.accounts.log_in import give_password
from tests.systemusers.staff import page
from tests.systemusers.world import fresh

S = Access.Status


def url(row: Access, part: str = "") -> str:
    return f"/l/{row.link_token}/{part}"


def seen(client: Client, address: str) -> str:
    reply = client.get(address)
    assert reply.status_code == 200
    return reply.content.decode()


def test_staff_who_look_have_not_opened_it_for_the_customer(staff: Client, sent: Access) -> None:
    text = seen(staff, url(sent))

    staff.post(url(sent, "opened/"))

    assert "Slik ser kunden siden" in text
    assert "opened/" not in text
    assert (fresh(sent).status, fresh(sent).opened_at) == (S.SENT, None)


@pytest.mark.usefixtures("now")
def test_a_preview_without_a_log_in_counts_no_more_and_leads_a_lost_customer_on(client: Client, sent: Access) -> None:
    text = seen(client, url(sent) + "?preview=1")

    client.post(url(sent, "opened/") + "?preview=1")
    stopped = client.post(url(sent, "altinn/") + "?preview=1")

    assert fresh(sent).status == S.SENT
    assert stopped["Location"] == url(sent) + "?preview=1"
    assert "Godkjenn i Altinn" not in text
    assert f'href="{url(sent)}">Er du kunden?' in text


def test_staff_go_on_to_altinn_only_knowing_whom_they_play(staff: Client, sent: Access) -> None:
    stopped = staff.post(url(sent, "altinn/"))
    let_on = staff.post(url(sent, "altinn/"), {"play": "1"})

    event = AuditEvent.objects.get(what="led-to-altinn")
    assert stopped["Location"] == url(sent)
    assert let_on["Location"] == sent.confirm_url
    assert event.by == "user:administrator@vendor.example"
    assert (fresh(sent).status, fresh(sent).opened_at) == (S.SENT, None)


def test_in_production_nobody_plays_the_customer(staff: Client, sent: Access) -> None:
    Access.objects.filter(pk=sent.pk).update(environment="PRODUCTION")

    text = seen(staff, url(sent))
    stopped = staff.post(url(sent, "altinn/"), {"play": "1"})

    assert "Bare kunden kan bruke den" in text
    assert stopped["Location"] == url(sent)


def test_the_staff_page_leads_to_the_preview(staff: Client, sent: Access) -> None:
    assert f"{url(sent)}?preview=1" in page(staff, f"access/{sent.pk}/")


def test_a_browser_with_which_staff_have_logged_in_is_known_and_the_page_says_so(
    client: Client, sent: Access, administrator: User
) -> None:
    give_password(client, administrator)
    client.post(reverse("account_logout"))

    text = seen(client, url(sent))
    client.post(url(sent, "opened/"))
    stopped = client.post(url(sent, "altinn/"))
    other = Client()
    theirs = seen(other, url(sent))
    other.post(url(sent, "opened/"))

    assert SESSION_KEY not in client.session
    assert ("En ansatt har logget inn" in text, "En ansatt har logget inn" in theirs) == (True, False)
    assert stopped["Location"] == url(sent)
    assert list(AuditEvent.objects.filter(by="customer:link").values_list("what", flat=True)) == ["SENT->OPENED"]


def test_a_cookie_that_is_not_ours_is_no_staff(client: Client, sent: Access) -> None:
    client.cookies[settings.DEVICE_COOKIE_NAME] = "made-up"

    assert "En ansatt har logget inn" not in seen(client, url(sent))
