"""After a dialog moved: fetch its transmissions and activities, the documents behind them, and read the verdict.

Each step is stored; `Dialog.next_attempt_at` stays set until all are done, so a sweep continues after a crash.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from portal.core.states import IllegalTransition, LostRace
from portal.gateways.errors import GatewayError, Refused, Unavailable
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
LEASE = timedelta(minutes=3)
GIVE_UP = 15
"""Attempts with growing waits, about 36 hours in all. Unavailable remotes are retried without limit."""
LONGEST = 4 * 3600


def claim(*, dialog_id: int, at: datetime) -> Dialog | None:
    """The leased dialog; None when it is done or leased by another worker."""
    mine = Dialog.objects.filter(pk=dialog_id, next_attempt_at__lte=at)
    if not mine.update(next_attempt_at=at + LEASE, attempts=F("attempts") + 1):
        return None  # the time is the lease: another value set in the meantime requests a new pull
    return Dialog.objects.select_related("customer", "access__profile__system__client", "access__customer").get(
        pk=dialog_id
    )


def pull(*, dialog_id: int, at: datetime) -> None:
    """Update one dialog. Raises the gateways' errors and NoKey; the row has the time of the next attempt."""
    dialog = claim(dialog_id=dialog_id, at=at)
    if dialog is None:
        return
    try:
        is_complete = _pull(dialog, at)
    except (GatewayError, tokens.NoKey) as error:
        _put_off(dialog, at, error)
        raise
    if is_complete:
        _finish(dialog)
    else:
        _put_off(dialog, at, None)


def _pull(dialog: Dialog, at: datetime) -> bool:
    token = tokens.system_user_token(access=dialog.access, scopes=SCOPES, at=at)
    gateway = dialogporten(dialog.environment)
    transmissions = gateway.transmissions(str(dialog.dialog_id), token=token)
    activities = gateway.activities(str(dialog.dialog_id), token=token)
    with transaction.atomic():
        copies.store_transmissions(dialog=dialog, items=transmissions)
        copies.store_activities(dialog=dialog, items=activities)
    rows = dialog.transmissions.filter(submission__isnull=False).select_related("submission")
    handled = [_handle(dialog, row, at) for row in rows]  # all of them, also when one is incomplete
    return all(handled)


def _finish(dialog: Dialog) -> None:
    """Mark as done, unless the dialog changed in the meantime and has a new time."""
    done = Dialog.objects.filter(pk=dialog.pk, next_attempt_at=dialog.next_attempt_at)
    done.update(next_attempt_at=None, attempts=0, transmissions_at=dialog.content_updated_at)


def _put_off(dialog: Dialog, at: datetime, error: Exception | None) -> None:
    wait = getattr(error, "retry_after", None) or min(LONGEST, 5 * 3 ** min(dialog.attempts, 8))
    is_hopeless = dialog.attempts >= GIVE_UP and not isinstance(error, Unavailable)
    again = None if is_hopeless else at + timedelta(seconds=wait)
    if is_hopeless:
        logger.error("dialog %s was given up after %s attempts: %s", dialog.pk, dialog.attempts, error)
    Dialog.objects.filter(pk=dialog.pk, next_attempt_at=dialog.next_attempt_at).update(next_attempt_at=again)


def _handle(dialog: Dialog, row: Transmission, at: datetime) -> bool:
    """Fetch the attachments of a feedback transmission and apply its verdict. False when something is still missing.

    The verdict does not need the documents: it is the transmission's type.
    """
    if row.type in FROM_PARTY or row.submission is None:
        return True
    try:
        fetched = [_fetch(dialog, row, row.submission, attachment, at) for attachment in row.attachments]
    except GatewayError:
        decide(row, row.submission, at)
        raise
    decide(row, row.submission, at)
    return all(fetched)


def _fetch(dialog: Dialog, row: Transmission, submission: Submission, attachment: dict[str, str], at: datetime) -> bool:
    """Store one attachment. One that is missing (404) or closed (403) is requested again later."""
    url = attachment.get("api_url", "")
    if not url or url.startswith(UNAUTHORIZED):
        return True
    if row.documents.filter(attachment_id=attachment["id"]).exists():
        return True
    service = catalogue.service(submission.service)
    try:
        token = tokens.system_user_token(access=dialog.access, scopes=service.scopes, at=at)
        fetched = skatteetatens_documents(dialog.environment, service).document_at(url, token=token)
    except Refused as error:
        if error.status in (403, 404):
            return False
        logger.warning("attachment %s of transmission %s was refused: %s", attachment["id"], row.pk, error)
        return True
    store_document(
        content=fetched.content,
        filename=fetched.filename or _name(row, attachment.get("name") or "", fetched.media_type),
        media_type=fetched.media_type,
        role=Document.Role.FEEDBACK,
        customer=dialog.customer,
        submission=submission,
        transmission=row,
        attachment_id=attachment["id"],
        at=at,
    )
    return True


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


def due(*, at: datetime, limit: int = 500) -> list[int]:
    return list(Dialog.objects.due(at).order_by("next_attempt_at").values_list("pk", flat=True)[:limit])
