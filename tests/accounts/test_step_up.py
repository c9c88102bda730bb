"""Acts that give power or cannot be undone ask for a fresh proof, and what was typed is not lost."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import User
from accounts.services.staff import rights_of
from accounts.step_up import ACTS, OPENED, PREFIX, on_many, on_opening
from portal.core.selection import ALL, PICK
from tests.accounts.log_in import PASSWORD, code_now, give_password, set_up_app
from tests.accounts.passkey import Passkey, options_on
from tests.meta.test_addresses import SAMPLES

ASKS = "Bekreft at det er deg"


@pytest.fixture(autouse=True)
def strict(settings: Any) -> None:
    settings.STEP_UP_MINUTES = 15


@pytest.fixture
def person(administrator: User, vendor: Any) -> Client:
    """Logged in longer ago."""
    client = Client(SERVER_NAME="localhost")
    give_password(client, administrator)
    grow_old(client)
    return client


def grow_old(client: Client) -> None:
    session = client.session
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= 16 * 60
    session.save()


def address_of(name: str) -> str:
    [(_, pattern, _, converters)] = get_resolver().reverse_dict.getlist(name)[:1]
    fields = re.findall(r"\(\?P<(\w+)>", pattern) or list(converters)
    return reverse(name, kwargs={field: SAMPLES[field] for field in fields})


@pytest.mark.parametrize("name", [name for name in ACTS if name != "production-start"])
def test_each_act_asks(person: Client, name: str) -> None:
    sent: dict[str, Any] = {"typed": "what I wrote"}
    if ACTS[name] is on_many:
        sent[PICK] = [str(n) for n in range(1, 30)]

    reply = person.post(address_of(name), sent)

    assert ASKS in reply.text
    assert 'value="what I wrote"' in reply.text
    assert reply["Cache-Control"] == "private, no-store"


def test_the_first_send_in_production_asks(person: Client) -> None:
    """Production is off in tests: the rule is asked itself."""
    assert ACTS["production-start"](type("R", (), {"method": "POST"})())  # type: ignore[arg-type]


def test_every_act_of_the_table_has_an_address() -> None:
    known = {name for name in get_resolver().reverse_dict if isinstance(name, str)}

    assert set(ACTS) - known == set()


def test_it_does_not_ask_whoever_has_just_logged_in(administrator: User, vendor: Any) -> None:
    client = Client()
    give_password(client, administrator)

    assert ASKS not in client.post(address_of("key-new")).text


def test_what_was_typed_is_stored_once_it_is_proved(person: Client, reader: User) -> None:
    url = reverse("person-edit", kwargs={"environment": "sandbox", "pk": reader.pk})
    typed = {"email": "new@vendor.example", "name": "Kari <Æ> Ødegård", "language": "nn"}

    asked = person.post(url, typed)
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked.text))
    wrong = person.post(url, {**{k: unescape(v) for k, v in carried.items()}, f"{PREFIX}-password": "not the password"})
    right = person.post(url, {**{k: unescape(v) for k, v in carried.items()}, f"{PREFIX}-password": PASSWORD})

    reader.refresh_from_db()
    assert (wrong.status_code, "Passordet er feil" in wrong.text) == (422, True)
    assert right.status_code == 302
    assert {name: getattr(reader, name) for name in typed} == typed


def test_nothing_is_done_before(person: Client, reader: User) -> None:
    url = reverse("person-rights", kwargs={"environment": "sandbox", "pk": reader.pk})
    before = rights_of(reader)

    person.post(url, {"role_sandbox": "ADMINISTRATOR", "seen": before.version})

    assert rights_of(reader) == before


def test_lists_are_carried_whole(person: Client) -> None:
    picked = [str(n) for n in range(1, 26)]

    page = person.post(address_of("accesses"), {PICK: picked, "act": "withdraw"}).text

    assert re.findall(rf'name="{PICK}" value="(\d+)"', page) == picked


def test_few_rows_do_not_ask_and_all_rows_do(person: Client) -> None:
    few = person.post(address_of("accesses"), {PICK: ["1", "2"], "act": "withdraw"}, follow=True)
    every = person.post(address_of("accesses"), {ALL: "1", "act": "withdraw"})

    assert ASKS not in few.text
    assert ASKS in every.text


def test_whoever_has_a_factor_proves_it_by_that(person: Client, administrator: User) -> None:
    fresh = Client(SERVER_NAME="localhost")
    give_password(fresh, administrator)
    secret, _codes = set_up_app(fresh)
    grow_old(fresh)
    url = address_of("key-new")

    by_password = fresh.post(url, {f"{PREFIX}-password": PASSWORD})
    by_code = fresh.post(url, {f"{PREFIX}-code": code_now(secret, later=1)})

    assert ASKS in by_password.text
    assert by_code.status_code == 404, "the act itself: there is no such client"


def test_by_passkey(administrator: User, vendor: Any) -> None:
    client, passkey = Client(SERVER_NAME="localhost"), Passkey()
    give_password(client, administrator)
    url = reverse("passkey-new", kwargs={"environment": "sandbox"})
    client.post(url, {"name": "x", "credential": passkey.make(options_on(client.get(url).text))})
    grow_old(client)

    asked = client.post(address_of("key-new"), {"typed": "x"})
    done = client.post(
        address_of("key-new"), {"typed": "x", f"{PREFIX}-credential": passkey.use(options_on(asked.text))}
    )

    assert ASKS in asked.text
    assert done.status_code == 404, "the act itself: there is no such client"


@pytest.mark.parametrize("name", [name for name, asks in ACTS.items() if asks is on_opening])
def test_pages_with_a_secret_ask_when_they_are_opened(person: Client, name: str) -> None:
    url = address_of(name)

    asked = person.get(url)
    proved = person.post(url, {OPENED: "1", f"{PREFIX}-password": PASSWORD})

    assert ASKS in asked.text
    assert (proved.status_code, proved["Location"]) == (302, url)
    assert ASKS not in person.get(url, follow=True).text


def test_a_proof_that_is_sent_twice_makes_no_new_codes(administrator: User, vendor: Any) -> None:
    client = Client(SERVER_NAME="localhost")
    give_password(client, administrator)
    secret, codes = set_up_app(client)
    url = reverse("recovery-codes", kwargs={"environment": "sandbox"})

    reply = client.post(url, {OPENED: "1", f"{PREFIX}-code": code_now(secret, later=1)})

    assert reply["Location"] == url
    again = Client()
    give_password(again, administrator)
    assert again.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 302


def test_guessing_here_is_held_back_too(person: Client) -> None:
    url = address_of("key-new")

    replies = [person.post(url, {f"{PREFIX}-password": "not the password"}).text for _ in range(6)]

    assert "For mange forsøk" in replies[-1]


def test_cancel_leads_back_to_a_page_of_ours_only(person: Client) -> None:
    url = address_of("key-new")

    ours = person.post(url, headers={"Referer": "http://localhost/sandbox/settings/"}).text
    theirs = person.post(url, headers={"Referer": "http://evil.example/x"}).text

    assert 'href="/sandbox/settings/"' in ours
    assert "evil.example" not in theirs
