"""The vendor's staff: accounts, and what each was given. Every change is recorded with old and new values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.capabilities import role_may
from accounts.models import (
    Capability,
    Charge,
    Given,
    Grant,
    InstallationGrant,
    LogIn,
    Portfolio,
    Proposal,
    Role,
    User,
)
from accounts.models.people import find_given
from accounts.services import proposals, staff_mails
from accounts.services.notifications import account_closed, role_changed, send_again
from portal.core.audit import record
from portal.core.audit_changes import Changes, changes, stored_values, values_of
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.stale import check_unchanged

DETAILS = ("email", "name", "language")
FIELDS = (*DETAILS, "is_active")


HIDDEN = "…"
"""Stands for a password in the trail."""


class LastAdministrator(Exception):
    """Nobody would be left who may give others what they need."""


@dataclass(frozen=True)
class Rights:
    """What a person is to have. `roles` by environment; `sees_all`: environments with every customer; `portfolios`: ids."""

    roles: Mapping[str, str] = field(default_factory=dict)
    sees_all: frozenset[str] = frozenset()
    charges: frozenset[str] = frozenset()
    portfolios: frozenset[int] = frozenset()

    @property
    def version(self) -> str:
        """The same for the same rights: a form is bound to what it showed."""
        parts = [sorted(self.roles.items()), sorted(self.sees_all), sorted(self.charges), sorted(self.portfolios)]
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def as_params(self) -> dict[str, Any]:
        """As plain values, which `of_params` reads."""
        lists = {name: sorted(getattr(self, name)) for name in ("sees_all", "charges", "portfolios")}
        return {"roles": dict(self.roles), **lists}

    @classmethod
    def of_params(cls, params: Mapping[str, Any]) -> Rights:
        lists = {name: frozenset(params[name]) for name in ("sees_all", "charges", "portfolios")}
        return cls(roles=params["roles"], **lists)

    @classmethod
    def everywhere(cls, role: str, **more: Any) -> Rights:
        """One role in all environments. Case workers see their portfolios, the rest every customer."""
        places = frozenset(environment.value for environment in Environment)
        sees_all = frozenset() if role == Role.CASE_WORKER else places
        return cls(**{"roles": dict.fromkeys(places, role), "sees_all": sees_all, **more})


def rights_of(user: User) -> Rights:
    """What the person was given, without what they have as a substitute."""
    given = find_given(user.pk)
    own = frozenset(user.portfolios.values_list("pk", flat=True))
    return Rights(given.roles, given.sees_all, given.charges, own)


class AddressOfAnother(ValueError):
    """Somebody else had the address: the trail would say that the new one did what the former one has done."""


def is_of_another(email: str, *, user: User) -> bool:
    """Whether another member of staff has had this address."""
    return User.objects.exclude(pk=user.pk).filter(former_emails__contains=[email]).exists()


def save_details(*, user: User, by: str, at: datetime, seen: str | None = None) -> None:
    """Store `DETAILS` of an account, and nothing else of it.

    Raises AddressOfAnother, and EditedMeanwhile when `seen`, the version of a form, is out of date.
    """
    with transaction.atomic():
        stored = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        check_unchanged(stored, user, DETAILS, seen=seen)
        for name in DETAILS:
            setattr(stored, name, getattr(user, name))
        save_user(user=stored, by=by, at=at)


def save_user(*, user: User, by: str, at: datetime) -> None:
    """Store a new account, which may do and see nothing, or the changed fields of one. Nothing is recorded when nothing changed.

    Raises AddressOfAnother and LastAdministrator.
    """
    what = AuditType.ADDED if user.pk is None else AuditType.EDITED
    with transaction.atomic():
        old = stored_values(user, FIELDS)
        edits = changes(old=old, new=values_of(user, FIELDS))
        if "email" in edits and is_of_another(user.email, user=user):
            raise AddressOfAnother(user.email)
        if "is_active" in edits and old and not user.is_active:
            check_not_last(user)
        if what == AuditType.ADDED:
            user.save()
        elif edits:
            user.save(update_fields=list(edits))
        if "email" in edits and old.get("email"):
            user.former_emails = sorted({*user.former_emails, str(old["email"])} - {user.email})
            user.save(update_fields=["former_emails"])
        if edits:
            record(by=by, at=at, target=user, what=what, changes=edits)
        if "is_active" in edits and not user.is_active:
            account_closed(user=user, at=at)
        if "email" in edits and old:
            staff_mails.address_changed(user=user, old=str(old["email"]), at=at)
            send_again(user=user, by=by, at=at)


def change_rights(
    *,
    user: User,
    rights: Rights,
    by: str,
    at: datetime,
    tell: bool = True,
    approved: Proposal | None = None,
) -> Changes:
    """From now on the person has these rights, and is told by mail. Returns what differs: {} when nothing does.

    Raises NeedsSecondPerson when it gives something, LastAdministrator.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        before = rights_of(user)
        rights = replace(rights, sees_all=rights.sees_all & rights.roles.keys())
        edits = difference(before, rights)
        if not edits:
            return {}
        if gives(before, rights):
            kind = Proposal.Kind.RIGHTS_GIVEN
            proposals.check(kind, environment="", target=user, by=by, approved=approved)
        if Charge.PEOPLE in before.charges - rights.charges:
            check_not_last(user)
        _store(user, before, rights, by, at)
        two: dict[str, Any] = {"ordered_by": approved.proposed_by} if approved else {}
        record(by=by, at=at, target=user, what=AuditType.EDITED, changes=edits, **two)
        if before.roles != rights.roles or before.charges != rights.charges:
            role_changed(user=user, at=at)
        if tell:
            staff_mails.rights_changed(user=user, edits=edits, at=at)
    user.__dict__.pop("given", None)
    return edits


def gives(before: Rights, after: Rights) -> bool:
    """Whether somebody may do or see something afterwards that they could not before. To take away takes one person only."""
    more = after.sees_all - before.sees_all or after.charges - before.charges or after.portfolios - before.portfolios
    return bool(more) or any(
        role_may(role, each, place) and not (place in before.roles and role_may(before.roles[place], each, place))
        for place, role in after.roles.items()
        for each in Capability
    )


def difference(before: Rights, after: Rights) -> Changes:
    """Old and new, as the audit trail has them."""
    names = dict(Portfolio.objects.filter(pk__in=before.portfolios | after.portfolios).values_list("pk", "name"))
    return changes(old=_values(before, names), new=_values(after, names))


def _values(rights: Rights, names: Mapping[int, str]) -> dict[str, Any]:
    given = Given(dict(rights.roles), rights.sees_all, rights.charges)
    return {**given.as_values(), "portfolios": sorted(names[pk] for pk in rights.portfolios if pk in names)}


def _store(user: User, before: Rights, after: Rights, by: str, at: datetime) -> None:
    for place in before.roles.keys() | after.roles.keys():
        then, now = ((each.roles.get(place), place in each.sees_all) for each in (before, after))
        if then != now:
            Grant.objects.filter(user=user, environment=place).delete()
            if now[0]:
                Grant.objects.create(
                    user=user, environment=place, role=now[0], sees_all_customers=now[1], given_by=by, given_at=at
                )
    InstallationGrant.objects.filter(user=user, charge__in=before.charges - after.charges).delete()
    for charge in sorted(after.charges - before.charges):
        InstallationGrant.objects.create(user=user, charge=charge, given_by=by, given_at=at)
    user.portfolios.set(after.portfolios)


def check_not_last(user: User) -> None:
    """Raises LastAdministrator when nobody else, who can log in, may change what people have. Call it in a transaction: of
    two who take it from each other at once, the second waits and is refused."""
    held = InstallationGrant.objects.filter(charge=Charge.PEOPLE).select_for_update().order_by("pk")
    keepers = User.objects.filter(pk__in=[each.user_id for each in held], is_active=True, invited_at__isnull=True)
    left = {each.pk for each in keepers if each.has_usable_password()}
    if user.pk in left and left == {user.pk}:
        raise LastAdministrator


def change_own_password(*, user: User, password: str, at: datetime) -> None:
    """By the owner, who knew the one before. The hash in each session ends the others; the owner is told by mail."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        LogIn.objects.filter(user=user).delete()
        record(by=user.actor, at=at, target=user, what=AuditType.EDITED, changes={"password": [HIDDEN, HIDDEN]})
        staff_mails.password_changed(user=user, at=at)


def note_password_set(*, user: User, by: str, at: datetime) -> None:
    """A command stored a password for somebody, or took it away. Call it in the same transaction."""
    record(by=by, at=at, target=user, what=AuditType.PASSWORD_SET, usable=user.has_usable_password())
