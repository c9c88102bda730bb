"""Seals the audit trail each minute, verifies it each night, and remembers what was found: in the trail itself.

What was found is an event with an HMAC. Whoever has the application's database role can neither remove nor forge it.
A large trail is verified in parts, one at each call of `verify_part`; the event of a part says where the next one begins.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import JSONField, Q, QuerySet, Value
from django.utils import timezone

from portal.core import audit_chain
from portal.core.audit import AuditEvent, AuditSeal, record, target_of
from portal.core.audit_events import AuditType
from portal.core.trail import anchors, keys, verifying
from portal.core.trail.broken import CUT, MADE_ANEW, Broken

BY = "task:verify-audit"
PART = 500_000
"""Rows of a part, about; less than a minute of work."""
NIGHT = time(2)
"""A verification begins at this hour, or as soon as a worker runs after it."""
GIVEN_UP = timedelta(days=3)
"""A verification that began before that begins anew."""
WITHIN = timedelta(hours=50)
"""The trail is to be found whole at least so often."""
AGAIN = timedelta(hours=20)
"""The same finding is recorded once in that time."""
LOCK = 0x56455249
"""The key of PostgreSQL's advisory lock of the one who verifies. Nothing else may use it."""
RECENT = 50
WHOLE = AuditSeal(pk=0)
"""The target of the events: the trail as a whole."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """What does not fit: a code of `portal.core.trail.broken`, and the ids of the seal and the row (0: none)."""

    event: int
    at: datetime
    code: str
    seal: int
    row: int


@dataclass(frozen=True)
class Whole:
    """The trail up to `anchor` was as sealed. `event`: the id of the event that says so."""

    event: int
    at: datetime
    anchor: anchors.Anchor


@dataclass(frozen=True)
class State:
    """`broken`: what was found last, when the trail was not found whole since. `whole`: when it was found whole last."""

    broken: Finding | None
    whole: Whole | None
    is_overdue: bool

    @property
    def is_well(self) -> bool:
        return self.broken is None and not self.is_overdue


def seal_and_anchor(*, at: datetime) -> bool:
    """Seal what is new, keep and log the newest seal. Whether something was found that is not right.

    When the chain lacks the newest anchor, sealing goes on, and no anchor is written over the old one.
    """
    found = _against_the_newest_anchor()
    try:
        audit_chain.seal_all(at=at)
    except Broken as error:
        found = found or error
    newest = audit_chain.newest()
    if newest:
        logger.info(
            "audit trail sealed", extra={"anchor": str(newest), "seals": newest.number, "events": newest.events}
        )
    if found:
        return _note_broken(found, at=at)
    if newest and newest != anchors.newest():
        anchors.keep(newest, at=at)
    return False


def _against_the_newest_anchor() -> Broken | None:
    anchor = anchors.newest()
    if anchor is None or audit_chain.holds(anchor):
        return None
    last = audit_chain.newest()
    number = last.number if last else 0
    message = f"the newest seal has number {number}, and the anchor {anchor} is none of the chain"
    return Broken(CUT if number < anchor.number else MADE_ANEW, message)


def verify_part(*, at: datetime) -> bool:
    """The next part of tonight's verification. False when there is nothing to do, or another worker does it."""
    with _alone() as ours:
        began_at = _due(at) if ours else None
        if began_at is None:
            return False
        try:
            done = verifying.verify(anchors=anchors.kept(), start=_start(began_at), most=PART)
        except Broken as error:
            _note_broken(error, at=at, began_at=began_at)
        else:
            _note_verified(done, at=at, began_at=began_at)
        return True


def find_state(*, at: datetime) -> State:
    """One query."""
    told, first_sealed_at = _told()
    broken = next((event for event in told if event.what == AuditType.TRAIL_BROKEN), None)
    whole = next((event for event in told if event.what == AuditType.TRAIL_VERIFIED), None)
    since = whole.at if whole else first_sealed_at
    is_still = broken is not None and (whole is None or broken.at >= whole.at)
    return State(
        broken=_finding(broken) if broken and is_still else None,
        whole=_whole(whole) if whole else None,
        is_overdue=since is not None and at - since > WITHIN,
    )


def _told() -> tuple[list[AuditEvent], datetime | None]:
    """What was found, the newest first, and when the first seal was made."""
    found = _events(Q(what=AuditType.TRAIL_BROKEN) | Q(detail__whole=True)).values_list("pk", "at", "what", "detail")
    nothing = Value({}, JSONField())
    seals = AuditSeal.objects.order_by("pk").values_list("pk", "sealed_at", Value(""), nothing)[:1]
    rows = [AuditEvent(pk=pk, at=at, what=what, detail=detail) for pk, at, what, detail in found.union(seals, all=True)]
    return _sorted(event for event in rows if event.what), next((row.at for row in rows if not row.what), None)


def _finding(event: AuditEvent) -> Finding:
    return Finding(event.pk, event.at, *(event.detail[name] for name in ("code", "seal", "row")))


def _whole(event: AuditEvent) -> Whole:
    return Whole(event.pk, event.at, anchors.Anchor(*(event.detail[name] for name in ("seals", "rows", "hash"))))


def _due(at: datetime) -> datetime | None:
    """When the verification began that is to go on; `at` for a new one; None when that of tonight is done."""
    last = _newest(detail__has_key="began_at")
    if last is None or at - last.at > GIVEN_UP:
        return at
    began_at = datetime.fromtimestamp(last.detail["began_at"], UTC)
    if last.what == AuditType.TRAIL_VERIFIED and not last.detail["whole"] and at - began_at < GIVEN_UP:
        return began_at
    return at if began_at < _last_night(at) else None


def _start(began_at: datetime) -> verifying.Point | None:
    last = _newest(detail__began_at=int(began_at.timestamp()))
    if last is None:
        return None
    return verifying.resume(**{name: last.detail[name] for name in ("seal", "seals", "rows", "hash")})


def _last_night(at: datetime) -> datetime:
    local = timezone.localtime(at)
    tonight = datetime.combine(local.date(), NIGHT, tzinfo=local.tzinfo)
    return tonight if tonight <= local else tonight - timedelta(days=1)


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        ours = bool(cursor.fetchone()[0])
        try:
            yield ours
        finally:
            if ours:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _note_verified(done: verifying.Verified, *, at: datetime, began_at: datetime) -> None:
    point = done.point
    detail = {"seal": point.seal, "seals": point.seals, "rows": point.rows, "hash": point.hash, "whole": done.is_whole}
    _record(AuditType.TRAIL_VERIFIED, detail | {"began_at": int(began_at.timestamp())}, at=at)


def _note_broken(error: Broken, *, at: datetime, began_at: datetime | None = None) -> bool:
    """Whether it was recorded: a verification always does, the look at each minute once for a finding."""
    logger.error("the audit trail was changed: %s", error, extra={"code": error.code})
    detail = {"code": error.code, "seal": error.seal, "row": error.row}
    last = _newest(what=AuditType.TRAIL_BROKEN)
    if began_at:
        detail["began_at"] = int(began_at.timestamp())
    elif last and at - last.at < AGAIN and all(last.detail[name] == detail[name] for name in detail):
        return False
    _record(AuditType.TRAIL_BROKEN, detail, at=at)
    return True


def _record(what: AuditType, detail: dict[str, Any], *, at: datetime) -> None:
    record(
        by=BY, at=at, target=WHOLE, what=what, **detail, mac=keys.mac(_content(what, at, detail), key=keys.current())
    )


def _newest(**conditions: Any) -> AuditEvent | None:
    return next(iter(_ours(Q(**conditions))), None)


def _ours(condition: Q) -> list[AuditEvent]:
    """Our own events of this kind, the newest first."""
    return _sorted(_events(condition))


def _events(condition: Q) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(condition, target=target_of(WHOLE)).order_by("-pk")[:RECENT]


def _sorted(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """Forged ones do not count, and an old one that was written again is old."""
    return sorted(filter(_is_ours, events), key=lambda event: event.at, reverse=True)


def _is_ours(event: AuditEvent) -> bool:
    detail = dict(event.detail)
    given = str(detail.pop("mac", ""))
    return keys.is_ours(_content(event.what, event.at, detail), given)


def _content(what: str, at: datetime, detail: dict[str, Any]) -> bytes:
    return json.dumps([str(what), at.astimezone(UTC).isoformat(), detail], sort_keys=True).encode()
