"""Before the first report of a service leaves in production, a person ticks a short checklist.

`check_can_send` is called wherever a person puts a report in the queue. What is in the queue already is not stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from submissions.models import ProductionStart, Submission
from submissions.services import catalogue


class Point(models.TextChoices):
    """What a person must have seen to. A new point asks for every service again."""

    AGREEMENT = (
        "AGREEMENT",
        lazy("Avtalen med Skatteetaten gjelder produksjon, og tilgangen (scope) er bestilt og gitt for produksjon."),
    )
    TRIED = "TRIED", lazy("Tjenesten er prøvd i test, og Skatteetaten godkjente oppgaven.")
    ACCESSES = (
        "ACCESSES",
        lazy("Kundene har godkjent tilgangen i produksjon. Det de godkjente i test, gjelder ikke her."),
    )
    FOLLOW_UP = "FOLLOW_UP", lazy("Det er avtalt hvem som følger svarene og retter det som blir avvist.")
    FINAL = (
        "FINAL",
        lazy(
            "Det som er levert, kan ikke hentes tilbake. Det må erstattes av en ny oppgave eller slettes med en ny levering."
        ),
    )


@dataclass(frozen=True)
class Start:
    """A service that may be sent in production. `ticked_at` None: nobody has ticked its checklist. `accepted`: reports in test."""

    service: catalogue.Service
    ticked_at: datetime | None
    accepted: int


class NotTicked(Exception):
    """The checklist of the service is not ticked. The message is a translated sentence for the user."""


class PointsMissing(Exception):
    """`missing` are the points that were not ticked."""

    def __init__(self, missing: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(missing)))
        self.missing = missing


def find_start(service: str) -> ProductionStart | None:
    """The ticked checklist; None when a point of it is missing, also one that a newer version of the portal added."""
    row = ProductionStart.objects.filter(service=service).first()
    return row if row and set(Point.values) <= set(row.points) else None


def starts() -> list[Start]:
    """Every report that is on and not closed in production, in the order of the catalogue. Three queries."""
    settings = catalogue.local(Environment.PRODUCTION)
    ticked = {
        row.service: row.ticked_at for row in ProductionStart.objects.all() if set(Point.values) <= set(row.points)
    }
    tried = Submission.objects.filter(environment=Environment.TEST, status=Submission.Status.ACCEPTED)
    accepted = dict(tried.order_by().values_list("service").annotate(Count("pk")))
    return [
        Start(one, ticked.get(one.id), accepted.get(one.id, 0))
        for one in catalogue.reports(settings)
        if settings.openness(one) != catalogue.Openness.CLOSED
    ]


def obstacle(submission: Submission) -> str:
    """Why a person must tick the checklist before this report can be sent; "" when it can. One query, in production only."""
    if submission.environment != Environment.PRODUCTION or find_start(submission.service):
        return ""
    name = catalogue.name_of(submission.service)
    return _("Sjekklisten for %(service)s i produksjon er ikke krysset av.") % {"service": name}


def check_can_send(submission: Submission) -> None:
    """Raises NotTicked."""
    if reason := obstacle(submission):
        raise NotTicked(reason)


def tick(*, service: str, points: frozenset[str], by: str, at: datetime) -> ProductionStart:
    """All points at once. Ticked already, nothing changes. Raises PointsMissing and catalogue.UnknownService."""
    catalogue.service(service)
    if missing := frozenset(Point.values) - points:
        raise PointsMissing(missing)
    with transaction.atomic():
        row, is_new = ProductionStart.objects.select_for_update().get_or_create(
            service=service, defaults={"ticked_by": by, "ticked_at": at, "points": list(Point.values)}
        )
        if not is_new and set(Point.values) <= set(row.points):
            return row
        row.ticked_by, row.ticked_at, row.points = by, at, list(Point.values)
        row.save(update_fields=["ticked_by", "ticked_at", "points"])
        _record(row, AuditType.PRODUCTION_TICKED, by=by, at=at)
    return row


def untick(*, service: str, by: str, at: datetime) -> None:
    """No new report of the service can be queued. Those in the queue are sent. Not ticked, nothing changes."""
    with transaction.atomic():
        row = ProductionStart.objects.select_for_update().filter(service=service).first()
        if row is not None:
            _record(row, AuditType.PRODUCTION_UNTICKED, by=by, at=at)
            row.delete()


def _record(row: ProductionStart, what: AuditType, *, by: str, at: datetime) -> None:
    points = list(row.points)
    record(by=by, at=at, target=row, what=what, environment=Environment.PRODUCTION, service=row.service, points=points)


def accepted_in_test(service: str) -> int:
    """How many reports of the service were accepted in the test environment."""
    return Submission.objects.filter(
        environment=Environment.TEST, service=service, status=Submission.Status.ACCEPTED
    ).count()
