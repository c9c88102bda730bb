"""Orders for a heap what a person orders on its page: drafts of what can be one, then sending of what needs no answer.

Everything is decided by `heaps.ordering` and by what stands behind it. What a person must answer is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from accounts.models import User
from portal.core.enqueue import enqueue_by_name
from submissions.adapters.base import Level
from submissions.models import Heap, HeapFile, HeapPackage, Submission, stored
from submissions.services import catalogue
from submissions.services.documents import DocumentDamaged, clean_filename, read_stored
from submissions.services.drafting import checking
from submissions.services.drafting.preflight import hashes
from submissions.services.heaps import ordering
from submissions.services.heaps.groups import UNCHECKED
from submissions.services.ways import about_of, adapter_of

S = Submission.Status


def is_moving(heap: Heap) -> bool:
    """Whether workers have something to do with it. Three queries at most."""
    due = Heap.objects.filter(pk=heap.pk).values_list("next_attempt_at", flat=True).get()
    return due is not None or heap.packages.filter(UNCHECKED).exists()


def order_drafts(*, heap: Heap, user: User, at: datetime) -> int:
    """But for packages of which the same files are in a report already. Returns how many were ordered."""
    known = same_before(ordering.draftable(heap=heap, user=user))
    return _woken(ordering.order_drafts(heap=heap, user=user, at=at, leave=known.keys()))


def order_sending(*, heap: Heap, user: User, at: datetime) -> int:
    """Of what was not ordered before. Returns how many were ordered."""
    ready = ordering.to_send(heap=heap, user=user, anew=False)
    if not ready.ids:
        return 0
    with suppress(ordering.HasChanged):  # another one was first, or a file came: it is looked at again
        return _woken(ordering.order_sending(heap=heap, user=user, shown=ready.token, at=at, anew=False))
    return 0


def _woken(ordered: int) -> int:
    if ordered:
        wake()
    return ordered


def wake() -> None:
    """A worker takes what is due now; without a broker a sweep does."""
    enqueue_by_name("submissions.tasks.work_on_heaps")


def drive(*, heap: Heap, user: User, sends: bool, at: datetime) -> bool:
    """One turn. False when nothing more happens by itself. Raises Heap.DoesNotExist when it was deleted meanwhile."""
    if is_moving(heap) or order_drafts(heap=heap, user=user, at=at):
        return True
    return sends and bool(order_sending(heap=heap, user=user, at=at))


def same_before(packages: Iterable[HeapPackage]) -> dict[int, Submission]:
    """By the id of a package: the newest report with exactly its files, unless it was cancelled. Sent again they are by a person only.

    Few queries for each package.
    """
    found = {package.pk: _same(package) for package in packages}
    return {pk: other for pk, other in found.items() if other}


def _same(package: HeapPackage) -> Submission | None:
    ours = sorted(set(package.files.values_list("sha256", flat=True)))
    rows = Submission.objects.filter(customer=package.customer_id, service=package.service, documents__sha256__in=ours)
    others = rows.exclude(status=S.CANCELLED).distinct().order_by("-pk")
    return next((other for other in others if hashes(other) == ours), None)


def checked(package: HeapPackage) -> tuple[list[stored.Finding], bool]:
    """What the check of a draft would say of the files of a package, and whether any of it is an error. Nothing is kept."""
    service = catalogue.service(package.service)
    draft = Submission(
        environment=package.customer.environment, customer=package.customer, access=package.access, service=service.id,
        **package.period.columns(),
    )  # fmt: skip
    files = list(package.files.defer(None).order_by("pk"))
    names = {file.pk: clean_filename(file.filename) for file in files}
    outside = [checking.outside(filename=names[file.pk], size=file.size, service=service) for file in files]
    reports = [
        checking.inspect(filename=names[file.pk], content=content, submission=draft) for file, content in _read(files)
    ]
    found = [*filter(None, outside), *(adapter_of(draft).check(reports, about_of(draft)) if reports else [])]
    return [checking.as_stored(each) for each in found], any(each.level == Level.ERROR for each in found)


def _read(files: Iterable[HeapFile]) -> Iterator[tuple[HeapFile, bytes]]:
    for file in files:
        with suppress(DocumentDamaged):
            yield file, read_stored(file.sha256)
