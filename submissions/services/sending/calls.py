"""One planned call: stored as started before it is made, and with its answer after.

`attempts` is the fencing token: a slower worker cannot write the result of a call that was started again. `walking` makes them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count, F

from portal.core import bulk
from portal.core.environments import addresses
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.core.states import LostRace
from portal.gateways.errors import GatewayError, Refused, Unavailable
from portal.gateways.statuses import Kind, kind_of
from submissions.adapters.base import Answer, Context, Meaning, Step
from submissions.adapters.meanings import IN_DOUBT
from submissions.models import Call, Submission
from submissions.services import remote
from submissions.services.documents import read_document
from submissions.services.sending import stored_receipt
from submissions.services.ways import about_of, adapter_of
from systemusers.models import Access
from systemusers.services.tokens import AccessMissing, NoKey, TokenRefused

Status = Call.Status
BEFORE: Mapping[Kind, Meaning] = {Kind.PASSES: Meaning.TRY_LATER, Kind.RIGHTS: Meaning.WAIT_FOR_RIGHTS}
"""What a refusal says before a call was started. Nothing is final: the report was not looked at."""
Counts = Mapping[str, int]
Result = TypeVar("Result")


def counts_of(submission: Submission) -> Counts:
    """The number of planned calls by step."""
    return dict(submission.calls.order_by().values_list("step").annotate(n=Count("pk")))


def remote_ids_of(submission: Submission) -> dict[str, str]:
    """What the remote called the work of each step."""
    return dict(submission.calls.filter(remote_id__gt="").values_list("step", "remote_id"))


def look(hold: Hold[Submission], work: Callable[[Context], Result]) -> Result:
    """`work` with the context of the first call; once more, with a fresh token, when the token is refused. For what may be repeated."""
    first = hold.row.calls.select_related("document").earliest("ordinal")
    return remote.call_with(partial(context_of, hold, first, counts=counts_of(hold.row)), work)


def look_at(hold: Hold[Submission], step: str, work: Callable[[Context], Result]) -> Result:
    """The same with the context of the first call of this step."""
    call = hold.row.calls.select_related("document").filter(step=step).earliest("ordinal")
    return remote.call_with(partial(context_of, hold, call, counts=counts_of(hold.row)), work)


def look_at_last(hold: Hold[Submission], work: Callable[[Context], Result]) -> Result:
    """The same with the context of the last call."""
    last = hold.row.calls.select_related("document").latest("ordinal")
    return remote.call_with(partial(context_of, hold, last, counts=counts_of(hold.row)), work)


def context_of(hold: Hold[Submission], call: Call, *, counts: Counts, fresh: bool = False) -> Context:
    """What the adapter needs for this call. Raises the gateways' errors, NoKey and DocumentDamaged."""
    submission = hold.row
    exchanged = remote.is_in_altinn(submission, call.step)
    token = remote.token(submission, at=hold.now(), fresh=fresh, exchanged=exchanged)
    return context(
        submission, call, token=token, body=body_of(call), counts=counts, remote_ids=remote_ids_of(submission)
    )


def context(
    submission: Submission, call: Call, *, token: str, body: bytes, counts: Counts, remote_ids: Mapping[str, str]
) -> Context:
    where = addresses(submission.environment)
    return Context(
        base_url=remote.base_url(submission),
        token=token,
        about=about_of(submission),
        body=body,
        key=call.key,
        remote_ids=remote_ids,
        counts=counts,
        filename=call.document.filename if call.document else "",
        apps=where.apps,
        platform=where.platform,
    )


def body_of(call: Call) -> bytes:
    """Raises DocumentDamaged. No database when the document is loaded."""
    return read_document(call.document) if call.document else b""


def step_of(call: Call) -> Step:
    return Step(call.step, call.document_id, call.key, call.may_repeat)


def meaning_of(submission: Submission, call: Call, error: Exception) -> Meaning:
    """What the error says: the adapter's word once the call was started, before that the same for every service."""
    if call.status != Status.STARTED:
        return _meaning_before(submission, error)
    if isinstance(error, GatewayError):
        return adapter_of(submission).meaning(step_of(call), error)
    return Meaning.TRY_LATER if call.may_repeat else _of_a_lost_answer(submission, call)


def _of_a_lost_answer(submission: Submission, call: Call) -> Meaning:
    """The adapter's word for a request that left, and whose answer nobody has."""
    meaning = adapter_of(submission).meaning(step_of(call), Unavailable("no answer", maybe_arrived=True))
    return meaning if meaning in IN_DOUBT else Meaning.MAYBE_DELIVERED


def delivers(call: Call) -> bool:
    """Whether the report is delivered by this call: the last one."""
    return not Call.objects.filter(submission=call.submission_id, ordinal__gt=call.ordinal).exists()


def may_have_delivered(submission: Submission) -> bool:
    """Whether an earlier attempt at the last call, which delivers, may have reached the remote. One query."""
    last = submission.calls.order_by("-ordinal").only("status", "meaning").first()
    return last is not None and (last.status in (Status.STARTED, Status.DONE) or last.meaning in IN_DOUBT)


def _meaning_before(submission: Submission, error: Exception) -> Meaning:
    """Only the token was asked for and the document read. That ends nothing that an earlier attempt may have delivered."""
    if isinstance(error, AccessMissing):
        is_lost = _is_removed(submission) and not may_have_delivered(submission)
        return Meaning.FINAL if is_lost else Meaning.WAIT_FOR_RIGHTS
    if isinstance(error, Refused) and not isinstance(error, TokenRefused):  # by Dialogporten, which was asked first
        return BEFORE.get(kind_of(error), Meaning.OURS_TO_MEND)
    return Meaning.OURS_TO_MEND if isinstance(error, Refused | NoKey) else Meaning.TRY_LATER


def _is_removed(submission: Submission) -> bool:
    """Whether two services have said that the customer took the access away. One MP-303 alone decides nothing."""
    removed = Access.objects.filter(status=Access.Status.REMOVED)
    return submission.access_id is not None and removed.filter(pk=submission.access_id).exists()


def start_all(calls: Sequence[Call], *, at: datetime) -> None:
    """Store that calls are about to be made. They are locked and `free`."""
    changes = {"status": Status.STARTED, "started_at": at, "finished_at": None}
    Call.objects.filter(pk__in=[call.pk for call in calls]).update(attempts=F("attempts") + 1, **changes)
    for call in calls:
        _remember(call, {**changes, "attempts": call.attempts + 1})


def lock_unmade(calls: Iterable[Call]) -> set[int]:
    """Locks them; gives the ids of those that no other worker is making."""
    return _lock(calls, [Status.PLANNED, Status.LOST])


def _lock(calls: Iterable[Call], statuses: list[Status]) -> set[int]:
    """Locks those in these states; gives the ids of those that were not started again since they were loaded."""
    known = {call.pk: call.attempts for call in calls}
    rows = Call.objects.filter(pk__in=known, status__in=statuses).order_by("pk").select_for_update()
    return {pk for pk, attempts in rows.values_list("pk", "attempts") if known[pk] == attempts}


def finish(call: Call, answer: Answer, *, at: datetime) -> None:
    """Raises LostRace."""
    finish_all({call: answer}, at=at)
    if call.status != Status.DONE:
        raise LostRace(f"call {call.pk} was started again by another worker")


def finish_all(answers: Mapping[Call, Answer], *, at: datetime) -> None:
    """Store the answers, and that the calls are DONE. Those that another worker has started again stay as they are."""
    with transaction.atomic():
        mine = _lock(answers, [Status.STARTED])
        done = [call for call in answers if call.pk in mine]
        for call in done:
            call.answer = stored_receipt.to_bytes(receipt) if (receipt := answers[call].receipt) else None
            call.remote_id, call.status, call.finished_at = answers[call].remote_id, Status.DONE, at
            call.http_status, call.code, call.meaning = 200, "", ""
        bulk.write_columns(
            done, "status", "finished_at", "http_status", "code", "meaning", "remote_id", "answer", "milliseconds"
        )


def await_result(call: Call, answer: Answer, *, at: datetime) -> None:
    """The remote has taken it and works on it: the same step is made again later. Call it in a transaction."""
    since = call.waiting_since or at
    _write(
        call, status=Status.PLANNED, http_status=200, code="", meaning="", remote_id=answer.remote_id,
        waiting_since=since,
    )  # fmt: skip
    if answer.starts_over:
        _plan_again(call)


def _plan_again(call: Call) -> None:
    """This call and those before it are as they were planned, with new keys."""
    rows = list(Call.objects.filter(submission=call.submission_id, ordinal__lte=call.ordinal))
    for row in rows:
        row.status, row.remote_id, row.finished_at, row.meaning = Status.PLANNED, "", None, ""
        row.key = uuid.uuid4() if row.key else None
    Call.objects.bulk_update(rows, ["status", "remote_id", "finished_at", "meaning", "key"])


def put_back(call: Call, error: Exception) -> None:
    """The call will be repeated with the same key and body. LOST when it may have arrived.

    A doubt that an earlier attempt left stays, whatever this one was told.
    """
    if call.status != Status.STARTED:
        return
    maybe_arrived = getattr(error, "maybe_arrived", True) and not isinstance(error, Refused)
    if maybe_arrived:
        _write(call, status=Status.LOST, meaning=Meaning.MAYBE_DELIVERED, **_facts(error))
    else:
        _write(call, status=Status.PLANNED, **_facts(error))


def lose(call: Call, error: Exception, meaning: Meaning, *, at: datetime) -> None:
    """It may have succeeded, or has, by `meaning`."""
    _write(call, status=Status.LOST, finished_at=at, meaning=meaning, **_facts(error))


def abandon(submission: Submission, call: Call, *, at: datetime) -> None:
    """The worker that made it is gone."""
    lose(call, Unavailable("the worker was gone"), _of_a_lost_answer(submission, call), at=at)


def refuse(call: Call, error: Exception, *, at: datetime) -> None:
    if call.status == Status.STARTED:
        _write(call, status=Status.REFUSED, finished_at=at, meaning=Meaning.FINAL, **_facts(error))


def _facts(error: Exception) -> dict[str, Any]:
    return {"http_status": getattr(error, "status", None), "code": code_of(error)}


def _write(call: Call, **changes: Any) -> None:
    mine = Call.objects.filter(pk=call.pk, attempts=call.attempts, status=Status.STARTED)
    if not mine.update(milliseconds=call.milliseconds, **changes):
        raise LostRace(f"call {call.pk} was started again by another worker")
    _remember(call, changes)


def _remember(call: Call, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(call, name, value)
