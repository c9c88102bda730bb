"""Work on due orders: place each once, ask for its answer with patience, and store it encrypted.

An order is ORDERING before its call is made. When the answer to that call is lost it becomes UNCERTAIN and a person decides,
unless the service handles the same order once. Asking for the answer changes nothing, and is repeated freely.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.core import lease
from portal.core.environments import addresses
from portal.core.feed.event import Type
from portal.core.feed.tell import tell, told
from portal.core.lease import Hold
from portal.core.masking import scrubbed
from portal.core.problems import UNAVAILABLE, code_of
from portal.core.states import LostRace
from portal.gateways.errors import GatewayError, Refused
from submissions.adapters.base import About, Meaning, NamedFile
from submissions.adapters.meanings import IN_DOUBT, REFUSED
from submissions.adapters.retrieval import Inquiry, Retrieval, Retrieved
from submissions.models import NOT_READY, Document, Order, SendingHold
from submissions.services import catalogue, remote
from submissions.services.documents import Kept, keep, record_document
from submissions.services.orders.making import way_of
from submissions.services.pauses import pause
from systemusers.models import Access
from systemusers.services import tokens
from systemusers.services.tokens import ABOUT_TOKEN, AccessMissing

BY, TASK = "task:orders", "submissions.tasks.work_orders"
BATCH = 10
FIRST_LOOK, LONGEST_LOOK = timedelta(seconds=5), timedelta(minutes=10)
MEDIA_TYPES = {"json": "application/json", "xml": "application/xml"}

Status = Order.Status
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


def waiting_rows() -> QuerySet[Order]:
    """Those with work when they are due."""
    rows = Order.objects.filter(status__in=Order.OPEN).defer(None).defer("facts")
    return rows.select_related("customer", "access__profile__system__client", "access__customer")


def work_due(*, at: datetime, limit: int = BATCH) -> int:
    """Work on a batch. Returns how many were taken."""
    return lease.work_batch(waiting_rows(), walk, task=TASK, at=at, limit=limit)


def walk(hold: Hold[Order]) -> None:
    """Place the order, or ask for its answer. Raises what makes it wait."""
    way = way_of(catalogue.service(hold.row.service))
    if hold.row.status == Status.ORDERING:
        _left_in_doubt(hold, way)
    elif hold.row.status == Status.QUEUED and way.has_order_step:
        _place(hold, way)
    else:
        _look(hold, way)


def _left_in_doubt(hold: Hold[Order], way: Retrieval) -> None:
    """A worker stopped while it placed the order: the answer is lost."""
    if way.may_repeat:
        hold.move_to(Status.QUEUED, by=BY, next_attempt_at=hold.now())
    else:
        hold.move_to(Status.UNCERTAIN, by=BY, problem_code=UNAVAILABLE)


def _place(hold: Hold[Order], way: Retrieval) -> None:
    if not way.may_repeat and _is_from_before_restore(hold.row):
        hold.move_to(Status.UNCERTAIN, by=BY)
        return
    try:
        remote_id = _with_token(hold, partial(_order, hold, way))
    except (LostRace, SoftTimeLimitExceeded):
        raise
    except GatewayError as error:
        _not_placed(hold, way, error)
        return
    now = hold.now()
    hold.move_to(
        Status.ORDERED, by=BY, next_attempt_at=now + FIRST_LOOK, remote_id=remote_id, give_up_at=now + way.patience,
        failures=0, problem_code="", problem_detail="", correlation_id="",
    )  # fmt: skip


def _is_from_before_restore(row: Order) -> bool:
    """Whether the database was restored since: the order may have been placed in the time that was lost."""
    return SendingHold.objects.filter(environment=row.environment, since__gt=row.status_at).exists()


def _order(hold: Hold[Order], way: Retrieval, inquiry: Inquiry) -> str:
    """The intent is stored before the call. With a fresh token the call is made again in the same state."""
    if hold.row.status == Status.QUEUED:
        hold.enter(Status.ORDERING, by=BY, is_recorded=not hold.row.problem_code)
    else:
        hold.renew()
    return way.order(inquiry)


def _not_placed(hold: Hold[Order], way: Retrieval, error: GatewayError) -> None:
    """Before the call only a token was asked for: that ends nothing, unless the access is gone."""
    if hold.row.status != Status.ORDERING:
        if not _is_removed(hold.row, error):
            raise error
        _fail(hold, error)
        return
    meaning = way.meaning(error, is_ordering=True)
    if isinstance(error, ABOUT_TOKEN):  # the fresh token was not given; the call before it was refused
        meaning = Meaning.OURS_TO_MEND
    _log(hold.row, error, meaning)
    if meaning in REFUSED:
        _fail(hold, error)
    elif meaning in IN_DOUBT:
        hold.move_to(Status.UNCERTAIN, by=BY, problem_code=code_of(error), failures=0)
    else:
        asked = getattr(error, "retry_after", None)
        wait = pause(hold.row, meaning, failures=hold.row.failures + 1, asked=asked, at=hold.now())
        _back_to_queue(hold, error, wait=wait)


def _back_to_queue(hold: Hold[Order], error: GatewayError, *, wait: timedelta) -> None:
    """The trail gets a row when the reason is another one than before."""
    code = code_of(error)
    hold.move_to(
        Status.QUEUED, by=BY, next_attempt_at=hold.now() + wait, failures=hold.row.failures + 1, problem_code=code,
        is_recorded=hold.row.problem_code != code,
    )  # fmt: skip


def _look(hold: Hold[Order], way: Retrieval) -> None:
    """Ask for the answer. Not ready: later, or a person is asked when the patience is at its end."""
    try:
        retrieved = _with_token(hold, partial(_fetch, hold, way))
    except Refused as error:
        is_final = not isinstance(error, ABOUT_TOKEN) and way.meaning(error, is_ordering=False) in REFUSED
        if not is_final and not _is_removed(hold.row, error):
            raise
        _fail(hold, error)
        return
    if retrieved is not None:
        _store(hold, retrieved)
    elif hold.row.give_up_at is not None and hold.now() >= hold.row.give_up_at:
        with transaction.atomic():
            hold.stop(code=NOT_READY)
            tell([told(Type.ORDER_NEEDS_PERSON, hold.row, at=hold.now(), status=hold.row.status)])
    else:
        hold.finish(next_attempt_at=hold.now() + _until_next_look(hold))


def _fetch(hold: Hold[Order], way: Retrieval, inquiry: Inquiry) -> Retrieved | None:
    hold.renew()
    return way.fetch(inquiry)


def _until_next_look(hold: Hold[Order]) -> timedelta:
    """The longer it has lasted, the longer we wait."""
    return min(max(FIRST_LOOK, (hold.now() - hold.row.status_at) / 4), LONGEST_LOOK)


def _store(hold: Hold[Order], retrieved: Retrieved) -> None:
    """The bytes are written before the rows that name them."""
    kept = [(file, keep(file.content)) for file in retrieved.files]
    with transaction.atomic():
        hold.lock()
        for file, stored in kept:
            _record(hold, file, stored)
        hold.move_to(
            Status.FETCHED, by=BY, facts=dict(retrieved.facts), fetched_at=hold.now(), give_up_at=None, failures=0,
            problem_code="", problem_detail="", correlation_id="",
        )  # fmt: skip


def _record(hold: Hold[Order], file: NamedFile, stored: Kept) -> None:
    media_type = MEDIA_TYPES.get(file.name.rpartition(".")[2], "application/octet-stream")
    record_document(
        kept=stored, filename=file.name, media_type=media_type, role=Document.Role.RESULT, customer=hold.row.customer,
        order=hold.row, at=hold.now(),
    )  # fmt: skip


def _fail(hold: Hold[Order], error: GatewayError) -> None:
    """FAILED, with the remote's words: never a quoted value, and no national identity number."""
    hold.move_to(
        Status.FAILED, by=BY, failures=0, problem_code=code_of(error), give_up_at=None,
        problem_detail=scrubbed(getattr(error, "text", "")),
        correlation_id=getattr(error, "correlation_id", "")[:100],
    )  # fmt: skip


def _is_removed(row: Order, error: GatewayError) -> bool:
    """Whether two services have said that the customer took the access away."""
    removed = Access.objects.filter(pk=row.access_id, status=Access.Status.REMOVED)
    return isinstance(error, AccessMissing) and removed.exists()


def _with_token(hold: Hold[Order], call: Callable[[Inquiry], Result]) -> Result:
    """The call with a token of the access's system user; once more with a fresh one when the token is refused."""
    return remote.call_with(partial(_inquiry, hold), call)


def _inquiry(hold: Hold[Order], *, fresh: bool = False) -> Inquiry:
    row, service = hold.row, catalogue.service(hold.row.service)
    token = tokens.system_user_token(access=row.access, scopes=service.scopes, at=hold.now(), fresh=fresh)
    return Inquiry(
        base_url=service.base_url(addresses(row.environment)),
        token=token,
        about=About(row.customer.orgnr, row.period, row.service, service.options),
        reference=row.reference,
        today=timezone.localdate(hold.now()),
        question=row.question or {},
        remote_id=row.remote_id,
    )


def _log(row: Order, error: GatewayError, meaning: Meaning) -> None:
    logger.info("order %s: %s, %s", row.pk, code_of(error), meaning)
