"""Writes columns of many rows in one statement. `bulk_update` costs more than the work that it stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from django.db import connection, models
from psycopg.sql import SQL, Identifier

from portal.core.crypto import EncryptedField

Row = TypeVar("Row", bound=models.Model)


def write_columns(rows: Sequence[Row], *names: str) -> None:
    """Store these fields of rows that exist, by their `attname` (`package_id`). Rows are of one model.

    The values go as one JSON text: a parameter for each of them costs several times as much.
    """
    if not rows:
        return
    meta = rows[0]._meta
    by_name = {field.attname: field for field in meta.concrete_fields}
    fields = [by_name["id"], *(by_name[name] for name in names)]
    columns = [Identifier(str(field.column)) for field in fields]
    statement = SQL(
        "UPDATE {table} AS r SET {changes} FROM json_to_recordset(%s::json) AS v ({kinds}) WHERE r.id = v.id"
    ).format(
        table=Identifier(meta.db_table),
        changes=SQL(", ").join(SQL("{0} = v.{0}").format(column) for column in columns[1:]),
        kinds=SQL(", ").join(
            SQL("{} {}").format(column, SQL(_kind(field))) for column, field in zip(columns, fields, strict=True)
        ),
    )
    values = [{str(field.column): _value(field, row) for field in fields} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None), [msgspec.json.encode(values).decode()])


def _value(field: models.Field[Any, Any], row: models.Model) -> Any:
    """As it stands in the JSON; ciphertext as PostgreSQL reads bytes."""
    value = getattr(row, field.attname)
    if not isinstance(field, EncryptedField):
        return value
    sealed = field.get_prep_value(value)
    return None if sealed is None else "\\x" + bytes(sealed).hex()


def _kind(field: models.Field[Any, Any]) -> str:
    """The type of the column in PostgreSQL; that of an id without its sequence."""
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))
