"""Log-in and log-out leave audit rows: who, from where, and never the address that a stranger typed."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import visits
from portal.core.audit import AuditEvent
from tests.fixtures import AT

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PASSWORD = "a long enough password"


def log_in(client: Client, email: str, password: str = PASSWORD) -> None:
    client.post(reverse("account_login"), {"login": email, "password": password}, HTTP_USER_AGENT=FIREFOX)


def events() -> list[tuple[str, str, str]]:
    return list(AuditEvent.objects.order_by("pk").values_list("what", "by", "target"))


def test_log_in_and_log_out_are_recorded_with_address_and_browser(client: Client, reader: User) -> None:
    log_in(client, reader.email)
    client.post(reverse("account_logout"))

    me = (reader.actor, f"accounts.User:{reader.pk}")
    assert events() == [("logged-in", *me), ("logged-out", *me)]
    assert AuditEvent.objects.get(what="logged-in").detail == {"ip": "127.0.0.1", "browser": "Firefox"}


def test_a_wrong_password_is_recorded_on_the_account(client: Client, reader: User) -> None:
    log_in(client, reader.email.upper(), "something else")

    assert events() == [("log-in-failed", "visitor", f"accounts.User:{reader.pk}")]


def test_what_a_stranger_typed_is_stored_as_a_hash_only(client: Client, db: None) -> None:
    log_in(client, "my-secret-password@nowhere.example", "something else")

    event = AuditEvent.objects.get()
    assert event.target == "accounts.User:0"
    assert re.fullmatch("[0-9a-f]{16}", event.detail["address_hash"])
    assert "secret" not in f"{event.by} {event.target} {event.detail}"


def test_a_blocked_address_is_recorded_once(client: Client, reader: User) -> None:
    for _ in range(9):
        log_in(client, reader.email, "something else")

    kinds = [what for what, *_ in events()]
    assert kinds == ["log-in-failed"] * 5 + ["log-in-blocked"]


def test_strangers_cannot_fill_the_trail(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MOST_A_MINUTE", 3)

    for n in range(5):
        visits.note_failed(address=f"{n}@nowhere.example", visit=visits.Visit(ip="::1", agent="", at=AT))

    assert AuditEvent.objects.count() == 3
    assert cache.get(f"log-in-events:{AT:%Y%m%d%H%M}") == 5


def test_an_address_that_a_proxy_made_up_is_not_stored(db: None) -> None:
    visits.note_failed(address="a@b.example", visit=visits.Visit(ip="<script>", agent="my own text", at=AT))

    assert AuditEvent.objects.get().detail.keys() == {"ip", "browser", "address_hash"}
    assert (AuditEvent.objects.get().detail["ip"], AuditEvent.objects.get().detail["browser"]) == ("", "")


@pytest.mark.parametrize("is_known", [True, False])
def test_asking_for_a_new_password_is_recorded_known_or_not(client: Client, reader: User, is_known: bool) -> None:
    client.post(reverse("account_reset_password"), {"email": reader.email if is_known else "x@nowhere.example"})

    assert events() == [("reset-asked", "visitor", f"accounts.User:{reader.pk if is_known else 0}")]
