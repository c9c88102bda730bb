"""The feed: told in the transaction of what happens, in an order that never changes behind a reader."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from portal.core.feed import publish
from portal.core.feed.event import FeedEvent, Type
from portal.core.feed.tell import tell, tell_once

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def event(subject: str = "submissions/1", type: Type = Type.SUBMISSION_ACCEPTED) -> FeedEvent:
    return FeedEvent(environment="SANDBOX", type=type, subject=subject, data={"status": "ACCEPTED"}, at=AT)


def positions() -> dict[str, int | None]:
    return dict(FeedEvent.objects.values_list("subject", "position"))


@pytest.mark.django_db
def test_events_are_placed_in_the_order_in_which_they_were_told() -> None:
    tell([event("submissions/1"), event("submissions/2")])
    before = positions()

    first = publish.publish()
    tell([event("submissions/3")])
    publish.publish()

    found = positions()
    assert (set(before.values()), first) == ({None}, 2)
    assert sorted(found, key=lambda name: found[name] or 0) == ["submissions/1", "submissions/2", "submissions/3"]
    assert publish.publish() == 0


@pytest.mark.django_db
def test_what_is_told_once_is_told_once() -> None:
    for _ in range(2):
        tell_once(event("keys/1", Type.KEY_EXPIRING), key="1:60")
    tell_once(event("keys/1", Type.KEY_EXPIRING), key="1:30")

    assert FeedEvent.objects.count() == 2


@pytest.mark.django_db
def test_a_place_is_never_given_again_although_the_rows_are_gone() -> None:
    tell([event()])
    publish.publish()
    last = FeedEvent.objects.get().position
    FeedEvent.objects.all().delete()
    tell([event()])
    publish.publish()

    assert (FeedEvent.objects.get().position or 0) > (last or 0)


@pytest.mark.django_db
def test_after_a_restore_places_begin_behind_those_that_were_read() -> None:
    tell([event()])
    publish.publish()
    before = FeedEvent.objects.get().position or 0
    publish.skip_ahead()
    tell([event("submissions/2")])
    publish.publish()

    assert (positions()["submissions/2"] or 0) > before + publish.FAR


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_comes_behind_what_was_read() -> None:
    """Its row has the lower id. A reader who took the order of ids would never see it."""
    told, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            tell([event("submissions/1")])
            told.set()
            go_on.wait(30)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    told.wait(30)
    tell([event("submissions/2")])
    publish.publish()
    read = positions()
    go_on.set()
    thread.join()
    publish.publish()

    after = positions()
    assert set(read) == {"submissions/2"}
    assert (after["submissions/1"] or 0) > (after["submissions/2"] or 0)


@pytest.mark.django_db(transaction=True)
def test_one_worker_at_a_time_gives_places() -> None:
    tell([event()])
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [publish.LOCK])
            held.set()
            done.wait(30)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    meanwhile = publish.publish()
    done.set()
    thread.join()

    assert (meanwhile, publish.publish()) == (0, 1)
