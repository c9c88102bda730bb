"""Walks the audit trail's chain, all of it or a part, and compares it with the rows and with the anchors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import ProgrammingError, connection, transaction

from portal.core.audit import AuditEvent, AuditSeal
from portal.core.audit_chain import GENESIS, HASH_BYTES, check_hash, row_hash
from portal.core.trail.anchors import Anchor, Expected
from portal.core.trail.broken import (
    CUT,
    GUARD_OFF,
    MADE_ANEW,
    ROW_CHANGED,
    ROWS_MISSING,
    SEAL_CHANGED,
    SEALS_MISSING,
    TABLE_GONE,
    Broken,
)

TABLES = ("portal_auditevent", "portal_auditseal")
GUARDS = ("audit_event_append_only", "audit_event_no_truncate", "audit_seal_append_only", "audit_seal_no_truncate")
AT_ONCE = 20
"""Seals that are read at once; each holds up to 320 kB of hashes."""
_BEFORE_ALL = -(2**63)


@dataclass(frozen=True)
class Point:
    """How far a walk has come. `seal`: the id of the last seal that fits, 0 before the first; `seals` and `rows` up to it."""

    seal: int = 0
    seals: int = 0
    rows: int = 0
    last_event: int = _BEFORE_ALL
    hash: str = GENESIS
    has_key: bool = False

    @property
    def anchor(self) -> Anchor:
        return Anchor(self.seals, self.rows, self.hash)


@dataclass(frozen=True)
class Verified:
    """All up to `point` is sealed and unchanged. `is_whole`: nothing comes after it."""

    point: Point
    is_whole: bool

    @property
    def rows(self) -> int:
        return self.point.rows

    @property
    def anchor(self) -> str:
        """Kept elsewhere, it proves all of them later."""
        return str(self.point.anchor)


def verify(*, anchors: Iterable[Anchor] = (), start: Point | None = None, most: int | None = None) -> Verified:
    """Walk on from `start`, to the end of the chain or over `most` rows (whole seals). Raises Broken at the first mismatch.

    The chain must hold the seal of each of the `anchors`.
    """
    try:
        with transaction.atomic():
            return _walk(start or Point(), Expected(anchors), most)
    except ProgrammingError as error:
        if gone := _gone():
            raise Broken(TABLE_GONE, f"the table {' and '.join(gone)} is gone") from error
        raise


def _walk(point: Point, expected: Expected, most: int | None) -> Verified:
    enough = point.rows + most if most else None
    for sealed in AuditSeal.objects.filter(pk__gt=point.seal).order_by("pk").iterator(chunk_size=AT_ONCE):
        point = _next(point, sealed)
        if other := expected.other_than(point.anchor):
            message = f"seal {sealed.pk} is not the one of the anchor {other}: the seals from there on were made anew"
            raise Broken(MADE_ANEW, message, seal=sealed.pk)
        if enough and point.rows >= enough:
            return Verified(point, is_whole=False)
    _check_end(point, expected)
    _check_guards()
    return Verified(point, is_whole=True)


def resume(*, seal: int, seals: int, rows: int, hash: str) -> Point:
    """The point where an earlier part ended. Raises Broken when its seal is gone or another one."""
    sealed = AuditSeal.objects.filter(pk=seal, chain_hash=hash).first()
    if sealed is None:
        message = f"seal {seal}, which was there a while ago, is gone or was changed"
        raise Broken(SEAL_CHANGED, message, seal=seal)
    return Point(seal, seals, rows, sealed.last_event, hash, bool(sealed.key))


def _check_end(point: Point, expected: Expected) -> None:
    if beyond := expected.beyond(point.seals):
        raise Broken(
            CUT,
            f"the trail ends with seal number {point.seals} ({point.rows} rows), and an anchor is of number {beyond.number} "
            f"({beyond.events} rows): the newest seals are missing, or all were made anew",
            seal=point.seal,
        )
    if expected.hashes:
        missing = sorted(expected.hashes)[0]
        raise Broken(MADE_ANEW, f"no seal has the hash {missing}: seals are missing, or all were made anew")


def _next(point: Point, sealed: AuditSeal) -> Point:
    """The point after this seal. Raises Broken."""
    check_hash(sealed)
    count = len(sealed.row_hashes) // HASH_BYTES
    reached = replace(
        point,
        seal=sealed.pk,
        seals=point.seals + 1,
        rows=point.rows + count,
        last_event=sealed.last_event,
        hash=sealed.chain_hash,
        has_key=bool(sealed.key),
    )
    if sealed.number is not None and sealed.number > reached.seals:
        message = f"{sealed.number - reached.seals} seals are missing before seal {sealed.pk} (rows {sealed})"
        raise Broken(SEALS_MISSING, message, seal=sealed.pk)
    follows = sealed.previous_hash == point.hash and sealed.number in (None, reached.seals)
    if not follows or sealed.events not in (None, reached.rows):
        message = f"seal {sealed.pk} (rows {sealed}) does not follow from the seal before it"
        raise Broken(SEAL_CHANGED, message, seal=sealed.pk)
    if point.has_key and not sealed.key:
        message = f"seal {sealed.pk} (rows {sealed}) was made without a key, after seals that have one"
        raise Broken(SEAL_CHANGED, message, seal=sealed.pk)
    _compare_rows(sealed, after=point.last_event)
    return reached


def _compare_rows(sealed: AuditSeal, *, after: int) -> None:
    hashes = bytes(sealed.row_hashes)
    expected = [hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]
    events = AuditEvent.objects.filter(pk__gt=after, pk__lte=sealed.last_event).order_by("pk")
    matched = 0
    for event in events.iterator():
        actual = row_hash(event)
        if matched >= len(expected) or actual != expected[matched]:
            raise _wrong_row(sealed, event, actual, expected[matched:])
        matched += 1
    if missing := len(expected) - matched:
        message = f"{missing} rows are missing at the end of {sealed}"
        raise Broken(ROWS_MISSING, message, seal=sealed.pk, row=sealed.last_event)


def _wrong_row(sealed: AuditSeal, event: AuditEvent, actual: bytes, left: list[bytes]) -> Broken:
    if actual in left:
        message = f"{left.index(actual)} rows are missing before row {event.pk}, among {sealed}"
        return Broken(ROWS_MISSING, message, seal=sealed.pk, row=event.pk)
    message = f"row {event.pk} is not what was sealed {sealed.sealed_at:%Y-%m-%d %H:%M}"
    return Broken(ROW_CHANGED, message, seal=sealed.pk, row=event.pk)


def _check_guards() -> None:
    """The triggers that refuse changes are there and on. Raises Broken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgname = ANY(%s) AND tgenabled IN ('O', 'A')"
            " AND tgrelid IN (to_regclass(%s), to_regclass(%s))",
            [list(GUARDS), *TABLES],
        )
        there = {name for (name,) in cursor.fetchall()}
    if off := [name for name in GUARDS if name not in there]:
        if gone := _gone():
            raise Broken(TABLE_GONE, f"the table {' and '.join(gone)} is gone")
        raise Broken(GUARD_OFF, f"the trigger {' and '.join(off)} is gone or switched off")


def _gone() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT t FROM unnest(%s::text[]) t WHERE to_regclass(t) IS NULL", [list(TABLES)])
        return [name for (name,) in cursor.fetchall()]
