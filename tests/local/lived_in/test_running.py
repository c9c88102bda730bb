"""How the demonstration is begun, waited for and begun anew in a run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User, Vendor
from portal.core.audit import AuditEvent
from portal.local.lived_in import build, progress, running
from portal.local.lived_in.progress import Phase, Progress

NOTE = "Demonstrasjonsdataene bygges: 40 %."


@pytest.fixture
def file(tmp_path: Path, settings: Settings) -> Path:
    """In a folder of the test's own: all processes of a run have one data folder."""
    settings.DATA_DIR = tmp_path
    return progress.file()


def test_an_empty_database_begins_with_a_vendor_of_long_ago_when_a_history_is_wanted(file: Path, db: None) -> None:
    at = timezone.now()

    running.prepare(wanted=True, at=at)

    assert running.is_building()
    assert {event.at for event in AuditEvent.objects.all()} == {at - build.BEGAN}


def test_the_empty_start_has_no_history(file: Path, db: None) -> None:
    at = timezone.now()

    running.prepare(wanted=False, at=at)

    assert progress.read() is None
    assert {event.at for event in AuditEvent.objects.all()} == {at}


def test_what_is_there_is_left_as_it_is(file: Path, vendor: Vendor) -> None:
    running.prepare(wanted=True, at=timezone.now())

    assert progress.read() is None
    assert Vendor.objects.count() == 1
    assert not User.objects.exists()


def test_a_database_of_ones_own_is_never_built_in(file: Path, db: None, settings: object) -> None:
    settings.EMBEDDED = ("valkey",)  # type: ignore[attr-defined]
    progress.write(Progress(Phase.BUILDING, 3, 10))

    assert not running.clear_interrupted()
    running.prepare(wanted=True, at=timezone.now())

    assert progress.read() == Progress(Phase.BUILDING, 3, 10)
    assert AuditEvent.objects.order_by("at")[0].at > timezone.now() - build.BEGAN / 2


def test_what_is_finished_is_not_taken_away(file: Path, db: None) -> None:
    progress.write(Progress(Phase.DONE, 10, 10))

    assert not running.clear_interrupted()
    assert running.is_built()


@pytest.mark.parametrize("ending", [Phase.DONE, Phase.FAILED])
def test_the_worker_begins_when_the_building_has_ended(file: Path, ending: Phase) -> None:
    progress.write(Progress(Phase.BUILDING))
    command = running.after_building([sys.executable, "-c", "print('at work')"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as waiting:
        time.sleep(1)
        was_waiting = waiting.poll() is None
        progress.write(Progress(ending))
        said, _ = waiting.communicate(timeout=60)

    assert was_waiting
    assert said == "at work\n"


def test_the_overview_tells_how_far_it_is_and_the_note_ends_itself(
    file: Path, vendor: Vendor, administrator: User, client: Client
) -> None:
    client.force_login(administrator)
    dashboard, note = (
        reverse(name, kwargs={"environment": "sandbox"}) for name in ("dashboard", "local-demonstration")
    )
    progress.write(Progress(Phase.BUILDING, 4, 10))

    assert NOTE in client.get(dashboard).content.decode()
    assert f'hx-get="{note}"' in client.get(note).content.decode()
    progress.write(Progress(Phase.DONE, 10, 10))
    done = client.get(note)
    assert (done.content.decode().strip(), done["HX-Refresh"]) == ("", "true")
    assert "Demonstrasjonsdata" not in client.get(dashboard).content.decode()


def test_a_failed_building_says_so_and_no_longer_asks(
    file: Path, vendor: Vendor, administrator: User, client: Client
) -> None:
    client.force_login(administrator)
    progress.write(Progress(Phase.FAILED))

    page = client.get(reverse("dashboard", kwargs={"environment": "sandbox"})).content.decode()

    assert "ble ikke ferdige" in page
    assert "local/demonstration" not in page


def test_the_file_can_be_read_at_any_moment(file: Path) -> None:
    progress.write(Progress(Phase.BUILDING, 1, 2))

    assert json.loads(file.read_text()) == {"phase": "BUILDING", "done": 1, "total": 2}
    assert progress.read() == Progress(Phase.BUILDING, 1, 2)
    assert progress.Progress(Phase.BUILDING, 1, 3).percent == 33
