"""A real worker in a process of its own, on the database, the broker and the sandbox of the test.

Reads a line of JSON with where things are and which queues it serves; says "ready" when it takes messages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import django


@contextmanager
def working(*, origin: str, queues: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A worker that takes messages within. `origin`: of the sandbox."""
    from django.conf import settings
    from django.db import connection

    documents: Any = settings.STORAGES["documents"]
    where = {
        "database": connection.settings_dict["NAME"], "sandbox": origin, "queues": list(queues),
        "documents": str(documents["OPTIONS"]["location"]),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.benchmarks.worker"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(where) + "\n")
        process.stdin.flush()
        try:
            assert any(line.strip() == "ready" for line in process.stdout), "the worker ended at once"
            yield process
        finally:
            process.terminate()


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    where = json.loads(sys.stdin.readline())
    django.setup()
    from celery.signals import worker_ready
    from django.conf import settings

    from portal.celery import app

    storages: Any = settings.STORAGES
    storages["documents"]["OPTIONS"]["location"] = where["documents"]
    settings.DATABASES["default"]["NAME"], settings.SANDBOX_URL = where["database"], where["sandbox"]
    worker_ready.connect(lambda **_: print("ready", flush=True), weak=False)
    queues = ",".join(where["queues"])
    app.worker_main(
        ["--quiet", "worker", "--pool", "solo", "--without-gossip", "--without-mingle", "-Q", queues, "-l", "WARNING"]
    )


if __name__ == "__main__":
    main()
