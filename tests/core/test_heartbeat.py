"""The heartbeat: what the row proves, and what says so when it is old or missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from portal import tasks
from portal.core import heartbeat
from portal.core.heartbeat import Heartbeat
from portal.core.queues import HEARTBEAT, Purpose

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LIMIT = timedelta(seconds=settings.HEARTBEAT_LIMIT)
pytestmark = pytest.mark.django_db


def test_without_a_row_nothing_works_and_there_is_no_since() -> None:
    Heartbeat.objects.all().delete()

    assert heartbeat.find_silence(at=AT) == heartbeat.Silence(since=None)
    assert not heartbeat.is_working(at=AT)


def test_it_works_until_the_limit_after_the_last_beat() -> None:
    heartbeat.record_beat(beat_at=AT, at=AT + timedelta(seconds=1))

    assert heartbeat.is_working(at=AT + LIMIT)
    assert heartbeat.find_silence(at=AT + LIMIT + timedelta(seconds=1)) == heartbeat.Silence(since=AT)


def test_the_age_counts_from_the_sending_not_from_the_handling() -> None:
    """A worker that empties an old queue does not prove that beat runs."""
    heartbeat.record_beat(beat_at=AT - LIMIT - timedelta(seconds=1), at=AT)

    assert not heartbeat.is_working(at=AT)


def test_a_beat_ahead_of_the_workers_clock_hides_no_later_stop() -> None:
    heartbeat.record_beat(beat_at=AT + timedelta(days=1), at=AT)

    assert set(heartbeat.find_beats().values()) == {AT}
    assert not heartbeat.is_working(at=AT + LIMIT + timedelta(seconds=1))


def test_each_queue_has_one_row() -> None:
    heartbeat.record_beat(beat_at=AT, at=AT, queues=["mail"])
    heartbeat.record_beat(beat_at=AT + timedelta(seconds=5), at=AT + timedelta(seconds=6), queues=["mail"])

    row = Heartbeat.objects.get(queue="mail")

    assert (row.beat_at, row.worked_at) == (AT + timedelta(seconds=5), AT + timedelta(seconds=6))
    assert Heartbeat.objects.count() == len(Purpose)


def test_the_task_writes_the_time_in_the_message_for_its_queue() -> None:
    tasks.record_heartbeat.apply(kwargs={"queue": "mail"}, headers={"sent_at": AT.isoformat()}, throw=True)

    beats = heartbeat.find_beats()
    assert beats.pop("mail") == AT
    assert AT not in beats.values()


@pytest.mark.parametrize("queue", Purpose)
def test_one_queue_alone_may_be_busy_for_as_long_as_a_task_may_run(queue: str) -> None:
    heartbeat.record_beat(beat_at=AT, at=AT, queues=[queue])
    longest = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)

    heartbeat.record_beat(beat_at=AT + longest, at=AT + longest, queues=set(Purpose) - {queue})

    assert heartbeat.is_working(at=AT + longest)


@pytest.mark.parametrize("queue", Purpose)
def test_a_queue_that_no_worker_serves_is_named(queue: str) -> None:
    later = AT + heartbeat.QUEUE_LIMIT + timedelta(seconds=1)
    heartbeat.record_beat(beat_at=AT, at=AT, queues=[queue])
    heartbeat.record_beat(beat_at=later, at=later, queues=set(Purpose) - {queue})

    assert heartbeat.find_silence(at=later) == heartbeat.Silence(AT, (queue,))
    assert heartbeat.silence_since(heartbeat.newest_beat().first(), at=later) == heartbeat.Silence(AT, (queue,))


def test_a_queue_that_never_had_a_worker_is_named() -> None:
    heartbeat.record_beat(beat_at=AT, at=AT)
    Heartbeat.objects.filter(queue="documents").delete()

    assert heartbeat.find_silence(at=AT) == heartbeat.Silence(None, ("documents",))
    assert heartbeat.newest_beat().first() is None


def test_readyz_names_the_queue(client: Client) -> None:
    heartbeat.record_beat(beat_at=AT, at=AT, queues=["mail"])

    work = client.get("/readyz").json()["work"]

    assert work == "no heartbeat of the queue mail since 2026-11-23T09:00:00Z; see whether beat and a worker of it run"


@pytest.mark.parametrize("age", [0, 59, 60, 61, 400, 479, 480, 481, 10_000])
@pytest.mark.parametrize("other", [0, 61, 419, 420, 421, 10_000])
def test_the_pages_and_the_probe_agree(age: int, other: int) -> None:
    at = AT + timedelta(days=1)
    heartbeat.record_beat(beat_at=at - timedelta(seconds=age), at=at)
    heartbeat.record_beat(beat_at=at - timedelta(seconds=other), at=at, queues=["mail"])

    on_page = heartbeat.silence_since(heartbeat.newest_beat().first(), at=at)

    assert on_page == heartbeat.find_silence(at=at)


def test_a_message_without_a_time_is_no_heartbeat() -> None:
    Heartbeat.objects.all().delete()

    tasks.record_heartbeat.apply(throw=True)

    assert not Heartbeat.objects.exists()


def test_it_costs_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        heartbeat.is_working(at=AT)


def test_readyz_names_the_stopped_work(client: Client) -> None:
    heartbeat.record_beat(beat_at=AT, at=AT)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["work"] == "no heartbeat since 2026-11-23T09:00:00Z; see whether beat and a worker run"


def test_readyz_on_a_new_installation(client: Client) -> None:
    Heartbeat.objects.all().delete()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["work"] == "no heartbeat yet; see whether beat and a worker run"


@pytest.mark.parametrize("entry", settings.CELERY_BEAT_SCHEDULE.values(), ids=settings.CELERY_BEAT_SCHEDULE)
def test_every_message_of_beat_expires(entry: dict[str, Any]) -> None:
    """At most one message of an entry waits for longer than its interval; the heartbeat lasts to the limit."""
    longest = settings.HEARTBEAT_LIMIT if entry["task"] == HEARTBEAT else entry["schedule"]

    assert 0 < entry["options"]["expires"] <= longest


@pytest.mark.parametrize("who", ["administrator", "case_worker", "reader"])
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_every_member_of_staff_is_told(client: Client, vendor: Any, request: Any, who: str, language: str) -> None:
    heartbeat.record_beat(beat_at=timezone.now() - timedelta(hours=1), at=timezone.now())
    client.force_login(request.getfixturevalue(who))
    text = {
        "nb": "Portalen har ikke sendt eller hentet noe av seg selv siden i",
        "nn": "Portalen har ikkje sendt eller henta noko av seg sjølv sidan i",
        "en": "The portal has not sent or fetched anything by itself since",
    }[language]

    page = client.get("/sandbox/customers/", headers={"Accept-Language": language}).content.decode()

    assert 'id="silence"' in page
    assert text in page


def test_a_new_installation_says_that_work_has_not_begun(client: Client, vendor: Any, reader: Any) -> None:
    Heartbeat.objects.all().delete()
    client.force_login(reader)

    assert "Portalen har ennå ikke begynt å sende" in client.get("/sandbox/").content.decode()


def test_nothing_is_said_while_the_heart_beats(client: Client, vendor: Any, reader: Any) -> None:
    heartbeat.record_beat(beat_at=timezone.now(), at=timezone.now())
    client.force_login(reader)

    assert 'id="silence"' not in client.get("/sandbox/").content.decode()


def test_strangers_are_told_nothing(client: Client, vendor: Any) -> None:
    Heartbeat.objects.all().delete()

    assert 'id="silence"' not in client.get("/accounts/login/").content.decode()
