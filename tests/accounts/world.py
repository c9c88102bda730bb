"""The sandbox's register of organisations behind the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from portal.sandbox import Sandbox
from portal.sandbox.testing import Transport
from tests.fixtures import CUSTOMER_ORGNR
from tests.world import World


def organisation(app: Sandbox, **fields: Any) -> None:
    """The customer as the register has it."""
    body = {"orgnr": CUSTOMER_ORGNR, "name": "Nordlys Eiendom AS", **fields}
    reply = httpx.Client(transport=Transport(app), base_url=app.origin).post("/control/organisations", json=body)
    assert reply.is_success, reply.text
    app.calls.clear()


@pytest.fixture
def sandbox(db: None, settings: Any) -> Iterator[Sandbox]:
    made = World(settings.SANDBOX_URL)
    made.app.calls.clear()
    with made.behind():
        yield made.app
