"""A failed report is sent once more with the same files, only when nothing of it can have arrived, and only once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.core.states import IllegalTransition
from submissions.adapters.base import Meaning
from submissions.adapters.rf1086.samples import example
from submissions.models import Call, Submission
from submissions.services.drafting import drafts
from submissions.services.drafting.preflight import hashes
from submissions.services.sending import again
from submissions.services.sending.queue import queue
from submissions.views.examples import Example
from tests.submissions.rows import make_draft
from tests.submissions.world import BY, World

S = Submission.Status


@pytest.fixture
def failed(world: World) -> Submission:
    """Refused in the middle, by a status that nobody explains: the main form is there, and no confirmation."""
    customer = world.access.customer
    row = make_draft(world.access, at=world.at)
    files = example(customer.orgnr, customer.name, 2025, shareholders=2)
    drafts.add_files(submission=row, files=[Example(f.name, f.content) for f in files], by=BY, at=world.at)
    queue(submission=row, by=BY, at=world.at)
    world.order(step="1086U", status=418)
    return world.send(row)


def url(name: str, row: Submission) -> str:
    return reverse(name, kwargs={"environment": "sandbox", "pk": row.pk})


def test_the_same_files_go_out_in_a_submission_of_their_own(world: World, failed: Submission) -> None:
    assert failed.status == S.FAILED

    made = again.try_again(submission=failed, by=BY, at=world.at)

    assert (made.corrects, hashes(made)) == (failed, hashes(failed))
    keys = set(failed.calls.values_list("key", flat=True)) & set(made.calls.values_list("key", flat=True))
    assert keys <= {None}
    assert failed.calls.filter(status=Call.Status.REFUSED).count() == 1


def test_it_is_delivered_once(world: World, failed: Submission) -> None:
    made = again.try_again(submission=failed, by=BY, at=world.at)

    assert made.status == S.QUEUED
    assert again.try_again(submission=failed, by=BY, at=world.at).pk == made.pk
    assert world.settle(made).status == S.DELIVERED
    assert len(world.received) == 1
    assert failed.corrections.count() == 1


def test_a_report_that_may_have_arrived_is_not_tried_again(world: World, failed: Submission) -> None:
    last = failed.calls.order_by("-ordinal").first()
    assert last is not None
    Call.objects.filter(pk=last.pk).update(status=Call.Status.LOST, meaning=Meaning.MAYBE_DELIVERED)

    assert not again.may_try_again(failed)
    with pytest.raises(IllegalTransition):
        again.try_again(submission=failed, by=BY, at=world.at)
    assert not failed.corrections.exists()


@pytest.mark.parametrize("status", [s for s in S.values if s != S.FAILED])
def test_only_a_failed_one_is_tried_again(world: World, status: str) -> None:
    row = make_draft(world.access, at=world.at, status=status, delivered_at=world.at)

    assert not again.may_try_again(row)
    with pytest.raises(IllegalTransition):
        again.try_again(submission=row, by=BY, at=world.at)


def test_a_correction_that_a_colleague_began_is_shown_and_not_sent(world: World, failed: Submission) -> None:
    begun = make_draft(world.access, at=world.at, status="READY", corrects=failed)

    assert again.try_again(submission=failed, by=BY, at=world.at) == begun
    begun.refresh_from_db()
    assert begun.status == S.READY


def test_the_page_offers_it_while_nothing_arrived(
    world: World, failed: Submission, client: Client, case_worker: Any
) -> None:
    client.force_login(case_worker)
    offered = client.get(url("submission", failed)).content.decode()

    page = client.post(url("submission-try-again", failed), follow=True)

    assert url("submission-try-again", failed) in offered
    assert page.redirect_chain[-1][0] == url("submission", failed.corrections.get())
    assert url("submission-try-again", failed) not in client.get(url("submission", failed)).content.decode()


def test_a_reader_may_not(world: World, failed: Submission, client: Client, reader: Any) -> None:
    client.force_login(reader)

    assert url("submission-try-again", failed) not in client.get(url("submission", failed)).content.decode()
    assert client.post(url("submission-try-again", failed)).status_code == 403


def test_a_package_that_raises_a_question_waits_for_a_person(world: World, failed: Submission) -> None:
    other = make_draft(world.access, at=world.at, status="ACCEPTED", delivered_at=world.at)

    made = again.try_again(submission=failed, by=BY, at=world.at)

    assert made.status == S.READY
    assert other.status == S.ACCEPTED
    assert not made.calls.exists()


@pytest.mark.parametrize(("status", "is_offered"), [(400, False), (413, False), (422, False), (410, True)])
def test_what_the_files_say_is_not_offered_once_more(
    world: World, client: Client, case_worker: Any, status: int, is_offered: bool
) -> None:
    """Only other files can help then: the page leads to a draft with them."""
    row = make_draft(world.access, at=world.at)
    files = example(world.access.customer.orgnr, world.access.customer.name, 2025, shareholders=2)
    drafts.add_files(submission=row, files=[Example(f.name, f.content) for f in files], by=BY, at=world.at)
    queue(submission=row, by=BY, at=world.at)
    world.order(step="1086U", status=status)
    refused = world.send(row)
    client.force_login(case_worker)

    page = client.get(url("submission", refused)).content.decode()

    assert refused.status == S.FAILED
    assert again.may_try_again(refused) is is_offered
    assert (url("submission-try-again", refused) in page) is is_offered
    assert url("submission-correct", refused) in page
    if not is_offered:
        with pytest.raises(IllegalTransition):
            again.try_again(submission=refused, by=BY, at=world.at)
