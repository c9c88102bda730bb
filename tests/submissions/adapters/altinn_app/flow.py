"""A rig for the app, and what a person does in Altinn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.sandbox.apps.records import Instance
from portal.sandbox.faults import Fault
from submissions.adapters.base import NamedFile
from submissions.models import Submission
from tests.submissions.adapters.rig import Rig
from tests.submissions.world import World

S = Submission.Status
CALLS = [
    ("FETCH", "skatteetaten", 0), ("CONTROL", "skatteetaten", 1), ("CREATE", "storage", 0), ("CREATE", "apps", 0),
    ("CREATE", "storage", 1), ("UPLOAD", "apps", 1), ("UPLOAD", "apps", 2), ("SCAN", "apps", 3), ("READY", "apps", 4), ("READY", "apps", 5),
]  # fmt: skip
"""Every call of a whole report: the step, the imitated service, and its number among the calls to it."""


@pytest.fixture
def rig(world: World) -> Rig:
    made = Rig(world, "altinn_app")
    world.app.state.settings.virus_scan_seconds = 0
    return made


def order(rig: Rig, service: str, number: int, **fault: Any) -> None:
    path = rig.path if service == "skatteetaten" else ""
    values = {"kind": "status", "seconds": 0.0, **fault}
    rig.world.app.faults.order(Fault(service=service, path=path, after=number, **values))


def instances(rig: Rig) -> list[Instance]:
    return list(rig.world.app.state.apps.instances.values())


def confirm(rig: Rig) -> None:
    """A person with the right role does it in Altinn."""
    (instance,) = instances(rig)
    rig.world.control(f"/control/app-instances/{instance.id}/confirm")


def look(rig: Rig, submission: Submission) -> Submission:
    """The worker's next look."""
    submission.refresh_from_db()
    if submission.next_attempt_at:
        rig.world.let_pass(max(0.0, (submission.next_attempt_at - rig.world.at) / timedelta(seconds=1)))
    return rig.world.send(submission)


def with_text(rig: Rig, old: str, new: str) -> Submission:
    """An example with another text."""
    (file,) = rig.files()
    return rig._queue([NamedFile(file.name, file.content.replace(old.encode(), new.encode()))])


def went_on(rig: Rig) -> int:
    """How often the process was moved."""
    return sum(request.url.path.endswith("/process/next") for request in rig.world.transport.requests)
