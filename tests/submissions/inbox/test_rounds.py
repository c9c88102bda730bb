"""When a customer is asked about again: by rights that changed, by people who look, by deadlines, and what makes rounds rarer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse

from accounts.models import User
from submissions.models import Dialog, PollCursor
from submissions.services.inbox import cursors
from systemusers.models import Access
from tests.submissions.inbox.reading import Reading

Tier = PollCursor.Tier


def rights_change(reading: Reading) -> datetime:
    """As when a customer has approved a change, or an access is renewed."""
    Access.objects.filter(pk=reading.world.access.pk).update(
        rights_known_at=reading.world.at, status_at=reading.world.at
    )
    return reading.world.at


def quiet(reading: Reading) -> None:
    """Everything was read long ago, and nothing is due for hours."""
    reading.poll()
    late = reading.world.at + timedelta(hours=9)
    PollCursor.objects.update(
        overlap_at=late, full_at=reading.world.at + timedelta(days=6), next_attempt_at=late,
        rights_at=reading.world.at, full_began_at=reading.world.at,
    )  # fmt: skip
    reading.world.let_pass(hours=1)


def full_readings(reading: Reading, minutes: int) -> list[int]:
    """Minutes from now at which everything was read, with a look each minute."""
    began, found = reading.world.at, []
    for minute in range(minutes):
        cursors.note_rights(at=reading.world.at)
        reading.poll()
        if reading.cursor.full_began_at == reading.world.at:
            found.append(minute)
        reading.world.let_pass(minutes=1)
    assert reading.world.at == began + timedelta(minutes=minutes)
    return found


def test_everything_is_read_twenty_and_sixty_minutes_after_rights_changed(reading: Reading) -> None:
    quiet(reading)
    rights_change(reading)

    assert full_readings(reading, 90) == [20, 60]
    assert reading.cursor.full_at is not None
    assert timedelta(days=5) < reading.cursor.full_at - reading.world.at < timedelta(days=9)


def test_a_reading_of_the_last_days_does_not_put_off_that_of_everything(reading: Reading) -> None:
    quiet(reading)
    rights_change(reading)
    cursors.note_rights(at=reading.world.at)
    reading.world.let_pass(minutes=5)
    cursors.read_last_days(access_id=reading.world.access.pk, at=reading.world.at)

    assert full_readings(reading, 85) == [15, 55]


def test_a_reading_of_everything_meanwhile_takes_the_place_of_no_later_one(reading: Reading) -> None:
    quiet(reading)
    rights_change(reading)
    cursors.note_rights(at=reading.world.at)
    reading.world.let_pass(minutes=5)
    cursors.read_last_days(access_id=reading.world.access.pk, at=reading.world.at, everything=True)

    assert full_readings(reading, 85) == [0, 15, 55]


def test_a_reading_of_everything_that_was_ordered_during_another_one_follows_at_once(reading: Reading) -> None:
    quiet(reading)
    at = reading.world.at
    PollCursor.objects.update(
        overlap_from=at - timedelta(days=2), overlap_is_full=False, overlap_at=at, full_at=at, next_attempt_at=at
    )

    assert full_readings(reading, 3) == [1]


def test_a_new_access_is_read_whole_twice(reading: Reading) -> None:
    assert full_readings(reading, 90) in ([20, 60], [20, 61])  # it was approved some tenths of a second after the hour


def test_what_a_new_right_opens_is_found_though_it_is_old(reading: Reading) -> None:
    quiet(reading)
    late = reading.opens(title="Gammel")
    long_ago = reading.world.at - timedelta(days=300)
    late.updated_at = late.content_updated_at = late.created_at = long_ago
    rights_change(reading)

    full_readings(reading, 25)

    assert Dialog.objects.get().title == "Gammel"


def test_rights_that_did_not_change_are_read_for_once(reading: Reading) -> None:
    quiet(reading)
    rights_change(reading)

    assert [cursors.note_rights(at=reading.world.at), cursors.note_rights(at=reading.world.at)] == [1, 0]


def test_a_change_of_long_ago_is_found_by_the_daily_sweep_only(reading: Reading) -> None:
    quiet(reading)
    rights_change(reading)
    PollCursor.objects.update(rights_at=F("rights_at") - timedelta(days=30))
    reading.world.let_pass(days=3)

    found = [cursors.note_rights(at=reading.world.at), cursors.note_rights(at=reading.world.at, everything=True)]

    assert found == [0, 1]
    assert reading.cursor.full_at == reading.world.at


def tier(reading: Reading, **pressing: Any) -> str:
    given = cursors.Pressing(pressing.get("awaited", {}), frozenset(pressing.get("deadlines", ())))
    return cursors.tier_of(reading.cursor, given, at=reading.world.at)


@pytest.mark.parametrize(("days", "expected"), [(0, Tier.HOT), (6, Tier.HOT), (8, Tier.NORMAL), (61, Tier.QUIET)])
def test_the_age_of_the_last_change_decides_how_often(reading: Reading, days: int, expected: str) -> None:
    cursors.make_cursors(at=reading.world.at)
    PollCursor.objects.update(changed_at=reading.world.at - timedelta(days=days))

    assert tier(reading) == expected


def test_a_customer_without_any_dialog_is_asked_about_seldom(reading: Reading) -> None:
    reading.poll()

    assert reading.cursor.tier == Tier.QUIET


@pytest.mark.parametrize(
    ("days", "fields", "expected"),
    [
        (13, {}, Tier.HOT),
        (15, {}, Tier.NORMAL),
        (-1, {}, Tier.NORMAL),
        (13, {"status": "Completed"}, Tier.NORMAL),
    ],
)
def test_a_deadline_that_is_near_makes_a_customer_hot(
    reading: Reading, days: int, fields: dict[str, Any], expected: str
) -> None:
    reading.opens()
    reading.poll()
    Dialog.objects.update(due_at=reading.world.at + timedelta(days=days), **fields)
    PollCursor.objects.update(changed_at=reading.world.at - timedelta(days=20), next_attempt_at=reading.world.at)

    reading.poll()

    assert reading.cursor.tier == expected


def test_while_a_person_looks_the_customer_is_asked_about_at_once_and_then_often(reading: Reading) -> None:
    quiet(reading)
    reading.opens()

    cursors.look(access_id=reading.world.access.pk, at=reading.world.at)
    moved = reading.poll()
    PollCursor.objects.update(changed_at=None, next_attempt_at=reading.world.at)
    reading.poll()

    assert len(moved) == 1
    assert reading.cursor.tier == Tier.LOOKING
    wait = (reading.cursor.next_attempt_at or reading.world.at) - reading.world.at
    assert timedelta(minutes=4) <= wait <= timedelta(minutes=6)


def test_looking_again_a_moment_later_asks_nothing(reading: Reading) -> None:
    quiet(reading)
    for _ in range(3):
        cursors.look(access_id=reading.world.access.pk, at=reading.world.at)
        reading.poll()
        reading.world.let_pass(60)

    assert len(reading.calls("enduser/dialogs")) == 2


def test_a_cursor_that_waits_after_a_failure_is_not_hurried_by_looking(reading: Reading) -> None:
    quiet(reading)
    PollCursor.objects.update(failures=2, problem_code="UNAVAILABLE")
    before = reading.cursor.next_attempt_at

    cursors.look(access_id=reading.world.access.pk, at=reading.world.at)

    assert reading.cursor.next_attempt_at == before


def test_customers_that_began_together_do_not_stay_together(reading: Reading) -> None:
    for _ in range(6):
        reading.world.another_access()
    reading.poll()

    times = set(PollCursor.objects.values_list("next_attempt_at", flat=True))
    spreads = {cursors.spread(row, at=reading.world.at) for row in PollCursor.objects.all()}

    assert len(spreads) >= 5, "by the key of a row: two may fall together"
    assert all(0.8 <= one <= 1.2 for one in spreads)
    assert times == {reading.world.at + timedelta(minutes=20)}  # everything is read then, as the accesses are new


def test_a_page_about_a_customer_tells_a_worker_once_in_five_minutes(
    reading: Reading, client: Client, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, dict[str, int]]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs=None, **_: told.append((name, kwargs)))
    monkeypatch.setattr(transaction, "on_commit", lambda act: act())
    reading.opens()
    reading.poll()
    client.force_login(administrator)
    told.clear()
    customer = reverse("customer", kwargs={"environment": "sandbox", "pk": reading.world.access.customer.pk})
    dialog = reverse("dialog", kwargs={"environment": "sandbox", "pk": Dialog.objects.get().pk})

    client.get(customer, headers={"Sec-Purpose": "prefetch"})
    in_advance = list(told)
    for page in (customer, customer, dialog):
        assert client.get(page).status_code == 200

    assert in_advance == []
    assert told == [("submissions.tasks.look", {"access": reading.world.access.pk})]
