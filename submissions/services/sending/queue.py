"""Queues a submission: all calls and their keys are planned and stored before anything is sent.

A worker, enqueued after commit or by the sweep, continues from the row.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from portal.core.lease import held
from portal.core.states import IllegalTransition, LostRace
from submissions.adapters.base import StoredDocument
from submissions.models import Call, Submission
from submissions.services.drafting.preflight import Preflight, preflight, token
from submissions.services.sending import leftovers
from submissions.services.sending.calls import may_have_delivered
from submissions.services.ways import adapter_of


class NotReady(Exception):
    """There are problems or unconfirmed questions: see `preflight`."""

    def __init__(self, preflight: Preflight) -> None:
        super().__init__("; ".join([*preflight.problems, *(code for code, _ in preflight.questions)]))
        self.preflight = preflight


class HasChanged(Exception):
    """The files, the state or an earlier delivery are not those that the person was shown."""


def queue(
    *,
    submission: Submission,
    by: str,
    at: datetime,
    confirmed: frozenset[str] = frozenset(),
    shown: str | None = None,
) -> None:
    """READY -> QUEUED with its calls planned. `confirmed` holds the codes of the questions answered yes.

    `shown` is the `preflight.token` of the page that a person answered; None where no page was shown. Raises NotReady,
    HasChanged, and LostRace when it was queued or changed first. The caller enqueues the task.
    """
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(
            pk=submission.customer_id
        )  # one at a time per customer: no duplicates
        Submission.objects.select_for_update().get(pk=submission.pk)  # no file can be added in the meantime
        submission.refresh_from_db(fields=["is_checked", "warnings", "errors", "own_reference", "replaces_reference"])
        result = preflight(submission)
        if shown is not None and shown != token(submission, result):
            raise HasChanged(f"submission {submission.pk} is not as it was shown")
        open_questions = [question for question in result.questions if question[0] not in confirmed]
        if result.problems or open_questions:
            raise NotReady(Preflight(result.problems, open_questions))
        submission.move_to(
            Submission.Status.QUEUED,
            by=by,
            at=at,
            queued_by=by,
            queued_at=at,
            next_attempt_at=at,
            what={"confirmed": sorted(confirmed & {code for code, _ in result.questions})},
        )
        plan_calls(submission)


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
