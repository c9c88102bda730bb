"""Migrations block nobody, and the release before can run on their tables: see docs/migrations.md."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from portal.core.release_shape import Column, Shape, broken, shape, takes_any_message, tasks
from tests.core import leased_rows
from tests.meta.migration_rules import faults

OURS = ("portal", "accounts", "systemusers", "submissions")
RELEASES = sorted(Path(settings.BASE_DIR, "docs").glob("releases/*.json"))
INITIAL = re.compile(r"0001_initial|0002_audit_append_only")
"""Made for an empty database: nobody waits behind them."""


def later() -> list[tuple[str, str]]:
    found = MigrationLoader(None).disk_migrations
    return sorted(key for key in found if key[0] in OURS and not INITIAL.fullmatch(key[1]))


def test_later_migrations_block_nobody_and_let_the_release_before_run() -> None:
    loader = MigrationLoader(None)

    found = {key: faults(loader.disk_migrations[key], _before(loader, key)) for key in later()}

    assert {key: wrong for key, wrong in found.items() if wrong} == {}


def _before(loader: MigrationLoader, key: tuple[str, str]) -> ProjectState:
    return loader.project_state(key, at_end=False)


def test_migrations_are_named_by_hand() -> None:
    assert [name for _app, name in later() if re.search(r"_and_more|alter_|_auto_|remove_", name)] == []


class Made(migrations.Migration):
    """What a test makes of it."""


def wrong(*operations: Any, atomic: bool = True, **attributes: Any) -> list[str]:
    migration: Any = Made("0009_x", "accounts")
    for name, value in {"operations": list(operations), "atomic": atomic, **attributes}.items():
        setattr(migration, name, value)
    return faults(migration, MigrationLoader(None).project_state())


INDEX = models.Index(fields=["name"], name="x")
CHECK = models.CheckConstraint(condition=models.Q(name="x"), name="x")
UNIQUE = models.UniqueConstraint(fields=["name"], name="x")


@pytest.mark.parametrize(
    ("operation", "match"),
    [
        (migrations.AddIndex("customer", INDEX), "AddIndexConcurrently"),
        (migrations.RemoveIndex("customer", "customer_by_name"), "RemoveIndexConcurrently"),
        (migrations.AddConstraint("customer", CHECK), "AddConstraintNotValid"),
        (migrations.AddConstraint("customer", UNIQUE), "unique index made concurrently"),
        (migrations.AddField("customer", "x", models.IntegerField(default=1)), "db_default"),
        (migrations.AddField("customer", "x", models.IntegerField(null=True, db_index=True)), "without an index"),
        (migrations.AddField("customer", "x", models.ForeignKey("accounts.Tag", models.CASCADE, null=True)), "without an index"),
        (migrations.RemoveField("customer", "reference"), "unused_since"),
        (migrations.DeleteModel("Tag"), "unused_since"),
        (migrations.RenameField("customer", "reference", "ours"), "written beside the old"),
        (migrations.AlterField("customer", "archived_at", models.DateTimeField()), "NOT VALID"),
        (migrations.AlterField("customer", "reference", models.CharField(max_length=50, unique=True)), "concurrently"),
        (migrations.RunPython(lambda apps, editor: None), "no reverse"),
    ],
)  # fmt: skip
def test_what_would_block_or_break_is_found(operation: Any, match: str) -> None:
    assert re.search(match, " ".join(wrong(operation)))


def test_a_concurrent_index_is_alone_and_outside_a_transaction() -> None:
    concurrent = AddIndexConcurrently("customer", INDEX)

    assert wrong(concurrent, atomic=False) == []
    assert wrong(concurrent) != []
    assert wrong(concurrent, migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop), atomic=False)


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddField("customer", "x", models.IntegerField(null=True))],
        [migrations.AddField("customer", "x", models.IntegerField(db_default=1))],
        [AddConstraintNotValid("customer", CHECK)],
        [ValidateConstraint("customer", "x")],
        [
            migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True)), ("n", models.IntegerField())]),
            migrations.AddIndex("new", models.Index(fields=["n"], name="y")),
        ],
        [migrations.AlterField("customer", "reference", models.CharField(max_length=90, blank=True))],
    ],
)  # fmt: skip
def test_what_is_additive_is_let_through(operations: list[Any]) -> None:
    assert wrong(*operations) == []


def test_a_column_goes_when_the_code_of_a_release_did_without_it() -> None:
    assert wrong(migrations.RemoveField("customer", "reference"), unused_since="0.3.0") == []


# Releases: what the next one must be able to run beside.


@pytest.mark.django_db
@pytest.mark.parametrize("release", RELEASES[-1:], ids=lambda path: path.stem)
def test_the_release_before_can_run_beside_this_one(release: Path) -> None:
    before: Shape = json.loads(release.read_text(encoding="utf-8"))

    assert broken(before, shape()) == []


@pytest.fixture
def now(db: None) -> Shape:
    return shape()


def test_a_release_fits_itself(now: Shape) -> None:
    assert broken(now, now) == []
    assert now["tasks"]
    assert now["used"]["accounts_customer"]


def test_a_new_table_task_and_nullable_column_break_nothing(now: Shape) -> None:
    after = deepcopy(now)
    after["tables"]["accounts_new"] = {"id": Column(type="int8", required=True)}
    after["tables"]["accounts_customer"]["new"] = Column(type="text", required=False)
    after["tables"]["accounts_customer"]["reference"]["type"] = "varchar(90)"
    after["tasks"].append("portal.tasks.new")

    assert broken(now, after) == []


@pytest.mark.parametrize(
    ("column", "to", "match"),
    [
        ("reference", None, "is gone"),
        ("reference", Column(type="varchar(9)", required=True), "was varchar"),
        ("reference", Column(type="int4", required=True), "was varchar"),
        ("archived_at", Column(type="timestamptz", required=True), "is required"),
        ("new", Column(type="text", required=True), "is required"),
    ],
)
def test_what_the_release_before_needs_is_missed(now: Shape, column: str, to: Any, match: str) -> None:
    after = deepcopy(now)
    if to is None:
        del after["tables"]["accounts_customer"][column]
    else:
        after["tables"]["accounts_customer"][column] = to

    assert [match in fault for fault in broken(now, after)] == [True]


def test_a_column_that_the_code_did_not_use_any_more_may_go(now: Shape) -> None:
    before, after = deepcopy(now), deepcopy(now)
    before["used"]["accounts_customer"].remove("reference")
    del after["tables"]["accounts_customer"]["reference"]

    assert broken(before, after) == []


def test_a_task_whose_messages_may_wait_does_not_go(now: Shape) -> None:
    after = deepcopy(now)
    gone = after["tasks"].pop()

    assert broken(now, after) == [f"task {gone} is gone: its messages would be dropped"]


def test_every_task_takes_messages_of_other_releases() -> None:
    assert [name for name, task in tasks().items() if not takes_any_message(task)] == []


# The code as it is, as the release before: on tables that a newer release has migrated.


@pytest.fixture
def migrated_by_the_next_release(db: None) -> None:
    """What the rules allow, on every table: a nullable column, one with a default, a table that refers to it. Taken back."""
    names = [model._meta.db_table for model in MODELS()]
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(
                f'ALTER TABLE "{name}" ADD COLUMN next_note text, ADD COLUMN next_flag bool NOT NULL DEFAULT false'
            )
            cursor.execute(
                f'CREATE TABLE "next_{name}" (of_id bigint REFERENCES "{name}" (id) DEFERRABLE INITIALLY DEFERRED)'
            )


def MODELS() -> list[Any]:
    from django.apps import apps

    every = apps.get_models(include_auto_created=True)
    return [model for model in every if model._meta.app_label in OURS and model._meta.pk.column == "id"]


@pytest.mark.usefixtures("migrated_by_the_next_release")
def test_the_tasks_of_this_release_work_on_the_tables_of_the_next() -> None:
    scheduled = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    every = tasks()

    for name in sorted(scheduled):
        every[name].apply(kwargs={"argument_of_the_next_release": 1}, throw=True)

    assert scheduled <= set(every)


@pytest.mark.usefixtures("migrated_by_the_next_release", "vendor")
@pytest.mark.parametrize("model", leased_rows.MAKERS, ids=lambda model: model.__name__)
def test_this_release_reads_and_writes_the_rows_of_the_next(model: Any) -> None:
    for row in leased_rows.make_due_rows(model):
        row.refresh_from_db()
        row.save()

    assert model._base_manager.exists()
