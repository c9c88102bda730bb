"""Acts on many rows of a list: ticked ones, all of the filter, and a confirmation that names the number."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, User
from systemusers.models import Access, Campaign
from systemusers.views import many

S = Access.Status
URL = "/sandbox/access/"


@pytest.fixture
def ended(sent: Access) -> Access:
    Access.objects.filter(pk=sent.pk).update(status=S.REJECTED, next_attempt_at=None)
    sent.refresh_from_db()
    return sent


def test_ticked_accesses_are_renewed_after_a_page_with_their_number(staff: Client, ended: Access) -> None:
    asked = staff.post(URL, {"act": "renew", "pick": [ended.pk]})
    before = Access.objects.get().status
    staff.post(URL, {"act": "renew", "pick": [ended.pk], "number": "1"})

    assert "Forny 1 tilgang" in asked.content.decode()
    assert before == S.REJECTED
    assert Access.objects.get().status == S.DRAFT


def test_all_means_all_of_the_filter_and_no_others(staff: Client, ended: Access) -> None:
    staff.post(f"{URL}?status=IN_USE", {"act": "renew", "all": "1", "number": "1"})
    untouched = Access.objects.get().status
    staff.post(f"{URL}?status=REJECTED", {"act": "renew", "all": "1", "number": "1"})

    assert untouched == S.REJECTED
    assert Access.objects.get().status == S.DRAFT


def test_another_number_than_the_confirmed_one_is_asked_again(staff: Client, ended: Access) -> None:
    reply = staff.post(URL, {"act": "renew", "all": "1", "number": "7"})

    assert "Antallet har endret seg" in reply.content.decode()
    assert Access.objects.get().status == S.REJECTED


def test_what_cannot_be_renewed_is_left_alone(staff: Client, sent: Access) -> None:
    status = sent.status

    reply: Any = staff.post(URL, {"act": "renew", "pick": [sent.pk], "number": "1"}, follow=True)

    assert "Ingen av de valgte kan dette nå" in reply.content.decode()
    assert Access.objects.get().status == status


def test_more_than_one_answer_can_write_become_a_campaign_and_nobody_is_asked_yet(
    staff: Client, ended: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MOST", 0)

    reply: Any = staff.post(URL, {"act": "renew", "all": "1"}, follow=True)

    [campaign] = Campaign.objects.all()
    assert reply.redirect_chain[-1][0] == f"/sandbox/campaigns/{campaign.pk}/"
    assert "de er lagt i en kampanje" in reply.text
    assert [row.customer for row in campaign.rows.all()] == [ended.customer]
    assert (campaign.profile, campaign.status) == (ended.profile, Campaign.Status.DRAFT)
    assert Access.objects.get().status == S.REJECTED


def test_who_only_reads_neither_picks_nor_acts(client: Client, reader: User, ended: Access) -> None:
    client.force_login(reader)

    page, reply = client.get(URL).content.decode(), client.post(URL, {"act": "renew", "all": "1", "number": "1"})

    assert 'name="pick"' not in page
    assert reply.status_code == 403
    assert Access.objects.get().status == S.REJECTED


def test_picked_customers_are_led_to_the_page_that_asks(staff: Client, known_customer: Customer) -> None:
    reply = staff.post("/sandbox/customers/?group=none", {"act": "ask", "all": "1"})

    assert reply["Location"] == f"/sandbox/access/new/?customer={known_customer.pk}"


def test_no_customer_and_too_many_are_told(
    staff: Client, known_customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.desk import customers

    none: Any = staff.post("/sandbox/customers/", {"act": "ask"}, follow=True)
    monkeypatch.setattr(customers, "MOST", 0)
    many_: Any = staff.post("/sandbox/customers/", {"act": "ask", "all": "1"}, follow=True)

    assert "Velg minst én kunde" in none.content.decode()
    assert "Spør høyst 0 kunder om gangen" in many_.content.decode()
