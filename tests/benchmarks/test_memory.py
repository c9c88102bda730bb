"""Memory of a web process and of a worker while they work: what has grown by half of the time must not grow on.

`MEMORY_ROUNDS` sets how long; 40 rounds take some minutes, 600 an hour.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Portfolio, Role, Vendor
from portal.celery import app
from portal.core import lease
from portal.core.queues import Purpose
from portal.core.schedule import DAY, EVERY
from submissions.models import Dialog, PollCursor
from systemusers.models import Access
from tests.benchmarks.figures import Figures
from tests.benchmarks.followed import followed
from tests.benchmarks.process import Remote, remote
from tests.benchmarks.worker import resident, working
from tests.fixtures import make_user, portfolio, vendor
from tests.local.test_run import everything_below, free_port, wait_for
from tests.submissions.rows import own_storage

__all__ = ["own_storage", "portfolio", "remote", "vendor"]
pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]
ROUNDS = int(os.environ.get("MEMORY_ROUNDS", "40"))
CUSTOMERS, DIALOGS = 100, 5
VISITS = 4
"""Of each page in a round."""
MOST = 1.05
PATIENCE = 120


@pytest.fixture
def accesses(remote: Remote, vendor: Vendor, portfolio: Portfolio) -> list[Access]:
    return followed(remote, vendor, portfolio, customers=CUSTOMERS, dialogs=DIALOGS)


def test_a_worker_does_not_grow(accesses: list[Access], remote: Remote) -> None:
    figures, sizes = Figures("memory of a worker"), []
    with working(origin=remote.origin, queues=list(Purpose)) as process:
        for _ in range(ROUNDS):
            lease.make_due(PollCursor.objects.all(), at=timezone.now())
            lease.make_due(Dialog.objects.all(), at=timezone.now())
            for task, every in EVERY.items():
                if every < DAY:
                    app.send_task(task)
            wait_for(_is_idle, seconds=PATIENCE)
            sizes.append(resident(process.pid))
    report(figures, sizes)


def _is_idle() -> bool:
    return not PollCursor.objects.filter(next_attempt_at__lte=timezone.now()).exists()


def test_a_web_process_does_not_grow(accesses: list[Access], client: Client) -> None:
    figures, sizes = Figures("memory of a web process"), []
    client.force_login(make_user(Role.ADMINISTRATOR))
    name = settings.SESSION_COOKIE_NAME
    cookie = {name: client.cookies[name].value}
    pages = [
        "/sandbox/", "/sandbox/customers/", f"/sandbox/customers/{accesses[0].customer_id}/", "/sandbox/access/",
        "/sandbox/dialogs/", "/sandbox/due/", "/sandbox/operation/", "/sandbox/connection/", "/sandbox/search/?q=rask",
        "/sandbox/customers/?file=xlsx",
    ]  # fmt: skip
    with serving() as (pid, address), httpx.Client(base_url=address, cookies=cookie, timeout=60) as visitor:
        for _ in range(ROUNDS):
            for page in pages * VISITS:
                assert visitor.get(page).status_code == 200
            sizes.append(sum(resident(one) for one in [pid, *everything_below(pid)]))
    report(figures, sizes)


@contextmanager
def serving() -> Iterator[tuple[int, str]]:
    """The web server of production with one process, on the database of the test."""
    own, port = connection.settings_dict, free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PORT": str(port),
        "DATABASE_URL": f"postgresql://{own['USER']}@/{own['NAME']}?host={own['HOST']}", "DATABASE_POOL_SIZE": "10",
    }  # fmt: skip
    command = [sys.executable, "-m", "granian", "--interface", "asginl", "--http", "1", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--no-ws", "--workers", "1", "--log-level", "error", "portal.asgi:application"]
    with subprocess.Popen(command, env=environment) as process:
        try:
            wait_for(lambda: _answers(address), seconds=PATIENCE)
            yield process.pid, address
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        time.sleep(0.2)
        return False


def report(figures: Figures, sizes: list[int]) -> None:
    megabytes = [round(size / 2**20) for size in sizes]
    half = max(megabytes[: len(megabytes) // 2])
    figures.fact("megabytes: first round, half of the time, end", [megabytes[0], half, megabytes[-1]])
    figures.at_most("the end, of half of the time", megabytes[-1] / half, MOST, about=f"{len(sizes)} rounds")
    figures.settle()
