"""Reads the clients of each accountant from Altinn: nightly, and when a person asks.

Only the accountant's own system user may ask, so each access is a round of its own and one that fails concerns no other.
https://docs.altinn.studio/api/accessmanagement/
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import followed
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.gateways.altinn import AuthorizedParty
from systemusers.models import Access, AccessProfile, ClientRound, Kind
from systemusers.services.access.rounds import work
from systemusers.services.authorised_parties import ask_altinn
from systemusers.services.client_relations.store import Changes, store_clients, union
from systemusers.services.system_register.rounds import next_night

BY = "task:refresh_clients"
FRESH, OFTEN = timedelta(days=7), timedelta(hours=1)
"""A new accountant without clients is asked about hourly for some days: somebody adds them in Altinn."""
MOST_NEW = 5000


def make_rounds(*, at: datetime) -> None:
    """A row, due now, for each usable access for clients that has none. Their few profiles are read first: with a join, all usable
    accesses of a large vendor are.
    """
    profiles = list(AccessProfile.objects.filter(kind=Kind.AGENT).values_list("pk", flat=True))
    lacking = Access.objects.filter(status__in=Access.USABLE, profile__in=profiles, client_round__isnull=True)
    ids = list(lacking.order_by("pk").values_list("pk", flat=True)[:MOST_NEW])
    rows = [ClientRound(access_id=pk, next_attempt_at=at) for pk in ids]
    ClientRound.objects.bulk_create(rows, ignore_conflicts=True)


def refresh_due(*, at: datetime) -> int:
    """Read the clients of a batch of accountants. Returns how many were taken."""
    make_rounds(at=at)
    rows = ClientRound.objects.filter(followed("access__customer"), access__status__in=Access.USABLE)
    related = rows.select_related(
        "access__customer", "access__profile__system__client", "access__profile__system__admin_client"
    )
    path = "access__profile__system__"
    return work(related, refresh, at=at, path=path, system_of=lambda row: row.access.profile.system)


def refresh(hold: Hold[ClientRound]) -> None:
    """One accountant. Raises LostRace, Unavailable, BrokenReply."""
    parties = ask_altinn(hold)
    if parties is not None:
        _store(hold, parties)


def _store(hold: Hold[ClientRound], parties: list[AuthorizedParty]) -> None:
    """Nothing is stored when the access was removed meanwhile."""
    row, at = hold.row, hold.now()
    with transaction.atomic():
        hold.lock()
        usable = Access.objects.filter(pk=row.access_id, status__in=Access.USABLE).select_for_update(no_key=True)
        if not usable.values_list("pk"):
            hold.finish(next_attempt_at=next_night(at))
            return
        changes = store_clients(access=row.access, parties=parties, at=at)
        given = union(row.access)
        _learn_rights(row.access, given["packages"], changes.listed, at)
        if changes.new or changes.missing or changes.gone:
            record(
                by=BY, at=at, target=row.access, what=AuditType.CLIENTS_CHANGED,
                number=changes.listed, new=changes.new, missing=changes.missing, gone=changes.gone,
            )  # fmt: skip
        is_wider = any(set(given[name]) - set(getattr(row, name)) for name in given)
        hold.finish(
            next_attempt_at=_next(row, changes, at),
            read_at=at,
            clients=changes.listed,
            widened_at=at if is_wider else row.widened_at,
            **given,
        )


def _learn_rights(access: Access, packages: list[str], listed: int, at: datetime) -> None:
    """What an access may do that was made elsewhere: a client gives every package of the agent, so together they tell."""
    if not listed:
        return
    unknown = Access.objects.filter(pk=access.pk, rights_known_at=None)
    if unknown.update(packages=packages, rights_known_at=at):
        AccessProfile.objects.filter(pk=access.profile_id).update(to_mark_at=at)
        record(by=BY, at=at, target=access, what=AuditType.RIGHTS_KNOWN, rights=[], packages=packages)


def _next(row: ClientRound, changes: Changes, at: datetime) -> datetime:
    night = next_night(at)
    if changes.next_sign_at:
        return min(changes.next_sign_at, night)
    is_new = row.access.answered_at is not None and at - row.access.answered_at < FRESH
    return at + OFTEN if is_new and not changes.listed else night
