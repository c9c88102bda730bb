"""Every staff page of the two apps refuses strangers, lesser roles, other portfolios and other environments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, reverse

from accounts import urls as accounts_urls
from accounts.models import Contact, Customer, CustomerImport, Portfolio, Role, User
from accounts.services.imports import ordering as imports
from portal.core.environments import Environment
from systemusers import urls as systemusers_urls
from systemusers.models import (
    Access,
    AccessProfile,
    Campaign,
    CampaignRow,
    KeyRotation,
    MaskinportenClient,
    SigningKey,
    System,
    Withdrawal,
)
from systemusers.services.campaigns import ordering as campaigns
from tests.fixtures import make_user
from tests.systemusers.world import World

PATTERNS: list[URLPattern] = [*accounts_urls.urlpatterns, *systemusers_urls.urlpatterns]
WORKS = {
    "customer-new", "customer-edit", "customer-look-up", "contact-new", "contact-edit", "contact-remove",
    "contact-restore",
    "access-new", "access-withdraw", "access-renew", "access-send",
    "access-link-close", "access-link-reopen", "access-rights", "access-change", "access-change-send",
    "access-change-withdraw", "access-beside", "access-mail", "access-mail-stop", "access-mail-returned", "access-told",
    "access-letter", "access-letter-pdf", "accesses-told", "links-export",
    "customer-imports", "customer-import", "customer-import-columns", "customer-import-no-look-up", "customer-import-extra",
    "customer-import-confirm", "customer-import-undo", "customer-import-discard", "customer-import-rest",
    "campaign-new", "campaign-extra", "campaign-check", "campaign-start", "campaign-pause", "campaign-resume", "campaign-stop",
    "campaign-discard",
}  # fmt: skip
CONFIGURES = {
    "vendor", "system-new", "system-edit", "system-register", "system-import", "system-diff", "system-compare", "system-delete",
    "profile-new", "profile", "settings", "client-new", "client", "key-new", "scopes-check", "key-activate", "key-retire",
    "key-import", "key-kid", "key-public-jwk", "key-public-set", "key-public-list", "digdir-keys", "digdir-clients",
    "digdir-client-add", "digdir-client-new", "rotation-start", "rotation", "rotation-post", "rotation-use",
    "rotation-remove", "rotation-abandon", "rotation-by-hand",
    "found", "found-fetch", "profile-changes", "doctor", "token",
}  # fmt: skip
ADMINISTERS = {"mail-settings", "mail-text", "mail-preview", "mail-domain"}
POSTS = {
    "contact-remove", "contact-restore", "customer-look-up",
    "access-withdraw", "access-renew", "access-send", "access-link-close", "access-link-reopen",
    "system-register", "system-compare", "key-new", "scopes-check", "key-activate", "key-retire",
    "digdir-client-add", "rotation-start", "rotation-post", "rotation-use", "rotation-abandon", "rotation-by-hand",
    "found-fetch", "access-rights", "access-change", "access-change-send", "access-change-withdraw",
    "access-beside", "customer-import-columns", "customer-import-no-look-up", "customer-import-extra",
    "access-mail", "access-mail-stop", "access-mail-returned", "access-told", "access-letter-pdf", "mail-domain",
    "campaign-extra", "campaign-check", "campaign-pause", "campaign-resume",
}  # fmt: skip
OF_A_CLIENT = {"key-new", "key-import", "digdir-keys", "rotation-start"}
ASKED_FIRST = {"access-withdraw", "access-link-close", "key-retire"}
"""Acts with a page before them, at the same address."""

NAMES = [str(pattern.name) for pattern in PATTERNS]


def address(name: str, *, environment: str = "sandbox") -> str:
    """The page of the one row there is of each kind."""
    rows: dict[str, Any] = {
        "customer": Customer,
        "contact": Customer,
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
        "campaign": Campaign,
        "withdrawal": Withdrawal,
    }
    kwargs: dict[str, Any] = {"environment": environment}
    pattern = next(p for p in PATTERNS if p.name == name)
    if "kind" in pattern.pattern.converters:
        kwargs |= {"kind": "invitation", "language": "nb"}
    if "contact" in pattern.pattern.converters:
        kwargs["contact"] = Contact.objects.get().pk
    if "system" in pattern.pattern.converters:
        kwargs["system"] = System.objects.get().pk
    if "pk" in pattern.pattern.converters:
        model = MaskinportenClient if name in OF_A_CLIENT else rows[name.split("-", maxsplit=1)[0]]
        model = CustomerImport if name.startswith("customer-import") else model
        kwargs["pk"] = model.objects.get().pk
    return reverse(name, kwargs=kwargs)


def replies(user: User | None, names: Iterable[str], *, by: str = "", **options: Any) -> dict[str, HttpResponse]:
    """What each page answers, with the rows as they are at first. `by`: the method, if not the page's own."""
    client = Client()
    found: dict[str, HttpResponse] = {}
    if user:
        client.force_login(user)
    for name in names:
        method = by or ("post" if name in POSTS else "get")
        with transaction.atomic():
            found[name] = getattr(client if user else Client(), method)(address(name, **options))
            transaction.set_rollback(True)
    assert found
    return found


def statuses(user: User, names: Iterable[str], **options: Any) -> dict[str, int]:
    return {name: reply.status_code for name, reply in replies(user, names, **options).items()}


@pytest.fixture
def every_row(sent: Access, world: World) -> None:
    """One of each, so that every address leads somewhere."""
    key = SigningKey.objects.get()
    KeyRotation.objects.create(client=key.client, new_key=key, is_manual=True, status_at=world.at, created_at=world.at)
    owner = make_user(Role.CASE_WORKER, "owner@vendor.example", name="Owner")
    imports.begin(user=owner, environment=Environment.SANDBOX, filename="x", content=b"310200018", at=world.at)
    Contact.objects.create(customer=sent.customer, name="Kari")
    Withdrawal.objects.create(environment=Environment.SANDBOX, asked_by=owner, asked_at=world.at, total=1)
    asked = campaigns.Settings(name="Runde 1", profile=sent.profile)
    rows = [CampaignRow(number=1, customer=sent.customer)]
    campaigns.make(settings=asked, rows=rows, user=owner, environment=Environment.SANDBOX, at=world.at)


@pytest.mark.usefixtures("every_row")
def test_a_stranger_is_sent_to_log_in() -> None:
    found = {name: (reply.status_code, reply.get("Location", "")) for name, reply in replies(None, NAMES).items()}

    assert {
        name: reply for name, reply in found.items() if reply[0] != 302 or not reply[1].startswith("/accounts/login/")
    } == {}


@pytest.mark.usefixtures("every_row")
def test_a_reader_only_looks(reader: User) -> None:
    expected = {name: 403 if name in WORKS | CONFIGURES | ADMINISTERS else 200 for name in NAMES}

    assert statuses(reader, NAMES) == expected


@pytest.mark.usefixtures("every_row")
def test_a_developer_does_not_do_case_work(db: None) -> None:
    names = sorted(WORKS | ADMINISTERS)

    assert statuses(make_user(Role.DEVELOPER), names) == dict.fromkeys(names, 403)


@pytest.mark.usefixtures("every_row")
def test_a_case_worker_does_not_configure(case_worker: User) -> None:
    names = sorted(CONFIGURES | ADMINISTERS)

    assert statuses(case_worker, names) == dict.fromkeys(names, 403)


@pytest.mark.usefixtures("every_row")
@pytest.mark.parametrize("name", NAMES)
def test_an_administrator_gets_an_answer_everywhere(name: str, administrator: User) -> None:
    """Each with a remote of its own, as the acts change it."""
    assert statuses(administrator, [name])[name] in (200, 302)


@pytest.mark.usefixtures("every_row")
def test_other_portfolios_do_not_exist(case_worker: User) -> None:
    case_worker.portfolios.set([Portfolio.objects.create(name="Øst")])
    patterns = {str(p.name): p for p in PATTERNS if str(p.name).split("-")[0] in ("customer", "access", "campaign")}

    expected = {
        name: 404 if "pk" in pattern.pattern.converters else 403 if name in ADMINISTERS else 200
        for name, pattern in patterns.items()
    }
    assert statuses(case_worker, patterns) == expected


@pytest.mark.usefixtures("every_row")
def test_rows_of_another_environment_do_not_exist_here(administrator: User) -> None:
    names = [str(p.name) for p in PATTERNS if "pk" in p.pattern.converters]

    assert statuses(administrator, names, environment="test") == dict.fromkeys(names, 404)


@pytest.mark.usefixtures("every_row")
def test_acts_are_posts(administrator: User) -> None:
    names = sorted(POSTS - ASKED_FIRST)

    assert statuses(administrator, names, by="get") == dict.fromkeys(names, 405)
