"""Two-step log-in: set up and removed on one's own pages, asked for at the log-in, required by setting, reset by a colleague."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.capabilities import Role
from accounts.models import LogIn, User
from accounts.services import factors
from portal.core.audit import AuditEvent
from portal.core.env import BadSetting, Env, new_key
from portal.core.outbox.message import OutboxMessage
from tests.accounts.log_in import code_now, give_code, give_password, set_up_app
from tests.accounts.passkey import Passkey, options_on
from tests.fixtures import make_operator

HERE = {"environment": "sandbox"}


@pytest.fixture
def logged_in(reader: User) -> Client:
    client = Client(SERVER_NAME="localhost")
    give_password(client, reader)
    return client


def kinds(user: User) -> list[str]:
    return sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def subjects() -> list[str]:
    return sorted(m.key.split(":")[0] for m in OutboxMessage.objects.all())


def test_an_app_is_set_up_on_the_profile_and_asked_for_at_the_log_in(logged_in: Client, reader: User) -> None:
    secret, codes = set_up_app(logged_in)

    client = Client()
    after_password = give_password(client, reader)
    assert after_password["Location"] == reverse("mfa_authenticate")
    assert client.get("/sandbox/").status_code == 302, "the password alone opens nothing"
    wrong = give_code(client, "000000")
    right = give_code(client, code_now(secret, later=1))

    assert len(set(codes)) == 10
    assert (wrong.status_code, "Koden stemmer ikke" in wrong.text) == (200, True)
    assert right.status_code == 302
    assert client.get("/sandbox/").status_code == 200
    events = AuditEvent.objects.filter(target=f"accounts.User:{reader.pk}").order_by("pk")
    whats = list(events.values_list("what", flat=True))
    assert whats == ["logged-in", "factor-added", "factor-failed", "logged-in"]
    assert events.last().detail["factor"] == "totp"


def test_the_person_is_told_by_mail_when_something_changes(logged_in: Client, reader: User) -> None:
    set_up_app(logged_in)
    logged_in.post(reverse("recovery-codes", kwargs=HERE))
    pk = Authenticator.objects.get(type="totp").pk
    logged_in.post(reverse("factor-remove", kwargs={**HERE, "pk": pk}))

    assert subjects() == ["staff-factor"] * 3
    assert kinds(reader) == [], "the recovery codes go with the last one"


def test_secrets_are_encrypted_and_of_no_use_to_another(logged_in: Client, reader: User, administrator: User) -> None:
    secret, _codes = set_up_app(logged_in)
    other = Client()
    give_password(other, administrator)
    theirs, _ = set_up_app(other)
    mine = Authenticator.objects.get(user=reader, type="totp")
    stored = mine.data["secret"]

    Authenticator.objects.filter(pk=mine.pk).update(
        data=Authenticator.objects.get(user=administrator, type="totp").data
    )
    client = Client()
    give_password(client, reader)
    reply = give_code(client, code_now(theirs, later=1))

    assert secret not in stored
    assert factors.unseal(stored, owner=reader.pk) == secret
    assert "kan ikke lese kodeappen" in reply.text
    assert client.get("/sandbox/").status_code == 302


def test_a_new_key_reaches_the_secrets_too(logged_in: Client, reader: User, settings: Any) -> None:
    secret, codes = set_up_app(logged_in)
    old = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [new_key(), *old]

    call_command("rotate_encryption", verbosity=0)
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]

    client = Client()
    give_password(client, reader)
    assert give_code(client, codes[0]).status_code == 302
    assert factors.unseal(Authenticator.objects.get(type="totp").data["secret"], owner=reader.pk) == secret


def test_a_recovery_code_works_once_and_the_person_is_told(logged_in: Client, reader: User) -> None:
    _secret, codes = set_up_app(logged_in)
    first, second = Client(), Client()
    give_password(first, reader)
    give_password(second, reader)

    assert give_code(first, codes[3]).status_code == 302
    assert give_code(second, codes[3]).status_code == 200

    assert factors.codes_left(reader) == 9
    assert AuditEvent.objects.filter(what="recovery-code-used").count() == 1
    assert len(subjects()) == 2


def test_recovery_codes_are_shown_once(logged_in: Client) -> None:
    _secret, codes = set_up_app(logged_in)

    again = logged_in.get(reverse("recovery-codes", kwargs=HERE))

    assert not any(code in again.text for code in codes)
    assert "10 koder er ubrukt" in again.text


def test_a_passkey_is_made_and_used(logged_in: Client, reader: User) -> None:
    url, passkey = reverse("passkey-new", kwargs=HERE), Passkey()
    page = logged_in.get(url)
    made = logged_in.post(url, {"name": "Min PC", "credential": passkey.make(options_on(page.text))})

    client = Client(SERVER_NAME="localhost")
    give_password(client, reader)
    asked = client.get(reverse("mfa_authenticate"))
    done = client.post(reverse("mfa_authenticate"), {"credential": passkey.use(options_on(asked.text))})

    assert (made.status_code, done.status_code) == (302, 302)
    assert [f.name for f in factors.factors_of(reader)] == ["Min PC"]
    assert client.get("/sandbox/").status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost.evil.example"])
def test_a_passkey_for_another_site_is_refused(logged_in: Client, reader: User, origin: str) -> None:
    url = reverse("passkey-new", kwargs=HERE)
    page = logged_in.get(url)

    reply = logged_in.post(url, {"name": "x", "credential": Passkey(origin).make(options_on(page.text))})

    assert reply.status_code == 422
    assert kinds(reader) == []


@pytest.mark.parametrize("sent", ["", "{}", "[]", "null", '{"id": 1}', "no json"])
def test_nonsense_instead_of_a_passkey_gets_a_page(logged_in: Client, sent: str) -> None:
    url = reverse("passkey-new", kwargs=HERE)
    logged_in.get(url)

    assert logged_in.post(url, {"name": "x", "credential": sent}).status_code == 422


def test_a_bare_address_is_told_to_use_a_name(reader: User) -> None:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(reader)

    page = client.get(reverse("passkey-new", kwargs=HERE), SERVER_PORT="8000")

    assert "http://localhost:8000/sandbox/account/profile/factor/passkey/" in page.text


def test_other_sessions_end_with_the_first_factor(logged_in: Client, reader: User) -> None:
    elsewhere = Client()
    give_password(elsewhere, reader)

    set_up_app(logged_in)

    assert elsewhere.get("/sandbox/").status_code == 302
    assert logged_in.get("/sandbox/").status_code == 200
    assert LogIn.objects.filter(user=reader).count() == 1


def test_the_secret_of_another_cannot_be_planted(logged_in: Client, reader: User, administrator: User) -> None:
    planted = factors.seal("JBSWY3DPEHPK3PXP", owner=administrator.pk)
    url = reverse("code-app", kwargs=HERE)

    reply = logged_in.post(url, {"sealed": planted, "code": code_now("JBSWY3DPEHPK3PXP")})

    assert (reply.status_code, "Siden var for gammel" in reply.text) == (200, True)
    assert kinds(reader) == []


class TestRequired:
    @pytest.fixture(autouse=True)
    def strict(self, settings: Any) -> None:
        settings.SECOND_FACTOR_IN = ("SANDBOX",)

    def test_whoever_lacks_one_is_led_to_set_it_up_and_back(self, logged_in: Client) -> None:
        wanted = "/sandbox/customers/?q=fjord"

        first = logged_in.get(wanted)
        page = logged_in.get(first["Location"])
        posted = logged_in.post("/sandbox/views/row-height/", {"compact": "1"})
        fragment = logged_in.get("/sandbox/", headers={"HX-Request": "true"})
        set_up_app(logged_in)

        assert first["Location"] == reverse("factor-needed", kwargs=HERE)
        assert "Sett opp totrinnsinnlogging" in page.text
        assert posted["Location"] == first["Location"]
        assert fragment["HX-Redirect"] == first["Location"]
        assert logged_in.get(first["Location"])["Location"] == wanted
        assert logged_in.get(wanted).status_code == 200

    def test_where_it_is_not_required_nothing_changes(self, logged_in: Client) -> None:
        assert logged_in.get("/test/").status_code == 200

    def test_by_role(self, settings: Any, reader: User, administrator: User) -> None:
        settings.SECOND_FACTOR_IN, settings.SECOND_FACTOR_ROLES = (), ("ADMINISTRATOR",)

        needs = {user.email: factors.is_required(user, "TEST", of_charge=False) for user in (reader, administrator)}

        assert needs == {reader.email: False, administrator.email: True}

    def test_a_charge_is_as_strict_as_the_strictest_environment(self, client: Client, administrator: User) -> None:
        client.force_login(administrator)

        assert client.get("/test/people/")["Location"] == "/test/account/profile/factor/"
        assert client.get("/test/").status_code == 200

    def test_django_admin_too(self, client: Client, administrator: User) -> None:
        client.force_login(make_operator(administrator))

        closed = client.get("/admin/", follow=True)
        set_up_app(client)

        assert closed.redirect_chain[-1][0] == "/sandbox/account/profile/factor/"
        assert client.get("/admin/").status_code == 200

    def test_the_list_of_people_says_who_has_none(self, client: Client, administrator: User, reader: User) -> None:
        client.force_login(administrator)
        set_up_app(client)

        page = client.get("/sandbox/people/")

        assert page.text.count("Uten totrinnsinnlogging") == 1


def test_a_colleague_removes_it_and_the_person_is_told(
    client: Client, logged_in: Client, reader: User, administrator: User
) -> None:
    set_up_app(logged_in)
    client.force_login(administrator)
    url = reverse("person-factors-remove", kwargs={**HERE, "pk": reader.pk})

    asked, done = client.get(url), client.post(url)

    assert (asked.status_code, done.status_code) == (200, 302)
    assert kinds(reader) == []
    event = AuditEvent.objects.get(what="factors-reset")
    assert (event.by, event.detail) == (administrator.actor, {"number": 2})
    assert logged_in.get("/sandbox/").status_code == 302, "the sessions end"
    assert subjects() == ["staff-factor"] * 2
    again = Client()
    assert give_password(again, reader)["Location"] != reverse("mfa_authenticate")


def test_only_who_keeps_people_may(client: Client, reader: User, case_worker: User) -> None:
    client.force_login(case_worker)

    assert client.post(reverse("person-factors-remove", kwargs={**HERE, "pk": reader.pk})).status_code == 403


def test_nobody_removes_the_factor_of_another_on_the_profile(
    client: Client, logged_in: Client, case_worker: User, reader: User
) -> None:
    set_up_app(logged_in)
    client.force_login(case_worker)
    pk = Authenticator.objects.get(user=reader, type="totp").pk

    assert client.post(reverse("factor-remove", kwargs={**HERE, "pk": pk})).status_code == 404
    assert len(kinds(reader)) == 2


def test_the_operator_helps_the_last_administrator(logged_in: Client, reader: User, capsys: Any) -> None:
    set_up_app(logged_in)

    call_command("removefactors", reader.email.upper())

    assert kinds(reader) == []
    assert "Removed" in capsys.readouterr().out


def test_a_factor_that_is_not_stored_leaves_no_trace(reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("the process ends here")

    monkeypatch.setattr("accounts.services.factors.staff_mails.factor_added", fail)
    with pytest.raises(RuntimeError):
        factors.add_passkey(user=reader, name="x", credential={}, session_key="", at=reader.date_joined)

    assert kinds(reader) == []
    assert not AuditEvent.objects.filter(what="factor-added").exists()


def test_the_setting_names_environments_and_roles_that_exist() -> None:
    roles = tuple(Role.values)

    assert Env({"X": "NONE"}).several("X", among=roles, default=("READER",)) == ()
    assert Env({}).several("X", among=roles, default=("READER",)) == ("READER",)
    with pytest.raises(BadSetting, match="which is none of ADMINISTRATOR, CASE_WORKER"):
        Env({"X": "ADMINISTRATOR,BOSS"}).several("X", among=roles, default=())


def test_a_code_of_the_app_works_once_also_when_counters_are_lost(logged_in: Client, reader: User) -> None:
    secret, _codes = set_up_app(logged_in)
    first, second, third = Client(), Client(), Client()
    for client in (first, second, third):
        give_password(client, reader)
    code, older, later = code_now(secret), code_now(secret, later=-1), code_now(secret, later=1)

    taken = give_code(first, code)
    cache.clear()
    again, before = give_code(second, code), give_code(second, older)
    after = give_code(third, later)

    assert [reply.status_code for reply in (taken, again, before, after)] == [302, 200, 200, 302]
    assert "hver kode bare én gang" in again.text


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_while_nothing_can_be_counted_no_code_is_tried(
    logged_in: Client, reader: User, settings: Any, kind: str
) -> None:
    secret, codes = set_up_app(logged_in)
    client = Client()
    give_password(client, reader)
    code = code_now(secret) if kind == "app" else codes[0]
    url, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"

    refused = give_code(client, code)
    settings.REDIS_URL = url
    taken = give_code(client, code)

    assert (refused.status_code, taken.status_code) == (200, 302)
    assert "kan ikke ta imot koder akkurat nå" in refused.text
    assert not AuditEvent.objects.filter(what="factor-failed").exists()
