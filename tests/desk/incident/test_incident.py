"""When something has happened: everything that is open can be ended at once, and what an account or a key touched can be seen."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, LogIn, Role, User
from portal.core.audit import AuditEvent, record
from portal.core.audit_events import AuditType
from systemusers.models import Access, SigningKey
from systemusers.services import keys
from systemusers.services.access import close_links as closing
from tests.fixtures import make_user

pytestmark = pytest.mark.django_db
HOME = "/sandbox/incident/"
PASSWORD = "a long enough password"


def log_in(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert client.session.session_key
    return client


def beside(access: Access) -> Access:
    """An access of another customer."""
    other = Customer.objects.create(environment=access.environment, orgnr="310629499", name="Vestvik Bygg AS")
    at = timezone.now()
    return Access.objects.create(
        environment=access.environment, customer=other, profile=access.profile, external_ref="2", requested_by="user:ida@vendor.example",
        status_at=at, next_attempt_at=at,
    )  # fmt: skip


def is_in(client: Client) -> bool:
    return client.get("/sandbox/").status_code == 200


class TestLogIns:
    def test_everybody_is_logged_out_but_the_person_who_does_it(
        self, vendor: Any, administrator: User, case_worker: User
    ) -> None:
        mine, theirs = log_in(administrator), [log_in(case_worker), log_in(administrator)]
        unlisted = log_in(case_worker)
        LogIn.objects.filter(session_key=unlisted.session.session_key).delete()

        reply = mine.post(f"{HOME}log-ins/end/", {"typed": ""}, follow=True)

        assert "2 økter er avsluttet." in reply.text
        assert is_in(mine)
        assert not any(is_in(client) for client in (*theirs, unlisted))
        ended = AuditEvent.objects.filter(what=AuditType.LOGGED_OUT, by=administrator.actor)
        assert ended.count() == 2

    def test_it_is_asked_first_and_a_get_ends_nothing(self, vendor: Any, administrator: User) -> None:
        mine, other = log_in(administrator), log_in(administrator)

        page = mine.get(f"{HOME}log-ins/end/")

        assert "Alle økter avsluttes med en gang" in page.text
        assert is_in(other)

    def test_it_is_for_those_in_charge_of_people(self, client: Client, vendor: Any, reader: User) -> None:
        client.force_login(reader)

        assert client.post(f"{HOME}log-ins/end/", {"typed": ""}).status_code == 403
        assert Session.objects.exists()

    def test_an_operator_ends_them_without_a_log_in(self, vendor: Any, administrator: User, case_worker: User) -> None:
        clients = [log_in(administrator), log_in(case_worker)]

        call_command("end_log_ins", "--person", case_worker.email.upper(), stdout=(one := StringIO()))
        left = [is_in(client) for client in clients]
        call_command("end_log_ins", "--all", stdout=(all_of_them := StringIO()))

        assert (one.getvalue(), left) == ("1 sessions were ended.\n", [True, False])
        assert all_of_them.getvalue() == "1 sessions were ended.\n"
        assert not any(is_in(client) for client in clients)
        assert set(AuditEvent.objects.filter(by="task:end_log_ins").values_list("what", flat=True)) == {"logged-out"}

    def test_an_unknown_address_is_an_error(self) -> None:
        with pytest.raises(CommandError, match="Nobody has this address"):
            call_command("end_log_ins", "--person", "nobody@vendor.example")


class TestLinks:
    def test_all_links_of_the_environment_are_closed_and_each_is_recorded(
        self, client: Client, vendor: Any, administrator: User, access: Access
    ) -> None:
        other = beside(access)
        client.force_login(administrator)

        reply = client.post(f"{HOME}links/close/", {"typed": ""}, follow=True)

        assert "2 lenker er stengt." in reply.text
        assert Client().get(f"/l/{access.link_token}/").status_code == 410
        events = AuditEvent.objects.filter(what=AuditType.LINK_REVOKED)
        assert {(row.target, row.by, row.customer_id_ref) for row in events} == {
            (f"systemusers.Access:{row.pk}", administrator.actor, row.customer_id) for row in (access, other)
        }

    def test_many_open_links_are_said_to_be_more_and_the_question_is_about_all_of_them(
        self, client: Client, vendor: Any, administrator: User, access: Access, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portal.desk.incident.views.MOST_LINKS", 1)
        beside(access)
        client.force_login(administrator)

        assert "Mer enn 1 lenker til kunder er åpne" in " ".join(client.get(HOME).text.split())
        assert "Alle lenkene stenges. De er flere enn 1." in client.get(f"{HOME}links/close/").text

    def test_the_question_names_the_number_of_links(
        self, client: Client, vendor: Any, administrator: User, access: Access
    ) -> None:
        beside(access)
        client.force_login(administrator)

        assert "2 lenker stenges." in client.get(f"{HOME}links/close/").text

    def test_those_of_another_environment_stay_open(self, vendor: Any, access: Access) -> None:
        assert closing.close_links(environment="TEST", by="task:close_links", at=timezone.now()) == 0
        assert closing.open_links("SANDBOX").count() == 1

    def test_what_does_not_fit_in_a_page_is_left_for_another_press(
        self, client: Client, vendor: Any, administrator: User, access: Access, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        beside(access)
        monkeypatch.setattr(closing, "PART", 1)
        monkeypatch.setattr("portal.desk.incident.views.PATIENCE", 0)
        client.force_login(administrator)

        first = client.post(f"{HOME}links/close/", {"typed": ""}, follow=True).text
        second = client.post(f"{HOME}links/close/", {"typed": ""}, follow=True).text

        assert "1 lenke er stengt." in first
        assert "1 lenker er fortsatt åpne. Steng én gang til." in first
        assert "fortsatt åpne" not in second
        assert closing.open_links("SANDBOX").count() == 0

    def test_a_link_that_was_closed_before_keeps_its_time_and_gets_no_second_event(
        self, vendor: Any, access: Access
    ) -> None:
        at = timezone.now()
        closing.close_links(environment="SANDBOX", by="task:close_links", at=at)

        assert closing.close_links(environment="SANDBOX", by="task:close_links", at=at + timedelta(hours=1)) == 0
        access.refresh_from_db()
        assert access.link_revoked_at == at
        assert AuditEvent.objects.filter(what=AuditType.LINK_REVOKED).count() == 1

    def test_an_operator_closes_them_with_a_command(self, vendor: Any, access: Access) -> None:
        call_command("close_links", "sandbox", stdout=(said := StringIO()))

        assert said.getvalue() == "1 links were closed.\n"


class TestAccount:
    @pytest.fixture
    def acts(self, vendor: Any, customer: Customer, case_worker: User) -> None:
        at = timezone.now()
        of_customer: dict[str, Any] = {"target": customer, "customer_id": customer.pk}
        record(by=case_worker.actor, at=at, what=AuditType.READ, **of_customer)
        record(by="user:earlier@vendor.example", at=at, what=AuditType.EDITED, **of_customer)
        record(by="user:other@vendor.example", at=at, what=AuditType.READ, **of_customer)
        User.objects.filter(pk=case_worker.pk).update(former_emails=["earlier@vendor.example"])

    def test_it_shows_customers_acts_and_log_ins_under_every_address(
        self, client: Client, administrator: User, case_worker: User, customer: Customer, acts: None
    ) -> None:
        log_in(case_worker)
        client.post("/accounts/login/", {"login": case_worker.email, "password": "wrong"})
        client.force_login(administrator)

        text = client.get(f"{HOME}accounts/{case_worker.pk}/").text

        table = text.split('id="customers-title"')[1].split("</table>")[0]
        assert customer.name in table
        assert [cell.split("<")[0].split(">")[-1] for cell in table.split('class="num" data-label')[1:]] == ["2", "1"]
        assert "Logget inn" in text
        assert "Innlogging mislyktes" in text

    def test_what_lies_before_the_period_is_left_out(
        self, client: Client, administrator: User, case_worker: User, acts: None
    ) -> None:
        client.force_login(administrator)

        text = client.get(f"{HOME}accounts/{case_worker.pk}/?first=2020-01-01&last=2020-01-31").text

        assert "Ingen kunder." in text

    def test_wrong_dates_get_an_error_at_the_field(
        self, client: Client, administrator: User, case_worker: User
    ) -> None:
        client.force_login(administrator)

        reply = client.get(f"{HOME}accounts/{case_worker.pk}/?first=2026-02-01&last=2026-01-01")

        assert reply.status_code == 422
        assert "Til-datoen er før fra-datoen." in reply.text

    def test_customers_of_others_are_counted_and_not_named(
        self, client: Client, vendor: Any, customer: Customer, case_worker: User, acts: None
    ) -> None:
        from accounts.services.staff import Rights
        from tests.fixtures import give

        narrow = make_user(email="narrow@vendor.example")
        give(narrow, Rights({"SANDBOX": Role.ADMINISTRATOR}, frozenset()))
        client.force_login(narrow)

        text = client.get(f"{HOME}accounts/{case_worker.pk}/").text

        assert customer.name not in text


class TestKey:
    @pytest.fixture
    def key(self, access: Access) -> SigningKey:
        client = access.profile.system.client
        found = client.keys.filter(status=SigningKey.Status.ACTIVE).first()
        return found or keys.make_key(client=client, by="user:ida@vendor.example", at=timezone.now())

    def test_it_shows_what_the_client_did_while_the_key_was_in_use(
        self, client: Client, vendor: Any, administrator: User, access: Access, key: SigningKey
    ) -> None:
        SigningKey.objects.filter(client=key.client, status=SigningKey.Status.ACTIVE).exclude(pk=key.pk).delete()
        if key.status == SigningKey.Status.NEW:
            key.move_to(SigningKey.Status.ACTIVE, by="user:ida@vendor.example", at=timezone.now() - timedelta(days=1))
        Access.objects.filter(pk=access.pk).update(sent_at=timezone.now())
        client.force_login(administrator)

        text = client.get(f"{HOME}keys/{key.pk}/").text

        assert key.kid in text
        assert access.profile.system.name_nb in text
        asked = text.split("Forespørsler sendt til Altinn")[1].split("</dd>")[0]
        assert asked.rpartition(">")[2] == "1"

    def test_a_key_that_was_never_used_touched_nothing(
        self, client: Client, vendor: Any, administrator: User, access: Access
    ) -> None:
        made = keys.make_key(client=access.profile.system.client, by="user:ida@vendor.example", at=timezone.now())
        Access.objects.filter(pk=access.pk).update(sent_at=timezone.now())
        client.force_login(administrator)

        text = client.get(f"{HOME}keys/{made.pk}/").text

        assert text.split("Forespørsler sendt til Altinn")[1].split("</dd>")[0].rpartition(">")[2] == "0"
        assert "Nøkkel laget" in text


def test_the_page_leads_to_every_act(client: Client, vendor: Any, administrator: User, access: Access) -> None:
    client.force_login(administrator)

    text = client.get(HOME).text

    assert 'href="/sandbox/incident/log-ins/end/"' in text
    assert 'href="/sandbox/incident/links/close/"' in text
    assert f'href="/sandbox/incident/accounts/{administrator.pk}/"' in text
    assert 'href="/sandbox/incident/"' in client.get("/sandbox/settings/").text


def test_the_pages_are_for_administrators(client: Client, vendor: Any, case_worker: User, reader: User) -> None:
    for user in (case_worker, reader, make_user(role=Role.DEVELOPER)):
        client.force_login(user)
        assert client.get(HOME).status_code == 403
        assert client.get(f"{HOME}accounts/{user.pk}/").status_code == 403
