"""Somebody leaves: what they had is handed to a colleague, the account is closed, and its sessions end at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as lazy

from accounts import second_person
from accounts.capabilities import enabled
from accounts.models import Capability, Customer, CustomerImport, LogIn, Proposal, Substitution, User
from accounts.services import customer_groups, factors, log_ins, substitutions
from accounts.services.proposals import NeedsSecondPerson
from accounts.services.staff import Rights, change_rights, check_not_last, rights_of, save_user
from portal.core.audit import event, record_all
from portal.core.audit_changes import changes
from portal.core.audit_events import AuditType
from portal.core.counting import counts_of
from portal.desk.people.granting import rights_given
from submissions.models import Approval, Dialog, Heap, HeapPackage, Order, Submission
from submissions.services.casework import acts
from systemusers.models import Campaign

Rows = Callable[[User], QuerySet[Any]]


@dataclass(frozen=True)
class Owned:
    """Work that goes on with the rights of a person: a worker does it in their name. `field` is the person."""

    label: Any
    rows: Rows
    field: str


_WANTED = Q(wanted_at__isnull=False, draft__isnull=True) | Q(send_wanted_at__isnull=False)
OWNED = (
    Owned(lazy("Kampanjer"), lambda user: Campaign.objects.filter(_going(Campaign), owner=user), "owner"),
    Owned(lazy("Kampanjer som er startet"), lambda user: Campaign.objects.filter(_going(Campaign), ordered_by=user), "ordered_by"),
    Owned(lazy("Importer"), lambda user: CustomerImport.objects.filter(_going(CustomerImport), owner=user), "owner"),
    Owned(lazy("Importer under arbeid"), lambda user: CustomerImport.objects.filter(_going(CustomerImport), ordered_by=user), "ordered_by"),
    Owned(lazy("Mapper med filer"), lambda user: Heap.objects.filter(owner=user), "owner"),
    Owned(lazy("Pakker som blir sendt"), lambda user: HeapPackage.objects.filter(_WANTED, ordered_by=user), "ordered_by"),
)  # fmt: skip


def _going(model: Any) -> Q:
    """Of the states from which another can be reached."""
    return Q(status__in=[status for status, after in model.TRANSITIONS.items() if after])


@dataclass(frozen=True)
class Left:
    """What somebody leaves behind. `lines`: what is handed over, by its name. `stays`: what stays with the customers."""

    portfolios: list[str]
    lines: list[tuple[str, int]]
    stays: list[tuple[str, int]]


def left_by(user: User) -> Left:
    """Two queries."""
    made = Q(created_by=user.actor)
    handed: list[tuple[Any, QuerySet[Any]]] = [
        (lazy("Kunder å følge opp"), Customer.objects.filter(assignee=user)),
        (lazy("Dialoger å svare på"), Dialog.objects.filter(assignee=user)),
        *((each.label, each.rows(user)) for each in OWNED),
    ]
    staying: list[tuple[Any, QuerySet[Any]]] = [
        (
            lazy("Kladder"),
            Submission.objects.filter(made, status__in=[Submission.Status.DRAFT, Submission.Status.READY]),
        ),
        (lazy("Bestillinger under arbeid"), Order.objects.filter(_going(Order), made)),
        (lazy("Spørsmål om godkjenning"), Approval.objects.unanswered().filter(asked_by=user.actor)),
    ]
    lines = [*handed, *staying]
    numbers = counts_of([rows for _label, rows in lines])
    counted = [(str(label), n) for (label, _rows), n in zip(lines, numbers, strict=True)]
    own = list(user.portfolios.order_by("name").values_list("name", flat=True))
    return Left(
        own,
        [line for line in counted[: len(handed)] if line[1]],
        [line for line in counted[len(handed) :] if line[1]],
    )


def heirs(user: User) -> QuerySet[User]:
    """Who may take over: colleagues who may work for customers somewhere."""
    able = Q(pk__in=[])
    for environment in enabled():
        able |= Q(pk__in=User.objects.who_may(Capability.WORK, environment).values("pk"))
    return User.objects.filter(able, invited_at__isnull=True).exclude(pk=user.pk).order_by("name", "pk")


def leave(*, user: User, heir: User | None, by: str, at: datetime) -> Proposal | None:
    """Raises LastAdministrator, and AlreadyProposed when the heir would get portfolios while another proposal about them waits: nothing
    is done then. Without an heir, what was assigned is nobody's.

    The account is closed at once, also where roles take two persons: then the heir gets the portfolios when a second person has
    approved what is returned. Until then they have no one.
    """
    with transaction.atomic():
        stored = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        check_not_last(stored)
        waits = _hand_over(stored, heir, by, at) if heir is not None else None
        _assign_anew(stored, heir, by, at)
        for row in Substitution.objects.filter(Q(absent=stored) | Q(substitute=stored)).ahead(at.date()):
            substitutions.end(row=row, by=by, at=at)
        change_rights(user=stored, rights=Rights(), by=by, at=at, tell=False)
        stored.is_active, stored.left_at = False, at
        save_user(user=stored, by=by, at=at)
        User.objects.filter(pk=stored.pk).update(left_at=at, invited_at=None)
        log_ins.end(rows=LogIn.objects.filter(user=stored), by=by, at=at)
        factors.remove_all(user=stored, by=by, at=at)
        return waits


def come_back(*, user: User, by: str, at: datetime) -> None:
    """The account is open again, with nothing given."""
    with transaction.atomic():
        user.is_active, user.left_at = True, None
        save_user(user=user, by=by, at=at)
        User.objects.filter(pk=user.pk).update(left_at=None)


def _hand_over(user: User, heir: User, by: str, at: datetime) -> Proposal | None:
    """Portfolios, which the heir is told of, and work that goes on in somebody's name, with what that person may do and see."""
    before = rights_of(heir)
    after = replace(before, portfolios=before.portfolios | rights_of(user).portfolios)
    waits = _give(heir, after, by, at)
    for each in OWNED:
        rows = list(each.rows(user).select_for_update(of=("self",)))
        edits = changes(old={each.field: user.email}, new={each.field: heir.email})
        record_all(event(by=by, at=at, target=row, what=AuditType.EDITED, changes=edits) for row in rows)
        each.rows(user).filter(pk__in=[row.pk for row in rows]).update(**{each.field: heir})
    return waits


def _give(heir: User, rights: Rights, by: str, at: datetime) -> Proposal | None:
    """At once where it takes one person; else it is proposed. Raises AlreadyProposed."""
    try:
        change_rights(user=heir, rights=rights, by=by, at=at)
    except NeedsSecondPerson:
        return second_person.put(rights_given(heir, rights, environment=next(enabled())), by=by, at=at)
    return None


def _assign_anew(user: User, heir: User | None, by: str, at: datetime) -> None:
    """To the heir where they see the customer, else to nobody."""
    own, dialogs = Customer.objects.filter(assignee=user), Dialog.objects.filter(assignee=user)
    if heir is not None:
        seen = Customer.objects.visible_to(User.objects.get(pk=heir.pk)).values("pk")
        customer_groups.assign(customers=own.filter(pk__in=seen), to=heir, by=by, at=at)
        acts.assign(dialogs=dialogs, to=User.objects.get(pk=heir.pk), by=by, at=at)
    customer_groups.assign(customers=own, to=None, by=by, at=at)
    acts.assign(dialogs=dialogs, to=None, by=by, at=at)
