"""Every address is guarded: staff pages redirect to the log-in, and public pages are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Role
from portal.core.logging import redact
from tests.fixtures import make_user, vendor

__all__ = ["vendor"]

SAMPLES = {
    "environment": "sandbox", "pk": "1", "token": "unknown-token", "secret": "unknown-secret", "uidb36": "1", "key": "set-password",
    "note": "1", "substitution": "1", "tag": "1", "contact": "1", "address": "1",
    "reference": "00000000-0000-4000-8000-000000000000", "document": "1", "client": "1", "profile": "1", "customer": "1", "system": "1",
    "service": "a-service", "format": "csv", "kind": "invitation", "language": "nb", "package": "1", "file": "a-mail.log",
    "period": "2025", "name": "own.png", "proof": "1", "orgnr": "310987654", "id": "1", "message": "1",
}  # fmt: skip
OPEN_BY_OTHERS = ("accounts/", "i18n/", "admin/")


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            yield route, entry


OURS = [(r, p) for r, p in patterns(get_resolver()) if not r.startswith(OPEN_BY_OTHERS)]


def address(route: str) -> str:
    parts = []
    for part in route.split("/"):
        if part.startswith("<"):
            name = part.strip("<>").split(":")[-1]
            parts.append(SAMPLES[name])
        else:
            parts.append(part)
    return "/" + "/".join(parts)


KINDS = ("staff_page", "public_page", "api_page")


def test_every_view_says_whether_it_is_for_staff_for_all_or_for_integrations() -> None:
    says = {route: [kind for kind in KINDS if getattr(pattern.callback, kind, False)] for route, pattern in OURS}

    assert says
    assert {route: said for route, said in says.items() if len(said) != 1} == {}


STAFF = [r for r, p in OURS if getattr(p.callback, "staff_page", "")]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_sent_to_the_log_in(method: str) -> None:
    replies = {route: getattr(Client(), method)(address(route)) for route in STAFF}

    assert replies
    assert {route: reply.status_code for route, reply in replies.items() if reply.status_code not in (302, 405)} == {}
    moved = {route: reply["Location"] for route, reply in replies.items() if reply.status_code == 302}
    assert {route: to for route, to in moved.items() if not to.startswith("/accounts/login/")} == {}


@pytest.mark.django_db
def test_an_environment_that_is_off_does_not_exist() -> None:
    routes = [route for route, _ in OURS if "<env:environment>" in route]

    statuses = {r: Client().get(address(r).replace("/sandbox/", "/production/", 1)).status_code for r in routes}

    assert statuses
    assert {route: status for route, status in statuses.items() if status != 404} == {}


@pytest.mark.django_db
def test_admin_is_for_operators_only(client: Client, case_worker: Any) -> None:
    client.force_login(case_worker)

    reply = client.get("/admin/")

    assert reply.status_code == 302
    assert "/admin/login/" in reply["Location"]
    assert client.get(reply["Location"]).status_code == 403


@pytest.mark.django_db
def test_operators_come_in_by_the_same_log_in_as_everybody(client: Client) -> None:
    reply = client.get("/admin/", follow=True)

    assert reply.redirect_chain[-1][0].startswith("/accounts/login/?next=")


NO_SECRET = {"name": "the file of a logo"}
"""Texts in addresses that are open without a log-in, and are no secrets: by the name of the part, and what it is."""
TEXT_IN_ADDRESS = re.compile(r"<(?:str|slug|path):(\w+)>|\(\?P<(\w+)>[^()]+\)")
TOKENS = ("Zk3-q_" * 8, "eyJ1c2VyIjo1fQ:1wTnb2:Qm9_x-fR8s0mYc", "eyJ1c2VyIjo1fQ%3A1wTnb2%3AQm9_x-fR8s0mYc")
"""As links have them: random, signed, and signed as some browsers write it."""


def test_no_token_in_an_address_that_is_open_to_all_reaches_the_log() -> None:
    everything = [(r, p) for r, p in patterns(get_resolver()) if not getattr(p.callback, "staff_page", "")]
    routes = {
        re.sub(r"[\^$]", "", route) for route, _pattern in everything
        if not route.startswith(("admin/", "api/", "<env:environment>/local/"))
        and {name for pair in TEXT_IN_ADDRESS.findall(route) for name in pair if name} - set(NO_SECRET)
    }  # fmt: skip
    written = [redact(f"Forbidden: /{TEXT_IN_ADDRESS.sub(token, route)}") for route in routes for token in TOKENS]

    assert {"invitation/<str:token>/", "l/<str:token>/", "hooks/events/<str:secret>"} < routes
    assert [line for line in written if "fR8s0mYc" in line or "q_Zk3" in line] == []


@pytest.mark.django_db
def test_a_password_is_changed_in_one_place(client: Client, vendor: Any) -> None:
    client.force_login(make_user(Role.ADMINISTRATOR))

    reply = client.post(reverse("admin:password_change"), {"old_password": "a long enough password"})

    assert (reply.status_code, reply["Location"]) == (302, "/sandbox/account/profile/password/")
