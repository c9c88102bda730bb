"""Submissions: listed and read, the conditions for sending, queued, cancelled. On the router of drafts, as they share addresses."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Status
from pydantic import AfterValidator, Field

from accounts.models import ENDED, Scope
from portal.api.keyed import keyed
from portal.api.keyset import page_of
from portal.api.problems import Problem
from portal.api.resources.drafts import router
from portal.api.resources.submission_shapes import (
    STATUSES,
    SubmissionDetail,
    SubmissionShape,
    detailed,
    find,
    findings_of,
    mine,
    shown,
)
from portal.api.security import Call, OAuth2
from portal.api.shapes import Finding, IdempotencyKey, OfCustomers, Page, Question, Shape, Since, one_of
from portal.api.validation import refused
from portal.core import enqueue
from portal.core.filters import in_group
from portal.core.states import IllegalTransition, LostRace
from submissions import tasks
from submissions.models import Submission
from submissions.period import Period
from submissions.services.drafting import drafts
from submissions.services.drafting.preflight import preflight, token
from submissions.services.pages import listing
from submissions.services.sending import approvals
from submissions.services.sending import queue as sending

READ, SEND = OAuth2(Scope.SUBMISSIONS_READ), OAuth2(Scope.SUBMISSIONS_SEND)

GROUPS = [*(group.code for group in listing.GROUPS), "approval", "unanswered", "contradicted", ENDED]
"""As on the page: `person` are those that somebody must look at, `unanswered` those whose answer is late."""


class SubmissionFilters(OfCustomers):
    service: Annotated[str, Field(max_length=100)] = ""
    period: Annotated[str, Field(max_length=10)] = ""
    status: Annotated[
        str, AfterValidator(one_of(["", *STATUSES])), Field(json_schema_extra={"enum": ["", *STATUSES]})
    ] = ""
    group: Annotated[str, AfterValidator(one_of(["", *GROUPS])), Field(json_schema_extra={"enum": ["", *GROUPS]})] = ""
    changed_after: Annotated[Since, Field(description="Whose state has changed since.")] | None = None


class PreflightShape(Shape):
    """`problems` stop it. Each of `questions` is answered yes by its code in `confirm`. `token` binds the answer to what was seen."""

    problems: list[str]
    questions: list[Question]
    needs_approval: bool
    token: str


class Queueing(Shape):
    """`token` is optional: with it nothing is sent when something has changed since the conditions were read."""

    confirm: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=20)] = []
    token: Annotated[str, Field(max_length=64)] = ""


@router.get(
    "/submissions",
    auth=READ,
    response=Page[SubmissionShape],
    operation_id="list_submissions",
    summary="List submissions",
)
def list_submissions(request: Call, filters: Query[SubmissionFilters]) -> HttpResponse:
    rows = filters.of(mine(request))
    exact = {"service": filters.service, "status": filters.status}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if filters.period:
        period = Period.found(filters.period)
        if period is None:
            raise refused("period", "2025, 2025-03, 2025-T2")
        rows = rows.filter(**period.columns())
    rows = rows.filter(status_at__gt=filters.changed_after) if filters.changed_after else rows
    if filters.group:
        rows = in_group(rows, [*listing.groups(timezone.now()), listing.of_ended()], filters.group)
    return page_of(rows, after=filters.after, limit=filters.limit, show=shown)


@router.get("/submissions/{uuid:reference}", auth=READ, response=SubmissionDetail, operation_id="get_submission",
            summary="Read one submission")  # fmt: skip
def get_submission(request: Call, reference: UUID) -> SubmissionDetail:
    return detailed(find(request, reference))


@router.get("/submissions/{uuid:reference}/findings", auth=READ, response=list[Finding], operation_id="get_findings",
            summary="What the check found")  # fmt: skip
def get_findings(request: Call, reference: UUID) -> list[Finding]:
    """Also of files that were not taken in."""
    return findings_of(find(request, reference))


@router.get("/submissions/{uuid:reference}/preflight", auth=READ, response=PreflightShape, operation_id="get_preflight",
            summary="The conditions for sending")  # fmt: skip
def get_preflight(request: Call, reference: UUID) -> PreflightShape:
    row = _open(find(request, reference))
    result = preflight(row)
    return PreflightShape(
        problems=result.problems, questions=[Question(code=code, text=text) for code, text in result.questions],
        needs_approval=sending.needs_approval(row), token=token(row, result),
    )  # fmt: skip


@router.post("/submissions/{uuid:reference}/queue", auth=SEND, response={202: SubmissionDetail}, operation_id="queue_submission",
             summary="Send it")  # fmt: skip
@keyed
def queue_submission(request: Call, reference: UUID, body: Queueing, key: IdempotencyKey) -> Status[SubmissionDetail]:
    """Where the service needs a second person, they are asked, and `approval.state` is `asked`; else a worker sends it."""
    row = _open(find(request, reference))
    by, at = request.auth.actor, timezone.now()
    if sending.needs_approval(row) and request.auth.employee is None:
        raise Problem("EMPLOYEE_NEEDED")  # a first person whom nobody knows could be the second one too
    confirmed, shown_token = frozenset(body.confirm), body.token or None
    try:
        if sending.needs_approval(row):
            approvals.ask(submission=row, by=by, at=at, confirmed=confirmed, shown=shown_token)
        else:
            sending.queue(submission=row, by=by, at=at, confirmed=confirmed, shown=shown_token)
    except sending.HasChanged:
        raise Problem("NOT_AS_SHOWN") from None
    except sending.NotReady as error:
        questions = [{"code": code, "text": text} for code, text in error.preflight.questions]
        raise Problem("NOT_READY", problems=error.preflight.problems, questions=questions) from None
    except (LostRace, IllegalTransition, sending.NeedsApproval, approvals.NotNeeded):
        raise Problem("MOVED_ON") from None
    enqueue.enqueue_on_commit(tasks.send_submissions)
    return Status(202, detailed(find(request, reference)))


@router.post("/submissions/{uuid:reference}/cancel", auth=SEND, response={200: SubmissionDetail}, operation_id="cancel_submission",
             summary="Cancel it")  # fmt: skip
@keyed
def cancel_submission(request: Call, reference: UUID, key: IdempotencyKey) -> Status[SubmissionDetail]:
    """A draft is discarded; what waits in the queue is stopped. What may have been delivered cannot be cancelled."""
    row = find(request, reference)
    try:
        sending.cancel(submission=row, by=request.auth.actor, at=timezone.now())
    except sending.MaybeDelivered:
        raise Problem("MAYBE_DELIVERED") from None
    except (LostRace, IllegalTransition):
        raise Problem("MOVED_ON", detail=row.get_status_display()) from None
    return Status(200, detailed(find(request, reference)))


def _open(row: Submission) -> Submission:
    if row.status not in drafts.OPEN:
        raise Problem("MOVED_ON", detail=row.get_status_display())
    return row
