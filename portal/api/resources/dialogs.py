"""Dialogs: our copies of what Dialogporten has for the customers, and our own work with them.

Nothing here asks Dialogporten, and nothing marks a dialog as seen there or as read here: a machine has read it, no person. The trail has
which ones it read. A list has headings only, as the list on the page, and leaves no row.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, cast
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Status
from pydantic import AfterValidator, Field

from accounts.models import ENDED, Scope, User
from accounts.services.customer_filter import ASSIGNEE, MINE, NOBODY, workers
from portal.api.keyed import keyed
from portal.api.keyset import page_of
from portal.api.problems import Problem
from portal.api.resources.transmissions import TransmissionShape, of_transmission
from portal.api.security import Call, OAuth2
from portal.api.shapes import IdempotencyKey, IfMatch, Moment, OfCustomers, Orgnr, Page, Shape, Since, one_of
from portal.api.validation import refused
from portal.core import readings
from portal.core.audit_events import AuditType
from portal.core.filters import Group, in_group
from submissions.models import Dialog, DialogQuerySet, Transmission
from submissions.services import catalogue, material
from submissions.services.casework import acts
from submissions.services.casework.deadlines import Due
from submissions.services.casework.people import with_person
from submissions.services.pages import dialog_filters, transmissions
from submissions.services.pages import dialogs as pages
from submissions.services.pages.dialog_work import who_may_answer

router = Router(tags=["dialogs"])
READ, WRITE = OAuth2(Scope.DIALOGS_READ), OAuth2(Scope.DIALOGS_WRITE)
GROUPS = [
    "open",
    "material",
    "attention",
    "due",
    "waiting",
    "completed",
    "stuck",
    "attachments",
    "gone",
    pages.DONE,
    ENDED,
]
"""As on the page, where `open` is what it shows at first."""
STATUSES = list(pages.STATUSES)
DUES = [each.value for each in Due]


class DialogShape(Shape):
    """`status` is Dialogporten's own. `person` is the name of whoever answers it here; `assignee` only when it was given to somebody.

    `news_at`: when its newest content came to us. `handled_at`: somebody here is done with it, until something new comes.
    `submission` is the newest report of ours that it is about. `gone_at`: it is no longer in the customer's inbox.
    """

    id: int
    orgnr: Orgnr
    dialog_id: UUID
    title: str
    sender: str
    service: str
    service_resource: str
    status: str
    status_text: str
    due_at: Moment | None
    created_at: Moment
    changed_at: Moment
    news_at: Moment
    submission: UUID | None
    person: str
    assignee: str
    handled_at: Moment | None
    handled_by: str
    gone_at: Moment | None
    etag: str


class ActivityShape(Shape):
    type: str
    text: str
    at: Moment


class DialogDetail(DialogShape):
    """Newest first. `asks`: the sender waits for material that a report can bring."""

    summary: str
    asks: bool
    transmissions: list[TransmissionShape]
    activities: list[ActivityShape]


class DialogFilters(OfCustomers):
    """`read`: "unread" takes On-Behalf-Of, as each employee has read other dialogs. `tied`: "no" for those about no report."""

    service: Annotated[str, Field(max_length=100)] = ""
    status: Annotated[
        str, AfterValidator(one_of(["", *STATUSES])), Field(json_schema_extra={"enum": ["", *STATUSES]})
    ] = ""
    due: Annotated[str, AfterValidator(one_of(["", *DUES])), Field(json_schema_extra={"enum": ["", *DUES]})] = ""
    group: Annotated[str, AfterValidator(one_of(["", *GROUPS])), Field(json_schema_extra={"enum": ["", *GROUPS]})] = ""
    tied: Annotated[
        str, AfterValidator(one_of(["", "yes", "no"])), Field(json_schema_extra={"enum": ["", "yes", "no"]})
    ] = ""
    read: Annotated[str, AfterValidator(one_of(["", "unread"])), Field(json_schema_extra={"enum": ["", "unread"]})] = ""
    assignee: Annotated[
        str, Field(max_length=254, description="`me`, `none`, or the e-mail address of an employee.")
    ] = ""
    news_after: Annotated[Since, Field(description="To which something new has come since.")] | None = None


class Assigning(Shape):
    employee: Annotated[
        str, Field(max_length=254, description='An e-mail address; "" for whoever follows the customer up.')
    ]


def mine(request: Call) -> DialogQuerySet:
    """With what a row shows."""
    caller = request.auth
    ours = Transmission.objects.filter(dialog=OuterRef("pk"), submission__isnull=False).order_by("-created_at", "-pk")
    rows = Dialog.objects.visible_to(caller).filter(environment=caller.environment).with_answer()
    rows = material.with_given(rows)
    rows = with_person(rows, caller.environment).annotate(report=Subquery(ours.values("submission__reference")[:1]))
    return rows.select_related("customer", "assignee")


def find(request: Call, pk: int) -> Dialog:
    """Raises Problem."""
    row = mine(request).filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise Problem("NOT_FOUND")
    return row


def etag_of(row: Dialog) -> str:
    """Of what has come, and of our own work with it."""
    values = repr((row.news_at, row.handled_at, row.assignee_id))
    return f'"{hashlib.sha256(values.encode()).hexdigest()[:24]}"'


def _services() -> dict[str, str]:
    """By the resource of Altinn: the service whose dialogs have it."""
    entries = [entry for entry in catalogue.services() if entry.adapter]
    return {urn: entry.id for entry in reversed(entries) for urn in entry.resource_urns}


def _fields(row: Dialog, services: dict[str, str]) -> dict[str, Any]:
    extra = vars(row)  # what `mine` annotates
    return {
        "id": row.pk, "orgnr": row.customer.orgnr, "dialog_id": row.dialog_id, "title": pages.title_of(row),
        "sender": pages.owner(row), "service": services.get(row.service_resource, ""),
        "service_resource": row.service_resource, "status": row.status, "status_text": pages.badge(row)[1],
        "due_at": row.due_at, "created_at": row.created_at, "changed_at": row.content_updated_at, "news_at": row.news_at,
        "submission": extra["report"], "person": str(extra["person"] or ""),
        "assignee": row.assignee.email if row.assignee else "", "handled_at": row.handled_at,
        "handled_by": row.handled_by, "gone_at": row.gone_at, "etag": etag_of(row),
    }  # fmt: skip


def _read(request: Call, pk: int) -> DialogDetail:
    """With its texts, which the trail has as read by the caller. Raises Problem."""
    row = find(request, pk)
    readings.note(by=request.auth.actor, at=timezone.now(), target=row, what=AuditType.READ)
    asks = material.waiting(Dialog.objects.filter(pk=row.pk)).exists()
    happened = [
        ActivityShape(type=each.type, text=each.shown("description").text, at=each.created_at)
        for each in row.activities.order_by("-created_at", "-pk")
    ]
    return DialogDetail(
        **_fields(row, _services()), summary=row.shown_summary.text, asks=asks, activities=happened,
        transmissions=[of_transmission(each) for each in transmissions.transmissions(row)],
    )  # fmt: skip


@router.get("/dialogs", auth=READ, response=Page[DialogShape], operation_id="list_dialogs", summary="List dialogs")
def list_dialogs(request: Call, filters: Query[DialogFilters]) -> HttpResponse:
    """Reading them here marks nothing as seen or read, neither in Altinn nor for your colleagues."""
    caller, at = request.auth, timezone.now()
    query = _query(request, filters)
    rows = dialog_filters.narrowed(
        filters.of(mine(request)), query, user=cast("User", caller.employee), environment=caller.environment, at=at
    )  # `_query` has let nothing through that asks who reads, unless somebody is named
    rows = rows.filter(news_at__gt=filters.news_after) if filters.news_after else rows
    if filters.group:
        groups = pages.groups_for_all(at=at, are_due=dialog_filters.has_deadline(query))
        rows = in_group(rows, [Group("open", "", pages.OPEN), *groups], filters.group, apart=pages.of_ended())
    services = _services()
    return page_of(
        rows, after=filters.after, limit=filters.limit, show=lambda row: DialogShape(**_fields(row, services))
    )


def _query(request: Call, filters: DialogFilters) -> QueryDict:
    """The filters as the page's address has them. Raises Problem."""
    if request.auth.employee is None and (filters.read or filters.assignee == MINE):
        raise Problem("EMPLOYEE_NEEDED")
    query = QueryDict(mutable=True)
    query.update({name: getattr(filters, name) for name in ("service", "status", "due", "read", "tied")})
    if filters.service and filters.service not in {entry.id for entry in catalogue.services()}:
        raise refused("service", _("Tjenesten finnes ikke. Se /services."))
    query[ASSIGNEE] = filters.assignee
    if filters.assignee not in ("", MINE, NOBODY):
        person = workers(request.auth.environment).filter(email=filters.assignee.lower().replace("\0", "")).first()
        if person is None:
            raise refused("assignee", _("Ingen ansatt med den adressen arbeider i miljøet."))
        query[ASSIGNEE] = str(person.pk)
    return query


@router.get("/dialogs/{int:id}", auth=READ, response=DialogDetail, operation_id="get_dialog", summary="Read one dialog")
def get_dialog(request: Call, response: HttpResponse, id: int) -> DialogDetail:
    """What the portal keeps of it. Its documents are read by their `id`."""
    row = _read(request, id)
    response["ETag"] = row.etag
    return row


@router.post(
    "/dialogs/{int:id}/done", auth=WRITE, response=DialogDetail, operation_id="finish_dialog", summary="Be done with it"
)
@keyed
def finish_dialog(request: Call, id: int, key: IdempotencyKey, if_match: IfMatch = "") -> Status[DialogDetail]:
    """Here only: Altinn is not told. With `If-Match` only while nothing new has come. What is done already stays so."""
    _row, rows = _to_change(request, id, if_match)
    acts.be_done(dialogs=rows, by=request.auth.actor, at=timezone.now())
    return Status(200, _read(request, id))


@router.post(
    "/dialogs/{int:id}/undone",
    auth=WRITE,
    response=DialogDetail,
    operation_id="reopen_dialog",
    summary="Not done after all",
)
@keyed
def reopen_dialog(request: Call, id: int, key: IdempotencyKey, if_match: IfMatch = "") -> Status[DialogDetail]:
    _row, rows = _to_change(request, id, if_match)
    acts.undo(dialogs=rows, by=request.auth.actor, at=timezone.now())
    return Status(200, _read(request, id))


@router.post(
    "/dialogs/{int:id}/assign",
    auth=WRITE,
    response=DialogDetail,
    operation_id="assign_dialog",
    summary="Give it to somebody",
)
@keyed
def assign_dialog(
    request: Call, id: int, body: Assigning, key: IdempotencyKey, if_match: IfMatch = ""
) -> Status[DialogDetail]:
    """To an employee who sees the customer and may work for it."""
    row, rows = _to_change(request, id, if_match)
    to = next((each for each in who_may_answer(row) if each.email == body.employee.lower()), None)
    if body.employee and to is None:
        raise refused("employee", _("Velg en som ser kunden."))
    acts.assign(dialogs=rows, to=to, by=request.auth.actor, at=timezone.now())
    return Status(200, _read(request, id))


def _to_change(request: Call, pk: int, if_match: str) -> tuple[Dialog, QuerySet[Dialog]]:
    """The dialog, locked until the end of the transaction, and the same for a service. Raises Problem."""
    row = find(request, pk)
    rows = Dialog.objects.filter(pk=row.pk)
    locked = rows.select_for_update(no_key=True).get()
    if if_match not in ("", "*", etag_of(locked)):
        raise Problem("CHANGED_MEANWHILE")
    return row, rows
