"""Mails on the page of an access and on the list, the stop page, the letter, the links as a file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, User
from portal.core.audit import AuditEvent
from portal.core.formats import spelled_time
from systemusers.models import Access, Invitation
from systemusers.services import invitations
from tests.core.outbox.smtp import MailServer
from tests.systemusers.invitations.rig import days, kinds, plan_of, work
from tests.systemusers.staff import page, post
from tests.systemusers.world import BY, World, fresh

pytestmark = pytest.mark.usefixtures("reachable")


@pytest.fixture
def mailed(sent: Access, world: World, vendor: Any) -> Access:
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)
    return fresh(sent)


def test_the_page_sends_and_says_so(staff: Client, sent: Access, smtp: MailServer, world: World) -> None:
    before = page(staff, f"access/{sent.pk}/")
    shown = post(staff, f"access/{sent.pk}/mail/")
    work(world.at)
    after = page(staff, f"access/{sent.pk}/")

    assert "Kunden er ikke varslet av portalen." in before
    assert "E-posten er bestilt, og sendes nå." in shown
    assert "Kunden er varslet med e-post herfra" in after
    card = after[after.index('id="telling"') : after.index('id="link"')]
    assert ("post@nordlys.example" in card, "p…@nordlys.example" in card) == (False, True)
    assert len(smtp.mails) == 1


def test_the_page_says_why_it_cannot_send(staff: Client, sent: Access) -> None:
    Customer.objects.update(contact_email="")

    shown = page(staff, f"access/{sent.pk}/")

    assert "Kunden har ingen e-postadresse her." in shown
    assert f'action="/sandbox/access/{sent.pk}/mail/"' not in shown
    assert "Kunden har ingen e-postadresse her." in post(staff, f"access/{sent.pk}/mail/")


def test_the_page_marks_stops_and_notes_a_returned_mail(staff: Client, mailed: Access, world: World) -> None:
    post(staff, f"access/{mailed.pk}/mail/returned/")
    returned = plan_of(mailed)
    post(staff, f"access/{mailed.pk}/told/")
    told = plan_of(mailed)
    work(world.at + days(10))

    assert (returned.stopped_why, returned.told_at) == ("RETURNED", None)
    assert (told.told_how, kinds(mailed)) == ("OTHER_WAY", [("INVITATION", 1)])


@pytest.mark.parametrize("act", ["mail", "told", "mail/stop", "mail/returned", "letter", "letter/pdf"])
def test_a_reader_sees_and_does_nothing(client: Client, reader: User, mailed: Access, act: str) -> None:
    client.force_login(reader)

    assert "Varsling av kunden" in page(client, f"access/{mailed.pk}/")
    method = client.get if act == "letter" else client.post
    assert method(f"/sandbox/access/{mailed.pk}/{act}/").status_code == 403


@pytest.mark.parametrize("act", ["mail", "told", "mail/stop", "mail/returned", "letter/pdf"])
def test_a_case_worker_acts_for_own_customers_only(client: Client, case_worker: User, mailed: Access, act: str) -> None:
    client.force_login(case_worker)
    own = client.post(f"/sandbox/access/{mailed.pk}/{act}/").status_code
    case_worker.portfolios.clear()
    strange = client.post(f"/sandbox/access/{mailed.pk}/{act}/").status_code

    assert (own in (200, 302), strange) == (True, 404)


def test_the_list_tells_who_was_not_told(staff: Client, sent: Access, world: World) -> None:
    untold = page(staff, "access/?status=UNTOLD")
    invitations.mark_told(accesses=[sent.pk], by=BY, at=world.at)

    assert "Nordlys Eiendom AS" in untold
    assert "Nordlys Eiendom AS" not in page(staff, "access/?status=UNTOLD")
    assert "Varslet" in page(staff, "access/")


def test_all_on_the_list_are_mailed_after_a_question(
    staff: Client, sent: Access, smtp: MailServer, world: World
) -> None:
    asked = post(staff, "access/?status=UNTOLD", {"act": "mail", "all": "1"})
    before = Invitation.objects.count()
    shown = post(staff, "access/?status=UNTOLD", {"act": "mail", "all": "1", "number": "1"})
    work(world.at)

    assert "Lenken sendes til 1 kunde." in asked
    assert (before, "1 e-post er bestilt." in shown, len(smtp.mails)) == (0, True, 1)


def test_whoever_has_not_answered_is_reminded_from_the_list_once_a_day(
    staff: Client, sent: Access, smtp: MailServer, world: World
) -> None:
    day = {"act": "mail", "pick": [sent.pk], "number": "1"}
    post(staff, "access/", day)
    work(world.at)

    invitations.order(accesses=[sent.pk], by=BY, at=world.at + timedelta(hours=3), reminds=True)
    work(world.at + timedelta(hours=3))
    soon = len(smtp.mails)
    ordered = invitations.order(accesses=[sent.pk], by=BY, at=world.at + timedelta(days=1, hours=3), reminds=True)
    work(world.at + timedelta(days=1, hours=3))

    assert (soon, ordered.ordered, len(smtp.mails)) == (1, [sent.pk], 2)
    assert plan_of(sent).reminders == 1


def test_all_on_the_list_are_marked(staff: Client, sent: Access) -> None:
    assert "1 kunde er merket." in post(staff, "access/told/?status=UNTOLD")
    assert plan_of(sent).told_how == "OTHER_WAY"


def test_the_overview_counts_who_was_not_told(staff: Client, sent: Access) -> None:
    shown = page(staff, "")

    assert "Kunde er ikke varslet" in shown
    assert "access/?status=UNTOLD" in shown


def test_the_links_leave_as_a_file_and_it_is_recorded(staff: Client, sent: Access) -> None:
    Customer.objects.update(name="=HYPERLINK(1)")
    question = page(staff, "access/links/?status=OPEN")
    reply = staff.post("/sandbox/access/links/?status=OPEN")
    rows = list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig")), delimiter=";"))

    assert "Filen får lenken til 1 kunde." in question
    assert rows[1][1] == "'=HYPERLINK(1)"
    assert rows[1][-1] == f"http://127.0.0.1:8000/l/{sent.link_token}/"
    assert reply["Cache-Control"] == "no-store"
    [event] = AuditEvent.objects.filter(what="links-exported")
    assert event.target == f"systemusers.Access:{sent.pk}"
    assert event.detail["number"] == 1


def test_a_link_that_is_closed_or_answered_is_not_in_the_file(staff: Client, sent: Access, world: World) -> None:
    Access.objects.update(link_revoked_at=world.at)
    reply = staff.post("/sandbox/access/links/")

    assert sent.link_token not in reply.content.decode()


def test_the_letter_has_the_link_and_its_code(staff: Client, sent: Access) -> None:
    shown = page(staff, f"access/{sent.pk}/letter/")

    assert f"http://127.0.0.1:8000/l/{sent.link_token}/" in shown
    assert "<svg" in shown
    assert "<title>QR-kode med lenken</title>" in shown
    assert " style=" not in shown[shown.index("<svg") : shown.index("</svg>")]


def test_the_letter_is_in_the_language_of_the_customer(staff: Client, sent: Access) -> None:
    Customer.objects.update(language="en")

    assert "Scan the code with your phone" in page(staff, f"access/{sent.pk}/letter/")


def test_the_letter_as_pdf(staff: Client, sent: Access) -> None:
    reply = staff.post(f"/sandbox/access/{sent.pk}/letter/pdf/")

    assert reply.content.startswith(b"%PDF")
    assert sent.customer.orgnr in reply["Content-Disposition"]
    assert AuditEvent.objects.get(what="letter-made").detail == {"format": "pdf"}


def test_a_customer_stops_the_mails_without_logging_in(client: Client, mailed: Access, world: World) -> None:
    address = f"/l/{mailed.link_token}/stop/"
    asked = client.get(address)
    after_get = plan_of(mailed).muted_at
    stopped = client.post(address)
    work(world.at + days(10))

    assert "Stopp e-postene" in asked.content.decode()
    assert (after_get, stopped.status_code) == (None, 200)
    assert "Dere får ikke flere e-poster om dette" in stopped.content.decode()
    assert (plan_of(mailed).stopped_why, kinds(mailed)) == ("BY_CUSTOMER", [("INVITATION", 1)])
    assert asked["Referrer-Policy"] == "no-referrer"


def test_a_mail_program_stops_them_with_one_click(mailed: Access, now: None) -> None:
    strict = Client(enforce_csrf_checks=True)

    reply = strict.post(f"/l/{mailed.link_token}/stop/", {"List-Unsubscribe": "One-Click"})

    assert (reply.status_code, plan_of(mailed).stopped_why) == (200, "BY_CUSTOMER")


def test_who_asked_for_no_mail_is_not_mailed_again(
    client: Client, staff: Client, mailed: Access, smtp: MailServer, world: World
) -> None:
    client.post(f"/l/{mailed.link_token}/stop/")
    result = invitations.order(accesses=[mailed.pk], by=BY, at=world.at + days(1))
    shown = post(staff, f"access/{mailed.pk}/mail/")
    work(world.at + days(1))

    assert result.excluded == {"BY_CUSTOMER": [mailed.pk]}
    assert "Kunden har bedt om å slippe e-post om dette." in shown
    assert len(smtp.mails) == 1


def test_staff_who_look_at_the_stop_page_stop_nothing(staff: Client, mailed: Access) -> None:
    staff.post(f"/l/{mailed.link_token}/stop/")

    assert plan_of(mailed).muted_at is None


def test_a_stop_link_of_nobody_is_not_found(client: Client, vendor: Any) -> None:
    assert client.post("/l/unknown-token-of-nobody/stop/").status_code == 404


def test_who_orders_mails_reads_when_they_leave(staff: Client, sent: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    later = timezone.now() + timedelta(days=9)
    monkeypatch.setattr("systemusers.services.invitations.earliest", lambda at: later)
    act = {"act": "mail", "all": "1"}
    post(staff, "access/?status=UNTOLD", act)

    shown = post(staff, "access/?status=UNTOLD", {**act, "number": "1"})

    assert f"1 e-post er bestilt. Sendes tidligst {spelled_time(later)}." in shown
