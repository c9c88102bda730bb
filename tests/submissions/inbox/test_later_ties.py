"""An answer that was read before the portal knew that it was about a report of its own: nothing of it is missing afterwards."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.sandbox.dialogs import AttachmentUrl
from submissions.models import Attachment, Dialog, Document, Submission
from submissions.services.sending import found
from tests.submissions.inbox.reading import Reading
from tests.submissions.inbox.test_attachments import PAGE
from tests.submissions.test_found import forget, shown
from tests.submissions.world import BY

S = Submission.Status


def taken_over(reading: Reading, *, only_for_people: bool = False) -> Submission:
    """A delivery that a restore took away was answered and read; then a report takes it over."""
    forget(reading.delivered())
    world = reading.world
    world.let_pass(300)
    world.app.run_due()
    if only_for_people:
        for paper in next(iter(world.app.state.dialogs.values())).transmissions[-1].attachments:
            paper.urls = [AttachmentUrl(url=PAGE, consumer_type="Gui")]
    reading.round()
    submission = world.send(world.queued())
    assert submission.status == S.NEEDS_PERSON
    [pk] = shown(submission)
    found.take_over(submission=submission, shown=shown(submission), chosen=pk, by=BY, at=world.at)
    return reading.settle(submission, rounds=3)


def test_documents_that_were_fetched_before_belong_to_the_report(
    reading: Reading, client: Client, case_worker: User
) -> None:
    submission = taken_over(reading)
    client.force_login(case_worker)

    page = client.get(reverse("submission", kwargs={"environment": "sandbox", "pk": submission.pk})).content.decode()

    papers = submission.documents.filter(role=Document.Role.FEEDBACK)
    assert submission.status == S.ACCEPTED
    assert papers.count() == 2
    assert all(reverse("document", kwargs={"environment": "sandbox", "pk": paper.pk}) in page for paper in papers)


def test_documents_that_had_only_an_address_for_people_are_fetched_by_the_path_of_the_service(
    reading: Reading,
) -> None:
    submission = taken_over(reading, only_for_people=True)

    states = Attachment.objects.exclude(status=Attachment.Status.SENT).values_list("status", flat=True)
    assert list(states) == [Attachment.Status.FETCHED] * 2
    assert submission.documents.filter(role=Document.Role.FEEDBACK).count() == 2


def test_one_that_the_service_does_not_give_is_a_link_and_is_not_asked_for_again(reading: Reading) -> None:
    submission = taken_over(reading, only_for_people=True)
    fetched = Attachment.objects.filter(status=Attachment.Status.FETCHED)
    fetched.update(status=Attachment.Status.WAITING, next_attempt_at=reading.world.at)
    reading.fault("skatteetaten", status=403, times=2)
    reading.round()
    asked = reading.calls("/dokumenter/")

    Dialog.objects.update(next_attempt_at=reading.world.at)
    reading.settle(submission, rounds=3)

    assert Attachment.objects.filter(status=Attachment.Status.LINKED).count() == 2
    assert reading.calls("/dokumenter/") == asked
