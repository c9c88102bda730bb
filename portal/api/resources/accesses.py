"""Accesses: what a customer is asked for, how far it has come, the customer's link, taking back and asking again."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Status
from pydantic import AfterValidator, Field

from accounts.models import Scope
from accounts.services.proposals import NeedsSecondPerson
from portal.api.keyed import keyed
from portal.api.keyset import page_of
from portal.api.problems import Problem
from portal.api.resources import customers
from portal.api.security import Call, OAuth2
from portal.api.shapes import IdempotencyKey, Moment, OfCustomers, Orgnr, Page, Shape, Since, one_of
from portal.core import enqueue, readings
from portal.core.audit_events import AuditType
from portal.core.problems import code_of
from portal.core.states import IllegalTransition, LostRace
from portal.explain import explain
from portal.gateways.errors import GatewayError
from systemusers import tasks
from systemusers.models import Access, AccessProfile, System
from systemusers.models.access import AccessQuerySet
from systemusers.services import access as services
from systemusers.services import invitations, links
from systemusers.services.access.ask_many import (
    APPROVED,
    CLOSED,
    ENDED,
    HAS_ACCESS,
    UNCLEAR,
    UNDERWAY,
    ask_many,
    obstacles,
)
from systemusers.services.alone import check_alone
from systemusers.services.asking import ask_customer
from systemusers.services.tokens import NoKey

router = Router(tags=["accesses"])
MOST = 1_000
STATUSES = list(Access.Status.values)
AccessStatus = Annotated[str, Field(json_schema_extra={"enum": STATUSES})]
READ, WRITE = OAuth2(Scope.ACCESSES_READ), OAuth2(Scope.ACCESSES_WRITE)


class ProfileShape(Shape):
    id: int
    name: str
    system: str
    kind: str
    rights: list[str]
    packages: list[str]


class ExplainedProblem(Shape):
    code: str
    title: str
    how: str


class AccessShape(Shape):
    """`reference` is ours and never changes. `problem` says what a person must look at."""

    reference: UUID
    orgnr: Orgnr
    profile: int
    profile_name: str
    status: AccessStatus
    status_text: str
    status_at: Moment
    is_usable: bool
    external_ref: str
    created_at: Moment
    answered_at: Moment | None
    problem: ExplainedProblem | None


class LinkShape(Shape):
    """The address for the customer. Whoever has it can see what is asked for: treat it as a secret. `is_closed`: it does not work."""

    url: str
    is_closed: bool


class Asking(Shape):
    orgnr: Orgnr
    profile: Annotated[int, Field(description="The `id` of a profile.", ge=1, le=2**63 - 1)]
    mail: Annotated[bool, Field(description="Mail the link to the customer, as the plan of mails says.")] = False


class AskingMany(Shape):
    orgnrs: Annotated[list[Orgnr], Field(min_length=1, max_length=MOST)]
    profile: Annotated[int, Field(ge=1, le=2**63 - 1)]
    mail: bool = False


class AskedRow(Shape):
    """`outcome` is asked or refused. `reference` is the access, also the one that stands in the way."""

    orgnr: str
    outcome: str
    code: str
    text: str
    reference: UUID | None


class AskedMany(Shape):
    asked: int
    refused: int
    rows: list[AskedRow]


class AccessFilters(OfCustomers):
    changed_after: Annotated[Since, Field(description="Whose state has changed since.")] | None = None
    status: Annotated[
        str, AfterValidator(one_of(["", *STATUSES])), Field(json_schema_extra={"enum": ["", *STATUSES]})
    ] = ""


def mine(request: Call) -> AccessQuerySet:
    caller = request.auth
    rows = Access.objects.visible_to(caller).filter(environment=caller.environment)
    return rows.select_related("customer", "profile__system")


def find(request: Call, reference: UUID) -> Access:
    """Raises Problem."""
    row = mine(request).filter(reference=reference).first()
    if row is None:
        raise Problem("NOT_FOUND")
    return row


def explained(code: str) -> ExplainedProblem | None:
    if not code:
        return None
    known = explain(code)
    return ExplainedProblem(code=code, title=str(known.title), how=str(known.how))


def shown(row: Access) -> AccessShape:
    return AccessShape(
        reference=row.reference, orgnr=row.customer.orgnr, profile=row.profile_id, profile_name=row.profile.name,
        status=row.status, status_text=row.get_status_display(), status_at=row.status_at,
        is_usable=row.status in Access.USABLE, external_ref=row.external_ref, created_at=row.created_at,
        answered_at=row.answered_at, problem=explained(row.problem_code),
    )  # fmt: skip


def _profile(request: Call, pk: int) -> AccessProfile:
    row = (
        AccessProfile.objects.filter(pk=pk, system__environment=request.auth.environment)
        .select_related("system")
        .first()
    )
    if row is None:
        raise Problem(
            "INVALID", errors=[{"field": "profile", "code": "unknown", "message": _("Profilen finnes ikke.")}]
        )
    return row


@router.get(
    "/profiles", auth=READ, response=list[ProfileShape], operation_id="list_profiles", summary="List access profiles"
)
def list_profiles(request: Call) -> list[ProfileShape]:
    """What customers can be asked for."""
    rows = AccessProfile.objects.filter(system__environment=request.auth.environment).select_related("system")
    rows = rows.exclude(system__status=System.Status.DELETED).order_by("pk")
    return [
        ProfileShape(id=row.pk, name=row.name, system=row.system.system_id, kind=row.kind, rights=row.rights, packages=row.packages)
        for row in rows
    ]  # fmt: skip


@router.get("/accesses", auth=READ, response=Page[AccessShape], operation_id="list_accesses", summary="List accesses")
def list_accesses(request: Call, filters: Query[AccessFilters]) -> HttpResponse:
    rows = filters.of(mine(request))
    rows = rows.filter(status=filters.status) if filters.status else rows
    rows = rows.filter(status_at__gt=filters.changed_after) if filters.changed_after else rows
    return page_of(rows, after=filters.after, limit=filters.limit, show=shown)


@router.get(
    "/accesses/{uuid:reference}", auth=READ, response=AccessShape, operation_id="get_access", summary="Read one access"
)
def get_access(request: Call, reference: UUID) -> AccessShape:
    return shown(find(request, reference))


@router.get("/accesses/{uuid:reference}/link", auth=READ, response=LinkShape, operation_id="get_access_link",
            summary="The customer's link")  # fmt: skip
def get_access_link(request: Call, reference: UUID) -> LinkShape:
    row = find(request, reference)
    readings.note(
        by=request.auth.actor,
        at=timezone.now(),
        target=row,
        what=AuditType.LINK_READ,
        environment=row.environment,
        customer_id=row.customer_id,
    )
    return LinkShape(url=links.link_url(row), is_closed=row.link_revoked_at is not None)


@router.post("/accesses", auth=WRITE, response={201: AccessShape}, operation_id="ask_access", summary="Ask a customer")
@keyed
def ask_access(request: Call, body: Asking, key: IdempotencyKey) -> Status[AccessShape]:
    """A worker sends the question to Altinn. The link works at once."""
    customer, profile = customers.find(request, body.orgnr), _profile(request, body.profile)
    try:
        asked = ask_customer(
            customer=customer, profile=profile, mails=body.mail, by=request.auth.actor, at=timezone.now()
        )
    except services.AlreadyRequested as error:
        raise Problem("ALREADY_ASKED", reference=str(error.access.reference)) from None
    except services.AlreadyApproved:
        raise Problem("ALREADY_APPROVED") from None
    except services.NotPossible as error:
        raise Problem("NOT_POSSIBLE", detail=str(error)) from None
    enqueue.enqueue_on_commit(tasks.send_accesses)
    return Status(201, shown(find(request, asked.access.reference)))


@router.post(
    "/accesses/bulk", auth=WRITE, response=AskedMany, operation_id="ask_accesses", summary="Ask many customers"
)
@keyed
def ask_accesses(request: Call, body: AskingMany, key: IdempotencyKey) -> Status[AskedMany]:
    """With a verdict for each, in the same order."""
    at, by = timezone.now(), request.auth.actor
    try:
        check_alone(len(body.orgnrs), environment=request.auth.environment, by=by)
    except NeedsSecondPerson:
        raise Problem("NEEDS_TWO_PERSONS") from None
    profile = _profile(request, body.profile)
    found = {row.orgnr: row for row in customers.mine(request).filter(orgnr__in=body.orgnrs)}
    in_the_way = obstacles(customers=list(found.values()), profile=profile)
    try:
        made = ask_many(customers=list(found.values()), profile=profile, by=by, at=at)
    except services.NotPossible as error:
        raise Problem("NOT_POSSIBLE", detail=str(error)) from None
    if body.mail and made:
        invitations.order(accesses=[row.pk for row in made], by=by, at=at)
    enqueue.enqueue_on_commit(tasks.send_accesses)
    asked = {row.customer_id: row for row in made}
    rows = [_row(orgnr, found.get(orgnr), asked, in_the_way) for orgnr in body.orgnrs]
    number = sum(row.outcome == "asked" for row in rows)
    return Status(200, AskedMany(asked=number, refused=len(rows) - number, rows=rows))


def _row(orgnr: str, customer: Any, asked: dict[int, Access], in_the_way: dict[int, Any]) -> AskedRow:
    if customer is None:
        return AskedRow(orgnr=orgnr, outcome="refused", code="NOT_FOUND", text=_texts()["NOT_FOUND"], reference=None)
    if row := asked.get(customer.pk):
        return AskedRow(orgnr=orgnr, outcome="asked", code="", text="", reference=row.reference)
    obstacle = in_the_way.get(customer.pk)
    code = obstacle.code if obstacle else UNDERWAY
    reference = obstacle.access.reference if obstacle and obstacle.access else None
    return AskedRow(orgnr=orgnr, outcome="refused", code=code, text=_texts()[code], reference=reference)


def _texts() -> dict[str, str]:
    return {
        "NOT_FOUND": _("Kunden finnes ikke, eller integrasjonen ser den ikke."),
        HAS_ACCESS: _("Kunden har gitt tilgangen."),
        UNDERWAY: _("Kunden er spurt, og har ikke svart."),
        ENDED: _("Kunden er spurt før. Forny den tilgangen."),
        UNCLEAR: _("Kunden har en tilgang, og det er ikke kjent hva den gjelder."),
        APPROVED: _("Kunden har godkjent i Altinn før. Noen må overta tilgangen."),
        CLOSED: _("Kundeforholdet er avsluttet."),
    }


@router.post("/accesses/{uuid:reference}/renew", auth=WRITE, response=AccessShape, operation_id="renew_access",
             summary="Ask again")  # fmt: skip
@keyed
def renew_access(request: Call, reference: UUID, key: IdempotencyKey) -> Status[AccessShape]:
    """After a no, or when the question has expired, was taken back, or the customer removed the access. The link stays the same."""
    row = find(request, reference)
    try:
        services.renew_access(access=row, by=request.auth.actor, at=timezone.now())
    except (IllegalTransition, LostRace):
        raise Problem("MOVED_ON", detail=row.get_status_display()) from None
    except services.NotPossible as error:
        raise Problem("NOT_POSSIBLE", detail=str(error)) from None
    enqueue.enqueue_on_commit(tasks.send_accesses)
    return Status(200, shown(find(request, reference)))


@router.post("/accesses/{uuid:reference}/withdraw", auth=WRITE, response=AccessShape, operation_id="withdraw_access",
             summary="Take a question back")  # fmt: skip
@keyed(in_one=False)
def withdraw_access(request: Call, reference: UUID, key: IdempotencyKey) -> Status[AccessShape]:
    """In Altinn too, before this answers. What is taken back already stays so."""
    row = find(request, reference)
    if row.status != Access.Status.WITHDRAWN:
        _withdraw(row, by=request.auth.actor)
    return Status(200, shown(find(request, reference)))


def _withdraw(row: Access, *, by: str) -> None:
    try:
        services.withdraw_access(access=row, by=by, at=timezone.now())
    except services.AlreadyAnswered:
        raise Problem("ANSWERED", reference=str(row.reference)) from None
    except (LostRace, IllegalTransition):
        raise Problem("MOVED_ON", detail=row.get_status_display()) from None
    except (NoKey, GatewayError) as error:
        raise Problem("UNAVAILABLE", detail=explain(code_of(error)).sentence) from None
