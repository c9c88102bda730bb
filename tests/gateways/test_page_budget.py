"""A page waits for outside services for some seconds, and few pages wait at once; a worker waits as long as it takes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.gateways import http, page_budget
from portal.gateways.errors import Unavailable
from portal.gateways.http import Channel


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service that takes connections and never answers."""
    clients = http._Clients()
    monkeypatch.setattr(http, "TRANSPORT", None)
    monkeypatch.setattr(http, "_clients", clients)
    with clients.one():  # takes a while the first time
        pass
    monkeypatch.setattr(page_budget, "EACH", 0.4)
    monkeypatch.setattr(page_budget, "WHOLE", 1.0)
    monkeypatch.setattr(page_budget, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    clients.close()


def ask(url: str, *, times: int = 1) -> float:
    """Seconds that a page waits."""
    channel, begun = Channel(service="brreg", base_url=url), time.monotonic()
    with page_budget.page():
        for _time in range(times):
            with pytest.raises(Unavailable):
                channel.call("GET", "/")
    return time.monotonic() - begun


def test_a_page_waits_for_one_call_only_so_long(silent: str) -> None:
    assert 0.3 < ask(silent) < 0.9


def test_all_calls_of_a_page_share_its_time(silent: str) -> None:
    assert ask(silent, times=20) < 1.5


def test_of_many_pages_few_wait_and_the_others_go_on_at_once(silent: str) -> None:
    with ThreadPoolExecutor(10) as pages:
        waits = sorted(pages.map(lambda _page: ask(silent), range(10)))

    assert sum(seconds > 0.3 for seconds in waits) == page_budget.AT_ONCE
    assert waits[0] < 0.3


def test_a_refused_page_has_called_nobody(silent: str) -> None:
    with page_budget.page():
        rooms = [page_budget.room("a test") for _ in range(page_budget.AT_ONCE)]
        for room in rooms:
            room.__enter__()
        with pytest.raises(Unavailable) as caught, page_budget.room("one more"):
            pytest.fail("there is no room")
        for room in rooms:
            room.__exit__(None, None, None)

    assert caught.value.maybe_arrived is False


def test_a_worker_has_no_such_bound(answering_late: Callable[[], str]) -> None:
    reply = Channel(service="brreg", base_url=answering_late()).call("GET", "/")

    assert reply.content == b"ok"


@pytest.fixture
def answering_late(silent: str) -> Iterator[Callable[[], str]]:
    threads: list[threading.Thread] = []

    def start() -> str:
        listening = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            connection, _address = listening.accept()
            with listening, connection:
                connection.recv(65536)
                time.sleep(0.8)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        threads.append(threading.Thread(target=serve))
        threads[0].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    for thread in threads:
        thread.join(5)
