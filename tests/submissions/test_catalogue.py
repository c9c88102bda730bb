"""What can be delivered through which access, and why not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from portal.core.environments import Environment, addresses
from submissions.services import catalogue
from systemusers.models import Access, ScopeGrant
from tests.submissions.rows import SCOPE, SERVICE

RF1086 = catalogue.service(SERVICE)


def reason(access: Access) -> str:
    return catalogue.availability(access=access, service=RF1086).reason


def test_a_usable_access_with_the_right_allows_the_service(access: Access) -> None:
    assert reason(access) == ""


def test_a_package_allows_the_service_as_well_as_the_right(access: Access) -> None:
    access.rights, access.packages = [], ["urn:altinn:accesspackage:skattegrunnlag"]

    assert reason(access) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "SENT"}, "sendt"),
        ({"status": "REMOVED"}, "fjernet av kunden"),
        ({"rights": []}, "mangler rettigheten"),
    ],
)
def test_what_is_missing_on_the_access_is_said(access: Access, changes: dict[str, Any], words: str) -> None:
    for name, value in changes.items():
        setattr(access, name, value)

    assert words in reason(access)


@pytest.mark.parametrize("verdict", ["NOT_ON_CLIENT", "NOT_GRANTED"])
def test_a_scope_maskinporten_refused_stands_in_the_way(access: Access, verdict: str) -> None:
    ScopeGrant.objects.create(client=access.profile.system.client, scope=SCOPE, verdict=verdict)

    assert SCOPE in reason(access)


def test_a_scope_nobody_has_asked_about_yet_does_not(access: Access) -> None:
    ScopeGrant.objects.create(client=access.profile.system.client, scope=SCOPE, verdict="UNKNOWN")

    assert reason(access) == ""


def test_a_scope_the_client_was_never_given_stands_in_the_way(access: Access) -> None:
    access.profile.system.client.scopes = []

    assert SCOPE in reason(access)


def test_every_service_is_offered_with_allowed_ones_first(access: Access) -> None:
    offers = catalogue.services_for(access)

    assert offers[0].service.id == SERVICE
    assert len(offers) == len(catalogue.services())
    assert all(offer.reason for offer in offers[1:])


@pytest.mark.parametrize("service", catalogue.services(), ids=lambda service: service.id)
def test_every_entry_is_whole(service: catalogue.Service) -> None:
    assert set(service.names) == set(service.abouts) == {"nb", "nn", "en"}
    assert all([service.scopes, service.resource, service.extensions])
    assert all(package.startswith("urn:altinn:accesspackage:") for package in service.packages)
    assert service.base_url(addresses(Environment.PRODUCTION)).startswith("https://")
    assert "{" not in service.base_url(addresses(Environment.TEST))


def test_a_service_speaks_the_readers_language() -> None:
    with translation.override("en"):
        assert RF1086.name == "Register of shareholders report"


def test_the_deadline_is_in_the_year_after() -> None:
    assert RF1086.deadline(2025) == date(2026, 1, 31)


def test_an_unknown_service_is_refused_by_name() -> None:
    with pytest.raises(catalogue.UnknownService, match="no-such"):
        catalogue.service("no-such")
