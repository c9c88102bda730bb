"""Notes, tags, the person who follows a customer up, and the end of a relation, as staff see them."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, CustomerNote, Portfolio, Tag
from portal.core.audit import AuditEvent
from systemusers.models import Access


@pytest.fixture
def page(client: Client, administrator: Any) -> Client:
    client.force_login(administrator)
    return client


def post(page: Client, path: str, **data: Any) -> str:
    reply = page.post(f"/sandbox/customers/{path}", data, follow=True)
    assert reply.status_code == 200, reply.status_code
    return reply.content.decode()


def test_a_note_is_shown_with_its_author_and_recorded_without_its_text(
    page: Client, customer: Customer, administrator: Any
) -> None:
    text = post(page, f"{customer.pk}/notes/", text="Ring før ti")

    event = AuditEvent.objects.get(what="note-added")
    assert "Ring før ti" in text
    assert administrator.name in text
    assert event.detail == {"length": 11}


def test_a_national_identity_number_is_not_kept_in_a_note(page: Client, customer: Customer) -> None:
    post(page, f"{customer.pk}/notes/", text="fnr 010190 12345")

    assert "12345" not in CustomerNote.objects.get().text


def test_a_case_worker_does_not_delete_the_note_of_another(
    client: Client, customer: Customer, administrator: Any, case_worker: Any
) -> None:
    client.force_login(administrator)
    post(client, f"{customer.pk}/notes/", text="Min")
    note = CustomerNote.objects.get()

    client.force_login(case_worker)
    reply = client.post(f"/sandbox/customers/{customer.pk}/notes/{note.pk}/delete/")

    assert reply.status_code == 403
    assert CustomerNote.objects.exists()


def test_a_deleted_note_is_put_back_with_its_author_and_time_for_a_while(
    page: Client, customer: Customer, administrator: Any
) -> None:
    post(page, f"{customer.pk}/notes/", text="Ring før ti")
    note = CustomerNote.objects.values().get()

    deleted = post(page, f"{customer.pk}/notes/{note['id']}/delete/")
    gone = CustomerNote.objects.exists()
    button = html.unescape(re.findall(r'action="([^"]*notes/restore[^"]*)"', deleted)[0])
    shown = post(page, button.removeprefix("/sandbox/customers/"))
    again = post(page, button.removeprefix("/sandbox/customers/"))

    assert not gone
    assert CustomerNote.objects.values().get() == note
    assert "Notatet er hentet tilbake" in shown
    assert "kan ikke hentes tilbake lenger" in again
    assert [event.what for event in AuditEvent.objects.filter(what__startswith="note").order_by("pk")] == [
        "note-added", "note-deleted", "note-added",
    ]  # fmt: skip


def test_a_tag_is_made_once_whatever_its_capitals_and_goes_with_its_last_customer(
    page: Client, customer: Customer
) -> None:
    post(page, f"{customer.pk}/tags/", value="Nøkkelkunde")
    text = post(page, f"{customer.pk}/tags/", value="nøkkelKUNDE")

    tag = Tag.objects.get()
    assert "Nøkkelkunde" in text

    post(page, f"{customer.pk}/tags/{tag.pk}/remove/")
    assert not Tag.objects.exists()


def test_many_customers_get_a_tag_and_the_list_is_filtered_by_it(page: Client, customer: Customer) -> None:
    other = Customer.objects.create(environment="SANDBOX", orgnr="310123458", name="Fjell AS")
    asked = post(page, "", act="tag", pick=[customer.pk])

    post(page, "", act="tag", pick=[customer.pk], number="1", value="Vår")

    shown = page.get(f"/sandbox/customers/?tag={Tag.objects.get().pk}").content.decode()
    assert "Det gjelder 1 kunde" in asked
    assert customer.name in shown
    assert other.name not in shown


def test_many_customers_get_a_portfolio_and_a_person(page: Client, customer: Customer, administrator: Any) -> None:
    north = Portfolio.objects.create(name="Nord")

    post(page, "", act="move", all="1", number="1", value=north.pk)
    post(page, "", act="assign", all="1", number="1", value=administrator.pk)

    customer.refresh_from_db()
    mine = page.get("/sandbox/customers/?assignee=me").content.decode()
    assert (customer.portfolio, customer.assignee) == (north, administrator)
    assert customer.name in mine
    assert [event.what for event in AuditEvent.objects.filter(customer_id_ref=customer.pk)].count("edited") == 2


def test_an_ended_customer_stands_only_among_the_archived(page: Client, customer: Customer) -> None:
    post(page, f"{customer.pk}/end/")

    usual = page.get("/sandbox/customers/").content.decode()
    archived = page.get("/sandbox/customers/?group=ended").content.decode()
    assert customer.name not in usual
    assert customer.name in archived


def test_an_access_that_was_given_is_named_in_the_letter(page: Client, access: Access) -> None:
    Access.objects.filter(pk=access.pk).update(status="APPROVED")
    post(page, f"{access.customer_id}/end/")

    text = page.get(f"/sandbox/customers/{access.customer_id}/farewell/").content.decode()

    assert access.profile.system.name_nb in text


def test_customers_without_a_portfolio_are_told_to_administrators_only(
    client: Client, customer: Customer, administrator: Any, case_worker: Any
) -> None:
    Customer.objects.update(portfolio=None)

    shown = {}
    for user in (administrator, case_worker):
        client.force_login(user)
        shown[user] = client.get("/sandbox/").content.decode()

    assert "Kunde uten portefølje" in shown[administrator]
    assert "Kunde uten portefølje" not in shown[case_worker]


def test_a_removed_tag_is_put_back_by_the_button_of_the_message(page: Client, customer: Customer) -> None:
    post(page, f"{customer.pk}/tags/", value="Viktig & ny")
    tag = Tag.objects.get()

    removed = post(page, f"{customer.pk}/tags/{tag.pk}/remove/")
    [undo] = re.findall(r'action="(/sandbox/customers/\d+/tags/\?[^"]+)"', removed)
    page.post(html.unescape(undo))

    assert [row.name for row in customer.tags.all()] == ["Viktig & ny"]


ACTS = (
    "notes/",
    "notes/1/delete/",
    "notes/restore/",
    "tags/",
    "tags/1/remove/",
    "assign/",
    "end/",
    "reactivate/",
    "farewell/mail/",
)


@pytest.mark.parametrize("path", ACTS)
def test_a_reader_changes_nothing_of_a_customer(client: Client, customer: Customer, reader: Any, path: str) -> None:
    client.force_login(reader)

    assert client.post(f"/sandbox/customers/{customer.pk}/{path}").status_code == 403


@pytest.mark.parametrize("path", [*ACTS, "farewell/"])
def test_the_life_of_a_customer_of_another_portfolio_is_not_found(
    client: Client, customer: Customer, case_worker: Any, path: str
) -> None:
    Customer.objects.filter(pk=customer.pk).update(portfolio=Portfolio.objects.create(name="En annen"))
    client.force_login(case_worker)
    ask = client.get if path == "farewell/" else client.post

    assert ask(f"/sandbox/customers/{customer.pk}/{path}").status_code == 404
