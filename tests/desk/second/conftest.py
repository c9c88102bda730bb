from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Role, User
from tests.fixtures import administrator, case_worker, customer, make_user, portfolio, reader, vendor
from tests.systemusers.staff import now, staff
from tests.systemusers.world import approved, asked, client_row, known_customer, profile, sent, system, world

__all__ = [
    "administrator", "approved", "asked", "case_worker", "client_row", "customer", "known_customer", "now", "portfolio", "profile",
    "reader", "sent", "staff", "system", "vendor", "world",
]  # fmt: skip
EVERYWHERE = frozenset({"SANDBOX", "TEST", "PRODUCTION"})


@pytest.fixture(autouse=True)
def rules(settings: Any) -> None:
    """All of them, everywhere."""
    settings.TWO_PERSONS = dict.fromkeys(("keys", "systems", "asking", "roles"), EVERYWHERE)
    settings.TWO_PERSONS_ASKING_ABOVE = 2


@pytest.fixture
def second(vendor: Any) -> User:
    return make_user(Role.ADMINISTRATOR, "second@vendor.example", name="Per Holm")


@pytest.fixture
def colleague(second: User, now: None) -> Client:
    """The second person before the pages."""
    client = Client()
    client.force_login(second)
    return client
