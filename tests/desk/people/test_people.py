"""The page of people: what is given is looked over first, and who leaves hands over everything in one step."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Charge, Customer, Grant, LogIn, Portfolio, Role, Substitution, User
from accounts.services.staff import Rights, rights_of
from portal.core.audit import AuditEvent, target_of
from portal.core.outbox.message import OutboxMessage
from portal.desk.people import leaving
from submissions.models import Dialog, Heap
from tests.core.leased_rows import make_due_rows
from tests.fixtures import give, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"
URL = "/sandbox/people/"


@pytest.fixture
def page(client: Client, vendor: Any, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def mails() -> list[tuple[str, str]]:
    """Address and text."""
    return [(row.address, row.payload["text"]) for row in OutboxMessage.objects.order_by("pk")]


def form_of(rights: Rights, **changed: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for place in ("SANDBOX", "TEST"):
        values[f"role_{place.lower()}"] = rights.roles.get(place, "")
        values[f"sight_{place.lower()}"] = "all" if place in rights.sees_all else "own"
    values |= {"portfolios": sorted(rights.portfolios), "charges": sorted(rights.charges)}
    return {**values, **changed}


def hidden(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text):
        found.setdefault(name, []).append(value)
    return found


class TestTheList:
    def test_shows_each_with_roles_portfolios_and_state(
        self,
        page: Client,
        case_worker: User,
        reader: User,
        customer: Customer,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        give(reader, Rights({"TEST": Role.READER}))
        User.objects.filter(pk=reader.pk).update(invited_at=timezone.now())

        page.get(URL)
        with django_assert_max_num_queries(12):
            reply = page.get(URL)

        rows = {row.user: row for row in reply.context["rows"]}
        assert (rows[case_worker].roles, rows[case_worker].portfolios) == (["Saksbehandler"] * 2, "Vest")
        assert rows[case_worker].sees == "1 kunde"
        assert (rows[reader].roles, rows[reader].state) == (["", "Lesetilgang"], "invited")
        assert [chip.count for chip in reply.context["chips"]] == [3, 2, 1, 1, 0]

    def test_is_not_for_those_who_do_not_keep_people(self, client: Client, vendor: Any, administrator: User) -> None:
        give(administrator, Rights.everywhere(Role.ADMINISTRATOR))
        client.force_login(administrator)

        assert client.get(URL).status_code == 403

    def test_is_for_somebody_with_no_role_at_all(self, client: Client, vendor: Any) -> None:
        user = make_user()
        give(user, Rights(charges=frozenset({Charge.PEOPLE})))
        client.force_login(user)

        assert client.get(URL).status_code == 200
        assert f'href="{URL}"' in client.get("/").text


class TestRights:
    def test_a_change_is_shown_and_stored_when_confirmed(
        self, page: Client, reader: User, portfolio: Portfolio
    ) -> None:
        url = f"{URL}{reader.pk}/rights/"
        wanted = form_of(
            rights_of(reader), role_sandbox=Role.CASE_WORKER, sight_sandbox="own", portfolios=[portfolio.pk]
        )

        shown = page.post(url, wanted)

        assert rights_of(reader).roles["SANDBOX"] == Role.READER
        assert ("Rolle i Sandkasse".lower() in shown.text.lower(), "Saksbehandler" in shown.text) == (True, True)
        reply = page.post(url, hidden(shown.text))
        assert reply.status_code == 302
        after = rights_of(reader)
        assert (after.roles["SANDBOX"], after.portfolios) == (Role.CASE_WORKER, frozenset({portfolio.pk}))
        assert after.roles["PRODUCTION"] == Role.READER  # an environment that is off here is left alone
        [(address, text)] = mails()
        assert (address, "Lesetilgang → Saksbehandler" in text) == (reader.email, True)

    def test_what_somebody_changed_meanwhile_is_not_overwritten(self, page: Client, reader: User) -> None:
        url = f"{URL}{reader.pk}/rights/"
        shown = page.post(url, form_of(rights_of(reader), role_sandbox=""))
        give(reader, Rights({"TEST": Role.DEVELOPER}))

        reply = page.post(url, hidden(shown.text))

        assert (reply.status_code, "Noen endret det samme imens" in reply.text) == (200, True)
        assert rights_of(reader).roles == {"TEST": Role.DEVELOPER}

    def test_the_last_who_keeps_people_stays(self, page: Client, administrator: User) -> None:
        url = f"{URL}{administrator.pk}/rights/"
        shown = page.post(url, form_of(rights_of(administrator), charges=[]))

        reply = page.post(url, hidden(shown.text), follow=True)

        assert "Minst én må kunne styre folk og roller" in reply.text
        assert User.objects.get(pk=administrator.pk).keeps_people

    @pytest.mark.parametrize("wrong", [{"role_sandbox": "KING"}, {"portfolios": ["77"]}, {"charges": ["ALL"]}])
    def test_what_does_not_exist_is_refused_at_the_field(
        self, page: Client, reader: User, wrong: dict[str, Any]
    ) -> None:
        reply = page.post(f"{URL}{reader.pk}/rights/", form_of(rights_of(reader), **wrong))

        assert (reply.status_code, list(reply.context["form"].errors)) == (422, list(wrong))


class TestInvitations:
    FORM = {
        "email": "per@vendor.example",
        "name": "Per Holm",
        "language": "nb",
        "role_test": Role.READER,
        "sight_test": "own",
    }

    def test_from_the_form_to_the_first_log_in(self, page: Client) -> None:
        page.post(f"{URL}invite/", self.FORM)
        [(address, text)] = mails()
        [link] = re.findall(r"https?://[^/\s]+(/invitation/\S+)", text)
        visitor = Client()

        opened = visitor.get(link)
        refused = visitor.post(link, {"name": "Per Holm", "password1": "perholm12345", "password2": "perholm12345"})
        taken = visitor.post(link, {"name": "Per Holm", "password1": PASSWORD, "password2": PASSWORD})

        assert (address, opened.status_code, opened["Referrer-Policy"]) == ("per@vendor.example", 200, "no-referrer")
        assert (refused.status_code, taken.status_code) == (422, 302)
        assert visitor.get(link).status_code == 410
        visitor.post("/accounts/login/", {"login": address, "password": PASSWORD})
        assert visitor.get("/")["Location"] == "/test/"
        assert visitor.get("/sandbox/").status_code == 403

    def test_an_address_that_is_taken_is_told_at_the_field(self, page: Client, reader: User) -> None:
        reply = page.post(f"{URL}invite/", {**self.FORM, "email": reader.email.upper()})

        assert (reply.status_code, "har eller har hatt adressen" in reply.text) == (422, True)
        assert not OutboxMessage.objects.exists()

    def test_it_is_sent_again_and_withdrawn(self, page: Client) -> None:
        page.post(f"{URL}invite/", self.FORM)
        user = User.objects.get(email="per@vendor.example")

        page.post(f"{URL}{user.pk}/invite-again/")
        links = [re.findall(r"https?://[^/\s]+(/invitation/\S+)", text)[0] for _address, text in mails()]
        statuses = [Client().get(link).status_code for link in links]
        page.post(f"{URL}{user.pk}/invite-withdrawn/")

        assert statuses == [410, 200]
        assert Client().get(links[1]).status_code == 410
        assert not User.objects.get(pk=user.pk).is_active


def test_a_link_to_a_new_password_goes_to_the_person_and_nobody_else(
    page: Client, reader: User, administrator: User
) -> None:
    reply = page.post(f"{URL}{reader.pk}/reset/", follow=True)

    [(address, text)] = mails()
    [link] = re.findall(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", text)
    assert (address, link in reply.text) == (reader.email, False)
    form = Client().get(link, follow=True)
    assert 'name="password1"' in form.text
    event = AuditEvent.objects.get()
    assert (event.what, event.by, event.target) == ("reset-asked", administrator.actor, target_of(reader))


class TestSubstitutes:
    def test_both_are_told_and_it_can_be_ended(self, page: Client, case_worker: User) -> None:
        colleague = make_user(Role.CASE_WORKER, "kollega@vendor.example")
        today = timezone.localdate()
        form = {"substitute": colleague.pk, "begins": today, "ends": today + timedelta(days=5)}

        page.post(f"{URL}{case_worker.pk}/substitute/", form)

        assert {address for address, _text in mails()} == {colleague.email, case_worker.email}
        assert [name for _pk, name in User.objects.get(pk=colleague.pk).named_portfolios] == ["Vest"]
        row = Substitution.objects.get()
        twice = page.post(f"{URL}{case_worker.pk}/substitute/", form)
        assert (twice.status_code, "har en vikar noen av disse dagene" in twice.text) == (422, True)
        page.post(f"{URL}{case_worker.pk}/substitute/{row.pk}/end/")
        assert User.objects.get(pk=colleague.pk).named_portfolios == []

    def test_days_that_are_over_or_the_wrong_way_are_refused(
        self, page: Client, case_worker: User, reader: User
    ) -> None:
        today = timezone.localdate()
        for first, last in ((-5, -1), (3, 2)):
            form = {"substitute": reader.pk, "begins": today + timedelta(first), "ends": today + timedelta(last)}
            reply = page.post(f"{URL}{case_worker.pk}/substitute/", form)
            assert (reply.status_code, list(reply.context["form"].errors)) == (422, ["ends"])


class TestLeaving:
    @pytest.fixture
    def heir(self) -> User:
        return make_user(Role.CASE_WORKER, "arving@vendor.example")

    def test_everything_goes_to_one_colleague_and_the_sessions_end(
        self, page: Client, case_worker: User, heir: User, customer: Customer, administrator: User
    ) -> None:
        [dialog] = make_due_rows(Dialog, at=timezone.now())
        Customer.objects.filter(pk=dialog.customer_id).update(portfolio=customer.portfolio)
        Dialog.objects.update(assignee=case_worker)
        Customer.objects.filter(pk=customer.pk).update(assignee=case_worker)
        heap = Heap.objects.create(
            environment="SANDBOX", owner=case_worker, created_at=timezone.now(), touched_at=timezone.now()
        )
        theirs = Client()
        theirs.post("/accounts/login/", {"login": case_worker.email, "password": PASSWORD})
        assert theirs.get("/sandbox/").status_code == 200

        asked = page.get(f"{URL}{case_worker.pk}/leave/")
        reply = page.post(f"{URL}{case_worker.pk}/leave/", {"confirmed": "yes", "heir": heir.pk})

        assert ("Vest" in asked.text, reply.status_code) == (True, 302)
        assert [name for _pk, name in User.objects.get(pk=heir.pk).named_portfolios] == ["Vest"]
        for row in (customer, dialog):
            row.refresh_from_db()
            assert row.assignee == heir
        heap.refresh_from_db()
        assert heap.owner == heir
        gone = User.objects.get(pk=case_worker.pk)
        assert (gone.is_active, gone.left_at is not None, rights_of(gone)) == (False, True, Rights())
        assert theirs.get("/sandbox/")["Location"].startswith("/accounts/login/")
        assert not LogIn.objects.filter(user=gone).exists()
        assert AuditEvent.objects.filter(by=administrator.actor, target=target_of(heap)).exists()

    def test_without_anybody_what_was_assigned_is_nobodys(
        self, page: Client, case_worker: User, customer: Customer
    ) -> None:
        Customer.objects.filter(pk=customer.pk).update(assignee=case_worker)

        page.post(f"{URL}{case_worker.pk}/leave/", {"confirmed": "yes", "heir": ""})

        customer.refresh_from_db()
        assert customer.assignee is None
        assert not User.objects.get(pk=case_worker.pk).is_active

    def test_the_last_who_keeps_people_cannot_leave(self, page: Client, administrator: User, heir: User) -> None:
        reply = page.post(f"{URL}{administrator.pk}/leave/", {"confirmed": "yes", "heir": heir.pk})

        assert (reply.status_code, "Minst én må kunne styre" in reply.text) == (422, True)
        assert User.objects.get(pk=administrator.pk).is_active

    def test_who_comes_back_has_nothing(self, page: Client, case_worker: User) -> None:
        page.post(f"{URL}{case_worker.pk}/leave/", {"confirmed": "yes", "heir": ""})

        page.post(f"{URL}{case_worker.pk}/come-back/")

        back = User.objects.get(pk=case_worker.pk)
        assert (back.is_active, back.left_at, rights_of(back)) == (True, None, Rights())

    def test_nothing_is_half_done_when_it_stops(
        self, page: Client, case_worker: User, heir: User, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(leaving, "save_user", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            leaving.leave(user=case_worker, heir=heir, by="user:x", at=timezone.now())

        assert User.objects.get(pk=case_worker.pk).named_portfolios
        assert User.objects.get(pk=heir.pk).named_portfolios == []
        assert Grant.objects.filter(user=case_worker).exists()


class TestProfile:
    URL = "/sandbox/account/profile/"

    @pytest.fixture
    def own(self, vendor: Any, reader: User) -> Client:
        client = Client()
        client.post(
            "/accounts/login/", {"login": reader.email, "password": PASSWORD}, headers={"User-Agent": "Firefox"}
        )
        return client

    def test_name_and_language(self, own: Client, reader: User) -> None:
        own.post(self.URL, {"name": "Ny Navnesen", "language": "nn"})

        reader.refresh_from_db()
        assert (reader.name, reader.language) == ("Ny Navnesen", "nn")

    def test_a_new_password_ends_the_others_and_is_told(self, own: Client, reader: User) -> None:
        other = Client()
        other.post("/accounts/login/", {"login": reader.email, "password": PASSWORD})
        form = {"old_password": PASSWORD, "password1": "another long password", "password2": "another long password"}

        wrong = own.post(f"{self.URL}password/", {**form, "old_password": "wrong"})
        done = own.post(f"{self.URL}password/", form)

        assert (wrong.status_code, "Passordet er feil." in wrong.text, done.status_code) == (422, True, 302)
        assert own.get(self.URL).status_code == 200
        assert other.get(self.URL).status_code == 302
        assert [address for address, _text in mails()] == [reader.email]
        assert LogIn.objects.count() == 1
        event = AuditEvent.objects.get(what="edited")
        assert "password" in event.detail["changes"]
        assert "another" not in str(event.detail)

    @pytest.mark.parametrize("password", ["reader@vendor", "password1234", "short"])
    def test_a_bad_one_is_refused_at_the_field(self, own: Client, password: str) -> None:
        form = {"old_password": PASSWORD, "password1": password, "password2": password}

        reply = own.post(f"{self.URL}password/", form)

        assert (reply.status_code, list(reply.context["password"].errors)) == (422, ["password1"])

    def test_sessions_are_listed_and_ended(self, own: Client, reader: User, administrator: User) -> None:
        other, strangers = Client(), Client()
        other.post("/accounts/login/", {"login": reader.email, "password": PASSWORD})
        strangers.post("/accounts/login/", {"login": administrator.email, "password": PASSWORD})
        listed = own.get(self.URL)
        foreign = LogIn.objects.get(user=administrator)

        own.post(f"{self.URL}log-ins/{foreign.pk}/end/")
        own.post(f"{self.URL}log-ins/end/")

        assert ("Firefox" in listed.text, len(listed.context["log_ins"])) == (True, 2)
        assert other.get("/sandbox/").status_code == 302
        assert own.get("/sandbox/").status_code == 200
        assert strangers.get("/sandbox/").status_code == 200

    def test_is_there_also_for_somebody_without_a_role(self, client: Client, vendor: Any) -> None:
        client.force_login(make_user())

        assert client.get(self.URL).status_code == 200
