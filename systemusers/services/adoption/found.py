"""What Altinn lists for a system and no access here stands for: stored each time that the list is read.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from portal.gateways.altinn import RemoteSystemUser
from portal.gateways.text import one_line
from systemusers.models import Access, AccessProfile, FoundSystemUser, Kind, System, SystemUser
from systemusers.services.losses import is_mass_loss

logger = logging.getLogger(__name__)
BATCH = 1000
LONGEST_REFERENCE, LONGEST_NUMBER = 500, 20
"""Of the columns."""
BY_ITSELF = "task:take_over"
"""The actor where the system takes new ones over without a person."""
REFRESHED = ("orgnr", "external_ref", "kind", "title", "created_at")


def note_listed(*, system: System, listed: Iterable[RemoteSystemUser], at: datetime) -> None:
    """Store every listed system user that is not ours yet, and mark those that are not listed any more.

    Safe to repeat, and with a list that another worker reads at once. New ones are chosen where the system adopts by itself.
    """
    seen: set[str] = set()
    for batch in _batches(iter(listed)):
        _store(system, batch, at)
        seen.update(remote.id for remote in batch)
    _mark_gone(system, seen, at)
    System.objects.filter(pk=system.pk).update(listed_at=at)


def _batches(listed: Iterator[RemoteSystemUser]) -> Iterator[list[RemoteSystemUser]]:
    while batch := list(islice(listed, BATCH)):
        kept = [remote for remote in batch if _can_be_stored(remote)]
        if len(kept) < len(batch):
            logger.error("%s system users in Altinn's list cannot be stored and are left out", len(batch) - len(kept))
        yield kept


def _can_be_stored(remote: RemoteSystemUser) -> bool:
    """One that cannot must not keep the rest of the list from being read. Altinn sets no limit for a reference; ours is long."""
    try:
        UUID(remote.id)
    except ValueError:
        return False
    is_short = len(remote.external_ref) <= LONGEST_REFERENCE and len(remote.orgnr) <= LONGEST_NUMBER
    return is_short and "\0" not in remote.external_ref + remote.orgnr and remote.kind.upper() in Kind.values


def _store(system: System, batch: list[RemoteSystemUser], at: datetime) -> None:
    ids = [remote.id for remote in batch]
    ours = {
        str(pk)
        for pk in SystemUser.objects.filter(altinn_id__in=ids, removed_at=None).values_list("altinn_id", flat=True)
    }
    asked = _asked_for(system, batch)
    new = [one for one in batch if one.id not in ours and (one.orgnr, one.external_ref) not in asked]
    rows = [_row(system, remote, at) for remote in new]
    with transaction.atomic():
        FoundSystemUser.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["system", "altinn_id"], update_fields=list(REFRESHED)
        )
        mine = FoundSystemUser.objects.filter(system=system, altinn_id__in=ids)
        mine.filter(gone_at__isnull=False).update(gone_at=None, chosen_at=None, next_attempt_at=None)
        ended = mine.filter(access__status__in=Access.ENDED, altinn_id__in=[one.id for one in new])
        ended.update(access=None, chosen_at=None, next_attempt_at=None)
        if system.adopts:
            choose_by_itself(mine.waiting(), at=at)


def _row(system: System, remote: RemoteSystemUser, at: datetime) -> FoundSystemUser:
    return FoundSystemUser(
        system=system, altinn_id=remote.id, orgnr=remote.orgnr, external_ref=remote.external_ref,
        kind=Kind(remote.kind.upper()), title=one_line(remote.title)[:300], created_at=remote.created_at, found_at=at,
    )  # fmt: skip


def _asked_for(system: System, batch: list[RemoteSystemUser]) -> set[tuple[str, str]]:
    """Number and reference of customers who were asked from here: the poll of the request stores their answer, as its own."""
    rows = Access.objects.filter(
        profile__system=system, customer__orgnr__in={remote.orgnr for remote in batch},
        status__in={*Access.OPEN, *Access.USABLE, Access.Status.UNKNOWN, Access.Status.DRAFT},
    )  # fmt: skip
    return set(rows.values_list("customer__orgnr", "external_ref"))


def _mark_gone(system: System, seen: set[str], at: datetime) -> None:
    """None of them when so many are missing that the list is likely a faulty one: what persons decided would be lost."""
    rows = FoundSystemUser.objects.filter(system=system, gone_at=None, access=None, found_at__lt=at)
    before = dict(rows.values_list("pk", "altinn_id"))
    gone = [pk for pk, altinn_id in before.items() if str(altinn_id) not in seen]
    if is_mass_loss(missing=len(gone), total=len(before)):
        logger.warning("%s of %s found system users of %s are not listed", len(gone), len(before), system.system_id)
        return
    FoundSystemUser.objects.filter(pk__in=gone, access=None).update(gone_at=at, next_attempt_at=None)


def choose_by_itself(rows: QuerySet[FoundSystemUser], *, at: datetime) -> None:
    """Where the system is set to adopt what customers make in Altinn themselves: with the profile that was chosen before."""
    for kind in Kind.values:
        of_kind = rows.filter(kind=kind)
        profile = _profile_used_before(of_kind.first())
        if profile is not None:
            of_kind.update(chosen_at=at, chosen_by=BY_ITSELF, profile=profile, next_attempt_at=at)


def _profile_used_before(row: FoundSystemUser | None) -> AccessProfile | None:
    if row is None:
        return None
    before: Any = FoundSystemUser.objects.filter(system=row.system, kind=row.kind, access__isnull=False)
    last = before.select_related("profile").order_by("-chosen_at", "-pk").first()
    return last.profile if last else None
