"""Models of submissions and of copies of Dialogporten's rows."""

from submissions.models.approval import Approval, ApprovalQuerySet
from submissions.models.attachment import Attachment, AttachmentQuerySet
from submissions.models.deadline_date import DeadlineDate
from submissions.models.dialog_work import DialogSeen, InboxMark
from submissions.models.due_count import DueCount, DueRound
from submissions.models.earlier import EarlierDelivery, EarlierReport, ReleasedAccess, SendingHold
from submissions.models.expectation import Expectation, ExpectationQuerySet
from submissions.models.following import (
    EventSubscription,
    MissedDialog,
    PollCursor,
    ReceivedEvent,
    RefusedResource,
    SubscriptionRound,
)
from submissions.models.heap import Heap, HeapFile, HeapPackage, HeapSource
from submissions.models.inbox import (
    Activity,
    Dialog,
    DialogQuerySet,
    DialogSource,
    Transmission,
    TransmissionQuerySet,
)
from submissions.models.label_change import LabelChange
from submissions.models.opening import Opening
from submissions.models.order import NOT_READY, Order, OrderQuerySet
from submissions.models.package_check import PackageCheck
from submissions.models.production_start import ProductionStart
from submissions.models.removed_file import RemovedFile
from submissions.models.service_setting import ServiceSetting
from submissions.models.submission import Call, Document, DocumentQuerySet, Submission, SubmissionQuerySet

__all__ = [
    "NOT_READY",
    "Activity",
    "Approval",
    "ApprovalQuerySet",
    "Attachment",
    "AttachmentQuerySet",
    "Call",
    "DeadlineDate",
    "Dialog",
    "DialogQuerySet",
    "DialogSeen",
    "DialogSource",
    "Document",
    "DocumentQuerySet",
    "DueCount",
    "DueRound",
    "EarlierDelivery",
    "EarlierReport",
    "EventSubscription",
    "Expectation",
    "ExpectationQuerySet",
    "Heap",
    "HeapFile",
    "HeapPackage",
    "HeapSource",
    "InboxMark",
    "LabelChange",
    "MissedDialog",
    "Opening",
    "Order",
    "OrderQuerySet",
    "PackageCheck",
    "PollCursor",
    "ProductionStart",
    "ReceivedEvent",
    "RefusedResource",
    "ReleasedAccess",
    "RemovedFile",
    "SendingHold",
    "ServiceSetting",
    "Submission",
    "SubmissionQuerySet",
    "SubscriptionRound",
    "Transmission",
    "TransmissionQuerySet",
]
