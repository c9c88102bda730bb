"""The customer's pages: the truth of one access, in their language, to whoever holds the link and to nobody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Customer, User
from portal.core.heartbeat import Heartbeat
from systemusers import tasks
from systemusers.models import Access
from systemusers.services import access, links
from tests.systemusers.world import BY, World, fresh

S = Access.Status
pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read the clock; here it is the world's."""
    monkeypatch.setattr(timezone, "now", lambda: world.at)


def url(row: Access, part: str = "") -> str:
    return f"/l/{row.link_token}/{part}"


def text(client: Client, address: str, **options: Any) -> str:
    reply = client.get(address, **options)
    assert reply.status_code == 200
    return reply.content.decode()


def put(row: Access, **fields: Any) -> Access:
    Access.objects.filter(pk=row.pk).update(**fields)
    return fresh(row)


def test_the_page_says_who_asks_for_what_and_why(sent: Access, world: World, client: Client) -> None:
    world.introduce(sent.customer.orgnr, sent.customer.name, persons=[{"name": "Kari Nordmann", "roles": ["DAGL"]}])

    text(client, url(sent))
    tasks.look_up_approvers(access=sent.pk)

    page = text(client, url(sent))

    assert "Gi Fjordtall tilgang til å rapportere for Nordlys Eiendom AS" in page
    assert "levere oppgaver" in page
    assert "<strong>Kari Nordmann</strong> som daglig leder" in page
    assert "Godkjenn i Altinn" in page


def test_the_page_stands_when_the_register_is_away(sent: Access, world: World, client: Client) -> None:
    world.fault(service="brreg")
    tasks.look_up_approvers(access=sent.pk)

    assert "Hvem kan godkjenne?" in text(client, url(sent))


def test_names_come_when_the_register_has_answered(sent: Access, world: World, client: Client) -> None:
    world.introduce(sent.customer.orgnr, sent.customer.name, persons=[{"name": "Kari Nordmann", "roles": ["DAGL"]}])
    before = text(client, url(sent))
    tasks.look_up_approvers(access=sent.pk)

    fragment = text(client, url(sent, "?turn=1&lang=en"), headers={"hx-request": "true", "hx-target": "approvers"})

    assert f'hx-get="{url(sent)}?turn=1&amp;lang=nb"' in before
    assert "Kari Nordmann" in fragment
    assert "<html" not in fragment
    assert "hx-get" not in fragment


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (S.DRAFT, "Vi gjør forespørselen klar"),
        (S.SENT, "Godkjenn i Altinn"),
        (S.OPENED, "Godkjenn i Altinn"),
        (S.FORWARDED, "sendt videre i virksomheten"),
        (S.APPROVED, "Du kan lukke siden"),
        (S.IN_USE, "Du kan lukke siden"),
        (S.NEEDS_UPDATE, "Du kan lukke siden"),
        (S.REJECTED, "Start på nytt i Altinn"),
        (S.EXPIRED, "Vi lager en ny"),
        (S.WITHDRAWN, "trukket tilbake"),
        (S.REMOVED, "fjernet i Altinn"),
        (S.UNKNOWN, "Vi undersøker"),
    ],
)
def test_every_state_has_its_own_true_page(
    sent: Access, client: Client, world: World, status: str, sentence: str
) -> None:
    put(sent, status=status, answered_at=world.at)

    assert sentence in text(client, url(sent))


@pytest.mark.parametrize("lang", ["nb", "nn", "en"])
def test_the_language_can_be_chosen(sent: Access, client: Client, lang: str) -> None:
    assert f'<html lang="{lang}"' in text(client, f"{url(sent)}?lang={lang}")


def test_the_customers_own_language_comes_first(sent: Access, client: Client) -> None:
    sent.customer.language = "en"
    sent.customer.save()

    assert '<html lang="en"' in text(client, url(sent), headers={"accept-language": "nb"})


def test_reading_the_page_changes_nothing(sent: Access, client: Client) -> None:
    client.head(url(sent))
    client.get(url(sent), headers={"purpose": "prefetch"})
    client.get(url(sent, "altinn/"))

    assert (fresh(sent).status, fresh(sent).opened_at) == (S.SENT, None)


def test_a_person_before_the_page_has_opened_it(sent: Access, client: Client, world: World) -> None:
    page = text(client, url(sent))

    reply = client.post(url(sent, "opened/"))

    assert f'hx-post="{url(sent, "opened/")}"' in page
    assert 'hx-trigger="pointerdown from:body once, keydown from:body once"' in page
    assert (reply.status_code, fresh(sent).status, fresh(sent).opened_at) == (204, S.OPENED, world.at)


def test_the_button_leads_to_altinns_page(sent: Access) -> None:
    reply = Client(enforce_csrf_checks=True).post(url(sent, "altinn/"))

    assert (reply.status_code, reply["Location"]) == (302, sent.confirm_url)
    assert fresh(sent).status == S.OPENED


@pytest.mark.parametrize("act", ["reject", "age"])
def test_what_had_ended_is_asked_anew_when_a_person_goes_on(
    sent: Access, world: World, client: Client, act: str
) -> None:
    world.decide(sent, act, **({"days": 200} if act == "age" else {}))
    world.poll(sent)
    waits = client.post(url(sent, "altinn/"))
    world.work()

    reply = client.post(url(sent, "altinn/"))

    row = fresh(sent)
    assert waits["Location"] == f"{url(sent)}?wait=1"
    assert (row.status, row.altinn_id == sent.altinn_id, reply["Location"]) == (S.OPENED, False, row.confirm_url)


def test_one_that_ran_out_unnoticed_is_found_out_at_the_button(sent: Access, world: World, client: Client) -> None:
    world.let_pass(days=181)
    asks = text(client, client.post(url(sent, "altinn/"))["Location"])
    world.work()
    renews = client.post(url(sent, "altinn/"))
    world.work()

    reply = client.post(url(sent, "altinn/"))

    assert "Vent noen sekunder" in asks
    assert renews["Location"] == f"{url(sent)}?wait=1"
    assert fresh(sent).confirm_url == reply["Location"] != sent.confirm_url


@pytest.mark.parametrize("away", ["worker", "altinn"])
def test_without_an_answer_from_altinn_the_person_is_led_on(
    sent: Access, world: World, client: Client, away: str
) -> None:
    world.let_pass(hours=2)
    if away == "worker":
        Heartbeat.objects.all().delete()
    else:
        world.fault(kind="status", times=9)
        world.work()

    reply = client.post(url(sent, "altinn/"))

    assert reply["Location"] == sent.confirm_url


def test_when_altinn_is_away_the_page_says_so_and_nothing_is_lost(sent: Access, world: World, client: Client) -> None:
    world.decide(sent, "reject")
    world.poll(sent)
    world.fault(kind="status", times=9)

    reply = client.post(url(sent, "altinn/"), follow=True)
    world.work()

    assert fresh(sent).status == S.DRAFT
    assert "Vi gjør forespørselen klar" in reply.content.decode()


def test_what_we_withdrew_leads_nowhere(sent: Access, client: Client, world: World) -> None:
    access.withdraw_access(access=sent, by=BY, at=world.at)

    reply = client.post(url(sent, "altinn/"))

    assert (reply["Location"], fresh(sent).status) == (url(sent), S.WITHDRAWN)


@pytest.mark.parametrize(("act", "sentence"), [("approve", "Du kan lukke siden"), ("reject", "Du har sagt nei")])
def test_the_return_asks_altinn_and_says_what_it_says(
    sent: Access, world: World, client: Client, act: str, sentence: str
) -> None:
    world.decide(sent, act)
    world.let_pass(seconds=30)

    before = client.get(f"/return?t={sent.link_token}", follow=True).text
    world.work()

    page = client.get(f"/return?t={sent.link_token}", follow=True).text

    assert "Takk. Vi sjekker svaret hos Altinn" in before
    assert sentence in page
    assert "hx-get" not in page


def test_the_return_proves_nothing_by_itself(sent: Access, world: World, client: Client) -> None:
    world.let_pass(seconds=30)

    page = text(client, url(sent, "return/"))

    assert "Takk. Vi sjekker svaret hos Altinn" in page
    assert f'hx-get="{url(sent, "return/")}?turn=1&amp;lang=nb"' in page
    assert "Se etter svar nå" in page
    assert 'http-equiv="refresh"' not in page, (
        "a page that moves by itself is hard to read; the link is enough without scripts"
    )


def test_the_return_asks_again_until_it_knows_and_gives_up_at_last(sent: Access, world: World, client: Client) -> None:
    tired = text(client, url(sent, "return/?turn=60"))
    world.let_pass(seconds=30)
    world.decide(sent, "approve")
    text(client, url(sent, "return/?turn=2"))
    world.work()

    reply = client.get(url(sent, "return/?turn=3"), headers={"hx-request": "true", "hx-target": "answer"})

    fragment = reply.content.decode()
    assert "hx-trigger" not in tired
    assert "Du kan lukke siden" in fragment
    assert "<html" not in fragment


@pytest.mark.parametrize("part", ["", "return/"])
def test_one_sent_on_in_the_company_is_told_at_once(sent: Access, world: World, client: Client, part: str) -> None:
    put(sent, status=S.OPENED)
    world.decide(sent, "escalate")
    world.let_pass(seconds=30)

    text(client, url(sent, part))
    world.work()

    page = text(client, url(sent, part))

    assert "endt videre i virksomheten" in page
    assert fresh(sent).status == S.FORWARDED


def test_an_answer_is_told_by_the_plain_link_too(sent: Access, world: World, client: Client) -> None:
    put(sent, status=S.OPENED)
    world.decide(sent, "approve")
    world.let_pass(seconds=30)

    text(client, url(sent))
    world.work()

    assert "Tilgangen er gitt" in text(client, url(sent))


def test_a_stranger_cannot_make_us_ask_altinn_again_and_again(sent: Access, world: World, client: Client) -> None:
    put(sent, status=S.OPENED)
    world.let_pass(seconds=30)
    world.transport.requests.clear()

    for _turn in range(5):
        text(client, url(sent))
        text(client, url(sent, "return/"))
        world.work()

    assert len(world.calls("GET", "/request/vendor")) == 2


def test_when_altinn_is_away_it_is_left_alone_for_a_while(sent: Access, world: World, client: Client) -> None:
    put(sent, status=S.OPENED)
    world.let_pass(seconds=30)
    world.fault(kind="timeout", times=9)
    world.transport.requests.clear()

    for _turn in range(5):
        text(client, url(sent))
        world.work()

    assert len(world.calls("GET", "/request/vendor/bysystem/")) == 1
    assert len(world.calls("GET", "/request/vendor/")) == 2


def test_a_link_nobody_has_opened_is_no_reason_to_ask_altinn(sent: Access, world: World, client: Client) -> None:
    world.let_pass(seconds=30)
    world.transport.requests.clear()

    text(client, url(sent))

    assert world.calls("GET", "/request/vendor") == []


@pytest.mark.parametrize(("act", "said"), [("approve", True), ("reject", False)])
def test_only_what_was_given_can_be_taken_back(
    sent: Access, world: World, client: Client, act: str, said: bool
) -> None:
    before = text(client, url(sent, "return/"))
    world.decide(sent, act)
    world.let_pass(seconds=30)

    text(client, url(sent, "return/"))
    world.work()
    after = text(client, url(sent, "return/"))

    footer = before.partition("<footer")[2]
    assert "trekke tilgangen tilbake" not in footer
    assert ("trekke tilgangen tilbake" in after) == said


def test_the_return_stands_when_altinn_is_away(sent: Access, world: World, client: Client) -> None:
    world.let_pass(seconds=30)
    world.fault(kind="timeout", times=9)

    assert "Vi sjekker svaret hos Altinn" in text(client, url(sent, "return/"))
    assert "Altinn har ikke fått svar ennå" in text(client, url(sent, "return/?turn=20"))


def test_the_return_says_that_nobody_has_answered_once_altinn_has_said_so(
    sent: Access, world: World, client: Client
) -> None:
    world.let_pass(seconds=30)
    text(client, url(sent, "return/"))
    world.work()
    asked = fresh(sent).polled_at
    world.let_pass(seconds=2)

    page = text(client, url(sent, "return/?turn=2"))

    assert asked is not None
    assert "Altinn har ikke fått svar ennå" in page
    by_hand = re.findall(r'href="([^"]*return/[^"]*turn=20[^"]*)"', page)
    assert "Vi sjekker svaret" not in text(client, by_hand[0].replace("&amp;", "&"))


def test_a_text_to_pass_on_holds_the_link(sent: Access, client: Client) -> None:
    page = text(client, url(sent, "forward/"))

    assert links.link_url(sent) in page
    assert 'href="mailto:?subject=' in page


def test_an_unknown_and_a_closed_link_look_the_same_and_say_no_more(sent: Access, client: Client, world: World) -> None:
    access.revoke_link(access=sent, by=BY, at=world.at)

    unknown, closed = client.get("/l/not-a-known-token-at-all/"), client.get(url(sent))

    assert (unknown.status_code, closed.status_code) == (404, 410)
    assert "Lenken virker ikke" in unknown.content.decode()
    assert "Lenken virker ikke" in closed.content.decode()
    assert sent.customer.name not in closed.content.decode()


@pytest.mark.parametrize("part", ["", "forward/", "return/"])
def test_the_address_is_kept_secret(sent: Access, client: Client, part: str) -> None:
    reply = client.get(url(sent, part))

    assert reply["Referrer-Policy"] == "no-referrer"
    assert "noindex" in reply["X-Robots-Tag"]
    assert reply["Cache-Control"] == "no-store"


def test_whoever_tries_too_often_waits(sent: Access, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("systemusers.views.link.MOST_A_MINUTE", 2)
    monkeypatch.setattr("portal.core.rate.WINDOW", 10**10)  # so that no minute ends meanwhile

    statuses = [client.get(url(sent)).status_code for _ in range(4)]

    assert statuses == [200, 200, 429, 429]


@pytest.mark.parametrize("query", ["", "?t=", "?t=short", "?t=../../etc/passwd", "?t=" + "a" * 100])
def test_a_return_without_a_token_is_not_found(client: Client, query: str, db: None) -> None:
    assert client.get(f"/return{query}").status_code == 404


def test_the_page_is_loaded_anew_when_the_state_is_another(sent: Access, client: Client) -> None:
    page = text(client, url(sent))
    seen = re.search(r'hx-get="[^"?]*\?seen=([A-Z-]+[a-z]+)&amp;turn=1"', page)
    watch = {"hx-request": "true", "hx-target": "watch"}
    assert seen
    same = client.get(url(sent), {"seen": seen[1], "turn": "1"}, headers=watch)
    put(sent, status=S.FORWARDED)

    other = client.get(url(sent), {"seen": seen[1], "turn": "1"}, headers=watch)

    assert 'hx-trigger="load delay:6s"' in same.text
    assert (other.headers["HX-Refresh"], other.content) == ("true", b"")


def test_the_page_is_not_loaded_anew_because_it_was_opened(sent: Access, client: Client) -> None:
    seen = re.search(r"\?seen=([A-Z-]+[a-z]+)&amp;turn=1", text(client, url(sent)))
    assert seen
    put(sent, status=S.OPENED)

    reply = client.get(url(sent), {"seen": seen[1], "turn": "1"}, headers={"hx-request": "true", "hx-target": "watch"})

    assert "HX-Refresh" not in reply.headers
    assert 'hx-trigger="load delay:6s"' in reply.text


@pytest.mark.parametrize("status", list(S))
def test_no_page_behind_the_link_calls_an_outside_service(
    sent: Access, world: World, client: Client, status: str
) -> None:
    put(sent, status=status, answered_at=world.at)
    world.let_pass(days=200)
    world.transport.requests.clear()

    for part in ("", "return/", "forward/", "altinn/"):
        client.get(url(sent, part))
    client.post(url(sent, "altinn/"))
    client.post(url(sent, "opened/"))

    assert world.transport.requests == []


def test_in_test_the_approver_of_the_list_is_shown_where_the_register_knows_nobody(
    sent: Access, world: World, client: Client, case_worker: User
) -> None:
    Customer.objects.update(test_approver="Kari Ås (DAGL)")
    before = text(client, url(sent))
    client.force_login(case_worker)
    staff_page = text(client, reverse("access", kwargs={"environment": "sandbox", "pk": sent.pk}))

    world.introduce(sent.customer.orgnr, sent.customer.name, persons=[{"name": "Ola Nordmann", "roles": ["DAGL"]}])
    tasks.look_up_approvers(access=sent.pk)

    assert "I test godkjenner <strong>Kari Ås (DAGL)</strong>." in before
    assert "<dt>Godkjenner i test</dt><dd>Kari Ås (DAGL)</dd>" in staff_page
    after = text(client, url(sent))
    assert "Ola Nordmann" in after
    assert "Kari Ås" not in after
