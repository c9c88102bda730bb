"""Drafts: begun with files or with JSON, checked without keeping anything, files added, and a correction or an answer begun."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import File, Form, Router, Status, UploadedFile
from pydantic import Field

from accounts.models import Customer, Scope
from portal.api.keyed import keyed, made_before, note_made
from portal.api.problems import Problem
from portal.api.resources import customers, dialogs
from portal.api.resources.services import offer_of
from portal.api.resources.submission_shapes import SubmissionDetail, detailed, find, mine, shown_findings, unsaved
from portal.api.security import Call, OAuth2
from portal.api.shapes import CLEAN, Finding, IdempotencyKey, Orgnr, Shape
from portal.api.validation import refused
from portal.core.required import required
from portal.explain import explain
from submissions.adapters.base import Level
from submissions.forms import WANTED
from submissions.models import Submission
from submissions.period import Period, PeriodKind
from submissions.services import catalogue, material
from submissions.services.documents import clean_filename
from submissions.services.drafting import checking, drafts, removing
from submissions.services.offers import Offer, offers_for
from submissions.services.pages.page import address_of
from submissions.services.ways import about_of, adapter_of

router = Router(tags=["submissions"])
WRITE = OAuth2(Scope.SUBMISSIONS_WRITE)
MOST_FILES = 100
"""In one call with JSON."""


class ReportAbout(Shape):
    """`period` as the service wants it, "" for none. `access` chooses between several ways. `beside`: also when a draft is open."""

    orgnr: Orgnr
    service: Annotated[str, Field(max_length=100)]
    period: Annotated[str, Field(max_length=10, examples=["2025", "2025-03", "2025-T2"])] = ""
    access: UUID | None = None
    beside: bool = False


class InlineFile(Shape):
    """A file as JSON (`content`) or as text (`text`): one of the two."""

    name: Annotated[str, Field(min_length=1, max_length=200), CLEAN]
    content: Any = None
    text: str | None = None

    def as_bytes(self) -> bytes:
        return self.text.encode() if self.text is not None else json.dumps(self.content, ensure_ascii=False).encode()


class Report(ReportAbout):
    files: Annotated[list[InlineFile], Field(max_length=MOST_FILES)] = []


class CheckOf(Shape):
    orgnr: Orgnr
    service: Annotated[str, Field(max_length=100)]
    period: Annotated[str, Field(max_length=10)] = ""
    files: Annotated[list[InlineFile], Field(min_length=1, max_length=MOST_FILES)]


class CheckShape(Shape):
    """`is_valid`: no finding is an error. Nothing was kept."""

    is_valid: bool
    findings: list[Finding]


Answer = {201: SubmissionDetail}


@router.post("/submissions/validate", auth=WRITE, response=CheckShape, operation_id="validate_submission",
             summary="Check files and keep nothing")  # fmt: skip
@keyed(in_one=False)
def validate_submission(request: Call, body: CheckOf, key: IdempotencyKey) -> Status[CheckShape]:
    """The same check as of a draft. It asks nobody outside, and says nothing of whether the customer has given access."""
    customer, service = customers.find(request, body.orgnr), _service(body.service)
    draft = unsaved(customer, service, _period(service, body.period))
    found = checking.as_stored
    outside, reports = [], []
    for file in body.files:
        name, content = clean_filename(file.name), file.as_bytes()
        if finding := checking.outside(filename=name, size=len(content), service=service):
            outside.append(found(finding))
        else:
            reports.append(checking.inspect(filename=name, content=content, submission=draft))
    told = outside + [found(each) for each in (adapter_of(draft).check(reports, about_of(draft)) if reports else [])]
    is_valid = not any(each["level"] == Level.ERROR for each in told)
    return Status(200, CheckShape(is_valid=is_valid, findings=shown_findings(told, service)))


@router.post(
    "/submissions", auth=WRITE, response=Answer, operation_id="create_submission", summary="Begin a submission"
)
@keyed(in_one=False)
def create_submission(request: Call, body: Report, key: IdempotencyKey) -> Status[SubmissionDetail]:
    """A draft, with files in the body or none yet. The same files again give the same draft."""
    return _create(request, body, [ContentFile(file.as_bytes(), name=file.name) for file in body.files])


@router.post("/submissions/files", auth=WRITE, response=Answer, operation_id="create_submission_with_files",
             summary="Begin a submission with uploaded files")  # fmt: skip
@keyed(in_one=False)
def create_submission_with_files(
    request: Call, about: Form[ReportAbout], files: File[list[UploadedFile]], key: IdempotencyKey
) -> Status[SubmissionDetail]:
    """Files go to the storage in pieces, so that they may be large."""
    return _create(request, about, files)


@router.post("/submissions/{uuid:reference}/files", auth=WRITE, response={200: SubmissionDetail}, operation_id="add_files",
             summary="Add files to a draft")  # fmt: skip
@keyed(in_one=False)
def add_files(
    request: Call, reference: UUID, files: File[list[UploadedFile]], key: IdempotencyKey
) -> Status[SubmissionDetail]:
    """A file replaces an earlier one of its name."""
    row = find(request, reference)
    try:
        drafts.add_files(submission=row, files=files, by=request.auth.actor, at=timezone.now())
    except drafts.NotOpen:
        raise Problem("MOVED_ON", detail=row.get_status_display()) from None
    except drafts.NotStored as error:
        raise _not_stored(error) from error
    return Status(200, detailed(find(request, reference)))


@router.delete(
    "/submissions/{uuid:reference}/documents/{int:id}",
    auth=WRITE,
    response=SubmissionDetail,
    operation_id="remove_file",
    summary="Take a file out of a draft",
)
def remove_file(request: Call, reference: UUID, id: int) -> SubmissionDetail:
    """What is out already stays out. The rest is checked anew."""
    row = find(request, reference)
    document = row.documents.filter(pk=id).first() if id < 2**63 else None
    if document is None and not (id < 2**63 and removing.is_removed(submission=row, document_id=id)):
        raise Problem("NOT_FOUND")
    try:
        if document is not None:
            removing.remove(submission=row, document=document, by=request.auth.actor, at=timezone.now())
    except drafts.NotOpen:
        raise Problem("MOVED_ON", detail=row.get_status_display()) from None
    return detailed(find(request, reference))


@router.post("/submissions/{uuid:reference}/correct", auth=WRITE, response=Answer, operation_id="correct_submission",
             summary="Begin a correction")  # fmt: skip
@keyed(in_one=False)
def correct_submission(request: Call, reference: UUID, key: IdempotencyKey) -> Status[SubmissionDetail]:
    """A draft with the same files, to be replaced by corrected ones; the open one where there is one."""
    row = find(request, reference)
    try:
        draft = drafts.copy_for_correction(submission=row, by=request.auth.actor, at=timezone.now())
    except drafts.NotAllowed as error:
        raise Problem("NOT_ALLOWED", detail=str(error)) from None
    except drafts.NotOpen:
        raise Problem("MOVED_ON", detail=row.get_status_display()) from None
    return Status(201, detailed(find(request, draft.reference)))


@router.post("/dialogs/{int:id}/answer", auth=WRITE, response=Answer, operation_id="answer_dialog",
             summary="Begin a submission of material that a dialog asks for")  # fmt: skip
@keyed(in_one=False)
def answer_dialog(request: Call, id: int, key: IdempotencyKey) -> Status[SubmissionDetail]:
    """A draft without files; the open one where there is one. Add the files, and send it as any other. No letter is marked as read."""
    row = dialogs.find(request, id)
    try:
        draft = material.begin(dialog=row, by=request.auth.actor, at=timezone.now(), is_person=False)
    except material.NotAsked:
        raise Problem("MOVED_ON", detail=_("Dialogen ber ikke lenger om noe.")) from None
    except drafts.NotAllowed as error:
        raise Problem("NOT_ALLOWED", detail=str(error)) from None
    return Status(201, detailed(find(request, draft.reference)))


def _create(request: Call, about: ReportAbout, files: Sequence[Any]) -> Status[SubmissionDetail]:
    if made := made_before(request):
        return Status(201, detailed(find(request, mine(request).get(pk=made).reference)))
    customer, service = customers.find(request, about.orgnr), _service(about.service)
    period, offer = _period(service, about.period), offer_of(offers_for(customer), service.id, about.access)
    draft, refusals = _begin(request, customer, offer, period, files, beside=about.beside)
    if draft is None:
        findings = [finding for each in refusals for finding in each["findings"]]
        told = [each.model_dump(mode="json") for each in shown_findings(findings, service)]
        raise Problem("FILES_REFUSED", findings=told)
    return Status(201, detailed(find(request, draft.reference)))


def _begin(
    request: Call, customer: Customer, offer: Offer, period: Period, files: Sequence[Any], *, beside: bool
) -> tuple[Submission | None, list[Any]]:
    access = required(offer.access, because="offer_of gives allowed ones")
    try:
        return drafts.begin(
            access=access, service=offer.service.id, period=period, files=files, by=request.auth.actor,
            at=timezone.now(), customer=customer, beside=beside, then=lambda draft: note_made(request, draft.pk),
        )  # fmt: skip
    except drafts.OpenDraft as error:
        raise Problem("OPEN_DRAFT", reference=str(error.draft.reference), page=address_of(error.draft)) from None
    except drafts.NotAllowed as error:
        raise Problem("NOT_ALLOWED", detail=str(error)) from None
    except drafts.NotStored as error:
        raise _not_stored(error) from error


def _not_stored(error: drafts.NotStored) -> Problem:
    return Problem("UNAVAILABLE", detail=explain(error.code).sentence)


def _service(service_id: str) -> catalogue.Service:
    try:
        return catalogue.service(service_id)
    except catalogue.UnknownService:
        raise refused("service", _("Tjenesten finnes ikke. Se /services.")) from None


def _period(service: catalogue.Service, text: str) -> Period:
    if service.period == PeriodKind.NONE:
        return Period(PeriodKind.NONE, timezone.localdate())
    period = Period.found(text)
    if period is None or period.kind != service.period:
        raise refused("period", str(WANTED[service.period]))
    return period
