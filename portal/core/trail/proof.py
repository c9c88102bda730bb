"""A file with rows of the audit trail and what proves them: one JSON value on each line, so that it is read from its beginning.

First `about`, then each `seal` from that of the first row to the first one of which there is an anchor after the last row, each followed
by its `row`s; then the `anchor`s, and `end` with a hash and an HMAC of all lines before it. `portal.core.trail.proof_reading` reads it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from typing import IO, Any

from django.db.models import Max, Min, QuerySet

from portal.core.audit import AuditEvent, AuditSeal
from portal.core.trail import keys
from portal.core.trail.anchors import Anchor

FORMAT = 1
MOST_ROWS, MOST_SEALS = 200_000, 60_000
"""A file with more is not made: the person chooses a shorter period. A busy month has a seal for each of its 44 640 minutes."""
BATCH = 500
Shown = Callable[[list[AuditEvent]], Sequence[dict[str, Any]]]


class TooLarge(Exception):
    """The rows, or the seals between the first and the last of them, are more than a file takes."""


@dataclass(frozen=True)
class Written:
    """How many rows the file has, and how many it lacks because they are not sealed yet."""

    rows: int
    unsealed: int


def write(
    file: IO[bytes], rows: QuerySet[AuditEvent], *, about: dict[str, Any], anchors: Iterable[Anchor], shown: Shown
) -> Written:
    """`shown`: what a person reads of each row; it is in the file beside the row, and is not what is proved. In a transaction.

    Raises TooLarge.
    """
    sealed_until = AuditSeal.objects.order_by("pk").values_list("last_event", flat=True).last() or 0
    sealed, known = rows.filter(pk__lte=sealed_until), sorted(anchors)
    number, unsealed = sealed.count(), rows.filter(pk__gt=sealed_until).count()
    seals = _seals(sealed, known)
    if number > MOST_ROWS or seals.count() > MOST_SEALS:
        raise TooLarge
    lines = _Lines(file)
    lines.add({"about": {"format": FORMAT, **about, "rows": number, "unsealed": unsealed}})
    last = _write_sealed(lines, seals, _with_shown(sealed, shown))
    for anchor in known:
        if last and last.number and anchor.number <= last.number:
            lines.add({"anchor": str(anchor)})
    lines.end(rows=number)
    return Written(number, unsealed)


class _Lines:
    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def add(self, value: dict[str, Any]) -> None:
        line = json.dumps(value, ensure_ascii=False, sort_keys=True).encode() + b"\n"
        self.digest.update(line)
        self.file.write(line)

    def end(self, *, rows: int) -> None:
        digest, key = self.digest.hexdigest(), keys.current()
        self.add({"end": {"rows": rows, "sha256": digest, "key": key, "mac": keys.mac(content_of(digest), key=key)}})


def content_of(digest: str) -> bytes:
    """What the HMAC of the whole file is made of; no other HMAC of ours begins so."""
    return f"portal proof {FORMAT} {digest}".encode()


def _seals(rows: QuerySet[AuditEvent], anchors: list[Anchor]) -> QuerySet[AuditSeal]:
    """From that of the first row to that of the last, and on to the first seal with an anchor."""
    ends = rows.order_by().aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return AuditSeal.objects.none()
    from_first = AuditSeal.objects.filter(last_event__gte=ends["first"]).order_by("pk")
    of_last = AuditSeal.objects.filter(last_event__gte=ends["last"]).order_by("pk")[:1].get()
    anchored = next((each.number for each in anchors if of_last.number and each.number >= of_last.number), None)
    until = AuditSeal.objects.filter(number=anchored).first() if anchored else None
    return from_first.filter(pk__lte=(until or of_last).pk)


def _with_shown(rows: QuerySet[AuditEvent], shown: Shown) -> Iterator[tuple[AuditEvent, dict[str, Any]]]:
    found = rows.order_by("pk").iterator(chunk_size=BATCH)
    while batch := list(islice(found, BATCH)):
        yield from zip(batch, shown(batch), strict=True)


def _write_sealed(
    lines: _Lines, seals: QuerySet[AuditSeal], rows: Iterator[tuple[AuditEvent, dict[str, Any]]]
) -> AuditSeal | None:
    """The seals, each followed by its rows. Returns the last one."""
    sealed, ahead = None, next(rows, None)
    for sealed in seals.iterator(chunk_size=BATCH):
        lines.add({"seal": _plain_seal(sealed)})
        while ahead and ahead[0].pk <= sealed.last_event:
            lines.add({"row": plain_row(ahead[0]), "shown": ahead[1]})
            ahead = next(rows, None)
    return sealed


def _plain_seal(sealed: AuditSeal) -> dict[str, Any]:
    return {
        "id": sealed.pk, "sealed_at": sealed.sealed_at.astimezone(UTC).isoformat(), "first": sealed.first_event,
        "last": sealed.last_event, "row_hashes": base64.b64encode(bytes(sealed.row_hashes)).decode(),
        "previous": sealed.previous_hash, "hash": sealed.chain_hash, "number": sealed.number, "events": sealed.events,
        "key": sealed.key,
    }  # fmt: skip


def plain_row(event: AuditEvent) -> dict[str, Any]:
    """All columns, as plain values."""
    return {
        "id": event.pk, "at": event.at.astimezone(UTC).isoformat(), "by": event.by, "environment": event.environment,
        "target": event.target, "customer": event.customer_id_ref, "what": event.what, "detail": event.detail,
    }  # fmt: skip
