"""The audit trail's hash chain: new rows are sealed in batches, so that writers do not wait for each other.

A row's hash covers every column; a seal's hash covers the seal before it, its rows and its columns, and has a key that is not in the
database. There is one chain: sealers take turns by an advisory lock, and the database refuses two seals with the same predecessor.
`portal.core.trail` verifies it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import BigIntegerField, Count, F, Func, Sum

from portal.core.audit import AuditEvent, AuditSeal
from portal.core.trail import keys
from portal.core.trail.anchors import Anchor
from portal.core.trail.broken import KEY_UNKNOWN, SEAL_CHANGED, Broken

BATCH = 10_000
LOCK = 0x5345414C
"""The key of PostgreSQL's advisory lock that a sealer holds. Nothing else may use it."""
GENESIS = "0" * 64
"""The predecessor of the first seal."""
HASH_BYTES = 32


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
    Raises Broken when the last seal is none of ours: nothing is put on top of it.
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
    if previous:
        check_hash(previous)
    after = previous.last_event if previous else 0
    events = list(AuditEvent.objects.filter(pk__gt=after, pk__lte=highest).order_by("pk")[:BATCH])
    if not events:
        return 0
    number, rows = _counted(previous)
    sealed = AuditSeal(
        sealed_at=at,
        first_event=events[0].pk,
        last_event=events[-1].pk,
        row_hashes=b"".join(row_hash(event) for event in events),
        previous_hash=previous.chain_hash if previous else GENESIS,
        number=number + 1,
        events=rows + len(events),
        key=keys.current(),
    )
    sealed.chain_hash = chain_hash(sealed)
    sealed.save(force_insert=True)
    return len(events)


def _counted(previous: AuditSeal | None) -> tuple[int, int]:
    """Number and events up to this seal. Those of an earlier release did not count: they are counted once."""
    if previous is None:
        return 0, 0
    if previous.number is not None and previous.events is not None:
        return previous.number, previous.events
    length = Func(F("row_hashes"), function="octet_length", output_field=BigIntegerField())
    counted = AuditSeal.objects.aggregate(seals=Count("pk"), bytes=Sum(length))
    return int(counted["seals"]), int(counted["bytes"]) // HASH_BYTES


def seal_all(*, at: datetime) -> int:
    """Seal batch after batch until nothing is left; returns how many rows. Raises Broken."""
    total = 0
    while count := seal(at=at):
        total += count
    return total


def newest() -> Anchor | None:
    """The last seal as an anchor; None when there is none, or only seals of an earlier release."""
    last = AuditSeal.objects.last()
    return Anchor(last.number, last.events or 0, last.chain_hash) if last and last.number else None


def holds(anchor: Anchor) -> bool:
    """Whether the seal of the anchor is the last one or has a successor: a quick look, no verification."""
    if AuditSeal.objects.filter(previous_hash=anchor.hash).exists():
        return True
    last = AuditSeal.objects.last()
    return last is not None and last.chain_hash == anchor.hash


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


def chain_hash(sealed: AuditSeal) -> str:
    """HMAC-SHA256 over the seal before it and all columns of this one; SHA-256 without a key in an earlier release.

    Raises UnknownKey.
    """
    columns: list[Any] = [
        sealed.previous_hash, sealed.sealed_at.astimezone(UTC).isoformat(), sealed.first_event, sealed.last_event,
        bytes(sealed.row_hashes).hex(),
    ]  # fmt: skip
    if not sealed.key:
        return hashlib.sha256(json.dumps(columns).encode()).hexdigest()
    columns += [sealed.number, sealed.events, sealed.key]
    return keys.mac(json.dumps(columns).encode(), key=sealed.key)


def check_hash(sealed: AuditSeal) -> None:
    """Raises Broken unless the seal's own hash is right."""
    try:
        expected = chain_hash(sealed)
    except keys.UnknownKey as error:
        message = (
            f"seal {sealed.pk} (rows {sealed}) has the key {error}, which is none of AUDIT_KEYS: a key was taken away too early, "
            "or somebody else made the seal"
        )
        raise Broken(KEY_UNKNOWN, message, seal=sealed.pk) from None
    if not hmac.compare_digest(expected, sealed.chain_hash):
        message = f"seal {sealed.pk} (rows {sealed}) was changed, or made by somebody without the key"
        raise Broken(SEAL_CHANGED, message, seal=sealed.pk)
