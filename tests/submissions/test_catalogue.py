"""What can be delivered through which access, and why not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from portal.core.environments import Environment, addresses
from submissions import checks
from submissions.adapters import ADAPTERS
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.offers import offers_for
from systemusers.models import Access, ScopeGrant
from tests.submissions.world import SCOPE, SERVICE

RF1086 = catalogue.service(SERVICE)


def reason(access: Access) -> str:
    return catalogue.availability(access=access, service=RF1086).reason


def test_a_usable_access_with_the_right_allows_the_service(access: Access) -> None:
    assert reason(access) == ""


def test_a_package_allows_the_service_as_well_as_the_right(access: Access) -> None:
    access.rights, access.packages = [], ["urn:altinn:accesspackage:skattegrunnlag"]

    assert reason(access) == ""


@pytest.mark.parametrize("service", ["boligsameie", "boligselskap"])
def test_the_package_of_property_managers_allows_housing_and_nothing_else(access: Access, service: str) -> None:
    access.rights, access.packages = [], ["urn:altinn:accesspackage:forretningsforer-eiendom"]
    entry = catalogue.service(f"innrapportering-{service}")

    assert catalogue.covers(access, entry)
    assert not catalogue.covers(access, RF1086)


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


def test_every_service_that_is_on_is_offered_with_allowed_ones_first(access: Access) -> None:
    offers = offers_for(access.customer)

    assert offers[0].service.id == SERVICE
    on = {service.id for service in catalogue.reports(catalogue.local(access.environment))}
    assert {offer.service.id for offer in offers} == on
    assert all(offer.reasons for offer in offers[1:])


@pytest.mark.parametrize("service", catalogue.services(), ids=lambda service: service.id)
def test_every_entry_is_whole(service: catalogue.Service) -> None:
    assert set(service.names) == set(service.abouts) == {"nb", "nn", "en"}
    assert all(package.startswith("urn:altinn:accesspackage:") for package in service.packages)
    assert not any(resource.startswith("urn:") for resource in service.resources)
    assert service.source.startswith("https://")
    assert not service.reasons or set(service.reasons) == {"nb", "nn", "en"}
    assert service.capability == catalogue.Capability.MACHINE or service.reasons, "a person must be told why"


@pytest.mark.parametrize("service", [one for one in catalogue.services() if one.adapter], ids=lambda one: one.id)
def test_an_entry_with_an_adapter_has_what_the_calls_need(service: catalogue.Service) -> None:
    assert service.scopes
    assert service.base_url(addresses(Environment.PRODUCTION)).startswith("https://")
    assert "{" not in service.base_url(addresses(Environment.TEST))


def test_the_catalogue_has_every_service_that_is_known() -> None:
    """One more is only data: no number here is changed for it."""
    by_adapter = Counter(service.adapter for service in catalogue.services())

    assert sum(by_adapter.values()) >= 53
    assert by_adapter["gld_json"] >= 31


def test_a_service_speaks_the_readers_language() -> None:
    with translation.override("en"):
        assert RF1086.name == "Register of shareholders report"


def test_the_deadline_is_in_the_year_after() -> None:
    assert RF1086.last_day(Period.year(2025)) == date(2026, 1, 31)


def test_the_deadline_of_a_month_is_in_the_month_after() -> None:
    entry = catalogue.service("innrapportering-amelding")

    assert entry.last_day(Period(PeriodKind.MONTH, date(2026, 12, 1))) == date(2027, 1, 5)
    assert entry.last_day(Period(PeriodKind.MONTH, date(2026, 2, 1))) == date(2026, 3, 5)


def test_a_deadline_that_no_page_gives_is_unknown() -> None:
    assert catalogue.service("innrapportering-bsu").last_day(Period.year(2025)) is None


def test_an_unknown_service_is_refused_by_name() -> None:
    with pytest.raises(catalogue.UnknownService, match="no-such"):
        catalogue.service("no-such")


# where a service is accepted


def test_a_service_that_is_closed_in_the_environment_is_not_offered_there(
    access: Access,
) -> None:
    closed = replace(RF1086, environments={**RF1086.environments, Environment.SANDBOX: catalogue.Openness.CLOSED})

    assert "tar ikke imot" in catalogue.availability(access=access, service=closed).reason


def test_a_service_nobody_has_confirmed_is_offered_with_the_doubt(access: Access) -> None:
    doubtful = replace(RF1086, environments={**RF1086.environments, Environment.SANDBOX: catalogue.Openness.UNKNOWN})

    offer = catalogue.availability(access=access, service=doubtful)

    assert (offer.is_allowed, "ikke bekreftet" in offer.note) == (True, True)
    assert catalogue.availability(access=access, service=RF1086).note == ""


@pytest.mark.parametrize("service", catalogue.services(), ids=lambda service: service.id)
def test_every_entry_says_something_of_every_environment(service: catalogue.Service) -> None:
    assert set(service.environments) == set(Environment)


# the adapters


def test_the_catalogue_names_only_adapters_that_exist() -> None:
    assert checks.check_adapters(None) == []


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"adapter": "no-such"}, [checks.UNKNOWN_ADAPTER]),
        ({"adapter": "no-such", "enabled": False}, [checks.UNKNOWN_ADAPTER]),
        ({"adapter": ""}, [checks.UNKNOWN_ADAPTER]),
        ({"adapter": "", "enabled": False}, []),
        ({"period": PeriodKind.MONTH}, [checks.OTHER_PERIOD]),
    ],
)
def test_the_portal_does_not_start_with_an_entry_that_nothing_can_send(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], errors: list[str]
) -> None:
    monkeypatch.setattr(checks, "services", lambda: [replace(RF1086, **changes)])

    found = checks.check_adapters(None)

    assert [error.id for error in found] == errors
    assert all(error.is_serious() for error in found)
    assert all(sorted(ADAPTERS)[0] in str(error) for error in found if error.id == checks.UNKNOWN_ADAPTER)
