"""What authorities have asked for: dialogs that wait for material, and the submissions that answer them.

Such a dialog is a task for a person. Where the portal cannot send the material, the task says where it is delivered by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Customer, User
from portal.core.environments import Environment, addresses
from portal.core.required import required
from submissions.adapters import ANSWERING
from submissions.models import Dialog, DialogQuerySet, Submission, Transmission
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.catalogue import Service
from submissions.services.drafting import drafts
from submissions.services.drafting.beside import TAKEN
from submissions.services.offers import access_for
from submissions.services.opened import note

ASKS = "Request"
"""The type of the transmission in which an authority asks."""

ON_THEIR_WAY = ("QUEUED", "SENDING", "UNCERTAIN")


class NotAsked(Exception):
    """The dialog does not ask for material, or no longer."""


def service_of(dialog: Dialog) -> Service | None:
    """The service by which the dialog is answered; None for a dialog that does not ask. No query."""
    wanted = dialog.service_resource
    entries = (entry for entry in catalogue.services() if entry.adapter in ANSWERING)
    return next((entry for entry in entries if wanted in entry.resource_urns), None)


def waiting(rows: DialogQuerySet) -> DialogQuerySet:
    """Those of `rows` that ask for material and have not got any since they asked last."""
    urns = [urn for entry in catalogue.services() if entry.adapter in ANSWERING for urn in entry.resource_urns]
    open_ones = rows.present().filter(service_resource__in=urns).exclude(status="Completed")
    return open_ones.annotate(asked_at=_asked_at()).filter(~Exists(_given()))


def with_given(rows: DialogQuerySet) -> DialogQuerySet:
    """Annotates id and state of the newest submission that answers what the dialog asked for last: None while it waits for one."""
    newest = _given().order_by("-queued_at", "-pk")
    return rows.annotate(asked_at=_asked_at()).annotate(
        given_id=Subquery(newest.values("pk")[:1]), given_status=Subquery(newest.values("status")[:1])
    )


def _asked_at() -> Coalesce:
    asked = Transmission.objects.filter(dialog=OuterRef("pk"), type=ASKS, deleted_at__isnull=True)
    return Coalesce(Subquery(asked.order_by("-created_at").values("created_at")[:1]), F("created_at"))


def _given() -> QuerySet[Submission]:
    return Submission.objects.filter(answers=OuterRef("pk"), status__in=TAKEN, queued_at__gt=OuterRef("asked_at"))


def given_to(dialog: Dialog) -> str:
    """The state of what `with_given` found for a dialog that asks; "" when it waits for material, or asks for none. No query."""
    asks = dialog.status == "RequiresAttention" and service_of(dialog) is not None
    return getattr(dialog, "given_status", None) or "" if asks else ""


def find_waiting(*, user: User, environment: Environment) -> DialogQuerySet:
    return waiting(Dialog.objects.visible_to(user).current().filter(environment=environment))


@dataclass(frozen=True)
class Task:
    """A dialog that asks, for a list. `due_at` is the authority's deadline, None without one."""

    dialog: Dialog
    due_at: datetime | None
    is_late: bool


def is_asked() -> Exists:
    """Of a customer: whether somebody waits for material."""
    return Exists(waiting(Dialog.objects.filter(customer=OuterRef("pk"))))


def of_customer(customer: Customer, *, at: datetime) -> list[Task]:
    """What the customer is asked for, the nearest deadline first."""
    rows = waiting(Dialog.objects.filter(customer=customer)).order_by(F("due_at").asc(nulls_last=True), "pk")
    return [Task(row, row.due_at, bool(row.due_at and row.due_at < at)) for row in rows]


@dataclass(frozen=True)
class Answering:
    """What the page of a dialog that asks shows. `obstacle` says why it cannot be sent from here, "" when it can.

    `by_hand` explains where it is delivered then, and `link` leads there. `given` are the submissions so far, newest first.
    """

    service: Service
    is_waiting: bool
    obstacle: str
    by_hand: str
    link: str
    given: QuerySet[Submission]

    @property
    def is_on_its_way(self) -> bool:
        """Skatteetaten has not confirmed what was sent last."""
        return any(row.status in ON_THEIR_WAY for row in self.given)

    @property
    def may_begin(self) -> bool:
        return not self.obstacle


def answering(dialog: Dialog) -> Answering | None:
    """None for a dialog that asks for nothing. `dialog` is loaded with its access and customer."""
    service = service_of(dialog)
    if service is None:
        return None
    access = access_for(customer=dialog.customer, service=service, used=dialog.access)
    availability = catalogue.availability(access=access, service=service, customer=dialog.customer)
    return Answering(
        service=service,
        is_waiting=waiting(Dialog.objects.filter(pk=dialog.pk)).exists(),
        obstacle=availability.reason,
        by_hand=service.reason,
        link=_gui_address(dialog) or addresses(dialog.environment).inbox,
        given=dialog.material.order_by("-pk"),
    )


def _gui_address(dialog: Dialog) -> str:
    """The sender's own page for people, of the newest transmission that has one."""
    urls = dialog.transmissions.filter(attachments__gui_url__startswith="https://").order_by("-created_at", "-pk")
    return urls.values_list("attachments__gui_url", flat=True).first() or ""


def begin(*, dialog: Dialog, by: str, at: datetime, is_person: bool = True) -> Submission:
    """A draft that answers the dialog; the open one when there is one. `is_person` False: a machine begins, and has read nothing.

    Raises NotAsked and drafts.NotAllowed.
    """
    service = service_of(dialog)
    if service is None or dialog.gone_at is not None or dialog.status == "Completed":
        raise NotAsked(f"dialog {dialog.pk} asks for nothing")
    access = access_for(customer=dialog.customer, service=service, used=dialog.access)
    period = Period(PeriodKind.NONE, timezone.localdate(at))
    if is_person:
        with transaction.atomic():
            note.dialog_answered(dialog=dialog, by=by, at=at)
    try:
        draft, _refused = drafts.begin(
            access=access,
            customer=dialog.customer,
            service=service.id,
            period=period,
            files=[],
            answers=dialog,
            by=by,
            at=at,
        )
    except drafts.OpenDraft as error:
        return error.draft
    return required(draft, because="no file was given that could be refused")
