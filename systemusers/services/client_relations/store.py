"""Stores whom an accountant's system user may act for. A client is gone only after two signs with time between them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from portal.core import lease
from portal.gateways.altinn import AuthorizedParty
from portal.gateways.text import one_line
from systemusers.models import Access, ClientRelation, ClientRound
from systemusers.services.authorised_parties import packages_of, resources_of
from systemusers.services.client_relations.tie import tie_customers
from systemusers.services.losses import is_mass_loss
from systemusers.services.tokens import PATIENCE

NUMBER = re.compile(r"[2389]\d{8}", re.ASCII)
LISTED = ["name", "packages", "resources", "seen_at", "missing_since", "gone_at"]
MANY_WAIT = timedelta(days=1)
"""Between the two signs when more than half are missing at once: more likely a fault than the accountant's doing."""
AGAIN = timedelta(hours=1)


@dataclass(frozen=True)
class Changes:
    """What one reading changed: numbers of clients. `next_sign_at`: when those that are missing are looked for again."""

    listed: int
    new: int
    missing: int
    gone: int
    next_sign_at: datetime | None


def store_clients(*, access: Access, parties: Iterable[AuthorizedParty], at: datetime) -> Changes:
    """Call it in a transaction. `parties` are all that Altinn listed."""
    listed = {party.orgnr: party for party in parties if NUMBER.fullmatch(party.orgnr)}
    own = ClientRelation.objects.filter(access=access)
    known = set(own.values_list("orgnr", flat=True))
    own.filter(orgnr__in=listed, gone_at__isnull=False).update(first_seen_at=at)
    ClientRelation.objects.bulk_create(
        [_row(access, party, at) for party in listed.values()],
        update_conflicts=True,
        unique_fields=["access", "orgnr"],
        update_fields=LISTED,
        batch_size=1000,
    )
    tie_customers(rows=own, at=at)
    missing, gone, again = _note_missing(own.present().exclude(orgnr__in=listed), at)
    return Changes(len(listed), len(listed.keys() - known), missing, gone, again)


def _row(access: Access, party: AuthorizedParty, at: datetime) -> ClientRelation:
    return ClientRelation(
        access=access, orgnr=party.orgnr, name=one_line(party.name)[:200], packages=packages_of(party),
        resources=resources_of(party), first_seen_at=at, seen_at=at, missing_since=None, gone_at=None,
    )  # fmt: skip


def _note_missing(rows: QuerySet[ClientRelation], at: datetime) -> tuple[int, int, datetime | None]:
    """The first sign for those without one, the second for the others when it is old enough."""
    total = rows.count()
    if not total:
        return 0, 0, None
    patience = PATIENCE
    present = ClientRelation.objects.filter(access=rows[0].access_id).present().count()
    if is_mass_loss(missing=total, total=present):
        patience = MANY_WAIT
    gone = rows.filter(missing_since__lte=at - patience).update(gone_at=at, chosen_at=None, next_attempt_at=None)
    first = rows.filter(missing_since__isnull=True).update(missing_since=at)
    waiting = (
        rows.filter(gone_at__isnull=True).order_by("missing_since").values_list("missing_since", flat=True).first()
    )
    return first, gone, waiting + patience if waiting else None


def note_parties(*, access: Access, orgnrs: Iterable[str], at: datetime) -> int:
    """Dialogs tell of clients that the list has not told yet. Store them, and read the list soon. Returns how many are new."""
    numbers = {number for number in orgnrs if NUMBER.fullmatch(number)}
    known = ClientRelation.objects.filter(access=access, orgnr__in=numbers).values_list("orgnr", flat=True)
    new = sorted(numbers - set(known))
    if new:
        rows = [ClientRelation(access=access, orgnr=orgnr, first_seen_at=at) for orgnr in new]
        ClientRelation.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        old = Q(read_at__isnull=True) | Q(read_at__lte=at - AGAIN)
        lease.make_due(ClientRound.objects.filter(old, access=access, problem_code=""), at=at)
    return len(new)


def union(access: Access) -> dict[str, Any]:
    """All packages and resources that any client of the access has given."""
    rows = ClientRelation.objects.filter(access=access).present().values_list("packages", "resources")
    packages: set[str] = set()
    resources: set[str] = set()
    for given, opened in rows.iterator(chunk_size=1000):
        packages.update(given)
        resources.update(opened)
    return {"packages": sorted(packages), "resources": sorted(resources)}
