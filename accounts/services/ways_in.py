"""Who may be acting as whom: the accounts to which somebody else has opened a way in. Read from the trail, which nobody can change.

Whoever keeps people can change a colleague's address, take away the second factor and open an account, and log in as them afterwards. So
such an account is no second person for a while, and never together with whoever did it, until a third person vouches for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import User
from accounts.services.actors import STAFF, ids_of
from portal.core.audit import AuditEvent, record, target_of
from portal.core.audit_events import AuditType as T

SETTLES = timedelta(days=7)
"""After the newest such act: until then the account approves nothing, so that its owner has time to see the mail about it."""
OPENS = (
    Q(what__in=[T.RESET_ASKED, T.FACTORS_RESET, T.IDENTITY_REMOVED])
    | Q(what=T.EDITED, detail__changes__has_key="email")
    | Q(what=T.EDITED, detail__changes__is_active__1=True)
)
"""What opens a way in: a link to a new password, the second factor or the identity taken away, another address, a closed account
opened. An invitation opens none to what somebody has: the account is new, and what it gets is given by two."""


class NotApart(Exception):
    """The person may be the same as whoever opened the account, or as the account."""


@dataclass
class Opened:
    """What others have done to an account since somebody vouched for it. `by`: their keys."""

    by: set[int] = field(default_factory=set)
    newest_at: datetime | None = None

    def is_settled(self, at: datetime) -> bool:
        return self.newest_at is None or at >= self.newest_at + SETTLES


def opened(pks: Iterable[int]) -> dict[int, Opened]:
    """By the key of each account. Two queries."""
    found = {pk: Opened() for pk in pks}
    accounts = {target_of(User(pk=pk)): pk for pk in found}
    events = AuditEvent.objects.filter(OPENS | Q(what=T.VOUCHED), target__in=accounts).order_by("pk")
    rows = list(events.values_list("target", "by", "at", "what"))
    keys = {by: ids_of([by]) for by in {by for _target, by, _at, _what in rows if by.startswith(STAFF)}}
    for target, by, at, what in rows:
        pk = accounts[target]
        if what == T.VOUCHED:
            found[pk] = Opened()
        elif by in keys and keys[by] != {pk}:
            found[pk] = Opened(found[pk].by | keys[by], at)
    return found


def behind(pks: Iterable[int]) -> set[int]:
    """These, and whoever has opened a way into one of them, or into the account of whoever did, and so on."""
    known: set[int] = set()
    new = set(pks)
    while new:
        known |= new
        new = set().union(*(each.by for each in opened(new).values())) - known
    return known


def is_apart(pks: Iterable[int], others: Iterable[int]) -> bool:
    """Whether nobody can have acted as both."""
    return not behind(pks) & behind(others)


def is_settled(pk: int, *, at: datetime) -> bool:
    return opened([pk])[pk].is_settled(at)


def check_can_vouch(*, user: User, by: User, at: datetime) -> None:
    """Raises NotApart."""
    if not is_settled(by.pk, at=at) or not is_apart([user.pk], [by.pk]):
        raise NotApart(f"{by.actor} cannot vouch for user {user.pk}")


def vouch(*, user: User, by: User, at: datetime) -> None:
    """A third person knows that it is the owner who uses the account. Raises NotApart."""
    check_can_vouch(user=user, by=by, at=at)
    note_vouched(user=user, by=by.actor, at=at)


def can_vouch(*, user: User, by: User, at: datetime) -> bool:
    try:
        check_can_vouch(user=user, by=by, at=at)
    except NotApart:
        return False
    return True


def note_vouched(*, user: User, by: str, at: datetime) -> None:
    """Also by a command of the operator."""
    record(by=by, at=at, target=user, what=T.VOUCHED)
