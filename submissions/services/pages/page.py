"""Context of the page of one submission, in few queries, however many files it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services.actors import names_of, person
from portal.core import upstream
from portal.core.environments import Environment, addresses
from portal.core.paging import paginate
from portal.explain import NOBODY, Explanation, explain
from portal.explain.support import support_text
from submissions.models import Attachment, Dialog, Document, PackageCheck, Submission
from submissions.services import catalogue, corrections, production_start
from submissions.services.drafting import checking, drafts, package_check
from submissions.services.drafting.checking import Shown
from submissions.services.drafting.package_check import Progress
from submissions.services.drafting.preflight import preflight, token
from submissions.services.drafting.taking_back import can_take_back
from submissions.services.local import Local
from submissions.services.pages import stepper
from submissions.services.pages.approval import approval_shown
from submissions.services.pages.earlier import earlier_shown
from submissions.services.pages.next_step import is_in_work_elsewhere, next_step, problem_of
from submissions.services.pages.payment import payment_shown
from submissions.services.pages.timeline import timeline
from submissions.services.pages.two_answers import two_answers_shown
from submissions.services.pages.versions import months_shown, versions_shown
from submissions.services.sending import again, by_person, found, hand_over, leftovers
from submissions.services.sending.calls import may_have_delivered
from submissions.services.ways import about_of, adapter_of
from systemusers.models import Access

S = Submission.Status
LONGEST_FOLLOWED = timedelta(hours=1)
"""So long after the delivery an open page asks for the answer by itself, and after the answer for its documents."""
TURNED_DOWN = (S.REJECTED, S.FAILED)
SHOWN = 50
"""Files listed on the page of a sent report; the rest are in the evidence package."""


@dataclass(frozen=True)
class RefusedFile:
    """A file that was not taken in, and why, in the reader's language."""

    filename: str
    findings: list[Shown]


@dataclass(frozen=True)
class Waiting:
    """The check of a draft is not done. `problem` is why it stands still, None when it does not."""

    progress: Progress
    problem: Explanation | None


def address_of(row: Submission) -> str:
    """The whole address of its page, for what is read outside of the portal."""
    return settings.PORTAL_URL + reverse("submission", kwargs={"environment": row.environment, "pk": row.pk})


def _common(row: Submission, user: User, at: datetime, working: bool, settings: Local) -> dict[str, Any]:
    service = catalogue.service(row.service)
    deadline = _deadline(row, service, settings)
    return {
        "submission": row,
        "service": service,
        "deadline": deadline,
        "is_late": deadline is not None and timezone.localdate(row.delivered_at or at) > deadline,
        "dots": stepper.dots(row),
        "sees_access": _sees_access(row, user),
        "step": next_step(row, at=at, working=working),
    }


def _deadline(row: Submission, service: catalogue.Service, settings: Local) -> date | None:
    """What is asked for in a dialog is due when the dialog says."""
    if row.answers is not None:
        return timezone.localdate(row.answers.due_at) if row.answers.due_at else None
    return settings.last_day(service, row.period)


def _sees_access(row: Submission, user: User) -> bool:
    """The access may be an accountant's, whom the user does not follow up."""
    if row.access is None or row.access.customer_id == row.customer_id:
        return row.access is not None
    return Access.objects.visible_to(user).filter(pk=row.access.pk).exists()


def draft_context(row: Submission, *, user: User, at: datetime, query: QueryDict, working: bool) -> dict[str, Any]:
    """A draft: a page of its files, findings, facts, preflight, and how far the check is. Opens no file."""
    service = catalogue.service(row.service)
    files = paginate(row.documents.all(), query=query, order=("role", "pk"))
    total = row.documents.count() if files.next_query or files.is_later else len(files)
    check = package_check.find(row)
    waiting = _waiting(row, check)
    settings = catalogue.local(row.environment)
    asked = preflight(row, settings=settings)
    shown = token(row, asked)
    return {
        **_common(row, user, at, working, settings),
        "page": files,
        "total": total,
        "waiting": waiting,
        "findings": checking.shown(row.findings, service),
        "errors": row.errors,
        "warnings": row.warnings,
        "facts": checking.summary(row) if total and not waiting else [],
        "earlier": earlier_shown(row),
        "preflight": asked,
        "takes_back": adapter_of(row).takes_back(about_of(row).options),
        "person_ends": hand_over.is_for_person(row),
        "must_tick": bool(production_start.obstacle(row)),
        "away": upstream.away("skatteetaten", environment=Environment(row.environment), at=at),
        "shown": shown,
        "approval": approval_shown(submission=row, user=user, token=shown, settings=settings, at=at),
        "refused": refused_files(check.refused, service_id=row.service) if check else [],
        "refused_more": check.refused_more if check else 0,
    }


def _waiting(row: Submission, check: PackageCheck | None) -> Waiting | None:
    progress = package_check.progress(row, check)
    if progress is None:
        return None
    return Waiting(progress, explain(progress.problem_code) if progress.problem_code else None)


def refused_files(entries: list[Any], *, service_id: str) -> list[RefusedFile]:
    """Stored entries (`stored.Refused`) for the page."""
    service = catalogue.service(service_id)
    return [RefusedFile(entry["file"], checking.shown(entry["findings"], service)) for entry in entries]


def sent_context(row: Submission, *, user: User, at: datetime, working: bool) -> dict[str, Any]:
    """A submission that was queued or sent. `working`: see `heartbeat.is_working`."""
    user = user.within(row.environment)
    documents = _documents(row)
    listed = list(documents[: SHOWN + 1])
    total = len(listed) if len(listed) <= SHOWN else documents.count()
    versions = versions_shown(row)
    is_replaced = any(version.is_this and version.is_replaced for version in versions)
    return {
        **_common(row, user, at, working, catalogue.local(row.environment)),
        "events": timeline(row),
        "versions": versions,
        "months": months_shown(row, at=timezone.localdate(at)),
        "two_answers": two_answers_shown(row),
        "payment": None if is_replaced else payment_shown(row, today=timezone.localdate(at)),
        "is_warned": row.status == S.ACCEPTED and bool(row.reasons),
        "documents": listed[:SHOWN],
        "hidden": max(0, total - SHOWN),
        "feedback": next((each for each in listed if each.role == Document.Role.FEEDBACK), None),
        "explanation": explain(row.problem_code) if row.status in (S.FAILED, S.UNCERTAIN) else None,
        "needed_for": explain(row.problem_code) if row.status == S.NEEDS_PERSON and row.problem_code else None,
        "inbox": addresses(row.environment).inbox if hand_over.is_followed(row) else "",
        "person_ends": hand_over.is_for_person(row),
        "left": leftovers.what_is_left(row),
        "not_seen": explain(row.problem_code) if row.problem_code == hand_over.UNSEEN else None,
        "made_ready": hand_over.made_ready(row),
        "stopped_by": _stopped_by(row, at),
        "support": _support(row),
        "follows": _follows(row, at),
        "sending": row.calls.aggregate(done=Count("pk", filter=Q(status="DONE")), total=Count("pk"))
        if row.status == S.SENDING
        else None,
        "sent_by": _name(row.queued_by),
        "may_correct": user.may_work and row.status in drafts.CORRECTABLE,
        "corrected_by": corrections.choices(row) if user.may_work and row.status in TURNED_DOWN else [],
        "may_take_back": user.may_work and can_take_back(row),
        "may_try_again": user.may_work and again.may_try_again(row),
        "may_cancel": user.may_work and _is_stoppable(row, at) and not may_have_delivered(row),
        "earlier": found.find_open(row) if found.is_asked(row) else [],
        "may_be_ours": found.is_asked(row) and may_have_delivered(row),
        "may_settle": user.may_work and by_person.can_settle(row),
        "transmissions": row.transmissions.count(),
        "dialog": _dialog(row),
    }


def _follows(row: Submission, at: datetime) -> bool:
    """Whether the page asks again by itself: something is still expected, and may come while somebody looks at it."""
    if row.status not in {S.DELIVERED, S.ACCEPTED, S.REJECTED}:
        return row.is_moving
    if at - row.status_at >= LONGEST_FOLLOWED:
        return False
    if row.status == S.DELIVERED:
        return not (hand_over.is_for_person(row) and row.next_attempt_at is None)
    return row.transmissions.filter(attachments__status=Attachment.Status.WAITING).exists()


def _is_stoppable(row: Submission, at: datetime) -> bool:
    return row.status == S.QUEUED or is_in_work_elsewhere(row, at)


def _documents(row: Submission) -> QuerySet[Document]:
    """What was answered first, then what was sent."""
    roles = [Document.Role.FEEDBACK, Document.Role.RECEIPT, *adapter_of(row).roles]
    ranks = [When(role=role, then=Value(rank)) for rank, role in enumerate(roles)]
    return row.documents.order_by(Case(*ranks, default=Value(len(roles))), "pk")


def _stopped_by(row: Submission, at: datetime) -> Explanation | None:
    """The problem that keeps it in the queue, if a person must act."""
    if row.status not in (S.QUEUED, S.SENDING) or not row.problem_code:
        return None
    explanation = problem_of(row, at)
    return None if explanation.who == NOBODY else explanation


def _support(row: Submission) -> str:
    """Text to copy into a case about the problem; "" when there is none."""
    if not row.problem_code:
        return ""
    return support_text(
        row.problem_code,
        at=row.status_at,
        environment=row.environment,
        service=row.service,
        reference=row.correlation_id,
        ours=str(row.pk),
    )


def _dialog(row: Submission) -> Dialog | None:
    """Our copy of its dialog, once it has been read."""
    if row.dialog_id is None:
        return None
    return Dialog.objects.filter(environment=row.environment, dialog_id=row.dialog_id).first()


def _name(actor: str) -> str:
    return person(actor, names_of([actor]))
