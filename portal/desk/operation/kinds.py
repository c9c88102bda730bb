"""Every kind of row that workers claim, with the rows that they claim. A test asks for each model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import CustomerImport, NotificationPlan, RegisterRound, followed
from portal.core.outbox.message import OutboxMessage
from portal.core.queues import Purpose
from submissions.models import DueRound, EarlierReport, Heap, PackageCheck
from submissions.services import labels
from submissions.services.inbox import attachments, cursors, missed, pull
from submissions.services.inbox.subscriptions import asking, comparing
from submissions.services.opened import tell
from submissions.services.orders import work as orders
from submissions.services.sending import reconcile, send
from systemusers.models import (
    Access,
    Campaign,
    ChangeRequest,
    ClientRelation,
    ClientRound,
    FoundSystemUser,
    Invitation,
    OfferedRound,
    RightsCheck,
    System,
    SystemRound,
)


@dataclass(frozen=True)
class Kind:
    """`code` is part of addresses and a label of metrics. `rows`: what the workers take when it is due. `customer`: the way to it."""

    code: str
    title: str | Promise
    purpose: Purpose
    rows: Callable[[], QuerySet[Any]]
    customer: str = ""


def _here(model: Any) -> Callable[[], QuerySet[Any]]:
    return lambda: model.objects.filter(environment__in=settings.ENVIRONMENTS)


def _usable(model: Any) -> Callable[[], QuerySet[Any]]:
    return lambda: model.objects.filter(followed("access__customer"), access__status__in=Access.USABLE)


OWN, BY_ACCESS, BY_REPORT, BY_DIALOG = (
    "customer",
    "access__customer",
    "submission__customer",
    "transmission__dialog__customer",
)
S, F, D, M, A = Purpose.SENDING, Purpose.FOLLOWING, Purpose.DOCUMENTS, Purpose.MAIL, Purpose.DEFAULT
KINDS = [
    Kind("submission", _("Innsendinger"), S, send.waiting_rows, OWN),
    Kind("uncertain", _("Uavklarte innsendinger"), S, reconcile.uncertain_rows, OWN),
    Kind("order", _("Bestillinger"), S, orders.waiting_rows, OWN),
    Kind("opening", _("Åpninger å fortelle om"), S, tell.waiting, BY_DIALOG),
    Kind("cursor", _("Kunder å spørre for"), F, cursors.usable, BY_ACCESS),
    Kind("dialog", _("Dialoger å hente"), F, pull.unfinished, OWN),
    Kind("missed", _("Dialoger som Altinn har varslet om"), F, missed.rows, BY_ACCESS),
    Kind("subscription", _("Abonnementer på hendelser"), F, asking.wanted, BY_ACCESS),
    Kind("subscriptions", _("Abonnementer å sammenligne"), F, comparing.rounds, BY_ACCESS),
    Kind("label", _("Arkiveringer i Altinn"), F, labels.waiting, "dialog__customer"),
    Kind("attachment", _("Dokumenter å hente"), D, attachments.due, BY_DIALOG),
    Kind(
        "check",
        _("Pakker å kontrollere"),
        D,
        lambda: PackageCheck.objects.filter(followed("submission__customer")),
        BY_REPORT,
    ),
    Kind("heap", _("Hauger å sortere"), D, Heap.objects.all),
    Kind("earlier", _("Rapporter fra året før"), D, EarlierReport.objects.all, BY_REPORT),
    Kind("message", _("Meldinger i utboksen"), M, OutboxMessage.objects.waiting),
    Kind("invitation", _("E-post til kunder"), M, Invitation.objects.to_work, BY_ACCESS),
    Kind("notice", _("Varsler til ansatte"), M, lambda: NotificationPlan.objects.filter(user__is_active=True)),
    Kind("ask", _("Forespørsler å sende"), A, Access.objects.to_send, OWN),
    Kind("answer", _("Forespørsler å følge opp"), A, Access.objects.to_poll, OWN),
    Kind("withdraw", _("Forespørsler å trekke tilbake"), A, Access.objects.to_withdraw, OWN),
    Kind("presence", _("Tilganger å undersøke"), A, Access.objects.to_check, OWN),
    Kind("change", _("Endringer å sende"), A, ChangeRequest.objects.to_send, BY_ACCESS),
    Kind("change-answer", _("Endringer å følge opp"), A, ChangeRequest.objects.to_poll, BY_ACCESS),
    Kind("rights", _("Rettigheter å lese"), A, _usable(RightsCheck), BY_ACCESS),
    Kind(
        "system",
        _("Systemer å sammenligne"),
        A,
        lambda: SystemRound.objects.filter(system__status=System.Status.REGISTERED),
    ),
    Kind("clients", _("Regnskapsføreres klienter å lese"), A, _usable(ClientRound), BY_ACCESS),
    Kind("client", _("Klienter å ta inn"), A, ClientRelation.objects.to_take_in, BY_ACCESS),
    Kind("found", _("Systembrukere å overta"), A, FoundSystemUser.objects.to_take_over),
    Kind("campaign", _("Kampanjer"), A, lambda: Campaign.objects.filter(status__in=Campaign.MOVING)),
    Kind(
        "import",
        _("Importer av kunder"),
        A,
        lambda: CustomerImport.objects.filter(status__in=CustomerImport.MOVING),
    ),
    Kind("offered", _("Altinns lister å lese"), A, _here(OfferedRound)),
    Kind("register", _("Enhetsregisteret å spørre"), A, _here(RegisterRound)),
    Kind("board", _("Fristtavler å telle"), A, _here(DueRound)),
]
BY_CODE = {kind.code: kind for kind in KINDS}
NOT_SWEPT = ("systemusers.KeyRotation",)
"""Models whose rows only a person's act takes."""
