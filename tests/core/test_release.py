"""A row that a worker has left is given back, and one that waits is tried at once; both are recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.core import lease, release
from portal.core.audit import AuditEvent, target_of
from portal.core.states import LostRace
from submissions.models import PollCursor
from tests.core.leased_rows import LEASED, make_due_rows
from tests.fixtures import AT

BY = "user:op@vendor.example"
pytestmark = pytest.mark.django_db


@pytest.fixture
def cursor(settings: Any) -> PollCursor:
    [row] = make_due_rows(PollCursor)
    return row


def test_a_released_row_is_taken_by_the_next_worker_and_the_first_can_write_nothing(cursor: PollCursor) -> None:
    [hold] = lease.claim(PollCursor.objects.all(), at=AT)
    assert lease.claim(PollCursor.objects.all(), at=AT) == []

    release.release(hold.row, by=BY, at=AT)

    [other] = lease.claim(PollCursor.objects.all(), at=AT)
    with pytest.raises(LostRace):
        hold.finish(next_attempt_at=AT)
    other.finish(next_attempt_at=AT + timedelta(hours=1))


def test_the_release_fences_before_the_next_worker_comes(cursor: PollCursor) -> None:
    [hold] = lease.claim(PollCursor.objects.all(), at=AT)

    release.release(hold.row, by=BY, at=AT)

    with pytest.raises(LostRace):
        hold.renew()


def test_a_release_is_recorded_with_the_attempt(cursor: PollCursor) -> None:
    [hold] = lease.claim(PollCursor.objects.all(), at=AT)

    release.release(hold.row, by=BY, at=AT)

    event = AuditEvent.objects.get(what="lease-released")
    assert (event.by, event.target, event.detail) == (BY, target_of(cursor), {"attempt": 1})
    assert (event.environment, event.customer_id_ref) == ("SANDBOX", cursor.access.customer_id)


def test_only_the_attempt_that_was_seen_is_released(cursor: PollCursor) -> None:
    [seen] = lease.claim(PollCursor.objects.all(), at=AT)
    later = AT + lease.LEASE + timedelta(seconds=1)
    [now] = lease.claim(PollCursor.objects.all(), at=later)

    with pytest.raises(LostRace):
        release.release(seen.row, by=BY, at=later)

    now.finish(next_attempt_at=later)
    assert not AuditEvent.objects.filter(what="lease-released").exists()


def test_a_row_that_nobody_has_cannot_be_released(cursor: PollCursor) -> None:
    with pytest.raises(LostRace):
        release.release(cursor, by=BY, at=AT)


def test_a_row_that_waits_is_made_due(cursor: PollCursor) -> None:
    PollCursor.objects.update(next_attempt_at=AT + timedelta(hours=3))

    release.try_now(cursor, by=BY, at=AT)

    assert len(lease.claim(PollCursor.objects.all(), at=AT)) == 1
    assert AuditEvent.objects.filter(what="made-due", by=BY, target=target_of(cursor)).exists()


def test_a_row_that_is_due_is_left_alone(cursor: PollCursor) -> None:
    with pytest.raises(LostRace):
        release.try_now(cursor, by=BY, at=AT)

    assert not AuditEvent.objects.filter(what="made-due").exists()


@pytest.mark.parametrize("model", LEASED, ids=lambda model: model._meta.label)
def test_every_kind_of_row_can_be_released(model: Any) -> None:
    [row] = make_due_rows(model)
    [hold] = lease.claim(model._base_manager.filter(pk=row.pk), at=AT)

    release.release(hold.row, by=BY, at=AT)

    assert AuditEvent.objects.filter(what="lease-released", target=target_of(row)).exists()
