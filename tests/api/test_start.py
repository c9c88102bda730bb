"""The starts of docs/api.md, as they stand there, against a running portal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from submissions.models import Submission
from tests.api.erp import Erp
from tests.fixtures import CUSTOMER_ORGNR
from tests.submissions.world import SERVICE, World, package
from tests.world import make_draft

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"


def example(kind: str) -> str:
    found = re.search(rf"start of the {kind} example -->\n```\w+\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def surroundings(erp: Erp, world: World, live_server: Any, tmp_path: Path) -> dict[str, str]:
    """What a developer has set: the address, the integration, and files of a report."""
    names = []
    for name, content in package(make_draft(world.access, status="CANCELLED")):
        (tmp_path / name).write_bytes(content)
        names.append(str(tmp_path / name))
    return {
        "PATH": os.environ["PATH"], "BASE": f"{live_server.url}/api/v1", "CLIENT_ID": erp.integration.client_id,
        "CLIENT_SECRET": erp.secret, "ORGNR": CUSTOMER_ORGNR, "SERVICE": SERVICE, "PERIOD": "2025", "FILE": names[0],
        "FILES": ":".join(names), "NO_PROXY": "*", "no_proxy": "*",
    }  # fmt: skip


def run(command: list[str], surroundings: dict[str, str]) -> str:
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.django_db(transaction=True)
def test_the_shell_start_makes_a_draft(surroundings: dict[str, str]) -> None:
    told = run(["bash", "-euc", example("shell")], surroundings)

    assert Submission.objects.filter(created_by="integration:erp").count() == 1
    assert '"status": "DRAFT"' in told or '"status": "READY"' in told


@pytest.mark.django_db(transaction=True)
def test_the_python_start_sends_a_report_to_its_receipt(world: World, surroundings: dict[str, str]) -> None:
    stop = threading.Event()

    def work() -> None:
        """What a worker does meanwhile."""
        from django.db import connection

        while not stop.wait(0.5):
            world.at = timezone.now()
            world.work_submissions()
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        told = run([sys.executable, "-c", example("Python")], surroundings)
    finally:
        stop.set()
        worker.join()

    assert told.splitlines()[0].startswith("READY")
    assert told.splitlines()[-1].startswith("DELIVERED ")
    assert len(world.received) == 1
    assert len(example("Python").splitlines()) <= 32
