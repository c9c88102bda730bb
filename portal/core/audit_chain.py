"""The audit trail's hash chain: new rows are sealed in batches, so that writers do not wait for each other.

A row's hash covers every column; a seal's hash covers the seal before it and its rows.
`verify` names the first row or seal that does not match.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import DatabaseError, connection, transaction

from portal.core.audit import AuditEvent, AuditSeal

BATCH = 10_000
_HASH_BYTES = 32
_GENESIS = "0" * 64


def row_hash(event: AuditEvent) -> bytes:
    """SHA-256 over all columns of the row in a canonical form (32 bytes)."""
    columns = [
        event.pk, event.at.astimezone(UTC).isoformat(), event.by, event.environment,
        event.target, event.customer_id_ref, event.what, event.detail,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(columns, sort_keys=True, ensure_ascii=False).encode()).digest()


def seal(*, at: datetime) -> int:
    """Seal the rows that came since the last seal; returns how many. Safe to run twice at once."""
    highest = _settled_highest()
    previous = AuditSeal.objects.last()
    events = list(
        AuditEvent.objects.filter(pk__gt=previous.last_event if previous else 0, pk__lte=highest).order_by("pk")[:BATCH]
    )
    if not events:
        return 0
    hashes = b"".join(row_hash(event) for event in events)
    AuditSeal.objects.bulk_create(
        [
            AuditSeal(
                sealed_at=at,
                first_event=events[0].pk,
                last_event=events[-1].pk,
                row_hashes=hashes,
                chain_hash=_chain(previous.chain_hash if previous else _GENESIS, hashes),
            )
        ],
        ignore_conflicts=True,
    )
    return len(events)


def _settled_highest() -> int:
    """The highest id below which no transaction is open: the table lock waits for writers with an uncommitted id.

    It gives up after a second, so that writers do not wait; the next round seals.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            cursor.execute("LOCK TABLE portal_auditevent IN SHARE MODE")
            cursor.execute("SELECT coalesce(max(id), 0) FROM portal_auditevent")
            return int(cursor.fetchone()[0])
    except DatabaseError:
        return 0


def _chain(previous: str, hashes: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + hashes).hexdigest()


class Broken(Exception):
    """The trail was changed. The message names the first row or seal that does not fit."""


def verify() -> int:
    """Walk the whole chain and return the number of sealed rows. Raises Broken at the first mismatch."""
    previous, count = _GENESIS, 0
    last_event = 0
    for sealed in AuditSeal.objects.order_by("last_event").iterator():
        hashes = bytes(sealed.row_hashes)
        if _chain(previous, hashes) != sealed.chain_hash:
            raise Broken(f"seal {sealed.pk} (rows {sealed}) does not follow from the seal before it")
        count += _verify_rows(sealed, hashes, last_event)
        previous, last_event = sealed.chain_hash, sealed.last_event
    return count


def _verify_rows(sealed: AuditSeal, hashes: bytes, last_event: int) -> int:
    events = AuditEvent.objects.filter(pk__gt=last_event, pk__lte=sealed.last_event).order_by("pk")
    expected = [hashes[i : i + _HASH_BYTES] for i in range(0, len(hashes), _HASH_BYTES)]
    _compare(events.iterator(), expected, sealed)
    return len(expected)


def _compare(events: Iterable[AuditEvent], expected: list[bytes], sealed: AuditSeal) -> None:
    seen = 0
    for event in events:
        if seen >= len(expected) or row_hash(event) != expected[seen]:
            raise Broken(f"row {event.pk} is not what was sealed {sealed.sealed_at:%Y-%m-%d %H:%M}")
        seen += 1
    if seen != len(expected):
        raise Broken(f"{len(expected) - seen} rows are missing among {sealed}")
