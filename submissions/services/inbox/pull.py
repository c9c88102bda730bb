"""After a dialog moved: fetch its transmissions and activities, the documents behind them, and read the verdict.

Each step is stored; the dialog stays due until all are done, so the next worker continues after a crash. A dialog is never
given up: one that goes on failing is counted on the overview, and tried again at least daily.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.core import enqueue, lease
from portal.core.lease import Hold
from portal.core.states import IllegalTransition, LostRace
from portal.gateways.dialogporten import AttachmentJson
from portal.gateways.errors import Refused, Unavailable
from submissions.models import Dialog, Document, Submission, Transmission
from submissions.services import catalogue
from submissions.services.documents import DocumentDamaged, read_document, store_document
from submissions.services.inbox import copies
from submissions.services.remote import dialogporten, skatteetatens_documents
from submissions.services.ways import adapter_of
from systemusers.services import tokens

logger = logging.getLogger(__name__)
SCOPES = ("digdir:dialogporten",)
BY = "remote:dialogporten"
FROM_PARTY = frozenset({"Submission", "Correction"})
"""Types of transmissions that the customer's side sent: never an answer."""
ENDINGS = {"application/pdf": "pdf", "application/xml": "xml", "text/xml": "xml", "application/json": "json"}
UNAUTHORIZED = "urn:dialogporten:"
TASK = "submissions.tasks.pull_dialogs"
BATCH = 10
"""Few, so that other workers share a large number of dialogs that moved at once."""
LONGEST_WAIT = timedelta(days=1)
FINAL = (0, 410)
"""Refusals of an attachment that asking again cannot change: a host that is not Skatteetaten's, a document that is gone."""


class NotReady(Exception):
    """Skatteetaten has announced a document that cannot be fetched yet, or no longer."""

    code = "DOCUMENT_NOT_READY"


def unfinished() -> QuerySet[Dialog]:
    """All dialogs, with what a round needs; those that are complete are never due."""
    return Dialog.objects.select_related("customer", "access__profile__system__client", "access__customer")


def pull_due(*, at: datetime, limit: int = BATCH) -> int:
    """Update a batch of due dialogs. Returns how many were taken; a full batch wakes one more worker."""
    holds = lease.claim(unfinished(), at=at, limit=limit)
    if len(holds) == limit:
        enqueue.enqueue_by_name(TASK)
    lease.work_through(holds, pull, longest=LONGEST_WAIT)
    if lease.wake_alike(Dialog.objects.all(), holds=holds, at=at):
        enqueue.enqueue_by_name(TASK)
    return len(holds)


def pull(hold: Hold[Dialog]) -> None:
    """Update one dialog. Raises the first problem it met, also when the rest was done."""
    dialog, gateway = hold.row, dialogporten(hold.row.environment)
    hold.renew()
    token = tokens.system_user_token(access=dialog.access, scopes=SCOPES, at=hold.now())
    transmissions = gateway.transmissions(str(dialog.dialog_id), token=token)
    hold.renew()
    activities = gateway.activities(str(dialog.dialog_id), token=token)
    with transaction.atomic():
        hold.lock()
        copies.store_transmissions(dialog=dialog, items=transmissions)
        copies.store_activities(dialog=dialog, items=activities)
    _read_answers(hold)
    hold.finish(transmissions_at=dialog.content_updated_at)


def _read_answers(hold: Hold[Dialog]) -> None:
    """Fetch the documents of all answers and apply their verdicts, also when a document is missing.

    The verdict does not need the documents: it is the transmission's type. A host that does not answer is asked once.
    """
    problems: list[Exception] = []
    rows = hold.row.transmissions.filter(submission__isnull=False).exclude(type__in=FROM_PARTY)
    for row in rows.select_related("submission"):
        for attachment in row.attachments:
            if not any(isinstance(problem, Unavailable) for problem in problems):
                try:
                    _fetch(hold, row, attachment)
                except (LostRace, SoftTimeLimitExceeded):
                    raise
                except Exception as error:
                    problems.append(error)
        if row.submission is not None:
            decide(row, row.submission, hold.now())
    if problems:
        raise problems[0]


def _fetch(hold: Hold[Dialog], row: Transmission, attachment: AttachmentJson) -> None:
    """Store one attachment. Raises NotReady for one that is missing (404) or closed (403), and the gateways' errors."""
    dialog, submission, url = hold.row, row.submission, attachment["api_url"]
    if submission is None or not url or url.startswith(UNAUTHORIZED):
        return
    if row.documents.filter(attachment_id=attachment["id"]).exists():
        return
    service = catalogue.service(submission.service)
    hold.renew()
    try:
        token = tokens.system_user_token(access=dialog.access, scopes=service.scopes, at=hold.now())
        fetched = skatteetatens_documents(dialog.environment, service).document_at(url, token=token)
    except Refused as error:
        if error.status in (403, 404):
            raise NotReady(f"attachment {attachment['id']} of transmission {row.pk}: {error.status}") from error
        if error.status not in FINAL:
            raise
        logger.warning("attachment %s of transmission %s was refused: %s", attachment["id"], row.pk, error)
        return
    store_document(
        content=fetched.content,
        filename=fetched.filename or _name(row, attachment["name"], fetched.media_type),
        media_type=fetched.media_type,
        role=Document.Role.FEEDBACK,
        customer=dialog.customer,
        submission=submission,
        transmission=row,
        attachment_id=attachment["id"],
        at=hold.now(),
    )


def _name(row: Transmission, given: str, media_type: str) -> str:
    """A file name with an extension: the attachment's own name is mostly a title without one."""
    ending = ENDINGS.get(media_type, "bin")
    if given.lower().endswith(f".{ending}"):
        return given
    return f"tilbakemelding-{timezone.localdate(row.created_at):%Y-%m-%d}.{ending}"


def decide(row: Transmission, submission: Submission, at: datetime) -> None:
    """DELIVERED -> ACCEPTED or REJECTED by the adapter's verdict; reasons from the documents, also when they arrive later."""
    verdict = adapter_of(submission).verdict(row.type, _documents(row))
    if verdict is None or verdict.accepted is None:
        return
    reasons = [asdict(reason) for reason in verdict.reasons]
    wanted = Submission.Status.ACCEPTED if verdict.accepted else Submission.Status.REJECTED
    if submission.status == wanted:
        if reasons and not submission.reasons:
            Submission.objects.filter(pk=submission.pk).update(reasons=reasons)
        return
    try:
        submission.move_to(
            wanted,
            by=BY,
            at=at,
            decided_at=row.created_at,
            reasons=reasons,
            what={"transmission": str(row.transmission_id)},
        )
    except LostRace:
        logger.info("submission %s was decided by another worker", submission.pk)
    except IllegalTransition:
        logger.error("submission %s is %s, but Skatteetaten says %s", submission.pk, submission.status, row.type)


def _documents(row: Transmission) -> list[tuple[str, bytes]]:
    """(media type, bytes) of the documents that can be read."""
    documents = []
    for document in row.documents.all():
        try:
            documents.append((document.media_type, read_document(document)))
        except DocumentDamaged:
            logger.warning("document %s could not be read as feedback", document.pk)
    return documents
