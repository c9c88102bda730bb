"""A person asks customers for a change, or takes the question back. Writes intents; `work` sends them."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Customer
from portal.core.audit import record
from portal.core.audit_events import AuditType
from systemusers.models import Access, AccessProfile, ChangeRequest, Kind, System
from systemusers.models.access import AccessQuerySet
from systemusers.services.access.ask import NotPossible, check_current
from systemusers.services.changes.plan import Difference, difference

Status = ChangeRequest.Status


class AlreadyAsked(Exception):
    """The access has an open question: `change`."""

    def __init__(self, change: ChangeRequest) -> None:
        super().__init__(f"change request {change.pk} is open")
        self.change = change


def ask_change(*, access: Access, by: str, at: datetime, with_unwanted: bool = False) -> ChangeRequest:
    """A DRAFT to be sent. Raises AlreadyAsked (also to the slower of two) and NotPossible."""
    wanted = difference(access, with_unwanted=with_unwanted)
    check_possible(access, wanted)
    try:
        with transaction.atomic():
            Customer.objects.select_for_update(no_key=True).get(pk=access.customer_id)
            check_current(access.customer)
            return _create(access, wanted, by=by, at=at)
    except IntegrityError:
        existing = access.changes.open().first()
        if existing is None:
            raise
        raise AlreadyAsked(existing) from None


def _create(access: Access, wanted: Difference, *, by: str, at: datetime) -> ChangeRequest:
    change = ChangeRequest.objects.create(
        access=access, status_at=at, requested_by=by, next_attempt_at=at, **wanted.__dict__
    )
    record(
        by=by, at=at, target=change, what=AuditType.CHANGE_ASKED, customer_id=access.customer_id,
        rights=wanted.required_rights, packages=wanted.required_packages,
    )  # fmt: skip
    return change


def check_possible(access: Access, wanted: Difference) -> None:
    """Raises NotPossible. `access` has its profile and system loaded."""
    if access.status not in Access.USABLE:
        raise NotPossible(_("Tilgangen er ikke i bruk. Spør kunden på nytt i stedet."))
    if access.profile.kind == Kind.AGENT:
        raise NotPossible(_("En tilgang for klienter kan ikke endres. Be om en ny ved siden av den gamle."))
    if access.profile.system.status != System.Status.REGISTERED:
        raise NotPossible(_("Systemet er ikke registrert i Altinn."))
    if access.has_unknown_rights:
        raise NotPossible(_("Det er ukjent hva tilgangen gjelder. Spør Altinn om det først."))
    if wanted.is_empty:
        raise NotPossible(_("Kunden har godkjent alt som profilen ber om."))


def affected(profile: AccessProfile) -> AccessQuerySet:
    """The accesses that a question to all would go to: marked, and without an open one."""
    rows = Access.objects.filter(profile=profile, status=Access.Status.NEEDS_UPDATE)
    return rows.exclude(changes__status__in=ChangeRequest.OPEN)
