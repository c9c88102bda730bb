"""Each line of the overview leads to a list whose rows are exactly those that it counts, where most rows are near misses."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import cycle, product
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from accounts.models import Alarm, Customer, CustomerImport, Portfolio, User
from portal.core.environments import Environment
from portal.core.webhooks.row import Webhook
from portal.desk.attention import attention
from portal.gateways.enhetsregisteret import UnitJson
from portal.local.demo import orgnrs
from submissions.models import Approval, Attachment, Dialog, Heap, Order, PackageCheck, Transmission
from submissions.models import Submission as Report
from submissions.period import Period
from systemusers.models import Access, Campaign, ChangeRequest, ClientRound, Kind, RightsCheck
from tests.core import leased_rows
from tests.desk.test_overview import report
from tests.world import make_profile

SANDBOX = Environment.SANDBOX
LISTED = {
    "accesses?status=": {
        "REFUSED", "STUCK", "CHILDLESS", "UNREAD", "CHANGE", "RIGHTS", "UNSETTLED", "OUTDATED", "UNSENT", "REMOVED", "REJECTED",
        "EXPIRED", "UNTOLD", "UNOPENED_LONG", "FORWARDED_LONG",
    },
    "submissions?state=": {
        "rejected", "failed", "uncertain", "person", "queued", "stopped", "ready", "receipts", "unchecked", "to-approve",
        "unanswered", "contradicted",
    },
    "orders?state=": {"person"},
    "dialogs?state=": {"attention&due=overdue", "attention&due=week", "attention&due=later", "stuck", "attachments"},
    "letters?state=": {"unread"},
    "campaigns?state=": {"stuck", "own-ready", "own-moving", "own-done"},
    "customers?group=": {"remarked"},
    "customer-imports?state=": {"stuck"},
    "heaps?state=": {"stuck"},
}  # fmt: skip
"""Lines that both see: pages with their parameter, and its values."""
OF_ADMINISTRATORS = {"alarms?state=unseen", "webhooks?state=failing", "customers?portfolio=none"}
PROBLEMS: tuple[dict[str, Any], ...] = (
    {}, {"problem_code": "NETWORK", "failures": 1}, {"problem_code": "NETWORK", "failures": 3},
)  # fmt: skip
AGES = (timedelta(minutes=1), timedelta(days=1), timedelta(days=9))
Next = Callable[[], Customer]
pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def next_one(portfolio: Portfolio, now: datetime) -> Next:
    """The next customer: some are another's, some nobody's, some have left, and about some the register has a remark."""
    chance = random.Random(7)
    whose = [portfolio, portfolio, Portfolio.objects.create(name="Enda en"), None]
    made = Customer.objects.bulk_create(
        Customer(
            environment=SANDBOX, orgnr=orgnr, name=f"Kunde {orgnr}", portfolio=chance.choice(whose),
            end_asked_at=now if n % 7 == 6 else None, end_asked_by="user:x" if n % 7 == 6 else "",
            business_register=UnitJson() if n % 5 else UnitJson(is_deleted=True),
        )
        for n, orgnr in enumerate(orgnrs(151, start=313_000_000))
    )  # fmt: skip
    return cycle(made).__next__


def cases(states: Any, now: datetime) -> Iterator[tuple[str, datetime, dict[str, Any]]]:
    """Each state at each age, with each kind of problem."""
    return ((state, now - age, problem) for state, age, problem in product(states, AGES, PROBLEMS))


def accesses(next_one: Next, now: datetime) -> None:
    own = leased_rows.access(Customer.objects.order_by("pk")[0]).profile
    agent = make_profile(own.system, "For klienter", kind=Kind.AGENT, rights=[], packages=[PACKAGE])
    for status, at, problem in cases(Access.Status, now):
        is_refused = status == "DRAFT" and problem.get("failures") == 1
        made = [
            Access.objects.create(
                environment=SANDBOX, customer=next_one(), profile=profile, external_ref=str(uuid.uuid4()), altinn_id="x",
                status=status, status_at=at, sent_at=at, next_attempt_at=None if is_refused else now, **problem,
            )
            for profile in (own, agent, own, agent)
        ]  # fmt: skip
        if status in Access.USABLE:
            RightsCheck.objects.create(access=made[0], **problem)
            ChangeRequest.objects.create(access=made[0], status_at=at, requested_by="x", next_attempt_at=now, **problem)
            ClientRound.objects.create(access=made[1], read_at=now, **problem)


PACKAGE = "urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"


def reports(next_one: Next, now: datetime, user: User) -> None:
    access = Access.objects.all()[0]
    for status, at, problem in cases(Report.Status, now):
        fields = {"access": access, "status_at": at, "delivered_at": at - timedelta(days=28), **problem}
        first = report(next_one(), status, **fields)
        report(first.customer, status, corrects=first, **fields)
        contradicted_at = now if status == "ACCEPTED" else None
        checked = report(next_one(), status, contradicted_at=contradicted_at, **fields)
        PackageCheck.objects.create(submission=checked, requested_by="user:x", **problem)
    for by, answer in product(("user:x", user.actor), ({}, {"approved_by": "user:y", "approved_at": now})):
        for _number in range(4):
            Approval.objects.create(submission=report(next_one(), "READY"), asked_by=by, asked_at=now, **answer)


def dialogs(next_one: Next, now: datetime) -> None:
    profile = Access.objects.all()[0].profile
    due = (None, -1, -2, -3, 3, 4, 5, 30, 40)
    for number, (status, days, problem, is_done) in enumerate(
        product(("RequiresAttention", "Completed", "Awaiting"), due, PROBLEMS, (False, True))
    ):
        customer = next_one()
        access = Access.objects.create(
            environment=SANDBOX, customer=customer, profile=profile, external_ref=f"d{number}", status="IN_USE",
            status_at=now,
        )  # fmt: skip
        row = Dialog.objects.create(
            environment=SANDBOX, customer=customer, access=access, dialog_id=uuid.uuid4(), org="ske", status=status,
            created_at=now, updated_at=now, content_updated_at=now, next_attempt_at=now,
            due_at=None if days is None else now + timedelta(days=days),
            handled_at=now if is_done else None, handled_by="user:x" if is_done else "",
            gone_at=None if number % 5 else now, gone_reason="" if number % 5 else "DELETED", **problem,
        )  # fmt: skip
        letters(row, number, now)


def letters(dialog: Dialog, number: int, now: datetime) -> None:
    for read_at in (None, now):
        sent = Transmission.objects.create(
            dialog=dialog, transmission_id=uuid.uuid4(), type="Information", title="Brev", created_at=now,
            stored_at=now, read_at=read_at, read_by="user:x" if read_at else "",
        )  # fmt: skip
        if number % 3:
            status = "REFUSED" if number % 3 == 1 else "FETCHED"
            Attachment.objects.create(
                transmission=sent, attachment_id="1", status=status, status_at=now, next_attempt_at=now
            )


def others(next_one: Next, now: datetime, user: User, colleague: User) -> None:
    access = Access.objects.all()[0]
    for status, at, problem in cases(Order.Status, now):
        Order.objects.create(
            environment=SANDBOX, customer=next_one(), access=access, service="s", status=status, status_at=at,
            created_at=at, created_by="x", **Period.year(2025).columns(), **problem,
        )  # fmt: skip
    for person, (status, at, problem) in product((user, colleague), cases(Campaign.Status, now)):
        Campaign.objects.create(
            environment=SANDBOX, name="x", profile=access.profile, owner=person, ordered_by=person, created_at=at,
            status=status, status_at=at, started_at=at, next_attempt_at=now, **problem,
        )  # fmt: skip
    for person, problem in product((user, colleague), PROBLEMS):
        own = {"environment": SANDBOX, "owner": person, "created_at": now, "touched_at": now, **problem}
        Heap.objects.create(**own)
        CustomerImport.objects.create(**own, content=b"", filename="x", status_at=now)
    for seen_at, hours in product((None, now), (0, 5)):
        Alarm.objects.create(
            kind="READING", environment=SANDBOX, about="user:x", day=now, began_at=now, newest_at=now, seen_at=seen_at
        )
        failing = now - timedelta(hours=hours) if hours else None
        Webhook.objects.create(
            environment=SANDBOX, url="https://x.example/", secret=b"x", made_by="user:x", made_at=now, failing_since=failing,
            position=0,
        )  # fmt: skip


@pytest.fixture(params=["administrator", "case_worker"])
def user(request: Any, vendor: Any, next_one: Next, now: datetime) -> User:
    """Who looks, with all those rows around."""
    people = {name: request.getfixturevalue(name) for name in ("administrator", "case_worker")}
    user = people.pop(request.param)
    (colleague,) = people.values()
    accesses(next_one, now)
    reports(next_one, now, user)
    dialogs(next_one, now)
    others(next_one, now, user, colleague)
    return user


def test_each_line_and_figure_leads_to_exactly_the_rows_that_it_counts(client: Client, user: User) -> None:
    client.force_login(user)
    lines = {_short(line.url): line for line in attention(user=user, environment=SANDBOX, at=timezone.now())}
    expected = {f"{page}{value}" for page, values in LISTED.items() for value in values}
    expected |= OF_ADMINISTRATORS if user.within(SANDBOX).is_administrator else set()

    numbers = {name: (line.count, _rows(client, line.url)) for name, line in lines.items() if name in expected}

    assert sorted(expected - lines.keys()) == []
    assert {name: pair for name, pair in numbers.items() if pair[0] != pair[1]} == {}
    assert sorted(set(lines) - expected) == []
    assert all(number == listed > 0 for number, listed in _figures(client)), _figures(client)
    near = {name: _rows(client, urlsplit(line.url).path) for name, line in lines.items() if name in expected}
    assert [name for name, (count, _listed) in numbers.items() if count >= near[name]] == []


def _figures(client: Client) -> list[tuple[int, int]]:
    """(number, rows of the list behind it)."""
    return [(one.number, _rows(client, one.url)) for one in client.get("/sandbox/").context["figures"]]


def _short(url: str) -> str:
    """The name of the page, with the query of the address."""
    address = urlsplit(url)
    return f"{resolve(address.path).url_name}?{address.query}".removesuffix("?")


def _rows(client: Client, url: str) -> int:
    """How many a page lists: a list tells how many it has on all its pages."""
    context = client.get(url).context
    if "list" in context:
        return int(context["list"].filtered.count())
    return next(len(context[name]) for name in ("imports", "heaps", "rows") if name in context)
