"""Mails to customers about their access: ordered by staff or a campaign, sent by a worker, stopped by any answer.

`order` writes plans, for one access or thousands; `work` makes mails of those that are due; `results` takes over what became of
them; `settings`, `texts`, `hours` and `compose` are what the vendor decides and what a mail is made of.
"""

from systemusers.services.invitations.farewell import farewell, send_farewell
from systemusers.services.invitations.order import (
    ASKING,
    CannotMail,
    Ordered,
    earliest,
    mark_returned,
    mark_told,
    order,
    send_now,
    stop,
    stop_address,
)
from systemusers.services.invitations.results import BATCH as NOTED
from systemusers.services.invitations.results import note_results
from systemusers.services.invitations.settings import mail_plan
from systemusers.services.invitations.work import BATCH, wake_ended, work_due

__all__ = [
    "ASKING",
    "BATCH",
    "NOTED",
    "CannotMail",
    "Ordered",
    "earliest",
    "farewell",
    "mail_plan",
    "mark_returned",
    "mark_told",
    "note_results",
    "order",
    "send_farewell",
    "send_now",
    "stop",
    "stop_address",
    "wake_ended",
    "work_due",
]  # fmt: skip
