"""Tasks are doorbells: twice is once, late is fine, and what is lost is found by the sweep."""

from __future__ import annotations

from typing import Any

import pytest
from celery.exceptions import Retry
from django.conf import settings

from portal.celery import app
from portal.core.states import LostRace
from systemusers import tasks
from systemusers.models import Access
from systemusers.services import access
from tests.systemusers.world import REQUESTS, World, fresh

S = Access.Status
pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, int]]]:
    """What was rung, by task and ids, instead of a worker's doing it."""
    calls: list[tuple[str, dict[str, int]]] = []
    monkeypatch.setattr(app, "send_task", lambda *a, **k: None)
    monkeypatch.setattr(
        "celery.app.task.Task.delay", lambda self, **ids: calls.append((self.name.rsplit(".", 1)[1], ids))
    )
    return calls


def test_the_same_message_twice_sends_once(asked: Access, world: World) -> None:
    tasks.send_access(access_id=asked.pk)
    tasks.send_access(access_id=asked.pk)

    assert (fresh(asked).status, len(world.calls("POST", REQUESTS))) == (S.SENT, 1)


def test_arguments_of_a_newer_release_do_no_harm(asked: Access) -> None:
    tasks.send_access(access_id=asked.pk, something_new=True)

    assert fresh(asked).status == S.SENT


def test_when_altinn_is_away_the_message_comes_again_when_altinn_asked_for(asked: Access, world: World) -> None:
    world.fault(kind="status", status=429, retry_after="33", path=REQUESTS)

    with pytest.raises(Retry) as caught:
        tasks.send_access.apply(kwargs={"access_id": asked.pk}, throw=True)

    assert caught.value.when == 33
    assert (fresh(asked).next_attempt_at - world.at).total_seconds() == 33


def test_a_lost_message_is_found_by_the_sweep(asked: Access, rung: list[Any]) -> None:
    tasks.sweep_accesses()

    assert rung == [("send_access", {"access_id": asked.pk})]


def test_an_open_access_is_rung_for_when_its_time_has_come(sent: Access, world: World, rung: list[Any]) -> None:
    tasks.sweep_accesses()
    world.let_pass(minutes=5)
    tasks.sweep_accesses()

    assert rung == [("poll_access", {"access_id": sent.pk})]


def test_polling_twice_is_once(sent: Access, world: World) -> None:
    world.decide(sent, "approve")

    tasks.poll_access(access_id=sent.pk)
    tasks.poll_access(access_id=sent.pk)

    assert fresh(sent).status == S.APPROVED


@pytest.mark.parametrize("task", [tasks.poll_access, tasks.check_access])
def test_a_remote_that_is_away_does_not_fail_the_task(approved: Access, world: World, task: Any) -> None:
    Access.objects.filter(pk=approved.pk).update(status=S.SENT if task is tasks.poll_access else S.APPROVED)
    world.fault(kind="timeout", times=9)

    task(access_id=approved.pk)

    assert fresh(approved).lease_until is None


def test_the_nightly_round_and_the_missing_are_rung_for(approved: Access, world: World, rung: list[Any]) -> None:
    tasks.reconcile_access()
    Access.objects.filter(pk=approved.pk).update(missing_since=world.at)
    world.let_pass(hours=1)
    tasks.sweep_missing()

    assert rung == [
        ("reconcile_system", {"system_id": approved.profile.system_id}),
        ("check_access", {"access_id": approved.pk}),
    ]


def test_forwarded_accesses_are_looked_for_where_some_wait(sent: Access, world: World, rung: list[Any]) -> None:
    world.decide(sent, "escalate", person="Per Hansen")

    tasks.sweep_escalations()
    tasks.note_escalations(**rung[0][1])

    assert fresh(sent).status == S.FORWARDED


def test_every_sweep_is_in_the_timetable() -> None:
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert {
        f"systemusers.tasks.{name}"
        for name in ("sweep_accesses", "sweep_missing", "sweep_escalations", "reconcile_access")
    } <= planned


def test_a_row_in_other_hands_is_no_error(asked: Access, world: World) -> None:
    Access.objects.filter(pk=asked.pk).update(lease_until=world.at.replace(year=2027))
    with pytest.raises(LostRace):
        access.send_access(access_id=asked.pk, at=world.at)

    tasks.send_access(access_id=asked.pk)

    assert fresh(asked).status == S.DRAFT
