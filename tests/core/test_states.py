"""Every pair of states of every workflow: allowed steps happen and are audited, all others are refused."""

from __future__ import annotations

import threading
from itertools import product
from typing import Any

import pytest
from django.db import connection

from accounts.models import Customer
from portal.core.audit import AuditEvent
from portal.core.states import IllegalTransition, LostRace, StatusModel
from submissions.models import Order, Submission
from submissions.period import Period
from systemusers.models import Access, SigningKey, System
from tests.core.leased_rows import access
from tests.fixtures import AT

WORKFLOWS = [Submission, Order, Access, System, SigningKey]
PAIRS = [(m, a, b) for m in WORKFLOWS for a, b in product(m.Status.values, m.Status.values)]


@pytest.mark.parametrize("model", WORKFLOWS)
def test_the_table_names_every_state(model: type[Any]) -> None:
    assert set(model.TRANSITIONS) == set(model.Status.values)
    assert set().union(*model.TRANSITIONS.values()) <= set(model.Status.values)


@pytest.mark.parametrize("model", WORKFLOWS)
def test_every_state_can_be_reached_from_the_first(model: type[Any]) -> None:
    reached, ahead = set(), [model.Status.values[0]]
    while ahead:
        state = ahead.pop()
        if state not in reached:
            reached.add(state)
            ahead += model.TRANSITIONS[state]

    assert reached == set(model.Status.values)


def test_a_step_outside_the_table_is_refused() -> None:
    outside = [(model, before, after) for model, before, after in PAIRS if after not in model.TRANSITIONS[before]]

    assert outside
    assert [step for step in outside if not is_refused(*step)] == []


def is_refused(model: type[Any], before: str, after: str) -> bool:
    row = model(pk=1, status=before)
    try:
        row.move_to(after, by="test", at=AT)
    except IllegalTransition:
        return row.status == before
    return False


def submission(customer: Customer, status: str) -> Submission:
    return Submission.objects.create(
        environment=customer.environment, customer=customer, service="s", **Period.year(2025).columns(), status=status, status_at=AT,
        created_by="test", created_at=AT, delivered_at=AT, access=access(customer),
    )  # fmt: skip


SUBMISSION_STEPS = [(a, b) for a, bs in Submission.TRANSITIONS.items() for b in sorted(bs)]


@pytest.mark.parametrize(("before", "after"), SUBMISSION_STEPS)
def test_a_step_inside_the_table_is_taken_and_audited(customer: Customer, before: str, after: str) -> None:
    row = submission(customer, before)

    row.move_to(after, by="user:ida", at=AT, problem_code="X")

    row.refresh_from_db()
    event = AuditEvent.objects.get(target=f"submissions.Submission:{row.pk}")
    assert (row.status, row.problem_code) == (after, "X")
    assert (event.what, event.by, event.customer_id_ref) == (f"{before}->{after}", "user:ida", customer.pk)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_with_the_same_row_one_wins(customer: Customer) -> None:
    row = submission(customer, "QUEUED")
    outcomes: list[str] = []

    def worker() -> None:
        mine: StatusModel = Submission.objects.get(pk=row.pk)
        gate.wait()
        try:
            mine.move_to("SENDING", by="task:send", at=AT)
            outcomes.append("won")
        except LostRace:
            outcomes.append("lost")
        connection.close()

    gate = threading.Barrier(6)
    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["lost"] * 5 + ["won"]
