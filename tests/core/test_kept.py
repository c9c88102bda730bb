"""What tests/kept.py puts back is what the services built."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.db import connection, transaction

from accounts.models import Customer
from portal.core.valkey import valkey
from tests import kept
from tests.submissions.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_kept", {})


def a_world(customer: Customer, sequences: dict[str, int], **options: Any) -> tuple[World, dict[str, Any]]:
    """A world and all that it left behind; the database and its ids are then as they were before."""
    _, before = kept._facts()
    with transaction.atomic():
        world = World(customer, "http://sandbox.test", **options)
        traces = {
            "rows": kept._rows(),
            "ids": kept._facts(),
            "remote": msgspec.json.encode(world.app.state),
            "calls": len(world.app.calls),
            "valkey": list(valkey().scan_iter()),
            "at": world.at,
        }
        transaction.set_rollback(True)
    back = [f"'{name}', {before[name] or first}, {before[name] is not None}" for name, first in sequences.items()]
    with connection.cursor() as cursor:
        cursor.execute(";".join(f"SELECT setval({position})" for position in back))
    return world, traces


def test_a_world_that_is_put_back_is_the_one_that_was_built(customer: Customer, sequences: dict[str, int]) -> None:
    first, built = a_world(customer, sequences)
    second, put_back = a_world(customer, sequences)

    assert [len(ways) for ways in kept._kept.values()] == [1]
    assert put_back == built
    assert len(built["rows"]["systemusers_access"]) == 1
    assert second.access is not first.access
    assert (second.access, second.system, second.client) == (first.access, first.system, first.client)
    assert second.system.client is second.client


def test_what_one_test_changes_is_not_put_back_for_the_next(customer: Customer, sequences: dict[str, int]) -> None:
    first, built = a_world(customer, sequences)
    first.app.state.system_users.clear()
    first.system.name_nb = "Noe annet"
    second, _ = a_world(customer, sequences)
    second.app.state.clients.clear()
    second.client.name = "Noe annet"

    third, put_back = a_world(customer, sequences)

    assert put_back == built
    assert (third.system.name_nb, third.client.name) == ("Fjordtall", "Fjordtall")


@pytest.mark.parametrize("change", [{"name": "Et annet navn AS"}, {"orgnr": "310629499"}])
def test_another_customer_gets_another_world(
    customer: Customer, sequences: dict[str, int], change: dict[str, str]
) -> None:
    a_world(customer, sequences)
    Customer.objects.filter(pk=customer.pk).update(**change)

    a_world(Customer.objects.get(pk=customer.pk), sequences)

    assert len(kept._kept) == 2


def test_another_system_gets_another_world(customer: Customer, sequences: dict[str, int]) -> None:
    a_world(customer, sequences)
    other, _ = a_world(customer, sequences, system_id="310123455_other")

    assert other.system.system_id == "310123455_other"
    assert len(kept._kept) == 2


def test_a_row_that_stands_in_the_way_gets_another_world(customer: Customer, sequences: dict[str, int]) -> None:
    """The ids would be others than those that were kept."""
    a_world(customer, sequences)

    World(customer, "http://sandbox.test")
    other = World(
        customer, "http://sandbox.test", client_id=f"{'3' * 8}-0000-4000-8000-000000000002", system_id="310123455_b"
    )

    assert other.access.pk > 0
    assert [len(ways) for ways in kept._kept.values()] == [1, 1]
