"""Log-in with an identity provider, against a real server: who is let in, who is not, and what follows from groups."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import LogIn, Portfolio, User
from accounts.services import invitations, single_sign_on
from accounts.services.single_sign_on import CHECKED, TRIED
from accounts.services.staff import Rights, rights_of
from portal.core import group_file, identity_provider
from portal.core.audit import AuditEvent
from portal.core.env import BadSetting, Env
from portal.core.environments import Environment
from portal.core.outbox.message import OutboxMessage
from tests.accounts.log_in import code_now, give_code, give_password, set_up_app
from tests.accounts.provider import (
    CLIENT,
    Provider,
    another_key,
    go_there,
    log_in_there,
    path_of,
    running,
    say_who,
    who_is_in,
)

SUB = "there-4711"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider's own libraries


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def issuer(provider: Provider, settings: Any, reader: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The reader has an account there, with the same address."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the provider of the tests has no certificate
    with running(provider) as url:
        app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
        there = {**app["settings"], "server_url": url}
        apps = [{**app, "client_id": CLIENT, "secret": "secret", "name": "Entra ID", "settings": there}]
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps}}
        settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_NAME = url, CLIENT, "Entra ID"
        say_who(url, SUB, email=reader.email, email_verified=True, groups=[])
        yield url


def refusals() -> list[str]:
    return [event.detail["why"] for event in AuditEvent.objects.filter(what="log-in-refused")]


def test_the_whole_way_with_pkce(issuer: str, provider: Provider, reader: User) -> None:
    client = Client()
    page = client.get(reverse("account_login"))

    reply = log_in_there(client, provider, SUB, next="/sandbox/customers/")

    assert "Logg inn med Entra ID" in page.text
    assert reply["Location"] == "/sandbox/customers/"
    assert who_is_in(client) == reader
    assert provider.asked[0]["code_challenge_method"] == "S256"
    assert provider.asked[0]["redirect_uri"].endswith("/accounts/oidc/callback/")
    whats = AuditEvent.objects.order_by("pk").values_list("what", flat=True)
    assert list(whats) == ["identity-connected", "logged-in"]
    account = SocialAccount.objects.get()
    assert set(account.extra_data.get("id_token", {})) <= {"sub", "email", "email_verified"}


def test_the_identity_is_known_by_its_id_afterwards(
    issuer: str, provider: Provider, reader: User, administrator: User
) -> None:
    log_in_there(Client(), provider, SUB)
    say_who(issuer, SUB, email=administrator.email, email_verified=True)
    client = Client()

    log_in_there(client, provider, SUB)

    assert who_is_in(client) == reader


def test_a_code_without_its_verifier_is_of_no_use(issuer: str, provider: Provider) -> None:
    client, other = Client(), Client()
    mine = client.post(reverse("oidc-begin"))["Location"]
    stolen = go_there(client, provider, mine, SUB)
    state = parse_qs(urlsplit(other.post(reverse("oidc-begin"))["Location"]).query)["state"][0]
    code = parse_qs(urlsplit(stolen).query)["code"][0]

    reply = other.get(reverse("oidc-callback"), {"code": code, "state": state})

    assert (reply.status_code, who_is_in(other)) == (403, None)
    assert refusals() == ["FAILED"]


@pytest.mark.parametrize("state", ["made-up", ""])
def test_a_bad_state_lets_nobody_in(issuer: str, provider: Provider, state: str) -> None:
    client = Client()
    back = go_there(client, provider, client.post(reverse("oidc-begin"))["Location"], SUB)
    code = parse_qs(urlsplit(back).query)["code"][0]

    reply = client.get(reverse("oidc-callback"), {"code": code, "state": state})

    assert (reply.status_code, who_is_in(client)) == (403, None)
    assert "Svaret fra Entra ID kom ikke fram" in reply.text


def test_the_state_of_one_browser_is_none_in_another(issuer: str, provider: Provider) -> None:
    mine, theirs = Client(), Client()
    back = go_there(mine, provider, mine.post(reverse("oidc-begin"))["Location"], SUB)

    theirs.get(path_of(back))

    assert who_is_in(theirs) is None


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def by_another_key(token: str) -> str:
    return jwt.encode(claims_of(token), another_key(), algorithm="RS256", headers=jwt.get_unverified_header(token))


def without_signature(token: str) -> str:
    return jwt.encode(claims_of(token), None, algorithm="none", headers={"kid": "x"})


def with_a_shared_secret(token: str) -> str:
    return jwt.encode(
        claims_of(token), "secret" * 8, algorithm="HS256", headers=jwt.get_unverified_header(token) | {"alg": "HS256"}
    )


def changed(token: str) -> str:
    head, _body, signature = token.split(".")
    other = jwt.encode({**claims_of(token), "email": "ida@fjordtall.example"}, "x" * 32).split(".")[1]
    return f"{head}.{other}.{signature}"


def signed_anew(provider: Provider, token: str, changed: dict[str, Any]) -> str:
    """With other claims, by the provider's own key. None takes one away."""
    with provider.app.test_request_context("/"):
        provider.app.preprocess_request()
        key = flask.g.oidc_provider_mock_storage.jwk
    claims = {name: value for name, value in {**claims_of(token), **changed}.items() if value is not None}
    private = jwt.PyJWK(key.as_dict(is_private=True), algorithm="RS256").key
    return jwt.encode(claims, private, algorithm="RS256", headers=jwt.get_unverified_header(token))


SPOILED = {
    "another key": by_another_key,
    "no signature": without_signature,
    "a shared secret": with_a_shared_secret,
    "changed after signing": changed,
    "no token": lambda token: "",
    "nonsense": lambda token: "a.b.c",
    "half a token": lambda token: token[:40],
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_bad_signature_lets_nobody_in(issuer: str, provider: Provider, how: str) -> None:
    provider.spoil = SPOILED[how]
    client = Client()

    reply = log_in_there(client, provider, SUB)

    assert (reply.status_code, who_is_in(client), refusals()) == (403, None, ["FAILED"])


@pytest.mark.parametrize("client_id", ["another-client"])
def test_a_token_for_another_client_lets_nobody_in(
    issuer: str, provider: Provider, settings: Any, client_id: str
) -> None:
    """The provider makes it for the client that asks; here we are somebody else."""
    settings.OIDC_CLIENT_ID = client_id
    client = Client()

    reply = log_in_there(client, provider, SUB)

    assert (reply.status_code, who_is_in(client), refusals()) == (403, None, ["FAILED"])


def test_another_issuer_lets_nobody_in(issuer: str, provider: Provider, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    client = Client()

    assert client.post(reverse("oidc-begin")).status_code == 403
    assert who_is_in(client) is None


def test_an_address_that_the_provider_has_not_verified_lets_nobody_in(
    issuer: str, provider: Provider, reader: User, settings: Any
) -> None:
    say_who(issuer, SUB, email=reader.email, email_verified=False)
    client = Client()
    reply = log_in_there(client, provider, SUB)
    assert (reply.status_code, who_is_in(client), refusals()) == (403, None, ["UNVERIFIED"])

    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["verified_email"] = ["vendor.example"]
    log_in_there(client, provider, SUB)
    assert who_is_in(client) == reader, "the operator vouches for the domain"


def test_a_person_unknown_here_is_not_let_in_and_gets_no_account(issuer: str, provider: Provider) -> None:
    say_who(issuer, "stranger", email="stranger@vendor.example", email_verified=True)
    client, before = Client(), User.objects.count()

    reply = log_in_there(client, provider, "stranger")

    assert (reply.status_code, refusals()) == (403, ["UNKNOWN"])
    assert "Du har ikke konto i portalen" in reply.text
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)
    assert "stranger" not in str([event.detail for event in AuditEvent.objects.all()])


def test_a_closed_account_is_not_let_in(issuer: str, provider: Provider, reader: User) -> None:
    log_in_there(Client(), provider, SUB)
    User.objects.filter(pk=reader.pk).update(is_active=False)
    client = Client()

    reply = log_in_there(client, provider, SUB)

    assert (reply.status_code, who_is_in(client), refusals()) == (403, None, ["CLOSED"])


def test_who_cancels_there_gets_a_page(issuer: str, provider: Provider) -> None:
    client = Client()
    state = parse_qs(urlsplit(client.post(reverse("oidc-begin"))["Location"]).query)["state"][0]

    reply = client.get(reverse("oidc-callback"), {"error": "access_denied", "state": state})

    assert (reply.status_code, "Innloggingen ble avbrutt hos Entra ID" in reply.text) == (403, True)


def test_a_provider_that_is_away_has_a_page(issuer: str, provider: Provider) -> None:
    provider.is_away = True

    reply = Client().post(reverse("oidc-begin"))

    assert (reply.status_code, "Prøv igjen" in reply.text) == (403, True)


def test_an_invitation_is_accepted_by_logging_in(issuer: str, provider: Provider, vendor: Any) -> None:
    who = {"email": "new@vendor.example", "name": "Ny Ansatt", "language": "nb"}
    user = invitations.invite(**who, rights=Rights(), by="user:ida@vendor.example", at=timezone.now())
    say_who(issuer, "new", email=user.email, email_verified=True)
    client = Client()

    log_in_there(client, provider, "new")

    user.refresh_from_db()
    assert (who_is_in(client), user.invited_at) == (user, None)


def test_a_factor_here_is_asked_for_after_it(issuer: str, provider: Provider, reader: User) -> None:
    own = Client(SERVER_NAME="localhost")
    give_password(own, reader)
    secret, _codes = set_up_app(own)
    client = Client()

    reply = log_in_there(client, provider, SUB)

    assert (reply["Location"], who_is_in(client)) == (reverse("mfa_authenticate"), None)
    give_code(client, code_now(secret, later=1))
    assert who_is_in(client) == reader
    assert CHECKED in client.session


def test_the_second_factor_of_the_provider_is_enough_by_setting(issuer: str, provider: Provider, settings: Any) -> None:
    settings.SECOND_FACTOR_IN = ("SANDBOX",)
    client = Client()
    log_in_there(client, provider, SUB)

    assert client.get("/sandbox/").status_code == 302
    settings.OIDC_SECOND_FACTOR = True
    assert client.get("/sandbox/").status_code == 200


class TestChecking:
    @pytest.fixture
    def person(self, issuer: str, provider: Provider) -> Client:
        client = Client()
        log_in_there(client, provider, SUB)
        return client

    def later(self, client: Client, minutes: int) -> None:
        session = client.session
        session[CHECKED] = session[TRIED] = int(time.time()) - minutes * 60
        session.save()

    def check(self, client: Client, provider: Provider, page: str = "/sandbox/customers/?q=a") -> Any:
        """The redirects of one page, through the provider and back."""
        to_again = client.get(page)
        assert to_again["Location"].startswith(reverse("oidc-again")), to_again["Location"]
        there = client.get(to_again["Location"])
        return client.get(path_of(go_there(client, provider, there["Location"], SUB)))

    def test_a_page_after_a_while_is_checked_there_and_opens(self, person: Client, provider: Provider) -> None:
        self.later(person, 16)
        key, log_ins = person.session.session_key, AuditEvent.objects.filter(what="logged-in").count()

        reply = self.check(person, provider)

        assert reply["Location"] == "/sandbox/customers/?q=a"
        assert provider.asked[-1]["prompt"] == "none"
        assert person.session.session_key == key, "the session goes on"
        assert AuditEvent.objects.filter(what="logged-in").count() == log_ins
        assert person.get("/sandbox/").status_code == 200

    def test_a_new_log_in_that_asks_nobody_there_is_no_proof(
        self, person: Client, provider: Provider, settings: Any
    ) -> None:
        """Single sign-on answers from this morning's session."""
        settings.STEP_UP_MINUTES, settings.LOCAL_PASSWORDS = 15, False
        address = reverse("code-app", kwargs={"environment": "sandbox"})
        provider.spoil = lambda token: signed_anew(provider, token, {"auth_time": int(time.time()) - 7 * 3600})

        log_in_there(person, provider, SUB)

        assert "Bekreft hos Entra ID" in person.get(address).text

    def test_switched_off_there_is_off_here(self, person: Client, provider: Provider) -> None:
        self.later(person, 16)
        provider.is_off = True

        reply = self.check(person, provider)

        back = "/accounts/login/?next=/sandbox/customers/%3Fq%3Da"
        assert (reply["Location"], who_is_in(person)) == (back, None)
        assert "slipper deg ikke lenger inn" in person.get(reply["Location"]).text
        assert not LogIn.objects.exists()

    def test_a_form_is_not_lost_to_the_check(self, person: Client) -> None:
        self.later(person, 16)

        reply = person.post("/sandbox/views/row-height/", {"compact": "1"})

        assert not reply.get("Location", "").startswith("/accounts/")

    def test_a_provider_that_is_away_does_not_stop_the_work_at_once(self, person: Client, provider: Provider) -> None:
        self.later(person, 16)
        provider.is_away = True
        cache.clear()

        to_again = person.get("/sandbox/")
        back = person.get(to_again["Location"])

        assert back["Location"] == "/sandbox/"
        assert person.get("/sandbox/").status_code == 200

    def test_but_not_for_ever(self, person: Client, provider: Provider) -> None:
        self.later(person, 76)

        reply = person.post("/sandbox/views/row-height/", {"compact": "1"})

        assert reply["Location"].startswith(reverse("account_login"))
        assert who_is_in(person) is None

    def test_a_password_session_is_not_checked(self, issuer: str, reader: User) -> None:
        client = Client()
        give_password(client, reader)

        assert client.get("/sandbox/").status_code == 200
        assert CHECKED not in client.session

    def test_a_great_act_is_proved_there(self, person: Client, provider: Provider, settings: Any, reader: User) -> None:
        settings.STEP_UP_MINUTES, settings.LOCAL_PASSWORDS = 15, False
        session = person.session
        for record in session["account_authentication_methods"]:
            record["at"] -= 16 * 60
        session.save()
        url = reverse("code-app", kwargs={"environment": "sandbox"})

        asked = person.get(url)
        there = person.get(f"{reverse('oidc-prove')}?next={reverse('oidc-proved')}")
        done = person.get(path_of(go_there(person, provider, there["Location"], SUB)))

        assert "Bekreft hos Entra ID i en ny fane" in asked.text
        assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
        assert "Lukk denne fanen" in person.get(done["Location"]).text
        assert "Skann koden" in person.get(url).text

    @pytest.mark.parametrize(
        ("claims", "why"),
        [({"auth_time": None}, "NO_TIME"), ({"auth_time": 1_000_000}, "FAILED"), ({"auth_time": 9_999_999_999}, "FAILED")],
    )  # fmt: skip
    def test_a_proof_without_a_fresh_time_is_none(
        self, person: Client, provider: Provider, settings: Any, claims: dict[str, Any], why: str
    ) -> None:
        settings.STEP_UP_MINUTES, settings.LOCAL_PASSWORDS = 15, False
        session = person.session
        for record in session["account_authentication_methods"]:
            record["at"] -= 16 * 60
        session.save()
        provider.spoil = lambda token: signed_anew(provider, token, claims)

        there = person.get(f"{reverse('oidc-prove')}?next={reverse('oidc-proved')}")
        reply = person.get(path_of(go_there(person, provider, there["Location"], SUB)))

        assert (reply.status_code, refusals()) == (403, [why])
        assert "Bekreft hos Entra ID" in person.get(reverse("code-app", kwargs={"environment": "sandbox"})).text


class TestOneIdentity:
    def test_another_one_with_the_address_is_refused(self, issuer: str, provider: Provider, reader: User) -> None:
        log_in_there(Client(), provider, SUB)
        say_who(issuer, "another", email=reader.email, email_verified=True)
        client = Client()

        reply = log_in_there(client, provider, "another")

        assert (reply.status_code, refusals(), who_is_in(client)) == (403, ["OTHER"], None)
        assert "koblet til en annen konto hos Entra ID" in reply.text
        with pytest.raises(single_sign_on.NotLetIn):
            single_sign_on.connect(user=reader, uid="another", at=timezone.now())

    def test_a_colleague_disconnects_the_first_and_the_person_is_told(
        self, issuer: str, provider: Provider, reader: User, administrator: User, vendor: Any
    ) -> None:
        first, second, keeper = Client(), Client(), Client()
        log_in_there(first, provider, SUB)
        say_who(issuer, "another", email=reader.email, email_verified=True)
        keeper.force_login(administrator)
        page = keeper.get(reverse("person", kwargs={"environment": "sandbox", "pk": reader.pk}))
        url = reverse("person-identity-remove", kwargs={"environment": "sandbox", "pk": reader.pk})

        asked = keeper.get(url).text
        keeper.post(url)
        log_in_there(second, provider, "another")

        assert url in page.text
        assert "Den neste som logger inn der" in asked
        assert (who_is_in(first), who_is_in(second)) == (None, reader)
        assert AuditEvent.objects.filter(what="identity-removed", by=administrator.actor).exists()
        assert "koblet kontoen din" in OutboxMessage.objects.get().payload["text"]


GROUPS = """
[admins]
SANDBOX = "ADMINISTRATOR"
all_customers = ["SANDBOX"]
charges = ["PEOPLE"]

[west]
SANDBOX = "CASE_WORKER"
TEST = "CASE_WORKER"
portfolios = ["Vest"]
"""


class TestGroups:
    @pytest.fixture(autouse=True)
    def groups(self, settings: Any, tmp_path: Path, portfolio: Portfolio) -> None:
        (tmp_path / "groups.toml").write_text(GROUPS)
        settings.OIDC_GROUPS = group_file.read(tmp_path / "groups.toml")

    def log_in(self, issuer: str, provider: Provider, reader: User, *groups: str) -> Client:
        say_who(issuer, SUB, email=reader.email, email_verified=True, groups=list(groups))
        client = Client()
        log_in_there(client, provider, SUB)
        return client

    def test_groups_give_roles_and_portfolios(
        self, issuer: str, provider: Provider, reader: User, portfolio: Portfolio
    ) -> None:
        self.log_in(issuer, provider, reader, "west", "another of theirs")

        rights = rights_of(reader)
        assert rights.roles == {"SANDBOX": "CASE_WORKER", "TEST": "CASE_WORKER"}
        assert not rights.sees_all | rights.charges
        assert rights.portfolios == {portfolio.pk}
        assert AuditEvent.objects.get(what="edited").by == "task:oidc"

    def test_the_group_that_stands_first_decides(self, issuer: str, provider: Provider, reader: User) -> None:
        self.log_in(issuer, provider, reader, "west", "admins")

        rights = rights_of(reader)
        assert rights.roles == {"SANDBOX": "ADMINISTRATOR", "TEST": "CASE_WORKER"}
        assert rights.sees_all == {"SANDBOX"}
        assert rights.charges == {"PEOPLE"}

    def test_taken_out_of_the_groups_is_without_anything_here(
        self, issuer: str, provider: Provider, reader: User
    ) -> None:
        client = self.log_in(issuer, provider, reader, "west")
        say_who(issuer, SUB, email=reader.email, email_verified=True, groups=[])
        session = client.session
        session[CHECKED] = session[TRIED] = int(time.time()) - 16 * 60
        session.save()

        there = client.get(client.get("/sandbox/")["Location"])
        client.get(path_of(go_there(client, provider, there["Location"], SUB)))

        assert rights_of(reader) == Rights()
        assert client.get("/sandbox/").status_code == 403

    def test_nothing_is_recorded_when_nothing_changes(self, issuer: str, provider: Provider, reader: User) -> None:
        self.log_in(issuer, provider, reader, "west")
        self.log_in(issuer, provider, reader, "west")

        assert AuditEvent.objects.filter(what="edited").count() == 1

    def test_the_last_in_charge_of_people_keeps_that(self, issuer: str, provider: Provider, reader: User) -> None:
        self.log_in(issuer, provider, reader, "admins")

        self.log_in(issuer, provider, reader)

        assert rights_of(reader).charges == {"PEOPLE"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[west]\nSANDBOX = 'BOSS'", "has 'BOSS' in group 'west'"),
        ("[west]\nMOON = 'READER'", "has 'MOON' in group 'west'"),
        ("[west]\ncharges = 'PEOPLE'", "no list of words"),
        ("west = 1", "outside of a table"),
        ("[west", "cannot be read"),
    ],
)
def test_a_bad_file_of_groups_says_what_is_wrong(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "groups.toml"
    path.write_text(text)

    with pytest.raises(group_file.BadGroups, match=problem):
        group_file.read(path)


def test_the_file_of_groups_knows_what_there_is() -> None:
    from accounts.capabilities import Charge, Role

    assert set(group_file.ENVIRONMENTS) == set(Environment.values)
    assert set(group_file.ROLES) == set(Role.values)
    assert set(group_file.CHARGES) == set(Charge.values)


class TestWithoutPasswords:
    @pytest.fixture(autouse=True)
    def off(self, issuer: str, settings: Any) -> None:
        settings.LOCAL_PASSWORDS = False

    def test_no_page_offers_or_takes_one(self, reader: User) -> None:
        client = Client()

        page, tried = client.get(reverse("account_login")), give_password(client, reader)

        assert 'type="password"' not in page.text
        assert "Glemt passordet" not in page.text
        assert (who_is_in(client), tried.status_code) == (None, 200)
        assert client.get(reverse("account_reset_password"))["Location"] == reverse("account_login")

    def test_the_profile_and_the_page_of_people_neither(self, administrator: User, reader: User) -> None:
        client = Client()
        client.force_login(administrator)

        profile = client.get("/sandbox/account/profile/")
        changed = client.post("/sandbox/account/profile/password/", {})
        person = client.get(f"/sandbox/people/{reader.pk}/")

        assert ('type="password"' in profile.text, changed.status_code) == (False, 404)
        assert "Send lenke til nytt passord" not in person.text

    def test_an_invitation_leads_to_the_log_in(self, vendor: Any) -> None:
        who = {"email": "new@vendor.example", "name": "Ny", "language": "nb"}
        user = invitations.invite(**who, rights=Rights(), by="user:ida@vendor.example", at=timezone.now())

        reply = Client().get("/" + invitations.link_of(user).split("/", 3)[3])

        assert reply["Location"] == reverse("account_login")


def test_without_a_provider_there_is_no_button_and_no_address(db: None) -> None:
    client = Client()

    assert reverse("oidc-begin") not in client.get(reverse("account_login")).text
    assert client.post(reverse("oidc-begin")).status_code == 404
    assert client.get(reverse("oidc-callback")).status_code == 404


class TestSettings:
    ENV = {"OIDC_ISSUER": "https://login.example.no", "OIDC_CLIENT_ID": "portal", "OIDC_CLIENT_SECRET": "s"}

    def test_without_an_issuer_there_is_none(self) -> None:
        found = identity_provider.read(Env({}), is_local=False)

        assert (found.issuer, found.local_passwords, found.groups) == ("", True, None)

    def test_the_button_may_lead_there(self) -> None:
        """Browsers hold the redirect after a form to the policy as well."""
        entra = {**self.ENV, "OIDC_ISSUER": "https://login.microsoftonline.com/tenant/v2.0"}

        assert identity_provider.read(Env(entra), is_local=False).origins == ["https://login.microsoftonline.com"]
        assert identity_provider.read(Env({}), is_local=False).origins == []

    def test_pkce_is_always_on(self) -> None:
        found = identity_provider.read(Env(self.ENV), is_local=False)

        assert found.for_allauth["openid_connect"]["APPS"][0]["settings"]["oauth_pkce_enabled"] is True

    @pytest.mark.parametrize(
        ("more", "problem"),
        [
            ({"OIDC_ISSUER": "http://login.example.no"}, "must begin with https"),
            ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID is not set"),
            ({"OIDC_GROUPS": "/nowhere/groups.toml"}, "cannot be read"),
            ({"OIDC_ISSUER": "", "LOCAL_PASSWORDS": "false"}, "nobody could log in"),
        ],
    )
    def test_production_refuses_what_cannot_work(self, more: dict[str, str], problem: str) -> None:
        with pytest.raises(BadSetting, match=problem):
            identity_provider.read(Env({**self.ENV, **more}), is_local=False)
