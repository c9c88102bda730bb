"""Many customers in random states, made in bulk: what they say does not matter here, only how they are spread."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import Customer, Portfolio
from portal.local.demo import orgnrs
from submissions.models import Expectation, Submission
from submissions.period import Period
from systemusers.models import Access, AccessProfile, ClientRelation, Kind
from tests.world import make_profile

SHARES, SALARY, HOUSING = (
    "innrapportering-aksjonaerregisteroppgave",
    "innrapportering-amelding",
    "innrapportering-boligsameie",
)
SALARY_FILES = "innrapportering-amelding-filopplasting"
RIGHTS = {
    SHARES: "ske-innrapportering-aksjonaerregisteroppgave",
    SALARY: "ske-innrapportering-amelding",
    HOUSING: "ske-innrapportering-boligsameie",
}
AT = datetime.fromisoformat("2027-01-26T09:00:00+01:00")
PERIODS = {
    SHARES: [Period.year(2026)],
    SALARY: [Period.month(2026, 11), Period.month(2026, 12), Period.month(2027, 1)],
    HOUSING: [Period.year(2026)],
}


def many(count: int, *, profile: AccessProfile, portfolios: list[Portfolio], seed: int = 7) -> None:
    """`count` customers, of which most have an access, some are clients of an accountant, and most report all three."""
    chance = random.Random(seed)
    customers = Customer.objects.bulk_create(
        Customer(environment="SANDBOX", orgnr=orgnr, name=f"Kunde {orgnr}", portfolio=chance.choice(portfolios))
        for orgnr in orgnrs(count, start=313_000_000)
    )
    made = Access.objects.bulk_create(an_access(one, profile, chance) for one in customers if chance.random() < 0.85)
    clients_of(chance.sample(customers, count // 10), customers[0], profile, chance)
    Expectation.objects.bulk_create(
        an_expectation(one, service, chance) for one in customers for service in PERIODS if chance.random() < 0.9
    )
    reports = [
        row for one in customers for service, periods in PERIODS.items() for row in some(one, service, periods, chance)
    ]
    by_customer = {access.customer_id: access for access in made}
    for row in reports:
        if row.status in {"QUEUED", "SENDING", "UNCERTAIN"}:  # these have one, whatever became of it since
            row.access = by_customer.get(row.customer_id, made[0])
    Submission.objects.bulk_create(reports)


def an_access(customer: Customer, profile: AccessProfile, chance: random.Random) -> Access:
    status = chance.choices(["IN_USE", "APPROVED", "REJECTED", "EXPIRED"], [70, 15, 10, 5])[0]
    rights = [code for code in RIGHTS.values() if chance.random() < 0.8]
    known = AT if chance.random() < 0.95 else None
    return Access(
        environment="SANDBOX", customer=customer, profile=profile, external_ref=customer.orgnr, rights=rights,
        rights_known_at=known, status=status, status_at=AT,
    )  # fmt: skip


def clients_of(clients: list[Customer], accountant: Customer, profile: AccessProfile, chance: random.Random) -> None:
    """Half of what they gave is known, and some have left."""
    agent = make_profile(profile.system, "For klienter", kind=Kind.AGENT, rights=[], packages=[PACKAGE])
    access = Access.objects.create(
        environment="SANDBOX", customer=accountant, profile=agent, external_ref="agent", packages=[PACKAGE],
        rights_known_at=AT, status="IN_USE", status_at=AT,
    )  # fmt: skip
    ClientRelation.objects.bulk_create(
        ClientRelation(
            access=access, orgnr=one.orgnr, name=one.name, customer=one, first_seen_at=AT,
            packages=[PACKAGE] if chance.random() < 0.5 else [], seen_at=AT if chance.random() < 0.7 else None,
            gone_at=AT if chance.random() < 0.1 else None,
        )
        for one in clients
    )  # fmt: skip


PACKAGE = "urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"


def an_expectation(customer: Customer, service: str, chance: random.Random) -> Expectation:
    first = chance.choices([date(2020, 1, 1), date(2026, 12, 1), date(2028, 1, 1)], [80, 15, 5])[0]
    last = chance.choices([None, date(2026, 12, 1)], [90, 10])[0] if first.year < 2028 else None
    return Expectation(
        environment="SANDBOX", customer=customer, service=service, is_expected=chance.random() < 0.95,
        first_period=first, last_period=last, changed_by="user:x", changed_at=AT,
    )  # fmt: skip


def some(customer: Customer, service: str, periods: list[Period], chance: random.Random) -> list[Submission]:
    """No report, one, or several of one period, one after another."""
    return [
        a_report(customer, service, period, chance.choice(list(Submission.Status)), chance)
        for period in periods
        for _number in range(chance.choices([0, 1, 2, 3], [25, 50, 15, 10])[0])
    ]


def a_report(
    customer: Customer, service: str, period: Period, status: str, chance: random.Random, **fields: Any
) -> Submission:
    by_file = service == SALARY and chance.random() < 0.2
    moment = AT - timedelta(hours=chance.randrange(1, 600))
    return Submission(
        environment="SANDBOX", customer=customer, service=SALARY_FILES if by_file else service, status=status,
        **period.columns(), status_at=moment, created_by="user:x", created_at=moment, delivered_at=moment, **fields,
    )  # fmt: skip
