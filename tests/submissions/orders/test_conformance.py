"""What every retrieval must keep, with the sandbox behind it: an answer or a person, and one order at most by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.core.lease import LEASE
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from submissions.adapters import RETRIEVALS
from submissions.adapters.base import Meaning
from submissions.models import Order
from submissions.services import catalogue
from submissions.services.orders import work
from tests.submissions.deaths import each_death
from tests.submissions.orders.rig import Rig, listed, person
from tests.submissions.world import World, nothing

S = Order.Status
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429, "retry_after": "1"},
    {"kind": "status", "status": 408},
    {"kind": "status", "status": 425},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 403},
    {"kind": "timeout"},
    {"kind": "reset"},
    {"kind": "lost"},
    {"kind": "truncated"},
]
ERRORS = [
    Unavailable("away"),
    Unavailable("lost", maybe_arrived=True),
    BrokenReply("no JSON"),
    *(Refused("no", status=status) for status in (400, 401, 403, 404, 405, 406, 409, 410)),
]


@pytest.fixture(params=sorted(RETRIEVALS))
def rig(world: World, request: pytest.FixtureRequest) -> Rig:
    """The service of each retrieval, for a customer that has delivered."""
    entry = next(service for service in catalogue.services() if service.adapter == request.param)
    made = Rig(world, entry.id)
    made.deliver()
    return made


def ask(rig: Rig) -> Order:
    kinds = rig.way.kinds(today=rig.world.at.date())
    people = listed(person("4"), person("9")) if rig.way.takes_list else b""
    return rig.ask(kind=kinds[0][0] if kinds else "", listed=people)


def placed(rig: Rig) -> int:
    """How many orders stand at the authority."""
    return len(rig.world.app.state.skatteetaten.orders)


def assert_answer_or_person(rig: Rig, order: Order, when: str) -> None:
    """FETCHED, or UNCERTAIN where the order may stand already; never two orders."""
    rig.world.let_pass(LEASE.total_seconds())
    order = rig.finish(order, rounds=60)
    allowed = {S.FETCHED} if rig.way.may_repeat else {S.FETCHED, S.UNCERTAIN}
    assert order.status in allowed, when
    assert placed(rig) <= 1, when
    assert order.status != S.FETCHED or order.facts is not None, when
    rig.world.app.state.skatteetaten.orders.clear()
    Order.objects.all().delete()


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_every_error_has_a_meaning_and_a_lost_order_is_in_doubt(rig: Rig, error: Any) -> None:
    assert isinstance(rig.way.meaning(error, is_ordering=False), Meaning)
    is_open = not isinstance(error, Refused) and getattr(error, "maybe_arrived", True)

    ordering = rig.way.meaning(error, is_ordering=True)

    assert not is_open or rig.way.may_repeat or ordering == Meaning.MAYBE_DELIVERED


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_any_fault_at_any_call_ends_in_an_answer_or_with_a_person(rig: Rig, fault: dict[str, Any]) -> None:
    for call in range(5):
        order = ask(rig)
        rig.fault(after=call, **fault)
        assert_answer_or_person(rig, order, f"{fault} at call {call}")
        rig.world.app.faults.clear()


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_between_any_two_effects_orders_once_at_most(rig: Rig) -> None:
    def work_once() -> None:
        work.work_due(at=rig.world.at)

    order = ask(rig)
    for when in each_death(rig.world, work_once, at_least=3):
        assert_answer_or_person(rig, order, when)
        order = ask(rig)


@pytest.mark.parametrize("late", [LEASE + timedelta(seconds=20), timedelta(days=1)], ids=["lapsed", "clock-ahead"])
def test_a_second_worker_that_takes_over_during_any_request_orders_no_second_time(rig: Rig, late: timedelta) -> None:
    tick, taken = 0, True
    while taken:
        order = ask(rig)
        taken = takes_over(rig, tick, late)
        rig.world.let_pass(late.total_seconds())
        assert_answer_or_person(rig, order, f"taken over at tick {tick}")
        tick += 1

    assert tick > 2


def takes_over(rig: Rig, number: int, late: timedelta) -> bool:
    """Whether the work had a request to the service before or after which a second worker, `late`, did the same work."""
    world, left, taken = rig.world, number, False

    def watch() -> None:
        nonlocal left, taken
        left -= "/skatteetaten/" in world.transport.requests[-1].url.path
        if left == -1 and not taken:
            taken = True
            work.work_due(at=world.at + late)

    world.transport.watch = watch
    try:
        work.work_due(at=world.at)
    finally:
        world.transport.watch = nothing
    return taken
