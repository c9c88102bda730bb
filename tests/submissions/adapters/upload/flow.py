"""Rigs whose control takes a minute, and what the tests of the flow ask them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from submissions.adapters.base import NamedFile
from submissions.models import Submission
from submissions.services.pages.next_step import next_step
from tests.submissions.adapters.rig import Rig
from tests.submissions.world import World

S = Submission.Status
VIRUS = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
WAYS = ["upload_xml", "upload_json"]


@pytest.fixture(params=WAYS)
def rig(world: World, request: pytest.FixtureRequest) -> Rig:
    made = Rig(world, request.param)
    world.app.state.settings.upload_control_seconds = 60
    return made


@pytest.fixture
def xml(world: World) -> Rig:
    made = Rig(world, "upload_xml")
    world.app.state.settings.upload_control_seconds = 60
    return made


def made(rig: Rig, method: str, ending: str = "") -> list[str]:
    """The paths of our calls to the service."""
    ours = [r for r in rig.world.transport.requests if r.url.path.startswith(rig.path) and r.method == method]
    return [r.url.path for r in ours if r.url.path.endswith(ending)]


def uploads(rig: Rig) -> dict[str, Any]:
    """What the sandbox has that is not submitted."""
    return rig.world.app.state.skatteetaten.uploads


def step_of(rig: Rig, submission: Submission) -> str:
    submission.refresh_from_db()
    with translation.override("nb"):
        return next_step(submission, at=rig.world.at, working=True).text


def until(rig: Rig, submission: Submission, passed: timedelta) -> Submission:
    """The worker's sweeps, a minute apart at first, then as often as the row wants it."""
    end = rig.world.at + passed
    while rig.world.at < end and submission.status == S.SENDING and submission.next_attempt_at:
        rig.world.let_pass(max(60.0, (submission.next_attempt_at - rig.world.at).total_seconds()))
        rig.world.send(submission)
    return submission


def with_text(rig: Rig, text: str) -> Submission:
    """An example with `text` where nobody looks at it before the control."""
    (file,) = rig.files()
    content = file.content.replace(b"Eksempelfiler", text.encode())
    return rig._queue([NamedFile(file.name, content)])
