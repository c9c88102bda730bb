"""The demonstration in a run of `manage.py run`: what is prepared before the processes start, and the builder beside them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from portal.core.valkey import valkey
from portal.local import demo, embedded
from portal.local.lived_in import progress
from portal.local.lived_in.build import BEGAN, NUMBER
from portal.local.lived_in.progress import Phase, Progress

TURN = Path(__file__).with_name("turn.py")
PATIENCE = 4.0
"""Seconds for the builder to stop."""


def is_possible() -> bool:
    """The demonstration is built in a database of its own only: an interrupted one is taken away."""
    return "postgresql" in settings.EMBEDDED


def clear_interrupted() -> bool:
    """Take away what an interrupted building left, before anything starts. Tells whether there was any."""
    found = progress.read()
    if found is None or found.phase == Phase.DONE or not is_possible():
        return False
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    valkey().flushdb()
    data = Path(settings.DATA_DIR)
    for folder in (data / "documents", data / "mail", settings.AUDIT_ANCHORS):
        shutil.rmtree(folder, ignore_errors=True)
    (data / "sandbox.json").unlink(missing_ok=True)
    progress.file().unlink()
    return True


def prepare(*, wanted: bool, at: datetime) -> None:
    """The first vendor, on a database without one: as of the day on which its history begins, when that is wanted."""
    begins = wanted and is_possible() and not demo.is_seeded()
    if begins:
        progress.write(Progress(Phase.BUILDING, 0, NUMBER))
    demo.seed(at=at - BEGAN if begins else at)


def is_building() -> bool:
    found = progress.read()
    return found is not None and found.phase == Phase.BUILDING


def is_built() -> bool:
    found = progress.read()
    return found is not None and found.phase == Phase.DONE


def after_building(command: list[str]) -> list[str]:
    """`command`, begun when the building has ended: until then the builder does what workers do."""
    return [sys.executable, "-I", "-S", str(TURN), str(progress.file()), *command]


def build(*, say: Callable[[str], object]) -> None:
    """Run the builder until it ends. It ends with this process."""
    command = [sys.executable, "manage.py", "live_in"]
    tied = embedded.tied_to_us(command, stop="SIGTERM", patience=PATIENCE)
    with subprocess.Popen(
        tied, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as builder:
        assert builder.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in builder.stdout:
            say(line)
    if is_building():  # it was killed
        progress.write(Progress(Phase.FAILED))
