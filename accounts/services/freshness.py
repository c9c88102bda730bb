"""Asks the business register about customers again, so that a bankruptcy, a deletion or a new name is noticed within a day.

The register's update feeds say which units changed; those that are customers are looked up again at once. All others are looked
up once a week in case a feed missed one, and once a day while the feeds cannot be read. Many numbers are asked for in one
search. What the search does not list (deleted, removed, unknown) is looked up alone.
https://data.brreg.no/enhetsregisteret/api/dokumentasjon
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import Customer, RegisterRound
from accounts.services.business_register import LookUp, Outcome, can_be_known, enhetsregisteret, look_up
from accounts.services.customers import with_former_name
from accounts.services.register_feed import STALE, follow_feeds
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.problems import UNAVAILABLE
from portal.gateways.enhetsregisteret import MOST_NUMBERS
from portal.gateways.errors import GatewayError, Unavailable

BY = "task:refresh_customers"
STALE_WITHOUT_FEED = timedelta(hours=20)
"""A look-up that is older is made again when the feed was not read to its end for as long."""
PAUSE = timedelta(seconds=10)
"""Between two full batches of one environment."""
IDLE = timedelta(minutes=15)
"""Until the next look for old look-ups, when a batch was not full."""


def make_rounds(*, environments: list[str], at: datetime) -> None:
    """A row for each environment that has none."""
    rows = [RegisterRound(environment=environment, next_attempt_at=at) for environment in environments]
    RegisterRound.objects.bulk_create(rows, ignore_conflicts=True)


def refresh_due(*, at: datetime, environments: list[str]) -> int:
    """One batch for each environment that is due. Returns how many rounds were taken."""
    make_rounds(environments=environments, at=at)
    holds = lease.claim(RegisterRound.objects.filter(environment__in=environments), at=at)
    lease.work_through(holds, refresh)
    return len(holds)


def refresh(hold: Hold[RegisterRound]) -> None:
    """Follow the feeds, then look up a batch. A feed that fails keeps no look-up waiting; the round has failed all the same.

    Raises LostRace and the gateways' errors; what was stored stays stored.
    """
    failures, fault, is_read = hold.row.failures, None, True
    try:
        is_read = follow_feeds(hold)
    except GatewayError as error:
        fault = error
    looked_up, unanswered = _look_up_batch(hold)
    if fault:
        raise fault
    is_more = looked_up == MOST_NUMBERS or not is_read
    hold.finish(next_attempt_at=hold.now() + (PAUSE if is_more else IDLE))
    if unanswered:
        hold.write(failures=failures + 1, problem_code=UNAVAILABLE)
        hold.is_finished = False  # nothing was mended


def _look_up_batch(hold: Hold[RegisterRound]) -> tuple[int, int]:
    """The customers whose look-up is oldest: how many, and for how many there was no answer.

    A number that the register gives no answer for keeps no other waiting. Raises Unavailable when there was no answer at all.
    """
    environment = hold.row.environment
    customers = list(stale(environment, at=hold.now(), after=_stale_after(hold))[:MOST_NUMBERS])
    hold.renew()
    known = [row.orgnr for row in customers if can_be_known(environment=environment, orgnr=row.orgnr)]
    units = {unit.orgnr: unit for unit in enhetsregisteret(environment).units(known)} if known else {}
    for customer in customers:
        if customer.orgnr in units:
            store(customer, LookUp(Outcome.FOUND, units[customer.orgnr]), at=hold.now())
    unlisted = [customer for customer in customers if customer.orgnr not in units]
    unanswered = [customer for customer in unlisted if not _look_up_alone(hold, customer)]
    if unanswered and len(unanswered) == len(customers):
        raise Unavailable("the business register did not answer")
    return len(customers), len(unanswered)


def _stale_after(hold: Hold[RegisterRound]) -> timedelta:
    read_at = hold.row.feeds_read_at
    is_followed = read_at is not None and read_at > hold.now() - STALE_WITHOUT_FEED
    return STALE if is_followed else STALE_WITHOUT_FEED


def stale(environment: str, *, at: datetime, after: timedelta = STALE) -> QuerySet[Customer]:
    """Customers that changed since their look-up or were not looked up for `after`, those never looked up first."""
    old = Q(business_register_at__isnull=True) | Q(business_register_at__lte=at - after)
    old |= Q(register_changed_at__gte=F("business_register_at"))
    ordered = Customer.objects.filter(old, environment=environment, archived_at__isnull=True)
    return ordered.order_by(F("business_register_at").asc(nulls_first=True), "pk")


def _look_up_alone(hold: Hold[RegisterRound], customer: Customer) -> bool:
    """Whether the register answered about this one number. It is not asked when the round has lasted long."""
    if hold.age() > lease.ENOUGH:
        return False
    hold.renew()
    lookup = look_up(environment=customer.environment, orgnr=customer.orgnr)
    if lookup.outcome == Outcome.UNAVAILABLE:
        return False
    store(customer, lookup, at=hold.now())
    return True


def store(customer: Customer, lookup: LookUp, *, at: datetime) -> None:
    """Store what the register says now; the audit trail gets a row when it says something else than before."""
    with transaction.atomic():
        row = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
        before, row.business_register_at = row.business_register, at
        row.business_register = with_former_name(before, lookup.as_json())
        row.save(update_fields=["business_register", "business_register_at"])
        if before != row.business_register:
            outcome = lookup.outcome.value
            record(by=BY, at=at, target=row, what=AuditType.LOOKED_UP, customer_id=row.pk, outcome=outcome)
