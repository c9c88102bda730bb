"""Calls to the outside services, counted as they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from portal.core.environments import Environment, addresses
from portal.core.operation import calls
from portal.core.operation.counter import added
from portal.gateways.http import CallStats
from tests.core.operation.rig import forget_all

SANDBOX = Environment.SANDBOX


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    forget_all()
    yield
    forget_all()


def call(status: int | None = 200, *, service: str = "dialogporten", seconds: float = 0.1, path: str = "/x") -> None:
    host = urlsplit(settings.SANDBOX_URL).netloc
    calls.note(CallStats(service, host, "GET", path, status, seconds, 0, 0, "" if status == 200 else "Unavailable"))


def hour() -> list[calls.Measured]:
    return calls.measured(added(calls.last_hour(SANDBOX, at=datetime.now(UTC))))


def test_calls_are_counted_by_how_they_ended() -> None:
    for status in (200, 204, 404, 429, 500, 503, None):
        call(status)

    [one] = hour()

    assert one.outcomes == {"ok": 2, "refused": 1, "limited": 1, "failed": 3}
    assert (one.calls, one.errors, one.milliseconds) == (7, 4, 700)


def test_the_time_that_most_calls_do_not_exceed_is_the_end_of_a_class() -> None:
    for _ in range(95):
        call(seconds=0.06)
    for _ in range(5):
        call(seconds=3)

    [one] = hour()

    assert (one.slower_than(0.5), one.slower_than(0.95), one.slower_than(0.96)) == (0.1, 0.1, 5.0)


def test_skatteetaten_is_counted_by_api_and_others_by_host() -> None:
    call(service="skatteetaten", path="/skatteetaten/api/aksjonaerregister/v1/2025")
    call(service="skatteetaten", path="/skatteetaten/api/aksjonaerregister/v1/2024/x")
    call(service="skatteetaten", path="/skatteetaten/innrapporteringbsu/v1/2025")
    call(service="altinn", path="/any/path")

    host = str(urlsplit(str(settings.SANDBOX_URL)).netloc)
    assert [(one.service, one.host, one.calls) for one in hour()] == [
        ("altinn", host, 1),
        ("skatteetaten", f"{host}/skatteetaten/api/aksjonaerregister", 2),
        ("skatteetaten", f"{host}/skatteetaten/innrapporteringbsu", 1),
    ]


def test_a_host_of_no_environment_is_counted_for_all() -> None:
    calls.note(CallStats("enhetsregisteret", "data.example.no", "GET", "/x", 200, 0.1, 0, 0))

    assert [one.service for one in hour()] == ["enhetsregisteret"]
    assert calls.total_of([calls.SHARED])[calls.SHARED][0].calls == 1


def test_every_gateway_is_counted() -> None:
    from portal.gateways import http

    assert calls.note in http.observers
    assert addresses(SANDBOX).platform
