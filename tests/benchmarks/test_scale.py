"""What the measurements stand on can be made and read: a change of the tables does not wait for somebody to measure."""

from __future__ import annotations

import pytest

from accounts.models import Customer, Role
from portal.core.audit import AuditSeal
from submissions.models import Dialog, PollCursor, Submission
from tests.benchmarks.scale import drop, make

FEW = 60


@pytest.mark.django_db(transaction=True)
def test_a_vendor_of_any_size_can_be_made() -> None:
    size = make("few", FEW)
    try:
        with size.used():
            client = size.client(Role.ADMINISTRATOR)
            pages = [client.get(f"/sandbox/{name}") for name in ("", "customers/", "dialogs/", "operation/", "due/")]
            numbers = [model._base_manager.count() for model in (Customer, PollCursor, Submission, Dialog, AuditSeal)]
    finally:
        drop(size)

    assert [page.status_code for page in pages] == [200] * 5
    assert numbers[0] == FEW
    assert all(numbers)
