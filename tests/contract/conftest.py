"""The sandbox behind every gateway, at three stages of a vendor's life."""

from __future__ import annotations

import pytest

from portal.gateways import http, maskinporten
from portal.sandbox.testing import Transport
from tests.contract.rig import SYSTEM, World
from tests.sandbox.altinn_rig import WRITE_SYSTEMS


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A vendor with a client at Maskinporten, and nothing else."""
    made = World()
    monkeypatch.setattr(http, "TRANSPORT", Transport(made.rig.app))
    monkeypatch.setattr(maskinporten, "clock", made.rig.app.clock.now)
    return made


@pytest.fixture
def registered(world: World) -> World:
    """With the system registered."""
    world.register.register(SYSTEM, token=world.token(WRITE_SYSTEMS))
    return world


@pytest.fixture
def connected(registered: World) -> World:
    """With the customer's system user."""
    registered.approved()
    return registered
