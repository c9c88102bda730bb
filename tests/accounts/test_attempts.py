"""Guessing is held back, nobody is locked out by a stranger, and nothing tells who has an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import attempts, invitations
from accounts.services.attempts import FREE, Attempt, UnknownBrowser, Wait
from accounts.services.staff import Rights
from portal.core.audit import AuditEvent
from portal.core.outbox.message import OutboxMessage
from tests.accounts.log_in import PASSWORD, give_password
from tests.fixtures import AT

WAIT = "For mange forsøk"
STRANGER, OWNER = {"REMOTE_ADDR": "198.51.100.7"}, {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture(autouse=True)
def empty(db: None) -> None:
    """Each begins without attempts: see `empty_valkey`."""


def wrong(user: User, number: int, **where: Any) -> Any:
    client = Client()
    return [give_password(client, user, "not the password", **where) for _ in range(number)][-1]


def attempt(
    ip: str = "198.51.100.7", device: str = "", address: str = "a@vendor.example", seconds: float = 0
) -> Attempt:
    return Attempt(address, ip, device, AT + timedelta(seconds=seconds))


def try_many(number: int, **where: Any) -> None:
    for _ in range(number):
        attempts.begin(attempt(**where))


def test_after_some_wrong_passwords_the_right_one_waits_too(reader: User) -> None:
    wrong(reader, FREE, **STRANGER)

    reply = give_password(Client(), reader, **STRANGER)

    assert WAIT in reply.text
    assert "Prøv igjen om 5 sekunder" in reply.text
    assert AuditEvent.objects.filter(what="log-in-blocked").count() == 1


def test_a_stranger_does_not_lock_the_owner_out(reader: User) -> None:
    for last in range(FREE):
        wrong(reader, FREE + 1, REMOTE_ADDR=f"198.51.100.{last}")

    assert give_password(Client(), reader, **OWNER)["Location"] == "/"


def test_a_colleague_in_the_same_office_does_not_either(reader: User, administrator: User) -> None:
    wrong(administrator, FREE + 1, **OWNER)

    assert give_password(Client(), reader, **OWNER)["Location"] == "/"


def test_a_known_browser_is_not_held_back_by_others_from_its_address(reader: User) -> None:
    known = Client()
    give_password(known, reader, **OWNER)
    known.post(reverse("account_logout"))
    wrong(reader, FREE + 1, **OWNER)

    assert WAIT in give_password(Client(), reader, **OWNER).text
    assert give_password(known, reader, **OWNER)["Location"] == "/"


def test_a_known_browser_is_held_back_by_its_own_attempts(reader: User) -> None:
    known = Client()
    give_password(known, reader)
    known.post(reverse("account_logout"))
    for _ in range(FREE):
        give_password(known, reader, "not the password")

    assert WAIT in give_password(known, reader).text


def test_a_cookie_of_another_account_or_a_forged_one_makes_nothing_known(reader: User, administrator: User) -> None:
    other = Client()
    give_password(other, administrator)
    other.post(reverse("account_logout"))
    forged = Client()
    forged.cookies["portal_device"] = other.cookies["portal_device"].value[:-2] + "xx"
    wrong(reader, FREE, **STRANGER)
    wrong(administrator, FREE, **STRANGER)

    assert WAIT in give_password(other, reader, **STRANGER).text
    assert WAIT in give_password(forged, administrator, **STRANGER).text


def test_the_wait_grows_and_ends() -> None:
    waits, at = [], 0.0
    for _ in range(FREE - 1):
        attempts.begin(attempt(seconds=at))
    for _ in range(10):
        attempts.begin(attempt(seconds=at))
        with pytest.raises(Wait) as held:
            attempts.begin(attempt(seconds=at))
        waits.append(held.value.seconds)
        at += held.value.seconds

    assert [round(wait, -1) for wait in waits[2:]] == [20, 40, 80, 160, 320, 640, 900, 900]


def test_what_is_refused_does_not_make_the_wait_longer() -> None:
    try_many(FREE)
    for _ in range(50):
        with pytest.raises(Wait):
            attempts.begin(attempt(seconds=1))

    attempts.begin(attempt(seconds=6))


def test_a_success_makes_the_place_begin_anew() -> None:
    try_many(FREE - 1)
    attempts.begin(attempt())
    attempts.succeeded(attempt())

    try_many(FREE)


def test_many_accounts_from_one_network_wait() -> None:
    for number in range(attempts.FREE_OF_NETWORK):
        attempts.begin(attempt(address=f"{number}@vendor.example"))

    with pytest.raises(Wait):
        attempts.begin(attempt(address="one-more@vendor.example"))
    attempts.begin(attempt(address="one-more@vendor.example", device="known"))


def test_a_network_of_ipv6_is_one_place() -> None:
    for number in range(FREE):
        attempts.begin(attempt(ip=f"2001:db8:1:2::{number}"))

    with pytest.raises(Wait):
        attempts.begin(attempt(ip="2001:db8:1:2:ffff::1"))
    attempts.begin(attempt(ip="2001:db8:1:3::1"))


def test_the_link_in_the_mail_is_the_way_past_an_attack_from_everywhere(
    reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MOST_OF_ACCOUNT", 20)
    for last in range(21):
        wrong(reader, 1, REMOTE_ADDR=f"198.51.100.{last}")
    known, new = Client(), Client()

    refused = give_password(new, reader, **OWNER)
    new.post(reverse("account_reset_password"), {"email": reader.email}, **OWNER)
    link = OutboxMessage.objects.get(key__startswith="password-reset").payload["text"]
    path = next(line for line in link.splitlines() if line.startswith("http")).split("/", 3)[3]
    form = new.get(f"/{path}", follow=True)
    password = "an entirely other sentence"
    new.post(form.redirect_chain[-1][0], {"password1": password, "password2": password})

    assert "Lag nytt passord med lenken" in refused.text
    assert WAIT in give_password(known, reader, password, **OWNER).text
    assert give_password(new, reader, password, **OWNER)["Location"] == "/"


def test_the_account_wide_limit_is_for_unknown_browsers() -> None:
    for number in range(attempts.MOST_OF_ACCOUNT):
        attempts.begin(attempt(ip=f"10.0.{number}.1"))

    with pytest.raises(UnknownBrowser):
        attempts.begin(attempt(ip="10.1.0.1"))
    attempts.begin(attempt(ip="10.1.0.1", device="known"))


@pytest.fixture
def invited(vendor: Any) -> User:
    who = {"email": "new@vendor.example", "name": "Ny Ansatt", "language": "nb"}
    return invitations.invite(**who, rights=Rights(), by="user:ida@vendor.example", at=timezone.now())


@pytest.mark.parametrize("whose", ["known", "invited", "left", "nobody"])
def test_neither_answer_nor_work_tells_who_has_an_account(
    reader: User, invited: User, administrator: User, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashing is what takes the time: it is done once, whoever it is. No test measures time."""
    User.objects.filter(pk=administrator.pk).update(is_active=False)
    address = {
        "known": reader.email,
        "invited": invited.email,
        "left": administrator.email,
        "nobody": "x@nowhere.example",
    }
    hashed: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def counted(self: Any, password: str, *args: Any, **more: Any) -> str:
        hashed.append(password)
        return str(encode(self, password, *args, **more))

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    reply = Client().post(reverse("account_login"), {"login": address[whose], "password": "not the password"})

    assert (reply.status_code, len(hashed)) == (200, 1)
    assert "E-postadressen eller passordet er feil." in reply.text


def test_unknown_addresses_are_held_back_like_known_ones(reader: User) -> None:
    def replies(address: str) -> list[bool]:
        client = Client()
        form = {"login": address, "password": "not the password"}
        found = [client.post(reverse("account_login"), form, REMOTE_ADDR="192.0.2.5").text for _ in range(FREE + 1)]
        return [WAIT in text for text in found]

    assert replies(reader.email) == replies("x@nowhere.example") == [False] * FREE + [True]


def test_links_to_one_address_are_few_and_the_answer_is_the_same(reader: User) -> None:
    replies = [Client().post(reverse("account_reset_password"), {"email": reader.email}) for _ in range(12)]

    assert {reply["Location"] for reply in replies} == {reverse("account_reset_password_done")}
    assert (
        OutboxMessage.objects.filter(key__startswith="password-reset", status="WAITING").count()
        <= attempts.MAILS_AN_HOUR
    )


def test_a_made_up_invitation_looks_like_an_ended_one(invited: User) -> None:
    link = invitations.link_of(invited).split("/", 3)[3]
    invitations.withdraw(user=invited, by="user:ida@vendor.example", at=timezone.now())

    ended, made_up = Client().get(f"/{link}"), Client().get("/invitation/made-up/")

    assert ended.status_code == made_up.status_code == 410
    assert ended.text.split("<main")[1] == made_up.text.split("<main")[1]


def test_without_valkey_people_log_in(reader: User, settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}

    assert give_password(Client(), reader)["Location"] == "/"


def test_a_flood_gets_a_page(reader: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    wrong(reader, 1)

    reply = wrong(reader, 1)

    assert (reply.status_code, WAIT in reply.text) == (429, True)


def test_the_device_cookie_is_out_of_reach_of_scripts(reader: User) -> None:
    client = Client()
    give_password(client, reader, PASSWORD)
    cookie = client.cookies["portal_device"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert reader.email not in cookie.value
