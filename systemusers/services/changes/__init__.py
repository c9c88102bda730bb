"""Changes of accesses that customers have approved: what is lacking, the question to the customer, its answer."""

from systemusers.services.changes.ask import AlreadyAsked, affected, ask_change
from systemusers.services.changes.ask_many import ask_all
from systemusers.services.changes.plan import Difference, difference, mark_due
from systemusers.services.changes.shown import change_of
from systemusers.services.changes.work import AlreadyAnswered, poll_due, send_again, send_due, watch, withdraw

__all__ = [
    "AlreadyAnswered", "AlreadyAsked", "Difference", "affected", "ask_all", "ask_change", "change_of", "difference",
    "mark_due", "poll_due", "send_again", "send_due", "watch", "withdraw",
]  # fmt: skip
