"""The administrator's page of mails to customers: the plan, the texts, the sender's domain."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from datetime import time
from typing import Any

import dns.message
import dns.rrset
import pytest
from django.test import Client

from accounts.models import User
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.quiet_hours import NORWAY
from systemusers.models import Access, MailDomainCheck, MailPlan, MailTemplate
from systemusers.services import invitations
from systemusers.services.invitations.settings import mail_plan, save_plan
from tests.core.outbox.smtp import MailServer
from tests.systemusers.invitations.rig import body, parsed, plan_of, work
from tests.systemusers.staff import page, post
from tests.systemusers.world import BY, World

PLAN = {
    "reminder_days": "2, 5", "most_mails": "3", "quiet_from": "20:00", "quiet_to": "06:30", "skips_weekends": "on",
    "dkim_selectors": "s1 s2",
}  # fmt: skip
TEXT = {"subject": "Hei {customer}", "body": "Hei!\n\n{link}"}
HERE = "settings/mail/invitation/nb/"


def test_the_plan_is_saved(staff: Client) -> None:
    post(staff, "settings/mail/", PLAN)

    plan = mail_plan()
    assert (plan.reminder_days, plan.most_mails, f"{plan.quiet_to:%H:%M}") == ([2, 5], 3, "06:30")
    assert (plan.skips_weekends, plan.skips_holidays, plan.dkim_selectors) == (True, False, "s1, s2")


@pytest.mark.usefixtures("reachable")
def test_first_mails_that_wait_are_given_a_time_by_the_new_plan(staff: Client, sent: Access, world: World) -> None:
    night = world.at.astimezone(NORWAY).replace(hour=22)
    invitations.order(accesses=[sent.pk], by=BY, at=night)
    waits = plan_of(sent).next_attempt_at

    save_plan(plan=MailPlan(pk=1, quiet_from=time(0), quiet_to=time(0)), seen=None, by=BY, at=night)

    assert waits is not None
    assert waits > night
    assert plan_of(sent).next_attempt_at == night


@pytest.mark.parametrize(
    "fault", [{"reminder_days": "0"}, {"reminder_days": "x"}, {"most_mails": "11"}, {"dkim_selectors": "a b;c/../d"}]
)
def test_a_plan_with_a_fault_is_not_saved(staff: Client, fault: dict[str, str]) -> None:
    post(staff, "settings/mail/", PLAN | fault, status=422)

    assert not MailPlan.objects.exists()


@pytest.mark.parametrize("role", ["case_worker", "reader"])
@pytest.mark.parametrize("path", ["settings/mail/", HERE, f"{HERE}preview/"])
def test_it_is_for_administrators(client: Client, role: str, path: str, request: pytest.FixtureRequest) -> None:
    client.force_login(request.getfixturevalue(role))

    assert client.get(f"/sandbox/{path}").status_code == 403


def test_a_text_is_saved_and_taken_back(staff: Client) -> None:
    saved = post(staff, HERE, TEXT)
    mine = MailTemplate.objects.get()
    dropped = post(staff, HERE, {**TEXT, "usual": "1"})

    assert "Hei {customer}" in saved
    assert (mine.kind, mine.language, mine.body) == ("INVITATION", "nb", "Hei!\n\n{link}")
    assert ("{vendor} ber om tilgang" in dropped, MailTemplate.objects.count()) == (True, 0)


def test_a_text_with_a_fault_is_shown_at_its_field(staff: Client) -> None:
    shown = post(staff, HERE, TEXT | {"body": "{orgnr}"}, status=422)

    assert "{orgnr} er ikke et felt." in shown
    assert not MailTemplate.objects.exists()


def test_a_test_goes_to_oneself(staff: Client, administrator: User, smtp: MailServer, world: World) -> None:
    shown = post(staff, HERE, {**TEXT, "test": "1"})
    work(world.at)

    assert f"Prøven er sendt til {administrator.email}." in shown
    assert smtp.receivers == [administrator.email]
    assert "Eksempel AS" in str(parsed(smtp)[0]["Subject"])
    assert "/l/eksempel/" in body(parsed(smtp)[0])
    assert not MailTemplate.objects.exists()


def test_the_preview_shows_what_is_in_the_form(staff: Client) -> None:
    stored = page(staff, f"{HERE}preview/")
    reply = staff.post(f"/sandbox/{HERE}preview/", TEXT | {"body": "Noe <b>annet</b>\n\n{link}"})

    assert "ber om tilgang til å rapportere" in stored
    assert "Noe &lt;b&gt;annet&lt;/b&gt;" in reply.content.decode()
    assert "sandbox" in reply["Content-Security-Policy"]
    assert reply["X-Frame-Options"] == "SAMEORIGIN"
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    "path", ["settings/mail/INVITATION/nb/", "settings/mail/other/nb/", "settings/mail/reminder/de/"]
)
def test_other_kinds_and_languages_do_not_exist(staff: Client, path: str) -> None:
    assert staff.get(f"/sandbox/{path}").status_code == 404


class _Dns(socketserver.BaseRequestHandler):
    """Answers TXT questions from `records`; None in them is no answer at all."""

    records: dict[str, list[str] | None] = {}

    def handle(self) -> None:
        data, sender = self.request
        question = dns.message.from_wire(data)
        name = question.question[0].name.to_text().rstrip(".")
        texts = self.records.get(name, [])
        if texts is None:
            return
        answer = dns.message.make_response(question)
        if texts:
            quoted = [" ".join(f'"{part}"' for part in text.split("|")) for text in texts]
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *quoted))
        sender.sendto(answer.to_wire(), self.client_address)


@pytest.fixture
def zone(settings: Any) -> Iterator[dict[str, list[str] | None]]:
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Dns) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        settings.DNS_SERVER = f"127.0.0.1:{server.server_address[1]}"
        settings.DEFAULT_FROM_EMAIL = "Fjordtall <portal@mail.fjordtall.example>"
        _Dns.records = {}
        yield _Dns.records
        server.shutdown()
        thread.join()


def codes() -> dict[str, str]:
    return {name: verdict["code"] for name, verdict in MailDomainCheck.objects.get().verdicts.items()}


def test_a_domain_without_records_is_told_what_to_do(staff: Client, zone: dict[str, Any]) -> None:
    shown = post(staff, "settings/mail/domain/")

    assert codes() == {"SPF": "SPF_MISSING", "DMARC": "DMARC_MISSING", "DKIM": "DKIM_UNKNOWN"}
    assert "legge inn en TXT-oppføring som begynner med v=spf1" in shown


def test_a_domain_in_order_is_shown_so(staff: Client, zone: dict[str, Any]) -> None:
    MailPlan.objects.create(pk=1, dkim_selectors="s1")
    zone |= {
        "mail.fjordtall.example": ["some other text", "v=spf1 include:_spf.host.example| -all"],
        "_dmarc.fjordtall.example": ["v=DMARC1; p=reject; rua=mailto:d@fjordtall.example"],
        "s1._domainkey.mail.fjordtall.example": ["v=DKIM1; k=rsa; p=MIGfMA0GCSq|GSIb3DQEB"],
    }

    shown = post(staff, "settings/mail/domain/")

    assert codes() == {"SPF": "SPF_OK", "DMARC": "DMARC_OK", "DKIM s1": "DKIM_OK"}
    assert "v=spf1 include:_spf.host.example -all" in shown


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ({"mail.fjordtall.example": ["v=spf1 +all"]}, "SPF_OPEN"),
        ({"mail.fjordtall.example": ["v=spf1 -all", "v=spf1 mx -all"]}, "SPF_MANY"),
        ({"mail.fjordtall.example": ["v=spf10 -all"]}, "SPF_MISSING"),
        ({"_dmarc.mail.fjordtall.example": ["v=DMARC1; p=none"]}, "DMARC_NONE"),
        ({"_dmarc.mail.fjordtall.example": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "DMARC_MANY"),
        ({"s1._domainkey.mail.fjordtall.example": ["v=DKIM1; p="]}, "DKIM_REVOKED"),
        ({"_dmarc.example": ["v=DMARC1; p=reject"]}, "DMARC_MISSING"),
    ],
)
def test_each_fault_has_its_verdict(staff: Client, zone: dict[str, Any], records: Any, expected: str) -> None:
    MailPlan.objects.create(pk=1, dkim_selectors="s1")
    zone |= records

    post(staff, "settings/mail/domain/")

    assert expected in codes().values()


def test_a_name_server_that_is_away_changes_nothing(
    staff: Client, zone: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.gateways.mail_domain.LIFETIME", 0.3)
    zone["mail.fjordtall.example"] = None

    assert "Navnetjeneren (DNS) svarer ikke nå." in post(staff, "settings/mail/domain/")
    assert not MailDomainCheck.objects.exists()


def test_a_sender_without_a_domain_has_nothing_to_check(staff: Client, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "portal@localhost"

    assert "MAIL_FROM har ikke noe domene" in post(staff, "settings/mail/domain/")
