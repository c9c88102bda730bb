"""The workers and their queues: what waits, what is done, and which workers there are."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.core.operation.counter import Counter, Fields
from portal.core.queues import Purpose
from portal.core.valkey import ERRORS, valkey

PREFIX = "portal:"
"""Before the name of a queue in Valkey, as `CELERY_BROKER_TRANSPORT_OPTIONS` says."""
WORKERS = "operation:workers:1"
TELL_EVERY = 10.0
"""Seconds between two reports of a worker."""
HEARD_OF = timedelta(seconds=45)
"""A worker that has not reported for so long has ended."""
AT_ONCE = 1000
"""Messages that are looked at together."""
counter = Counter("tasks:1")


@dataclass(frozen=True)
class Queue:
    """`waiting`: messages, expired ones included. `oldest_at`: when the one that is next was sent; None when none waits."""

    purpose: Purpose
    waiting: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class Worker:
    """One worker, as its main process reported last. The disk is that of DATA_DIR; sizes in bytes, 0 where not known."""

    name: str
    at: datetime
    host: str
    queues: tuple[str, ...]
    processes: int
    disk_used: int = 0
    disk_size: int = 0
    memory_free: int = 0
    memory_size: int = 0
    load: float = 0.0


def note_task(*, queue: str, seconds: float, failed: bool) -> None:
    """Count a task that has ended. Never raises."""
    counter.add("", {f"{queue} failed" if failed else f"{queue} done": 1, f"{queue} ms": round(seconds * 1000)})


def queues() -> list[Queue]:
    """In the order of their importance. Raises ERRORS."""
    with valkey().pipeline(transaction=False) as pipe:
        for purpose in Purpose:
            pipe.llen(f"{PREFIX}{purpose}")
            pipe.lindex(f"{PREFIX}{purpose}", -1)
        answers = pipe.execute()
    return [
        Queue(purpose, answers[2 * index], _sent_at(answers[2 * index + 1])) for index, purpose in enumerate(Purpose)
    ]


def throw_away_expired(queues: Iterable[str], *, at: datetime) -> int:
    """The number of messages that were taken out. What the clock sends piles up while no worker runs, and a worker that begins
    would take each by itself before it comes to what is due. Raises ERRORS.
    """
    thrown = 0
    for queue in queues:
        key = f"{PREFIX}{queue}"
        while expired := _expired(key, at):
            with valkey().pipeline(transaction=False) as pipe:
                for message in reversed(expired):
                    pipe.lrem(key, -1, message)  # another worker may have taken it
                thrown += sum(pipe.execute())
    return thrown


def _expired(key: str, at: datetime) -> list[Any]:
    """Of the messages that are next."""
    return [message for message in valkey().lrange(key, -AT_ONCE, -1) if _is_expired(message, at)]


def _is_expired(message: Any, at: datetime) -> bool:
    try:
        return datetime.fromisoformat(json.loads(message)["headers"]["expires"]) <= at
    except (ValueError, KeyError, TypeError):
        return False  # it has no end


def _sent_at(message: bytes | None) -> datetime | None:
    """When a message of Celery's was sent, by the header that `portal.celery` sets."""
    try:
        return datetime.fromisoformat(json.loads(message or b"{}")["headers"]["sent_at"])
    except (ValueError, KeyError, TypeError):
        return None


def last_hour(*, at: datetime) -> list[Fields]:
    """Tasks that have ended by minute, the oldest first; the fields are `<queue> done`, `failed` and `ms`. Raises ERRORS."""
    return counter.last("", at=at, number=60)


class Reporter:
    """Of the main process of a worker."""

    def __init__(self, *, name: str, queues: Iterable[str], processes: int) -> None:
        self.name, self.queues, self.processes = name, sorted(set(queues) & set(Purpose)), processes
        self._told_at = -TELL_EVERY

    def tell(self) -> None:
        """That this worker runs, at most once in TELL_EVERY. Never raises."""
        if time.monotonic() - self._told_at < TELL_EVERY:
            return
        self._told_at = time.monotonic()
        report = {"at": time.time(), "queues": self.queues, "processes": self.processes, **machine()}
        try:
            with valkey().pipeline(transaction=False) as pipe:
                pipe.hset(WORKERS, self.name, json.dumps(report))
                pipe.expire(WORKERS, timedelta(days=1))
                pipe.execute()
        except ERRORS:
            return


def machine() -> dict[str, Any]:
    """Of the machine that this process runs on."""
    facts: dict[str, Any] = {"host": socket.gethostname()}
    try:
        facts["load"] = os.getloadavg()[0]
        disk = shutil.disk_usage(settings.DATA_DIR)
        facts |= {"disk_used": disk.used, "disk_size": disk.total}
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        size, free = (int(lines[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
        facts |= {"memory_free": free, "memory_size": size}
    except (OSError, KeyError, ValueError):
        pass  # no Linux, or no such folder on this machine
    return facts


def workers(*, at: datetime) -> list[Worker]:
    """Those that have reported lately, by name. Forgets the others. Raises ERRORS."""
    found: list[Worker] = []
    gone: list[Worker] = []
    stored: dict[bytes, bytes] = valkey().hgetall(WORKERS)  # type: ignore[assignment] # no answers are decoded
    for name, report in stored.items():
        worker = _decoded(name.decode(), json.loads(report))
        (found if at - worker.at <= HEARD_OF else gone).append(worker)
    old = [worker.name for worker in gone if at - worker.at > timedelta(days=1)]
    if old:
        valkey().hdel(WORKERS, *old)
    return sorted(found, key=lambda worker: worker.name)


def _decoded(name: str, report: dict[str, Any]) -> Worker:
    at = datetime.fromtimestamp(report.pop("at"), tz=UTC)
    return Worker(name=name, at=at, queues=tuple(report.pop("queues")), **report)
