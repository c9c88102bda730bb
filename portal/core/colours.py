"""Which of Designsystemet's colours stands for which state."""

from __future__ import annotations

COLOURS = {
    "success": {
        "APPROVED", "IN_USE", "ACCEPTED", "REGISTERED", "ACTIVE", "GRANTED", "DONE", "FETCHED", "TOLD", "Completed", "Acceptance",
    },
    "danger": {
        "REJECTED", "FAILED", "REMOVED", "REFUSED", "ERRORS", "UNREADABLE", "NOT_ON_CLIENT", "NOT_GRANTED", "DELETED", "DEAD",
        "Rejection",
    },
    "warning": {
        "FORWARDED", "EXPIRED", "NEEDS_UPDATE", "UNKNOWN", "UNCERTAIN", "NEEDS_PERSON", "LOST", "USED", "RequiresAttention", "Alert",
        "BEFORE", "VOID", "OPEN_DRAFT", "NO_ACCESS", "TOO_MANY", "CHOOSE", "LOOK",
    },
    "info": {
        "OPENED", "SENT", "READY", "QUEUED", "SENDING", "DELIVERED", "NEW", "ORDERED", "ORDERING", "STARTED", "POSTED", "InProgress",
        "Awaiting", "PREVIEW", "STORING", "OPEN",
    },
}  # fmt: skip


def colour(status: str) -> str:
    """Designsystemet's colour name for a state; the label is always shown too."""
    return next((name for name, states in COLOURS.items() if status in states), "neutral")
