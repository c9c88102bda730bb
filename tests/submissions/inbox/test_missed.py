"""Dialogs that an event told of before any search shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from portal.sandbox.dialogs import Dialog as RemoteDialog
from portal.sandbox.dialogs import delete_dialog
from submissions.models import Dialog, MissedDialog, PollCursor
from submissions.services.inbox import cursors, missed
from systemusers.models import Access
from tests.submissions.inbox.reading import Reading


def told_of(reading: Reading, dialog_id: str) -> None:
    """What the webhook does with the event of a dialog that we do not know."""
    missed.note(access=reading.world.access, dialog_id=UUID(dialog_id), at=reading.world.at)


def behind(reading: Reading) -> RemoteDialog:
    """A dialog that is stored late, with a time before our place."""
    reading.opens(title="Nyere")
    reading.poll()
    late = reading.opens(title="Kom sent")
    late.updated_at = late.content_updated_at = late.created_at = reading.world.at - timedelta(minutes=30)
    calm(reading)
    return late


def calm(reading: Reading) -> None:
    """Nothing is due for hours."""
    far = reading.world.at + timedelta(hours=8)
    PollCursor.objects.update(next_attempt_at=far, overlap_at=far, full_at=far, rights_at=reading.world.at)


def looks(reading: Reading, minutes: int) -> list[int]:
    """Minutes from now at which Dialogporten was searched, with a sweep each half minute."""
    found: list[int] = []
    for half in range(minutes * 2):
        before = len(reading.calls("enduser/dialogs"))
        missed.find_due(at=reading.world.at)
        reading.poll()
        if len(reading.calls("enduser/dialogs")) > before:
            found.append(half // 2)
        reading.world.let_pass(30)
    return found


def test_a_dialog_behind_our_place_is_found_a_minute_after_its_event(reading: Reading) -> None:
    late = behind(reading)
    told_of(reading, late.id)

    assert looks(reading, 6) == [1]
    assert Dialog.objects.filter(title="Kom sent").exists()
    assert not MissedDialog.objects.exists()


def test_what_is_not_shown_is_looked_for_after_1_5_and_35_minutes_and_asked_for_once(reading: Reading) -> None:
    reading.poll()
    calm(reading)
    told_of(reading, str(uuid4()))

    assert looks(reading, 50) == [1, 5, 35, 40]
    assert reading.calls("/transmissions")
    assert not MissedDialog.objects.exists()


def test_a_dialog_that_the_caches_hid_is_found_later(reading: Reading) -> None:
    reading.poll()
    calm(reading)
    reading.world.app.state.settings.search_delay_seconds = 240
    remote = reading.opens(title="Først skjult")
    told_of(reading, remote.id)

    assert looks(reading, 8) == [1, 5]
    assert Dialog.objects.get().title == "Først skjult"


@pytest.mark.parametrize("way", ["deleted", "foreign"])
def test_a_dialog_that_is_gone_or_not_ours_is_forgotten(reading: Reading, way: str) -> None:
    reading.poll()
    calm(reading)
    remote = reading.opens(orgnr="310629499" if way == "foreign" else "")
    told_of(reading, remote.id)
    if way == "deleted":
        delete_dialog(reading.world.app, remote, now=reading.world.at)

    looks(reading, 45)

    assert not MissedDialog.objects.exists()
    assert not Dialog.objects.exists()


def test_a_dialog_that_is_there_and_not_in_the_last_days_has_everything_read(reading: Reading) -> None:
    reading.opens(title="Nyere")
    reading.poll()
    remote = reading.opens(title="Gammel")
    remote.updated_at = remote.content_updated_at = remote.created_at = reading.world.at - timedelta(days=90)
    calm(reading)
    told_of(reading, remote.id)

    looks(reading, 45)

    assert Dialog.objects.filter(title="Gammel").exists()


def test_a_known_dialog_is_not_missed(reading: Reading) -> None:
    remote = reading.opens()
    reading.poll()

    told_of(reading, remote.id)

    assert not MissedDialog.objects.exists()


def test_ten_events_of_one_dialog_are_one_search_for_it(reading: Reading) -> None:
    reading.poll()
    ident = str(uuid4())
    for _ in range(10):
        told_of(reading, ident)

    assert MissedDialog.objects.count() == 1


def test_nothing_is_asked_for_an_access_that_has_ended(reading: Reading) -> None:
    reading.poll()
    told_of(reading, str(uuid4()))
    Access.objects.update(status="REMOVED")
    before = reading.calls()

    reading.world.let_pass(minutes=2)
    missed.find_due(at=reading.world.at)

    assert (reading.calls(), MissedDialog.objects.count()) == (before, 0)


@pytest.mark.parametrize("act", [lambda row: row, lambda row: MissedDialog.objects.update(looks=3)])
def test_a_worker_that_dies_leaves_the_search_to_the_next(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, act: Any
) -> None:
    reading.poll()
    told_of(reading, str(uuid4()))
    act(MissedDialog.objects.get())

    class Died(BaseException):
        pass

    def die(*_given: Any, **_named: Any) -> None:
        raise Died

    reading.world.let_pass(minutes=2)
    with monkeypatch.context() as dying:
        dying.setattr(cursors, "read_last_days", die)
        dying.setattr(missed, "_is_there", die)
        with pytest.raises(Died):
            missed.find_due(at=reading.world.at)
    reading.world.let_pass(minutes=4)
    taken = missed.find_due(at=reading.world.at)

    assert taken == 1
    assert cursors.make_due(access_id=reading.world.access.pk, at=reading.world.at) in (True, False)
