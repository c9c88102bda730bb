"""What staff see and do: lists, one access, systems, keys. Through the real pages, with the sandbox behind."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, User
from portal.core.heartbeat import Heartbeat
from systemusers.models import Access, AccessProfile, System
from systemusers.services import access, links, tokens
from tests.systemusers.staff import page, post
from tests.systemusers.world import BY, RESOURCE, World, fresh

S = Access.Status


def test_the_list_has_one_next_step_a_row_and_says_whose_it_is(staff: Client, sent: Access) -> None:
    text = page(staff, "access/")

    assert "Nordlys Eiendom AS" in text
    assert "Send lenken til kunden" in text
    assert re.search(r'aria-current="true">Alle', text)


@pytest.mark.parametrize(
    ("query", "found"), [("status=OPEN", True), ("status=IN_USE", False), ("q=310+987", True), ("q=Vestvik", False)]
)
def test_the_filter_is_in_the_address(staff: Client, sent: Access, query: str, found: bool) -> None:
    text = page(staff, f"access/?{query}")

    assert ("Send lenken til kunden" in text) == found
    assert ("Ingen treff" in text) != found


def test_asking_goes_from_customer_to_profile_to_a_stored_access(
    staff: Client, known_customer: Customer, profile: AccessProfile
) -> None:
    first = page(staff, "access/new/")
    second = page(staff, f"access/new/?customer={known_customer.pk}")
    end = post(staff, f"access/new/?customer={known_customer.pk}", {"profile": profile.pk})

    assert f'value="{known_customer.pk}"' in first
    assert RESOURCE in second
    assert "Forespørselen er lagret.\n" in end
    assert Access.objects.get().requested_by == "user:administrator@vendor.example"


def test_many_asked_are_told_in_the_plural(staff: Client, known_customer: Customer, profile: AccessProfile) -> None:
    other = Customer.objects.create(environment="SANDBOX", orgnr="310629499", name="Vestvik AS")

    end = post(staff, f"access/new/?customer={known_customer.pk}&customer={other.pk}", {"profile": profile.pk})

    assert "2 forespørsler er lagret.\n" in end


def test_more_than_can_be_asked_at_once_are_refused_with_the_number(
    staff: Client, known_customer: Customer, profile: AccessProfile
) -> None:
    many = "&".join(f"customer={number}" for number in range(1, 502))

    text = post(staff, f"access/new/?{many}", {"profile": profile.pk})

    assert "Dere har valgt 501 kunder. Spør høyst 500 om gangen." in text
    assert not Access.objects.exists()


@pytest.mark.parametrize("address", ["access/new/", "submissions/new/"])
def test_a_number_that_no_customer_can_have_shows_the_page_to_pick_one(
    staff: Client, known_customer: Customer, profile: AccessProfile, address: str
) -> None:
    for number in ("9" * 5_000, "٣", "-1", "x"):
        assert 'type="search"' in page(staff, f"{address}?customer={quote(number)}")
    assert staff.get(f"/sandbox/{address}?customer={'9' * 18}").status_code in (200, 404)


def test_nobody_picked_is_told_at_the_list(staff: Client, known_customer: Customer) -> None:
    reply = staff.get("/sandbox/access/new/?q=&step=next")

    text = reply.content.decode()
    assert reply.status_code == 422
    assert 'id="pick-error"' in text
    assert text.count("Velg minst én kunde") == 2


def test_those_picked_stay_picked_when_one_searches_for_more(staff: Client, known_customer: Customer) -> None:
    address = f"access/new/?q=zzz&step=search&customer={known_customer.pk}"

    searched = page(staff, address)
    part = page(staff, address, headers={"hx-request": "true", "hx-target": "results"})
    back = page(staff, f"access/new/?step=next&customer={known_customer.pk}")

    box = f'value="{known_customer.pk}" checked'
    assert box in searched
    assert box in part
    assert "Ingen flere treff" in searched
    assert f"?step=search&amp;customer={known_customer.pk}" in back


def test_asking_again_shows_the_one_that_is_there(staff: Client, sent: Access) -> None:
    end = post(staff, f"access/new/?customer={sent.customer_id}", {"profile": sent.profile_id})

    assert "er spurt om dette før" in end
    assert Access.objects.count() == 1


def test_without_a_registered_system_the_page_says_what_to_do_first(
    staff: Client, known_customer: Customer, profile: AccessProfile
) -> None:
    System.objects.update(status=System.Status.DRAFT)

    assert "Ingen profil å be om" in page(staff, f"access/new/?customer={known_customer.pk}")


def test_many_in_production_want_a_word_typed(staff: Client, profile: AccessProfile) -> None:
    from systemusers.forms import AskForm

    System.objects.update(environment="PRODUCTION")
    wrong = AskForm({"profile": profile.pk, "confirmation": "ja"}, environment="PRODUCTION", count=2)
    right = AskForm({"profile": profile.pk, "confirmation": "PRODUKSJON"}, environment="PRODUCTION", count=2)
    alone = AskForm({"profile": profile.pk}, environment="PRODUCTION", count=1)

    assert list(wrong.errors) == ["confirmation"]
    assert right.is_valid()
    assert alone.is_valid()


def test_when_the_broker_is_away_it_is_stored_and_the_page_says_so(
    staff: Client, known_customer: Customer, profile: AccessProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.celery import app

    for name in ("broker_write_url", "broker_url"):  # the first is read off the second when it is put back
        monkeypatch.setattr(app.conf, name, "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "_pool", None)  # connections of before are put back after the test
    monkeypatch.setattr(app.amqp, "_producer_pool", None)

    Heartbeat.objects.all().delete()

    end = post(staff, f"access/new/?customer={known_customer.pk}", {"profile": profile.pk})

    assert "Forespørselen er lagret. Den sendes når portalen arbeider igjen." in end
    assert Access.objects.get().status == S.DRAFT


def test_one_access_shows_its_link_and_follows_along(staff: Client, sent: Access) -> None:
    text = page(staff, f"access/{sent.pk}/")

    assert links.link_url(sent) in text
    assert 'hx-trigger="every 4s"' in text
    assert "Trekk tilbake" in text


@pytest.mark.parametrize("status", S.values)
def test_the_link_stays_on_the_page_in_every_state(staff: Client, sent: Access, status: str) -> None:
    Access.objects.filter(pk=sent.pk).update(status=status)

    text = page(staff, f"access/{sent.pk}/")

    assert f'value="{links.link_url(sent)}"' in text
    assert "Steng lenken" in text


@pytest.mark.parametrize(
    ("language", "subject"),
    [("nb", "Gi%20Fjordtall%20systemtilgang"), ("en", "Give%20Fjordtall")],
)
def test_a_mail_to_the_customer_is_ready_in_their_language(
    staff: Client, sent: Access, language: str, subject: str
) -> None:
    Customer.objects.update(language=language, contact_email="kari+altinn@nordlys.example")

    text = page(staff, f"access/{sent.pk}/")

    assert f'href="mailto:kari%2Baltinn@nordlys.example?subject={subject}' in text
    assert f"%0A{quote(links.link_url(sent))}%0A" in text


def test_there_is_nothing_to_write_about_once_it_is_approved(staff: Client, approved: Access) -> None:
    assert "Skriv e-post" not in page(staff, f"access/{approved.pk}/")


@pytest.mark.parametrize("status", sorted(Access.USABLE))
def test_an_access_that_works_leads_on_to_a_report(staff: Client, approved: Access, status: str) -> None:
    Access.objects.update(status=status)

    assert f'href="/sandbox/submissions/new/?customer={approved.customer_id}">Ny innsending' in page(
        staff, f"access/{approved.pk}/"
    )


def test_an_access_to_a_deleted_system_leads_to_no_report(staff: Client, approved: Access) -> None:
    System.objects.update(status=System.Status.DELETED)

    assert "Ny innsending" not in page(staff, f"access/{approved.pk}/")


def test_whoever_asked_is_told_by_name(staff: Client, sent: Access, administrator: User) -> None:
    Access.objects.update(requested_by=administrator.actor)

    text = page(staff, f"access/{sent.pk}/")

    assert f"<dd>{administrator.name}</dd>" in text
    assert f"<dd>{administrator.email}</dd>" not in text


def test_without_a_script_the_page_is_loaded_again_by_hand(staff: Client, sent: Access) -> None:
    text = page(staff, f"access/{sent.pk}/")

    assert '<span class="scripted">Siden følger med av seg selv.</span>' in text
    assert f'<noscript><a class="ds-link" href="/sandbox/access/{sent.pk}/">Last siden på nytt</a></noscript>' in text


def poll(client: Client, row: Access, seen: str) -> Any:
    headers = {"hx-request": "true", "hx-target": "status"}
    return client.get(f"/sandbox/access/{row.pk}/?seen={seen}", headers=headers)


def test_polling_is_quiet_until_something_happened_and_then_ends_itself(
    staff: Client, sent: Access, world: World
) -> None:
    seen = re.search(r"seen=([^\"]+)", page(staff, f"access/{sent.pk}/"))
    assert seen
    quiet = poll(staff, sent, seen[1])
    world.decide(sent, "reject")
    world.let_pass(seconds=20)
    world.poll(sent)

    moved = poll(staff, sent, seen[1])

    assert quiet.status_code == 204
    assert "Avvist" in moved.content.decode()
    assert "hx-trigger" not in moved.content.decode()


def test_an_approved_access_is_followed_until_it_is_in_use(staff: Client, sent: Access, world: World) -> None:
    world.decide(sent, "approve")
    world.let_pass(seconds=20)
    world.poll(sent)
    approved = page(staff, f"access/{sent.pk}/")
    seen = re.search(r"seen=([^\"]+)", approved)
    assert seen

    tokens.note_token(access=Access.objects.get(pk=sent.pk), at=world.at)
    used = poll(staff, sent, seen[1])

    assert 'hx-trigger="every 4s"' in approved
    assert "I bruk" in used.content.decode()
    assert "hx-trigger" not in used.content.decode()


def test_a_page_of_an_access_that_nothing_uses_ends_its_polling(staff: Client, sent: Access, world: World) -> None:
    world.decide(sent, "approve")
    world.let_pass(seconds=20)
    world.poll(sent)
    Access.objects.filter(pk=sent.pk).update(status_at=timezone.now() - timedelta(minutes=11))

    assert "hx-trigger" not in page(staff, f"access/{sent.pk}/")


def test_a_page_that_is_looked_at_makes_the_access_due(staff: Client, sent: Access, world: World) -> None:
    world.let_pass(minutes=1)

    page(staff, f"access/{sent.pk}/")

    assert world.is_due(sent)


@pytest.mark.parametrize("status", S.values)
def test_every_state_has_a_page_and_a_row(staff: Client, sent: Access, status: str, world: World) -> None:
    Access.objects.filter(pk=sent.pk).update(status=status, missing_since=world.at)

    shown = Access.objects.get().get_status_display()
    assert shown in page(staff, f"access/{sent.pk}/")
    assert shown in page(staff, "access/")


def test_a_refusal_is_explained_with_who_mends_it(staff: Client, asked: Access, world: World) -> None:
    world.app.state.organisations[asked.customer.orgnr].known = False
    world.send(asked)

    text = page(staff, f"access/{asked.pk}/")

    assert "Altinn kjenner ikke organisasjonsnummeret" in text
    assert "<code>AUTH-00000</code>" in text
    assert "Prøv igjen" in text


def test_withdrawing_renewing_and_closing_the_link(staff: Client, sent: Access) -> None:
    closed = post(staff, f"access/{sent.pk}/link/close/")
    reopened = post(staff, f"access/{sent.pk}/link/reopen/")
    withdrawn = post(staff, f"access/{sent.pk}/withdraw/")
    renewed = post(staff, f"access/{sent.pk}/renew/")

    assert "Lenken er stengt" in closed
    assert links.link_url(fresh(sent)) in reopened
    assert "også i Altinn" in withdrawn
    assert "Forespørselen er lagret" in renewed
    assert fresh(sent).status == S.DRAFT


def test_an_act_that_comes_too_late_shows_the_true_state(staff: Client, sent: Access, world: World) -> None:
    world.decide(sent, "approve")

    text = post(staff, f"access/{sent.pk}/withdraw/")
    again = post(staff, f"access/{sent.pk}/renew/")

    assert "Kunden rakk å svare" in text
    assert "har endret seg i mellomtiden" in again
    assert fresh(sent).status == S.APPROVED


def test_when_altinn_is_away_an_act_changes_nothing_and_says_so(staff: Client, sent: Access, world: World) -> None:
    world.fault(kind="status", times=5)

    assert "Altinn svarer ikke nå" in post(staff, f"access/{sent.pk}/withdraw/")
    assert fresh(sent).status == S.SENT


def test_the_customers_page_gathers_access_and_history(staff: Client, approved: Access) -> None:
    text = page(staff, f"customers/{approved.customer_id}/")

    assert "Årsoppgjør" in text
    assert "Bedt om tilgang" in text
    assert "Godkjent" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=NO+310+987+654+MVA", True),
        ("q=nordlys", True),
        ("q=zzz", False),
        ("group=waiting", True),
        ("group=none", False),
        ("group=usable", False),
    ],
)
def test_the_search_for_customers_forgives(staff: Client, sent: Access, query: str, found: bool) -> None:
    assert ("310\u00a0987\u00a0654" in page(staff, f"customers/?{query}")) == found


@pytest.mark.parametrize("path", ["customers/", "access/", "systems/"])
def test_lists_cost_the_same_however_long(
    staff: Client, sent: Access, path: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        row = Customer.objects.create(environment="SANDBOX", orgnr=f"2{number:08d}", name=f"Kunde {number}")
        access.ask_access(customer=row, profile=sent.profile, by=BY, at=timezone.now())

    with django_assert_max_num_queries(12):
        page(staff, path)


def many_customers(number: int) -> list[Customer]:
    rows = [
        Customer(environment="SANDBOX", orgnr=f"3100{n:05}", name=f"Kunde {n:03}", sort_name=f"kunde {n:03}")
        for n in range(number)
    ]
    return Customer.objects.bulk_create(rows)


def test_the_list_to_pick_from_tells_how_many_and_turns_its_pages_with_those_ticked(staff: Client) -> None:
    rows = many_customers(60)

    first: Any = staff.get("/sandbox/access/new/")
    turn = first.context["page"].next_query
    second: Any = staff.get(
        "/sandbox/access/new/", {"turn": turn, "customer": rows[3].pk, "step": "search"}, follow=True
    )

    assert "60 rader" in first.text
    assert [len(first.context["page"]), len(second.context["page"])] == [50, 10]
    assert f'value="{rows[3].pk}" checked' in second.text


@pytest.mark.parametrize(
    ("query", "names"), [("", ["Asket AS", "Ny AS"]), ("asked=no", ["Ny AS"]), ("asked=yes", ["Asket AS"])]
)
def test_those_never_asked_can_be_chosen_from_the_list_to_pick_from(
    staff: Client, sent: Access, query: str, names: list[str]
) -> None:
    Customer.objects.filter(pk=sent.customer_id).update(name="Asket AS")
    Customer.objects.create(environment="SANDBOX", orgnr="310000001", name="Ny AS")

    reply: Any = staff.get(f"/sandbox/access/new/?{query}")

    assert [(row.name, row.was_asked) for row in reply.context["page"]] == [(name, name != "Ny AS") for name in names]


def test_all_that_match_go_on_to_the_page_that_asks(staff: Client, known_customer: Customer) -> None:
    rows = many_customers(60)

    reply = staff.get("/sandbox/access/new/", {"q": "kunde", "all": "1", "step": ["search", "next"]})

    assert sorted(QueryDict(reply["Location"].split("?")[1]).getlist("customer")) == sorted(str(row.pk) for row in rows)


def test_more_than_can_be_asked_at_once_are_led_to_a_campaign(staff: Client) -> None:
    many_customers(501)

    reply: Any = staff.get("/sandbox/access/new/", {"all": "1", "step": ["search", "next"]}, follow=True)

    assert "Filteret har flere enn 500 kunder. Lag en kampanje" in reply.text
    assert reply.status_code == 200


def test_a_question_is_on_its_way_as_soon_as_it_is_asked(
    staff: Client, known_customer: Customer, profile: AccessProfile
) -> None:
    asked = post(staff, f"access/new/?customer={known_customer.pk}", {"profile": profile.pk})

    assert "Sendes</span>" in asked
    assert "Kladd" not in asked


def test_a_question_that_altinn_refused_says_that_it_did_not_arrive(staff: Client, sent: Access) -> None:
    Access.objects.filter(pk=sent.pk).update(status="DRAFT", next_attempt_at=None, problem_code="X")

    assert "Kom ikke fram</span>" in page(staff, f"access/{sent.pk}/")
