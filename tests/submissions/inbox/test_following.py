"""What goes on failing is shown to a person: on the overview, in lists, and in step 8, without making all others red."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, Portfolio, User
from portal.core.environments import Environment
from portal.desk.attention import Todo, attention
from portal.desk.connection import DONE, FAULT, Step, nine_steps
from portal.explain import explain
from submissions.models import Dialog, EventSubscription, PollCursor
from submissions.services.inbox import cursors
from submissions.services.inbox.subscriptions import asking, wanted
from tests.submissions.inbox.reading import Reading

SANDBOX = Environment.SANDBOX
PAGE = "/sandbox/dialogs/following/"


def todos(reading: Reading, user: User) -> dict[str, Todo]:
    return {todo.title: todo for todo in attention(user=user, environment=SANDBOX, at=reading.world.at)}


def step_eight(reading: Reading, user: User) -> Step:
    return nine_steps(environment=SANDBOX, user=user, at=reading.world.at)[7]


def failing_poll(reading: Reading, *, rounds: int = 3) -> None:
    for _ in range(rounds):
        reading.fault(status=403)
        reading.poll()
        reading.world.let_pass(60)


def second_cursor(reading: Reading) -> PollCursor:
    """Another access of the same customer, which is polled without a problem."""
    other = reading.world.another_access()
    cursors.make_cursors(at=reading.world.at)
    return PollCursor.objects.get(access=other)


def test_a_bare_403_is_explained(reading: Reading) -> None:
    reading.fault(status=403)

    reading.poll()

    assert reading.cursor.problem_code == "HTTP-403"
    assert "ikke lov" in str(explain(reading.cursor.problem_code).title)


@pytest.mark.parametrize(("rounds", "shown"), [(2, False), (3, True)])
def test_a_customer_we_get_no_answer_about_is_counted_and_listed_with_the_reason(
    reading: Reading, client: Client, case_worker: User, rounds: int, shown: bool
) -> None:
    client.force_login(case_worker)
    failing_poll(reading, rounds=rounds)

    todo = todos(reading, case_worker).get("Kunde vi ikke får svar om")
    page = client.get(todo.url if todo else PAGE).content.decode()

    assert (todo is not None and todo.count == 1) == shown
    assert ("Nordlys Eiendom AS" in page and "Tjenesten ga oss ikke lov" in page) == shown
    assert ("Ingenting feiler" in page) != shown


def test_what_fails_for_one_does_not_make_the_step_red_for_all(reading: Reading, case_worker: User) -> None:
    failing_poll(reading)
    alone = step_eight(reading, case_worker)
    PollCursor.objects.update(next_attempt_at=reading.world.at + timedelta(hours=1))
    second_cursor(reading)
    reading.poll()
    beside_another = step_eight(reading, case_worker)

    assert (alone.state, beside_another.state) == (FAULT, DONE)
    assert "Vi følger med for 1 kunde. 1 får vi ikke svar for." in beside_another.text
    assert beside_another.url == PAGE


def test_a_success_takes_the_customer_off_the_list(reading: Reading, case_worker: User) -> None:
    failing_poll(reading)
    reading.world.let_pass(3600)

    reading.poll()

    assert todos(reading, case_worker) == {}
    assert step_eight(reading, case_worker).state == DONE


def test_a_dialog_that_cannot_be_read_is_counted_and_found_by_its_chip(
    reading: Reading, client: Client, case_worker: User
) -> None:
    client.force_login(case_worker)
    reading.opens(title="Lar seg ikke lese")
    reading.opens(title="Går bra")
    reading.poll()
    Dialog.objects.filter(title="Går bra").update(next_attempt_at=None)
    for _ in range(3):
        reading.fault(status=403)
        reading.pull()
        reading.world.let_pass(60)

    todo = todos(reading, case_worker)["Dialog lar seg ikke hente"]
    page = client.get(todo.url).content.decode()

    assert todo.count == 1
    assert "Lar seg ikke lese" in page
    assert "Går bra" not in page
    assert "Innholdet lar seg ikke hente: Tjenesten ga oss ikke lov" in page


def test_a_subscription_that_altinn_refuses_is_counted_and_listed(
    reading: Reading, client: Client, case_worker: User, settings: Any
) -> None:
    client.force_login(case_worker)
    settings.PORTAL_URL = "https://portal.example"
    next(iter(reading.world.app.state.system_users.values())).rights = []
    for _ in range(3):
        wanted.make_subscriptions(at=reading.world.at)
        asking.subscribe_due(at=reading.world.at)
        reading.world.let_pass(asking.RETRY.total_seconds() + 5)

    todo = todos(reading, case_worker)["Abonnement på hendelser mangler"]
    page = client.get(todo.url).content.decode()

    assert todo.count == EventSubscription.objects.count() == 1
    assert "Nordlys Eiendom AS" in page


def test_another_portfolios_problems_are_nobodys_business(reading: Reading, client: Client, case_worker: User) -> None:
    client.force_login(case_worker)
    failing_poll(reading)
    Customer.objects.update(portfolio=Portfolio.objects.create(name="Øst"))

    assert "Nordlys" not in client.get(PAGE).content.decode()
    assert todos(reading, case_worker) == {}


def test_an_access_that_is_gone_is_no_longer_a_problem(reading: Reading, case_worker: User) -> None:
    failing_poll(reading)
    access = reading.world.access
    type(access).objects.update(status="WITHDRAWN")

    assert "Kunde vi ikke får svar om" not in todos(reading, case_worker)


def test_the_page_costs_as_many_queries_with_many_rows_as_with_one(
    reading: Reading, client: Client, case_worker: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(case_worker)
    for _ in range(19):
        second_cursor(reading)
    later = reading.world.at + timedelta(hours=1)
    PollCursor.objects.update(failures=5, problem_code="HTTP-403", next_attempt_at=later)

    with django_assert_max_num_queries(10):
        page = client.get(PAGE).content.decode()

    assert page.count("Tjenesten ga oss ikke lov") == 20
