"""`manage.py migrate`, beside a running portal: one at a time, with limits, and again when a lock was not given.

Django's own command would wait for a lock without end, with everybody else waiting behind it. It works as the owner of the database,
and then gives the application its rights.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, ProgrammingError, connection
from psycopg.errors import LockNotAvailable
from psycopg.sql import SQL, Identifier

from portal.core import database_roles
from portal.core.database import MIGRATION

LOCK = 0x4D494752
"""The key of PostgreSQL's advisory lock that a migrating process holds. Nothing else may use it."""
TRIES, WAIT = 20, 3.0
"""How often, with so many seconds between."""


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if options.get("plan") or options.get("check_unapplied"):
            super().handle(*args, **options)
            return
        if settings.DATABASE_OWNER is None and not settings.LOCAL:
            raise CommandError(
                "DATABASE_OWNER_URL is not set. The application's own role may not change tables: give this command the owner's, for "
                "example DATABASE_OWNER_URL=postgresql://portal:password@db.example.no:5432/portal"
            )
        with database_roles.as_owner(), alone(), limited():
            for number in range(1, TRIES + 1):
                drop_unfinished_indexes()
                try:
                    super().handle(*args, **options)
                except OperationalError as error:
                    if not isinstance(error.__cause__, LockNotAvailable):
                        raise
                    self.stderr.write(f"A lock was not given within {MIGRATION.lock} seconds ({number} of {TRIES}).")
                    time.sleep(WAIT)
                else:
                    give_rights()
                    return
        raise CommandError(
            "The migrations did not get their locks: something holds a table for long. Nothing is half done; see "
            "pg_stat_activity for old transactions, and give the command again"
        )


def give_rights() -> None:
    """Raises CommandError."""
    try:
        database_roles.give_rights()
    except (database_roles.TooPowerful, ProgrammingError) as error:
        raise CommandError(f"The migrations are done, but the application did not get its rights. {error}") from error


@contextmanager
def alone() -> Iterator[None]:
    """On a connection of its own, as the lock goes with it. A second process waits until the first has migrated."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as own:
        own.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield


@contextmanager
def limited() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{MIGRATION.lock}s'; SET statement_timeout = '{MIGRATION.statement}s'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout; RESET statement_timeout")


def drop_unfinished_indexes() -> list[str]:
    """What an interrupted CREATE INDEX CONCURRENTLY left: it is of no use, and the next try needs its name. Only our own."""
    ours = [index.name for model in apps.get_models() for index in model._meta.indexes]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE NOT i.indisvalid AND c.relname = ANY(%s)",
            [ours],
        )
        names = [name for (name,) in cursor.fetchall()]
        for name in names:
            cursor.execute(SQL("DROP INDEX {}").format(Identifier(name)))
    return names
