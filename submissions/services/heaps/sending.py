"""Queues the drafts of a heap that a person has asked to send. Each goes through the queue's own checks and audit.

Where the service requires a second person, approval is asked for instead; of a watched folder by nobody, see `left_to_page`.
Only drafts that need no answer from a person are sent from here. What turns out to need one is left, and told.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from portal.core.enqueue import enqueue_by_name
from portal.core.lease import Hold
from portal.core.states import IllegalTransition, LostRace
from submissions.models import Heap, HeapPackage, HeapSource, Submission
from submissions.services import catalogue
from submissions.services.catalogue import Local
from submissions.services.heaps.making import may
from submissions.services.sending.approvals import send_or_ask
from submissions.services.sending.queue import HasChanged, NeedsApproval, NotReady, queue

BATCH = 20


def is_watched(heap: Heap) -> bool:
    """Whether its files were dropped into a watched folder: nobody has seen them, and who dropped them is not known.

    One query, none where the source was loaded with the heap.
    """
    source: HeapSource | None = getattr(heap, "source", None)
    return source is not None and source.key.startswith(HeapSource.WATCHED)


def left_to_page(heap: Heap, *, local: Local | None = None) -> set[str]:
    """The services whose reports are sent from their own pages alone: those that take two persons, of whom a watched folder is not
    the first. As many queries as `is_watched`, and one for a watched folder, without `local`."""
    if not is_watched(heap):
        return set()
    settings = (local or catalogue.local(heap.environment)).settings
    return {service for service, setting in settings.items() if setting.needs_approval}


def step(hold: Hold[Heap]) -> bool:
    """Queue one batch. False when none is wanted."""
    wanted = hold.row.packages.filter(send_wanted_at__isnull=False)
    batch = list(
        wanted.select_related("draft__customer", "draft__access", "customer", "ordered_by").order_by("pk")[:BATCH]
    )
    for package in batch:
        hold.renew()
        _queue(hold, package)
    if batch:
        enqueue_by_name("submissions.tasks.send_submissions")
    return bool(batch)


def _queue(hold: Hold[Heap], package: HeapPackage) -> None:
    """The order and the state of the draft change in one transaction, so nothing is queued twice."""
    user, is_queued = package.ordered_by, False
    send = queue if is_watched(hold.row) else send_or_ask
    if user is not None and package.draft is not None and may(user, package) and _is_as_ordered(package, package.draft):
        try:
            with transaction.atomic():
                _close(package, not_sent=False)
                send(submission=package.draft, by=user.actor, at=hold.now())
                is_queued = True
        except (NotReady, NeedsApproval, HasChanged, LostRace, IllegalTransition):
            is_queued = False
    if not is_queued:
        _close(package, not_sent=True)


def _is_as_ordered(package: HeapPackage, draft: Submission) -> bool:
    """Whether no file of the draft was changed since the person saw it: each change makes it ready anew."""
    return draft.status_at == package.ready_since


def _close(package: HeapPackage, *, not_sent: bool) -> None:
    HeapPackage.objects.filter(pk=package.pk).update(send_wanted_at=None, not_sent=not_sent)


def counted(packages: Iterable[HeapPackage]) -> dict[tuple[str, str], int]:
    """How many there are of each service and period, in the order in which they come."""
    numbers: dict[tuple[str, str], int] = {}
    for package in packages:
        key = (package.service, str(package.period))
        numbers[key] = numbers.get(key, 0) + 1
    return numbers
