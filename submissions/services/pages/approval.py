"""What the page of a draft says of the approval by a second person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Capability, User
from accounts.services.actors import names_of, person
from accounts.services.proposals import is_second_person
from submissions.models import Approval, Submission
from submissions.services.local import Local
from submissions.services.sending.queue import first_persons, needs_approval


@dataclass(frozen=True)
class ApprovalShown:
    """`is_void`: what was shown to the asker is no longer so.

    `reason` and `refused_by` are set when a second person said no.
    """

    asked_by: str = ""
    asked_at: datetime | None = None
    is_open: bool = False
    is_void: bool = False
    is_mine: bool = False
    may_answer: bool = False
    refused_by: str = ""
    reason: str = ""


def approval_shown(
    *, submission: Submission, user: User, token: str, settings: Local, at: datetime
) -> ApprovalShown | None:
    """None when the service needs no approval. `token` is that of the page, `settings` those of the environment."""
    if not needs_approval(submission, settings=settings):
        return None
    row = Approval.objects.filter(submission=submission, approved_at__isnull=True).first()
    if row is None:
        return ApprovalShown()
    names = names_of([row.asked_by, row.refused_by])
    if row.refused_at is not None:
        return ApprovalShown(refused_by=person(row.refused_by, names), reason=row.reason or "")
    may = user.may(Capability.WORK, submission.environment)
    is_second = may and is_second_person(user.actor, first_persons(submission), at=at)
    is_void = row.token != token
    return ApprovalShown(
        asked_by=person(row.asked_by, names),
        asked_at=row.asked_at,
        is_open=not is_void,
        is_void=is_void,
        is_mine=row.asked_by in user.actors,
        may_answer=is_second and not is_void,
    )
