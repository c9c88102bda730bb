"""One planned call: stored as started before it is made, and with its answer after.

`attempts` is the fencing token: a slower worker cannot write the result of a call that was started again.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.core.states import LostRace
from portal.gateways.errors import Refused
from portal.gateways.skatteetaten.rf1086 import Rf1086
from submissions.models import Call
from submissions.services import catalogue, remote
from submissions.services.claim import Claim
from submissions.services.documents import read_document

Step, Status = Call.Step, Call.Status
REPEATABLE = {Step.MAIN, Step.PART}
"""Steps that carry an idempotency key: the same key and body are handled once, however often they are sent."""


@dataclass(frozen=True)
class Answer:
    """The result of a call. `remote_id` is the main form's id; `receipt` the fields of the confirmation's receipt."""

    remote_id: str = ""
    receipt: dict[str, Any] | None = None


def perform(claim: Claim, call: Call, *, fresh_token: bool = False) -> Answer:
    """Make the call with a token of the customer's system user. Raises the gateways' errors, and LostRace.

    Without a token the call is unchanged; it is STARTED before the first byte is sent to Skatteetaten.
    """
    submission = claim.submission
    assert submission.access is not None  # noqa: S101 - nothing is queued without an access
    service = catalogue.service(submission.service)
    token = remote.token(submission.access, service, at=claim.now(), fresh=fresh_token)
    gateway = remote.rf1086(submission.environment, service)
    body = read_document(call.document) if call.document else b""
    main_id = "" if call.step == Step.MAIN else _main_id(call)
    claim.renew()
    start(call, at=claim.now())
    begun = time.monotonic()
    try:
        return _call_gateway(gateway, token, call, body=body, main_id=main_id)
    finally:
        call.milliseconds = round((time.monotonic() - begun) * 1000)


def _call_gateway(gateway: Rf1086, token: str, call: Call, *, body: bytes, main_id: str) -> Answer:
    year = call.submission.year
    if call.step == Step.MAIN:
        return Answer(remote_id=gateway.send_main(token=token, year=year, xml=body, key=_key(call)))
    if call.step == Step.PART:
        gateway.send_part(token=token, year=year, main_id=main_id, xml=body, key=_key(call))
        return Answer()
    parts = call.submission.calls.filter(step=Step.PART).count()
    return Answer(receipt=gateway.confirm(token=token, year=year, main_id=main_id, parts=parts).as_json())


def _key(call: Call) -> UUID:
    assert call.key is not None  # noqa: S101 - planned with one
    return call.key


def _main_id(call: Call) -> str:
    return call.submission.calls.get(step=Step.MAIN).remote_id


def start(call: Call, *, at: datetime) -> None:
    """Store that the call is about to be made. Raises LostRace when another worker is making it."""
    free = {Status.PLANNED, Status.LOST} | ({Status.STARTED} if call.step in REPEATABLE else set())
    changes = {"status": Status.STARTED, "attempts": call.attempts + 1, "started_at": at, "finished_at": None}
    mine = Call.objects.filter(pk=call.pk, attempts=call.attempts, status__in=free)
    if not mine.update(**changes):
        raise LostRace(f"call {call.pk} is being made by another worker")
    _remember(call, changes)


def finish(call: Call, answer: Answer, *, at: datetime) -> None:
    stored = json.dumps(answer.receipt).encode() if answer.receipt is not None else None
    _write(
        call, status=Status.DONE, finished_at=at, http_status=200, code="", remote_id=answer.remote_id, answer=stored
    )


def put_back(call: Call, error: Exception) -> None:
    """The call will be repeated with the same key and body. LOST when it may have arrived."""
    if call.status != Status.STARTED:
        return
    maybe_arrived = getattr(error, "maybe_arrived", True) and not isinstance(error, Refused)
    _write(call, status=Status.LOST if maybe_arrived else Status.PLANNED, **_facts(error))


def lose(call: Call, error: Exception, *, at: datetime) -> None:
    _write(call, status=Status.LOST, finished_at=at, **_facts(error))


def refuse(call: Call, error: Refused, *, at: datetime) -> None:
    if call.status == Status.STARTED:
        _write(call, status=Status.REFUSED, finished_at=at, **_facts(error))


def code_of(error: Exception) -> str:
    """The remote's own code, "" when it gave none."""
    return str(getattr(error, "code", "") or "")[:50]


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
