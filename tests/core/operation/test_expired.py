"""What the clock sent while no worker ran is thrown away before a worker begins."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from portal.celery import app, set_up
from portal.core.operation import work
from portal.core.queues import Purpose
from portal.core.valkey import valkey

SENDING = f"{work.PREFIX}{Purpose.SENDING}"


@pytest.fixture(autouse=True)
def empty() -> None:
    valkey().delete(SENDING)


def send(number: int, **options: object) -> None:
    app.send_task("told", args=[number], queue=Purpose.SENDING, **options)


def waiting() -> list[str]:
    """What they carry, the oldest first."""
    messages = [json.loads(message) for message in valkey().lrange(SENDING, 0, -1)]
    return [message["headers"]["argsrepr"] for message in reversed(messages)]


def test_expired_messages_go_and_the_others_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 3)
    now = timezone.now()
    for number in range(8):
        send(number, expires=now - timedelta(seconds=1))
    send(100)
    send(101, expires=now + timedelta(minutes=1))
    send(8, expires=now - timedelta(seconds=1))
    send(102)

    thrown = work.throw_away_expired([Purpose.SENDING, Purpose.MAIL], at=now)

    assert (thrown, waiting()) == (9, ["[100]", "[101]", "[102]"])


def test_what_another_worker_has_taken_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    send(1, expires=now - timedelta(seconds=1))
    send(2, expires=now - timedelta(seconds=1))
    read = work._is_expired

    def taken(message: bytes, at: object) -> bool:
        valkey().lrem(SENDING, 1, message)
        return read(message, at)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "_is_expired", taken)

    assert work.throw_away_expired([Purpose.SENDING], at=now) == 0


def test_what_is_no_message_of_ours_stays() -> None:
    valkey().lpush(SENDING, "odd", json.dumps([]), json.dumps({"headers": {"expires": 5}}))

    assert work.throw_away_expired([Purpose.SENDING], at=timezone.now()) == 0
    assert valkey().llen(SENDING) == 3


def test_a_worker_throws_them_away_before_it_begins() -> None:
    send(1, expires=timezone.now() - timedelta(seconds=1))
    send(2)
    served = {Purpose.SENDING.value: None}
    queues = SimpleNamespace(consume_from=served, select_add=lambda name: served.update({name: None}))

    set_up(
        sender="worker@here",
        instance=SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=queues)), concurrency=1),
    )

    assert waiting() == ["[2]"]
