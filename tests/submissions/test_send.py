"""Sending to the imitated Skatteetaten: delivered once, whatever goes wrong on the way."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from portal.core.audit import AuditEvent
from portal.gateways.errors import Unavailable
from portal.sandbox.faults import Fault
from submissions.adapters.rf1086.adapter import Rf1086Adapter
from submissions.models import Call, Document, Submission
from submissions.services.documents import read_document
from submissions.services.sending import reconcile, send
from submissions.services.sending.claim import AT_ONCE
from submissions.services.sending.queue import cancel
from tests.submissions.world import BY, World, send_one, work_on

S = Submission.Status
STEPS = ["1086H", "1086U", "bekreft"]


def test_a_package_is_delivered_with_its_receipt(world: World) -> None:
    submission = world.send(world.queued(parts=2))

    received = world.received[0]
    receipt = json.loads(read_document(submission.documents.get(role=Document.Role.RECEIPT)))
    assert submission.status == S.DELIVERED
    assert (str(submission.dialog_id), str(submission.transmission_id)) == (received.dialog_id, received.id)
    assert (receipt["forsendelseId"], submission.receipt_reference) == (received.id, received.reference)
    assert submission.next_attempt_at is None


def test_what_arrives_is_what_was_stored_in_the_planned_order(world: World) -> None:
    submission = world.send(world.queued(parts=3))

    forms = submission.calls.exclude(document=None).order_by("ordinal")
    sent = [read_document(call.document).decode() for call in forms if call.document]
    assert world.received[0].content == sent
    assert len(world.calls("1086U")) == 3


def test_each_call_is_recorded_with_time_and_answer(world: World) -> None:
    submission = world.send(world.queued())

    calls = list(submission.calls.all())
    assert {(call.status, call.http_status, call.attempts) for call in calls} == {(Call.Status.DONE, 200, 1)}
    assert all(call.started_at and call.finished_at and call.milliseconds is not None for call in calls)
    assert calls[0].remote_id == world.received[0].reference


def test_the_trail_names_who_ordered_it_before_the_first_call(world: World) -> None:
    submission = world.send(world.queued())

    sending = AuditEvent.objects.get(what="QUEUED->SENDING")
    assert sending.detail["ordered_by"] == BY
    assert sending.at <= submission.calls.earliest("started_at").started_at


def test_a_duplicate_message_sends_nothing(world: World) -> None:
    submission = world.send(world.queued())
    before = len(world.transport.requests)

    world.send(submission)

    assert len(world.transport.requests) == before


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_set_of_calls(world: World) -> None:
    submission, gate = world.queued(parts=2), threading.Barrier(2)
    taken: list[int] = []

    def work() -> None:
        gate.wait()
        try:
            taken.append(work_on(send.waiting_rows().filter(pk=submission.pk), send_one, at=world.at))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert sorted(taken) == [0, 1]
    assert [len(world.calls(step)) for step in STEPS] == [1, 2, 1]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["status", "timeout", "reset", "lost", "truncated"])
def test_any_fault_at_any_step_ends_in_one_delivery(world: World, step: str, kind: str) -> None:
    world.order(step=step, kind=kind)

    submission = world.settle(world.send(world.queued()))

    assert submission.status == S.DELIVERED
    assert [received.id for received in world.received] == [str(submission.transmission_id)]


@pytest.mark.parametrize("step", ["1086H", "1086U"])
def test_a_form_whose_answer_was_lost_is_repeated_with_its_key_and_body(world: World, step: str) -> None:
    world.order(step=step, kind="lost")

    submission = world.send(world.queued())
    assert submission.status == S.QUEUED

    world.settle(submission)
    first, second = world.calls(step)
    assert first.headers["idempotencyKey"] == second.headers["idempotencyKey"]
    assert first.content == second.content


def test_a_lost_confirmation_is_found_in_dialogporten_and_not_repeated(world: World) -> None:
    world.order(step="bekreft", kind="lost")
    submission = world.send(world.queued())
    assert submission.status == S.UNCERTAIN

    world.settle(submission)

    assert submission.status == S.DELIVERED
    assert len(world.calls("bekreft")) == 1
    assert submission.documents.filter(role=Document.Role.RECEIPT).count() == 1


def test_a_confirmation_that_never_arrived_is_repeated_only_after_looking_and_waiting(world: World) -> None:
    world.order(step="bekreft", kind="timeout")
    submission = world.send(world.queued())

    world.let_pass(60)
    world.look_into(submission)
    assert len(world.calls("bekreft")) == 1, "a minute is too soon for a second"

    world.settle(submission)
    assert submission.status == S.DELIVERED
    assert len(world.calls("bekreft")) == 2
    assert AuditEvent.objects.filter(what="confirmation-repeated").count() == 1


def test_a_report_of_the_same_customer_is_not_taken_for_the_lost_one(world: World) -> None:
    world.order(step="bekreft", kind="timeout")
    lost = world.send(world.queued(parts=2))
    other = world.send(world.queued(parts=1))

    world.settle(lost)

    assert len(world.received) == 2
    assert {str(lost.transmission_id), str(other.transmission_id)} == {received.id for received in world.received}


def test_a_report_already_confirmed_is_found_even_when_its_forms_cannot_be_compared(world: World) -> None:
    world.order(step="bekreft", kind="lost")
    submission = world.send(world.queued())
    world.received[0].content[0] = "<Skjema>rewritten on the way</Skjema>"

    world.settle(submission)

    assert submission.status == S.DELIVERED
    assert len(world.received) == 1


def test_a_confirmation_under_way_when_the_worker_died_becomes_uncertain(world: World) -> None:
    submission = world.queued()
    Submission.objects.update(status=S.SENDING, next_attempt_at=world.at, lease_until=world.at, attempts=1)
    submission.calls.filter(step="CONFIRM").update(status=Call.Status.STARTED, started_at=world.at)

    assert world.send(submission).status == S.UNCERTAIN
    assert not world.transport.requests


def test_a_worker_that_lost_its_lease_writes_nothing_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = world.queued()

    def stolen(*_: Any, **__: Any) -> Any:
        Submission.objects.filter(pk=submission.pk).update(attempts=7)
        raise Unavailable("gone", maybe_arrived=True)

    monkeypatch.setattr(Rf1086Adapter, "perform", stolen)

    world.send(submission)

    assert (submission.status, submission.attempts) == (S.SENDING, 7)


def test_a_refusal_fails_with_its_code_and_reference(world: World) -> None:
    world.app.state.organisations.pop(world.access.customer.orgnr)

    submission = world.send(world.queued())

    assert submission.status == S.FAILED
    assert submission.problem_code == "GLD_1055"
    assert submission.correlation_id
    assert submission.reasons[0]["where"]


def test_a_right_the_customer_took_away_lets_the_report_wait_with_its_key_and_is_not_called_removed(
    world: World,
) -> None:
    system_user = next(iter(world.app.state.system_users.values()))
    rights, system_user.rights = system_user.rights, []
    submission = world.queued()
    keys = list(submission.calls.order_by("ordinal").values_list("key", flat=True))

    waiting = world.send(submission)

    world.access.refresh_from_db()
    assert (waiting.status, waiting.problem_code) == (S.QUEUED, "GLD_1015")
    assert world.access.status == "IN_USE"
    system_user.rights = rights
    assert world.settle(submission).status == S.DELIVERED
    assert list(submission.calls.order_by("ordinal").values_list("key", flat=True)) == keys


@pytest.mark.parametrize(
    ("ago", "wait"), [(timedelta(minutes=5), 2), (timedelta(minutes=61), 15)], ids=["settling", "old"]
)
def test_rights_of_a_new_approval_are_asked_for_sooner(world: World, ago: timedelta, wait: int) -> None:
    next(iter(world.app.state.system_users.values())).rights = []
    type(world.access).objects.update(answered_at=world.at - ago)

    submission = world.send(world.queued())

    assert submission.status == S.QUEUED
    assert submission.next_attempt_at is not None
    assert wait * 60 <= (submission.next_attempt_at - world.at).total_seconds() < wait * 60 + 5


def test_a_token_skatteetaten_does_not_take_is_changed_for_a_fresh_one(world: World) -> None:
    world.order(
        step="1086H", kind="status", status=401, body='{"kode":"GLD_004","spesifisering":[{"kode":"GLD_1008"}]}'
    )

    submission = world.send(world.queued())

    assert submission.status == S.DELIVERED
    asked = [r for r in world.transport.requests if r.url.path.startswith("/maskinporten")]
    assert len(asked) == 3  # one for the look in Dialogporten, one for the call, and the fresh one


def test_a_fault_of_our_own_client_lets_the_report_wait(world: World) -> None:
    next(iter(world.app.state.clients.values())).active = False
    submission = world.queued()

    world.send(submission)
    assert submission.status == S.QUEUED
    assert submission.problem_code

    next(iter(world.app.state.clients.values())).active = True
    assert world.settle(submission).status == S.DELIVERED


def test_a_client_without_a_key_lets_the_report_wait(world: World) -> None:
    world.access.profile.system.client.keys.all().delete()
    submission = world.queued()

    world.send(submission)

    assert (submission.status, submission.problem_code) == (S.QUEUED, "NO_KEY")


def test_a_single_mp_303_fails_nothing(world: World) -> None:
    body = '{"error": "invalid_grant", "error_description": "MP-303: No system user was found"}'
    world.app.faults.order(Fault(service="maskinporten", kind="status", status=400, times=1, seconds=0.0, body=body))
    submission = world.queued()

    waiting = world.send(submission)

    assert (waiting.status, waiting.problem_code) == (S.QUEUED, "MP-303")
    assert world.settle(submission).status == S.DELIVERED


def test_a_customer_whose_access_was_removed_fails_with_the_reason(world: World) -> None:
    next(iter(world.app.state.system_users.values())).deleted = True
    submission = world.queued()
    assert world.send(submission).status == S.QUEUED

    type(world.access).objects.update(status="REMOVED")
    world.let_pass(901)
    submission = world.send(submission)

    assert (submission.status, submission.problem_code) == (S.FAILED, "MP-303")


@pytest.mark.parametrize("status", [408, 425])
def test_a_status_that_passes_sends_the_form_again_with_the_same_key(world: World, status: int) -> None:
    world.order(step="1086H", kind="status", status=status, times=1)
    submission = world.queued()
    keys = list(submission.calls.order_by("ordinal").values_list("key", flat=True))

    waiting = world.send(submission)

    assert (waiting.status, waiting.problem_code) == (S.QUEUED, "UNAVAILABLE")
    assert world.settle(submission).status == S.DELIVERED
    assert list(submission.calls.order_by("ordinal").values_list("key", flat=True)) == keys


@pytest.mark.parametrize("step", STEPS)
def test_a_remote_that_asks_for_time_gets_it(world: World, step: str) -> None:
    world.order(step=step, kind="status", status=429, retry_after="77")
    submission = world.queued()

    world.send(submission)

    assert submission.status == S.QUEUED
    assert submission.next_attempt_at is not None
    assert 77 <= (submission.next_attempt_at - world.at).total_seconds() < 79


def test_a_used_key_is_looked_into_and_then_fails(world: World) -> None:
    world.order(step="1086H", kind="status", status=409, body='{"kode":"GLD_019","melding":"Brukt"}')
    submission = world.send(world.queued())
    assert submission.status == S.UNCERTAIN

    world.settle(submission)

    assert (submission.status, submission.problem_code) == (S.FAILED, "GLD_019")
    assert world.received == []


def test_a_customer_has_few_on_their_way_at_once(world: World) -> None:
    waiting = world.queued()
    for _ in range(AT_ONCE):
        world.queued()
    Submission.objects.exclude(pk=waiting.pk).update(status=S.SENDING, lease_until=world.at + timedelta(minutes=3))

    world.send(waiting)

    assert waiting.status == S.QUEUED
    assert waiting.next_attempt_at > world.at
    assert (waiting.failures, waiting.problem_code) == (0, "")
    assert not world.calls("1086H")


@pytest.mark.parametrize("kind", ["lost", "timeout"])
def test_an_accountants_access_delivers_for_its_client_and_finds_the_lost_answer(world: World, kind: str) -> None:
    client = world.new_customer("310203335", "Klient AS")
    world.become_accountant(client)
    world.order(step="bekreft", kind=kind)

    submission = world.settle(world.send(world.queued(customer=client)))

    assert submission.status == S.DELIVERED
    assert [(r.id, r.orgnr) for r in world.received] == [(str(submission.transmission_id), client.orgnr)]
    assert world.access.customer != client


def test_a_cancelled_report_is_not_sent(world: World) -> None:
    submission = world.queued()
    cancel(submission=submission, by=BY, at=world.at)

    world.send(submission)

    assert submission.status == S.CANCELLED
    assert not world.calls("1086H")


def test_a_walk_that_takes_long_lets_go_and_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "BUDGET", timedelta(0))
    submission = world.queued(parts=2)

    for _ in range(10):
        world.let_pass(1)
        world.send(submission)
        monkeypatch.setattr(send, "BUDGET", timedelta(minutes=4))

    assert submission.status == S.DELIVERED
    assert [len(world.calls(step)) for step in STEPS] == [1, 2, 1]


def test_of_two_equal_reports_with_lost_confirmations_each_is_delivered(world: World) -> None:
    """The first confirmation never arrived. The delivery of the second is not the delivery of the first."""
    world.order(step="bekreft", kind="timeout")
    first = world.send(world.queued())
    world.order(step="bekreft", kind="lost")
    second = world.send(world.queued())

    world.let_pass(30)
    looked = world.look_into(first).status
    world.settle(first)
    world.settle(second)

    assert (looked, first.status, second.status) == (S.UNCERTAIN, S.DELIVERED, S.DELIVERED)
    assert {str(first.transmission_id), str(second.transmission_id)} == {received.id for received in world.received}
    assert len(world.received) == 2


def test_a_delivery_that_another_report_has_taken_meanwhile_is_not_taken_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.order(step="bekreft", kind="lost")
    lost = world.send(world.queued())
    other = world.queued()
    real = reconcile.find_delivery

    def find_and_lose(*values: Any, **options: Any) -> Any:
        delivery = real(*values, **options)
        Submission.objects.filter(pk=other.pk).update(transmission_id=delivery.transmission_id)
        return delivery

    monkeypatch.setattr(reconcile, "find_delivery", find_and_lose)
    world.let_pass(30)
    world.look_into(lost)

    assert (lost.status, lost.transmission_id) == (S.UNCERTAIN, None)
