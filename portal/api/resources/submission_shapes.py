"""Submissions as the API shows them, and how they are found."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from accounts.models import Customer
from portal.api.problems import Problem
from portal.api.resources.accesses import ExplainedProblem, explained
from portal.api.security import Call
from portal.api.shapes import Finding, Moment, Orgnr, Shape
from submissions.models import Approval, PackageCheck, Submission
from submissions.models.submission import SubmissionQuerySet
from submissions.services import catalogue
from submissions.services.drafting import checking, drafts, package_check
from submissions.services.pages import reasons

STATUSES = list(Submission.Status.values)
SubmissionStatus = Annotated[str, Field(json_schema_extra={"enum": STATUSES})]


class SubmissionShape(Shape):
    """`is_checked`: the files have been checked, and `errors` and `warnings` count what was found.

    `status` is READY when it can be sent, ACCEPTED or REJECTED when the authority has answered. `corrects` is an earlier one.
    """

    reference: UUID
    orgnr: Orgnr
    service: str
    period: str
    status: SubmissionStatus
    status_text: str
    status_at: Moment
    is_checked: bool
    errors: int
    warnings: int
    created_at: Moment
    queued_at: Moment | None
    delivered_at: Moment | None
    decided_at: Moment | None
    receipt_reference: str
    dialog_id: UUID | None
    transmission_id: UUID | None
    corrects: UUID | None
    problem: ExplainedProblem | None


class AuthorityReason(Shape):
    """What the authority said of a report. `severity` is its own word."""

    title: str
    text: str
    where: str
    severity: str


class ApprovalShape(Shape):
    """`state` is none, asked, approved or refused. A second person answers on the page; an integration never does."""

    state: str
    reason: str


class SubmissionDetail(SubmissionShape):
    """`refused_files`: so many files of a draft were not taken in; the findings say why."""

    refused_files: int
    reasons: list[AuthorityReason]
    approval: ApprovalShape


def mine(request: Call) -> SubmissionQuerySet:
    caller = request.auth
    rows = Submission.objects.visible_to(caller).filter(environment=caller.environment)
    return rows.select_related("customer", "corrects")


def find(request: Call, reference: UUID) -> Submission:
    """With all that services ask of it. Raises Problem."""
    rows = mine(request).defer(None).select_related(
        "customer", "access__profile__system__client", "access__customer", "corrects", "answers"
    )  # fmt: skip
    row = rows.filter(reference=reference).first()
    if row is None:
        raise Problem("NOT_FOUND")
    return row


def _fields(row: Submission) -> dict[str, Any]:
    return {
        "reference": row.reference, "orgnr": row.customer.orgnr, "service": row.service, "period": str(row.period),
        "status": row.status, "status_text": row.get_status_display(), "status_at": row.status_at,
        "is_checked": row.is_checked, "errors": row.errors, "warnings": row.warnings, "created_at": row.created_at,
        "queued_at": row.queued_at, "delivered_at": row.delivered_at, "decided_at": row.decided_at,
        "receipt_reference": row.receipt_reference, "dialog_id": row.dialog_id, "transmission_id": row.transmission_id,
        "corrects": row.corrects.reference if row.corrects else None, "problem": explained(row.problem_code),
    }  # fmt: skip


def shown(row: Submission) -> SubmissionShape:
    return SubmissionShape(**_fields(row))


def detailed(row: Submission) -> SubmissionDetail:
    said = [
        AuthorityReason(title=each.title, text=each.text, where=each.where, severity=each.severity)
        for each in reasons.shown(row.reasons)
    ]
    check = _check_of(row)
    refused = len(check.refused) + check.refused_more if check else 0
    return SubmissionDetail(**_fields(row), refused_files=refused, reasons=said, approval=_approval(row))


def _check_of(row: Submission) -> PackageCheck | None:
    """Of a draft: what has been sent was taken in."""
    return package_check.find(row) if row.status in drafts.OPEN else None


def findings_of(row: Submission) -> list[Finding]:
    """Of the files that were not taken in, and of the others."""
    check = _check_of(row)
    refused = [finding for entry in (check.refused if check else []) for finding in entry["findings"]]
    return shown_findings([*refused, *row.findings], service_of(row.service))


def _approval(row: Submission) -> ApprovalShape:
    found = Approval.objects.defer(None).filter(submission=row).first()
    if found is None:
        return ApprovalShape(state="none", reason="")
    if found.refused_at:
        return ApprovalShape(state="refused", reason=found.reason or "")
    return ApprovalShape(state="approved" if found.approved_at else "asked", reason="")


def shown_findings(stored: list[Any], service: catalogue.Service) -> list[Finding]:
    """With the texts of the current language beside the codes."""
    return [
        Finding(level=told.level, code=one["code"], text=told.text, file=told.file, line=told.line, path=told.path)
        for one, told in zip(stored, checking.shown(stored, service), strict=True)
    ]


def service_of(service_id: str) -> catalogue.Service:
    """Raises Problem for one that is unknown, or to which no reports are sent."""
    try:
        return catalogue.service(service_id)
    except catalogue.UnknownService:
        raise Problem("NOT_FOUND") from None


def unsaved(customer: Customer, service: catalogue.Service, period: Any) -> Submission:
    """For a check of files that nothing is kept of."""
    return Submission(
        environment=customer.environment, customer=customer, service=service.id, **period.columns(),
    )  # fmt: skip
