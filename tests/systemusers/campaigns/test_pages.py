"""The pages of campaigns: from a list of customers to their answers, and who may what."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Customer, Portfolio, Role, User
from portal.desk import customers as desk
from systemusers.models import Access, AccessProfile, Campaign, Invitation
from systemusers.services import ending
from systemusers.services.campaigns import ordering, reminders
from systemusers.services.invitations.settings import mail_plan
from systemusers.services.next_step import next_step
from tests.fixtures import make_user
from tests.systemusers.campaigns.rig import judged, make_customers, started, work_to_the_end
from tests.systemusers.staff import page, post
from tests.systemusers.world import World

S = Campaign.Status


def words(html: str) -> str:
    return " ".join(html.replace("\N{NO-BREAK SPACE}", " ").split())


def form(profile: AccessProfile, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Runde 1", "purpose": "ASK", "profile": profile.pk, "source": "FILTER", "mails": "on", **fields,
    }  # fmt: skip


def confirm(staff: Client, row: Campaign, **fields: str) -> Any:
    address = f"/sandbox/campaigns/{row.pk}/start/"
    question = staff.get(address).context["question"]
    return staff.post(address, {"shown": question.shown, **fields}, follow=True)


def test_a_campaign_is_shown_first_and_asks_when_confirmed(staff: Client, profile: AccessProfile, world: World) -> None:
    make_customers(3)
    Customer.objects.filter(pk=Customer.objects.first().pk).update(contact_email="")  # type: ignore[union-attr]
    post(staff, "campaigns/new/", form(profile))
    work_to_the_end(at=world.at)
    row = Campaign.objects.get()
    shown = words(page(staff, f"campaigns/{row.pk}/"))
    asked_before = Access.objects.count()

    named = words(staff.get(f"/sandbox/campaigns/{row.pk}/start/").content.decode())
    confirm(staff, row)
    work_to_the_end(at=world.at)
    done = words(page(staff, f"campaigns/{row.pk}/"))

    assert "2 kunder blir spurt." in shown
    assert "1 uten e-postadresse." in shown
    assert "Spørre 2 kunder?" in named
    assert (asked_before, Access.objects.count()) == (0, 2)
    assert "2 av 2 er spurt" in done


def test_a_remark_is_set_aside_on_the_page(staff: Client, profile: AccessProfile, world: World) -> None:
    make_customers(1, contact_email="")
    row = judged(profile, User.objects.get(), at=world.at)

    post(staff, f"campaigns/{row.pk}/extra/", {"extra": "NO_ADDRESS"})

    assert "1 kunde blir spurt." in words(page(staff, f"campaigns/{row.pk}/"))


def test_the_page_asks_again_only_while_something_moves(staff: Client, profile: AccessProfile, world: World) -> None:
    make_customers(1)
    row = judged(profile, User.objects.get(), at=world.at)
    ready = page(staff, f"campaigns/{row.pk}/")
    started(row, User.objects.get(), at=world.at)
    running = page(staff, f"campaigns/{row.pk}/")
    work_to_the_end(at=world.at)
    done = page(staff, f"campaigns/{row.pk}/")

    assert ["delay:4s" in each for each in (ready, running, done)] == [False, True, False]


def test_a_campaign_is_paused_resumed_and_stopped(staff: Client, profile: AccessProfile, world: World) -> None:
    make_customers(1)
    row = started(judged(profile, User.objects.get(), at=world.at), User.objects.get(), at=world.at)
    seen = []

    for act in ("pause", "resume", "stop"):
        post(staff, f"campaigns/{row.pk}/{act}/")
        row.refresh_from_db()
        seen.append(row.status)

    work_to_the_end(at=world.at)
    assert (seen, Access.objects.count()) == ([S.PAUSED, S.RUNNING, S.STOPPED], 0)
    assert "Stoppet før 1 ble spurt." in words(page(staff, f"campaigns/{row.pk}/"))


def test_in_production_a_word_is_typed(staff: Client, profile: AccessProfile, world: World, settings: Any) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "TEST", "PRODUCTION")
    make_customers(1)
    row = judged(profile, User.objects.get(), at=world.at)
    Campaign.objects.update(environment="PRODUCTION")
    address = f"/production/campaigns/{row.pk}/start/"
    shown = staff.get(address).context["question"].shown

    refused = staff.post(address, {"shown": shown})
    accepted = staff.post(address, {"shown": shown, "typed": "PRODUKSJON"})

    assert (refused.status_code, accepted.status_code) == (422, 302)
    assert Campaign.objects.get().status == S.RUNNING


def test_customers_of_the_list_become_a_campaign(staff: Client, profile: AccessProfile, portfolio: Portfolio) -> None:
    rows = make_customers(3)
    Customer.objects.filter(pk=rows[0].pk).update(portfolio=portfolio)

    everybody = staff.post(f"/sandbox/customers/?portfolio={portfolio.pk}", {"act": "campaign", "all": "1"})
    ticked = staff.post("/sandbox/customers/", {"act": "campaign", "pick": [rows[1].pk, rows[2].pk]})

    assert staff.get(everybody["Location"]).context["total"] == 1
    assert staff.get(ticked["Location"]).context["total"] == 2
    assert "/campaigns/new/" in everybody["Location"]


def test_the_campaign_has_the_customers_that_the_list_shows(
    staff: Client, profile: AccessProfile, portfolio: Portfolio, world: World
) -> None:
    rows = make_customers(6)
    pks = [row.pk for row in rows]
    Customer.objects.filter(pk__in=pks[:2]).update(assignee=User.objects.get())
    Customer.objects.filter(pk__in=pks[:1]).update(portfolio=portfolio)
    Customer.objects.filter(pk=pks[5]).update(business_register={"is_bankrupt": True})
    ending.end_relation(customer=rows[4], by="user:x", at=world.at)
    filters = (
        "",
        "assignee=me",
        f"assignee=me&portfolio={portfolio.pk}",
        "group=register",
        "group=ended",
        f"q={rows[1].orgnr}",
    )

    numbers = [
        (
            len(list(staff.get(f"/sandbox/customers/?{each}").context["page"])),
            staff.get(f"/sandbox/campaigns/new/?{each}").context["total"],
        )
        for each in filters
    ]

    assert numbers == [(n, n) for n in (5, 2, 1, 1, 1, 1)]


def test_more_customers_than_can_be_asked_at_once_become_a_campaign(
    staff: Client, profile: AccessProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MOST", 2)
    make_customers(3)

    reply: Any = staff.post("/sandbox/customers/?group=none", {"act": "ask", "all": "1"}, follow=True)

    assert reply.redirect_chain[-1][0].startswith("/sandbox/campaigns/new/?group=none")
    assert reply.context["total"] == 3
    assert "De du valgte, er tatt med." in reply.content.decode()


def test_a_pasted_list_without_numbers_is_explained(staff: Client, profile: AccessProfile) -> None:
    body = form(profile, source="LIST", text="Navn;By\nBakeriet;Oslo")

    assert "Ingen kolonne har organisasjonsnumre." in post(staff, "campaigns/new/", body, status=422)


def test_a_change_is_shown_before_and_after(
    staff: Client, approved: Access, world: World, profile: AccessProfile
) -> None:
    Customer.objects.update(contact_email="post@nordlys.example")
    AccessProfile.objects.update(rights=[*approved.rights, "ske-noe-nytt"])

    post(staff, "campaigns/new/", form(profile, purpose="CHANGE"))
    work_to_the_end(at=world.at)
    shown = words(page(staff, f"campaigns/{Campaign.objects.get().pk}/"))

    assert "Før og etter" in shown
    assert "ske-noe-nytt" in shown


def test_another_case_worker_does_not_see_it(
    profile: AccessProfile, case_worker: User, world: World, now: None
) -> None:
    make_customers(1, portfolio=case_worker.portfolios.get())
    row = judged(profile, case_worker, at=world.at)
    other = make_user(Role.CASE_WORKER, "o@vendor.example", name="O")
    client = Client()
    client.force_login(other)

    replies = [client.get(f"/sandbox/campaigns/{row.pk}/{part}") for part in ("", "start/", "stop/", "discard/")]

    assert [reply.status_code for reply in replies] == [404] * 4
    assert row.name not in client.get("/sandbox/campaigns/").content.decode()


def test_a_reader_looks_and_has_no_buttons(
    profile: AccessProfile, administrator: User, world: World, now: None
) -> None:
    make_customers(1)
    row = judged(profile, administrator, at=world.at)
    client = Client()
    client.force_login(make_user(Role.READER))

    shown = client.get(f"/sandbox/campaigns/{row.pk}/").content.decode()

    assert reverse("campaign-start", kwargs={"environment": "sandbox", "pk": row.pk}) not in shown
    assert client.post(f"/sandbox/campaigns/{row.pk}/pause/").status_code == 403


def test_the_funnel_has_every_profile_and_portfolio(sent: Access, staff: Client) -> None:
    shown = words(page(staff, "campaigns/funnel/"))

    assert sent.profile.name in shown
    assert "Vest" in shown
    assert "Etter kampanje" in shown


def test_a_campaign_that_has_begun_is_not_deleted(staff: Client, profile: AccessProfile, world: World) -> None:
    make_customers(1)
    first, second = (judged(profile, User.objects.get(), at=world.at, name=name) for name in ("a", "b"))
    started(second, User.objects.get(), at=world.at)

    for row in (first, second):
        post(staff, f"campaigns/{row.pk}/discard/")

    assert list(Campaign.objects.all()) == [second]
    assert ordering.number_of(second) == 1


def test_the_overview_tells_of_a_campaign(staff: Client, profile: AccessProfile, world: World) -> None:
    make_customers(1)
    row = judged(profile, User.objects.get(), at=world.at)
    ready = page(staff, "")
    started(row, User.objects.get(), at=world.at)
    running = page(staff, "")
    work_to_the_end(at=world.at)
    done = page(staff, "")

    assert "Kampanje venter på at du ser over" in ready
    assert "Kampanje pågår" in running
    assert "Kampanje er ferdig" in done


def test_a_campaign_says_which_mails_went_and_when_the_next_ones_go(
    staff: Client, profile: AccessProfile, world: World
) -> None:
    make_customers(2)
    post(staff, "campaigns/new/", form(profile))
    work_to_the_end(at=world.at)
    row = Campaign.objects.get()
    confirm(staff, row)
    work_to_the_end(at=world.at)
    invitations = Invitation.objects.filter(access__campaign_rows__campaign=row)
    night = datetime(2027, 1, 9, 3, 30, tzinfo=UTC)
    invitations.update(began_at=None, next_attempt_at=night)

    row.refresh_from_db()
    lines = reminders.lines(row, plan=mail_plan(), at=night)
    shown = words(page(staff, f"campaigns/{row.pk}/"))
    access = Access.objects.get(pk=invitations.first().access_id)  # type: ignore[union-attr]
    access.status, access.sent_at = Access.Status.SENT, world.at
    step = next_step(access, at=world.at, working=True)

    assert [line.label for line in lines] == ["Invitasjon", "1. påminnelse", "2. påminnelse", "3. påminnelse"]
    assert (lines[0].waiting, lines[1].waiting) == (2, 0)
    assert lines[0].next_at == datetime(2027, 1, 11, 6, 0, tzinfo=UTC)
    assert "E-post og påminnelser" in shown
    assert "2 venter, den første sendes" in shown
    assert "Ingenting sendes mellom kl. 18.00 og 07.00." in shown
    assert step.text.startswith("E-posten til kunden sendes 9. januar 2027")


def test_an_import_that_is_not_ones_own_chooses_nobody_and_says_so(staff: Client, profile: AccessProfile) -> None:
    make_customers(3)

    shown = words(page(staff, "campaigns/new/?import=999"))
    refused = staff.post("/sandbox/campaigns/new/?import=999", form(profile, source="IMPORT"))

    assert "Ingen kunder er valgt." in shown
    assert re.search(r'value="IMPORT"[^>]*checked', shown)
    assert refused.status_code == 422
    assert not Campaign.objects.exists()


def test_the_customers_of_the_list_are_said_to_be_all_where_nothing_filters(
    staff: Client, profile: AccessProfile
) -> None:
    make_customers(3)

    assert "3 kunder, alle kundene dine." in words(page(staff, "campaigns/new/"))
    assert "med filteret du kom med." in words(page(staff, "campaigns/new/?q=Kunde"))


def test_a_campaign_says_which_of_its_customers_no_deadline_counts_and_leads_to_what_they_shall_deliver(
    staff: Client, profile: AccessProfile, world: World, administrator: User
) -> None:
    service = "innrapportering-boligsameie"
    asked, left = make_customers(2), Customer.objects.create(environment="SANDBOX", orgnr="313999997", name="En annen")
    listed = "\n".join(one.orgnr for one in asked)
    row = judged(profile, administrator, listed=listed)
    before = page(staff, f"campaigns/{row.pk}/")
    started(row, administrator)
    work_to_the_end(at=world.at)

    told = words(page(staff, f"campaigns/{row.pk}/"))
    chosen = page(staff, f"due/expected/{service}/?from=named&campaign={row.pk}")
    given = {"campaign": row.pk, "who": "named", "is_expected": "yes"}
    question = staff.get(f"/sandbox/due/expected/{service}/confirm/", given)
    staff.post(f"/sandbox/due/expected/{service}/confirm/?{urlencode(given)}", {"confirm": "yes"})

    assert "vises ikke under Frister" not in before
    assert "2 kunder vises ikke under Frister." in told
    assert f'href="/sandbox/due/expected/?campaign={row.pk}"' in told
    assert "Kundene i kampanjen «Runde 1»" in chosen
    assert "fra 2 kunder?" in question.text
    expected = Customer.objects.filter(expectations__is_expected=True, expectations__service=service)
    assert {one.pk for one in expected} == {one.pk for one in asked}
    assert left not in expected
    assert "vises ikke under Frister" not in page(staff, f"campaigns/{row.pk}/")


def test_a_case_worker_hears_of_no_customers_of_a_campaign_who_are_not_theirs(
    client: Client, profile: AccessProfile, administrator: User, case_worker: User, portfolio: Portfolio
) -> None:
    make_customers(1, portfolio=portfolio)
    Customer.objects.create(environment="SANDBOX", orgnr="313999997", name="En annen", contact_email="a@b.example")
    row = judged(profile, administrator)
    started(row, administrator)
    work_to_the_end()
    Campaign.objects.update(owner=case_worker)
    client.force_login(case_worker)

    told = words(client.get(f"/sandbox/campaigns/{row.pk}/").content.decode())

    assert "1 kunde vises ikke under Frister." in told
