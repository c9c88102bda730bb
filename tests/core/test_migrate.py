"""`manage.py migrate` beside a running portal: a lock that is not given is asked for again, and nothing half done stays."""

from __future__ import annotations

import io
import threading
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate as djangos
from django.db import connection

from portal.core.database import Limits
from portal.management.commands import migrate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "MIGRATION", Limits(statement=60, lock=1))
    monkeypatch.setattr(migrate, "WAIT", 0.1)
    monkeypatch.setattr(migrate, "TRIES", 3)


def a_migration(monkeypatch: pytest.MonkeyPatch, sql: str) -> list[int]:
    """Instead of Django's own work. Gives the tries that got through."""
    done: list[int] = []

    def handle(self: Any, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)
        done.append(1)

    monkeypatch.setattr(djangos.Command, "handle", handle)
    return done


def run() -> str:
    said = io.StringIO()
    call_command("migrate", stderr=said, verbosity=0)
    return said.getvalue()


ALTERS = "ALTER TABLE accounts_tag ADD COLUMN x int; ALTER TABLE accounts_tag DROP COLUMN x"


def test_it_waits_for_a_lock_in_short_turns_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    done = a_migration(monkeypatch, ALTERS)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE accounts_tag")
        release = threading.Timer(1.3, other.rollback)
        release.start()

        said = run()
        release.join()

    assert done == [1]
    assert "A lock was not given within 1 seconds (1 of 3)" in said


def test_it_gives_up_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    a_migration(monkeypatch, ALTERS)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE accounts_tag")

        with pytest.raises(CommandError, match="Nothing is half done"):
            run()


def test_the_limits_are_of_the_migration_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def limits() -> list[str]:
        with connection.cursor() as cursor:
            return [cursor.execute(f"SHOW {name}").fetchone()[0] for name in ("lock_timeout", "statement_timeout")]

    before, during = limits(), []
    monkeypatch.setattr(djangos.Command, "handle", lambda *_, **__: during.extend(limits()))

    run()

    assert during == ["1s", "1min"]
    assert limits() == before


def test_two_at_once_go_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    done = a_migration(monkeypatch, "SELECT 1")
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrate.LOCK])
        seen: list[int] = []
        release = threading.Timer(0.5, lambda: (seen.extend(done), other.execute("SELECT pg_advisory_unlock_all()")))
        release.start()

        run()
        release.join()

    assert (seen, done) == ([], [1])


def test_what_an_interrupted_index_left_is_dropped_and_others_stay() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX not_ours ON accounts_tag (name)")
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('not_ours'::regclass, 'customer_ended'::regclass)"
        )

    assert migrate.drop_unfinished_indexes() == ["customer_ended"]

    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX not_ours")
        cursor.execute("CREATE INDEX customer_ended ON accounts_customer (end_asked_at) WHERE end_asked_at IS NOT NULL")


def test_asking_what_would_be_done_waits_for_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrate.LOCK])

        call_command("migrate", "--plan")

    assert "No planned migration operations" in capsys.readouterr().out
