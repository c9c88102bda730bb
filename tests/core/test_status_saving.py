"""A stored row's status changes by `move_to` alone: `save()` neither writes a changed status nor an outdated one."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Customer
from portal.core.states import IllegalTransition
from submissions.models import Submission
from submissions.period import Period
from tests.core.leased_rows import access
from tests.fixtures import AT


@pytest.fixture
def row(customer: Customer) -> Submission:
    return Submission.objects.create(
        environment=customer.environment, customer=customer, service="s", **Period.year(2025).columns(), status="READY", status_at=AT,
        created_by="test", created_at=AT, access=access(customer),
    )  # fmt: skip


def stored(row: Submission) -> str:
    return Submission.objects.values_list("status", flat=True).get(pk=row.pk)


def created(row: Submission) -> Submission:
    return row


def loaded(row: Submission) -> Submission:
    return Submission.objects.get(pk=row.pk)


def refreshed(row: Submission) -> Submission:
    row.refresh_from_db()
    return row


def with_status_refreshed(row: Submission) -> Submission:
    row.refresh_from_db(fields=["status"])
    return row


def deferred(row: Submission) -> Submission:
    return Submission.objects.defer("status").get(pk=row.pk)


def made_in_bulk(row: Submission) -> Submission:
    row.pk, row.reference = None, Submission().reference
    return Submission.objects.bulk_create([row])[0]


ORIGINS = [created, loaded, refreshed, with_status_refreshed, deferred, made_in_bulk]


@pytest.mark.parametrize("origin", ORIGINS)
def test_saving_a_changed_status_is_refused(row: Submission, origin: Any) -> None:
    mine = origin(row)

    mine.status = "CANCELLED"

    with pytest.raises(IllegalTransition, match="READY -> CANCELLED"):
        mine.save()
    assert stored(mine) == "READY"


@pytest.mark.parametrize("origin", ORIGINS)
def test_saving_other_columns_is_allowed(row: Submission, origin: Any) -> None:
    mine = origin(row)

    mine.problem_code = "X"
    mine.save()

    assert list(Submission.objects.filter(pk=mine.pk).values_list("problem_code", "status")) == [("X", "READY")]


def test_naming_the_status_among_the_columns_is_refused(row: Submission) -> None:
    with pytest.raises(IllegalTransition):
        row.save(update_fields=["status", "problem_code"])


def test_update_or_create_does_not_change_the_status(row: Submission) -> None:
    with pytest.raises(IllegalTransition):
        Submission.objects.update_or_create(pk=row.pk, defaults={"status": "QUEUED"})

    assert stored(row) == "READY"


def test_an_instance_loaded_before_a_move_does_not_put_the_old_status_back(row: Submission) -> None:
    outdated = loaded(row)
    row.move_to("QUEUED", by="user:ida", at=AT)

    outdated.problem_code = "X"
    outdated.save()

    assert stored(row) == "QUEUED"


def test_a_moved_row_can_be_saved(row: Submission) -> None:
    row.move_to("QUEUED", by="user:ida", at=AT)

    row.problem_code = "X"
    row.save()

    assert (stored(row), loaded(row).problem_code) == ("QUEUED", "X")
