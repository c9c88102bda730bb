"""Fetches what lies behind the transmissions. Each attachment is a row with a state: none is skipped without a trace.

A refusal is tried again, at least daily; only 410 is final. A 401 is about the token: see `remote.with_token`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.core import enqueue, lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.gateways.errors import Refused, Unavailable
from portal.gateways.skatteetaten.common import Fetched
from portal.gateways.statuses import Kind, is_settling, kind_of
from submissions.models import Attachment, Dialog, Document
from submissions.services.documents import store_document
from submissions.services.inbox.presence import UNKNOWN_WAIT
from submissions.services.inbox.sources import NO_SCOPE, Source, source_of
from submissions.services.inbox.verdict import decide
from submissions.services.remote import skatteetatens_documents, with_token
from systemusers.models import Access
from systemusers.services.client_relations.ways import settling_since
from systemusers.services.tokens import ABOUT_TOKEN

TASK = "submissions.tasks.fetch_attachments"
BY = "task:fetch_attachments"
BATCH = 20
LONGEST_WAIT = timedelta(days=1)
ENDINGS = {"application/pdf": "pdf", "application/xml": "xml", "text/xml": "xml", "application/json": "json"}
State = Attachment.Status


class NotReady(Exception):
    """Skatteetaten has announced a document that cannot be fetched yet."""

    code = "DOCUMENT_NOT_READY"


def due() -> QuerySet[Attachment]:
    """Those that are to be fetched, with what a round needs."""
    related = ("transmission__submission", "transmission__dialog__customer")
    access = "transmission__dialog__access"
    return (
        Attachment.objects.to_fetch()
        .filter(status__in=Attachment.TO_FETCH)
        .select_related(*related, f"{access}__profile__system__client", f"{access}__customer")
    )


def fetch_due(*, at: datetime, limit: int = BATCH) -> int:
    """Fetch a batch. Returns how many were taken.

    A host that does not answer is asked for one document only: the others of the batch wait as long.
    """
    away: dict[str, Unavailable] = {}
    work = partial(_fetch_unless_away, away)
    return lease.work_batch(due(), work, task=TASK, at=at, limit=limit, longest=LONGEST_WAIT)


def _fetch_unless_away(away: dict[str, Unavailable], hold: Hold[Attachment]) -> None:
    key = f"{hold.row.transmission.dialog.environment} {hold.row.api_url.split('/')[2:3]}"
    if key in away:
        raise away[key]
    try:
        fetch(hold)
    except Unavailable as error:
        away[key] = error
        raise


def fetch(hold: Hold[Attachment]) -> None:
    """Fetch and store one attachment, or note why it is not here. Raises what makes it wait."""
    row, dialog = hold.row, hold.row.transmission.dialog
    if dialog.access.status not in Access.USABLE:
        _without_access(hold)
        return
    source = source_of(row)
    if source is None:
        hold.move_to(State.CLOSED, by=BY, problem_code=NO_SCOPE)
        return
    try:
        fetched = with_token(dialog.access, source.scopes, partial(_ask, hold, source), at=hold.now())
    except Refused as error:
        _refused(hold, error)
        return
    _store(hold, fetched)


def _ask(hold: Hold[Attachment], source: Source, token: str) -> Fetched:
    row, dialog, submission = hold.row, hold.row.transmission.dialog, hold.row.transmission.submission
    hold.renew()
    documents = skatteetatens_documents(dialog.environment, source.service)
    if row.api_url or submission is None:
        return documents.document_at(row.api_url, token=token)
    return documents.document(
        token=token,
        year=submission.period_start.year,
        transmission_id=str(row.transmission.transmission_id),
        document_id=row.attachment_id,
    )


def _without_access(hold: Hold[Attachment]) -> None:
    if hold.row.transmission.dialog.access.status == Access.Status.UNKNOWN:
        hold.postpone(UNKNOWN_WAIT)
    else:
        hold.move_to(State.CLOSED, by=BY, problem_code="")


def _refused(hold: Hold[Attachment], error: Refused) -> None:
    """What a refusal means for the row. Raises NotReady, and `error` when it is not about the document, for what is to wait."""
    row, kind = hold.row, kind_of(error)
    if isinstance(error, ABOUT_TOKEN) or kind in (Kind.PASSES, Kind.TOKEN):
        raise error
    is_closed = error.status == 404 or kind == Kind.RIGHTS
    if kind == Kind.GONE:
        hold.move_to(State.GONE, by=BY, problem_code=code_of(error))
    elif is_closed and not row.api_url and row.gui_url:
        hold.move_to(State.LINKED, by=BY, problem_code="")
    elif error.status == 404:
        raise NotReady(f"attachment {row.pk} is not there yet") from error
    elif kind == Kind.RIGHTS and _is_new(row, hold.now()):
        raise error
    else:
        _note_refusal(hold, error)


def _is_new(row: Attachment, at: datetime) -> bool:
    """The customer approved a moment ago: the right may not have reached Skatteetaten yet."""
    dialog = row.transmission.dialog
    return is_settling(approved_at=settling_since(access=dialog.access, customer=dialog.customer), at=at)


def _note_refusal(hold: Hold[Attachment], error: Refused) -> None:
    failures = hold.row.failures + 1
    hold.move_to(
        State.REFUSED,
        by=BY,
        is_recorded=hold.row.status != State.REFUSED,
        next_attempt_at=hold.now() + lease.waiting_time(failures, longest=LONGEST_WAIT),
        failures=failures,
        problem_code=code_of(error),
    )
    hold.is_finished = False  # nothing was mended: rows with the same code are not woken


def _store(hold: Hold[Attachment], fetched: Fetched) -> None:
    row, transmission = hold.row, hold.row.transmission
    store_document(
        content=fetched.content,
        filename=fetched.filename or _name(row, fetched.media_type),
        media_type=fetched.media_type,
        role=Document.Role.FEEDBACK,
        customer=transmission.dialog.customer,
        submission=transmission.submission,
        transmission=transmission,
        attachment_id=row.attachment_id,
        at=hold.now(),
    )
    if transmission.submission is not None:
        decide(transmission, transmission.submission, hold.now())
    hold.move_to(
        State.FETCHED, by=BY, is_recorded=False, problem_code="", failures=0
    )  # last: until then it is done again


def _name(row: Attachment, media_type: str) -> str:
    """A file name with an extension: the attachment's own name is mostly a title without one."""
    ending = ENDINGS.get(media_type, "bin")
    if row.name.lower().endswith(f".{ending}"):
        return row.name
    return f"tilbakemelding-{timezone.localdate(row.transmission.created_at):%Y-%m-%d}.{ending}"


def try_again(*, dialog: Dialog, by: str, at: datetime) -> int:
    """A person asks for the dialog, and its attachments that are not here, again. Returns how many attachments."""
    rows = Attachment.objects.filter(transmission__dialog=dialog)
    with transaction.atomic():
        lost = (
            rows.filter(status__in={State.GONE, State.CLOSED}).exclude(api_url="").exclude(api_url__startswith="urn:")
        )
        for row in lost.select_for_update(of=("self",)):
            row.move_to(State.WAITING, by=by, at=at, next_attempt_at=at, failures=0, problem_code="")
        asked = rows.filter(status__in=Attachment.TO_FETCH)
        lease.make_due(asked, at=at)
        lease.make_due(Dialog.objects.filter(pk=dialog.pk), at=at)
        count = asked.count()
        record(by=by, at=at, target=dialog, what=AuditType.TRIED_AGAIN, attachments=count)
    enqueue.enqueue_by_name(TASK)
    return count
