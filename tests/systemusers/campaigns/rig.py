"""Customers of campaigns, and a worker that takes campaigns to their ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import Customer, Portfolio, User
from portal.core.environments import Environment
from portal.local.demo import orgnrs
from systemusers.models import AccessProfile, Campaign
from systemusers.services.campaigns import gathering, ordering, work
from systemusers.services.campaigns.ordering import Settings
from tests.fixtures import AT


def make_customers(number: int, *, portfolio: Portfolio | None = None, **fields: Any) -> list[Customer]:
    """Each with an address."""
    rows = [
        Customer(
            **{
                "environment": Environment.SANDBOX, "orgnr": orgnr, "name": f"Kunde {orgnr}", "portfolio": portfolio,
                "contact_email": f"post@k{orgnr}.example", **fields,
            }
        )
        for orgnr in orgnrs(number)
    ]  # fmt: skip
    return Customer.objects.bulk_create(rows)


def make(profile: AccessProfile, user: User, *, at: datetime = AT, listed: str = "", **settings: Any) -> Campaign:
    """Of all customers that the user sees, or of the numbers in a list."""
    environment = Environment.SANDBOX
    own = Customer.objects.visible_to(user).filter(environment=environment).order_by("pk")
    rows = (
        gathering.of_list(listed.encode(), environment=environment, user=user)
        if listed
        else gathering.of_customers(own)
    )
    decided = Settings(**{"name": "Runde 1", "profile": profile, **settings})
    return ordering.make(settings=decided, rows=rows, user=user, environment=environment, at=at)


def work_to_the_end(*, at: datetime = AT) -> None:
    while work.run(at=at):
        pass


def judged(profile: AccessProfile, user: User, **options: Any) -> Campaign:
    row = make(profile, user, **options)
    work_to_the_end(at=options.get("at", AT))
    row.refresh_from_db()
    return row


def started(row: Campaign, user: User, *, at: datetime = AT) -> Campaign:
    number = ordering.number_of(row)
    ordering.start(campaign=row, user=user, shown=ordering.token_of(row, number), at=at)
    return row


def finished(row: Campaign, user: User, *, at: datetime = AT) -> Campaign:
    started(row, user, at=at)
    work_to_the_end(at=at)
    row.refresh_from_db()
    return row


def verdicts(row: Campaign) -> list[str]:
    return list(row.rows.order_by("number").values_list("verdict", flat=True))


def states(row: Campaign) -> list[str]:
    return list(row.rows.order_by("number").values_list("state", flat=True))
