"""The limit of calls at once to one API, over threads and processes, with and without Valkey."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import redis

from portal.core import call_budget
from portal.core.valkey import valkey
from portal.gateways import http
from portal.gateways.errors import Unavailable
from portal.gateways.skatteetaten.common import api_of

URL = "https://innrapporteringbsu.api.skatteetaten.no/v1/2025"


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    valkey().flushdb()
    yield
    valkey().flushdb()


class Remote(httpx.BaseTransport):
    """Counts how many calls it has at once, by host."""

    def __init__(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.status, self.headers = status, headers or {}
        self.now: dict[str, int] = {}
        self.most, self.calls = 0, 0
        self.lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.calls += 1
            self.now[request.url.host] = self.now.get(request.url.host, 0) + 1
            self.most = max(self.most, self.now[request.url.host])
        time.sleep(0.02)
        with self.lock:
            self.now[request.url.host] -= 1
        return httpx.Response(self.status, headers=self.headers, json={})


def use(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TRANSPORT", remote)
    monkeypatch.setattr(http, "slot", call_budget.slot)


def take_all() -> list[Any]:
    """Five calls that go on until the list is dropped."""
    held = [call_budget.slot("skatteetaten", URL) for _n in range(5)]
    for one in held:
        one.__enter__()
    return held


def call(url: str = URL, service: str = "skatteetaten") -> Any:
    return http.Channel(service=service, base_url="").call("GET", url)


def test_never_more_than_five_at_once_for_one_api(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote()
    use(remote, monkeypatch)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _n: call(), range(60)))

    assert (remote.most, remote.calls) == (5, 60)
    assert valkey().zcard(call_budget._slots(api_of(URL))) == 0


def test_apis_are_counted_one_by_one_and_other_services_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote()
    use(remote, monkeypatch)
    held = take_all()

    other = call("https://innrapporteringegg.api.skatteetaten.no/v1/2025")
    altinn = call(URL, service="altinn")
    for one in held:
        one.__exit__(None, None, None)

    assert (other.status, altinn.status) == (200, 200)


def test_a_call_without_a_slot_is_put_off_and_has_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote()
    use(remote, monkeypatch)
    monkeypatch.setattr(call_budget, "PATIENCE", 0.05)
    held = take_all()

    with pytest.raises(Unavailable, match="already") as caught:
        call()

    assert (caught.value.maybe_arrived, remote.calls, len(held)) == (False, 0, 5)


def test_the_slot_of_a_dead_process_is_free_again(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote()
    use(remote, monkeypatch)
    monkeypatch.setattr(call_budget, "SLOT_LIFE", 0.2)
    held = take_all()

    assert call().status == 200
    assert len(held) == 5


def test_too_many_calls_make_all_wait_as_long_as_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(429, {"Retry-After": "30"})
    use(remote, monkeypatch)

    with pytest.raises(Unavailable):
        call()
    with pytest.raises(Unavailable, match="fewer calls") as caught:
        call()

    assert remote.calls == 1
    assert caught.value.retry_after is not None
    assert 25 < caught.value.retry_after <= 30


def test_a_short_pause_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote()
    use(remote, monkeypatch)
    call_budget._pause(api_of(URL), 0.1)

    assert call().status == 200


def test_without_valkey_each_process_counts_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> Any:
        raise redis.ConnectionError

    remote = Remote()
    use(remote, monkeypatch)
    monkeypatch.setattr(call_budget, "valkey", down)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _n: call(), range(30)))

    assert (remote.most, remote.calls) == (5, 30)


@pytest.mark.parametrize(
    ("url", "api"),
    [
        (URL, "innrapporteringbsu.api.skatteetaten.no"),
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
