"""The shape of a release as the processes of the one before and after it see it: tables with their columns, and tasks.

An upgrade migrates first and replaces processes afterwards, so for a while the old code works on the new tables, and messages go both
ways. `broken` says what a newer shape takes from an older one.
"""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any, TypedDict

from celery import current_app
from django.apps import apps
from django.db import connection, models

OURS = ("portal.", "accounts.", "systemusers.", "submissions.")


class Column(TypedDict):
    """`type` is PostgreSQL's. `required`: a row cannot be written without it."""

    type: str
    required: bool


class Shape(TypedDict):
    """`tables`: as the database has them, those of Django and allauth too. `used`: what the code of the release reads and writes."""

    tables: dict[str, dict[str, Column]]
    used: dict[str, list[str]]
    tasks: list[str]


def shape() -> Shape:
    """Of the database and the code as they are."""
    return Shape(tables=_tables(), used=_used(), tasks=sorted(tasks()))


def _tables() -> dict[str, dict[str, Column]]:
    found: dict[str, dict[str, Column]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, udt_name || coalesce('(' || character_maximum_length || ')', ''),"
            " is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'"
            " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, column_name"
        )
        for table, column, kind, required in cursor.fetchall():
            found.setdefault(table, {})[column] = Column(type=kind, required=required)
    return found


def _used() -> dict[str, list[str]]:
    every: list[type[models.Model]] = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: sorted(str(field.column) for field in model._meta.concrete_fields) for model in every}


def tasks() -> dict[str, Any]:
    """Ours by name."""
    current_app.loader.import_default_modules()
    return {name: task for name, task in current_app.tasks.items() if name.startswith(OURS)}


def takes_any_message(task: Any) -> bool:
    """A message of a newer or an older release is no error: nothing is required, and unknown arguments are ignored."""
    given = [each for name, each in signature(task.run).parameters.items() if name != "self"]
    required = [each for each in given if each.default is Parameter.empty and each.kind != Parameter.VAR_KEYWORD]
    return not required and any(each.kind == Parameter.VAR_KEYWORD for each in given)


def broken(before: Shape, now: Shape) -> list[str]:
    """What the code of `before` finds missing or refused in the tables and tasks of `now`. Empty: both can run side by side."""
    faults = [
        f"task {name} is gone: its messages would be dropped" for name in before["tasks"] if name not in now["tasks"]
    ]
    for table, columns in before["used"].items():
        if table not in now["tables"]:
            faults.append(f"table {table} is gone, and the release before uses it")
            continue
        faults += _of_table(table, set(columns), before["tables"][table], now["tables"][table])
    return faults


def _of_table(table: str, used: set[str], before: dict[str, Column], now: dict[str, Column]) -> list[str]:
    faults = [f"column {table}.{name} is gone, and the release before uses it" for name in sorted(used - set(now))]
    for name, column in now.items():
        if name in used and not _holds(before[name]["type"], column["type"]):
            faults.append(f"column {table}.{name} was {before[name]['type']} and is {column['type']}")
        if column["required"] and not (name in used and before[name]["required"]):
            faults.append(f"column {table}.{name} is required, and the release before does not write it")
    return faults


def _holds(old: str, new: str) -> bool:
    """Whether every value of the old type fits into the new."""
    wider = {("int2", "int4"), ("int2", "int8"), ("int4", "int8")}
    if old == new or (old, new) in wider or (old.startswith("varchar") and new == "text"):
        return True
    sizes = [kind.removeprefix("varchar(").removesuffix(")") for kind in (old, new)]
    return all(size.isdigit() for size in sizes) and int(sizes[0]) <= int(sizes[1])
