"""Makes customers of the clients that a person chose. Names come from the business register, else from Altinn's list.

A batch is one transaction after the look-up, so that an interrupted round goes on where it was, without doubles.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from accounts.services.business_register import can_be_known, enhetsregisteret
from accounts.services.customers import add_customers, readable_orgnr
from accounts.services.orgnr import BadOrgnr
from portal.core import lease
from portal.core.lease import Hold
from portal.gateways.enhetsregisteret import MOST_NUMBERS, Unit
from portal.gateways.errors import GatewayError
from systemusers.models import ClientRelation
from systemusers.services.client_relations.tie import tie_customers

logger = logging.getLogger(__name__)
BATCH = MOST_NUMBERS
WRONG_NUMBER = "WRONG_ORGNR"
Holds = list[Hold[ClientRelation]]


def take_in_due(*, at: datetime) -> int:
    """Make customers of a batch of the chosen. Returns how many were claimed."""
    holds = lease.claim(ClientRelation.objects.to_take_in(), at=at, limit=BATCH)
    groups: dict[tuple[str, str, int | None], Holds] = defaultdict(list)
    for hold in holds:
        row = hold.row
        groups[row.access.environment, row.chosen_by, row.portfolio_id].append(hold)
    for (environment, _by, _portfolio), group in groups.items():
        try:
            _take_in(environment, group)
        except Exception as error:
            _put_off(group, error)
    return len(holds)


def _put_off(group: Holds, error: Exception) -> None:
    for hold in group:
        with lease.reporting(hold):
            raise error


def _take_in(environment: str, group: Holds) -> None:
    usable = [hold for hold in group if _is_usable(environment, hold.row.orgnr)]
    for hold in set(group) - set(usable):
        hold.stop(code=WRONG_NUMBER, chosen_at=None)
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


def _is_usable(environment: str, orgnr: str) -> bool:
    try:
        return readable_orgnr(orgnr, environment=environment) == orgnr
    except BadOrgnr:
        return False


def _look_up(environment: str, numbers: set[str]) -> dict[str, Unit]:
    """What the business register says of those that are no customers yet; nothing when it does not answer."""
    known = Customer.objects.filter(environment=environment, orgnr__in=numbers).values_list("orgnr", flat=True)
    missing = sorted(n for n in numbers - set(known) if can_be_known(environment=environment, orgnr=n))
    if not missing:
        return {}
    try:
        return {unit.orgnr: unit for unit in enhetsregisteret(environment).units(missing)}
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
