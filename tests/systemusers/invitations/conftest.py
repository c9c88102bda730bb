from __future__ import annotations

import pytest

from accounts.models import Customer
from tests.core.outbox.conftest import smtp
from tests.fixtures import administrator, case_worker, customer, portfolio, reader, vendor
from tests.systemusers.invitations.rig import ADDRESS
from tests.systemusers.staff import now, staff
from tests.systemusers.world import approved, asked, client_row, known_customer, profile, sent, system, world

__all__ = [
    "administrator", "approved", "asked", "case_worker", "client_row", "customer", "known_customer", "now", "portfolio", "profile",
    "reader", "sent", "smtp", "staff", "system", "vendor", "world",
]  # fmt: skip


@pytest.fixture
def reachable(customer: Customer) -> Customer:
    Customer.objects.filter(pk=customer.pk).update(contact_email=ADDRESS)
    customer.refresh_from_db()
    return customer
