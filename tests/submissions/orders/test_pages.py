"""Bestillinger in the browser: order, watch, open, export, decide; and the newest answers on the customer's page."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.desk.attention import attention
from submissions.adapters.numbers import synthetic_person
from submissions.models import NOT_READY, Order
from submissions.services import catalogue, local
from submissions.services.orders.offers import askable
from tests.submissions.orders.rig import ALL, CHANGES, Rig, listed, person
from tests.submissions.world import BY

S = Order.Status
OK, NO_CARD, FREE = person("4"), person("9"), person("7")


@pytest.fixture(autouse=True)
def logged_in(client: Client, case_worker: User) -> None:
    client.force_login(case_worker)


def url(name: str, order: Order | None = None, **values: Any) -> str:
    pk = {"pk": order.pk} if order else {}
    return reverse(name, kwargs={"environment": "sandbox", **pk, **values})


def form(client: Client, rig: Rig) -> tuple[str, dict[str, Any]]:
    """The address of the form and its hidden values."""
    where = f"{url('order-new')}?customer={rig.world.access.customer_id}&offer={rig.world.access.pk}:{rig.service.id}"
    page = client.get(where)
    return where, {"reference": page.context["form"].initial["reference"]}


def post(client: Client, rig: Rig, **data: Any) -> Any:
    where, hidden = form(client, rig)
    return client.post(where, {**hidden, "year": "2026", "kind": ALL, **data})


def fetched(rig: Rig, *people: str) -> Order:
    order = rig.finish(rig.ask(kind=ALL, listed=listed(*people)))
    assert order.status == S.FETCHED
    return order


def test_a_person_orders_cards_for_a_pasted_list(client: Client, cards: Rig) -> None:
    reply = post(client, cards, people=f"{OK}\n{FREE}")

    order = Order.objects.defer(None).get()
    assert reply["Location"] == url("order", order)
    assert order.question == {"kind": ALL, "people": [OK, FREE], "email": "", "mobile": ""}
    assert (str(order.period), order.status) == ("2026", S.QUEUED)


def test_a_person_orders_cards_for_a_csv_file(client: Client, cards: Rig) -> None:
    content = f"Navn;Fødselsnummer\r\nKari;{OK[:6]} {OK[6:]}\r\nOla;{FREE}\r\n".encode("cp1252")

    post(client, cards, people_file=SimpleUploadedFile("ansatte.csv", content))

    assert (Order.objects.defer(None).get().question or {})["people"] == [OK, FREE]


def test_faults_name_the_line_and_hide_the_number(client: Client, cards: Rig) -> None:
    wrong = OK[:10] + str((int(OK[10]) + 1) % 10)

    reply = post(client, cards, people=f"{FREE}\n{wrong}\n12345")

    page = reply.content.decode()
    assert reply.status_code == 422
    assert f"<strong>Linje 2:</strong> *********{wrong[-2:]} finnes ikke" in page
    assert "<strong>Linje 3:</strong> Linjen har ikke noe" in page
    assert wrong not in page
    assert FREE not in page
    assert not Order.objects.exists()


def test_changes_need_no_list(client: Client, cards: Rig) -> None:
    post(client, cards, kind=CHANGES)

    assert (Order.objects.defer(None).get().question or {})["people"] == []


def test_the_form_sent_twice_orders_once(client: Client, cards: Rig) -> None:
    where, hidden = form(client, cards)
    data = {**hidden, "year": "2026", "kind": ALL, "people": OK}

    replies = [client.post(where, data)["Location"] for _ in range(2)]

    assert (len(set(replies)), Order.objects.count()) == (1, 1)


def test_the_page_follows_until_the_answer_is_there(client: Client, cards: Rig) -> None:
    order = cards.work(cards.ask(kind=ALL, listed=listed(OK)))
    assert 'hx-trigger="load delay:3s"' in client.get(url("order", order)).content.decode()

    order = cards.finish(order)

    page = client.get(url("order", order), headers={"HX-Request": "true", "HX-Target": "status"}).content.decode()
    assert "hx-trigger" not in page
    assert "Svaret er hentet" in page
    assert url("order-answer", order) in page


def test_the_cards_are_shown_with_masked_numbers_and_the_trail_has_who_opened(
    client: Client, cards: Rig, case_worker: User
) -> None:
    order = fetched(cards, OK, NO_CARD, FREE)

    page = client.get(url("order-answer", order)).content.decode()

    assert f"*********{OK[-2:]}" in page
    assert "frikort, 70000 kr" in page
    assert "Har ikke skattekort" in page
    assert not any(number in page for number in (OK, NO_CARD, FREE))
    events = AuditEvent.objects.filter(what="read", target=f"submissions.Order:{order.pk}")
    assert [event.by for event in events] == [case_worker.actor]


@pytest.mark.parametrize("format", ["csv", "xml", "json"])
def test_the_export_has_every_number_and_is_in_the_trail(client: Client, cards: Rig, format: str) -> None:
    order = fetched(cards, OK, NO_CARD)

    reply = client.get(url("order-export", order, format=format))

    assert people_in(reply.content, format) == [OK, NO_CARD]
    assert reply["Content-Disposition"].startswith("attachment")
    assert reply["Cache-Control"] == "private, no-store"
    event = AuditEvent.objects.get(what="order-exported")
    assert event.detail["format"] == format


def people_in(content: bytes, format: str) -> list[str]:
    if format == "csv":
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
        return list(dict.fromkeys(row["arbeidstakeridentifikator"] for row in rows))
    if format == "xml":
        tree = ElementTree.fromstring(content)  # noqa: S314 - our own
        return [element.text or "" for element in tree.iter("arbeidstakeridentifikator")]
    answered = json.loads(content)["arbeidsgiver"][0]["arbeidstaker"]
    return [each["arbeidstakeridentifikator"] for each in answered]


def test_a_long_answer_is_shown_in_parts(client: Client, cards: Rig) -> None:
    order = fetched(cards, *(synthetic_person(serial) for serial in range(150)))
    where = url("order-answer", order)

    first, last = (client.get(f"{where}?page={page}").content.decode() for page in ("x", "99999"))

    assert (first.count("*********"), last.count("*********")) == (100, 50)
    assert "Side 1 av 2" in first
    assert "?page=1" in last


def test_the_stored_answer_has_no_other_address(client: Client, cards: Rig) -> None:
    document = fetched(cards, OK).documents.get()

    for name in ("document", "document-file"):
        assert client.get(reverse(name, kwargs={"environment": "sandbox", "pk": document.pk})).status_code == 404


def test_a_lost_answer_is_explained_and_ordered_again_by_a_click(client: Client, cards: Rig) -> None:
    cards.fault("/bestillSkattekort", kind="lost")
    order = cards.work(cards.ask(kind=ALL, listed=listed(OK)))
    page = client.get(url("order", order)).content.decode()
    assert "Vi vet ikke om bestillingen kom fram" in page
    assert "Vi prøver igjen" not in page

    client.post(url("order-again", order))

    assert cards.finish_clicked(order).status == S.FETCHED


def test_what_waits_for_a_person_is_on_the_overview(client: Client, cards: Rig, case_worker: User) -> None:
    late, refused, fine = (cards.ask(kind=ALL, listed=listed(OK)) for _ in range(3))
    Order.objects.filter(pk=late.pk).update(status=S.ORDERED, problem_code=NOT_READY)
    Order.objects.filter(pk=refused.pk).update(status=S.FAILED, problem_code="FOR_001")

    lines = attention(user=case_worker, environment=Environment.SANDBOX, at=cards.world.at)
    page = client.get(f"{url('orders')}?state=person").content.decode()

    assert [(line.count, line.title) for line in lines if "estilling" in line.title] == [
        (2, "Bestillinger trenger en person")
    ]
    assert url("order", late) in page
    assert url("order", refused) in page
    assert url("order", fine) not in page
    assert "kom ikke" in client.get(url("order", late)).content.decode()


def test_a_person_waits_longer_or_cancels(client: Client, cards: Rig) -> None:
    order = cards.ask(kind=ALL, listed=listed(OK))
    Order.objects.filter(pk=order.pk).update(status=S.ORDERED, problem_code=NOT_READY, next_attempt_at=None)

    client.post(url("order-wait", order))
    assert (cards.fresh(order).problem_code, cards.fresh(order).next_attempt_at is None) == ("", False)

    client.post(url("order-cancel", order))
    assert cards.fresh(order).status == S.CANCELLED


def test_the_customer_page_shows_the_newest_answer_and_asks_anew(client: Client, claims: Rig) -> None:
    customer = claims.world.access.customer
    home = url("customer", customer)  # type: ignore[arg-type] # any row with a pk
    assert "Ikke hentet ennå." in client.get(home).content.decode()

    client.post(url("order-anew"), {"customer": customer.pk, "service": claims.service.id})
    order = Order.objects.get()
    assert "Venter" in client.get(home).content.decode() or "Går av seg selv" in client.get(home).content.decode()
    claims.finish_clicked(order)

    page = client.get(home).content.decode()
    assert "Hent på nytt" in page
    assert "<dt>Åpne krav</dt><dd>1</dd>" in page
    tables = client.get(url("order-answer", order)).content.decode()
    assert "Gjenstaaende beloep" in tables


def test_the_customer_page_follows_until_the_answer_is_there(client: Client, claims: Rig) -> None:
    home = url("customer", claims.world.access.customer)  # type: ignore[arg-type] # any row with a pk
    order = claims.ask()
    asking = {"HX-Request": "true", "HX-Target": "newest"}
    assert 'hx-trigger="load delay:3s"' in client.get(home).content.decode()

    claims.finish(order)

    part = client.get(home, headers=asking).content.decode().strip()
    assert part.startswith('<section id="newest"')
    assert "hx-trigger" not in part
    assert "<dt>Åpne krav</dt><dd>1</dd>" in part


def test_deadlines_need_a_delivery_and_say_so(client: Client, deadlines: Rig) -> None:
    customer = deadlines.world.access.customer
    home = url("customer", customer)  # type: ignore[arg-type] # any row with a pk
    assert "levert minst én oppgave" in client.get(home).content.decode()

    deadlines.deliver()
    client.post(url("order-anew"), {"customer": customer.pk, "service": deadlines.service.id})
    deadlines.finish_clicked(Order.objects.get())

    assert "Mva-melding" in client.get(home).content.decode()


def test_frister_is_closed_outside_of_the_sandbox_and_says_why() -> None:
    frister = catalogue.service("frister")

    assert [frister.openness(each) for each in ("SANDBOX", "TEST", "PRODUCTION")] == ["open", "closed", "closed"]
    assert "ikke offentlig" in frister.reason


def test_a_service_that_is_off_is_not_offered(claims: Rig) -> None:
    customer = claims.world.access.customer
    assert [offer.service.id for offer in askable(customer)] == [claims.service.id]

    local.switch(service=claims.service, environment="SANDBOX", on=False, by=BY, at=claims.world.at)

    assert askable(customer) == []


# Who may.

LOOKS, READS = ["order"], ["order-answer", "order-export"]
ACTS = ["order-again", "order-wait", "order-cancel"]


def address(name: str, order: Order, environment: str = "sandbox") -> str:
    values: dict[str, Any] = {"environment": environment, "pk": order.pk}
    if name == "order-export":
        values["format"] = "csv"
    return reverse(name, kwargs=values)


def ask(client: Client, name: str, order: Order, environment: str = "sandbox") -> int:
    where = address(name, order, environment)
    return (client.post(where) if name in ACTS else client.get(where)).status_code


def test_strangers_other_portfolios_and_environments_are_kept_out(
    client: Client, cards: Rig, administrator: User
) -> None:
    order = fetched(cards, OK)
    names = [*LOOKS, *READS, *ACTS]
    assert [ask(client, name, order) for name in [*LOOKS, *READS]] == [200, 200, 200]

    order.customer.portfolio = None
    order.customer.save(update_fields=["portfolio"])
    assert {name: ask(client, name, order) for name in names} == dict.fromkeys(names, 404)
    client.force_login(administrator)
    assert {name: ask(client, name, order, "test") for name in names} == dict.fromkeys(names, 404)
    client.logout()
    assert {name: ask(client, name, order) for name in names} == dict.fromkeys(names, 302)


def test_a_reader_sees_that_there_are_cards_and_never_the_cards(client: Client, cards: Rig, reader: User) -> None:
    order = fetched(cards, OK)
    client.force_login(reader)

    page = client.get(url("order", order)).content.decode()

    assert url("order-answer", order) not in page
    assert {name: ask(client, name, order) for name in [*READS, *ACTS]} == dict.fromkeys([*READS, *ACTS], 403)
    assert client.get(url("order-new")).status_code == 403
    assert client.post(url("order-anew")).status_code == 403
    assert not AuditEvent.objects.filter(what__in=["read", "order-exported"]).exists()


def test_a_reader_reads_claims(client: Client, claims: Rig, reader: User) -> None:
    order = claims.finish(claims.ask(kind="LATEST"))
    client.force_login(reader)

    assert client.get(url("order-answer", order)).status_code == 200


def test_an_order_without_an_answer_has_none(client: Client, cards: Rig) -> None:
    order = cards.ask(kind=ALL, listed=listed(OK))

    assert [ask(client, name, order) for name in READS] == [404, 404]
    assert client.get(url("order-export", fetched(cards, OK), format="exe")).status_code == 404


def test_the_list_has_those_of_visible_customers(client: Client, cards: Rig) -> None:
    order = cards.ask(kind=ALL, listed=listed(OK))
    assert url("order", order) in client.get(url("orders")).content.decode()

    order.customer.portfolio = None
    order.customer.save(update_fields=["portfolio"])

    assert url("order", order) not in client.get(url("orders")).content.decode()


def test_what_does_not_fit_into_a_table_is_named_and_in_the_file(client: Client, claims: Rig, reader: User) -> None:
    wide = {f"felt{n}": f"{n},50" for n in range(10)}
    rows = [{**wide, "mottaker": {"navn": "X"}}, *({"felt0": str(n)} for n in range(2_000))]
    body = json.dumps({"krav": rows})
    claims.fault("/regnskapssystem", after=1, status=200, body=body)
    order = claims.finish(claims.ask(kind="2025"))

    page = client.get(url("order-answer", order)).text
    reply = client.get(url("order-export", order, format="json"))

    assert "Ikke alle felt får plass her: Felt8, Felt9, Mottaker." in page
    assert "Her vises de 2000 første av 2001." in page
    assert json.loads(reply.content)["krav"] == json.loads(body)
    assert AuditEvent.objects.filter(what="order-exported").count() == 1
    client.force_login(reader)
    assert client.get(url("order-export", order, format="json")).status_code == 403
    assert url("order-export", order, format="json") not in client.get(url("order-answer", order)).text
