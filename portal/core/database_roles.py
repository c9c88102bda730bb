"""Two roles of the database: the owner (DATABASE_OWNER_URL) migrates and restores, the application (DATABASE_URL) does all else.

The application reads and writes every table, but may only read the audit trail and add to it. `manage.py migrate` makes its role where
it is missing, and gives the rights after each run: new tables get them, the trail's tables do not.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection, transaction
from psycopg.sql import SQL, Composed, Identifier, Literal

from portal.core.env import database

APPEND_ONLY = ("portal_auditevent", "portal_auditseal")
READ_ONLY = ("django_migrations",)
_WHO = ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
_POWERS = """
SELECT r.rolsuper, r.rolcreaterole OR r.rolreplication OR r.rolbypassrls,
    EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND pg_has_role(relowner, 'MEMBER'))
        OR EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(nspowner, 'MEMBER'))
        OR EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND pg_has_role(datdba, 'MEMBER')),
    EXISTS (SELECT FROM pg_class WHERE oid IN (to_regclass('portal_auditevent'), to_regclass('portal_auditseal'))
        AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')),
    pg_has_role('pg_execute_server_program', 'MEMBER') OR pg_has_role('pg_write_server_files', 'MEMBER')
FROM pg_roles r WHERE r.rolname = current_user
"""
_WORDS = (
    "is a superuser",
    "may make roles, replicate or pass over row security",
    "owns the tables, the schema or the database",
    "may change the audit trail",
    "may run programs or write files on the server",
)
logger = logging.getLogger(__name__)


class TooPowerful(Exception):
    """The role could change the audit trail, or more. The message says why and what to do."""


@contextmanager
def as_owner() -> Iterator[None]:
    """The connection is the owner's inside the block. Nothing changes where there is one role, or it is the owner's already."""
    owner, mine = settings.DATABASE_OWNER, connection.settings_dict
    if owner is None or owner["USER"] == mine["USER"]:
        yield
        return
    before = {name: mine[name] for name in _WHO}
    _become({name: owner[name] for name in _WHO})
    try:
        yield
    finally:
        _become(before)


def _become(who: dict[str, object]) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict.update(who)


def give_rights() -> None:
    """What the application may do, on the tables as they are now. Call it as the owner. Raises TooPowerful and ProgrammingError."""
    if settings.DATABASE_OWNER is None:
        return
    application = database(settings.DATABASE_URL, pool_size=0)
    name = application["USER"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [name])
        found = cursor.fetchone()
        if found is None:
            cursor.execute(_new_role(name, application["PASSWORD"]).as_string(None))
        elif found[0]:
            raise TooPowerful(
                f"The role {name} of DATABASE_URL is a superuser. Name another one, which is made for you"
            )
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relname = ANY(%s) AND c.relnamespace = 'public'::regnamespace",
            [[*APPEND_ONLY, *READ_ONLY]],
        )
        there = {table for (table,) in cursor.fetchall()}
        for statement in _rights(name, there):
            cursor.execute(statement.as_string(None))


def _new_role(name: str, password: str) -> Composed:
    """The password goes as its SCRAM hash: statements may be logged. Without one, no password is taken."""
    words = SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS").format(
        Identifier(name)
    )
    if not password:
        return Composed([words])
    connection.ensure_connection()
    hashed = connection.connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return Composed([words, SQL(" PASSWORD {}").format(Literal(hashed.decode()))])


def _rights(name: str, there: set[str]) -> Iterator[Composed]:
    role = Identifier(name)
    yield SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}").format(role)
    yield SQL("GRANT USAGE ON SCHEMA public TO {}").format(role)
    yield SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(role)
    yield SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(role)
    for table in (*APPEND_ONLY, *READ_ONLY):
        if table in there:
            yield SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(Identifier(table), role)
            yield SQL("GRANT SELECT ON {} TO {}").format(Identifier(table), role)
    for table in APPEND_ONLY:
        if table in there:
            yield SQL("GRANT INSERT ON {} TO {}").format(Identifier(table), role)
    if APPEND_ONLY[0] in there:  # a sealer waits for open writers by a lock on the table
        yield SQL("GRANT MAINTAIN ON {} TO {}").format(Identifier(APPEND_ONLY[0]), role)


def powers(cursor: psycopg.Cursor[tuple[bool, ...]]) -> list[str]:
    """What the role of this connection can do that the application must not, in words. Empty is right."""
    found = cursor.execute(_POWERS).fetchone()
    return [words for words, is_so in zip(_WORDS, found or (), strict=False) if is_so]


def refuse_powerful() -> None:
    """At the start of a process in production. Raises TooPowerful. A server that does not answer yet is looked at by /readyz."""
    if settings.LOCAL:
        return
    try:
        with psycopg.connect(**{**connection.get_connection_params(), "connect_timeout": 5}) as own:
            found = powers(own.cursor())
    except psycopg.OperationalError:
        logger.warning("the database does not answer; its role is looked at by /readyz")
        return
    if found:
        raise TooPowerful(too_powerful(found))


def too_powerful(found: list[str]) -> str:
    return (
        f"the role of DATABASE_URL {' and '.join(found)}. Give the application a role of its own, and the owner's to "
        "`manage.py migrate` alone, as DATABASE_OWNER_URL: see docs/operations.md"
    )
