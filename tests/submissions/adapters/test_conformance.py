"""What every adapter must keep, with the sandbox behind it: one delivery whatever happens, and the authority's verdict."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.core.lease import LEASE
from portal.core.states import IllegalTransition
from portal.core.valkey import valkey
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from submissions.adapters import ADAPTERS, HAND_OVERS
from submissions.adapters.base import Meaning, StoredDocument
from submissions.adapters.meanings import IN_DOUBT
from submissions.models import Submission
from submissions.period import PeriodKind
from submissions.services.sending import calls, receipt, reconcile, send
from submissions.services.sending.queue import MaybeDelivered, cancel
from tests.submissions.adapters.rig import Rig, rig_for
from tests.submissions.deaths import each_death, forget_deliveries
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import BY, World, nothing

S = Submission.Status
FAULTS = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429, "retry_after": "5"},
    {"kind": "status", "status": 408},
    {"kind": "status", "status": 425},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 403},
    {"kind": "timeout"},
    {"kind": "reset"},
    {"kind": "lost"},
    {"kind": "truncated"},
]
ERRORS = [
    Unavailable("away"),
    Unavailable("lost", maybe_arrived=True),
    BrokenReply("no JSON"),
    *(Refused("no", status=status) for status in (400, 401, 403, 404, 405, 409, 410, 413, 415)),
]


@pytest.fixture(params=sorted(ADAPTERS))
def rig(world: World, request: pytest.FixtureRequest) -> Rig:
    return rig_for(world, request.param)


@pytest.fixture(params=sorted(ADAPTERS.keys() - HAND_OVERS.keys()))
def judged_rig(world: World, request: pytest.FixtureRequest) -> Rig:
    """Without those whose answer a person reads: its form is not public, and a wrong report ends at the control."""
    return Rig(world, request.param)


def steps_of(rig: Rig) -> list[str]:
    """The calls of a small package, in their order."""
    files = [StoredDocument(number, role, file.name) for number, (role, file) in enumerate(rig.small().items())]
    return [step.code for step in rig.adapter.plan(files)]


def assert_one_delivery(rig: Rig, submission: Submission, when: str) -> None:
    rig.world.let_pass(LEASE.total_seconds())
    rig.finish(submission)
    assert submission.status == S.DELIVERED, when
    assert rig.delivered_ids() == [rig.delivery_of(submission)], when
    forget_deliveries(rig.world.app)


# the interface


def test_the_examples_pass_its_own_checks(rig: Rig) -> None:
    reports = [rig.adapter.inspect(file, rig.about) for file in rig.files()]

    assert not [finding for finding in rig.adapter.check(reports, rig.about) if finding.level == "ERROR"]
    assert {report.role for report in reports} <= set(rig.adapter.roles)
    period = None if rig.adapter.period_kind == PeriodKind.NONE else rig.period
    assert {(report.orgnr, report.period) for report in reports} == {(rig.about.orgnr, period)}


def test_a_file_it_does_not_know_has_no_role_and_a_finding_with_a_text(rig: Rig) -> None:
    file = type(rig.files()[0])("notat.txt", b"%PDF-1.7 not a report")

    report = rig.adapter.inspect(file, rig.about)

    assert (report.role, report.has_errors) == ("", True)
    assert all(rig.adapter.render(finding) for finding in report.findings)


def test_every_role_and_step_has_a_label(rig: Rig) -> None:
    for role in rig.adapter.roles:
        assert rig.adapter.role_label(role) != role
    for step in steps_of(rig):
        assert rig.adapter.step_label(step) != step


def test_a_step_that_may_be_repeated_with_a_document_has_a_key_of_its_own(rig: Rig) -> None:
    submission = rig.queued()

    planned = list(submission.calls.all())
    keys = [call.key for call in planned if call.may_repeat and call.document_id]
    assert None not in keys
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_every_error_has_a_meaning(rig: Rig, error: Exception) -> None:
    for call in rig.queued().calls.all():
        meaning = rig.adapter.meaning(calls.step_of(call), error)

        assert meaning in Meaning
        if isinstance(error, Unavailable | BrokenReply):
            assert meaning in {Meaning.TRY_LATER, Meaning.MAYBE_DELIVERED, Meaning.MAYBE_TWICE}
            maybe = getattr(error, "maybe_arrived", True)
            assert meaning == Meaning.TRY_LATER or maybe, "nothing arrived, so nothing is in doubt"
            assert call.may_repeat or not maybe or meaning in IN_DOUBT, "it may never be repeated blindly"


# one delivery


def test_a_package_is_delivered_with_its_receipt(rig: Rig) -> None:
    submission = rig.finish(rig.world.send(rig.queued()))

    receipt_document = submission.documents.get(role="RECEIPT")
    assert (submission.status, submission.next_attempt_at) == (S.DELIVERED, None)
    assert rig.delivered_ids() == [rig.delivery_of(submission)]
    assert (receipt_document.filename, receipt_document.size > 2) == (receipt.FILENAME, True)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}")
def test_any_fault_at_any_call_ends_in_one_delivery(rig: Rig, fault: dict[str, object]) -> None:
    for number, step in enumerate(steps_of(rig)):
        rig.order(call=number, **fault)
        assert_one_delivery(rig, rig.world.send(rig.queued()), f"{fault} at call {number}, {step}")


def test_a_refusal_ends_with_its_code_and_delivers_nothing(rig: Rig) -> None:
    body = '{"kode":"GLD_010","melding":"Feil","spesifisering":[{"kode":"GLD_1001","melding":"Feltet","sti":"a.b"}]}'
    rig.order(call=0, kind="status", status=400, body=body)

    submission = rig.world.settle(rig.world.send(rig.queued()))

    assert (submission.status, submission.problem_code) == (S.FAILED, "GLD_1001")
    assert submission.reasons[0]["where"] == "a.b"
    assert rig.delivered_ids() == []


# what may have been delivered is neither cancelled nor failed by something else


def lost_at_the_last_call(rig: Rig) -> Submission:
    rig.order(call=len(steps_of(rig)) - 1, kind="lost")
    submission = rig.world.send(rig.queued())
    assert len(rig.delivered_ids()) == 1
    assert submission.status in (S.QUEUED, S.UNCERTAIN)
    return submission


@pytest.mark.parametrize("busy", [False, True])
def test_what_may_have_been_delivered_cannot_be_cancelled(rig: Rig, busy: bool) -> None:
    submission = lost_at_the_last_call(rig)
    if busy:  # the next attempt is turned away, which says nothing about the first
        rig.order(call=0, kind="status", status=429, retry_after="1")
        rig.world.let_pass(60)
        rig.world.send(submission)

    with pytest.raises((MaybeDelivered, IllegalTransition)):
        cancel(submission=submission, by=BY, at=rig.world.at)

    assert_one_delivery(rig, submission, "cancelled in vain")


def test_what_was_certainly_not_delivered_can_be_cancelled(rig: Rig) -> None:
    rig.order(call=0, kind="status", status=429, retry_after="600")
    submission = rig.world.send(rig.queued())

    cancel(submission=submission, by=BY, at=rig.world.at)

    assert (submission.status, rig.delivered_ids()) == (S.CANCELLED, [])


def test_an_access_that_is_gone_does_not_fail_what_may_have_been_delivered(rig: Rig) -> None:
    submission, users = lost_at_the_last_call(rig), rig.world.app.state.system_users
    gone = dict(users)
    users.clear()
    valkey().flushdb()  # the tokens
    rig.world.settle(submission, rounds=10)

    assert (submission.status in (S.QUEUED, S.UNCERTAIN), submission.problem_code) == (True, "MP-303")

    users.update(gone)
    assert_one_delivery(rig, submission, "the access came back")


def test_a_key_that_is_gone_after_a_crash_does_not_fail_the_report(rig: Rig) -> None:
    """The token was refused, not the report: what the crash left STARTED is not what was answered."""
    submission = rig.queued()
    submission.calls.filter(ordinal=1).update(status="STARTED", attempts=1, started_at=rig.world.at)
    client = rig.world.app.state.clients[rig.world.access.profile.system.client.client_id]
    keys, client.keys = client.keys, []
    valkey().flushdb()

    rig.world.settle(submission, rounds=3)

    assert submission.status in (S.QUEUED, S.UNCERTAIN)
    client.keys = keys
    assert_one_delivery(rig, submission, "the key came back")


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_between_any_two_effects_leaves_one_delivery(rig: Rig) -> None:
    submission = rig.queued()
    for when in each_death(rig.world, lambda: work_once(rig.world), at_least=10):
        assert_one_delivery(rig, submission, when)
        submission = rig.queued()


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["lost", "timeout"])
def test_dying_after_a_lost_answer_to_the_last_call_leaves_one_delivery(rig: Rig, kind: str) -> None:
    def unanswered() -> Submission:
        rig.order(call=len(steps_of(rig)) - 1, kind=kind)
        submission = rig.world.send(rig.queued())
        rig.world.let_pass(200)
        return submission

    submission = unanswered()
    for when in each_death(rig.world, lambda: work_once(rig.world), at_least=5):
        assert_one_delivery(rig, submission, when)
        submission = unanswered()


@pytest.mark.parametrize("late", [LEASE + timedelta(seconds=20), timedelta(days=1)], ids=["lapsed", "clock-ahead"])
def test_a_second_worker_that_takes_over_during_any_request_leaves_one_delivery(rig: Rig, late: timedelta) -> None:
    """The first is slow, or the clock of the second is ahead: the lease has run out, and the first still works on."""
    tick, taken = 0, True
    while taken:
        submission = rig.queued()
        taken = takes_over(rig, tick, late)
        rig.world.let_pass(late.total_seconds())
        assert_one_delivery(rig, submission, f"taken over at tick {tick}")
        tick += 1

    assert tick > 2 * len(steps_of(rig))


def takes_over(rig: Rig, number: int, late: timedelta) -> bool:
    """Whether the work had a request to the service before or after which a second worker, `late`, did the same work."""
    world, left, taken = rig.world, number, False

    def watch() -> None:
        nonlocal left, taken
        left -= world.transport.requests[-1].url.path.startswith(rig.paths)
        if left == -1 and not taken:
            taken = True
            send.send_due(at=world.at + late, when_full=nothing)
            reconcile.settle_due(at=world.at + late, when_full=nothing)

    world.transport.watch = watch
    try:
        work_once(world)
    finally:
        world.transport.watch = nothing
    return taken


def work_once(world: World) -> None:
    send.send_due(at=world.at, when_full=nothing)
    reconcile.settle_due(at=world.at, when_full=nothing)


# the verdict


@pytest.mark.parametrize(("wrong", "status"), [(False, S.ACCEPTED), (True, S.REJECTED)])
def test_the_authoritys_verdict_arrives(judged_rig: Rig, wrong: bool, status: str) -> None:
    submission = judged_rig.world.send(judged_rig.queued_example(wrong=wrong))

    Reading(judged_rig.world).settle(submission)

    assert submission.status == status
    assert bool(submission.reasons) is wrong
    assert submission.documents.filter(role="FEEDBACK").exists()
