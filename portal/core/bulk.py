"""Writes many rows, or columns of them, in one statement. `bulk_update` and `bulk_create` cost more than the work that they store.

The values go as one JSON text: a parameter for each of them costs several times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from django.db import connection, models
from psycopg.sql import SQL, Composed, Identifier

from portal.core.crypto import EncryptedField

Row = TypeVar("Row", bound=models.Model)


def write_columns(rows: Sequence[Row], *names: str) -> None:
    """Store these fields of rows that exist, by their `attname` (`package_id`). Rows are of one model."""
    if not rows:
        return
    fields = _fields(rows[0], ("id", *names))
    statement = SQL(
        "UPDATE {table} AS r SET {changes} FROM json_to_recordset(%s::json) AS v ({kinds}) WHERE r.id = v.id"
    ).format(
        table=Identifier(rows[0]._meta.db_table),
        changes=SQL(", ").join(SQL("{0} = v.{0}").format(Identifier(str(field.column))) for field in fields[1:]),
        kinds=_kinds(fields),
    )
    _execute(statement, fields, rows)


def insert_rows(rows: Sequence[Row], *names: str) -> None:
    """Store new rows with these fields, by their `attname`. Rows are of one model. They get no ids in memory."""
    if not rows:
        return
    fields = _fields(rows[0], names)
    columns = SQL(", ").join(Identifier(str(field.column)) for field in fields)
    statement = SQL(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_to_recordset(%s::json) AS v ({kinds})"
    ).format(table=Identifier(rows[0]._meta.db_table), columns=columns, kinds=_kinds(fields))
    _execute(statement, fields, rows)


def _fields(row: models.Model, names: Sequence[str]) -> list[models.Field[Any, Any]]:
    by_name = {field.attname: field for field in row._meta.concrete_fields}
    return [by_name[name] for name in names]


def _kinds(fields: list[models.Field[Any, Any]]) -> Composed:
    """The columns of the JSON, with their types."""
    return SQL(", ").join(SQL("{} {}").format(Identifier(str(field.column)), SQL(_kind(field))) for field in fields)


def _execute(statement: Composed, fields: list[models.Field[Any, Any]], rows: Sequence[models.Model]) -> None:
    values = [{str(field.column): _value(field, row) for field in fields} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None), [msgspec.json.encode(values).decode()])


def _value(field: models.Field[Any, Any], row: models.Model) -> Any:
    """As it stands in the JSON; ciphertext as PostgreSQL reads bytes."""
    value = getattr(row, field.attname)
    if not isinstance(field, EncryptedField):
        return value
    sealed = field.get_prep_value(field.in_row(value, row))
    return None if sealed is None else "\\x" + bytes(sealed).hex()


def _kind(field: models.Field[Any, Any]) -> str:
    """The type of the column in PostgreSQL; that of an id without its sequence."""
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))
