"""People and rows that many tests begin with. Imported by name in the conftest of each app's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import Customer, Portfolio, Role, User, Vendor
from portal.core.environments import Environment

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
VENDOR_ORGNR = "310123455"
CUSTOMER_ORGNR = "310987654"


def make_user(role: str, **fields: Any) -> User:
    return User.objects.create_user(
        f"{role.lower()}@vendor.example", "a long enough password", name=role.title(), role=role, **fields
    )


@pytest.fixture
def vendor(db: None) -> Vendor:
    return Vendor.objects.create(pk=1, name="Fjordtall", orgnr=VENDOR_ORGNR, support_phone="22 12 34 56")


@pytest.fixture
def portfolio(db: None) -> Portfolio:
    return Portfolio.objects.create(name="Vest")


@pytest.fixture
def customer(portfolio: Portfolio) -> Customer:
    return Customer.objects.create(
        environment=Environment.SANDBOX, orgnr=CUSTOMER_ORGNR, name="Nordlys Eiendom AS", portfolio=portfolio
    )


@pytest.fixture
def administrator(db: None) -> User:
    return make_user(Role.ADMINISTRATOR)


@pytest.fixture
def case_worker(portfolio: Portfolio) -> User:
    user = make_user(Role.CASE_WORKER)
    user.portfolios.add(portfolio)
    return user


@pytest.fixture
def reader(db: None) -> User:
    return make_user(Role.READER)
