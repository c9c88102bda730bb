"""What an access lacks of its profile, and which accesses that marks as NEEDS_UPDATE."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet

from portal.core.states import LostRace
from systemusers.models import Access, AccessProfile, SystemUser

BY = "task:mark_accesses"
BATCH = 200
Status = Access.Status


@dataclass(frozen=True)
class Difference:
    """Resource ids and package urns: `required` to be given, `unwanted` to be given back."""

    required_rights: list[str]
    required_packages: list[str]
    unwanted_rights: list[str]
    unwanted_packages: list[str]

    @property
    def is_lacking(self) -> bool:
        return bool(self.required_rights or self.required_packages)

    @property
    def is_empty(self) -> bool:
        return not (self.is_lacking or self.unwanted_rights or self.unwanted_packages)


def difference(access: Access, *, with_unwanted: bool = False) -> Difference:
    """Between what the customer has approved and the profile.

    Unwanted are only those that the system has: what Altinn tells of an access made elsewhere also has what its packages open.
    """
    profile, held = access.profile, (set(access.rights), set(access.packages))
    wanted = (set(profile.rights), set(profile.packages))
    system = (set(profile.system.rights), set(profile.system.packages))
    surplus = [sorted((h - w) & s) if with_unwanted else [] for h, w, s in zip(held, wanted, system, strict=True)]
    return Difference(sorted(wanted[0] - held[0]), sorted(wanted[1] - held[1]), *surplus)


HAS_ALL = Q(rights__contains=F("profile__rights"), packages__contains=F("profile__packages"))


def lacking(profile: AccessProfile) -> QuerySet[Access]:
    """Usable accesses of the profile that are known to have less than it."""
    rows = Access.objects.filter(profile=profile, status__in=Access.USABLE, rights_known_at__isnull=False)
    return rows.exclude(HAS_ALL)


def whole(profile: AccessProfile) -> QuerySet[Access]:
    """Those that were marked and have all of it."""
    return Access.objects.filter(HAS_ALL, profile=profile, status=Status.NEEDS_UPDATE)


def mark_due(*, at: datetime) -> int:
    """Set and end NEEDS_UPDATE for profiles that changed. Returns how many rows were looked at; safe to run twice at once."""
    number = 0
    for profile in AccessProfile.objects.filter(to_mark_at__isnull=False).order_by("to_mark_at")[:5]:
        number += _mark(profile, at)
    return number


def _mark(profile: AccessProfile, at: datetime) -> int:
    wanting = list(lacking(profile).exclude(status=Status.NEEDS_UPDATE)[:BATCH])
    mended = list(whole(profile)[:BATCH])
    for row in wanting:
        _move(row, Status.NEEDS_UPDATE, at)
    for row in mended:
        _move(row, status_in_use(row), at)
    if len(wanting) < BATCH and len(mended) < BATCH:
        AccessProfile.objects.filter(pk=profile.pk, to_mark_at=profile.to_mark_at).update(to_mark_at=None)
    return len(wanting) + len(mended)


def _move(row: Access, status: str, at: datetime) -> None:
    try:
        row.move_to(status, by=BY, at=at)
    except LostRace:
        row.refresh_from_db()  # it is looked at again when the profile is


def status_in_use(access: Access) -> str:
    """IN_USE once a token was had."""
    used = SystemUser.objects.filter(access=access, first_token_at__isnull=False).exists()
    return Status.IN_USE if used else Status.APPROVED
