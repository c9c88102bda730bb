"""The audit trail's hash chain: new rows are sealed in batches, so that writers do not wait for each other.

A row's hash covers every column; a seal's hash covers the seal before it, its rows and its columns. There is one chain: sealers take
turns by an advisory lock, and the database refuses two seals with the same predecessor.
`verify` names the first row or seal that does not match.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import OperationalError, connection, transaction

from portal.core.audit import AuditEvent, AuditSeal

logger = logging.getLogger(__name__)
BATCH = 10_000
LOCK = 0x5345414C
"""The key of PostgreSQL's advisory lock that a sealer holds. Nothing else may use it."""
GENESIS = "0" * 64
"""The predecessor of the first seal."""
_HASH_BYTES = 32
_BEFORE_ALL = -(2**63)


def row_hash(event: AuditEvent) -> bytes:
    """SHA-256 over all columns of the row in a canonical form (32 bytes)."""
    columns = [
        event.pk, event.at.astimezone(UTC).isoformat(), event.by, event.environment,
        event.target, event.customer_id_ref, event.what, event.detail,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(columns, sort_keys=True, ensure_ascii=False).encode()).digest()


def seal(*, at: datetime) -> int:
    """Seal up to BATCH rows that came since the last seal; returns how many.

    One sealer at a time: an advisory lock is held from the read of the last seal to the commit of the next. 0 when another
    sealer is at work, or a writer does not finish; the next run seals. Must not run inside a transaction of the caller.
    """
    highest = _settled_highest()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        return _seal_up_to(highest, at=at)


def _seal_up_to(highest: int, *, at: datetime) -> int:
    """Only while the lock is held. The unique column `previous_hash` refuses a second seal after the same one."""
    previous = AuditSeal.objects.last()
    after = previous.last_event if previous else 0
    events = list(AuditEvent.objects.filter(pk__gt=after, pk__lte=highest).order_by("pk")[:BATCH])
    if not events:
        return 0
    before = previous.chain_hash if previous else GENESIS
    hashes = b"".join(row_hash(event) for event in events)
    sealed = AuditSeal(
        sealed_at=at, first_event=events[0].pk, last_event=events[-1].pk, row_hashes=hashes, previous_hash=before
    )
    sealed.chain_hash = _chain(sealed)
    sealed.save(force_insert=True)
    anchor = {"rows": str(sealed), "anchor": sealed.chain_hash}
    transaction.on_commit(lambda: logger.info("audit trail sealed", extra=anchor))
    return len(events)


def seal_all(*, at: datetime) -> int:
    """Seal batch after batch until nothing is left; returns how many rows."""
    total = 0
    while count := seal(at=at):
        total += count
    return total


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
    except OperationalError:
        return 0


def _chain(sealed: AuditSeal) -> str:
    """SHA-256 over the seal before it and all columns of this one."""
    columns = [
        sealed.previous_hash, sealed.sealed_at.astimezone(UTC).isoformat(), sealed.first_event, sealed.last_event,
        bytes(sealed.row_hashes).hex(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()


class Broken(Exception):
    """The trail was changed. The message names the first row or seal that does not fit."""


@dataclass(frozen=True)
class Verified:
    """`rows` are sealed and unchanged. `anchor` is the hash of the newest seal: kept elsewhere, it proves all of them later."""

    rows: int
    anchor: str


def verify(*, since: str = "") -> Verified:
    """Walk the whole chain. Raises Broken at the first mismatch, and when no seal has the hash `since` (an older anchor)."""
    previous, rows, last_event, is_anchored = GENESIS, 0, _BEFORE_ALL, since in ("", GENESIS)
    for sealed in AuditSeal.objects.order_by("pk").iterator():
        hashes = bytes(sealed.row_hashes)
        if sealed.previous_hash != previous or _chain(sealed) != sealed.chain_hash:
            raise Broken(f"seal {sealed.pk} (rows {sealed}) does not follow from the seal before it")
        rows += _verify_rows(sealed, hashes, last_event)
        previous, last_event = sealed.chain_hash, sealed.last_event
        is_anchored = is_anchored or sealed.chain_hash == since
    if not is_anchored:
        raise Broken(f"no seal has the hash {since}: seals are missing, or all were made anew")
    return Verified(rows, previous)


def _verify_rows(sealed: AuditSeal, hashes: bytes, last_event: int) -> int:
    events = AuditEvent.objects.filter(pk__gt=last_event, pk__lte=sealed.last_event).order_by("pk")
    expected = [hashes[i : i + _HASH_BYTES] for i in range(0, len(hashes), _HASH_BYTES)]
    _compare(events.iterator(), expected, sealed)
    return len(expected)


def _compare(events: Iterable[AuditEvent], expected: list[bytes], sealed: AuditSeal) -> None:
    matched = 0
    for event in events:
        actual = row_hash(event)
        if matched >= len(expected) or actual != expected[matched]:
            if actual in expected[matched:]:
                missing = expected.index(actual, matched) - matched
                raise Broken(f"{missing} rows are missing before row {event.pk}, among {sealed}")
            raise Broken(f"row {event.pk} is not what was sealed {sealed.sealed_at:%Y-%m-%d %H:%M}")
        matched += 1
    if matched != len(expected):
        raise Broken(f"{len(expected) - matched} rows are missing at the end of {sealed}")
