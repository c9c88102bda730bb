"""Every address is guarded: staff pages redirect to the log-in, and public pages are marked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

SAMPLES = {
    "environment": "sandbox", "pk": "1", "token": "unknown-token", "secret": "unknown-secret", "uidb36": "1", "key": "set-password",
    "reference": "00000000-0000-4000-8000-000000000000", "document": "1", "client": "1", "profile": "1", "customer": "1", "system": "1",
    "service": "a-service", "format": "csv", "package": "1",
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


@pytest.mark.parametrize(("route", "pattern"), OURS, ids=[r or "/" for r, _ in OURS])
def test_every_view_says_whether_it_is_for_staff_or_for_all(route: str, pattern: Any) -> None:
    guarded = getattr(pattern.callback, "staff_page", "")
    public = getattr(pattern.callback, "public_page", False)

    assert bool(guarded) != bool(public)


STAFF = [r for r, p in OURS if getattr(p.callback, "staff_page", "")]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", STAFF)
def test_a_stranger_is_sent_to_the_log_in(client: Client, route: str, method: str) -> None:
    reply = getattr(client, method)(address(route))

    assert reply.status_code in (302, 405)
    if reply.status_code == 302:
        assert reply["Location"].startswith("/accounts/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("route", [r for r, p in OURS if "<env:environment>" in r])
def test_an_environment_that_is_off_does_not_exist(client: Client, route: str) -> None:
    reply = client.get(address(route).replace("/sandbox/", "/production/", 1))

    assert reply.status_code == 404


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
