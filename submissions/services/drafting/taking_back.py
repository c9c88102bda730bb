"""A delivered report taken back: a new submission that deletes what the earlier one reported, where the service has such a message."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.core.required import required
from portal.core.states import IllegalTransition
from submissions.adapters.base import NamedFile
from submissions.models import Submission
from submissions.services import catalogue
from submissions.services.documents import StoredUpload, keep, read_document
from submissions.services.drafting import drafts, package_check
from submissions.services.offers import access_for
from submissions.services.ways import about_of, adapter_of

DELIVERED = (Submission.Status.DELIVERED, Submission.Status.ACCEPTED)


class NothingToDelete(Exception):
    """The files have no items that can be named."""


class OpenCorrection(Exception):
    """There is an open correction with other files. Nothing was changed."""

    def __init__(self, draft: Submission) -> None:
        super().__init__(f"submission {draft.pk} is open")
        self.draft = draft


def can_take_back(submission: Submission) -> bool:
    """Whether the service deletes by a message of its own, and there is something delivered."""
    if submission.status not in DELIVERED or submission.access is None:
        return False
    return adapter_of(submission).takes_back(about_of(submission).options)


def take_back(*, submission: Submission, by: str, at: datetime) -> Submission:
    """A draft that corrects `submission` by deleting what it reported. Asked for twice it is one draft.

    Raises IllegalTransition when there is nothing delivered, NothingToDelete, OpenCorrection, drafts.NotAllowed, DocumentDamaged,
    drafts.NotStored.
    """
    if not can_take_back(submission):
        raise IllegalTransition(f"submission {submission.pk} cannot be taken back")
    forms = [NamedFile(form.filename, read_document(form)) for form in submission.documents.forms().order_by("pk")]
    file = adapter_of(submission).deletion(forms, about_of(submission))
    if file is None:
        raise NothingToDelete(f"submission {submission.pk} has no items to delete")
    upload = StoredUpload(file.name, keep(file.content))
    with transaction.atomic():
        Submission.objects.select_for_update().get(pk=submission.pk)
        open_one = submission.corrections.filter(status__in=drafts.OPEN).first()
        draft = open_one or _begin(submission, by=by, at=at)
        if open_one is None:
            drafts.add_stored(draft=draft, upload=upload, by=by, at=at)
    if open_one is None:
        package_check.begin(submission=draft, at=at)
        return draft
    present = set(draft.documents.values_list("sha256", flat=True))
    if present - {upload.kept.sha256}:
        raise OpenCorrection(draft)
    if not present:
        drafts.add_files(submission=draft, files=[upload], by=by, at=at)
    return draft


def _begin(submission: Submission, *, by: str, at: datetime) -> Submission:
    service = catalogue.service(submission.service)
    used = required(submission.access, because="can_take_back was asked")
    return drafts.create_draft(
        access=access_for(customer=submission.customer, service=service, used=used),
        customer=submission.customer,
        service=submission.service,
        period=submission.period,
        by=by,
        at=at,
        corrects=submission,
    )
