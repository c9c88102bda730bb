"""A report with two answers that disagree: the first one decides, until a person has asked and says which of them stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.states import IllegalTransition, LostRace
from submissions.models import Submission, Transmission
from submissions.services.inbox.verdict import decide

LONGEST_REASON = 500


def given(submission: Submission) -> list[Transmission]:
    """The answers that say something of the report, the oldest first."""
    rows = submission.transmissions.filter(verdict__in=Submission.DECIDED)
    return list(rows.select_related("dialog").order_by("created_at", "pk"))


def settle(*, submission: Submission, stands: str, shown: str, reason: str, by: str, at: datetime) -> None:
    """The report is in the state `stands` from here on, with the reasons of that answer. A later answer may contradict again.

    `shown` is `token` of the page. Raises LostRace when another answer has come or somebody was first, IllegalTransition when no
    answer says so.
    """
    with transaction.atomic():
        Submission.objects.select_for_update().get(pk=submission.pk)
        submission.refresh_from_db(fields=["status", "contradicted_at", "decided_at"])
        if submission.contradicted_at is None or token(submission) != shown:
            raise LostRace(f"submission {submission.pk}: the answers are not those that were shown")
        chosen = [row for row in given(submission) if row.verdict == stands]
        if stands != submission.status and not chosen:
            raise IllegalTransition(f"submission {submission.pk}: no answer says {stands}")
        grounds = reason.strip()[:LONGEST_REASON]
        record(by=by, at=at, target=submission, what=AuditType.ANSWER_CHOSEN, outcome=stands, grounds=grounds)
        if stands != submission.status:
            fresh: dict[str, Any] = {"decided_at": chosen[-1].created_at, "reasons": [], "payment": None}
            submission.move_to(stands, by=by, at=at, **fresh)
            decide(chosen[-1], submission, at)
        Submission.objects.filter(pk=submission.pk).update(contradicted_at=None)
        submission.contradicted_at = None


def token(submission: Submission) -> str:
    """Changes with each answer that contradicts."""
    return submission.contradicted_at.isoformat() if submission.contradicted_at else ""
