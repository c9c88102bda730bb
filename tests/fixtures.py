"""People and rows that many tests begin with. Imported by name in the conftest of each app's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import Charge, Customer, Grant, InstallationGrant, Portfolio, Role, User, Vendor
from accounts.services.staff import Rights
from portal.core.environments import Environment

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
VENDOR_ORGNR = "310123455"
CUSTOMER_ORGNR = "310987654"


CHARGES: dict[str, set[str]] = {
    Role.ADMINISTRATOR: {Charge.PEOPLE, Charge.VENDOR, Charge.MAILS, Charge.OPERATION, Charge.KEPT}, Role.DEVELOPER: {Charge.VENDOR},
}  # fmt: skip


def make_user(role: str = "", email: str = "", **fields: Any) -> User:
    """Somebody with one role in every environment, who sees every customer unless the role is CASE_WORKER. "" for no role."""
    values = {"name": role.title(), **fields}
    user = User.objects.create_user(email or f"{role.lower()}@vendor.example", "a long enough password", **values)
    if role:
        give(user, Rights.everywhere(role, charges=frozenset(CHARGES.get(role, ()))))
    return user


def give(user: User, rights: Rights) -> None:
    """As a person who keeps people gives it; without an event and a mail, which a test of its own looks at."""
    by: dict[str, Any] = {"given_by": "user:ida@vendor.example", "given_at": AT}
    Grant.objects.filter(user=user).delete()
    InstallationGrant.objects.filter(user=user).delete()
    Grant.objects.bulk_create(
        Grant(user=user, environment=place, role=role, sees_all_customers=place in rights.sees_all, **by)
        for place, role in sorted(rights.roles.items())
    )
    InstallationGrant.objects.bulk_create(
        InstallationGrant(user=user, charge=one, **by) for one in sorted(rights.charges)
    )
    user.__dict__.pop("given", None)


def make_operator(user: User) -> User:
    """Django admin besides."""
    InstallationGrant.objects.create(user=user, charge=Charge.STORED, given_by="user:ida@vendor.example", given_at=AT)
    user.__dict__.pop("given", None)
    return user


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
