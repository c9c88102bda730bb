"""Makes drafts of the packages that a person has asked for, through the service that a person's own upload uses.

The package is tied to its draft in the transaction that makes the draft. So a worker that stops, and a second one, make no
second draft.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import Capability, Customer, User
from portal.core.lease import Hold
from portal.core.states import LostRace
from submissions.adapters.base import Finding, Level
from submissions.models import Heap, HeapPackage, Submission, stored
from submissions.services.documents import DocumentDamaged, Kept, StoredUpload
from submissions.services.drafting import checking, drafts
from systemusers.models import Access

BATCH = 20
V = HeapPackage.Verdict


def step(hold: Hold[Heap]) -> bool:
    """Make one batch. False when none is wanted."""
    wanted = hold.row.packages.filter(wanted_at__isnull=False, draft__isnull=True)
    batch = list(wanted.select_related("customer", "ordered_by").order_by("pk")[:BATCH])
    for package in batch:
        hold.renew()
        _make(hold, package)
    return bool(batch)


def _make(hold: Hold[Heap], package: HeapPackage) -> None:
    user, access = package.ordered_by, _access(package)
    if user is None or access is None or not may(user, package):
        _settle(package, verdict=V.NO_ACCESS)
        return
    try:
        draft, refused = _begin(package, access=access, by=user.actor, at=hold.now())
    except drafts.OpenDraft as error:
        _settle(package, verdict=V.OPEN_DRAFT, other=error.draft)
    except drafts.NotAllowed:
        _settle(package, verdict=V.NO_ACCESS)
    except DocumentDamaged:
        finding = Finding(Level.ERROR, DocumentDamaged.code)
        _settle(package, verdict=V.ERRORS, refused=[{"file": "", "findings": [checking.as_stored(finding)]}])
    else:
        if draft is None:
            _settle(package, verdict=V.ERRORS, refused=refused)


def may(user: User, package: HeapPackage) -> bool:
    """Whether the person who gave the order may still work for this customer."""
    seen = Customer.objects.visible_to(user).filter(pk=package.customer_id)
    return user.may(Capability.WORK, package.heap.environment) and seen.exists()


def _access(package: HeapPackage) -> Access | None:
    rows = Access.objects.loaded()
    return rows.filter(pk=package.access_id).first() if package.access_id else None


def _begin(
    package: HeapPackage, *, access: Access, by: str, at: datetime
) -> tuple[Submission | None, list[stored.Refused]]:
    return drafts.begin(
        access=access,
        service=package.service,
        period=package.period,
        files=uploads_of(package),
        by=by,
        at=at,
        customer=package.customer,
        then=lambda draft: _tie(package, draft),
    )


def uploads_of(package: HeapPackage) -> list[StoredUpload]:
    """The files of a package, for a draft."""
    rows = package.files.order_by("pk")
    return [StoredUpload(row.filename, Kept(row.sha256, row.size, is_written=False)) for row in rows]


def _tie(package: HeapPackage, draft: Submission) -> None:
    """Raises LostRace when the heap was deleted, or another worker was faster: then no draft is made."""
    mine = HeapPackage.objects.filter(pk=package.pk, draft__isnull=True, wanted_at__isnull=False)
    if not mine.update(draft=draft, wanted_at=None, verdict=V.READY):
        raise LostRace(f"package {package.pk} has a draft already, or is gone")


def _settle(package: HeapPackage, **fields: Any) -> None:
    """No draft was made, and the page says why."""
    package.wanted_at = None
    for name, value in fields.items():
        setattr(package, name, value)
    package.save(update_fields=["wanted_at", *fields])
