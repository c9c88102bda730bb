"""A reading worker may die between any two lines. After the sweeps the end is the same, each time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from portal.core import lease
from portal.core.audit import AuditEvent
from portal.sandbox.dialogs import by_party
from submissions.models import Dialog, Document, PollCursor, Submission
from submissions.services.inbox import copies, cursors, poll, pull
from tests.submissions import test_crash
from tests.submissions.inbox.reading import Reading
from tests.submissions.inbox.test_pull import answered

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def in_the_reading_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_crash, "FILES", {module.__file__ for module in (copies, cursors, poll, pull)})


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


@pytest.mark.parametrize("line", [0, 1, 2, 3])  # every fourth line from there: side by side where there are cores
def test_a_worker_that_dies_between_any_two_lines_leads_to_the_same_end(reading: Reading, line: int) -> None:
    died = True
    while died:
        submission = answered(reading, wrong_sum=True)
        died = test_crash.dies(reading.round, line)
        sweep(reading)
        result = end(submission)
        assert result["state"] == ("REJECTED", True, 1), f"died before line {line}"
        assert result["documents"] == ["application/pdf", "application/xml"], f"died before line {line}"
        assert result["left"] == (0, True), f"died before line {line}"
        reset(reading)
        line += 4

    assert line > 100


def reset(reading: Reading) -> None:
    """A clean beginning for the next: no dialogs there, no copies here."""
    state = reading.world.app.state
    for remote in (state.skatteetaten.submissions, state.dialogs, state.dialog_keys, by_party(reading.world.app)):
        remote.clear()
    Submission.objects.update(period_start=date(1999, 1, 1))
    PollCursor.objects.all().delete()
    Dialog.objects.all().delete()
