"""A reading worker may die between any two effects. After the sweeps the end is the same, each time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from portal.core import lease
from portal.core.audit import AuditEvent
from submissions.models import Dialog, Document, PollCursor, Submission
from submissions.services.inbox import copies, cursors, poll, pull
from tests.submissions.deaths import each_death, forget_deliveries
from tests.submissions.inbox.reading import Reading
from tests.submissions.inbox.test_pull import answered

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


def end(submission: Submission) -> dict[str, Any]:
    submission.refresh_from_db()
    decisions = AuditEvent.objects.filter(
        target=f"submissions.Submission:{submission.pk}", what__startswith="DELIVERED->"
    )
    documents = submission.documents.filter(role=Document.Role.FEEDBACK)
    return {
        "state": (submission.status, bool(submission.reasons), decisions.count()),
        "documents": sorted(documents.values_list("media_type", flat=True)),
        "left": (Dialog.objects.filter(next_attempt_at__isnull=False).count(), bool(PollCursor.objects.get().token)),
    }


def sweep(reading: Reading) -> None:
    for _ in range(2):
        reading.world.let_pass(lease.LEASE.total_seconds() + 1)
        reading.round()


def test_a_worker_that_dies_between_any_two_effects_leads_to_the_same_end(reading: Reading) -> None:
    submission = answered(reading, wrong_sum=True)
    for when in each_death(reading.world, reading.round, at_least=20):
        sweep(reading)
        result = end(submission)
        assert result["state"] == ("REJECTED", True, 1), when
        assert result["documents"] == ["application/pdf", "application/xml"], when
        assert result["left"] == (0, True), when
        forget_deliveries(reading.world.app)
        PollCursor.objects.all().delete()
        Dialog.objects.all().delete()
        submission = answered(reading, wrong_sum=True)
