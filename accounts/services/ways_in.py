"""Who may be acting as whom: the accounts to which somebody else has opened a way in. Read from the trail, which nobody can change.

Whoever keeps people can invite an address of their own, change a colleague's address, take away the second factor and open an account,
and log in as them afterwards. So such an account is no second person for a while, and never together with whoever did it, until a third
person vouches for it. What the operator's commands do is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from accounts.capabilities import Capability, Role, role_may
from accounts.models import User
from accounts.services.actors import STAFF, keys_of
from portal.core.audit import AuditEvent, record, target_of
from portal.core.audit_events import AuditType
from portal.core.environments import Environment

T = AuditType
SETTLES = timedelta(days=7)
"""After the newest such act: until then the account approves nothing, so that its owner has time to see the mail about it."""
ROLES = {f"role {each.value}": each.value for each in Environment}
"""How the trail names a role in one environment (`Given.as_values`), and the environment."""
OPENS = (
    Q(what__in=[T.ADDED, T.RESET_ASKED, T.FACTORS_RESET, T.IDENTITY_REMOVED])
    | Q(what=T.EDITED, detail__changes__has_key="email")
    | Q(what=T.EDITED, detail__changes__is_active__1=True)
    | Q(what=T.EDITED, detail__changes__has_any_keys=[*ROLES, "charges"])
)
"""What opens a way in: an invitation, a link to a new password, the second factor or the identity taken away, another address, a closed
account opened. So does a role or a charge with which one can approve, given by one person alone: who asked another to invite the account
may be the one who uses it."""


class NotApart(Exception):
    """The person may be the same as whoever opened the account, or as the account."""


@dataclass(frozen=True)
class Way:
    """`by`: the key of whoever opened it."""

    by: int
    at: datetime
    is_invitation: bool


@dataclass(frozen=True)
class Opened:
    """What others have done to an account since somebody vouched for it."""

    ways: tuple[Way, ...] = ()

    @property
    def by(self) -> set[int]:
        return {way.by for way in self.ways}

    @property
    def newest_at(self) -> datetime | None:
        return max((way.at for way in self.ways), default=None)

    def is_settled(self, at: datetime) -> bool:
        return self.newest_at is None or at >= self.newest_at + SETTLES

    def given_by_two(self) -> Opened:
        """The second person saw whose account it is: it does not matter who invited it."""
        return Opened(tuple(way for way in self.ways if not way.is_invitation))


def opened(pks: Iterable[int]) -> dict[int, Opened]:
    """By the key of each account. Two queries."""
    found = {pk: Opened() for pk in pks}
    accounts = {target_of(User(pk=pk)): pk for pk in found}
    events = AuditEvent.objects.filter(OPENS | Q(what=AuditType.VOUCHED), target__in=accounts).order_by("pk")
    rows = list(events.values_list("target", "by", "at", "what", "detail"))
    keys = keys_of({by for _target, by, *_rest in rows if by.startswith(STAFF)})
    for target, by, at, what, detail in rows:
        pk = accounts[target]
        if what == AuditType.VOUCHED:
            found[pk] = Opened()
        elif "ordered_by" in detail:
            found[pk] = found[pk].given_by_two()
        elif keys.get(by, pk) != pk and _opens(what, detail.get("changes", {})):
            found[pk] = Opened((*found[pk].ways, Way(keys[by], at, is_invitation=what == T.ADDED)))
    return found


def _opens(what: str, edits: Mapping[str, list[Any]]) -> bool:
    """Whether it gives something with which one can approve, where it is about rights. More customers to see are no such thing."""
    rights = edits.keys() & {*ROLES, "charges"}
    if what == T.ADDED or not rights:
        return True
    old, new = edits.get("charges", [(), ()])
    return bool({*new} - {*old}) or any(_is_more(ROLES[name], *edits[name]) for name in rights & ROLES.keys())


def _is_more(place: str, old: str, new: str) -> bool:
    return any(
        role_may(new, each, place) and not (old in Role and role_may(old, each, place))
        for each in Capability
        if new in Role and each != Capability.SEE
    )


def _walk(pks: set[int]) -> dict[int, Opened]:
    """These, whoever has opened a way into one of them, or into the account of whoever did, and so on. Two queries for each step."""
    known: dict[int, Opened] = {}
    new = pks
    while new:
        known |= opened(new)
        new = {by for each in known.values() for by in each.by} - known.keys()
    return known


def _behind(pks: set[int], known: Mapping[int, Opened]) -> set[int]:
    """Whoever can have acted as one of these."""
    behind: set[int] = set()
    new = pks
    while new:
        behind |= new
        new = {by for pk in new for by in known[pk].by} - behind
    return behind


def apart(pks: Iterable[int], others: Iterable[int], *, settled_at: datetime | None = None) -> set[int]:
    """Those of `pks` of whom nobody can have acted as one of `others` too, and to whom nothing was done so lately that they cannot
    approve at `settled_at`. Two queries for each step of `_walk`, however many there are."""
    ours, theirs = set(pks), set(others)
    known = _walk(ours | theirs)
    behind = _behind(theirs, known)
    settled = {pk for pk in ours if settled_at is None or known[pk].is_settled(settled_at)}
    return {pk for pk in settled if not _behind({pk}, known) & behind}


def is_apart(pks: Iterable[int], others: Iterable[int], *, settled_at: datetime | None = None) -> bool:
    """Whether all of `pks` are, as of `apart`."""
    ours = set(pks)
    return apart(ours, others, settled_at=settled_at) == ours


def check_can_vouch(*, user: User, by: User, at: datetime) -> None:
    """Raises NotApart."""
    if not is_apart([by.pk], [user.pk], settled_at=at):
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
    record(by=by, at=at, target=user, what=AuditType.VOUCHED)
