"""Two persons for one report: the first asks, a second one approves or refuses.

Whether a service requires it is in `ServiceSetting`; `queue` enforces it for every way of sending.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Capability, User
from accounts.services.proposals import NoReason, cleaned_reason
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.states import LostRace
from submissions.models import Approval, ApprovalQuerySet, Submission
from submissions.services.drafting.preflight import token
from submissions.services.sending.queue import check_ready, check_second_person, lock, needs_approval, queue

S = Submission.Status
__all__ = ["MayNotApprove", "NoReason", "NotNeeded", "approve", "ask", "refuse", "send_or_ask", "withdraw"]


class NotNeeded(Exception):
    """The service does not require a second person any more."""


class MayNotApprove(Exception):
    """The person may not send reports, or does not see the customer."""


def ask(
    *,
    submission: Submission,
    by: str,
    at: datetime,
    confirmed: frozenset[str] = frozenset(),
    shown: str | None = None,
) -> None:
    """READY stays READY, with a question to a second person. A question that is void or was refused is asked anew.

    Raises NotNeeded, queue.NotReady, queue.HasChanged, and LostRace when the same question stands already.
    """
    with transaction.atomic():
        lock(submission)
        submission.refresh_from_db(fields=["status"])
        if not needs_approval(submission):
            raise NotNeeded(f"submission {submission.pk} needs no approval")
        now = token(submission, check_ready(submission, confirmed=confirmed, shown=shown))
        standing = Approval.objects.unanswered().filter(submission=submission, token=now)
        if standing.exists():
            raise LostRace(f"submission {submission.pk}: approval was asked for already")
        Approval.objects.filter(submission=submission).delete()
        answered = sorted(confirmed)
        Approval.objects.create(submission=submission, token=now, confirmed=answered, asked_by=by, asked_at=at)
        record(by=by, at=at, target=submission, what=AuditType.APPROVAL_ASKED, confirmed=answered)


def send_or_ask(*, submission: Submission, by: str, at: datetime) -> None:
    """Queue it, or ask for approval where the service requires it. Raises what the two raise."""
    if needs_approval(submission):
        ask(submission=submission, by=by, at=at)
    else:
        queue(submission=submission, by=by, at=at)


def approve(*, submission: Submission, user: User, at: datetime, shown: str) -> None:
    """READY -> QUEUED, with the answers of the person who asked. `shown` is the token of the page of the second person.

    Raises MayNotApprove, queue.NotSecondPerson, and what `queue` raises. The caller enqueues the task.
    """
    _check_may(submission, user)
    queue(submission=submission, by=user.actor, at=at, shown=shown, approving=True)


def refuse(*, submission: Submission, user: User, reason: str, at: datetime) -> None:
    """The draft stays READY with the reason. Raises NoReason, MayNotApprove, queue.NotSecondPerson, LostRace."""
    reason = cleaned_reason(reason)
    _check_may(submission, user)
    with transaction.atomic():
        rows = _open_question(submission)
        check_second_person(submission, by=user.actor, at=at)
        rows.update(refused_by=user.actor, refused_at=at, reason=reason)
        record(by=user.actor, at=at, target=submission, what=AuditType.APPROVAL_REFUSED, grounds=reason)


def withdraw(*, submission: Submission, user: User, at: datetime) -> None:
    """The person who asked takes the question back. Raises LostRace when it is answered, or another person's."""
    with transaction.atomic():
        if not _open_question(submission).filter(asked_by__in=user.actors).delete()[0]:
            raise LostRace(f"submission {submission.pk}: no open question of {user.actor}")
        record(by=user.actor, at=at, target=submission, what=AuditType.APPROVAL_WITHDRAWN)


def _check_may(submission: Submission, user: User) -> None:
    seen = Submission.objects.visible_to(user).filter(pk=submission.pk)
    if not (user.may(Capability.WORK, submission.environment) and seen.exists()):
        raise MayNotApprove(f"submission {submission.pk}: {user.actor} may not approve")


def _open_question(submission: Submission) -> ApprovalQuerySet:
    """Locks the submission. Raises LostRace when no question is open."""
    status = Submission.objects.select_for_update().values_list("status", flat=True).get(pk=submission.pk)
    rows = Approval.objects.unanswered().filter(submission=submission)
    if status != S.READY or not rows.exists():
        raise LostRace(f"submission {submission.pk}: no question is open")
    return rows
