"""Before its first call a report is looked for at Skatteetaten; what no row of ours has is a question to a person."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from portal.core.audit import AuditEvent
from portal.core.states import LostRace
from portal.desk.attention import attention
from portal.sandbox.faults import Fault
from submissions.models import Call, Document, EarlierDelivery, Submission
from submissions.services import catalogue, local
from submissions.services.sending import found
from submissions.services.sending.queue import NotSecondPerson
from systemusers.models import Access
from tests.fixtures import make_user
from tests.submissions.world import BY, World

S = Submission.Status


@pytest.fixture
def asked(world: World) -> Submission:
    """A report that Skatteetaten has already, by a row that a restore took away."""
    lost = world.send(world.queued())
    forget(lost)
    return world.send(world.queued())


def forget(submission: Submission) -> None:
    submission.calls.all().delete()
    submission.documents.all().delete()
    submission.delete()


def shown(submission: Submission) -> frozenset[int]:
    return frozenset(row.pk for row in found.find_open(submission))


def test_a_delivery_that_no_row_has_stops_the_report_before_its_first_call(world: World, asked: Submission) -> None:
    earlier = EarlierDelivery.objects.get()

    assert (asked.status, asked.problem_code, asked.next_attempt_at) == (S.NEEDS_PERSON, "ALREADY_THERE", None)
    assert set(asked.calls.values_list("status", "attempts")) == {(Call.Status.PLANNED, 0)}
    assert (str(earlier.transmission_id), earlier.is_same) == (world.received[0].id, True)
    assert len(world.received) == 1


def test_no_dialog_is_opened_for_it(world: World, asked: Submission) -> None:
    single = [r.url.path for r in world.transport.requests if "/dialogs/" in r.url.path]

    assert single
    assert all(path.endswith("/transmissions") for path in single)


def test_other_content_for_the_same_period_is_a_question_too(world: World) -> None:
    forget(world.send(world.queued(parts=2)))

    submission = world.send(world.queued(parts=1))

    assert submission.status == S.NEEDS_PERSON
    assert not EarlierDelivery.objects.get().is_same


def test_a_delivery_of_another_year_is_no_question(world: World) -> None:
    forget(world.send(world.queued()))
    world.let_pass(2 * 3600)
    world.received[0].period = "2024"

    assert world.send(world.queued()).status == S.DELIVERED


def test_a_delivery_that_a_row_has_is_no_question(world: World) -> None:
    world.send(world.queued())

    assert world.send(world.queued()).status == S.DELIVERED
    assert not EarlierDelivery.objects.exists()


def test_a_token_that_dialogporten_does_not_take_is_replaced_once(world: World) -> None:
    world.app.faults.order(Fault(service="dialogporten", kind="status", status=401, seconds=0.0))

    assert world.send(world.queued()).status == S.DELIVERED


def test_just_after_the_approval_a_refusal_by_dialogporten_is_about_rights_that_settle(world: World) -> None:
    Access.objects.filter(pk=world.access.pk).update(answered_at=world.at)
    world.app.faults.order(Fault(service="dialogporten", kind="status", status=403, seconds=0.0))

    submission = world.send(world.queued())

    assert submission.status == S.QUEUED
    assert submission.next_attempt_at is not None
    assert timedelta(0) < submission.next_attempt_at - world.at < timedelta(minutes=3)


def test_without_an_answer_from_dialogporten_nothing_is_sent_and_it_waits(world: World) -> None:
    world.app.faults.order(Fault(service="dialogporten", kind="status", status=503, seconds=0.0))

    submission = world.send(world.queued())

    assert (submission.status, submission.problem_code) == (S.QUEUED, "UNAVAILABLE")
    assert not world.received
    assert world.settle(submission).status == S.DELIVERED


def test_sent_anyway_it_is_delivered_once_more_and_not_asked_again(world: World, asked: Submission) -> None:
    found.send_anyway(submission=asked, shown=shown(asked), by=BY, at=world.at)

    assert world.send(asked).status == S.DELIVERED
    assert len(world.received) == 2
    event = AuditEvent.objects.get(what="NEEDS_PERSON->QUEUED")
    assert (event.by, event.detail["confirmed"], event.detail["transmission"]) == (
        BY,
        ["replaces"],
        world.received[0].id,
    )


def test_where_two_persons_are_needed_the_sender_cannot_send_it_anyway(world: World, asked: Submission) -> None:
    entry = catalogue.service(asked.service)
    local.switch_approval(service=entry, environment=asked.environment, on=True, by=BY, at=world.at)

    with pytest.raises(NotSecondPerson):
        found.send_anyway(submission=asked, shown=shown(asked), by=BY, at=world.at)
    assert (Submission.objects.get(pk=asked.pk).status, len(world.received)) == (S.NEEDS_PERSON, 1)

    second = make_user(Role.CASE_WORKER, "second@vendor.example")
    found.send_anyway(submission=asked, shown=shown(asked), by=second.actor, at=world.at)
    assert asked.status == S.QUEUED


def test_taken_over_it_is_delivered_with_a_receipt_and_nothing_is_sent(world: World, asked: Submission) -> None:
    [pk] = shown(asked)

    found.take_over(submission=asked, shown=shown(asked), chosen=pk, by=BY, at=world.at)
    world.send(asked)

    assert (asked.status, str(asked.transmission_id)) == (S.DELIVERED, world.received[0].id)
    assert asked.documents.filter(role=Document.Role.RECEIPT).count() == 1
    assert asked.next_attempt_at is None
    assert len(world.received) == 1


def test_two_reports_cannot_take_the_same_delivery(world: World, asked: Submission) -> None:
    other = world.send(world.queued())
    [pk], [second] = shown(asked), shown(other)
    found.take_over(submission=asked, shown=shown(asked), chosen=pk, by=BY, at=world.at)

    with pytest.raises(LostRace):
        found.take_over(submission=other, shown=shown(other), chosen=second, by=BY, at=world.at)


def test_discarded_nothing_is_sent(world: World, asked: Submission) -> None:
    found.discard(submission=asked, shown=shown(asked), by=BY, at=world.at)

    assert world.send(asked).status == S.CANCELLED
    assert len(world.received) == 1


def test_the_answer_is_bound_to_what_was_shown(world: World, asked: Submission) -> None:
    before = shown(asked)
    new = EarlierDelivery.objects.get()
    new.pk, new.transmission_id = None, uuid.uuid4()
    new.save()

    with pytest.raises(LostRace):
        found.send_anyway(submission=asked, shown=before, by=BY, at=world.at)
    assert Submission.objects.get(pk=asked.pk).status == S.NEEDS_PERSON


def test_the_page_and_the_overview_show_it_and_a_press_decides(
    client: Client, case_worker: User, world: World, asked: Submission
) -> None:
    client.force_login(case_worker)
    address = {"environment": "sandbox", "pk": asked.pk}
    page = client.get(reverse("submission", kwargs=address)).content.decode()
    lines = [line.title for line in attention(user=case_worker, environment=asked.environment, at=world.at)]

    client.post(reverse("submission-found", kwargs=address), {"answer": "send", "shown": list(shown(asked))})

    assert "Skatteetaten har alt en levering" in page
    assert all(text in page for text in ("Send likevel, den erstatter", "Den er vår: ta den over", "Forkast denne"))
    assert "Innsending må fullføres av en person" in lines
    asked.refresh_from_db()
    assert asked.status == S.QUEUED
