"""The search in the header: every id that a page shows leads to its row, to those who may see it, and nothing is logged."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Contact, Customer, Portfolio, Role, User
from portal.core.audit import AuditEvent
from portal.core.search import identified
from submissions.models import Call, Dialog, Document, Order, Submission, Transmission
from submissions.services.pages import identified as places
from systemusers.models import Access, Campaign, ChangeRequest
from systemusers.services.identified import places_of_accesses
from tests.fixtures import AT, make_user

NUMBER = "01017012345"
MOST_QUERIES = 12
HASH = "c0ffee" * 10 + "beef"
DIALOG, SENT, LETTER, KEY = (uuid.UUID(f"0198{n:04d}-aaaa-7bbb-8ccc-0123456789ab") for n in range(4))


@pytest.fixture
def rows(draft: Submission) -> dict[str, Any]:
    """One of each kind, of one customer, with ids as the outside gives them."""
    access = draft.access
    assert access is not None
    Submission.objects.filter(pk=draft.pk).update(
        receipt_reference="AR123456789", own_reference="MELDING-7", correlation_id="korr-4711", transmission_id=SENT
    )
    Call.objects.create(submission=draft, ordinal=900, step="MAIN", key=KEY, remote_id="hs-2026-55")
    Document.objects.create(
        customer=draft.customer, submission=draft, role="MAIN", filename="oppgave.xml", media_type="application/xml", size=1,
        sha256=HASH, stored_at=AT,
    )  # fmt: skip
    common = {"environment": draft.environment, "customer": draft.customer, "access": access}
    dialog = Dialog.objects.create(
        **common, dialog_id=DIALOG, org="ske", service_resource="urn:altinn:resource:x", status="Awaiting",
        external_reference="SAK-99", title="Brev fra Skatteetaten", created_at=AT, updated_at=AT, content_updated_at=AT,
    )  # fmt: skip
    letter = Transmission.objects.create(
        dialog=dialog, transmission_id=LETTER, type="Information", title="Varsel", created_at=AT
    )
    order = Order.objects.create(
        **common, service="skattekort", period_kind="YEAR", period_start="2026-01-01", status=Order.Status.FETCHED,
        status_at=AT, created_by="user:x", created_at=AT, remote_id="bestilling-8", correlation_id="korr-order",
    )  # fmt: skip
    change = ChangeRequest.objects.create(access=access, status="APPROVED", status_at=AT, requested_by="user:x")
    return {
        "submission": draft, "access": access, "dialog": dialog, "letter": letter, "order": order, "change": change,
    }  # fmt: skip


def ids_of(rows: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(the kind that is found, its list, the id)."""
    access, submission = rows["access"], rows["submission"]
    return [
        ("access", "accesses", access.altinn_id),
        ("access", "accesses", str(access.reference)),
        ("access", "accesses", access.external_ref),
        ("access", "accesses", str(access.system_user.altinn_id)),
        ("access", "accesses", str(rows["change"].correlation_id)),
        ("submission", "submissions", str(submission.reference)),
        ("submission", "submissions", "AR123456789"),
        ("submission", "submissions", "MELDING-7"),
        ("submission", "submissions", "korr-4711"),
        ("submission", "submissions", str(SENT).upper()),
        ("submission", "submissions", str(KEY)),
        ("submission", "submissions", "hs-2026-55"),
        ("submission", "submissions", HASH),
        ("submission", "submissions", "Oppgave.XML"),
        ("order", "orders", str(rows["order"].reference)),
        ("order", "orders", "bestilling-8"),
        ("order", "orders", "korr-order"),
        ("dialog", "dialogs", str(DIALOG)),
        ("dialog", "dialogs", "SAK-99"),
        ("dialog", "dialogs", str(LETTER)),
        ("letter", "letters", str(LETTER)),
    ]


def address(name: str = "search", **kwargs: Any) -> str:
    return reverse(name, kwargs={"environment": "sandbox", **kwargs})


def answer(client: Client, text: str) -> str:
    """The page that the search gives, and the address of the page it leads to at once."""
    reply = client.get(address(), {"q": text})
    return reply["Location"] if reply.status_code == 302 else reply.text


def test_every_id_that_a_page_shows_leads_to_its_row(client: Client, case_worker: User, rows: dict[str, Any]) -> None:
    client.force_login(case_worker)
    rows["access"].external_ref += "-2"  # the number alone is the customer's, and leads to it
    rows["access"].save(update_fields=["external_ref"])

    for kind, of_list, given in ids_of(rows):
        assert given, kind
        place = address(kind, pk=rows[kind].pk)
        assert place in answer(client, given), (kind, given)
        assert place in client.get(address(of_list), {"q": f" {given} "}).text, (of_list, given)


def test_who_may_not_see_the_row_gets_the_answer_of_an_id_that_nothing_has(
    client: Client, rows: dict[str, Any]
) -> None:
    stranger = make_user(Role.CASE_WORKER)
    stranger.portfolios.add(Portfolio.objects.create(name="En annen"))
    client.force_login(stranger)
    name, number = rows["access"].customer.name, rows["access"].customer.orgnr

    for given in [name, number, *[given for _kind, _list, given in ids_of(rows)]]:
        page = client.get(address(), {"q": given})
        assert (page.status_code, "Ingen treff" in page.text) == (200, True), given


def test_a_row_of_another_environment_is_not_found(client: Client, administrator: User, rows: dict[str, Any]) -> None:
    Dialog.objects.update(environment="TEST")
    client.force_login(administrator)

    assert "Ingen treff" in answer(client, "SAK-99")


def test_the_only_row_with_a_whole_id_is_opened_at_once(
    client: Client, case_worker: User, rows: dict[str, Any]
) -> None:
    client.force_login(case_worker)

    assert answer(client, "AR123456789") == address("submission", pk=rows["submission"].pk)
    assert answer(client, "SAK-99") == address("dialog", pk=rows["dialog"].pk)


@pytest.mark.parametrize("spelling", ["{0}", "NO {1} {2} {3} MVA", "no{0}mva", "{1} {2} {3}"])
def test_a_customer_is_found_by_its_number_in_any_spelling(
    client: Client, case_worker: User, customer: Customer, spelling: str
) -> None:
    client.force_login(case_worker)
    number = customer.orgnr
    text = spelling.format(number, number[:3], number[3:6], number[6:])

    assert answer(client, text) == address("customer", pk=customer.pk)


def test_a_part_of_a_name_shows_the_customer_and_does_not_open_it(
    client: Client, case_worker: User, customer: Customer
) -> None:
    client.force_login(case_worker)

    assert address("customer", pk=customer.pk) in client.get(address(), {"q": customer.name[:5].lower()}).text


def test_of_many_customers_the_first_are_shown_and_the_list_has_all(client: Client, administrator: User) -> None:
    for n in range(7):
        Customer.objects.create(environment="SANDBOX", orgnr=f"31098765{n}", name=f"Fjordlys {n} AS")
    client.force_login(administrator)

    page = client.get(address(), {"q": "fjordlys"}).text

    assert [f"Fjordlys {n} AS" in page for n in range(7)] == [True] * 5 + [False] * 2
    assert f'href="{address("customers")}?q=fjordlys"' in page


@pytest.mark.parametrize("page", ["customers/", "access/", "submissions/", "dialogs/"])
def test_a_list_drops_a_national_identity_number_and_keeps_its_filter(
    client: Client, administrator: User, page: str
) -> None:
    client.force_login(administrator)

    plain = client.get(f"/sandbox/{page}", {"q": NUMBER, "group": "x"})
    by_htmx = client.get(f"/sandbox/{page}", {"q": NUMBER, "group": "x"}, headers={"HX-Request": "true"})

    assert (plain.status_code, plain["Location"]) == (302, f"/sandbox/{page}?group=x")
    assert by_htmx["HX-Redirect"] == f"/sandbox/{page}?group=x"
    assert not by_htmx.content


@pytest.mark.parametrize("text", [NUMBER, "010170 12345", f"kari {NUMBER}"])
def test_a_national_identity_number_finds_nothing_and_is_nowhere_afterwards(
    client: Client, administrator: User, rows: dict[str, Any], text: str, caplog: pytest.LogCaptureFixture
) -> None:
    Submission.objects.update(receipt_reference=text)
    client.force_login(administrator)
    known = set(AuditEvent.objects.values_list("pk", flat=True))

    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as queries:
        caplog.clear()
        page = client.get(address(), {"q": text}, follow=True)

    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert page.redirect_chain == [(f"{address()}?", 302)]
    assert "Portalen søker ikke etter personer" in page.text
    assert not any("12345" in line for line in [page.text, *logged, *[query["sql"] for query in queries]])
    [event] = AuditEvent.objects.exclude(pk__in=known)
    assert (event.what, event.by, event.detail) == ("person-sought", administrator.actor, {})


def test_what_was_searched_for_is_not_logged_when_the_page_fails(
    client: Client, administrator: User, vendor: Any, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_places: Any) -> None:
        raise RuntimeError("no answer")

    monkeypatch.setattr("portal.desk.search.identified", broken)
    client.force_login(administrator)
    client.raise_request_exception = False

    reply = client.get(address(), {"q": "hemmelig-referanse"})

    assert reply.status_code == 500
    assert "Internal Server Error" in caplog.text
    assert "hemmelig-referanse" not in caplog.text


def test_a_page_of_hits_of_all_kinds_takes_twelve_queries(
    client: Client, case_worker: User, rows: dict[str, Any]
) -> None:
    same = str(DIALOG)
    Access.objects.update(external_ref=same)
    Submission.objects.update(receipt_reference=same)
    Order.objects.update(remote_id=same)
    Transmission.objects.filter(pk=rows["letter"].pk).update(transmission_id=DIALOG)
    client.force_login(case_worker)
    client.get(address())  # the first visit of a person is noted

    with CaptureQueriesContext(connection) as queries:
        page = client.get(address(), {"q": same})

    assert page.text.count('class="hits"') == 5
    assert len(queries) <= MOST_QUERIES, [query["sql"][:200] for query in queries]


def test_each_place_of_an_id_has_an_index(rows: dict[str, Any]) -> None:
    text = str(DIALOG)
    all_places = {
        "access": places_of_accesses(text),
        "submission": places.places_of_submissions(text),
        "order": places.places_of_orders(text),
        "dialog": places.places_of_dialogs(text),
        "letter": places.places_of_letters(text),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for name, of_list in all_places.items():
        for queryset, column in of_list:
            plan = queryset.order_by().values_list(column).explain()
            assert "Index Cond" in plan, (name, plan)
            assert "Seq Scan" not in plan, (name, plan)
    assert set(identified(all_places)) == {"dialog"}


def test_the_field_is_on_every_page_and_says_what_was_searched_for(client: Client, administrator: User) -> None:
    client.force_login(administrator)

    for name in ("dashboard", "customers", "settings"):
        assert f'action="{address()}"' in client.get(address(name)).text
    assert 'value="finnes &amp; ikke"' in client.get(address(), {"q": "finnes & ikke"}).text
    assert 'value=""' in client.get(address()).text


@pytest.mark.parametrize("spelling", ["{0}", "{1} {2} {3}"])
def test_the_number_of_a_customer_opens_it_though_an_access_is_known_by_the_number_too(
    client: Client, case_worker: User, customer: Customer, rows: dict[str, Any], spelling: str
) -> None:
    client.force_login(case_worker)
    number = customer.orgnr
    Access.objects.filter(pk=rows["access"].pk).update(external_ref=number)

    found = answer(client, spelling.format(number, number[:3], number[3:6], number[6:]))

    assert found == address("customer", pk=customer.pk)


MAIL = "Kari.Lonn@Nordlys.example"


def test_a_customer_is_found_by_the_whole_address_of_any_contact_by_those_who_see_it(
    client: Client, case_worker: User, customer: Customer
) -> None:
    other = Customer.objects.create(
        environment="SANDBOX", orgnr="313000005", name="Vest AS", portfolio=customer.portfolio, contact_email=MAIL
    )
    Contact.objects.create(customer=customer, email=MAIL.lower())
    Contact.objects.create(customer=customer, email="styret@nordlys.example")
    stranger = make_user(Role.CASE_WORKER, "stranger@vendor.example")
    stranger.portfolios.add(Portfolio.objects.create(name="En annen"))

    found = {}
    for user in (case_worker, stranger):
        client.force_login(user)
        for given in (f" {MAIL.upper()} ", MAIL.lower(), "styret@nordlys.example", "nordlys.example", "@"):
            page = client.get(address(), {"q": given}).text
            found[user, given] = [row.pk for row in (customer, other) if address("customer", pk=row.pk) in page]

    assert found[case_worker, MAIL.lower()] == found[case_worker, f" {MAIL.upper()} "] == [customer.pk, other.pk]
    assert found[case_worker, "styret@nordlys.example"] == [customer.pk]
    assert found[case_worker, "nordlys.example"] == found[case_worker, "@"] == []
    assert not any(rows for (user, _given), rows in found.items() if user == stranger)


def test_the_lists_are_found_by_the_address_of_a_contact_too(
    client: Client, case_worker: User, rows: dict[str, Any]
) -> None:
    customer = rows["access"].customer
    Contact.objects.create(customer=customer, email=MAIL)
    client.force_login(case_worker)

    for name, pk in (("customers", customer.pk), ("accesses", rows["access"].pk), ("dialogs", rows["dialog"].pk)):
        assert list(client.get(address(name), {"q": MAIL}).context["page"]), (name, pk)
        assert not client.get(address(name), {"q": f"x{MAIL}"}).context["page"]
    each = Customer.objects.matching_each(MAIL)
    assert [row.pk for row in each] == [customer.pk]


@pytest.mark.django_db
def test_each_way_to_a_customer_has_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = Customer.objects.matching(MAIL).order_by().values("pk").explain()

    assert "customer_by_mail" in plan
    assert "contact_by_mail" in plan


def test_a_campaign_is_found_by_the_words_of_its_name_by_those_who_see_it(
    client: Client, case_worker: User, administrator: User, access: Access
) -> None:
    common = {"environment": "SANDBOX", "profile": access.profile, "created_at": AT, "status_at": AT, "status": "READY"}
    mine = Campaign.objects.create(name="Årsoppgjør våren 2027", owner=case_worker, **common)
    other = Campaign.objects.create(name="Lønn våren 2027", owner=administrator, **common)
    elsewhere = Campaign.objects.create(name="Våren", owner=administrator, **{**common, "environment": "TEST"})

    shown = {}
    for user in (case_worker, administrator):
        client.force_login(user)
        for name in ("search", "campaigns"):
            page = client.get(address(name), {"q": "2027 VÅREN"}).text
            shown[user, name] = [one for one in (mine, other, elsewhere) if address("campaign", pk=one.pk) in page]

    assert shown[case_worker, "search"] == shown[case_worker, "campaigns"] == [mine]
    assert shown[administrator, "search"] == shown[administrator, "campaigns"] == [mine, other]
