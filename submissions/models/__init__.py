"""Models of submissions and of copies of Dialogporten's rows."""

from submissions.models.inbox import (
    Activity,
    Dialog,
    DialogQuerySet,
    EventSubscription,
    PollCursor,
    ReceivedEvent,
    Transmission,
)
from submissions.models.submission import Call, Document, Submission, SubmissionQuerySet

__all__ = [
    "Activity",
    "Call",
    "Dialog",
    "DialogQuerySet",
    "Document",
    "EventSubscription",
    "PollCursor",
    "ReceivedEvent",
    "Submission",
    "SubmissionQuerySet",
    "Transmission",
]
