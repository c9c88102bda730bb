"""The owner of the database and the role of the application: who is which, what `migrate` gives, and what production refuses."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg.sql import SQL, Identifier
from pytest_django import Settings

from portal.core import database_roles, health
from portal.core.env import database
from tests.core.trail.rows import as_application
from tests.portal.test_settings import GOOD

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(configured.DATABASE_OWNER is None, reason="the server of DATABASE_URL has one role"),
]


@contextmanager
def connected_as_application() -> Iterator[None]:
    """Django's own connection, as it is in the processes of a portal."""
    database_roles.give_rights()
    owner = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = database(configured.DATABASE_URL, pool_size=0)["USER"]
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["USER"] = owner


def user() -> str:
    with connection.cursor() as cursor:
        return str(cursor.execute("SELECT current_user").fetchone()[0])


def test_the_owner_is_too_powerful_and_the_application_is_not() -> None:
    with psycopg.connect(**connection.get_connection_params()) as owner:
        assert "is a superuser" in database_roles.powers(owner.cursor())
    with as_application() as application:
        assert database_roles.powers(application.cursor()) == []


@pytest.mark.parametrize(
    ("power", "words"),
    [
        ("ALTER ROLE {} CREATEROLE", "may make roles"), ("GRANT UPDATE ON portal_auditseal TO {}", "may change the audit trail"),
        ("ALTER TABLE accounts_tag OWNER TO {}", "owns the tables"), ("GRANT pg_execute_server_program TO {}", "may run programs"),
        ("GRANT pg_write_all_data TO {}", "may change the audit trail"),
    ],
)  # fmt: skip
def test_each_power_is_named(power: str, words: str) -> None:
    with psycopg.connect(**connection.get_connection_params()) as owner:  # rolled back
        role = Identifier(f"portal_test_{os.getpid()}")  # roles belong to the server, which other tests share
        given = ("GRANT USAGE ON SCHEMA public TO {}", "GRANT SELECT ON portal_auditevent TO {}")
        for act in ("CREATE ROLE {}", *given, power, "SET LOCAL ROLE {}"):
            owner.execute(SQL(act).format(role))

        found = database_roles.powers(owner.cursor())
        owner.rollback()

    assert len(found) == 1
    assert words in found[0]


def test_commands_of_the_owner_are_his_and_the_rest_is_the_applications() -> None:
    with connected_as_application():
        with database_roles.as_owner():
            inside = user()
            with database_roles.as_owner():
                nested = user()
        outside = user()

    assert inside == nested == configured.DATABASE_OWNER["USER"]
    assert outside == database(configured.DATABASE_URL, pool_size=0)["USER"]


def test_migrate_works_for_the_application_and_gives_it_a_new_table_and_not_the_trail() -> None:
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as owner:
        owner.execute("CREATE TABLE portal_new (id int)")
        owner.execute("GRANT UPDATE ON portal_auditevent TO PUBLIC")
        try:
            with connected_as_application():
                call_command("migrate", verbosity=0)
            with as_application() as application:
                application.execute("INSERT INTO portal_new VALUES (1)")
                application.execute("DELETE FROM portal_new")
                assert database_roles.powers(application.cursor()) == []
        finally:
            owner.execute("DROP TABLE portal_new")


def test_a_missing_role_is_made_with_its_password(settings: Settings) -> None:
    settings.DATABASE_URL = settings.DATABASE_URL.replace("//portal_app@", "//portal_fresh:a%20word@")
    try:
        database_roles.give_rights()

        with connection.cursor() as cursor:
            cursor.execute("SELECT rolcanlogin, rolsuper, rolpassword FROM pg_authid WHERE rolname = 'portal_fresh'")
            can_log_in, is_super, password = cursor.fetchone()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP OWNED BY portal_fresh; DROP ROLE portal_fresh")

    assert (can_log_in, is_super) == (True, False)
    assert password.startswith("SCRAM-SHA-256$")


def test_a_superuser_is_not_taken_for_the_application(settings: Settings) -> None:
    settings.DATABASE_URL = settings.DATABASE_URL.replace("//portal_app@", "//portal@")

    with pytest.raises(CommandError, match="is a superuser"):
        call_command("migrate", verbosity=0)


def test_production_migrates_with_the_owner_only(settings: Settings) -> None:
    settings.LOCAL, settings.DATABASE_OWNER = False, None

    with pytest.raises(CommandError, match="DATABASE_OWNER_URL is not set"):
        call_command("migrate", verbosity=0)


def test_readyz_tells_of_a_powerful_role_in_production(settings: Settings) -> None:
    settings.LOCAL = False

    as_owner = health._database()
    with connected_as_application():
        as_the_application = health._database()

    assert "is a superuser" in as_owner
    assert as_the_application == "ok"


@pytest.mark.parametrize("process", ["import portal.wsgi", "from portal.celery import refuse_wrong_database as r; r()"])
def test_production_does_not_start_as_the_owner(process: str) -> None:
    database_roles.give_rights()
    owner, application = start(process, configured.DATABASE_OWNER["USER"]), start(process, "portal_app")

    assert owner.returncode == 1
    assert "The portal cannot start: the role of DATABASE_URL is a superuser" in owner.stderr
    assert "Traceback" not in owner.stderr
    assert application.returncode == 0, application.stderr


def test_production_starts_while_the_server_is_away() -> None:
    done = start("import portal.wsgi", "portal_app", host="/nowhere")

    assert done.returncode == 0, done.stderr


def start(code: str, name: str, *, host: str = "") -> subprocess.CompletedProcess[str]:
    known = connection.settings_dict
    url = f"postgresql://{name}@/{known['NAME']}?host={host or known['HOST']}"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=configured.BASE_DIR, env=kept | GOOD | {"DATABASE_URL": url},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_migrate_says_what_is_missing_when_it_may_not_make_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        from django.db import ProgrammingError

        raise ProgrammingError("permission denied to create role")

    monkeypatch.setattr(database_roles, "give_rights", refused)

    with pytest.raises(CommandError, match=r"did not get its rights\. permission denied to create role"):
        call_command("migrate", verbosity=0, stdout=io.StringIO())
