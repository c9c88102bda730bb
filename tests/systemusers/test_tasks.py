"""Tasks take what is due: twice is once, late is fine, and a lost message is made up for by the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from portal.core import lease
from portal.core.audit import AuditEvent
from systemusers import tasks
from systemusers.models import Access, System, SystemRound
from systemusers.services import access, links
from tests.systemusers.world import REQUESTS, World, fresh

S = Access.Status
LIST = "/request/vendor/bysystem/"
pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks for which a further worker was woken."""
    names: list[str] = []
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda self, **_: names.append(self.name))
    return names


def test_the_same_message_twice_sends_once(asked: Access, world: World) -> None:
    tasks.send_accesses()
    tasks.send_accesses()

    assert (fresh(asked).status, len(world.calls("POST", REQUESTS))) == (S.SENT, 1)


def test_arguments_of_another_release_do_no_harm(asked: Access) -> None:
    tasks.send_accesses(access_id=asked.pk, something_new=True)

    assert fresh(asked).status == S.SENT


def test_when_altinn_is_away_the_row_waits_as_long_as_altinn_asked_for(asked: Access, world: World) -> None:
    world.fault(kind="status", status=429, retry_after="33", path=REQUESTS)

    tasks.send_accesses()

    row = fresh(asked)
    assert (row.problem_code, row.failures) == ("HTTP-429", 1)
    assert world.is_now(row.next_attempt_at - timedelta(seconds=33))
    assert not world.is_due(row)


def test_an_open_access_is_asked_about_when_its_time_has_come(sent: Access, world: World) -> None:
    before = len(world.calls("GET", "/request/vendor/"))
    tasks.poll_accesses()
    early = len(world.calls("GET", "/request/vendor/"))
    world.let_pass(minutes=5, seconds=30)
    tasks.poll_accesses()

    assert (early - before, len(world.calls("GET", "/request/vendor/")) - before) == (0, 1)


def test_many_messages_for_one_access_ask_altinn_once(sent: Access, world: World) -> None:
    world.let_pass(minutes=6)
    before = len(world.calls("GET", "/request/vendor/"))

    for _message in range(5):
        tasks.poll_accesses()

    assert len(world.calls("GET", "/request/vendor/")) - before == 1


def test_people_who_wait_for_an_answer_together_ask_altinn_once(sent: Access, world: World) -> None:
    world.let_pass(minutes=1)
    world.transport.requests.clear()

    for _person in range(3):
        links.look_again(access=sent, at=world.at)
        world.work()

    assert len(world.calls("GET", f"/request/vendor/{sent.altinn_id}")) == 1
    assert len(world.calls("GET", LIST)) == 1


@pytest.mark.parametrize("task", [tasks.poll_accesses, tasks.check_accesses])
def test_a_remote_that_is_away_does_not_fail_the_task(approved: Access, world: World, task: Any) -> None:
    world.make_due(approved)
    Access.objects.filter(pk=approved.pk).update(status=S.SENT if task is tasks.poll_accesses else S.APPROVED)
    world.fault(kind="timeout", times=9)

    task()

    row = fresh(approved)
    assert (row.lease_until, row.problem_code) == (None, "UNAVAILABLE")
    assert row.next_attempt_at > world.at


def test_a_full_batch_wakes_one_more_worker(
    asked: Access,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    woken: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 1)

    with django_capture_on_commit_callbacks(execute=True):
        tasks.send_accesses()
        tasks.send_accesses()

    assert woken == ["systemusers.tasks.send_accesses"]


def test_a_batch_stops_before_its_time_is_up_and_leaves_the_rest_due(
    asked: Access, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "ENOUGH", timedelta(0))

    tasks.send_accesses()

    assert (fresh(asked).status, fresh(asked).failures, world.is_due(asked)) == (S.DRAFT, 0, True)


def test_the_nightly_comparison_finds_what_is_missing_and_an_hour_later_it_is_checked(
    approved: Access, world: World
) -> None:
    world.let_pass(minutes=11)
    tasks.reconcile_systems()
    world.remove(approved)
    world.let_pass(days=1)
    tasks.reconcile_systems()
    first = fresh(approved)
    world.let_pass(hours=1, minutes=1)
    tasks.check_accesses()

    assert (first.status, world.is_now(first.missing_since + timedelta(hours=1, minutes=1))) == (S.APPROVED, True)
    assert fresh(approved).status == S.REMOVED


def test_a_system_is_compared_once_a_night_however_often_the_task_runs(approved: Access, world: World) -> None:
    for _message in range(4):
        tasks.reconcile_systems()
        world.let_pass(hours=1)

    assert AuditEvent.objects.filter(what="reconcile").count() == 1
    assert SystemRound.objects.get(kind="RECONCILE").next_attempt_at > world.at


def test_forwarded_accesses_are_found_where_some_wait(sent: Access, world: World) -> None:
    world.decide(sent, "escalate", person="Per Hansen")

    tasks.watch_systems()

    assert fresh(sent).status == S.FORWARDED


def test_a_system_where_nothing_waits_is_not_asked_about(approved: Access, world: World) -> None:
    before = len(world.calls("GET", LIST))

    tasks.watch_systems()

    assert len(world.calls("GET", LIST)) == before
    assert SystemRound.objects.get(kind="ESCALATIONS").next_attempt_at > world.at


@pytest.mark.parametrize(("few", "minutes"), [(200, 1), (0, 10)])
def test_systems_with_many_open_accesses_are_read_less_often(
    sent: Access, world: World, monkeypatch: pytest.MonkeyPatch, few: int, minutes: int
) -> None:
    monkeypatch.setattr(access.escalations, "FEW", few)

    tasks.watch_systems()

    due = SystemRound.objects.get(kind="ESCALATIONS").next_attempt_at
    assert due is not None
    assert world.is_now(due - timedelta(minutes=minutes))


def test_a_system_that_is_not_registered_has_no_rounds(sent: Access, world: World) -> None:
    tasks.watch_systems()
    made = SystemRound.objects.count()
    System.objects.update(status=System.Status.DELETED)
    SystemRound.objects.update(next_attempt_at=world.at)

    tasks.watch_systems()
    tasks.reconcile_systems()

    assert (made, set(SystemRound.objects.values_list("next_attempt_at", flat=True))) == (
        len(SystemRound.Kind),
        {world.at},
    )


def test_every_task_is_in_the_timetable_and_its_messages_expire() -> None:
    planned = {entry["task"]: entry for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    names = ("send_accesses", "poll_accesses", "check_accesses", "watch_systems", "reconcile_systems")

    for name in names:
        entry = planned[f"systemusers.tasks.{name}"]
        assert entry["options"] == {"expires": entry["schedule"]}


def test_a_row_in_other_hands_is_no_error(asked: Access, world: World) -> None:
    Access.objects.filter(pk=asked.pk).update(lease_until=world.at.replace(year=2027))

    tasks.send_accesses()

    assert fresh(asked).status == S.DRAFT
