"""What is followed, listed and counted of a customer whose relation has ended."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, User
from portal.core.environments import Environment
from portal.desk.attention import attention
from submissions.models import Attachment, Submission
from submissions.period import Period
from submissions.services import archiving
from submissions.services.drafting import drafts
from submissions.services.inbox import cursors, following, pull
from submissions.services.inbox.subscriptions import asking, wanted
from submissions.services.sending import queue
from systemusers.models import Access
from systemusers.services import ending
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import SERVICE, make_draft

BY = "user:ida@vendor.example"
S = Submission.Status


def end(reading: Reading) -> None:
    ending.end_relation(customer=reading.world.access.customer, by=BY, at=reading.world.at)


def archive(reading: Reading) -> bool:
    return archiving.archive_ended(at=reading.world.at) == 1


def lines(reading: Reading, user: User) -> dict[str, int]:
    todo = attention(user=user, environment=Environment.SANDBOX, at=reading.world.at)
    return {line.title: line.count for line in todo}


def listed(client: Client, page: str, state: str = "") -> str:
    return client.get(f"/sandbox/{page}/?state={state}&status={state}").content.decode()


@pytest.fixture
def page(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def test_a_delivered_report_gets_its_verdict_and_its_documents_after_the_end(reading: Reading) -> None:
    sent = reading.delivered()
    end(reading)
    too_early = archive(reading)

    reading.settle(sent)

    assert (too_early, sent.status, archive(reading)) == (False, S.ACCEPTED, True)
    assert sent.documents.filter(role="FEEDBACK").exists()


def test_the_documents_of_a_verdict_are_fetched_although_the_archive_came_first(reading: Reading) -> None:
    sent = reading.delivered()
    end(reading)
    for _ in range(20):
        reading.world.let_pass(30)
        reading.world.app.run_due()
        reading.poll()
        pull.pull_due(at=reading.world.at)
    sent.refresh_from_db()
    assert (sent.status, archive(reading)) == (S.ACCEPTED, True)

    reading.pull()

    assert {row.status for row in Attachment.objects.all()} == {"FETCHED", "SENT"}


def test_a_letter_to_an_archived_customer_is_fetched_when_the_relation_goes_on(reading: Reading) -> None:
    reading.opens()
    reading.poll()
    end(reading)
    archive(reading)
    archived = pull.pull_due(at=reading.world.at)

    ending.reactivate(customer=reading.world.access.customer, by=BY, at=reading.world.at)

    assert (archived, pull.pull_due(at=reading.world.at)) == (0, 1)


def test_nothing_is_subscribed_to_for_an_archived_customer_and_its_faults_are_nobodys(reading: Reading) -> None:
    reading.poll()
    wanted.make_subscriptions(at=reading.world.at)
    cursor = reading.cursor
    type(cursor).objects.update(problem_code="HTTP_403", failures=9)
    faults = following.failing_cursors(type(cursor).objects.all())
    before = (asking.wanted().count(), faults.count())
    end(reading)
    archive(reading)

    assert before == (1, 1)
    assert (asking.wanted().count(), faults.count(), cursors.usable().count()) == (0, 0, 0)
    assert wanted.make_subscriptions(at=reading.world.at, everything=True) == 0


def test_an_open_rejection_is_still_listed_and_counted(reading: Reading, page: Client, administrator: User) -> None:
    sent = reading.delivered(wrong_sum=True)
    reading.settle(sent)
    before = lines(reading, administrator)
    end(reading)
    archive(reading)

    after = lines(reading, administrator)

    name = reading.world.access.customer.name
    assert "Innsending er avvist av Skatteetaten" in before.keys() & after.keys()
    assert name in listed(page, "submissions")
    assert name in listed(page, "dialogs")
    assert name not in listed(page, "submissions", "ended")


def test_what_nobody_owes_is_listed_only_when_asked_for(reading: Reading, page: Client, administrator: User) -> None:
    make_draft(reading.world.access, period=Period.year(2023), status="READY")
    reading.opens()
    reading.poll()
    name, pages = reading.world.access.customer.name, ("submissions", "dialogs", "access")
    current = [name in listed(page, each) for each in pages]
    end(reading)
    archive(reading)

    assert current == [True, True, True]
    assert [name in listed(page, each) for each in pages] == [False, False, False]
    assert [name in listed(page, each, "ended") for each in pages] == [True, True, True]
    assert "Innsending er klar til å sendes" not in lines(reading, administrator)


def test_a_question_that_is_not_taken_back_yet_is_still_listed(reading: Reading, page: Client) -> None:
    access = reading.world.access
    Access.objects.filter(pk=access.pk).update(status="SENT", altinn_id="x", next_attempt_at=reading.world.at)
    end(reading)

    assert access.customer.name in listed(page, "access")


@pytest.fixture
def stale(reading: Reading) -> Any:
    """An access as a page loaded it before somebody ended the relation."""
    loaded = Access.objects.loaded().get(pk=reading.world.access.pk)
    assert not loaded.customer.is_ended
    end(reading)
    return loaded


def test_a_draft_that_races_with_the_end_loses(stale: Any, reading: Reading) -> None:
    with pytest.raises(drafts.NotAllowed, match="avsluttet"):
        drafts.create_draft(access=stale, service=SERVICE, period=Period.year(2024), by=BY, at=reading.world.at)

    assert not Submission.objects.exists()


def test_nothing_begins_through_an_accountant_whose_relation_ended(reading: Reading) -> None:
    access = reading.world.access
    client = Customer.objects.create(environment="SANDBOX", orgnr="310203335", name="Klient AS")
    draft = make_draft(access, period=Period.year(2024), status="READY")
    Submission.objects.filter(pk=draft.pk).update(customer=client)
    draft.refresh_from_db()
    end(reading)

    with pytest.raises(queue.NotReady, match="avsluttet"):
        queue.queue(submission=draft, by=BY, at=reading.world.at)
