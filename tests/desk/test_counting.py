"""Counts of several selections in one statement."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer
from portal.desk.counting import Counted, count_all
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.rows import make_access

pytestmark = pytest.mark.django_db


def test_counts_of_several_models_come_in_one_query(customer: Customer, django_assert_num_queries: Any) -> None:
    first = make_access(customer, status="REJECTED", status_at=AT)
    make_access(customer, system=first.profile.system, status="REJECTED", status_at=AT - timedelta(days=2))

    with django_assert_num_queries(1):
        counted = count_all(
            {
                "rejected": Access.objects.filter(status="REJECTED"),
                "expired": Access.objects.filter(status="EXPIRED"),
                "hidden": Access.objects.none(),
                "customers": Customer.objects.all(),
            }
        )

    assert counted["rejected"] == Counted(2, AT - timedelta(days=2))
    assert counted["expired"] == counted["hidden"] == Counted(0, None)
    assert counted["customers"] == Counted(1, None)


def test_no_row_of_any_selection_is_no_error() -> None:
    counted = count_all({"hidden": Access.objects.none(), "other": Access.objects.none()})

    assert counted == {"hidden": Counted(), "other": Counted()}
