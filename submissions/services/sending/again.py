"""A failed report once more with the same files, when nothing of it can have arrived and the files were not what was refused.

It is a new submission, linked to the failed one: that one keeps its calls, keys and answers as evidence.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from portal.core.states import IllegalTransition, LostRace
from portal.gateways.statuses import is_about_content
from submissions.models import Call, Submission
from submissions.services.drafting import drafts
from submissions.services.drafting.preflight import hashes
from submissions.services.sending import queue
from submissions.services.sending.calls import may_have_delivered

Status = Submission.Status


def may_try_again(submission: Submission) -> bool:
    """Whether it failed before the call that delivers, or in it with a clear no, and the same files may do better. Three queries."""
    if submission.status != Status.FAILED or submission.access is None:
        return False
    if may_have_delivered(submission) or _corrections(submission).exists():
        return False
    return not _is_refused_for_content(submission)


def _is_refused_for_content(submission: Submission) -> bool:
    """What the files say was refused, by the service or by its control, so only other files can help."""
    refused = submission.calls.filter(status=Call.Status.REFUSED).order_by("-ordinal")
    last = refused.values_list("code", "http_status").first()
    return last is not None and is_about_content(code=last[0], status=last[1])


def try_again(*, submission: Submission, by: str, at: datetime) -> Submission:
    """The new submission: QUEUED, or an open draft when a person must look at it first (questions, a long check, approval).

    Asked for twice, it gives the one that is there. Raises IllegalTransition when it is not to be tried again, and
    drafts.NotAllowed when the access no longer allows the service. The caller enqueues the task.
    """
    existing = _corrections(submission).order_by("-pk").first()
    if existing:
        return existing
    if not may_try_again(submission):
        raise IllegalTransition(f"submission {submission.pk} is not to be tried again")
    draft = drafts.copy_for_correction(submission=submission, by=by, at=at)
    if hashes(draft) != hashes(submission):
        return draft  # a colleague began to correct it
    try:
        queue.queue(submission=draft, by=by, at=at)
    except (queue.NotReady, queue.NeedsApproval, LostRace):
        draft.refresh_from_db()
    return draft


def _corrections(submission: Submission) -> QuerySet[Submission]:
    return submission.corrections.exclude(status=Status.CANCELLED)
