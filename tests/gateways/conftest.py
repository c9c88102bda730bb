"""A told remote behind every gateway, and what was noted of the calls."""

from __future__ import annotations

import pytest

from portal.gateways import http
from portal.gateways.http import CallStats
from tests.gateways.remote import Remote


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Remote:
    told = Remote()
    monkeypatch.setattr(http, "TRANSPORT", told)
    return told


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[CallStats]:
    """Every call, as an observer sees it."""
    seen: list[CallStats] = []
    monkeypatch.setattr(http, "observers", [seen.append])
    return seen
