"""Asks the business register about customers again, so that a bankruptcy, a deletion or a new name is noticed within a day.

The register's update feed says which units changed; those that are customers are looked up again at once, all others once a
week in case the feed missed one. Many numbers are asked for in one search. What the search does not list (deleted, removed,
unknown) is looked up alone.
https://data.brreg.no/enhetsregisteret/api/dokumentasjon
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import Customer, RegisterRound
from accounts.services.business_register import LookUp, Outcome, can_be_known, enhetsregisteret, look_up
from accounts.services.customers import with_former_name
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.lease import Hold
from portal.core.problems import UNAVAILABLE
from portal.gateways.enhetsregisteret import MAIN, MOST_NUMBERS, SUB
from portal.gateways.errors import Unavailable

BY = "task:refresh_customers"
STALE = timedelta(days=7)
"""A look-up that is older is made again, whatever the feed said."""
BEGIN = timedelta(days=2)
"""How far back the feed is read the first time."""
MOST_UPDATES, MOST_PAGES = 1000, 20
"""Entries of the feed in one call, and calls in one round: the next round reads on."""
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
    """The customers whose look-up is oldest. A number that the register gives no answer for keeps no other waiting.

    Raises LostRace and the gateways' errors, Unavailable when there was no answer at all; what was stored stays stored.
    """
    environment, failures = hold.row.environment, hold.row.failures
    is_read = follow_feed(hold)
    customers = list(stale(environment, at=hold.now())[:MOST_NUMBERS])
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
    is_more = len(customers) == MOST_NUMBERS or not is_read
    hold.finish(next_attempt_at=hold.now() + (PAUSE if is_more else IDLE))
    if unanswered:
        hold.write(failures=failures + 1, problem_code=UNAVAILABLE)
        hold.is_finished = False  # nothing was mended


def follow_feed(hold: Hold[RegisterRound]) -> bool:
    """Read on in both feeds: a customer that changed is looked up next. False when there is more to read.

    The place in the feed is stored with what was read, in one transaction. Raises LostRace and the gateways' errors.
    """
    if not _is_anybody_known(hold.row.environment):
        return True
    return all([_follow(hold, MAIN, "read_main"), _follow(hold, SUB, "read_sub")])


def _is_anybody_known(environment: str) -> bool:
    """The real register's feed says nothing of synthetic organisations."""
    numbers = Customer.objects.filter(environment=environment).values_list("orgnr", flat=True)
    if environment == Environment.TEST:
        numbers = numbers.exclude(orgnr__regex=r"^[23]")
    return numbers.exists()


def _follow(hold: Hold[RegisterRound], kind: str, column: str) -> bool:
    register, environment = enhetsregisteret(hold.row.environment), hold.row.environment
    for _page in range(MOST_PAGES):
        hold.renew()
        last = getattr(hold.row, column)
        updates = register.updates(kind, after=last, since=hold.now() - BEGIN, size=MOST_UPDATES)
        if updates:
            with transaction.atomic():
                changed = Customer.objects.filter(environment=environment, orgnr__in={one.orgnr for one in updates})
                changed.update(business_register_at=None)
                hold.write(**{column: max(one.id for one in updates)})
        if len(updates) < MOST_UPDATES:
            return True
    return False


def stale(environment: str, *, at: datetime) -> QuerySet[Customer]:
    """Customers that were not looked up for STALE, those never looked up first."""
    old = Q(business_register_at__isnull=True) | Q(business_register_at__lte=at - STALE)
    ordered = Customer.objects.filter(old, environment=environment)
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
