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
from systemusers.models import Access, System, SystemRound, signed_by
from systemusers.services.access import system_rounds
from systemusers.services.tokens import NoKey, TokenRefused

BATCH = 20
WAITING = frozenset({Kind.PASSES, Kind.TOKEN, Kind.OURS})
Row = TypeVar("Row", bound=Leased)


def work(
    rows: QuerySet[Row], do: Callable[[Hold[Row]], None], *, at: datetime, system_of: Callable[[Row], System], path: str,
    first: Callable[[list[Hold[Row]]], None] | None = None,
) -> int:  # fmt: skip
    """One round of `do` for a batch of due rows. Returns how many were taken: a full batch wakes one more worker.

    The first success after an outage or a missing key makes a few more rows of the same client due. `path` is the way
    from a row to its system, as a look-up that ends with two underscores; `system_of` gives the system. `first`: what is done
    for all of them together before.
    """
    holds = lease.claim(rows, at=at, limit=BATCH)
    if first and holds and not _is_ready(holds, first):
        return len(holds)
    lease.work_through(holds, do)
    clients = {hold: system_of(hold.row).own_client for hold in holds}
    for client in set(clients.values()):
        of_client = [hold for hold in holds if clients[hold] == client]
        lease.wake_alike(rows.model._base_manager.filter(signed_by(client, path=path)), holds=of_client, at=at)
    return len(holds)


def _is_ready(holds: list[Hold[Row]], first: Callable[[list[Hold[Row]]], None]) -> bool:
    """False when `first` failed: each row has the error and a wait then."""
    try:
        first(holds)
    except Exception as error:
        for hold in holds:
            with lease.reporting(hold):
                raise error
        return False
    return True


def work_accesses(rows: QuerySet[Access], do: Callable[[Hold[Access]], None], *, at: datetime) -> int:
    return work(rows, do, at=at, path="profile__system__", system_of=lambda row: row.profile.system)


def work_systems(kind: str, do: Callable[[Hold[SystemRound]], None], *, at: datetime) -> int:
    """Rounds of this kind for registered systems."""
    system_rounds.make(at=at)
    rows = system_rounds.of_kind(kind)
    return work(rows, do, at=at, path="system__", system_of=lambda row: row.system)


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
