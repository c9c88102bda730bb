"""Both services are open in the sandbox, and kept out of the other environments as their address is not public."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.core.environments import Environment
from submissions.models import ServiceSetting
from submissions.services import catalogue
from submissions.services.readiness import State, ours, standing
from submissions.services.wanted_scopes import of_submissions
from tests.submissions.adapters.rig import Rig
from tests.submissions.adapters.upload.files import AMELDING, TPO
from tests.submissions.world import World

OUTSIDE = [Environment.TEST, Environment.PRODUCTION]


@pytest.mark.parametrize("name", ["upload_xml", "upload_json"])
def test_a_customer_is_offered_the_service_in_the_sandbox(world: World, name: str) -> None:
    rig = Rig(world, name)

    assert catalogue.availability(access=world.access, service=rig.service).is_allowed


@pytest.mark.parametrize("environment", OUTSIDE)
@pytest.mark.parametrize("name", ["upload_xml", "upload_json"])
def test_elsewhere_it_is_not_whatever_an_administrator_says_and_the_reason_is_told(
    world: World, name: str, environment: Environment
) -> None:
    rig = Rig(world, name)
    world.access.environment = environment
    ServiceSetting.objects.create(
        environment=environment,
        service=rig.service.id,
        is_on=True,
        openness="open",
        changed_by="a",
        changed_at=world.at,
    )

    availability = catalogue.availability(access=world.access, service=rig.service)

    assert "ikke offentlig" in availability.reason
    settings = catalogue.local(environment)
    assert standing(rig.service, settings, ours(environment)).state == State.NOT_PUBLIC


@pytest.mark.django_db
@pytest.mark.parametrize("environment", OUTSIDE)
def test_the_scope_of_a_service_without_an_address_is_not_asked_for(environment: Environment) -> None:
    assert catalogue.service(TPO).scopes[0] not in [wanted.scope for wanted in of_submissions(environment)]
    assert catalogue.service(TPO).scopes[0] in [wanted.scope for wanted in of_submissions(Environment.SANDBOX)]


@pytest.mark.parametrize("service", [TPO, AMELDING])
def test_an_address_that_is_known_one_day_is_one_line_of_data(service: str) -> None:
    entry = catalogue.service(service)

    assert entry.has_address(Environment.SANDBOX)
    assert not entry.has_address(Environment.TEST)
    assert replace(entry, address_known=True).has_address(Environment.TEST)
