"""Requests and renewals: writes intents to the database only. `send` sends them to Altinn.

The external reference is chosen once and never changes. It is the customer's number, Altinn's default; a second profile
of the same system needs another, as Altinn has one system user per (system, customer, reference). The customer's row is
locked, so that two processes cannot choose the same.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import chain, count
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Customer
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.states import LostRace
from systemusers.models import Access, AccessProfile, FoundSystemUser, Invitation, Kind, System, link_columns, new_link
from systemusers.models.access import AccessQuerySet

Status = Access.Status


class AlreadyRequested(Exception):
    """The customer was asked for this profile before: `access` is that row, which can be renewed."""

    def __init__(self, access: Access) -> None:
        super().__init__(f"access {access.pk} exists")
        self.access = access


class AlreadyApproved(Exception):
    """The customer has approved the system in Altinn, and the system user waits to be taken over: `found`."""

    def __init__(self, found: FoundSystemUser) -> None:
        super().__init__(f"found system user {found.pk}")
        self.found = found


class NotPossible(Exception):
    """Altinn would refuse it. The message is a translated sentence for staff."""

    code = "NOT_POSSIBLE"


def ask_access(*, customer: Customer, profile: AccessProfile, by: str, at: datetime) -> Access:
    """A DRAFT to be sent. Raises AlreadyRequested (also to the slower of two), AlreadyApproved and NotPossible."""
    _check_possible(customer, profile)
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        check_current(customer)
        _check_new(customer, profile)
        access = Access.objects.create(
            environment=customer.environment, customer=customer, profile=profile, status_at=at, requested_by=by,
            external_ref=_external_ref(customer, profile), next_attempt_at=at, **wanted(profile),
        )  # fmt: skip
        record(by=by, at=at, target=access, what=AuditType.REQUESTED, profile=profile.name, **wanted(profile))
    return access


def _check_new(customer: Customer, profile: AccessProfile) -> None:
    """Nobody who has approved is asked again: neither for the profile, nor while what an approved access may do is unknown."""
    same_kind = with_unknown_rights(profile).filter(customer=customer)
    existing = Access.objects.filter(customer=customer, profile=profile).order_by("pk").first() or same_kind.first()
    if existing is not None:
        raise AlreadyRequested(existing)
    found = waiting_there(profile).filter(orgnr=customer.orgnr).first()
    if found is not None:
        raise AlreadyApproved(found)


def with_unknown_rights(profile: AccessProfile) -> AccessQuerySet:
    """Approved accesses of the profile's system and kind of which nobody has told what they may do."""
    return Access.objects.filter(
        profile__system=profile.system, profile__kind=profile.kind, rights_known_at=None,
        status__in={*Access.USABLE, Status.UNKNOWN},
    )  # fmt: skip


def waiting_there(profile: AccessProfile) -> QuerySet[FoundSystemUser]:
    """What customers have approved in Altinn and nobody has taken over yet."""
    rows = FoundSystemUser.objects.filter(system=profile.system, kind=profile.kind)
    return rows.filter(gone_at=None, access=None, ignored_at=None)


def ask_beside(*, access: Access, by: str, at: datetime) -> Access:
    """For an agent access, which cannot be changed: a new one with the profile of today, beside the old, which works until the
    customer removes it in Altinn. The customer must attach the clients to the new one there.

    Raises NotPossible, and AlreadyRequested when a new one is on its way.
    """
    _check_possible(access.customer, access.profile)
    if access.profile.kind != Kind.AGENT or access.status not in Access.USABLE:
        raise NotPossible(_("Bare en tilgang for klienter som er i bruk, trenger en ny ved siden av seg."))
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=access.customer_id)
        check_current(access.customer)
        newer = Access.objects.filter(replaces=access).exclude(status__in=Access.ENDED).first()
        if newer is not None:
            raise AlreadyRequested(newer)
        new = Access.objects.create(
            environment=access.environment, customer=access.customer, profile=access.profile, status_at=at, requested_by=by,
            external_ref=next_ref(access), next_attempt_at=at, replaces=access, **wanted(access.profile),
        )  # fmt: skip
        record(
            by=by, at=at, target=new, what=AuditType.REQUESTED, profile=access.profile.name, **wanted(access.profile)
        )
    return new


def _taken_refs(customer: Customer, system: System, *, but_for: str = "") -> set[str]:
    """The references that the system has for the customer, here or in Altinn's list, whatever the kind: Altinn has one system
    user for each. Of those in the list, the ones of the kind `but_for` are left out: a question there is answered already.
    """
    same_system = Access.objects.filter(customer=customer, profile__system=system)
    found = FoundSystemUser.objects.filter(system=system, orgnr=customer.orgnr).exclude(kind=but_for)
    return {*same_system.values_list("external_ref", flat=True), *found.values_list("external_ref", flat=True)}


def next_ref(access: Access) -> str:
    """A reference that the system does not have for the customer."""
    taken = _taken_refs(access.customer, access.profile.system)
    stem = f"{access.customer.orgnr}-{access.profile_id}"
    return next(ref for number in count(2) if (ref := f"{stem}-{number}") not in taken)


def check_current(customer: Customer) -> None:
    """Raises NotPossible. With the customer's row locked it holds until the end of the transaction."""
    if Customer.objects.filter(pk=customer.pk, end_asked_at__isnull=False).exists():
        raise NotPossible(_("Kundeforholdet til %(name)s er avsluttet.") % {"name": customer.name})


def _check_possible(customer: Customer, profile: AccessProfile) -> None:
    check_possible(profile, environment=customer.environment)


def check_possible(profile: AccessProfile, *, environment: str) -> None:
    """Raises NotPossible."""
    if profile.system.environment != environment:
        raise NotPossible(_("Profilen hører til et annet miljø enn kunden. Velg en profil fra samme miljø."))
    if profile.system.status == System.Status.DRAFT:
        raise NotPossible(_("Systemet er ikke registrert i Altinn ennå. Registrer det under Systemer først."))
    if profile.system.status == System.Status.DELETED:
        raise NotPossible(_("Systemet er slettet i Altinn. Velg en profil på et annet system."))


def wanted(profile: AccessProfile) -> dict[str, Any]:
    """What a customer is asked for."""
    return {"rights": list(profile.rights), "packages": list(profile.packages)}


def _external_ref(customer: Customer, profile: AccessProfile) -> str:
    return free_ref(customer, profile, taken=_taken_refs(customer, profile.system, but_for=profile.kind))


def free_ref(customer: Customer, profile: AccessProfile, *, taken: Collection[str]) -> str:
    """The first reference for a new access that is not `taken`."""
    stem = f"{customer.orgnr}-{profile.pk}"
    offered = chain([customer.orgnr, stem], (f"{stem}-{number}" for number in count(2)))
    return next(ref for ref in offered if ref not in taken)


def renew_access(*, access: Access, by: str, at: datetime) -> None:
    """Ask again on the same row and link, with the current profile. `send` deletes Altinn's old request.

    Raises IllegalTransition when there is nothing to renew, LostRace, NotPossible.
    """
    _check_possible(access.customer, access.profile)
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=access.customer_id)
        check_current(access.customer)
        if not by.startswith("customer:"):
            Invitation.objects.filter(access=access).ask_again(at=at)
        _renew(access, by, at)


def _renew(access: Access, by: str, at: datetime) -> None:
    access.move_to(Status.DRAFT, by=by, at=at, **as_new(access.profile, by=by, at=at))


def as_new(profile: AccessProfile, *, by: str, at: datetime) -> dict[str, Any]:
    """The columns of an access that is asked for again."""
    return {
        "requested_by": by, "next_attempt_at": at, "lease_until": None, "problem_code": "", "failures": 0, "missing_since": None,
        "rights_known_at": None, "sent_at": None, "opened_at": None, "answered_at": None, "remote_status": "", "confirm_url": "",
        "link_revoked_at": None, "withdrawal": None, **wanted(profile),
    }  # fmt: skip


def send_again(*, access: Access, by: str, at: datetime) -> None:
    """Make a DRAFT due now, after a refusal or a missing answer. Raises LostRace when it is not a DRAFT any more."""
    with transaction.atomic():
        rows = Access.objects.filter(pk=access.pk, status=Status.DRAFT)
        if not rows.update(next_attempt_at=at, problem_code="", failures=0, **wanted(access.profile)):
            raise LostRace(f"access {access.pk} is no longer a draft")
        record(by=by, at=at, target=access, what=AuditType.SEND_AGAIN)


def revoke_link(*, access: Access, by: str, at: datetime) -> None:
    """Close the customer's link; `reopen_link` makes a new one."""
    with transaction.atomic():
        Access.objects.filter(pk=access.pk).update(link_revoked_at=at)
        lease.make_due(Invitation.objects.running().filter(access=access), at=at)
        record(by=by, at=at, target=access, what=AuditType.LINK_REVOKED)
    access.link_revoked_at = at


def reopen_link(*, access: Access, by: str, at: datetime) -> None:
    """A new link in place of the old, which stops working."""
    columns = {"link_revoked_at": None, **link_columns(new_link())}
    with transaction.atomic():
        Access.objects.filter(pk=access.pk).update(**columns)
        Invitation.objects.filter(access=access).ask_again(at=at)
        record(by=by, at=at, target=access, what=AuditType.LINK_RENEWED)
    for name, value in columns.items():
        setattr(access, name, value)
