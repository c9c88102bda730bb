"""Uploads that are given up, and submissions whose answer is lost: one delivery at most, and nothing is left behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portal.core.states import LostRace
from portal.sandbox.skatteetaten.records import Upload
from submissions.models import Submission
from submissions.services.sending.queue import cancel
from tests.submissions.adapters.rig import Rig
from tests.submissions.adapters.upload.flow import made, rig, uploads
from tests.submissions.world import BY

S = Submission.Status
__all__ = ["rig"]


# given up


def test_a_person_may_stop_it_while_the_control_goes_on(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())

    cancel(submission=submission, by=BY, at=rig.world.at)
    rig.world.send(submission)

    assert (submission.status, submission.next_attempt_at) == (S.CANCELLED, None)
    assert (uploads(rig), rig.delivered_ids()) == ({}, [])


def test_the_page_has_the_button_that_stops_it_only_while_nothing_is_submitted(
    rig: Rig, client: Client, case_worker: User
) -> None:
    """The page reads the real clock: the row is as it is while the control goes on, an hour from now."""
    client.force_login(case_worker)
    submission = rig.world.send(rig.queued())
    Submission.objects.filter(pk=submission.pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))
    address = {"environment": "sandbox", "pk": submission.pk}

    page = client.get(reverse("submission", kwargs=address))
    assert "Skatteetaten kontrollerer filen" in page.text
    assert reverse("submission-cancel", kwargs=address) in page.text
    client.post(reverse("submission-cancel", kwargs=address))

    submission.refresh_from_db()
    assert submission.status == S.CANCELLED
    assert reverse("submission-cancel", kwargs=address) not in client.get(reverse("submission", kwargs=address)).text


def test_it_cannot_be_stopped_while_a_worker_has_it(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())
    Submission.objects.filter(pk=submission.pk).update(lease_until=rig.world.at + timedelta(minutes=1))

    with pytest.raises(LostRace):
        cancel(submission=submission, by=BY, at=rig.world.at)


@pytest.mark.parametrize("fault", [{"status": 503}, {"kind": "timeout"}, {"kind": "lost"}, {"status": 401}], ids=str)
def test_removing_an_upload_is_tried_again_and_keeps_the_state(rig: Rig, fault: dict[str, Any]) -> None:
    submission = rig.world.send(rig.queued())
    cancel(submission=submission, by=BY, at=rig.world.at)
    rig.order(call=0, **fault)

    rig.world.send(submission)
    rig.world.let_pass(120)
    rig.world.send(submission)

    assert (submission.status, submission.problem_code, submission.next_attempt_at) == (S.CANCELLED, "", None)
    assert not uploads(rig)


def test_removing_an_upload_is_given_up_after_a_day(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())
    cancel(submission=submission, by=BY, at=rig.world.at)
    rig.order(call=0, status=503, times=1000)

    rig.world.send(submission)
    assert submission.next_attempt_at is not None
    rig.world.let_pass(days=1, minutes=1)
    rig.world.send(submission)

    (ident,) = uploads(rig)
    assert submission.left_behind == ident
    assert submission.next_attempt_at is None


def test_the_page_says_what_could_not_be_removed(rig: Rig, client: Client, reader: User) -> None:
    submission = rig.world.send(rig.queued())
    cancel(submission=submission, by=BY, at=rig.world.at)
    rig.order(call=0, status=403, times=1000)
    rig.world.send(submission)
    client.force_login(reader)

    page = client.get(reverse("submission", kwargs={"environment": "sandbox", "pk": submission.pk})).text

    (ident,) = uploads(rig)
    assert "ligger igjen hos Skatteetaten" in page
    assert ident in page


# the answer to the submission is lost


def lost_submission(rig: Rig, kind: str) -> Submission:
    rig.world.app.state.settings.upload_control_seconds = 0
    rig.order(call=2, kind=kind)
    submission = rig.world.send(rig.queued())
    assert submission.status == S.UNCERTAIN
    return submission


def test_a_lost_answer_is_found_in_dialogporten_and_nothing_is_sent_again(rig: Rig) -> None:
    submission = lost_submission(rig, "lost")

    rig.world.settle(submission)

    assert submission.status == S.DELIVERED
    assert len(made(rig, "PUT")) == 1


def test_a_submission_that_never_arrived_is_repeated_only_when_the_lists_must_show_it(rig: Rig) -> None:
    submission = lost_submission(rig, "timeout")

    rig.world.settle(submission, rounds=25)
    assert (submission.status, len(made(rig, "PUT"))) == (S.UNCERTAIN, 1)

    rig.world.settle(submission, rounds=10)
    assert (submission.status, len(made(rig, "PUT"))) == (S.DELIVERED, 2)


def test_a_delivery_of_somebody_else_is_not_taken_for_ours_and_a_person_is_asked(rig: Rig) -> None:
    """The upload still waits to be submitted, and there is a new delivery that nobody claims."""
    submission = lost_submission(rig, "lost")
    (received,) = rig.world.received
    assert not uploads(rig), "the sandbox took it"
    put_back(rig, submission, received)

    rig.world.settle(submission)

    assert (submission.status, submission.problem_code) == (S.NEEDS_PERSON, "ALREADY_THERE")
    assert len(made(rig, "PUT")) == 1


def put_back(rig: Rig, submission: Submission, received: Any) -> None:
    """As if the delivery in Dialogporten was another program's: our upload is there, ready."""
    ident = submission.calls.get(step="UPLOAD").remote_id
    uploads(rig)[ident] = Upload(
        id=ident, service=rig.service.id, orgnr=received.orgnr, vendor=received.vendor, status="KLAR_TIL_INNSENDING",
        content=received.content[0], updated=rig.world.app.clock.now(), year=received.period,
    )  # fmt: skip


def test_a_worker_killed_between_upload_and_submission_goes_on_with_the_same_upload(rig: Rig) -> None:
    submission = rig.world.send(rig.queued())
    Submission.objects.filter(pk=submission.pk).update(
        lease_until=rig.world.at - timedelta(seconds=1), attempts=submission.attempts + 1, next_attempt_at=rig.world.at
    )
    submission.refresh_from_db()

    rig.world.settle(submission)

    assert submission.status == S.DELIVERED
    assert len(made(rig, "POST", "/opplastinger")) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_an_upload_that_is_gone_already_is_nothing_that_is_left(rig: Rig, status: int) -> None:
    submission = rig.world.send(rig.queued())
    cancel(submission=submission, by=BY, at=rig.world.at)
    rig.order(call=0, status=status)

    rig.world.send(submission)

    assert (submission.left_behind, submission.next_attempt_at) == ("", None)


@pytest.mark.parametrize("status", [404, 410])
def test_an_upload_that_is_gone_before_it_is_controlled_is_made_again(rig: Rig, status: int) -> None:
    rig.order(call=1, status=status)

    submission = rig.world.settle(rig.world.send(rig.queued()))

    assert submission.status == S.DELIVERED
    assert len(made(rig, "POST", "/opplastinger")) == 2
