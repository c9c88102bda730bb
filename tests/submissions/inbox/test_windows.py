"""A search that takes Dialogporten too long is read in parts, and every part is read."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from portal.sandbox.dialogs import open_dialog
from submissions.models import Dialog, PollCursor
from submissions.services.inbox import cursors, limits
from submissions.services.inbox import reading as rounds
from submissions.services.inbox.reading import Place
from tests.submissions.inbox.reading import DIALOGS, Reading
from tests.submissions.world import AT, RESOURCE

ALL_DAYS = (1, 9, 29, 200, 900, 3000)


def old(reading: Reading, days: float) -> None:
    """A dialog that was last changed so many days ago."""
    then = reading.world.at - timedelta(days=days)
    open_dialog(
        reading.world.app, org="ske", service_resource=f"urn:altinn:resource:{RESOURCE}", title=f"{days} dager",
        party_orgnr=reading.world.access.customer.orgnr, now=then,
    )  # fmt: skip


def rounds_until_done(reading: Reading) -> int:
    """How many rounds it takes until nothing more is due at once."""
    for number in range(1, 60):
        reading.poll()
        if not PollCursor.objects.filter(next_attempt_at__lte=reading.world.at).exists():
            return number
    raise AssertionError("it goes on and on")


def test_what_is_too_slow_at_once_is_read_in_parts(reading: Reading) -> None:
    reading.world.app.state.settings.slow_search_over_days = 5
    for days in (1, 9, 29):
        old(reading, days)

    rounds_until_done(reading)

    assert Dialog.objects.count() == 3
    assert (reading.cursor.window, reading.cursor.failures) == (None, 0)
    assert reading.cursor.window_from is not None
    assert "updatedat_" in reading.cursor.tokens[0]


@pytest.mark.parametrize("most", [400, 45, 5, 0.5])
def test_everything_is_read_in_parts_however_old(reading: Reading, most: float) -> None:
    for days in ALL_DAYS:
        old(reading, days)
    reading.world.app.state.settings.slow_search_over_days = most
    reading.poll()
    reading.world.let_pass(minutes=21)

    rounds_until_done(reading)

    assert Dialog.objects.count() == len(ALL_DAYS)
    assert reading.cursor.overlap_from is None
    assert reading.cursor.problem_code == ""


def test_the_parts_go_on_where_a_round_ended(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in ALL_DAYS:
        old(reading, days)
    reading.world.app.state.settings.slow_search_over_days = 45
    reading.poll()
    seconds = count(time.monotonic())  # one for each look at the clock
    monkeypatch.setattr(rounds, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    monkeypatch.setattr("submissions.services.inbox.poll.ENOUGH", 30.0)
    reading.world.let_pass(minutes=21)

    number = 0
    while PollCursor.objects.filter(next_attempt_at__lte=reading.world.at).exists():
        number, seconds = number + 1, count(time.monotonic())
        reading.poll()

    assert number > 2
    assert Dialog.objects.count() == len(ALL_DAYS)


def test_what_changed_while_the_parts_were_read_is_not_lost(reading: Reading) -> None:
    reading.world.app.state.settings.slow_search_over_days = 5
    old(reading, 20)
    reading.poll()
    reading.opens(title="Ny")
    PollCursor.objects.update(next_attempt_at=reading.world.at)

    rounds_until_done(reading)

    assert sorted(Dialog.objects.values_list("title", flat=True)) == ["20 dager", "Ny"]


def test_a_part_is_halved_to_an_hour_and_then_it_is_a_failure(reading: Reading) -> None:
    reading.world.app.state.settings.slow_search = True

    reading.poll()

    asked = len([call for call in reading.calls() if call == f"GET {DIALOGS}"])
    assert asked == 10
    assert (reading.cursor.problem_code, reading.cursor.failures) == ("Search", 1)
    assert reading.cursor.window is not None
    assert timedelta(hours=1) <= reading.cursor.window < timedelta(hours=2)


def test_a_place_ends_its_window_before_now() -> None:
    place = Place(("",), AT - timedelta(days=60), timedelta(days=30))

    assert place.end(AT) == AT - timedelta(days=30)
    assert place.next_window(AT - timedelta(days=30), was_quick=True).end(AT) is None
    assert Place(("",), AT - timedelta(days=60)).end(AT) is None


def test_the_number_of_resources_in_a_search_is_what_dialogporten_says(reading: Reading) -> None:
    told = [limits.limits_of("SANDBOX").service_resources]
    reading.world.app.state.settings.max_service_resource_filter_values = 7

    told += [limits.limits_of("SANDBOX").service_resources]
    limits.forget("SANDBOX")
    told += [limits.limits_of("SANDBOX").service_resources]

    assert told == [20, 20, 7]
    assert len(reading.calls("metadata/limits")) == 2


def test_limits_that_are_not_told_are_the_last_ones_or_the_published(reading: Reading) -> None:
    reading.fault(path="metadata/limits", status=500, times=2)
    first = limits.limits_of("SANDBOX")
    limits.forget("SANDBOX")
    reading.world.app.faults.clear()
    reading.world.app.state.settings.max_service_resource_filter_values = 7
    told = limits.limits_of("SANDBOX")
    limits.forget("SANDBOX")
    reading.fault(path="metadata/limits", status=500)

    assert (first, told.service_resources, limits.limits_of("SANDBOX")) == (limits.PUBLISHED, 7, told)


def test_a_smaller_limit_is_learnt_by_a_refusal_and_nothing_is_lost(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = reading.world.new_customer("310629499", "Klient AS")
    reading.world.become_accountant(client)
    cursors.make_cursors(at=reading.world.at)
    PollCursor.objects.exclude(access=reading.world.access).delete()
    several = [f"urn:altinn:resource:{RESOURCE}", "urn:altinn:resource:ske-a", "urn:altinn:resource:ske-b"]
    monkeypatch.setattr("submissions.services.catalogue.resources_of", lambda *_given: several)
    reading.opens(orgnr=client.orgnr, title="Før")
    reading.poll()
    reading.world.app.state.settings.max_service_resource_filter_values = 2
    reading.opens(orgnr=client.orgnr, title="Etter")
    seen: list[Any] = []
    for _ in range(3):
        PollCursor.objects.update(next_attempt_at=reading.world.at)
        reading.poll()
        seen.append((reading.cursor.failures, len(reading.cursor.tokens)))

    assert seen[0] == (1, 1)
    assert seen[-1] == (0, 2)
    assert sorted(Dialog.objects.values_list("title", flat=True)) == ["Etter", "Før"]


def test_what_was_too_slow_once_is_asked_for_with_a_bound_from_then_on(reading: Reading) -> None:
    reading.world.app.state.settings.slow_search_over_days = 5
    old(reading, 20)
    rounds_until_done(reading)
    before = len(reading.calls())
    PollCursor.objects.update(next_attempt_at=reading.world.at)
    reading.poll()
    PollCursor.objects.update(next_attempt_at=reading.world.at)
    reading.poll()

    assert reading.calls()[before:] == [f"GET {DIALOGS}"] * 2
    assert "updatedAfter" in reading.world.transport.requests[-1].url.params
