"""A vendor of any size, made by the database itself: two databases beside each other, the large one and a thousandth of it.

Measurements go to and fro between the two, so that both meet the same machine. What the rows say does not matter, only how many
there are and how they are spread. Nothing in them is due: work comes from the measurement. `CUSTOMERS` sets the size. With
`SCALE_KEEP` and a server of your own (`DATABASE_URL`, `REDIS_URL`) the databases stay for the next run.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import Portfolio, Role, User, Vendor
from portal.core.environments import Environment
from portal.core.heartbeat import record_beat
from portal.core.valkey import valkey
from submissions.services import catalogue
from submissions.services.due import counting
from systemusers.models import AccessProfile
from systemusers.models.link_token import new_link
from tests.benchmarks import scale_rows
from tests.benchmarks.scale_others import make_others
from tests.conftest import FAR_AHEAD
from tests.fixtures import VENDOR_ORGNR, make_operator, make_user
from tests.world import SERVICE, make_client, make_profile, make_system

CUSTOMERS = int(os.environ.get("CUSTOMERS", "200000"))
KEEP = bool(os.environ.get("SCALE_KEEP"))
SMALL = max(200, CUSTOMERS // 1000)
PORTFOLIOS = 20
SERVICES = (SERVICE, "innrapportering-amelding", "innrapportering-boligsameie")
WORKER_PORTFOLIOS = 2


def who(role: Role) -> User:
    """The one with this role."""
    return User.objects.get(grants__environment=Environment.SANDBOX, grants__role=role)


@dataclass(frozen=True)
class Size:
    """One vendor in a database of its own. `built_in`: seconds."""

    name: str
    customers: int
    database: BaseDatabaseWrapper
    built_in: float

    @contextmanager
    def used(self) -> Iterator[None]:
        """Within, everything reads and writes this database. The cache is empty at the start."""
        usual = connections["default"]
        connections["default"] = self.database
        valkey().flushdb()
        try:
            yield
        finally:
            connections["default"] = usual

    def client(self, role: Role) -> Client:
        """Logged in. Within `used`."""
        client = Client()
        client.force_login(who(role))
        return client


@dataclass(frozen=True)
class Scale:
    small: Size
    large: Size

    @property
    def both(self) -> tuple[Size, Size]:
        return self.small, self.large


@pytest.fixture(scope="session")
def scale(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scale]:
    """Made once in a run, by the first measurement that asks."""
    with django_db_blocker.unblock():
        small, large = make("small", SMALL), make("large", CUSTOMERS)
        print(f"\n{CUSTOMERS} customers built in {large.built_in:.0f} s")
        try:
            yield Scale(small, large)
        finally:
            for size in (small, large):
                size.database.close()
                if not KEEP:
                    drop(size)


def make(name: str, customers: int) -> Size:
    """A database of its own, beside the one of the tests, with a vendor of so many customers."""
    began = time.perf_counter()
    database = connection.copy("default")
    database.settings_dict["NAME"] = f"{connection.settings_dict['NAME']}_{name}"
    if KEEP and is_there(database):
        return Size(name, customers, database, 0)
    drop_database(database)
    template = connection.settings_dict["NAME"]
    connection.close()  # a database that is copied has no visitors
    with database._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{database.settings_dict["NAME"]}" TEMPLATE "{template}"')
    size = Size(name, customers, database, 0)
    with size.used():
        fill(customers)
    return Size(name, customers, database, time.perf_counter() - began)


def is_there(database: BaseDatabaseWrapper) -> bool:
    with database._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database.settings_dict["NAME"]])
        return cursor.fetchone() is not None


def drop(size: Size) -> None:
    size.database.close()
    drop_database(size.database)


def drop_database(database: BaseDatabaseWrapper) -> None:
    with database._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{database.settings_dict["NAME"]}" WITH (FORCE)')


# --- The rows ---------------------------------------------------------------------------------------------------------


def fill(customers: int) -> None:
    """The vendor and its staff by the services, all the rest by the database."""
    profile, owner = make_frame()
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '128MB'; SET synchronous_commit = off")
        cursor.execute("SET session_replication_role = replica")  # foreign keys are right by construction
        values = {
            "customers": customers, "profile": profile.pk, "owner": owner.pk, "portfolios": PORTFOLIOS,
            "first_portfolio": Portfolio.objects.order_by("pk").values_list("pk", flat=True)[0],
            "link": new_link().ciphertext, "filename": scale_rows.filename(), "rights": json.dumps(profile.rights),
            "packages": json.dumps(profile.packages), "service": SERVICES[0], "monthly": SERVICES[1],
            "resource": f"urn:altinn:resource:{profile.rights[0]}", "services": list(SERVICES),
        }  # fmt: skip
        for model, source, columns in scale_rows.TABLES:
            insert(cursor, model, source, columns, values)
        cursor.execute(scale_rows.SEALED)
        cursor.execute("RESET session_replication_role; RESET work_mem; RESET synchronous_commit")
        make_others(profile, worker=who(Role.CASE_WORKER), administrator=owner, services=SERVICES)
        cursor.execute("VACUUM ANALYZE")
    record_beat(beat_at=FAR_AHEAD, at=FAR_AHEAD)
    counting.count_due(at=timezone.now(), environments=["SANDBOX"])


def make_frame() -> tuple[AccessProfile, User]:
    Vendor.objects.create(pk=1, name="Fjordtall", orgnr=VENDOR_ORGNR, support_phone="22 12 34 56")
    entries = [catalogue.service(code) for code in SERVICES]
    rights = [resource for entry in entries for resource in entry.resources]
    system = make_system(make_client(at=timezone.now()), rights=rights, packages=[])
    profile = make_profile(system, rights=rights)
    portfolios = [Portfolio.objects.create(name=f"Portefølje {n:02}") for n in range(PORTFOLIOS)]
    administrator, worker = make_operator(make_user(Role.ADMINISTRATOR)), make_user(Role.CASE_WORKER)
    worker.portfolios.add(*portfolios[:WORKER_PORTFOLIOS])
    return profile, administrator


def insert(
    cursor: CursorWrapper, model: type[models.Model], source: str, columns: dict[str, str], values: dict[str, Any]
) -> None:
    """INSERT … SELECT the columns FROM the source; what is not named gets the model's default, or NULL.

    Indexes and unique constraints are built afterwards, which takes a third of the time.
    """
    named = dict(columns)
    for one in model._meta.concrete_fields:
        if one.column not in named and not one.primary_key and (default := default_of(one)):
            named[one.column] = default
    table = model._meta.db_table
    again = without_indexes(cursor, table)
    into, chosen = ", ".join(f'"{name}"' for name in named), ", ".join(named.values())
    cursor.execute(f'INSERT INTO "{table}" ({into}) SELECT {chosen} FROM {source}', values)
    for statement in again:
        cursor.execute(statement)
    cursor.execute(f'ANALYZE "{table}"')


def default_of(one: models.Field[Any, Any]) -> str:
    """SQL for what the column holds when nobody says; "" where the database says it."""
    if one.null or one.generated or one.has_db_default():
        return ""
    if getattr(one, "auto_now_add", False):
        return "now()"
    if isinstance(one, models.UUIDField):
        return "gen_random_uuid()"
    value = one.get_default()
    if isinstance(value, list | dict):
        return f"'{json.dumps(value)}'"
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise TypeError(f"{one} has no default: say what it holds")


def without_indexes(cursor: CursorWrapper, table: str) -> list[str]:
    """Drop all indexes of the table but that of its key; returns the statements that make them again."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'",
        [table],
    )
    unique = cursor.fetchall()
    for name, _definition in unique:
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT indisprimary",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    made = [f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}' for name, definition in unique]
    return made + [definition for _name, definition in indexes]
