"""What of this app waits for a key or for the right to use a client: made due when the cause is mended."""

from __future__ import annotations

from django.db.models import QuerySet

from submissions.models import (
    Attachment,
    Dialog,
    EarlierReport,
    EventSubscription,
    LabelChange,
    MissedDialog,
    Opening,
    Order,
    PollCursor,
    Submission,
    SubscriptionRound,
)
from systemusers.models import MaskinportenClient
from systemusers.services import keys


def _submissions(client: MaskinportenClient) -> QuerySet[Submission]:
    waiting = [Submission.Status.QUEUED, Submission.Status.UNCERTAIN]
    return Submission.objects.filter(access__profile__system__client=client, status__in=waiting)


def register() -> None:
    """Tell the keys below which rows of this app need one."""
    keys.WAITING += [
        _submissions,
        lambda client: EarlierReport.objects.filter(submission__access__profile__system__client=client),
        lambda client: Order.objects.filter(access__profile__system__client=client, status__in=Order.OPEN),
        lambda client: Dialog.objects.filter(access__profile__system__client=client),
        lambda client: Attachment.objects.filter(
            status__in=Attachment.TO_FETCH, transmission__dialog__access__profile__system__client=client
        ),
        lambda client: Opening.objects.filter(
            status=Opening.Status.WAITING, transmission__dialog__access__profile__system__client=client
        ),
        lambda client: PollCursor.objects.filter(access__profile__system__client=client),
        lambda client: MissedDialog.objects.filter(access__profile__system__client=client),
        lambda client: EventSubscription.objects.filter(access__profile__system__client=client),
        lambda client: SubscriptionRound.objects.filter(access__profile__system__client=client),
        lambda client: LabelChange.objects.filter(dialog__access__profile__system__client=client),
    ]
