"""A scripted remote behind every gateway, and the calls it received."""

from __future__ import annotations

import pytest

from portal.gateways import http
from portal.gateways.http import CallStats
from tests.gateways.remote import Remote


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Remote:
    scripted = Remote()
    monkeypatch.setattr(http, "TRANSPORT", scripted)
    return scripted


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[CallStats]:
    """Every call, as an observer sees it."""
    seen: list[CallStats] = []
    monkeypatch.setattr(http, "observers", [seen.append])
    return seen
