"""Calls at once to one API, calls a second to one host, and what the remote's answers change; over threads, with and without Valkey."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import redis
from django.utils import timezone

from portal.core import budgets
from portal.core.budgets import call as calling
from portal.core.budgets import store
from portal.core.budgets.policy import policy_for
from portal.core.valkey import valkey
from portal.gateways import http, page_budget
from portal.gateways.errors import HeldBack, Unavailable
from portal.gateways.skatteetaten.common import api_of
from tests.core.budgets.remote import API, HOST, Remote, ask, call


def take_all() -> list[Any]:
    """Five calls that go on until the list is dropped."""
    held = [budgets.slot("skatteetaten", API) for _n in range(5)]
    for one in held:
        one.__enter__()
    return held


def rate() -> float:
    """Calls a second to Altinn in test, as they are kept."""
    return float(valkey().hget(store.key_of(policy_for("altinn", HOST).name), "rate"))


def without_valkey(monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> Any:
        raise redis.ConnectionError

    monkeypatch.setattr(store, "valkey", down)


def test_never_more_than_five_at_once_for_one_api(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote().use(monkeypatch)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _n: call(), range(60)))

    assert (remote.most, remote.calls) == (5, 60)
    assert valkey().zcard(store.slots_of(policy_for("skatteetaten", API).name)) == 0


def test_apis_are_counted_one_by_one_and_other_services_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    Remote().use(monkeypatch)
    held = take_all()

    other = call("https://innrapporteringegg.api.skatteetaten.no/v1/2025")
    altinn = call(API, service="altinn")
    for one in held:
        one.__exit__(None, None, None)

    assert (other.status, altinn.status) == (200, 200)


def test_a_call_without_a_slot_is_put_off_and_has_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote().use(monkeypatch)
    monkeypatch.setattr(calling, "PATIENCE", 0.05)
    noted: list[object] = []
    monkeypatch.setattr(http, "observers", [noted.append])
    held = take_all()

    with pytest.raises(HeldBack, match="already") as caught:
        call()

    assert (caught.value.maybe_arrived, caught.value.by_remote, remote.calls, noted, len(held)) == (
        False,
        False,
        0,
        [],
        5,
    )


def test_the_slot_of_a_dead_process_is_free_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Remote().use(monkeypatch)
    monkeypatch.setattr(store, "SLOT_LIFE", 0.2)
    held = take_all()

    assert call().status == 200
    assert len(held) == 5


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("act", [call, ask])
def test_when_the_remote_asks_for_it_all_wait_as_long(monkeypatch: pytest.MonkeyPatch, act: Any, status: int) -> None:
    remote = Remote(status, {"Retry-After": "30"}).use(monkeypatch)

    with pytest.raises(Unavailable):
        act()
    with pytest.raises(HeldBack, match="fewer calls") as caught:
        act()

    assert remote.calls == 1
    assert caught.value.by_remote
    assert caught.value.retry_after is not None
    assert 25 < caught.value.retry_after <= 30


def test_a_host_that_is_paused_pauses_all_services_behind_it_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(429, {"Retry-After": "30"}).use(monkeypatch)
    with pytest.raises(Unavailable):
        ask()
    remote.status = 200

    with pytest.raises(HeldBack):
        call("https://platform.tt02.altinn.no/events", "altinn")
    others = call("https://platform.altinn.no/events", "altinn"), call("https://test.maskinporten.no", "maskinporten")

    assert [one.status for one in others] == [200, 200]


def test_a_short_pause_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    Remote().use(monkeypatch)
    policy = policy_for("skatteetaten", API)
    store.slow_down(policy, factor=1.0, pause=0.2, why="429")
    began = time.monotonic()

    assert call().status == 200
    assert time.monotonic() - began >= 0.15


def test_a_rate_is_shared_by_all_threads(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Ten a second: ten at once, and then one every tenth of a second."""
    settings.CALLS_A_SECOND = {**settings.CALLS_A_SECOND, "TEST": 10}
    remote = Remote(seconds=0.0).use(monkeypatch)
    began = time.monotonic()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _n: ask(), range(20)))

    assert remote.calls == 20
    assert 0.9 <= time.monotonic() - began < 5


def test_a_worker_is_held_back_where_a_page_may_still_call(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.CALLS_A_SECOND = {**settings.CALLS_A_SECOND, "TEST": 2}
    remote = Remote(seconds=0.0).use(monkeypatch)
    monkeypatch.setattr(calling, "PATIENCE", 0.1)
    for _ in range(2):
        ask()

    with pytest.raises(HeldBack) as caught:
        ask()
    with page_budget.page():
        ask()

    assert remote.calls == 3
    assert not caught.value.by_remote


def test_too_many_calls_halve_the_rate_once_and_it_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(429, {"Retry-After": "1"}).use(monkeypatch)
    with pytest.raises(Unavailable):
        ask()
    for _ in range(3):
        store.slow_down(policy_for("altinn", HOST), factor=0.5, pause=0.0, why="429")
    halved = rate()
    monkeypatch.setattr(store, "RECOVERY", 1.0)
    remote.status = 200
    for _ in range(2):
        ask()
        time.sleep(0.6)
    ask()

    assert 2.4 < halved < 3.0
    assert rate() == 5


def test_one_failure_among_many_calls_slows_nothing_and_a_row_of_them_does(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CALLS_A_SECOND = {**settings.CALLS_A_SECOND, "TEST": 1000}
    remote = Remote(seconds=0.0).use(monkeypatch)

    def calls(number: int) -> None:
        for _ in range(number):
            with suppress(Unavailable):
                ask()

    for _ in range(4):
        remote.status = 200
        calls(19)
        remote.status = 500
        calls(1)
    before = rate()
    calls(5)

    assert before == 1000
    assert 790 < rate() < 900


def test_no_budget_comes_to_a_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CUT_EVERY", 0.0)
    policy = policy_for("altinn", HOST)
    for _ in range(50):
        store.slow_down(policy, factor=0.5, pause=0.0, why="429")

    assert rate() >= 5 * store.SLOWEST


@pytest.mark.parametrize(("act", "most"), [(call, 5), (ask, 20)])
def test_without_valkey_each_process_counts_its_own(
    monkeypatch: pytest.MonkeyPatch, settings: Any, act: Any, most: int
) -> None:
    settings.CALLS_A_SECOND = {**settings.CALLS_A_SECOND, "TEST": 40}
    remote = Remote().use(monkeypatch)
    without_valkey(monkeypatch)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _n: act(), range(60)))

    assert remote.calls == 60
    assert remote.most <= most


@pytest.mark.parametrize(
    ("url", "api"),
    [
        (API, "innrapporteringbsu.api.skatteetaten.no"),
        (
            "https://api.skatteetaten.no/api/aksjonaerregister/v1/2025/1086H",
            "api.skatteetaten.no/api/aksjonaerregister",
        ),
        ("https://api.skatteetaten.no/api/forskudd/bestillSkattekort", "api.skatteetaten.no/api/forskudd"),
        (
            "https://api.skatteetaten.no/api/forskudd/skattekortTilArbeidsgiver/svar/1",
            "api.skatteetaten.no/api/forskudd",
        ),
        ("http://127.0.0.1:1/skatteetaten/innrapporteringbsu/v1/2025", "127.0.0.1:1/skatteetaten/innrapporteringbsu"),
        (
            "http://127.0.0.1:1/skatteetaten/api/aksjonaerregister/v1/1",
            "127.0.0.1:1/skatteetaten/api/aksjonaerregister",
        ),
    ],
)
def test_an_api_is_a_host_or_a_name_on_a_shared_host(url: str, api: str) -> None:
    assert api_of(url) == api


def test_a_remote_that_asks_for_fewer_calls_is_known_by_name_although_valkey_was_emptied(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Calls that were taken ahead are made without asking Valkey, so that the answer may be the first that it hears."""
    settings.CALLS_A_SECOND = dict.fromkeys(settings.CALLS_A_SECOND, 100)
    remote = Remote().use(monkeypatch)
    ask()
    valkey().flushdb()
    remote.status, remote.headers = 503, {"Retry-After": "600"}
    with pytest.raises(Unavailable):
        ask()

    states = budgets.now(at=timezone.now())

    assert remote.calls == 2
    assert states is not None
    [altinn] = states
    assert (altinn.name, altinn.is_slowed, altinn.paused_until is not None) == (
        "altinn@platform.tt02.altinn.no",
        True,
        True,
    )
