"""Judges the packages of a heap: whether a draft can be made, through which access, and what was there before.

Customers, accesses, drafts and deliveries of a batch are loaded together. What can be sent is said by `offers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count

from portal.core.bulk import write_columns
from portal.core.lease import Hold
from submissions.models import Heap, HeapPackage, Submission
from submissions.services import catalogue
from submissions.services.catalogue import Local, UnknownService
from submissions.services.drafting.beside import TAKEN
from submissions.services.drafting.package_check import OPEN
from submissions.services.heaps.sorting import Key
from submissions.services.offers import offers_of
from systemusers.services.client_relations.ways import Way, ways_to_all

BATCH = 200
V = HeapPackage.Verdict


def step(hold: Hold[Heap]) -> bool:
    """Judge one batch. False when none waits."""
    waiting = hold.row.packages.filter(verdict=V.WAITING, draft__isnull=True)
    batch = list(waiting.select_related("customer").annotate(n=Count("files")).order_by("pk")[:BATCH])
    if not batch:
        return False
    judged = list(judge(batch, catalogue.local(hold.row.environment)))
    with transaction.atomic():
        hold.lock()
        empty = [package.pk for package in judged if not package.n]  # type: ignore[attr-defined] # annotated
        HeapPackage.objects.filter(pk__in=empty).delete()
        write_columns([one for one in judged if one.pk not in empty], "verdict", "access_id", "other_id")
    return True


def judge(packages: Sequence[HeapPackage], settings: Local) -> Iterable[HeapPackage]:
    """Sets verdict, access and what was there before. Packages have their customer and `n`, the number of files."""
    ways = ways_to_all({package.customer for package in packages})
    before = _before(packages)
    for package in packages:
        _judge(package, ways[package.customer_id], before.get(_key(package), []), settings)
        yield package


def _judge(package: Any, ways: list[Way], before: list[Submission], settings: Local) -> None:
    package.other = package.access = None
    try:
        service = catalogue.service(package.service)
    except UnknownService:
        package.verdict = V.NO_ACCESS
        return
    offers = offers_of(service, ways, settings)
    offer = next((offer for offer in offers if offer.is_allowed), None)
    draft = next((row for row in before if row.status in OPEN), None)
    delivered = next((row for row in before if row.status in TAKEN), None)
    if offer is None:
        package.verdict = V.NO_ACCESS
        return
    package.access, package.other = offer.access, draft or delivered
    if 0 < service.max_files < package.n:  # 0: not known
        package.verdict = V.TOO_MANY
    elif draft:
        package.verdict = V.OPEN_DRAFT
    else:
        package.verdict = V.BEFORE if delivered else V.READY


def _key(row: HeapPackage | Submission) -> Key:
    return (row.customer_id, row.service, row.period_kind, row.period_start)


def _before(packages: Sequence[HeapPackage]) -> dict[Key, list[Submission]]:
    """Open drafts that correct nothing, and what Skatteetaten has or soon may have; the newest first. One query."""
    rows = Submission.objects.filter(
        customer__in={package.customer_id for package in packages},
        service__in={package.service for package in packages},
        period_start__in={package.period_start for package in packages},
        answers__isnull=True,
        status__in={*OPEN, *TAKEN},
    )
    found: dict[Key, list[Submission]] = {}
    for row in rows.order_by("-queued_at", "-pk"):
        if row.status in TAKEN or row.corrects_id is None:
            found.setdefault(_key(row), []).append(row)
    return found
