"""Log-in with the vendor's own identity provider: whose account it is, and what its groups give there.

Nobody gets an account by logging in. An identity is known by the provider's own id of the person (`sub`). The first time it finds the
account by an e-mail address that the provider has verified, and that is stored. An account has one identity: another one is refused until
somebody who keeps people has taken the first away.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, MutableMapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Charge, LogIn, Portfolio, User
from accounts.services import log_ins, staff_mails
from accounts.services.staff import LastAdministrator, Rights, change_rights
from portal.core.audit import record
from portal.core.audit_events import AuditType

PROVIDER = "oidc"
BY = "task:oidc"
"""Who changes what somebody may do when their groups have changed."""
CHECKED, TRIED = "oidc_checked", "oidc_tried"
"""In the session, seconds since 1970: when the provider last said that the person is let in, and when it was last asked."""
REASONS = {
    "UNKNOWN": _("ingen konto her"),
    "UNVERIFIED": _("adressen er ikke bekreftet der"),
    "CLOSED": _("kontoen er stengt"),
    "CANCELLED": _("avbrutt der"),
    "OTHER": _("kontoen har en annen identitet der"),
    "NO_TIME": _("leverandøren sier ikke når innloggingen skjedde"),
    "FAILED": _("svaret kunne ikke brukes"),
}
"""Why somebody was not let in, by the code that the audit trail has."""
logger = logging.getLogger(__name__)


def reason_of(code: str) -> str:
    """In words, for the audit trail."""
    return str(REASONS.get(code, code))


class NotLetIn(Exception):
    """`code`: UNKNOWN (nobody here has the address), UNVERIFIED (the provider does not vouch for it), CLOSED, or OTHER (the account has
    another identity)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def find_person(*, uid: str, email: str, is_verified: bool) -> User:
    """Raises NotLetIn."""
    known = SocialAccount.objects.filter(provider=PROVIDER, uid=uid).select_related("user").first()
    user = known.user if known else None
    if user is None:
        if not is_verified:
            raise NotLetIn("UNVERIFIED")
        user = User.objects.filter(email=email.strip().lower()).first()
    if not isinstance(user, User):
        raise NotLetIn("UNKNOWN")
    if not user.is_active:
        raise NotLetIn("CLOSED")
    if known is None and identities_of(user).exists():
        raise NotLetIn("OTHER")
    return user


def identities() -> QuerySet[SocialAccount]:
    rows: QuerySet[SocialAccount] = SocialAccount.objects.filter(provider=PROVIDER)
    return rows


def identities_of(user: User) -> QuerySet[SocialAccount]:
    return identities().filter(user_id=user.pk)


def connect(*, user: User, uid: str, at: datetime) -> SocialAccount:
    """The identity is this person's from now on, and an invitation has been accepted. The claims are not kept. Raises NotLetIn."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if identities_of(user).exclude(uid=uid).exists():
            raise NotLetIn("OTHER")
        account, is_new = SocialAccount.objects.get_or_create(provider=PROVIDER, uid=uid, defaults={"user": user})
        if is_new:
            User.objects.filter(pk=user.pk).update(invited_at=None)
            record(by=user.actor, at=at, target=user, what=AuditType.IDENTITY_CONNECTED)
    return account


def disconnect(*, user: User, by: str, at: datetime) -> bool:
    """By a colleague: the next identity with the person's address is theirs. Sessions end. Returns whether there was one."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not identities_of(user).delete()[0]:
            return False
        record(by=by, at=at, target=user, what=AuditType.IDENTITY_REMOVED)
        staff_mails.identity_removed(user=user, at=at)
        log_ins.end(rows=LogIn.objects.filter(user=user), by=by, at=at)
    return True


def note_checked(session: MutableMapping[str, Any], *, at: datetime) -> None:
    """The provider has just let the person in."""
    session[CHECKED] = session[TRIED] = int(at.timestamp())


def follow_groups(*, user: User, groups: Iterable[str], at: datetime) -> None:
    """What the person may do is what their groups give. Without a file of groups it is decided on the page of people."""
    if settings.OIDC_GROUPS is None:
        return
    rights = rights_by_groups(groups)
    try:
        change_rights(user=user, rights=rights, by=BY, at=at)
    except LastAdministrator:
        logger.warning("the groups of user %s leave nobody in charge of people; that charge stays", user.pk)
        change_rights(user=user, rights=replace(rights, charges=rights.charges | {Charge.PEOPLE}), by=BY, at=at)


def rights_by_groups(groups: Iterable[str]) -> Rights:
    """Of two groups with different roles in one environment, the one that stands first in the file decides."""
    member_of = set(groups)
    given = [rights for name, rights in (settings.OIDC_GROUPS or {}).items() if name in member_of]
    roles: dict[str, str] = {}
    for each in given:
        roles = {**each.roles, **roles}
    names = frozenset(name for each in given for name in each.portfolios)
    found = dict(Portfolio.objects.filter(name__in=names).values_list("name", "pk"))
    if missing := names - found.keys():
        logger.warning("portfolios in the file of groups that do not exist: %s", len(missing))
    return Rights(
        roles,
        frozenset(place for each in given for place in each.all_customers),
        frozenset(charge for each in given for charge in each.charges),
        frozenset(found.values()),
    )
