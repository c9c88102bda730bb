"""Asks Altinn what the system user of an access may do, with a token of the system user itself.

Only authorised parties tell it; the vendor's own calls return no rights.
https://docs.altinn.studio/api/accessmanagement/
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import LONGEST_WAIT, Hold
from portal.core.problems import code_of
from portal.gateways import urns
from portal.gateways.altinn import AuthorizedParty
from portal.gateways.errors import Refused
from systemusers.models import Access, AccessProfile, ClientRound, Kind, RightsCheck
from systemusers.services.parties import ask
from systemusers.services.tokens import NoKey

BY = "task:check_rights"
BATCH = 20
NOT_LISTED = "NOT_LISTED"
LATER = timedelta(days=1)
"""Until the next question when Altinn or Maskinporten says no, and when the customer is not in the answer."""


def rights_problem(access: Access) -> str:
    """Why the last question was not answered; "" when there was none, or none is needed."""
    if not access.has_unknown_rights:
        return ""
    if access.profile.kind == Kind.AGENT:
        return ClientRound.objects.filter(access=access).values_list("problem_code", flat=True).first() or ""
    return RightsCheck.objects.filter(access=access).values_list("problem_code", flat=True).first() or ""


def check_rights_due(*, at: datetime) -> int:
    """Ask about a batch of those that are due. Returns how many were taken."""
    usable = RightsCheck.objects.filter(access__status__in=Access.USABLE)
    rows = usable.exclude(access__profile__kind=Kind.AGENT)  # its clients tell: see client_relations.refresh
    holds = lease.claim(rows.select_related("access__customer", "access__profile__system__client"), at=at, limit=BATCH)
    lease.work_through(holds, check_rights)
    for hold in holds:
        lease.wake_alike(rows, holds=[hold], at=at)
    return len(holds)


def check_rights(hold: Hold[RightsCheck]) -> None:
    """Store what Altinn says. Without the scope, or when the customer is not listed yet, the rights stay unknown.

    Raises LostRace, Unavailable, BrokenReply.
    """
    access = hold.row.access
    try:
        parties = ask(hold, access)
    except NoKey as error:
        hold.put_off(code=code_of(error), wait=LONGEST_WAIT)
        return
    except Refused as error:
        hold.put_off(code=code_of(error), wait=LATER)
        return
    own = next((party for party in parties if party.orgnr == access.customer.orgnr), None)
    if own is None:
        hold.put_off(code=NOT_LISTED, wait=LATER)
        return
    _store(hold, own)


def _store(hold: Hold[RightsCheck], own: AuthorizedParty) -> None:
    """The rights of one whose rights were unknown; a name where the customer had none but its number."""
    access, at = hold.row.access, hold.now()
    rights, packages = sorted(own.resources), sorted(map(urns.package, own.packages))
    with transaction.atomic():
        hold.lock()
        unknown = Access.objects.filter(pk=access.pk, rights_known_at=None)
        if unknown.update(rights=rights, packages=packages, rights_known_at=at):
            AccessProfile.objects.filter(pk=access.profile_id).update(to_mark_at=at)
            record(by=BY, at=at, target=access, what=AuditType.RIGHTS_KNOWN, rights=rights, packages=packages)
        customer = access.customer
        if own.name and customer.name == customer.orgnr:
            type(customer).objects.filter(pk=customer.pk, name=customer.orgnr).update(name=own.name[:200])
        hold.finish(checked_at=at)
