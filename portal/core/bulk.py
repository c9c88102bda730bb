"""Writes columns of many rows in one statement. `bulk_update` costs more than the work that it stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.db import connection, models
from psycopg.sql import SQL, Identifier

Row = TypeVar("Row", bound=models.Model)


def write_columns(rows: Sequence[Row], *names: str) -> None:
    """Store these fields of rows that exist, by their `attname` (`package_id`). Rows are of one model."""
    if not rows:
        return
    meta = rows[0]._meta
    by_name = {field.attname: field for field in meta.concrete_fields}
    fields = [by_name["id"], *(by_name[name] for name in names)]
    values = [[field.get_prep_value(getattr(row, field.attname)) for row in rows] for field in fields]
    columns = [Identifier(str(field.column)) for field in fields]
    kinds = [SQL("%s::{}[]").format(SQL(_kind(field))) for field in fields]  # type: ignore[arg-type] # names of types
    statement = SQL(
        "UPDATE {table} AS r SET {changes} FROM unnest({arrays}) AS v ({columns}) WHERE r.id = v.id"
    ).format(
        table=Identifier(meta.db_table),
        changes=SQL(", ").join(SQL("{0} = v.{0}").format(column) for column in columns[1:]),
        arrays=SQL(", ").join(kinds),
        columns=SQL(", ").join(columns),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _kind(field: models.Field[object, object]) -> str:
    """The type of the column in PostgreSQL; that of an id without its sequence."""
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))
