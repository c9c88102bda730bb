"""Context of the page of one submission, in few queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.services.actors import names_of, person
from portal.core.heartbeat import is_working
from portal.explain import NOBODY, Explanation, explain
from submissions.models import Dialog, Document, Submission
from submissions.services import catalogue, checking, stepper
from submissions.services.next_step import next_step
from submissions.services.preflight import preflight
from submissions.services.timeline import timeline

S = Submission.Status
ROLES = [
    Document.Role.FEEDBACK,
    Document.Role.RECEIPT,
    Document.Role.MAIN,
    Document.Role.PART,
    Document.Role.ATTACHMENT,
]
SHOWN = 50
"""Files listed on a page; the rest are in the evidence package."""


def _common(row: Submission, at: datetime) -> dict[str, Any]:
    service = catalogue.service(row.service)
    return {
        "submission": row,
        "service": service,
        "deadline": service.deadline(row.year),
        "is_late": timezone.localdate(row.delivered_at or at) > service.deadline(row.year),
        "dots": stepper.dots(row),
        "step": next_step(row, at=at, working=is_working(at=at)),
    }


def draft_context(row: Submission, *, at: datetime) -> dict[str, Any]:
    """A draft: its files, findings, facts and preflight."""
    documents = sorted(row.documents.all(), key=lambda d: (ROLES.index(Document.Role(d.role)), d.pk))
    return {
        **_common(row, at),
        "documents": documents,
        "findings": checking.stored_findings(row, documents),
        "errors": sum(f["severity"] == "ERROR" for f in row.findings),
        "warnings": sum(f["severity"] == "WARNING" for f in row.findings),
        "facts": checking.facts(documents) if documents else [],
        "preflight": preflight(row),
    }


def sent_context(row: Submission, *, user: User, at: datetime) -> dict[str, Any]:
    """A submission that was queued or sent."""
    documents = sorted(row.documents.all(), key=lambda d: (ROLES.index(Document.Role(d.role)), d.pk))
    return {
        **_common(row, at),
        "events": timeline(row),
        "documents": documents[:SHOWN],
        "hidden": max(0, len(documents) - SHOWN),
        "feedback": next((d for d in documents if d.role == Document.Role.FEEDBACK), None),
        "explanation": explain(row.problem_code) if row.status in (S.FAILED, S.UNCERTAIN) else None,
        "stopped_by": _stopped_by(row),
        "sent_by": _name(row.queued_by),
        "may_correct": user.may_work and row.status in (S.REJECTED, S.FAILED),
        "may_cancel": user.may_work and row.status == S.QUEUED,
        "transmissions": row.transmissions.count(),
        "dialog": _dialog(row),
    }


def _stopped_by(row: Submission) -> Explanation | None:
    """The problem that keeps it in the queue, if a person must act."""
    if row.status != S.QUEUED or not row.problem_code:
        return None
    explanation = explain(row.problem_code)
    return None if explanation.who == NOBODY else explanation


def _dialog(row: Submission) -> Dialog | None:
    """Our copy of its dialog, once it has been read."""
    if row.dialog_id is None:
        return None
    return Dialog.objects.filter(environment=row.environment, dialog_id=row.dialog_id).first()


def _name(actor: str) -> str:
    return person(actor, names_of([actor]))
