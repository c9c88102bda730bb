"""Log-in and log-out in the audit trail, also the attempts that failed.

An address that somebody typed is stored as a keyed hash: it may be nobody's, and it may be a password in the wrong field.
"""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache

from accounts.models import User
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.outbox.message import hash_of
from portal.core.valkey import ERRORS

STAND_IN = 0
"""Nobody's primary key: stands for whoever might have had an unknown address."""
VISITOR = "visitor"
"""Who acts before they are logged in."""
MOST_A_MINUTE = 120
"""Events of visitors; the rest of a minute is only counted in the log."""
BLOCKED_FOR = 300  # seconds in which one event says that an address is blocked
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "curl")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visit:
    """Where a request came from. `agent` is the header User-Agent; only a known name in it is stored."""

    ip: str
    agent: str
    at: datetime

    def as_detail(self) -> dict[str, Any]:
        try:
            ip = str(ipaddress.ip_address(self.ip))
        except ValueError:
            ip = ""
        return {"ip": ip, "browser": next((name for name in BROWSERS if name in self.agent), "")}


def note_logged_in(*, user: User, visit: Visit, factor: str = "") -> None:
    """`factor`: the kind of factor beside the password, where one was used."""
    _note(AuditType.LOGGED_IN, user, visit, **({"factor": factor} if factor else {}))


def note_logged_out(*, user: User, visit: Visit) -> None:
    _note(AuditType.LOGGED_OUT, user, visit)


def note_password_reset(*, user: User, visit: Visit) -> None:
    """A new password was stored with the link that was mailed. Call it in the same transaction."""
    _note(AuditType.PASSWORD_RESET, user, visit)


def note_wrong_code(*, user: User, visit: Visit) -> None:
    """After the right password: whoever it was knows it."""
    record(by=VISITOR, at=visit.at, target=user, what=AuditType.FACTOR_FAILED, **visit.as_detail())


def _note(what: AuditType, user: User, visit: Visit, **more: Any) -> None:
    record(by=user.actor, at=visit.at, target=user, what=what, **visit.as_detail(), **more)


def note_failed(*, address: str, visit: Visit) -> None:
    """A wrong password, or an address that nobody has."""
    _note_visitor(AuditType.LOG_IN_FAILED, address, visit)


def note_blocked(*, address: str, visit: Visit) -> None:
    """Too many attempts: no password was tried. One event for each address in BLOCKED_FOR."""
    if cache.add(f"log-in-blocked:{hash_of(address)}", 1, BLOCKED_FOR):
        _note_visitor(AuditType.LOG_IN_BLOCKED, address, visit)


def note_refused(*, why: str, visit: Visit) -> None:
    """The identity provider, or what it says, does not let somebody in. `why` is a code of ours."""
    if _has_room(visit.at):
        record(
            by=VISITOR,
            at=visit.at,
            target=User(pk=STAND_IN),
            what=AuditType.LOG_IN_REFUSED,
            why=why,
            **visit.as_detail(),
        )


def note_reset_asked(*, address: str, visit: Visit) -> None:
    """Somebody asked for a link to a new password."""
    _note_visitor(AuditType.RESET_ASKED, address, visit)


def _note_visitor(what: AuditType, address: str, visit: Visit) -> None:
    """About the account with this address, or the stand-in: the same work either way."""
    if not _has_room(visit.at):
        logger.warning("%s is not in the audit trail: more than %s events this minute", what, MOST_A_MINUTE)
        return
    user = User.objects.filter(email=address.strip().lower()).first() or User(pk=STAND_IN)
    hashed = hash_of(address)[:16]
    record(by=VISITOR, at=visit.at, target=user, what=what, address_hash=hashed, **visit.as_detail())


def _has_room(at: datetime) -> bool:
    """Strangers cannot fill the trail, which nobody can empty. Without Valkey every event is stored."""
    key = f"log-in-events:{at:%Y%m%d%H%M}"
    cache.add(key, 0, 120)
    try:
        return cache.incr(key) <= MOST_A_MINUTE
    except (ValueError, *ERRORS):
        return True
