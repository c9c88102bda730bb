"""Every staff page of the two apps refuses strangers, lesser roles, other portfolios and other environments."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from accounts import urls as accounts_urls
from accounts.models import Customer, Portfolio, Role, User
from systemusers import urls as systemusers_urls
from systemusers.models import Access, AccessProfile, KeyRotation, MaskinportenClient, SigningKey, System
from tests.fixtures import make_user
from tests.systemusers.world import World

PATTERNS: list[URLPattern] = [*accounts_urls.urlpatterns, *systemusers_urls.urlpatterns]
WORKS = {
    "customer-new", "customer-edit", "customer-look-up", "access-new", "access-withdraw", "access-renew", "access-send",
    "access-link-close", "access-link-reopen", "access-rights", "access-change", "access-change-send",
    "access-change-withdraw", "access-beside",
}  # fmt: skip
CONFIGURES = {
    "vendor", "system-new", "system-edit", "system-register", "system-import", "system-diff", "system-compare", "system-delete",
    "profile-new", "profile", "settings", "client-new", "client", "key-new", "scopes-check", "key-activate", "key-retire",
    "key-import", "key-kid", "key-public-jwk", "key-public-set", "key-public-list", "digdir-keys", "digdir-clients",
    "digdir-client-add", "digdir-client-new", "rotation-start", "rotation", "rotation-post", "rotation-use",
    "rotation-remove", "rotation-abandon", "rotation-by-hand",
    "found", "found-fetch", "profile-changes", "doctor", "token",
}  # fmt: skip
ADMINISTERS = {"customer-list"}
POSTS = {
    "customer-look-up", "access-withdraw", "access-renew", "access-send", "access-link-close", "access-link-reopen",
    "system-register", "system-compare", "key-new", "scopes-check", "key-activate", "key-retire",
    "digdir-client-add", "rotation-start", "rotation-post", "rotation-use", "rotation-abandon", "rotation-by-hand",
    "found-fetch", "access-rights", "access-change", "access-change-send", "access-change-withdraw",
    "access-beside",
}  # fmt: skip
OF_A_CLIENT = {"key-new", "key-import", "digdir-keys", "rotation-start"}
ASKED_FIRST = {"access-withdraw", "access-link-close", "key-retire"}
"""Acts with a page before them, at the same address."""

NAMES = [str(pattern.name) for pattern in PATTERNS]


def address(name: str, *, environment: str = "sandbox") -> str:
    """The page of the one row there is of each kind."""
    rows: dict[str, Any] = {
        "customer": Customer,
        "access": Access,
        "system": System,
        "client": MaskinportenClient,
    }
    rows |= {
        "found": System,
        "profile": AccessProfile,
        "key": SigningKey,
        "scopes": MaskinportenClient,
        "rotation": KeyRotation,
    }
    kwargs: dict[str, Any] = {"environment": environment}
    pattern = next(p for p in PATTERNS if p.name == name)
    if "system" in pattern.pattern.converters:
        kwargs["system"] = System.objects.get().pk
    if "pk" in pattern.pattern.converters:
        model = MaskinportenClient if name in OF_A_CLIENT else rows[name.split("-", maxsplit=1)[0]]
        kwargs["pk"] = model.objects.get().pk
    return reverse(name, kwargs=kwargs)


def call(user: User | None, name: str, **options: Any) -> int:
    client = Client()
    if user:
        client.force_login(user)
    method = client.post if name in POSTS else client.get
    return method(address(name, **options)).status_code


@pytest.fixture
def every_row(sent: Access, world: World) -> None:
    """One of each, so that every address leads somewhere."""
    key = SigningKey.objects.get()
    KeyRotation.objects.create(client=key.client, new_key=key, is_manual=True, status_at=world.at, created_at=world.at)


@pytest.mark.usefixtures("every_row")
@pytest.mark.parametrize("name", NAMES)
def test_a_stranger_is_sent_to_log_in(name: str) -> None:
    reply = Client().post(address(name)) if name in POSTS else Client().get(address(name))

    assert reply.status_code == 302
    assert reply["Location"].startswith("/accounts/login/")


@pytest.mark.usefixtures("every_row")
@pytest.mark.parametrize("name", NAMES)
def test_a_reader_only_looks(name: str, reader: User) -> None:
    expected = 403 if name in WORKS | CONFIGURES | ADMINISTERS else 200

    assert call(reader, name) == expected


@pytest.mark.usefixtures("every_row")
@pytest.mark.parametrize("name", sorted(WORKS | ADMINISTERS))
def test_a_developer_does_not_do_case_work(name: str, db: None) -> None:
    assert call(make_user(Role.DEVELOPER), name) == 403


@pytest.mark.usefixtures("every_row")
@pytest.mark.parametrize("name", sorted(CONFIGURES | ADMINISTERS))
def test_a_case_worker_does_not_configure(name: str, case_worker: User) -> None:
    assert call(case_worker, name) == 403


@pytest.mark.usefixtures("every_row")
@pytest.mark.parametrize("name", NAMES)
def test_an_administrator_gets_an_answer_everywhere(name: str, administrator: User) -> None:
    assert call(administrator, name) in (200, 302)


@pytest.mark.usefixtures("every_row")
@pytest.mark.parametrize("name", [n for n in NAMES if n.split("-")[0] in ("customer", "access")])
def test_other_portfolios_do_not_exist(name: str, case_worker: User) -> None:
    case_worker.portfolios.set([Portfolio.objects.create(name="Øst")])
    pattern = next(p for p in PATTERNS if p.name == name)

    expected = 404 if "pk" in pattern.pattern.converters else 403 if name in ADMINISTERS else 200
    assert call(case_worker, name) == expected


@pytest.mark.usefixtures("every_row")
@pytest.mark.parametrize("name", [str(p.name) for p in PATTERNS if "pk" in p.pattern.converters])
def test_rows_of_another_environment_do_not_exist_here(name: str, administrator: User) -> None:
    assert call(administrator, name, environment="test") == 404


@pytest.mark.usefixtures("every_row")
@pytest.mark.parametrize("name", sorted(POSTS - ASKED_FIRST))
def test_acts_are_posts(name: str, administrator: User) -> None:
    client = Client()
    client.force_login(administrator)

    assert client.get(address(name)).status_code == 405
