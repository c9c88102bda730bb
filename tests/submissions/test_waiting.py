"""Reports that cannot be sent now: they wait with a code, the trail stays short, and nothing waits longer than its cause."""

from __future__ import annotations

import errno
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from portal.core.audit import AuditEvent
from portal.core.crypto import CannotDecrypt
from portal.core.lease import LONGEST_WAIT, ROUNDS_BEFORE_A_PERSON, lasting_problems
from submissions.adapters.base import Answer, Context, Step
from submissions.adapters.rf1086.adapter import Rf1086Adapter
from submissions.models import Call, Document, Submission
from submissions.services import documents
from submissions.services.documents import storage, storage_path
from submissions.services.sending import send
from systemusers.models import SigningKey
from systemusers.services import keys
from systemusers.services.keys import activate_key
from tests.submissions.world import BY, World, nothing

S = Submission.Status


def a_day(world: World) -> None:
    for _ in range(96):
        world.let_pass(15 * 60)
        send.send_due(at=world.at, when_full=nothing)


def test_a_day_without_a_key_leaves_it_queued_and_the_trail_short(world: World) -> None:
    submission = world.queued()
    SigningKey.objects.update(status="NEW")
    before = AuditEvent.objects.count()

    a_day(world)

    submission.refresh_from_db()
    assert (submission.status, submission.problem_code) == (S.QUEUED, "NO_KEY")
    assert submission.attempted_at is None
    assert submission.failures > 40
    assert AuditEvent.objects.count() - before < 10


def test_a_new_key_makes_a_report_that_waited_for_one_due_at_once(world: World) -> None:
    submission = world.queued()
    SigningKey.objects.update(status="NEW")
    for _ in range(8):
        world.let_pass(15 * 60)
        send.send_due(at=world.at, when_full=nothing)
    SigningKey.objects.update(status="NEW")
    submission.refresh_from_db()
    waiting_until = submission.next_attempt_at

    keys.activate_key(key=SigningKey.objects.get(), by=BY, at=world.at)
    send.send_due(at=world.at, when_full=nothing)

    submission.refresh_from_db()
    assert waiting_until is not None
    assert waiting_until > world.at
    assert (submission.status, submission.problem_code) == (S.DELIVERED, "")


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "reset"}])
def test_a_day_without_skatteetaten_leaves_a_short_trail(world: World, fault: dict[str, Any]) -> None:
    world.order(step="1086H", times=500, **fault)
    submission = world.queued()
    before = AuditEvent.objects.count()

    a_day(world)

    submission.refresh_from_db()
    assert (submission.status, submission.problem_code) == (S.QUEUED, "UNAVAILABLE")
    assert AuditEvent.objects.count() - before < 10


def test_the_trail_names_the_sender_also_after_a_day_of_waiting(world: World) -> None:
    submission = world.queued()
    SigningKey.objects.update(status="NEW")
    world.send(submission)
    SigningKey.objects.update(status="ACTIVE")

    world.settle(submission)

    events = AuditEvent.objects.filter(target=f"submissions.Submission:{submission.pk}", what__contains="->")
    moves = [what for what in events.order_by("id").values_list("what", flat=True) if not what.startswith("DRAFT")]
    assert moves == ["READY->QUEUED", "QUEUED->SENDING", "SENDING->DELIVERED"]


def test_another_reason_is_another_row_in_the_trail(world: World) -> None:
    submission = world.queued()
    world.order(step="1086H", kind="status", status=503)
    world.send(submission)
    world.let_pass(60)
    world.order(step="1086H", kind="status", status=429)
    world.send(submission)

    back = AuditEvent.objects.filter(what="SENDING->QUEUED")
    assert (submission.problem_code, back.count()) == ("HTTP-429", 2)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "no space"), "DISK_FULL"),
        (OSError(errno.EIO, "bad disk"), "STORAGE_FAILED"),
        (ZeroDivisionError(), "INTERNAL_ERROR"),
    ],
)
def test_an_error_of_ours_before_the_first_call_waits_with_a_code(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    submission = world.queued()

    def fails(*_: Any) -> bytes:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(documents, "_open", fails)
        for _ in range(ROUNDS_BEFORE_A_PERSON):
            world.let_pass(60)
            world.send(submission)

    assert (submission.status, submission.problem_code) == (S.QUEUED, code)
    assert submission.next_attempt_at is not None
    assert world.at < submission.next_attempt_at <= world.at + LONGEST_WAIT
    assert submission in lasting_problems(Submission.objects.all())
    assert world.settle(submission).status == S.DELIVERED
    assert (submission.problem_code, submission.failures) == ("", 0)


@pytest.mark.parametrize("step", ["MAIN", "PART", "CONFIRM"])
def test_an_error_of_ours_during_a_call_never_doubles_the_delivery(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    submission, perform = world.queued(), Rf1086Adapter.perform

    def stumbles(self: Rf1086Adapter, planned: Step, context: Context) -> Answer:
        answer = perform(self, planned, context)
        if planned.code == step:
            raise ZeroDivisionError
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Rf1086Adapter, "perform", stumbles)
        world.send(submission)
    assert submission.status == (S.UNCERTAIN if step == "CONFIRM" else S.QUEUED)
    assert submission.problem_code == "INTERNAL_ERROR"

    assert world.settle(submission).status == S.DELIVERED
    assert [received.id for received in world.received] == [str(submission.transmission_id)]


def test_a_damaged_form_waits_with_its_code(world: World) -> None:
    submission = world.queued()
    form = submission.documents.get(role="MAIN")
    storage().delete(storage_path(form.sha256))

    world.send(submission)

    assert (submission.status, submission.problem_code) == (S.QUEUED, documents.DocumentDamaged.code)
    assert not world.calls("1086H")


def test_a_full_disk_does_not_hide_that_the_report_was_delivered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = world.queued()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(documents, "_keep", full)
        world.send(submission)
    assert (submission.status, submission.problem_code) == (S.DELIVERED, "DISK_FULL")
    assert submission.next_attempt_at is not None

    world.let_pass(60)
    world.send(submission)
    assert submission.documents.filter(role=Document.Role.RECEIPT).count() == 1
    assert Submission.objects.filter(pk=submission.pk, next_attempt_at=None, problem_code="", failures=0).exists()
    assert len(world.calls("bekreft")) == 1


def test_a_key_ring_that_lost_a_key_stops_nothing_for_good(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = world.queued()

    def lost(*_: Any, **__: Any) -> bytes:
        raise CannotDecrypt("no key of the ring fits")

    with monkeypatch.context() as patch:
        patch.setattr("portal.core.crypto.decrypt", lost)
        world.send(submission)
    assert submission.status == S.QUEUED
    assert submission.problem_code

    assert world.settle(submission).status == S.DELIVERED


def test_the_first_success_after_an_outage_wakes_what_waited_for_it(world: World) -> None:
    first, others = world.queued(), [world.queued() for _ in range(3)]
    later = world.at + timedelta(minutes=14)
    Submission.objects.update(problem_code="UNAVAILABLE", failures=9)
    Submission.objects.filter(pk__in=[other.pk for other in others]).update(next_attempt_at=later)

    world.send(first)

    assert first.status == S.DELIVERED
    due = Submission.objects.filter(status=S.QUEUED, next_attempt_at__lte=world.at + timedelta(seconds=5))
    assert due.count() == len(others)


def test_a_new_key_in_use_makes_what_waited_for_it_due(world: World) -> None:
    submission = world.queued()
    SigningKey.objects.update(status="NEW")
    world.send(submission)
    assert (submission.problem_code, submission.next_attempt_at > world.at) == ("NO_KEY", True)
    world.let_pass(30)

    make_due_by_a_new_key(world)

    assert world.send(submission).status == S.DELIVERED


def make_due_by_a_new_key(world: World) -> None:
    key = SigningKey.objects.get()
    SigningKey.objects.update(status="NEW")
    key.refresh_from_db()
    activate_key(key=key, by=BY, at=world.at)


def test_the_time_limit_of_a_task_stops_the_batch_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission, perform = world.queued(), Rf1086Adapter.perform

    def slow(self: Rf1086Adapter, planned: Step, context: Context) -> Answer:
        answer = perform(self, planned, context)
        if planned.code == "CONFIRM":
            raise SoftTimeLimitExceeded
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Rf1086Adapter, "perform", slow)
        with pytest.raises(SoftTimeLimitExceeded):
            send.send_due(at=world.at, when_full=nothing)

    assert world.settle(submission).status == S.DELIVERED
    assert [received.id for received in world.received] == [str(submission.transmission_id)]
    assert len(world.calls("bekreft")) == 1


def test_a_success_wakes_nothing_that_waits_for_something_else(world: World) -> None:
    first, other = world.queued(), world.queued()
    later = world.at + timedelta(minutes=14)
    Submission.objects.filter(pk=first.pk).update(problem_code="UNAVAILABLE")
    Submission.objects.filter(pk=other.pk).update(problem_code="NO_KEY", next_attempt_at=later)

    world.send(first)

    other.refresh_from_db()
    assert other.next_attempt_at == later


def test_reports_that_find_no_room_are_put_off_together(world: World) -> None:
    waiting = [world.queued() for _ in range(3)]
    for _ in range(3):
        world.queued()
    on_their_way = Submission.objects.exclude(pk__in=[row.pk for row in waiting])
    on_their_way.update(status=S.SENDING, lease_until=world.at + timedelta(minutes=3))

    world.send(waiting[0])

    assert not Submission.objects.filter(status=S.QUEUED, next_attempt_at__lte=world.at).exists()
    assert not AuditEvent.objects.filter(what="QUEUED->SENDING").exists()


def test_a_step_that_the_remote_still_works_on_is_made_again_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission, perform, seen = world.queued(), Rf1086Adapter.perform, []

    def slow(self: Rf1086Adapter, planned: Step, context: Context) -> Answer:
        seen.append((planned.code, planned.key))
        if len(seen) == 1:
            patience = timedelta(days=1)
            return Answer(remote_id="job-1", look_again_after=timedelta(seconds=90), give_up_after=patience)
        return perform(self, planned, context)

    monkeypatch.setattr(Rf1086Adapter, "perform", slow)

    world.send(submission)
    assert submission.status == S.SENDING
    assert submission.calls.get(step="MAIN").status == Call.Status.PLANNED
    assert (submission.failures, submission.problem_code) == (0, "")

    world.let_pass(60)
    world.send(submission)
    assert len(seen) == 1, "a minute is too soon"

    world.let_pass(31)
    assert world.send(submission).status == S.DELIVERED
    assert seen[0] == seen[1]
