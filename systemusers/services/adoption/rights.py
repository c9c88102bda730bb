"""What the system user of an access may do, as Altinn tells the system user itself: stored where it was not known."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime

from django.db import transaction

from accounts.models import followed
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.side_by_side import side_by_side
from portal.gateways.altinn import AuthorizedParty
from systemusers.models import Access, AccessProfile, ClientRound, Kind, RightsCheck
from systemusers.services import tokens
from systemusers.services.access.rounds import BATCH, work
from systemusers.services.authorised_parties import (
    SCOPE,
    Ask,
    after_a_no,
    ask_altinn,
    ask_now,
    packages_of,
    resources_of,
)

BY = "task:check_rights"
NOT_LISTED = "NOT_LISTED"
Answer = Future[list[AuthorizedParty]]


def rights_problem(access: Access) -> str:
    """Why the last question was not answered; "" when there was none, or none is needed."""
    if not access.has_unknown_rights:
        return ""
    if access.profile.kind == Kind.AGENT:
        return ClientRound.objects.filter(access=access).values_list("problem_code", flat=True).first() or ""
    return RightsCheck.objects.filter(access=access).values_list("problem_code", flat=True).first() or ""


def check_rights_due(*, at: datetime) -> int:
    """Ask about a batch of those that are due, all at once. Returns how many were taken."""
    usable = RightsCheck.objects.filter(followed("access__customer"), access__status__in=Access.USABLE)
    rows = usable.exclude(access__profile__kind=Kind.AGENT)  # its clients tell: see client_relations.refresh
    related = rows.select_related(
        "access__customer", "access__profile__system__client", "access__profile__system__admin_client"
    )
    path, asked = "access__profile__system__", {}

    def ask_all(holds: list[Hold[RightsCheck]]) -> None:
        asked.update(_ask_all(holds))

    def settle(hold: Hold[RightsCheck]) -> None:
        check_rights(hold, asked[hold].result)

    return work(related, settle, at=at, path=path, system_of=lambda row: row.access.profile.system, first=ask_all)


def _ask_all(holds: list[Hold[RightsCheck]]) -> dict[Hold[RightsCheck], Answer]:
    """What Altinn said to each, or the error. What the tokens show is noted."""
    sources = tokens.token_sources(hold.row.access for hold in holds)

    def ask(hold: Hold[RightsCheck]) -> Answer:
        source, answer = sources[hold.row.access_id], Answer()
        try:
            answer.set_result(
                ask_now(
                    hold.row.access,
                    lambda fresh: source.token((SCOPE,), at=hold.now(), fresh=fresh, exchanged=True),
                )
            )
        except Exception as error:
            answer.set_exception(error)
        return answer

    answers = {hold: answer for group in side_by_side(ask, holds, threads=BATCH) for hold, answer in group}
    tokens.note_all(list(sources.values()), at=holds[0].now())
    return answers


def check_rights(hold: Hold[RightsCheck], ask: Ask) -> None:
    """Store what Altinn says. Without the scope, or when the customer is not listed yet, the rights stay unknown.

    `ask` as for `ask_altinn`. Raises LostRace, Unavailable, BrokenReply.
    """
    parties = ask_altinn(hold, ask)
    if parties is None:
        return
    own = next((party for party in parties if party.orgnr == hold.row.access.customer.orgnr), None)
    if own is None:
        hold.put_off(code=NOT_LISTED, wait=after_a_no(hold))
    else:
        _store(hold, own)


def _store(hold: Hold[RightsCheck], own: AuthorizedParty) -> None:
    """The rights of one whose rights were unknown; a name where the customer had none but its number."""
    access, at = hold.row.access, hold.now()
    rights, packages = resources_of(own, also=access.profile.system.rights), packages_of(own)
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
