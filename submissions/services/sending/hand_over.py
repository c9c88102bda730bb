"""All calls are made: the remote has the report, or it is ready there and a person must finish it.

While a person must, the row is NEEDS_PERSON with CODE, and is looked at again and again: the person does it elsewhere. When it
is done the report is DELIVERED, and the authority's answer is looked for at the same place. Looking changes nothing there.

The looks for the answer end when it is there, when the work at the authority has ended or is gone without one, and after
MOST_PATIENCE, also when no look succeeds. Without an answer the row has UNSEEN, and a person looks there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.required import required
from portal.core.states import LostRace
from submissions.adapters import HAND_OVERS
from submissions.adapters.base import HandOver, Progress, Receipt
from submissions.models import Call, Document, Submission
from submissions.services import catalogue
from submissions.services.documents import Kept, keep, record_document
from submissions.services.sending import calls, receipt, stored_receipt
from submissions.services.ways import adapter_of

BY = "task:hand-over"
CODE, GONE, UNSEEN = "CONFIRM_IN_ALTINN", "DELETED_IN_ALTINN", "ANSWER_NOT_SEEN"
FIRST_LOOK, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)
MOST_PATIENCE = timedelta(days=90)
"""So long we look for the answer to a report that is delivered. Then a person looks in Altinn."""

Status = Submission.Status


def after_calls(holds: Sequence[Hold[Submission]], *, by: str, known: Mapping[int, Call] | None = None) -> None:
    """DELIVERED, or a person's turn. `known` as for `receipt.deliver`."""
    ready = [hold for hold in holds if _way(hold.row) is not None]
    for hold in ready:
        with lease.reporting(hold):
            _ask(hold, by=by)
    delivered = [hold for hold in holds if hold not in ready]
    if delivered:
        receipt.deliver(delivered, by=by, known=known)


def is_followed(submission: Submission) -> bool:
    """Whether what a person does elsewhere, or the answer to it, is looked for."""
    is_asked = submission.status == Status.NEEDS_PERSON and submission.problem_code == CODE
    return (is_asked or submission.status == Status.DELIVERED) and _way(submission) is not None


def is_for_person(submission: Submission) -> bool:
    """Whether the calls only make the report ready, and a person delivers it elsewhere."""
    return _way(submission) is not None


def made_ready(submission: Submission) -> str:
    """What the authority calls that which a person finishes; "" for others."""
    way = _way(submission)
    return calls.remote_ids_of(submission).get(way.step, "") if way and is_followed(submission) else ""


def look_now(*, submission: Submission, by: str, at: datetime) -> bool:
    """A person says that it is done: look at the next chance. False when nothing is looked for. The caller enqueues the task."""
    if not is_followed(submission) or submission.next_attempt_at is None:
        return False
    record(by=by, at=at, target=submission, what=AuditType.LOOK_ASKED)
    lease.make_due(Submission.objects.filter(pk=submission.pk, status=submission.status), at=at)
    return True


def look(hold: Hold[Submission]) -> None:
    """Store what has happened, or plan the next look. The state stays when nothing can be seen. Raises LostRace."""
    way = required(_way(hold.row), because="the row is one that is_followed")
    try:
        progress = calls.look_at_last(hold, way.look)
    except (LostRace, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        lease.log_problem(hold, error)
        if hold.row.status == Status.DELIVERED and _has_waited(hold):
            _end(hold)
        else:
            hold.fail(
                error, code=hold.row.problem_code, longest=_pause(hold)
            )  # after seconds at first; the code says what is awaited
        return
    if hold.row.status == Status.NEEDS_PERSON:
        _settle_person(hold, progress)
    else:
        _settle_answer(hold, progress)


def _way(submission: Submission) -> HandOver | None:
    """None also for a service that the catalogue no longer has: what is stored of it can be finished."""
    try:
        return HAND_OVERS.get(catalogue.service(submission.service).adapter)
    except catalogue.UnknownService:
        return None


def _ask(hold: Hold[Submission], *, by: str) -> None:
    first = hold.now() + FIRST_LOOK
    what = {"code": CODE}
    hold.move_to(Status.NEEDS_PERSON, by=by, next_attempt_at=first, problem_code=CODE, failures=0, what=what)


def _pause(hold: Hold[Submission]) -> timedelta:
    """A tenth of the time since the last change."""
    return min(max((hold.now() - hold.row.status_at) / 10, FIRST_LOOK), LONGEST_PAUSE)


def _settle_person(hold: Hold[Submission], progress: Progress) -> None:
    if progress.is_gone:
        hold.move_to(Status.CANCELLED, by=BY, problem_code=GONE, failures=0, what={"code": GONE})
    elif progress.receipt is None:
        hold.postpone(_pause(hold), failures=0)
    else:
        _delivered(hold, progress.receipt)


def _delivered(hold: Hold[Submission], found: Receipt) -> None:
    """The row keeps a time for its next look, also when the worker stops between the two."""
    with transaction.atomic():
        hold.lock()
        last = hold.row.calls.order_by("-ordinal").values("pk")[:1]
        Call.objects.filter(pk__in=last).update(answer=stored_receipt.to_bytes(found), finished_at=hold.now())
        receipt.move(hold, found, by=BY)
    _keep_receipt(hold, found)
    hold.postpone(FIRST_LOOK)


def _keep_receipt(hold: Hold[Submission], found: Receipt) -> None:
    if hold.row.documents.filter(role=Document.Role.RECEIPT).exists():
        return
    kept = keep(found.raw)
    _record(hold, kept, receipt.FILENAME, "application/json", Document.Role.RECEIPT)


def _settle_answer(hold: Hold[Submission], progress: Progress) -> None:
    if progress.receipt is not None:
        _keep_receipt(hold, progress.receipt)
    if not progress.answers:
        if progress.is_gone or progress.has_ended or _has_waited(hold):
            _end(hold)
        else:
            hold.postpone(_pause(hold), failures=0)
        return
    for name, media_type, content in progress.answers:
        _record(hold, keep(content), name, media_type, Document.Role.FEEDBACK)
    documents = [(media_type, content) for _name, media_type, content in progress.answers]
    verdict = adapter_of(hold.row).verdict("", documents)
    if verdict is None or verdict.accepted is None:
        hold.finish()
        return
    reasons = [asdict(reason) for reason in verdict.reasons]
    decided = Status.ACCEPTED if verdict.accepted else Status.REJECTED
    hold.move_to(decided, by=BY, decided_at=hold.now(), reasons=reasons)


def _has_waited(hold: Hold[Submission]) -> bool:
    return hold.now() - hold.row.status_at > MOST_PATIENCE


def _end(hold: Hold[Submission]) -> None:
    """We look no more: the answer, if any, is read where the person finished the report."""
    hold.stop(code=UNSEEN)


def _record(hold: Hold[Submission], kept: Kept, name: str, media_type: str, role: str) -> None:
    with transaction.atomic():
        hold.lock()
        record_document(
            kept=kept,
            filename=name,
            media_type=media_type,
            role=role,
            customer=hold.row.customer,
            submission=hold.row,
            at=hold.now(),
        )
