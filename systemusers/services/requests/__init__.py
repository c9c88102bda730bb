"""The question to a customer, from asking to use to loss. The row tells the truth; every call outside is between two writes.

`ask` writes intents, `send` and `withdraw` and `poll` call Altinn under a lease, `reconcile` looks for what went away.
"""

from systemusers.services.requests.answers import UnexpectedStatus
from systemusers.services.requests.ask import (
    AlreadyRequested,
    NotPossible,
    renew_request,
    reopen_link,
    request_access,
    revoke_link,
    send_again,
)
from systemusers.services.requests.poll import poll_request, watch
from systemusers.services.requests.presence import check_access, sweep_missing
from systemusers.services.requests.reconcile import TooManyMissing, reconcile_system, systems_to_reconcile
from systemusers.services.requests.send import send_request
from systemusers.services.requests.sweep import Due, note_escalations, sweep_requests, systems_to_watch
from systemusers.services.requests.withdraw import AlreadyAnswered, withdraw_request

__all__ = [
    "AlreadyAnswered",
    "AlreadyRequested",
    "Due",
    "NotPossible",
    "TooManyMissing",
    "UnexpectedStatus",
    "check_access",
    "note_escalations",
    "poll_request",
    "reconcile_system",
    "renew_request",
    "reopen_link",
    "request_access",
    "revoke_link",
    "send_again",
    "send_request",
    "sweep_missing",
    "sweep_requests",
    "systems_to_reconcile",
    "systems_to_watch",
    "watch",
    "withdraw_request",
]
