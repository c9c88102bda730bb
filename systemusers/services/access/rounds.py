"""What every round with an access or a system has in common: batches, errors that are ours to mend, rows with one cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import QuerySet

from portal.core import lease
from portal.core.lease import LONGEST_WAIT, Hold, Leased
from portal.core.problems import code_of
from portal.gateways.errors import Refused
from portal.gateways.statuses import Kind, kind_of
from systemusers.models import Access, SystemRound
from systemusers.services.access import system_rounds
from systemusers.services.tokens import NoKey, TokenRefused

BATCH = 20
WAITING = frozenset({Kind.PASSES, Kind.TOKEN, Kind.OURS})
Row = TypeVar("Row", bound=Leased)


def work(
    rows: QuerySet[Row], do: Callable[[Hold[Row]], None], *, at: datetime, client_of: Callable[[Row], int], client: str
) -> int:
    """One round of `do` for a batch of due rows. Returns how many were taken: a full batch wakes one more worker.

    The first success after an outage or a missing key makes a few more rows of the same client due. `client` is the way
    from a row to its client, as a look-up; `client_of` gives the client's id.
    """
    holds = lease.claim(rows, at=at, limit=BATCH)
    lease.work_through(holds, do)
    for pk in {client_of(hold.row) for hold in holds}:
        of_client = [hold for hold in holds if client_of(hold.row) == pk]
        lease.wake_alike(rows.model._base_manager.filter(**{client: pk}), holds=of_client, at=at)
    return len(holds)


def work_accesses(rows: QuerySet[Access], do: Callable[[Hold[Access]], None], *, at: datetime) -> int:
    return work(rows, do, at=at, client="profile__system__client", client_of=lambda row: row.profile.system.client_id)


def work_systems(kind: str, do: Callable[[Hold[SystemRound]], None], *, at: datetime) -> int:
    """Rounds of this kind for registered systems."""
    system_rounds.make(at=at)
    rows = system_rounds.of_kind(kind)
    return work(rows, do, at=at, client="system__client", client_of=lambda row: row.system.client_id)


@contextmanager
def waits_for_us(hold: Hold[Any]) -> Iterator[None]:
    """A missing key, a token that Maskinporten refuses or that Altinn does not take is no fault of the row: it waits.

    `keys.activate_key`, and the first row that succeeds, make the others due.
    """
    try:
        yield
    except NoKey as error:
        lease.log_problem(hold, error)
        hold.put_off(code=code_of(error), wait=LONGEST_WAIT)
    except Refused as error:
        if not is_ours(error):
            raise
        lease.log_problem(hold, error)
        hold.put_off(code=code_of(error), wait=LONGEST_WAIT)


def is_ours(error: Refused) -> bool:
    """Whether the vendor, or time, mends it: by what the refusal says of a call with our own token."""
    return isinstance(error, TokenRefused) or kind_of(error, own_token=True) in WAITING
