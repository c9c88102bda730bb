"""What the budgets say of themselves."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from portal.core import budgets
from portal.core.budgets import shown
from portal.gateways.errors import Unavailable
from tests.core.budgets.remote import Remote, ask, call


def test_each_budget_says_what_it_is_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote().use(monkeypatch)
    call()
    remote.status, remote.headers = 429, {"Retry-After": "90"}
    with pytest.raises(Unavailable):
        ask()

    states = budgets.now(at=timezone.now())

    assert states is not None
    altinn, skatteetaten = states
    assert (altinn.name, altinn.environment) == ("altinn@platform.tt02.altinn.no", "TEST")
    assert (altinn.usual, altinn.rate, altinn.is_slowed, altinn.slowed_by) == (5, 2.5, True, "429")
    assert altinn.paused_until is not None
    assert timedelta(seconds=80) < altinn.paused_until - timezone.now() <= timedelta(seconds=90)
    assert skatteetaten.name == "skatteetaten@innrapporteringbsu.api.skatteetaten.no"
    assert (skatteetaten.at_once, skatteetaten.in_use, skatteetaten.is_slowed, skatteetaten.paused_until) == (
        5,
        0,
        False,
        None,
    )


def test_what_was_slow_is_shown_as_it_is_by_now(monkeypatch: pytest.MonkeyPatch) -> None:
    Remote(429, {"Retry-After": "1"}).use(monkeypatch)
    with pytest.raises(Unavailable):
        ask()
    time.sleep(0.01)

    later = budgets.now(at=timezone.now() + timedelta(minutes=5))

    assert later is not None
    assert (later[0].rate, later[0].is_slowed, later[0].paused_until) == (5, False, None)


def test_without_valkey_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> Any:
        raise redis.ConnectionError

    monkeypatch.setattr(shown, "valkey", down)

    assert budgets.now(at=timezone.now()) is None
