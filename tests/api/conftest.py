from __future__ import annotations

import pytest

from accounts.models import User, Vendor
from tests.api.erp import Erp, make_integration
from tests.fixtures import administrator, case_worker, customer, portfolio, reader, vendor
from tests.submissions.rows import access, own_storage
from tests.submissions.world import world


@pytest.fixture
def erp(administrator: User, vendor: Vendor) -> Erp:
    """It may everything, for all customers of the sandbox."""
    return Erp(make_integration(administrator))


__all__ = [
    "access",
    "administrator",
    "case_worker",
    "customer",
    "erp",
    "own_storage",
    "portfolio",
    "reader",
    "vendor",
    "world",
]
