"""The world of tests/world.py as the tests of system users begin with it: one row after the other, each as a fixture."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from accounts.models import Customer, Vendor
from portal.core import lease
from systemusers.models import Access, AccessProfile, MaskinportenClient, System
from systemusers.services import access
from tests import world as base
from tests.kept import built
from tests.world import (
    AGENT_PACKAGE,
    BY,
    PACKAGE,
    RESOURCE,
    RETURN,
    fresh,
    give_key,
    key_pair,
    make_client,
    make_profile,
    make_system,
)
from tests.world import VENDOR_SCOPES as SCOPES

__all__ = [
    "AGENT_PACKAGE", "BY", "DIALOGS", "PACKAGE", "REQUESTS", "RESOURCE", "RETURN", "SCOPES", "TOKEN", "World", "approved",
    "asked", "client_row", "fresh", "give_key", "key_pair", "known_customer", "make_client", "make_profile", "make_system",
    "profile", "sent", "system", "world",
]  # fmt: skip
DIALOGS = ("digdir:dialogporten",)
TOKEN = "/maskinporten/token"
REQUESTS = "/platform/authentication/api/v1/systemuser/request/vendor"


class World(base.World):
    """With the one client."""

    def __init__(self, client: MaskinportenClient, origin: str) -> None:
        super().__init__(origin)
        self.client = client
        self.introduce_client(client)

    def send(self, row: Access) -> Access:
        return self.send_access(row)

    def is_due(self, row: Access) -> bool:
        """Whether a worker would take the row now."""
        return lease.due(Access.objects.filter(pk=row.pk), at=self.at).exists()

    def is_now(self, moment: datetime | None) -> bool:
        """Whether it is the present, give or take the time that the test itself takes."""
        return moment is not None and abs(moment - self.at) < timedelta(seconds=30)

    def remove(self, row: Access) -> None:
        """The customer takes the access back in Altinn."""
        self.control(f"/control/system-users/{row.altinn_id}", method="DELETE")

    def calls(self, method: str, part: str) -> list[httpx.Request]:
        """Calls the portal made, by method and a part of the address."""
        return [r for r in self.transport.requests if r.method == method and part in r.url.path]


@pytest.fixture
def client_row(db: None) -> MaskinportenClient:
    def make() -> MaskinportenClient:
        client = make_client()
        give_key(client)
        return client

    return built("client", by=make, world=None)


@pytest.fixture
def world(client_row: MaskinportenClient, settings: Any) -> Iterator[World]:
    settings.PORTAL_URL = "http://127.0.0.1:8000"
    made = World(client_row, settings.SANDBOX_URL)
    with made.behind():
        yield made


@pytest.fixture
def system(world: World) -> System:
    """Registered at Altinn and here."""
    return built("system", world.client, by=lambda: world.new_system(world.client), world=world)


@pytest.fixture
def profile(system: System) -> AccessProfile:
    return make_profile(system)


@pytest.fixture
def known_customer(world: World, customer: Customer, vendor: Vendor) -> Customer:
    world.introduce(customer.orgnr, customer.name)
    return customer


@pytest.fixture
def asked(known_customer: Customer, profile: AccessProfile, world: World) -> Access:
    """A draft: asked for, not sent."""

    def ask() -> Access:
        return access.ask_access(customer=known_customer, profile=profile, by=BY, at=world.at)

    return built("asked", known_customer, profile, by=ask, world=world)


@pytest.fixture
def sent(asked: Access, world: World) -> Access:
    return built("sent", asked, by=lambda: world.send(asked), world=world)


@pytest.fixture
def approved(sent: Access, world: World) -> Access:
    def approve() -> Access:
        world.decide(sent, "approve")
        return world.poll(sent)

    return built("approved", sent, by=approve, world=world)
