"""The sandbox's register of organisations behind the gateway."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portal.gateways import http
from portal.sandbox import Sandbox
from portal.sandbox.testing import Transport
from tests.fixtures import CUSTOMER_ORGNR
from tests.systemusers.world import clean_sandbox


def organisation(app: Sandbox, **fields: Any) -> None:
    """The customer as the register has it."""
    body = {"orgnr": CUSTOMER_ORGNR, "name": "Nordlys Eiendom AS", **fields}
    reply = httpx.Client(transport=Transport(app), base_url=app.origin).post("/control/organisations", json=body)
    assert reply.is_success, reply.text
    app.calls.clear()


@pytest.fixture
def sandbox(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    app = clean_sandbox(settings.SANDBOX_URL)
    monkeypatch.setattr(http, "TRANSPORT", Transport(app))
    return app
