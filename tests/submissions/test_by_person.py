"""A report that may have been delivered, and whose access is gone, is settled by a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.states import IllegalTransition, LostRace
from submissions.models import Submission
from submissions.services.sending import by_person
from systemusers.models import Access
from tests.submissions.world import BY, World

S = Submission.Status


@pytest.fixture
def doubtful(world: World) -> Submission:
    """The confirmation's answer was lost, and then the customer removed the access."""
    world.order(step="bekreft", kind="lost")
    submission = world.send(world.queued())
    assert submission.access_id
    Access.objects.filter(pk=submission.access_id).update(status="REMOVED")
    return Submission.objects.get(pk=submission.pk)


@pytest.mark.parametrize(("arrived", "status"), [(True, S.DELIVERED), (False, S.FAILED)])
def test_each_outcome_has_its_state_and_stands_in_the_trail(
    world: World, doubtful: Submission, arrived: bool, status: str
) -> None:
    by_person.settle(
        submission=doubtful, arrived=arrived, reason="Kari hos Skatteetaten, 12058012345", by=BY, at=world.at
    )

    doubtful.refresh_from_db()
    event = AuditEvent.objects.get(what="settled")
    assert (doubtful.status, doubtful.next_attempt_at) == (status, None)
    assert event.detail["outcome"] == ("ARRIVED" if arrived else "NOT_ARRIVED")
    assert "12058012345" not in str(event.detail)
    assert "Kari" in event.detail["grounds"]


def test_while_the_access_works_the_portal_looks_itself(world: World, doubtful: Submission) -> None:
    Access.objects.update(status="IN_USE")
    doubtful = Submission.objects.get(pk=doubtful.pk)

    with pytest.raises(IllegalTransition):
        by_person.settle(submission=doubtful, arrived=True, reason="x", by=BY, at=world.at)


def test_while_a_worker_makes_the_call_again_nobody_settles_it(world: World, doubtful: Submission) -> None:
    Submission.objects.filter(pk=doubtful.pk).update(lease_until=world.at + timedelta(minutes=1))

    with pytest.raises(LostRace):
        by_person.settle(submission=doubtful, arrived=False, reason="x", by=BY, at=world.at)

    doubtful.refresh_from_db()
    assert doubtful.status == S.UNCERTAIN
    by_person.settle(submission=doubtful, arrived=False, reason="x", by=BY, at=world.at + timedelta(minutes=2))
    assert Submission.objects.get(pk=doubtful.pk).status == S.FAILED


def test_a_report_that_never_left_is_not_settled(world: World) -> None:
    submission = world.queued()
    Access.objects.update(status="REMOVED")

    with pytest.raises(IllegalTransition):
        by_person.settle(submission=submission, arrived=True, reason="x", by=BY, at=world.at)


def test_without_a_reason_nothing_is_settled(client: Client, case_worker: User, doubtful: Submission) -> None:
    client.force_login(case_worker)
    address = {"environment": "sandbox", "pk": doubtful.pk}
    page = client.get(reverse("submission", kwargs=address)).content.decode()

    client.post(reverse("submission-settle", kwargs=address), {"outcome": "arrived", "reason": "  "})
    doubtful.refresh_from_db()
    before = doubtful.status
    client.post(
        reverse("submission-settle", kwargs=address), {"outcome": "arrived", "reason": "Kunden har kvitteringen"}
    )

    doubtful.refresh_from_db()
    assert "Avgjør om oppgaven kom fram" in page
    assert (before, doubtful.status) == (S.UNCERTAIN, S.DELIVERED)


def test_what_was_typed_is_kept_when_the_answer_is_refused(
    client: Client, case_worker: User, doubtful: Submission
) -> None:
    client.force_login(case_worker)
    address = reverse("submission-settle", kwargs={"environment": "sandbox", "pk": doubtful.pk})

    refused = client.post(address, {"reason": "Kari har kvitteringen"})

    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Kari har kvitteringen</textarea>" in page
    assert "Velg om oppgaven kom fram." in page


def test_what_was_typed_is_kept_while_a_worker_has_the_report(
    client: Client, case_worker: User, doubtful: Submission
) -> None:
    client.force_login(case_worker)
    address = reverse("submission-settle", kwargs={"environment": "sandbox", "pk": doubtful.pk})
    Submission.objects.filter(pk=doubtful.pk).update(lease_until=timezone.now() + timedelta(minutes=1))

    refused = client.post(address, {"outcome": "arrived", "reason": "Kari har kvitteringen"})

    page = refused.content.decode()
    doubtful.refresh_from_db()
    assert (refused.status_code, doubtful.status) == (409, S.UNCERTAIN)
    assert "Kari har kvitteringen</textarea>" in page
    assert "En arbeider har innsendingen akkurat nå" in page


def test_the_page_is_not_replaced_while_a_person_writes(
    client: Client, case_worker: User, doubtful: Submission
) -> None:
    client.force_login(case_worker)
    address = reverse("submission", kwargs={"environment": "sandbox", "pk": doubtful.pk})

    to_settle = client.get(address).content.decode()
    Access.objects.update(status="IN_USE")
    to_wait = client.get(address).content.decode()

    assert 'name="reason"' in to_settle
    assert "hx-trigger" not in to_settle
    assert 'name="reason"' not in to_wait
    assert "hx-trigger" in to_wait
