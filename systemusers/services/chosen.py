"""Rows that a person chose and that become customers: what taking over system users and taking in clients have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from functools import partial
from typing import TypeVar

from accounts.services.customers import is_readable_orgnr
from portal.core import lease, lease_many
from portal.core.lease import Hold
from portal.gateways.enhetsregisteret import MOST_NUMBERS
from systemusers.models import ClientRelation, FoundSystemUser

BATCH = MOST_NUMBERS
"""One look-up in the business register for a batch."""
WRONG_NUMBER = "WRONG_ORGNR"
Row = TypeVar("Row", FoundSystemUser, ClientRelation)
Key = TypeVar("Key", bound=Hashable)


def work_groups(
    holds: list[Hold[Row]], *, key: Callable[[Row], Key], do: Callable[[Key, list[Hold[Row]]], None]
) -> None:
    """`do` for all holds whose rows have the same `key`. A group, or a row, that fails waits with the reason; the others go on."""
    groups: dict[Key, list[Hold[Row]]] = defaultdict(list)
    for hold in holds:
        groups[key(hold.row)].append(hold)
    for value, group in groups.items():
        lease_many.work_as_one(group, partial(do, value))


def with_readable_number(group: list[Hold[Row]], *, environment: str) -> list[Hold[Row]]:
    """Those whose number may be a customer. The others stop, with the reason, and are not chosen any more."""
    readable = []
    for hold in group:
        if is_readable_orgnr(hold.row.orgnr, environment=environment):
            readable.append(hold)
        else:
            with lease.reporting(hold):
                hold.stop(code=WRONG_NUMBER, chosen_at=None)
    return readable
