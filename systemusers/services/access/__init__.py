"""The life cycle of an access, from request to removal.

The row is the source of truth; each call is between two writes.

`ask` writes intents; `send`, `withdraw` and `poll` call Altinn under a lease; `reconcile` detects removed accesses.
"""

from systemusers.services.access.answers import UnexpectedStatus
from systemusers.services.access.ask import (
    AlreadyRequested,
    NotPossible,
    ask_access,
    renew_access,
    reopen_link,
    revoke_link,
    send_again,
)
from systemusers.services.access.poll import poll_access, watch
from systemusers.services.access.presence import check_access, sweep_missing
from systemusers.services.access.reconcile import TooManyMissing, reconcile_system, systems_to_reconcile
from systemusers.services.access.send import send_access
from systemusers.services.access.sweep import Due, note_escalations, sweep_accesses, systems_to_watch
from systemusers.services.access.withdraw import AlreadyAnswered, withdraw_access

__all__ = [
    "AlreadyAnswered",
    "AlreadyRequested",
    "Due",
    "NotPossible",
    "TooManyMissing",
    "UnexpectedStatus",
    "ask_access",
    "check_access",
    "note_escalations",
    "poll_access",
    "reconcile_system",
    "renew_access",
    "reopen_link",
    "revoke_link",
    "send_access",
    "send_again",
    "sweep_accesses",
    "sweep_missing",
    "systems_to_reconcile",
    "systems_to_watch",
    "watch",
    "withdraw_access",
]
