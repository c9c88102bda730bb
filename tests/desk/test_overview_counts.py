"""The numbers of the overview's list of work: of whom they are, and how the database finds them."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, User
from portal.core.environments import Environment
from portal.desk import attention, attention_accesses, counting
from portal.desk.counting import BY_ITSELF, count_all
from submissions.models import Dialog, Submission
from submissions.services.casework.deadlines import NEEDS_ANSWER, Due, due_by, find_due
from systemusers.models import Access, Invitation
from systemusers.services.invitations.selections import UNTOLD
from tests.core import leased_rows
from tests.desk.test_overview import report
from tests.fixtures import AT
from tests.world import make_client, make_profile, make_system

SANDBOX = Environment.SANDBOX
LATER = AT + timedelta(days=30)
pytestmark = pytest.mark.django_db


def left(customer: Customer) -> Customer:
    """The relation has ended."""
    Customer.objects.filter(pk=customer.pk).update(end_asked_at=AT, end_asked_by="user:x")
    return customer


def test_reports_of_customers_who_have_left_are_counted_when_they_are_owed(
    customer: Customer, administrator: User
) -> None:
    for status in Submission.Status:
        report(left(customer), status)
    found = attention._submissions(administrator.within(SANDBOX), SANDBOX, LATER)
    lines = {name: rows for name, rows in found.items() if rows.model is Submission}

    numbers = {name: rows.count() for name, rows in lines.items()}

    assert numbers == {name: rows.filter(pk__in=Submission.objects.current()).count() for name, rows in lines.items()}
    assert {name for name, number in numbers.items() if number} == {
        "REJECTED", "FAILED", "UNCERTAIN", "NEEDS_PERSON", "QUEUED", "SENDING", "unanswered",
    }  # fmt: skip


@pytest.mark.parametrize("status", Access.Status)
def test_questions_to_customers_who_have_left_are_counted_until_they_are_taken_back(
    customer: Customer, administrator: User, status: str
) -> None:
    row = leased_rows.access(customer)
    left(customer)
    Access.objects.filter(pk=row.pk).update(
        status=status, status_at=AT, sent_at=AT, altinn_id="x", next_attempt_at=AT, problem_code=""
    )
    lines = attention_accesses.selections(administrator.within(SANDBOX), SANDBOX, LATER)

    numbers = {name: rows.count() for name, rows in lines.items()}

    assert numbers == {name: rows.filter(pk__in=Access.objects.current()).count() for name, rows in lines.items()}
    assert bool(sum(numbers.values())) == (status in {"DRAFT", "SENT", "FORWARDED"})


@pytest.mark.parametrize("days", [None, -1, 0, 6, 7, 8])
@pytest.mark.parametrize("status", ["Completed", "Awaiting", "RequiresAttention", "NotApplicable"])
def test_the_parts_of_the_calendar_are_those_of_the_list(administrator: User, days: int | None, status: str) -> None:
    row = leased_rows.dialog()
    due_at = None if days is None else AT + timedelta(days=days)
    Dialog.objects.filter(pk=row.pk).update(due_at=due_at, status=status)

    for part in (Due.OVERDUE, Due.WEEK, Due.LATER):
        listed = Dialog.objects.filter(NEEDS_ANSWER, due_by(part, at=AT))
        found = find_due(user=administrator, environment=SANDBOX, at=AT, part=part)
        assert list(found) == list(listed)


def test_who_was_told_is_asked_of_every_plan(db: None) -> None:
    plan = leased_rows.invitation()
    Access.objects.filter(pk=plan.access_id).update(status="SENT", altinn_id="x", next_attempt_at=AT)
    untold = Access.objects.filter(UNTOLD, pk=plan.access_id)

    for told_at, why, next_at in product((None, AT), ("", *Invitation.Why), (None, AT)):
        if why and next_at:
            continue  # a plan that has stopped sends nothing more
        Invitation.objects.filter(pk=plan.pk).update(
            told_at=told_at, told_how="MAIL" if told_at else "", stopped_at=AT if why else None, stopped_why=why,
            next_attempt_at=next_at,
        )  # fmt: skip

        assert untold.exists() == (told_at is None and next_at is None), (told_at, why, next_at)


def test_what_waits_is_found_by_its_index(customer: Customer, case_worker: User) -> None:
    """Among so many rows that the indexes differ in what they cost."""
    others = [Customer(environment=SANDBOX, orgnr=f"31{n:07}", name=f"Kunde {n}") for n in range(2000)]
    Customer.objects.bulk_create(others)
    profile = make_profile(make_system(make_client(at=AT)))
    Access.objects.bulk_create(
        Access(
            environment=SANDBOX, customer=row, profile=profile, external_ref=row.orgnr, status="IN_USE", status_at=AT
        )
        for row in others
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_customer, systemusers_access")
    user = case_worker.within(SANDBOX)
    reports = attention._submissions(user, SANDBOX, AT)
    accesses = attention_accesses.selections(user, SANDBOX, AT)
    expected = {
        "submission_unanswered": reports["unanswered"],
        "access_by_state": accesses["unopened"],
        "invitation_told": accesses["untold"],
        "customer_by_portfolio": accesses["expired"],
    }
    with connection.cursor() as cursor:
        for kind in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{kind} = off")

    plans = {index: counting._one(rows).explain() for index, rows in expected.items()}

    assert [index for index, plan in plans.items() if f"using {index} " not in plan] == []


def how() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_parallel_workers_per_gather'), current_setting('jit')")
        return cursor.fetchone()


@pytest.mark.django_db(transaction=True)
def test_how_the_lines_are_counted_is_said_for_their_statement_only(customer: Customer) -> None:
    before = how()

    with CaptureQueriesContext(connection) as queries:
        assert count_all({"customers": Customer.objects.all()})["customers"].n == 1

    assert len(queries) == 1
    assert queries[0]["sql"].startswith(BY_ITSELF)
    assert (before != ("0", "off"), how()) == (True, before)
