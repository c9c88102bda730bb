"""An accountant whose access for clients is in use, and organisations that become its clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from accounts.models import Customer, Vendor
from portal.core import lease
from portal.local.demo import orgnrs
from systemusers.models import Access, ClientRelation, ClientRound, Kind, System
from systemusers.services import client_relations
from tests.systemusers.world import World, make_profile
from tests.world import AGENT_PACKAGE, PACKAGE

PARTIES = "altinn:accessmanagement/authorizedparties"
SALARY = "urn:altinn:accesspackage:regnskapsforer-lonn"
ACCOUNTANT = "310500003"


@pytest.fixture
def wide(world: World, vendor: Vendor) -> System:
    """A system for both kinds of system users, whose client may ask for authorised parties."""
    world.client.scopes = [*world.client.scopes, PARTIES]
    world.client.save()
    world.introduce_client(world.client)
    return world.new_system(world.client, packages=[PACKAGE, AGENT_PACKAGE, SALARY])


@pytest.fixture
def accountant(world: World, wide: System) -> Access:
    return accountant_of(world, wide, ACCOUNTANT, "Tall & Tine Regnskap AS")


def accountant_of(world: World, system: System, orgnr: str, name: str, **fields: Any) -> Access:
    customer = Customer.objects.filter(orgnr=orgnr).first() or world.new_customer(orgnr, name, **fields)
    profile = system.profiles.filter(kind=Kind.AGENT).first()
    profile = profile or make_profile(
        system, "For klienter", kind=Kind.AGENT, rights=[], packages=[AGENT_PACKAGE, SALARY]
    )
    return world.new_access(customer, profile)


def some(number: int, *, start: int = 312_000_000) -> list[str]:
    """So many organisation numbers."""
    return orgnrs(number, start=start)


def attach(world: World, access: Access, numbers: Iterable[str], **body: Any) -> None:
    """The accountant's people add clients in Altinn."""
    numbers = list(numbers)
    for number in numbers:
        if number not in world.app.state.organisations:
            world.introduce(number, f"Klient {number[-4:]} AS")
    path = f"/control/system-users/{access.system_user.altinn_id}/clients"
    world.control(path, {"orgnrs": numbers, **body})


def detach(world: World, access: Access, numbers: Iterable[str]) -> None:
    path = f"/control/system-users/{access.system_user.altinn_id}/clients"
    world.control(path, {"orgnrs": list(numbers)}, method="DELETE")


def refresh(world: World, *accesses: Access) -> None:
    """What a worker does after a night."""
    client_relations.make_rounds(at=world.at)
    lease.make_due(ClientRound.objects.filter(access__in=accesses), at=world.at)
    client_relations.refresh_due(at=world.at)


def take_in(world: World, access: Access, **fields: Any) -> int:
    """A person chooses all, and a worker makes the customers."""
    rows = ClientRelation.objects.filter(access=access)
    values = {"portfolio": None, "by": "user:ida@vendor.example", **fields}
    number = client_relations.choose(access=access, rows=rows, at=world.at, **values)
    while client_relations.take_in_due(at=world.at):
        pass
    return number
