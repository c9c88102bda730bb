"""Makes customers of the clients that a person chose. Names come from the business register, else from Altinn's list.

A batch is one transaction after the look-up, so that an interrupted round goes on where it was, without doubles.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from accounts.services.customers import add_customers, look_up_new
from portal.core import lease
from portal.core.lease import Hold
from portal.gateways.enhetsregisteret import Unit
from portal.gateways.errors import GatewayError
from systemusers.models import ClientRelation
from systemusers.services.chosen import BATCH, with_readable_number, work_groups
from systemusers.services.client_relations.tie import tie_customers

logger = logging.getLogger(__name__)
Holds = list[Hold[ClientRelation]]


def take_in_due(*, at: datetime) -> int:
    """Make customers of a batch of the chosen. Returns how many were claimed."""
    holds = lease.claim(ClientRelation.objects.to_take_in(), at=at, limit=BATCH)
    work_groups(holds, key=lambda row: (row.access.environment, row.chosen_by, row.portfolio_id), do=_take_in)
    return len(holds)


def _take_in(key: tuple[str, str, int | None], group: Holds) -> None:
    environment, _by, _portfolio = key
    usable = with_readable_number(group, environment=environment)
    numbers = {hold.row.orgnr for hold in usable}
    units = _look_up(environment, numbers)
    with transaction.atomic():
        mine = lease.lock_all(usable)
        _make(environment, [hold.row for hold in mine], units, at=group[0].now())
        rows = {row.orgnr: row for row in Customer.objects.filter(environment=environment, orgnr__in=numbers)}
        lease.finish_all(
            {
                hold: {"next_attempt_at": None, "customer": rows[hold.row.orgnr], "customer_at": hold.now()}
                for hold in mine
            }
        )
        tie_customers(rows=ClientRelation.objects.filter(orgnr__in=numbers), at=group[0].now())


def _look_up(environment: str, numbers: set[str]) -> dict[str, Unit]:
    """As `look_up_new`; nothing when the register does not answer."""
    try:
        return look_up_new(numbers, environment=environment)
    except GatewayError as error:
        logger.warning("the business register did not answer; the names are Altinn's: %s", error)
        return {}


def _make(environment: str, rows: list[ClientRelation], units: dict[str, Unit], *, at: datetime) -> None:
    for row in rows[:1]:  # all were chosen by one person, with one portfolio
        add_customers(
            environment=environment,
            units={each.orgnr: units.get(each.orgnr) for each in rows},
            names={each.orgnr: each.name for each in rows},
            portfolio=row.portfolio,
            by=row.chosen_by,
            at=at,
        )
