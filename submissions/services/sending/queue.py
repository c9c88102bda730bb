"""Queues a submission: all calls and their keys are planned and stored before anything is sent.

A worker, enqueued after commit or by the sweep, continues from the row.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from accounts.services.actors import behind_integrations, ids_of
from accounts.services.proposals import is_second_person
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import held
from portal.core.states import IllegalTransition, LostRace
from submissions.adapters.base import StoredDocument
from submissions.models import Approval, Call, PackageCheck, Submission
from submissions.services import catalogue
from submissions.services.drafting.preflight import Preflight, preflight, token
from submissions.services.local import Local
from submissions.services.sending import leftovers
from submissions.services.sending.calls import may_have_delivered
from submissions.services.versions import find_corrected
from submissions.services.ways import adapter_of


class NotReady(Exception):
    """There are problems or unconfirmed questions: see `preflight`."""

    def __init__(self, preflight: Preflight) -> None:
        super().__init__("; ".join([*preflight.problems, *(code for code, _ in preflight.questions)]))
        self.preflight = preflight


class HasChanged(Exception):
    """The files, the state or an earlier delivery are not those that the person was shown."""


class NeedsApproval(Exception):
    """The service requires that a second person approves, and nobody has asked for it or the question was answered."""


class NotSecondPerson(NeedsApproval):
    """The person asked, or changed the files last: somebody else must approve."""


def queue(
    *,
    submission: Submission,
    by: str,
    at: datetime,
    confirmed: frozenset[str] = frozenset(),
    shown: str | None = None,
    approving: bool = False,
) -> None:
    """READY -> QUEUED with its calls planned, linked to what it corrects. `confirmed` holds the codes of the questions answered yes.

    `shown` is the `preflight.token` of the page that a person answered; None where no page was shown. `approving`: `by`
    answers yes to the open question for approval, see `approvals`. Raises NotReady, HasChanged, NeedsApproval, and LostRace
    when it was queued or changed first. The caller enqueues the task.
    """
    with transaction.atomic():
        reason = catalogue.hold_relations(customer=submission.customer, access=submission.access)
        lock(submission)
        if reason:
            raise NotReady(Preflight([reason], []))
        approval = _pass_gate(submission, by=by, at=at, approving=approving)
        if approval is not None:
            confirmed, shown = frozenset(approval.confirmed), approval.token if shown is None else shown
        result = check_ready(submission, confirmed=confirmed, shown=shown)
        if approval is not None and approval.token != token(submission, result):
            raise HasChanged(f"submission {submission.pk} is not as it was when approval was asked for")
        submission.move_to(
            Submission.Status.QUEUED,
            by=by,
            at=at,
            queued_by=by,
            queued_at=at,
            next_attempt_at=at,
            corrects=find_corrected(submission),
            what={"confirmed": sorted(confirmed & {code for code, _ in result.questions})},
        )
        plan_calls(submission)


def lock(submission: Submission) -> None:
    """Until the end of the transaction no report of the customer is queued, and no file of this one changes."""
    Customer.objects.select_for_update(no_key=True).get(pk=submission.customer_id)
    Submission.objects.select_for_update().get(pk=submission.pk)
    submission.refresh_from_db(fields=["is_checked", "warnings", "errors", "own_reference", "replaces_reference"])


def check_ready(submission: Submission, *, confirmed: frozenset[str], shown: str | None) -> Preflight:
    """What `queue` requires of a locked submission. Raises HasChanged, NotReady."""
    result = preflight(submission)
    if shown is not None and shown != token(submission, result):
        raise HasChanged(f"submission {submission.pk} is not as it was shown")
    open_questions = [question for question in result.questions if question[0] not in confirmed]
    if result.problems or open_questions:
        raise NotReady(Preflight(result.problems, open_questions))
    return result


def needs_approval(submission: Submission, *, settings: Local | None = None) -> bool:
    """Whether a second person must approve. One query, and none with the `settings` of its environment."""
    settings = settings or catalogue.local(submission.environment)
    return settings.needs_approval(catalogue.service(submission.service))


def _pass_gate(submission: Submission, *, by: str, at: datetime, approving: bool) -> Approval | None:
    """The question that `by` answers yes to; None when the service needs no approval. Raises NeedsApproval."""
    if not needs_approval(submission):
        return None
    approval = Approval.objects.unanswered().select_for_update().filter(submission=submission).first()
    if approval is None or not approving:
        raise NeedsApproval(f"submission {submission.pk} needs the approval of a second person")
    check_second_person(submission, by=by, at=at)
    Approval.objects.filter(pk=approval.pk).update(approved_by=by, approved_at=at)
    record(by=by, at=at, target=submission, what=AuditType.APPROVED, ordered_by=approval.asked_by)
    return approval


def check_second_person(submission: Submission, *, by: str, at: datetime) -> None:
    """Raises NotSecondPerson when the service needs a second person and `by` is the first, changed the files last, may be one of
    them, or is nobody."""
    if not needs_approval(submission):
        return
    if not is_second_person(by, first_persons(submission), at=at):
        raise NotSecondPerson(f"submission {submission.pk}: {by} is not a second person")


def first_persons(submission: Submission) -> set[int]:
    """The keys of who asked, or sent what was never asked about, and of who made the last change of files, as they are stored now.
    Four queries at most."""
    asked = Approval.objects.filter(submission=submission).values_list("asked_by", flat=True).first()
    changed = PackageCheck.objects.filter(submission=submission).values_list("requested_by", flat=True).first()
    return persons_behind(first_actors(submission, asked=asked, changed=changed))


def first_actors(submission: Submission, *, asked: str | None, changed: str | None) -> tuple[str, str]:
    """`asked` for the approval, and `changed` the files last; each None for nobody yet."""
    return asked or submission.queued_by, changed or submission.created_by


def persons_behind(actors: tuple[str, str]) -> set[int]:
    """Addresses are not compared: a person may get another one. Behind an integration stands everybody who has given it a way to prove
    who it is: they may hold its secret. Two queries."""
    return ids_of([*actors, *behind_integrations(actors)])


def plan_calls(submission: Submission) -> None:
    """The adapter's plan for the files. The keys are generated here, once."""
    forms = [d for d in submission.documents.order_by("pk") if d.is_form]
    steps = adapter_of(submission).plan([StoredDocument(d.pk, d.role, d.filename) for d in forms])
    Call.objects.bulk_create(
        Call(
            submission=submission,
            ordinal=ordinal,
            step=step.code,
            document_id=step.document_id,
            key=step.key,
            may_repeat=step.may_repeat,
        )
        for ordinal, step in enumerate(steps, start=1)
    )


def _is_held(submission: Submission, at: datetime) -> bool:
    return Submission.objects.filter(held(at=at), pk=submission.pk).exists()


class MaybeDelivered(Exception):
    """The answer to the call that delivers was lost: the remote may have the report."""


def cancel(*, submission: Submission, by: str, at: datetime) -> None:
    """Cancel before it is delivered: in the queue, or while the remote works on a step. The caller enqueues the task.

    Raises IllegalTransition when it is too late, MaybeDelivered when the remote may have it, LostRace when a worker
    claimed it first.
    """
    if not submission.can_move_to(Submission.Status.CANCELLED):
        raise IllegalTransition(f"submission {submission.pk} is {submission.status}")
    with transaction.atomic():
        Submission.objects.select_for_update().get(pk=submission.pk)  # no call begins or ends in the meantime
        if may_have_delivered(submission):
            raise MaybeDelivered(f"submission {submission.pk} may have been delivered")
        if submission.status == Submission.Status.SENDING and _is_held(submission, at):
            raise LostRace(f"submission {submission.pk} is held by a worker")
        due_at = leftovers.due_at(submission, at=at)
        submission.move_to(Submission.Status.CANCELLED, by=by, at=at, next_attempt_at=due_at)
