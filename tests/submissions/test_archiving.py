"""An ended customer is archived when nothing is under way, and is then not polled."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Customer
from portal.core.audit import AuditEvent
from submissions.models import PollCursor
from submissions.period import Period
from submissions.services import archiving
from submissions.services.drafting import drafts
from submissions.services.inbox import cursors
from submissions.services.sending import queue
from systemusers.models import Access
from systemusers.services import ending
from tests.fixtures import AT
from tests.submissions.world import make_draft

BY = "user:ida@vendor.example"


def end(access: Access) -> None:
    ending.end_relation(customer=access.customer, by=BY, at=AT)


@pytest.mark.parametrize("status", ["QUEUED", "DRAFT"])
def test_a_submission_on_its_way_is_waited_for_and_a_draft_is_not(access: Access, status: str) -> None:
    make_draft(access, period=Period.year(2024), status=status)
    end(access)

    archived = archiving.archive_ended(at=AT)

    assert archived == (0 if status == "QUEUED" else 1)
    assert archiving.under_way(access.customer).submissions == (1 if status == "QUEUED" else 0)


def test_an_archived_customer_is_not_polled_until_the_relation_goes_on(access: Access) -> None:
    PollCursor.objects.get_or_create(access=access, defaults={"next_attempt_at": AT, "since": AT})
    end(access)
    while_ending = cursors.usable().count()
    archiving.archive_ended(at=AT)
    archived = cursors.usable().count()

    ending.reactivate(customer=access.customer, by=BY, at=AT)

    assert (while_ending, archived, cursors.usable().count()) == (1, 0, 1)
    assert AuditEvent.objects.filter(what="archived", customer_id_ref=access.customer_id).count() == 1
    assert Customer.objects.get(pk=access.customer_id).archived_at is None


def test_nothing_new_is_drafted_or_queued(access: Access) -> None:
    ready: Any = make_draft(access, period=Period.year(2024), status="READY")
    end(access)
    current = Access.objects.get(pk=access.pk)

    with pytest.raises(drafts.NotAllowed, match="avsluttet"):
        drafts.create_draft(access=current, service=ready.service, period=Period.year(2023), by=BY, at=AT)
    with pytest.raises(queue.NotReady, match="avsluttet"):
        queue.queue(submission=ready, by=BY, at=AT)
