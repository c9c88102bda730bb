"""The life cycle of an access, from request to removal.

The row is the source of truth; each call is between two writes. Workers claim what is due (`*_due`).

`ask` writes intents; `send`, `withdraw` and `poll` call Altinn under a lease; `reconcile` and `presence` detect removed
accesses; `escalations` reads what was forwarded in the customer's company.
"""

from systemusers.services.access.answers import UnexpectedStatus
from systemusers.services.access.ask import (
    AlreadyApproved,
    AlreadyRequested,
    NotPossible,
    ask_access,
    ask_beside,
    renew_access,
    reopen_link,
    revoke_link,
    send_again,
)
from systemusers.services.access.escalations import note_escalations, watch_due
from systemusers.services.access.many import renew_many, renewable
from systemusers.services.access.poll import poll_due, watch
from systemusers.services.access.presence import check_due
from systemusers.services.access.reconcile import TooManyMissing, reconcile_due, reconcile_system
from systemusers.services.access.send import send_due
from systemusers.services.access.withdraw import AlreadyAnswered, withdraw_access
from systemusers.services.access.withdraw_many import NothingOpen, progress, withdraw_many, withdrawable

__all__ = [
    "AlreadyAnswered",
    "AlreadyApproved",
    "AlreadyRequested",
    "NotPossible",
    "NothingOpen",
    "TooManyMissing",
    "UnexpectedStatus",
    "ask_access",
    "ask_beside",
    "check_due",
    "note_escalations",
    "poll_due",
    "progress",
    "reconcile_due",
    "reconcile_system",
    "renew_access",
    "renew_many",
    "renewable",
    "reopen_link",
    "revoke_link",
    "send_again",
    "send_due",
    "watch",
    "watch_due",
    "withdraw_access",
    "withdraw_many",
    "withdrawable",
]
