"""Numbers that all processes add up in Valkey."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from portal.core.operation import counter as module
from portal.core.operation.counter import HOUR, Counter, added
from portal.core.valkey import valkey


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    valkey().flushdb()
    yield
    valkey().flushdb()


@pytest.fixture
def counter() -> Counter:
    return Counter("test:1")


def now() -> datetime:
    return datetime.now(UTC)


def test_what_is_counted_is_there_by_minute_by_hour_and_in_all(counter: Counter) -> None:
    for _ in range(3):
        counter.add("SANDBOX", {"calls": 1, "ms": 20})

    assert added(counter.last("SANDBOX", at=now(), number=2)) == {"calls": 3, "ms": 60}
    assert added(counter.last("SANDBOX", at=now(), number=2, size=HOUR)) == {"calls": 3, "ms": 60}
    assert counter.total("SANDBOX") == {"calls": 3, "ms": 60}
    assert counter.total("TEST") == {}


def test_minutes_come_the_oldest_first_and_older_ones_are_not_among_them(counter: Counter) -> None:
    counter.add("", {"n": 1})

    later = now() + timedelta(minutes=5)

    minutes = counter.last("", at=later, number=10)
    assert len(minutes) == 10
    assert sum(minutes[index].get("n", 0) for index in (3, 4, 5)) == 1
    assert added(counter.last("", at=later, number=2)) == {}


def test_several_processes_add_up() -> None:
    one, other = Counter("test:1"), Counter("test:1")
    one.add("", {"n": 2})
    other.add("", {"n": 3})

    one.write()

    assert other.total("") == {"n": 5}


def test_threads_lose_nothing(counter: Counter) -> None:
    def count() -> None:
        for _ in range(500):
            counter.add("", {"n": 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counter.total("") == {"n": 2000}


def test_what_is_counted_is_written_at_most_once_a_second(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    monkeypatch.setattr(counter, "_put", lambda *given: written.append(given))

    for _ in range(100):
        counter.add("", {"n": 1})

    assert len(written) == 1


def test_without_valkey_nobody_is_told(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> redis.Redis:
        return redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)

    monkeypatch.setattr(module, "valkey", away)

    counter.add("", {"n": 1})
    counter.write()


def test_after_a_failure_nobody_waits_for_valkey_for_a_while(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def away() -> redis.Redis:
        asked.append(1)
        return redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)

    monkeypatch.setattr(module, "valkey", away)

    for _ in range(5):
        counter.add("", {"n": 1})
        counter.write()
    assert len(asked) == 1

    monkeypatch.undo()
    counter._written_at -= module.PAUSE
    assert counter.total("") == {"n": 4}


def test_old_numbers_go_by_themselves(counter: Counter) -> None:
    counter.add("", {"n": 1})

    lives = {key.decode(): valkey().ttl(key) for key in valkey().keys("operation:test:1:*")}

    assert {life > 0 for key, life in lives.items() if not key.endswith("total")} == {True}
    assert [life for key, life in lives.items() if key.endswith("total")] == [-1]
