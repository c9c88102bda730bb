"""What a person orders for a heap: drafts of all that can be, sending of all that is ready, and a new look at the rest.

Each order is written on the packages it is about, with the person who gave it. A worker carries it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.models import Customer, User
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from submissions.models import Heap, HeapFile, HeapPackage, Submission
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.heaps.groups import DRAFTABLE, Where, grouped
from submissions.services.heaps.making import uploads_of
from submissions.services.heaps.sending import counted, left_to_page
from submissions.services.heaps.sorting import Sorted, match_of, place

V = HeapPackage.Verdict
F = HeapFile.Verdict


class HasChanged(Exception):
    """What is ready is not what the person was shown."""


@dataclass(frozen=True)
class ToSend:
    """What would be sent. `numbers` are (service, period, how many); `token` is bound to exactly these drafts as they are:
    `ready_since` is by draft, and new with every change of its files."""

    ready_since: Mapping[int, datetime]
    customers: int
    numbers: tuple[tuple[str, str, int], ...]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(sorted(self.ready_since))

    @property
    def token(self) -> str:
        states = (f"{pk} {self.ready_since[pk].timestamp()}" for pk in self.ids)
        return hashlib.sha256(",".join(states).encode()).hexdigest()


def packages_of(heap: Heap, user: User) -> QuerySet[HeapPackage]:
    """Those of customers that the person sees now: portfolios change."""
    rows = HeapPackage.objects.filter(heap=heap)
    return (
        rows
        if user.within(heap.environment).sees_all_customers
        else rows.filter(customer__in=Customer.objects.visible_to(user))
    )


def draftable(*, heap: Heap, user: User) -> QuerySet[HeapPackage]:
    """Those that can be drafts, and are not ordered as such."""
    return packages_of(heap, user).filter(DRAFTABLE)


def order_drafts(*, heap: Heap, user: User, at: datetime, leave: Collection[int] = ()) -> int:
    """A worker makes a draft of each package that can be one, but for `leave`, by id. Returns how many are new orders: pressed
    twice, 0."""
    with transaction.atomic():
        _lock(heap)
        number = draftable(heap=heap, user=user).exclude(pk__in=leave).update(wanted_at=at, ordered_by=user)
        if number:
            _ordered(heap, user, AuditType.DRAFTS_ORDERED, number=number, at=at)
    return number


def to_send(*, heap: Heap, user: User, anew: bool = True) -> ToSend:
    """The drafts that can be sent without a further question. `anew`: also those that were ordered before, and could not be."""
    names = ("draft__status_at", "customer_id", "service", "period_kind", "period_start")
    rows_of = packages_of(heap, user) if anew else packages_of(heap, user).filter(not_sent=False)
    sendable = grouped(rows_of, apart=left_to_page(heap)).filter(Q(where=Where.DRAFTS))
    found = sendable.select_related("draft").only(*names)
    rows = list(found.order_by("service", "period_start", "pk"))
    numbers = tuple((service, period, n) for (service, period), n in counted(rows).items())
    ready_since = {row.draft.pk: row.draft.status_at for row in rows if row.draft}
    return ToSend(ready_since, len({row.customer_id for row in rows}), numbers)


def order_sending(*, heap: Heap, user: User, shown: str, at: datetime, anew: bool = True) -> int:
    """A worker queues the drafts that the person was shown. `shown` is the token of `to_send`. Raises HasChanged."""
    with transaction.atomic():
        _lock(heap)
        now = to_send(heap=heap, user=user, anew=anew)
        if shown != now.token:
            raise HasChanged(f"heap {heap.pk} is not as it was shown")
        drafts_of = Submission.objects.filter(pk=OuterRef("draft"))
        number = (
            packages_of(heap, user)
            .filter(draft__in=now.ids)
            .update(
                send_wanted_at=at,
                ordered_by=user,
                not_sent=False,
                ready_since=Subquery(drafts_of.values("status_at")[:1]),
            )
        )
        if number:
            _ordered(heap, user, AuditType.SENDING_ORDERED, number=number, at=at)
    return number


def sort_again(*, heap: Heap, at: datetime) -> None:
    """Look again at what is in no draft: a customer may have been added, or an access given."""
    with transaction.atomic():
        _lock(heap)
        undone = (F.UNKNOWN_CUSTOMER, F.UNKNOWN_KIND, F.UNREADABLE)
        heap.files.filter(verdict__in=undone).exclude(sha256="").update(verdict=F.WAITING)
        heap.packages.filter(draft__isnull=True).update(verdict=V.WAITING, wanted_at=None)
        _wake(heap, at)


def choose(*, heap: Heap, service: str, files: QuerySet[HeapFile], by: str, at: datetime) -> int:
    """The files are for this service, of those that they fit. Returns how many of `files` wait for the choice and fit it."""
    with transaction.atomic():
        _lock(heap)
        chosen = []
        for file in files.filter(heap=heap, verdict=F.CHOOSE).defer(None):
            matches = tuple(match_of(row) for row in file.matches if row["service"] == service)
            if matches:
                chosen.append(Sorted(file, matches))
        if chosen:
            place(heap, chosen)
            record(by=by, at=at, target=heap, what=AuditType.SERVICE_CHOSEN, service=service, number=len(chosen))
            _wake(heap, at)
    return len(chosen)


def add_to_open_draft(*, package: HeapPackage, user: User, at: datetime) -> bool:
    """Put the files into the draft that was open before. False when there is none any more. Raises drafts.NotOpen, NotStored."""
    draft = next(
        iter(drafts.find_open(customer=package.customer, service=package.service, period=package.period)), None
    )
    if draft is None or package.draft_id is not None:
        return False
    drafts.add_files(submission=draft, files=uploads_of(package), by=user.actor, at=at)
    HeapPackage.objects.filter(pk=package.pk, draft__isnull=True).update(draft=draft, verdict=V.READY, other=None)
    return True


def service_names(choices: str) -> list[tuple[str, str]]:
    """(id, name) of each service of `HeapFile.choices`."""
    return [(service, catalogue.name_of(service)) for service in choices.split(",") if service]


def _lock(heap: Heap) -> None:
    """Raises Heap.DoesNotExist when it was deleted meanwhile."""
    Heap.objects.select_for_update().get(pk=heap.pk)


def _wake(heap: Heap, at: datetime) -> None:
    Heap.objects.filter(pk=heap.pk).update(touched_at=at, sorted_at=None, failures=0, problem_code="")
    lease.make_due(Heap.objects.filter(pk=heap.pk), at=at)


def _ordered(heap: Heap, user: User, what: AuditType, *, number: int, at: datetime) -> None:
    record(by=user.actor, at=at, target=heap, what=what, number=number)
    _wake(heap, at)
