"""The quarterly look at who may see whom and do what: the list, the sign-off, and whether one is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.capabilities import enabled
from accounts.models import AccessReview, Grant, User, Vendor
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.confirm import ground_of

LONGEST_NOTE = 1000
QUARTER = timedelta(days=90)
"""So old an installation is before the first list is due."""


class HasChanged(Exception):
    """The list is not the one that the person was shown."""


@dataclass(frozen=True)
class Line:
    """One account. `used_at`: the last time on a page, or when the account was made or last given something, if that is later."""

    user: User
    roles: dict[str, str]
    sees_all: list[str]
    charges: list[str]
    portfolios: list[str]
    used_at: datetime | None

    def as_values(self) -> dict[str, Any]:
        """Without the last use, which changes all the time."""
        return {
            "user": self.user.pk, "email": self.user.email, "name": self.user.name, "roles": self.roles, "sees_all": self.sees_all,
            "charges": self.charges, "portfolios": self.portfolios,
        }  # fmt: skip


def with_use(rows: QuerySet[User]) -> Any:
    """`used_at`: see Line. PostgreSQL's GREATEST passes over what is NULL."""
    given = (Max("grants__given_at"), Max("charges__given_at"))
    return rows.annotate(used_at=Greatest("seen_at", "last_login", "date_joined", *given))


def lines() -> list[Line]:
    """All open accounts, by name. Four queries, however many there are."""
    here = [place.value for place in enabled()]
    rows = with_use(User.objects.filter(is_active=True)).prefetch_related("grants", "charges", "portfolios")
    return [_line(user, here) for user in rows.order_by("name", "pk")]


def _line(user: Any, here: list[str]) -> Line:
    grants = {grant.environment: grant for grant in user.grants.all() if grant.environment in here}
    return Line(
        user=user,
        roles={place: grants[place].role for place in here if place in grants},
        sees_all=[place for place in here if place in grants and grants[place].sees_all_customers],
        charges=sorted(each.charge for each in user.charges.all()),
        portfolios=sorted(each.name for each in user.portfolios.all()),
        used_at=user.used_at,
    )


def ground(shown: list[Line]) -> str:
    """Of what people have; a visit in between changes nothing."""
    return ground_of([line.as_values() for line in shown])


def sign(*, user: User, shown: str, note: str, at: datetime) -> AccessReview:
    """The person has looked it over. Raises HasChanged."""
    with transaction.atomic():
        now = lines()
        if ground(now) != shown:
            raise HasChanged
        people = [line.as_values() | {"used_at": line.used_at.isoformat() if line.used_at else ""} for line in now]
        row = AccessReview.objects.create(
            signed_by=user.actor, signed_at=at, ground=shown, people=people, note=note.strip()[:LONGEST_NOTE] or None
        )
        record(by=user.actor, at=at, target=row, what=AuditType.ACCESS_REVIEWED, number=len(now))
    return row


def begins(at: datetime) -> datetime:
    """The first moment of the quarter, in Norway."""
    local = timezone.localtime(at)
    month = local.month - (local.month - 1) % 3
    return local.replace(month=month, day=1, hour=0, minute=0, second=0, microsecond=0)


def due(*, at: datetime) -> QuerySet[Vendor]:
    """The vendor, while nobody has signed the list of this quarter."""
    signed = AccessReview.objects.filter(signed_at__gte=begins(at))
    old = Grant.objects.filter(given_at__lte=at - QUARTER)
    return Vendor.objects.filter(~Exists(signed), Exists(old))
