"""How long work waits after an answer that does not end it: the same for what is sent and for what is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.core.lease import LONGEST_WAIT, waiting_time
from portal.gateways.statuses import is_settling
from submissions.adapters.base import Meaning
from submissions.adapters.meanings import OTHERS_MUST_ACT
from submissions.models import Order, Submission
from systemusers.services.client_relations.ways import settling_since

SETTLING_PAUSE = timedelta(minutes=2)


def pause(row: Submission | Order, meaning: Meaning, *, failures: int, asked: float | None, at: datetime) -> timedelta:
    """Long when a person must act. Rights of an access that was just approved come by themselves: they are asked for sooner.

    `failures` in a row, this one included; `asked`: seconds that the remote wants us to wait.
    """
    if meaning == Meaning.WAIT_FOR_RIGHTS and is_settling(
        approved_at=settling_since(access=row.access, customer=row.customer), at=at
    ):
        return SETTLING_PAUSE
    return LONGEST_WAIT if meaning in OTHERS_MUST_ACT else waiting_time(failures, asked=asked)
